"""What stands below a person's words, told apart; nothing that a person wrote goes with it."""

# ruff: noqa: E501  lines as clients write them

import pytest

from bccd.mail.reply import Reply, read_reply
from bccd.model.message import Mailbox
from tests.unit.mail.reply.wordings import PHONE_LINES

ANNA = Mailbox("Anna Nowak", "anna@acme.example")
NEW = "Thank you for asking.\nThe offer is attached."
ON = "On Mon, 16 Nov 2026 at 10:00, Carl <carl@customer.example> wrote:\n> Hello\n> Carl"
CONTACT = "Anna Nowak\nSales Manager\nACME Sp. z o.o.\nTel: +48 12 345 67 89\nwww.acme.example"
SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\n"
SEAL = "-----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v1\n\niQ==\n=ab\n-----END PGP SIGNATURE-----"


def read(text: str) -> Reply:
    """Read a text of Anna."""
    return read_reply(text, sender=ANNA)


def test_phone_lines() -> None:
    """The line of a phone or a program is no word of its user, in any language, at the end or above history."""
    for below in ("", f"\n\n{ON}"):
        found = {line: read(f"{NEW}\n\n{line}{below}") for line in PHONE_LINES}
        assert {
            line: got for line, got in found.items() if (got.new_text, got.signature) != (NEW, line)
        } == {}


SIGNATURES = {
    "by its delimiter": f"-- \n{CONTACT}",
    "by a bare delimiter": f"--\n{CONTACT}",
    "by the sender's name": CONTACT,
    "by the name in another order": CONTACT.replace("Anna Nowak", "Nowak, Anna"),
    "below a rule": f"----------------\n\nLOGO\n\n{CONTACT}",
    "a name above a phone's line": "Anna Nowak\nSent from my iPhone",
    "below underscores": "____________\nAnna",
    "a seal": SEAL,
    "twice": f"{CONTACT}\n\n-- \nlist of prices: www.acme.example",
}
DISCLAIMERS = {
    "English": "This e-mail is confidential. If you are not the intended recipient, please delete it.",
    "German": "Diese E-Mail ist vertraulich. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie bitte.",
    "Polish": "Ta wiadomość jest poufna. Jeżeli nie jesteś adresatem, usuń ją i powiadom nadawcę.",
    "French": "Ce message est confidentiel. Si vous n'êtes pas le destinataire, merci de le détruire.",
    "Spanish": "Este mensaje es confidencial. Si usted no es el destinatario, bórrelo.",
    "Italian": "Messaggio riservato. Se ha ricevuto questo messaggio per errore, lo cancelli.",
    "Portuguese": "Mensagem confidencial. Se não é o destinatário, apague-a, por favor.",
    "Dutch": "Dit bericht is vertrouwelijk. Als u niet de geadresseerde bent, verwijder het dan.",
    "Russian": "Письмо конфиденциально. Если вы не являетесь адресатом, удалите его.",
    "Chinese": "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。",
    "the environment": "Please consider the environment before printing this e-mail.",
    "Mailman": (
        "_______________________________________________\nOffers mailing list\nOffers@lists.example\n"
        "https://lists.example/mailman/listinfo/offers"
    ),
    "Mailman 3": (
        "_______________________________________________\nOffers mailing list -- offers@lists.example\n"
        "To unsubscribe send an email to offers-leave@lists.example"
    ),
    "Mailman with an advertisement": (
        "------------------------------------------------------------------------------\n"
        "Check out the vibrant tech community on one of the world's most\nengaging tech sites, Slashdot.org!\n"
        "_______________________________________________\nOffers mailing list\nOffers@lists.example\n"
        "https://lists.example/lists/listinfo/offers"
    ),
    "Mailman's archive": (
        "-------------- next part --------------\nAn HTML attachment was scrubbed...\nURL: <http://lists.example/x.html>"
    ),
    "R": (
        "______________________________________________\nhelp@r.example mailing list -- To UNSUBSCRIBE and more, see\n"
        "https://r.example/mailman/listinfo/help\nPLEASE do read the posting guide\nand provide code."
    ),
    "Debian": (
        '-- \nTo UNSUBSCRIBE, email to user-REQUEST@lists.example\nwith a subject of "unsubscribe". Trouble? '
        "Contact master@lists.example\nArchive: https://lists.example/x"
    ),
    "a scanner": "This email has been checked for viruses by Avast antivirus software.\nhttps://www.avast.example",
    "Google Groups": (
        '-- \nYou received this message because you are subscribed to the Google Groups "offers" group.\n'
        "To unsubscribe from this group and stop receiving emails from it, send an email to o+unsubscribe@x.example.\n"
        "To view this discussion on the web visit https://groups.google.com/d/msgid/offers/x%40mail.gmail.com."
    ),
    "Ezmlm": (
        "---------------------------------------------------------------------\n"
        "To unsubscribe, e-mail: dev-unsubscribe@x.example\nFor additional commands, e-mail: dev-help@x.example"
    ),
    "Majordomo": (
        '--\nTo unsubscribe from this list: send the line "unsubscribe offers" in\nthe body of a message to '
        "majordomo@x.example\nMore majordomo info at  http://x.example/majordomo-info.html"
    ),
}


@pytest.mark.parametrize("tails", [SIGNATURES, DISCLAIMERS], ids=["signatures", "disclaimers"])
def test_tails(tails: dict[str, str]) -> None:
    """A signature, and what firms and lists add, stand apart: at the end, above history, and below it."""
    for text in (
        "{new}\n\n{tail}",
        "{new}\n\n{tail}\n\n{on}",
        "{new}\n\n{on}\n\n{tail}",
        "{on}\n\n{new}\n\n{tail}",
    ):
        found = {name: read(text.format(new=NEW, tail=tail, on=ON)) for name, tail in tails.items()}
        missed = {
            name: got for name, got in found.items() if (got.new_text, got.signature) != (NEW, tails[name])
        }
        assert missed == {}


def test_several_tails() -> None:
    """A phone's line, a signature and a disclaimer below each other all go."""
    tail = f"-- \n{CONTACT}\n\n{DISCLAIMERS['English']}\n\n{DISCLAIMERS['Mailman']}"
    assert read(f"{NEW}\n\nSent from my iPhone\n\n{tail}\n\n{ON}").new_text == NEW
    assert read(f"{SIGNED}{ON}\n\n{NEW}\n{SEAL}").new_text == NEW


def test_names_that_are_no_signature() -> None:
    """A greeting with a name is what a person writes; so is another's name with his number."""
    for own in (
        "Best regards\nAnna Nowak",
        "Call Bob Smith\n+48 12 345 67 89",
        "Anna Nowak agrees.\nCall 12 345 67",
    ):
        assert read(f"{NEW}\n\n{own}").new_text == f"{NEW}\n\n{own}"
