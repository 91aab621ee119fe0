"""Why no person sent a mail: by its header section, its parts, its subject, and for suspects by its text.

A person's mail costs a look at its fields and its subject. The text is asked only where nobody wants to hear
of a failure (a null return path), or where the subject is that of a bounce.
"""

import re
from collections.abc import Mapping

from bccd.mail.addresses import mailboxes
from bccd.mail.auto import NOBODY, Told, null_sender, of_subject, told_by
from bccd.mail.autowords import Says, phrase_of
from bccd.mail.body import Body
from bccd.mail.calendar import scheduled_method
from bccd.mail.part import Part
from bccd.mail.report_json import is_notification
from bccd.model.message import AutoKind

_TEXT_READ = 8_000  # characters
_FIRST_READ = 1_000
_PARTS = {
    "message/delivery-status": AutoKind.DSN,
    "message/global-delivery-status": AutoKind.DSN,
    "message/disposition-notification": AutoKind.MDN,
    "message/global-disposition-notification": AutoKind.MDN,
    "message/feedback-report": AutoKind.BULK,
}
# What attendees and organisers send by a click (RFC 5546 3.2).
_ANSWERS = frozenset({"REPLY", "COUNTER", "CANCEL", "DECLINECOUNTER", "REFRESH"})
_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_CODE = re.compile(r"(?<![\d.,:-])(?:4[25]\d|5[0-7]\d)[ -][a-z<]")
# What servers say of mail that they could not deliver.
_FAILURES = """
not be delivered|not been delivered|user unknown|unknown user|no such user|mailbox (?:is )?full
mailbox (?:is )?unavailable|mailbox not found|mailbox (?:is )?disabled|over (?:its )?quota|quota exceeded
undeliverable|permanent (?:fatal )?error|delivery (?:has )?failed|delivery to the following
could not deliver|unable to deliver|wasn't able to deliver|address rejected|user does not exist
returned to sender|nicht zugestellt|n'a pas pu être (?:remis|délivré|distribué)|no se pudo entregar
impossibile recapitare|nie można dostarczyć|nie został[ao]? dostarczon|не удалось доставить|не доставлено
não foi possível entregar|送信できませんでした|配信できません|一杯のため|无法送达|無法傳送|退信
배달하지 못|전송하지 못
"""
_FAILED = re.compile("|".join(_FAILURES.split("\n")[1:-1]))
_AWAY = {
    "en": r"out of (?:the )?office|on (?:vacation|holiday|leave)|annual leave|auto(?:mat(?:ed|ic))?[- ]?repl"
    r"|auto(?:mat(?:ed|ic))?[- ]?respon|currently away|limited access to (?:my )?e-?mail"
    r"|no longer (?:with|works|employed)",
    "de": r"nicht im büro|abwesen|im urlaub|außer haus|automatisch (?:generierte|erstellte)|nicht erreichbar",
    "fr": r"absente? du bureau|en congé|réponse automatique|actuellement absent|je suis absent",
    "es": r"fuera de la oficina|de vacaciones|respuesta automática|estaré ausente",
    "it": r"fuori (?:sede|ufficio)|in ferie|risposta automatica|assente dall'ufficio",
    "pt": r"fora do escritório|de férias|resposta automática|estarei ausente",
    "nl": r"niet aanwezig|afwezig|op vakantie|automatisch antwoord|niet op kantoor",
    "pl": r"poza biurem|na urlopie|nieobecn|automatyczna odpowiedź",
    "sv": r"inte på kontoret|på semester|frånvarande|autosvar",
    "da": r"ikke på kontoret|på ferie|fraværende",
    "fi": r"poissa|lomalla",
    "cs": r"mimo kancelář|dovolen",
    "hu": r"szabadságon|házon kívül|irodán kívül",
    "ro": r"concediu|nu sunt la birou",
    "ru": r"в отпуске|отсутствую|автоматический ответ|вне офиса",
    "uk": r"у відпустці|поза офісом|автоматична відповідь",
    "tr": r"ofis dışında|izinde|izindeyim|yıllık izin",
    "el": r"εκτός γραφείου|σε άδεια",
    "ja": r"不在|休暇|自動(?:返信|応答|送信)",
    "zh": r"外出|休假|自动回复|自动答复|自動回覆|不在办公室|不在辦公室",
    "ko": r"부재|휴가|자동 (?:회신|응답)",
}
_AWAY_IN = {language: re.compile(words) for language, words in _AWAY.items()}


def automatic(root: Part, first: Mapping[bytes, bytes], body: Body, subject: str) -> Told:
    """Tell why no person sent the mail whose top part this is; false for a person's mail.

    `first` has the first value of each of its fields.
    """
    told = told_by(first)
    if told.kind in (AutoKind.DSN, AutoKind.MDN):
        return told
    part = _by_parts(body) or _by_makers(first, body, subject)
    if part:
        return part
    # A list's or a bulk mail's claim says nothing of what it is otherwise: an answerer claims it as well.
    if told.kind in (AutoKind.NONE, AutoKind.BULK):
        return of_subject(first, subject) or _by_text(root, first, body, subject) or told
    return told


def _by_parts(body: Body) -> Told:
    for name in body.types & _PARTS.keys():
        return Told(_PARTS[name], f"part:{name}")
    method = scheduled_method(body.told) if body.told else ""
    if method in _ANSWERS:
        return Told(AutoKind.AUTO_REPLY, f"calendar:{method.lower()}")
    return NOBODY


def _by_makers(first: Mapping[bytes, bytes], body: Body, subject: str) -> Told:
    """Tell the reports of two systems that no standard covers."""
    if b"x-amz-sns-message-id" in first and is_notification(body.text):
        return Told(AutoKind.DSN, "header:x-amz-sns-message-id+body")
    if subject.startswith("complaint about message from") and body.messages:
        return Told(AutoKind.BULK, "subject:complaint+part:message/rfc822")
    return NOBODY


def _by_text(root: Part, first: Mapping[bytes, bytes], body: Body, subject: str) -> Told:
    """Ask the text of a mail that is suspected."""
    said = phrase_of(subject)
    says, language = said[0] if said else (None, "")
    null = null_sender(first)
    if null or says is Says.BOUNCE:
        because = "header:return-path" if null else f"subject:{language}"
        if _returned(root, body):
            return Told(AutoKind.DSN, f"{because}+part:message/rfc822")
        text = body.text[:_TEXT_READ].casefold()
        if _tells_failure(text) and (null or ("@" in text and "message-id:" in text)):
            return Told(AutoKind.DSN, f"{because}+body")
        return _away(text, because) if null else NOBODY
    # It answers a mail, but its subject is not that of an answer.
    if says is Says.ABSENCE and b"in-reply-to" in first:
        return _away(body.text[:_FIRST_READ].casefold(), f"header:in-reply-to+subject:{language}")
    return NOBODY


def _away(text: str, because: str) -> Told:
    for language, words in _AWAY_IN.items():
        if words.search(text[:_FIRST_READ]):
            return Told(AutoKind.AUTO_REPLY, f"{because}+body:{language}")
    return NOBODY


def _tells_failure(text: str) -> bool:
    return bool(_FAILED.search(text) or _STATUS.search(text) or ("@" in text and _CODE.search(text)))


def _returned(root: Part, body: Body) -> bool:
    """Tell whether the mail brings back one that its recipient had sent."""
    if not body.messages:
        return False
    inner = body.messages[0].children[0]
    to = {box.address for box in mailboxes(root.first(b"to")) if box.address}
    senders = {box.address for name in (b"from", b"return-path") for box in mailboxes(inner.first(name))}
    return not to.isdisjoint(senders - {""})
