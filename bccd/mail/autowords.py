"""How the subjects of automatic mail begin, by language: a table, and how a subject is looked up in it.

The phrases are those that mail servers and clients write: Exchange and Outlook (automatic reply, meeting
responses, undeliverable), Lotus Notes, Zimbra, QQ, 163 and others, as their interfaces say them.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum, unique
from functools import lru_cache
from typing import NamedTuple


@unique
class Says(Enum):
    """What a subject begins with."""

    ANSWER = "answer"  # only machines write it
    ABSENCE = "absence"  # people write it as well
    BOUNCE = "bounce"
    MEETING = "meeting"  # people write it as well


class Phrase(NamedTuple):
    """A phrase found: what it says, and in which language."""

    says: Says
    language: str


_ANSWER = """
af outomatiese antwoord
ar رد تلقائي|الرد التلقائي
az avtomatik cavab
be аўтаматычны адказ
bg автоматичен отговор
bn স্বয়ংক্রিয় উত্তর
bs automatski odgovor
ca resposta automàtica
cs automatická odpověď
cy ateb awtomatig
da automatisk svar
de automatische antwort|abwesenheitsnotiz|automatische rückantwort|autoantwort|automatische antwortmail
el αυτόματη απάντηση
en automatic reply|auto reply|auto-reply|autoreply|auto response|auto-response|autoresponse|automatic response
en automated reply|automated response|out of office autoreply|out of office auto-reply|auto responder
en out of office reply|out-of-office reply|out of office automatic reply|vacation reply|vacation response
en vacation autoreply|autoresponder|yahoo! auto response|automatic out of office reply|auto answer
eo aŭtomata respondo
es respuesta automática|contestación automática|respuesta automatica|respuesta de fuera de la oficina
et automaatvastus|automaatne vastus
eu erantzun automatikoa
fa پاسخ خودکار
fi automaattinen vastaus|automaattivastaus
fil awtomatikong tugon
fr réponse automatique|reponse automatique|réponse automatique d'absence|notification d'absence
ga freagra uathoibríoch
gl resposta automática
gu સ્વચાલિત પ્રત્યુત્તર
he תשובה אוטומטית|מענה אוטומטי|תגובה אוטומטית
hi स्वचालित उत्तर|स्वतः उत्तर
hr automatski odgovor
hu automatikus válasz
hy ավտոմատ պատասխան
id balasan otomatis|jawaban otomatis
is sjálfvirkt svar
it risposta automatica|risposta automatica fuori sede
ja 自動応答|自動返信|自動返信メール|不在通知|不在応答
ka ავტომატური პასუხი
kk автоматты жауап
km ការឆ្លើយតបស្វ័យប្រវត្តិ
kn ಸ್ವಯಂಚಾಲಿತ ಪ್ರತ್ಯುತ್ತರ
ko 자동 회신|자동 응답|자동회신|자동응답|부재중 자동 회신
lo ການຕອບກັບອັດຕະໂນມັດ
lt automatinis atsakymas
lv automātiska atbilde|automātiskā atbilde
mk автоматски одговор
ml സ്വയമേവയുള്ള മറുപടി
mn автомат хариу
mr स्वयंचलित प्रत्युत्तर
ms balasan automatik|jawapan automatik
nb automatisk svar|autosvar
ne स्वचालित जवाफ
nl automatisch antwoord|automatische reactie|afwezigheidsbericht|automatische beantwoording
pl automatyczna odpowiedź|odpowiedź automatyczna|autoodpowiedź|automatyczna odpowiedz
pt resposta automática|resposta automatica|resposta de ausência temporária
ro răspuns automat|raspuns automat
ru автоматический ответ|автоответ|автоответчик
sk automatická odpoveď
sl samodejni odgovor|samodejen odgovor
sq përgjigje automatike
sr аутоматски одговор|automatski odgovor
sv automatiskt svar|autosvar
sw jibu otomatiki|jibu la kiotomatiki
ta தானியங்கு பதில்|தானியங்கி பதில்
te స్వయంచాలక ప్రత్యుత్తరం
th การตอบกลับอัตโนมัติ|ตอบกลับอัตโนมัติ|ข้อความตอบกลับอัตโนมัติ
tr otomatik yanıt|otomatik cevap
uk автоматична відповідь|автовідповідь
ur خودکار جواب
uz avtomatik javob
vi trả lời tự động|thư trả lời tự động|tự động trả lời
zh 自动答复|自动回复|自動回覆|自動回應|自動答覆|自动应答
"""
_ABSENCE = """
ar خارج المكتب
bg извън офиса
ca fora de l'oficina
cs mimo kancelář|nepřítomnost|jsem mimo kancelář
da fraværsbesked|ikke til stede|fravær|ferie
de abwesend|abwesenheit|nicht im büro|außer haus|urlaub|ich bin nicht im büro|abwesenheitsmeldung
el εκτός γραφείου
en out of office|out of the office|out-of-office|away from the office|away from my mail|on vacation|vacation
en ooo|i am out of the office|i'm out of office|away|absence|on leave|annual leave|holiday|maternity leave
en away message|vacation message|i am away|thank you for your email|thank you for contacting us
en we have received your message|we received your email|your message has been received
es fuera de la oficina|ausente|ausencia|vacaciones|fuera de oficina|mensaje recibido
et kontorist väljas|puhkusel
fi poissa|poissaolo|poissaoloilmoitus|lomavastaus|lomalla
fr absence du bureau|absent|absente|absence|message d'absence|en congé|hors du bureau|absent du bureau
he מחוץ למשרד
hr izvan ureda
hu házon kívül|irodán kívül|távollét|szabadság
id di luar kantor
it fuori sede|fuori ufficio|assente|assenza|in ferie
ja 不在|外出中|休暇
ko 부재 중|부재중|휴가
lt ne biure|atostogos
lv ārpus biroja
nb fraværende|ikke til stede|ferie|fraværsmelding
nl afwezig|niet aanwezig|afwezigheid|vakantie|buiten kantoor
pl poza biurem|nieobecność|nieobecny|nieobecna|urlop
pt fora do escritório|ausência temporária|ausente|ausência|férias
ro absent de la birou|în concediu
ru нет на работе|вне офиса|отсутствие|я в отпуске|отпуск|отсутствую на рабочем месте
sk mimo kancelárie|neprítomnosť
sl odsotnost|odsoten|odsotna
sr van kancelarije|ван канцеларије
sv frånvaro|frånvarande|frånvaromeddelande|semester|ej på kontoret
th ไม่อยู่ที่สำนักงาน
tr ofis dışında|ofis dışındayım|izinde
uk немає на роботі|поза офісом|відпустка
vi vắng mặt|không có ở văn phòng
zh 外出|不在办公室|不在辦公室|休假|外出办公
"""
_BOUNCE = """
bg недоставено
cs nedoručitelné|nedoručitelná zpráva|nedoručeno
da kan ikke leveres|ikke leveret
de unzustellbar|unzustellbare nachricht|nicht zugestellt|nicht zustellbar|übermittlungsfehler|mail-zustellung
el δεν είναι δυνατή η παράδοση|μη παραδοτέο
en undeliver|delivery status|delivery failure|delivery notification|delivery problem|returned mail|returned to
en failure notice|mail delivery|message delivery|delivery has failed|delivery failed|delivery error|mail error
en delivery delay|delayed mail|warning: could not send|warning: message|message could not be delivered|bounced
en could not deliver|could not send message|unable to deliver|mail could not be delivered|message undelivered
en non-delivery|nondeliverable|mail failure|mail system error|email delivery failure|error sending|error mail
en dsn|failed mail|failed delivery|failure delivering|notification of delivery|returned email|message status
en permanent delivery failure|rejected mail|message rejected|user unknown|mailbox full|mailbox unavailable
en delivery report|undelivered|unzustellbar|there was an error sending your mail|your message cannot be
es no se puede entregar|no se ha podido entregar|correo devuelto|no entregado|error de entrega|devuelto
et kohaletoimetamatu
fi toimittaminen epäonnistui|ei voitu toimittaa|ei toimitettavissa
fr non remis|échec de la remise|message non distribué|notification d'état de remise|non délivré|courrier non
fr echec de la remise|échec de remise|non distribuable|rapport de non remise|votre message n'a pas
he לא ניתן למסירה
hr nije isporučeno
hu kézbesíthetetlen|sikertelen kézbesítés
it mancato recapito|impossibile recapitare|non recapitabile|mancata consegna|messaggio non recapitato
ja 配信不能|配達不能|メールエラー通知|送信できませんでした|配信エラー|エラーメール|メール送信エラー|未配信
ko 배달되지 않음|반송|메일 전송 실패|전송 실패|반송 메일
lt nepristatoma
lv nepiegādājams
nb kan ikke leveres|ikke levert
nl onbestelbaar|niet bezorgd|bezorging mislukt
pl niedostarczalne|niedostarczon|nie dostarczono|zwrot wiadomości|nie można dostarczyć
pt não é possível entregar|não entregue|falha na entrega|mensagem não entregue|devolvido|não foi possível
ro nelivrabil|imposibil de livrat
ru недоставленное|не удается доставить|сообщение не доставлено|недоставленные|не доставлено|ошибка доставки
ru не удалось доставить|почта возвращена
sk nedoručiteľné|nedoručené
sl ni mogoče dostaviti
sv kan inte levereras|ej levererat|olevererat
th ไม่สามารถส่งได้
tr teslim edilemedi|iletilemedi
uk не вдалося доставити|не доставлено
vi không thể gửi
zh 无法送达|退信|系统退信|未送达|投递失败|無法傳遞|無法送達|退信通知|邮件退回|无法投递|傳送失敗
"""
_MEETING = """
bg приет|отхвърлен
cs přijato|odmítnuto|nezávazně|zrušeno
da accepteret|afslået|foreløbigt|aflyst
de zugesagt|abgelehnt|mit vorbehalt|abgesagt|angenommen|unter vorbehalt
el αποδεκτή|απορρίφθηκε
en accepted|declined|tentative|tentatively accepted|canceled|cancelled|new time proposed|meeting response
en canceled event|cancelled event|invitation declined|updated invitation
es aceptada|aceptado|rechazada|rechazado|provisional|cancelada|cancelado
fi hyväksytty|hylätty|alustava|peruutettu
fr accepté|accepté(e)|refusé|refusé(e)|provisoire|annulé|annulé(e)
hu elfogadva|elutasítva|feltételes|lemondva
it accettato|accettata|rifiutato|rifiutata|provvisorio|annullato|annullata
ja 承諾|辞退|仮承諾|キャンセル済み|承諾済み
ko 수락함|수락됨|거절함|거절됨|미정|취소됨
nb godtatt|akseptert|avslått|foreløpig|avlyst
nl geaccepteerd|afgewezen|voorlopig|geannuleerd
pl zaakceptowano|zaakceptowane|odrzucono|odrzucone|wstępnie|odwołano|odwołane
pt aceito|aceite|recusado|provisório|cancelado|aceito provisoriamente
ro acceptat|refuzat|anulat
ru принято|отклонено|под вопросом|отменено
sv accepterat|godkänt|avböjt|preliminärt|inställt|avslaget
tr kabul edildi|reddedildi|belirsiz|iptal edildi
uk прийнято|відхилено|скасовано
zh 已接受|已拒绝|暂定|已取消|接受|谢绝|已拒絕|暫訂
"""
_READ = 300  # characters of a subject
_TAGS = re.compile(r"(?:\[[^\[\]]{1,30}\]\s*){1,3}(?=\S)")
_OPENERS = ("[", "(", "【", "「", "*", "<")
_LEFT_OUT = {
    ord(mark): None
    for mark in "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
}
_AFTER = re.compile(r"\s*(?:[:;\])】」*>!]|-{1,2}\s|[–—|]|$)")
_COLON = re.compile(r"\s*:\s*\S")
_CLOSED = re.compile(r"\s*[\])】」]\s*\S")
# Lotus Notes: "AUTO: Anna Nowak is out of the office (returning 12.03.2026)", in the server's language.
_NOTES = re.compile(r"auto: [^()]{3,150}\([^()]*\d[^()]*\)$")


def _table() -> Mapping[str, tuple[tuple[str, Phrase], ...]]:
    """Return all phrases by their first two letters, the longest first."""
    found: dict[str, list[tuple[str, Phrase]]] = {}
    for says, lines in zip(Says, (_ANSWER, _ABSENCE, _BOUNCE, _MEETING), strict=True):
        for line in lines.strip().splitlines():
            language, _, phrases = line.partition(" ")
            for phrase in phrases.split("|"):
                found.setdefault(normal(phrase)[:2], []).append((normal(phrase), Phrase(says, language)))
    return {start: tuple(sorted(some, key=_longest)) for start, some in found.items()}


def _longest(entry: tuple[str, Phrase]) -> tuple[int, str]:
    return -len(entry[0]), entry[1].language


def normal(subject: str) -> str:
    """Return a subject in the form in which phrases are compared."""
    plain = subject[:_READ] if subject.isascii() else unicodedata.normalize("NFKC", subject[:_READ])
    return " ".join(plain.translate(_LEFT_OUT).casefold().split())


@lru_cache(maxsize=2)  # asked for what the subject says by itself, and again with the text
def phrase_of(subject: str) -> tuple[Phrase, bool] | None:
    """Return the phrase that a subject begins with, and whether a colon or its bracket parts it from more.

    A person's "Re: Out of office?" begins with another word, and "Out of office?" does not end there.
    """
    folded = normal(subject)
    if not folded.startswith(_OPENERS):
        return _at_start(folded)
    within = _at_start(folded.lstrip("".join(_OPENERS)), _CLOSED)  # "[Auto-Reply] Offer"
    return within or _at_start(_TAGS.sub("", folded, count=1))


def _at_start(text: str, end: re.Pattern[str] = _COLON) -> tuple[Phrase, bool] | None:
    if text.startswith("auto: ") and _NOTES.match(text):
        return Phrase(Says.ANSWER, "notes"), True
    for phrase, meaning in _PHRASES.get(text[:2], ()):
        if text.startswith(phrase) and (meaning.says is Says.BOUNCE or _AFTER.match(text, len(phrase))):
            return meaning, bool(end.match(text, len(phrase)))
    return None


def languages(says: Says) -> Iterable[str]:
    """Return the languages in which something is known."""
    return {meaning.language for some in _PHRASES.values() for _, meaning in some if meaning.says is says}


_PHRASES = _table()
