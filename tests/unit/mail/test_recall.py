"""Recall notices of Outlook are automatic, in any language; mail about a recall is not."""

import base64

import pytest

from bccd.mail.parse import parse
from bccd.mail.recall import is_recall
from bccd.model.message import AutoKind
from tests.unit.mail.sealed.build import MESSAGE, attribute, tnef

NOTICES = (
    ("Recall: Offer 7", 'Anna Nowak would like to recall the message, "Offer 7".'),
    ("Recall: [PATCH] Fix: it", 'anna@acme.example would like to recall the message, "[PATCH] Fix: it".'),
    (
        "Recall: Offer 7",
        'Nowak, Anna would like to recall the message, "Offer\n7".\n_____\nfooter',
    ),
    ("Zurückrufen: Angebot", 'Anna Nowak möchte die Nachricht "Angebot" zurückrufen.'),
    ("Rappel : Offre", "Anna Nowak souhaite rappeler le message « Offre »."),
    ("Odwołanie: Oferta", "Anna Nowak chce odwołać wiadomość „Oferta”."),
    ("Recuperar: Oferta", 'Anna Nowak desea recuperar el mensaje "Oferta".'),
    ("Richiamo: Offerta", 'Anna Nowak desidera richiamare il messaggio "Offerta".'),
    ("Intrekken: Offerte", "Anna Nowak wil het bericht “Offerte” intrekken."),
    ("Återkalla: Offert", 'Anna Nowak vill återkalla meddelandet "Offert".'),
    ("Tilbagekald: Tilbud", 'Anna Nowak vil gerne tilbagekalde meddelelsen "Tilbud".'),
    ("Отзыв: Предложение", "Anna Nowak хочет отозвать сообщение «Предложение»."),
    ("撤回: 报价", "Anna Nowak 将撤回邮件“报价”。"),
    ("取り消し: 見積", "Anna Nowak はメッセージ「見積」を取り消そうとしています。"),
)
OTHERS = (
    ("Recall: Offer 7", "Hello Jan,\n\nI recall that you asked for the offer."),
    ("Recall: Offer 7", 'Anna Nowak would like to recall the message, "Offer 8".'),
    ("Offer 7", 'Anna Nowak would like to recall the message, "Offer 7".'),
    ("Recall: brakes", 'As you may recall, "brakes" was on the list ' + "of what we talked about " * 5),
    ("Re: Offer 7", 'You said "Offer 7" was fine.'),
    ("Recall: Offer 7", ""),
)


@pytest.mark.parametrize(("subject", "text"), NOTICES)
def test_recall_notices_are_automatic(subject: str, text: str) -> None:
    """The sentence under the subject that it quotes tells a notice."""
    assert is_recall(subject, text)
    raw = f"From: anna@acme.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()
    content = parse(raw).content
    assert content.auto is AutoKind.AUTO_REPLY
    assert content.auto_reason == "recall"
    assert content.marks == ("recall",)


@pytest.mark.parametrize(("subject", "text"), OTHERS)
def test_mail_about_a_recall_is_not(subject: str, text: str) -> None:
    """What a person writes is no notice, even under such a subject."""
    assert not is_recall(subject, text)


def test_the_class_of_winmail_tells_a_notice() -> None:
    """Outlook's own class says it whatever the words are."""
    held = base64.encodebytes(tnef(attribute(MESSAGE, 0x00078008, b"IPM.Outlook.Recall\0")))
    raw = (
        b"From: anna@acme.example\r\nSubject: X\r\nContent-Type: multipart/mixed; boundary=q\r\n"
        b"\r\n--q\r\n\r\n"
        b"Words\r\n--q\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%b--q--\r\n" % held
    )
    content = parse(raw).content
    assert content.auto is AutoKind.AUTO_REPLY
    assert content.marks == ("recall", "tnef")
