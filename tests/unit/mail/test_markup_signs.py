"""The signs that clients leave in mark-up."""

import pytest

from bccd.mail.markup import signs
from bccd.mail.markup.signs import Role, Sign, may_hold_quoted

SIGNS: dict[str, Sign] = {**signs._WORDS, **dict(signs._PIECES), **dict(signs._DATA)}


@pytest.mark.parametrize(
    "sign", [needle for needle, sign in SIGNS.items() if sign.role is not Role.SIGNATURE]
)
def test_no_sign_of_quoted_mail_escapes_the_cheap_look(sign: str) -> None:
    """HTML with any client's sign of quoted mail is never taken for one without."""
    assert may_hold_quoted(f"<div data-x class={sign.upper()}>")


@pytest.mark.parametrize("attribute", ["class=", "ID = ", "name=", "id="])
def test_signs_are_looked_for_in_every_attribute_that_carries_them(attribute: str) -> None:
    """A sign is a class, an id or a name, however it is written."""
    assert may_hold_quoted(f'<div {attribute}"gmail_quote">')


def test_the_cheap_look_spares_plain_html() -> None:
    """HTML of a mail that quotes nothing is told at once."""
    assert not may_hold_quoted('<div dir="ltr"><p>Hello</p><br></div>')
    assert may_hold_quoted("<BLOCKQUOTE>")
    assert may_hold_quoted('<div style="border:none;border-top:solid #E1E1E1 1.0pt">')
