"""New text and history told apart."""

import pytest

from bccd.mail.reply import new_text

BLOCK = (
    "From: Anna <anna@acme.example>\nSent: Monday, November 16, 2026 10:00\nTo: Bob\nSubject: Offer\n\nold"
)
POLISH = (
    "Od: Anna <anna@acme.example>\nWysłano: poniedziałek, 16 listopada 2026 10:00\nDo: Bob\nTemat: x\n\nstare"
)

REPLIES = {
    "nothing quoted": ("new\n\nmore", "new\n\nmore"),
    "quoted run": ("new\n> old\n> older", "new"),
    "english": ("new\n\nOn Mon, 16 Nov 2026 at 10:00, Anna <a@x.example> wrote:\n> old", "new"),
    "english without marks": ("new\n\nOn Mon, 16 Nov 2026 at 10:00, Anna wrote:\nold\n\nolder", "new"),
    "english, folded": (
        "new\n\nOn Mon, 16 Nov 2026 at 10:00, Anna Nowak\n<anna@acme.example> wrote:\n\n> old",
        "new",
    ),
    "polish": ("nowe\n\nW dniu 16.11.2026 o 10:00, Anna pisze:\n> stare", "nowe"),
    "polish of Gmail": (
        "nowe\n\npon., 16 lis 2026 o 10:00 Anna <a@x.example> napisał(a):\n\n> stare",
        "nowe",
    ),
    "polish of Apple": (
        "nowe\n\nWiadomość napisana przez Anna w dniu 16.11.2026, o godz. 10:00:\n\n> stare",
        "nowe",
    ),
    "german": ("neu\n\nAm 16.11.2026 um 10:00 schrieb Anna:\n> alt", "neu"),
    "any language by its shape": ("ny\n\nDen 16.11.2026 kl. 10:00 har Anna Nowak sagt:\n> gammel", "ny"),
    "chinese": ("新\n\n在 2026年11月16日 10:00，Anna 写道：\n> 旧", "新"),
    "outlook": (f"new\n\n{BLOCK}", "new"),
    "outlook in polish": (f"nowe\n\n{POLISH}", "nowe"),
    "outlook's rule": (f"new\n\n{'_' * 32}\n{BLOCK}", "new"),
    "original message": ("new\n-----Original Message-----\nold", "new"),
    "original message in polish": ("nowe\n----- Wiadomość oryginalna -----\nstare", "nowe"),
    "answers between": ("On 16 Nov 2026, Anna wrote:\n> one\nyes\n> two\nno", "yes\nno"),
    "answer below": ("On 16 Nov 2026, Anna wrote:\n> one\n\nyes", "yes"),
    "a colon alone": ("My points:\n\n- one\n- two", "My points:\n\n- one\n- two"),
    "dates alone": ("Dates for 2026:\n12:00 noon", "Dates for 2026:\n12:00 noon"),
    "a rule alone": ("a\n________________________________\nb", "a\n________________________________\nb"),
    "only history": ("> old", ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("text", "expected"), REPLIES.values(), ids=REPLIES)
def test_new_text_of_a_reply(text: str, expected: str) -> None:
    """A reply's own words stand without the history."""
    assert new_text(text, reply=True) == expected


def test_a_header_block_is_history_only_in_a_reply() -> None:
    """In other mail such a block may be what the mail is about."""
    assert new_text(f"look\n\n{BLOCK}", reply=False) == f"look\n\n{BLOCK}"
