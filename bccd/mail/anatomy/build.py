"""A mail as read, put into the fields that `bccd explain` tells."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from bccd.mail.anatomy.layout import layout
from bccd.mail.anatomy.shape import (
    Anatomy,
    Author,
    Automatic,
    Failed,
    File,
    Mail,
    Original,
    Part,
    Person,
    Quote,
    Reply,
    Reported,
)
from bccd.mail.body import read_body
from bccd.mail.parse import parse
from bccd.mail.parts import PartFacts, part_list
from bccd.mail.reply import read_reply
from bccd.mail.sealed import open_tree
from bccd.mail.subject import is_forward, is_reply
from bccd.model import message as model
from bccd.model.message import SURE, Attachment, Content, Forward, ForwardKind, Mailbox, Message, Quoted

_encode = msgspec.json.Encoder().encode
_NONE = Original(found=False)
_ID = re.compile(rb"<([^<>\s]{1,998})>")
_FILED = (ForwardKind.ATTACHED, ForwardKind.INLINE)


def anatomy(raw: bytes) -> Anatomy:
    """Read a mail and tell all that was found; any octets are one."""
    message = parse(raw)
    html = read_body(open_tree(raw).root).html
    forwards = _in_order(message.forwards)
    ids = _ids_in(raw)
    read = [_original(forward, message, ids) for forward in forwards]
    return Anatomy(
        forward=next((one for one in read if one.found), _NONE),
        forwards=read,
        candidates=_people(_candidates(forwards[0])) if forwards and not read[0].sure else [],
        reply=_reply(message.content, html),
        layout=layout(message, next((one for one in forwards if one.confidence >= SURE), None), html),
        mail=_mail(raw, message, html, ids),
    )


def _ids_in(raw: bytes) -> Mapping[str, str]:
    """Map ids as they are compared to ids as they were written: who looks them up elsewhere needs those."""
    found: dict[str, str] = {}
    for octets in _ID.findall(raw):
        written = octets.decode("utf-8", "replace")
        found.setdefault(written.lower(), written)
    return found


def anatomy_json(raw: bytes) -> bytes:
    """Read a mail and tell all that was found as one line of JSON."""
    return _encode(anatomy(raw))


def _in_order(forwards: Iterable[Forward]) -> list[Forward]:
    """Put first what would be filed; a redirected mail is the mail itself."""
    return sorted(forwards, key=lambda forward: forward.kind not in _FILED)


def _candidates(forward: Forward) -> Iterable[Mailbox]:
    guessed = (forward.original.sender,) if forward.original.sender else ()
    return dict.fromkeys((*guessed, *forward.candidates))


def _is_sure(forward: Forward) -> bool:
    content = forward.original
    known = content.sender is not None and bool(content.sender.address) and content.from_count <= 1
    return known and forward.confidence >= SURE


def _is_answered(forward: Forward, wrapper: Content) -> bool:
    """Tell an original that an answer quotes: nothing but its recipients and its subject say so."""
    if forward.kind is not ForwardKind.INLINE or is_forward(wrapper.subject):
        return False
    author = forward.original.sender
    told = author is not None and any(box.address == author.address for box in (*wrapper.to, *wrapper.cc))
    # "VS:" is an answer in Finnish and a forward in Danish and Norwegian.
    either = wrapper.subject[:3].casefold() == "vs:" and "labels:fi" not in forward.evidence
    return told or (is_reply(wrapper.subject) and not either)


def _original(forward: Forward, message: Message, ids: Mapping[str, str]) -> Original:
    content = forward.original
    return Original(
        found=forward.confidence >= SURE,
        sure=_is_sure(forward),
        kind=str(forward.kind),
        answered=_is_answered(forward, message.content),
        confidence=forward.confidence,
        evidence=list(forward.evidence),
        sender=_author(content),
        to=_people(content.to),
        cc=_people(content.cc),
        reply_to=_people(content.reply_to),
        subject=content.subject,
        date=_moment(content.date),
        message_id=ids.get(content.message_id, content.message_id),
        body_text=content.text,
        body_html=content.html,
        note_text=message.note,
        attachments=_files(content.attachments),
        chain=[_quote(quoted) for quoted in _chain(forward)],
    )


def _chain(forward: Forward) -> Iterable[Quoted]:
    """Return the history below an original; whole mails inside it are told by their own headers."""
    if forward.chain:
        return forward.chain
    return [_as_quoted(inner) for inner in forward.inner]


def _as_quoted(forward: Forward) -> Quoted:
    content = forward.original
    return Quoted(
        sender=content.sender,
        date=content.date,
        subject=content.subject,
        to=content.to,
        cc=content.cc,
        text=content.new_text or content.text,
        evidence=forward.evidence,
        confidence=forward.confidence,
    )


def _quote(quoted: Quoted) -> Quote:
    return Quote(
        sender=_person(quoted.sender),
        date=_moment(quoted.date),
        subject=quoted.subject,
        to=_people(quoted.to),
        cc=_people(quoted.cc),
        text=quoted.text,
        confidence=quoted.confidence,
        evidence=list(quoted.evidence),
    )


def _author(content: Content) -> Author | None:
    if content.sender is None:
        return None
    agent = content.actual_sender
    other = agent if agent and agent != content.sender else None
    return Author(content.sender.name, content.sender.address, _person(other))


def _reply(content: Content, html: str) -> Reply:
    read = read_reply(content.text, sender=content.sender, html=html)
    return Reply(read.new_text, read.quoted_text, read.signature)


def _mail(raw: bytes, message: Message, html: str, ids: Mapping[str, str]) -> Mail:
    content = message.content
    return Mail(
        subject=content.subject,
        sender=_person(content.sender),
        sent_by=_person(content.actual_sender),
        reply_to=_people(content.reply_to),
        to=_people(content.to),
        cc=_people(content.cc),
        bcc=_people(content.bcc),
        date=_moment(content.date),
        message_id=ids.get(content.message_id, content.message_id),
        in_reply_to=[ids.get(id_, id_) for id_ in content.in_reply_to],
        references=[ids.get(id_, id_) for id_ in content.references],
        parts=[_part(part) for part in part_list(raw)],
        text=content.text,
        html=html,
        html_safe=content.html,
        attachments=_files(content.attachments),
        defects=list(message.defects),
        marks=list(content.marks),
        automatic=Automatic(str(content.auto), content.auto_reason),
        reported=_reported(content.reported),
        list_id=message.list_id,
        calendar_uid=content.calendar_uid,
        size=message.size,
    )


def _reported(report: model.Reported | None) -> Reported | None:
    if report is None:
        return None
    told = [Failed(one.address, one.action, one.status, one.diagnostic) for one in report.recipients]
    return Reported(report.message_id, report.subject, told)


def _part(part: PartFacts) -> Part:
    return Part(
        number=part.part,
        parent=part.parent,
        depth=part.depth,
        role=str(part.role),
        media_type=part.media_type,
        charset=part.charset,
        encoding=part.encoding,
        disposition=part.disposition,
        name=part.filename,
        content_id=part.content_id,
        size=part.size,
    )


def _files(attachments: Iterable[Attachment]) -> list[File]:
    return [
        File(
            name=one.filename,
            media_type=one.media_type,
            sniffed=one.sniffed,
            size=one.size,
            part=one.part,
            disposition=one.disposition,
            content_id=one.content_id,
            shown=one.shown,
            sha256=one.sha256.hex(),
            within=one.within,
        )
        for one in attachments
    ]


def _moment(date: datetime | None) -> str | None:
    return date.isoformat() if date else None


def _people(boxes: Iterable[Mailbox]) -> list[Person]:
    return [Person(box.name, box.address) for box in boxes]


def _person(box: Mailbox | None) -> Person | None:
    return Person(box.name, box.address) if box else None
