"""vCards that phones and Outlook read (RFC 6350, RFC 2426)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.vcard import Card, Version, vcard

_CARD = Card("CRM of Example Ltd", "Example Ltd", "sales@drop.example.com", "Put it into Bcc.", "urn:uuid:1")


def _unfolded(octets: bytes) -> list[str]:
    return octets.replace(b"\r\n ", b"").decode().removesuffix("\r\n").split("\r\n")


def _read(value: str) -> str:
    """Undo the escapes of a text value."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def test_version_4_says_what_kind_of_card_it_is() -> None:
    """A 4.0 card has VERSION second, FN, and the address with its type."""
    assert _unfolded(vcard(_CARD)) == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "PRODID:-//bccd//address//EN",
        "UID:urn:uuid:1",
        "KIND:org",
        "FN:CRM of Example Ltd",
        "EMAIL;TYPE=work;PREF=1:sales@drop.example.com",
        "ORG:Example Ltd",
        "NOTE:Put it into Bcc.",
        "END:VCARD",
    ]


def test_version_3_has_the_name_that_it_must_have() -> None:
    """A 3.0 card has N and FN (RFC 2426 3.1), and the address as an Internet address."""
    lines = _unfolded(vcard(_CARD, "3.0"))
    assert lines[1] == "VERSION:3.0"
    assert "N:CRM of Example Ltd;;;;" in lines
    assert "EMAIL;TYPE=INTERNET,PREF:sales@drop.example.com" in lines
    assert not any(line.startswith("KIND") for line in lines)


def test_a_long_name_is_folded_between_characters() -> None:
    """A line ends after 75 octets at most, and the next begins with a blank (RFC 6350 3.2)."""
    octets = vcard(Card("Ż" * 60, "", "a@b.example", "", "urn:uuid:1"))
    first, second = (line for line in octets.split(b"\r\n") if "Ż".encode() in line)
    assert (first, second) == (b"FN:" + "Ż".encode() * 36, b" " + "Ż".encode() * 24)


@pytest.mark.parametrize("version", ["3.0", "4.0"])
@given(text=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc")), max_size=300))
def test_every_text_survives_in_lines_of_75_octets(version: Version, text: str) -> None:
    """No line is longer than 75 octets, each is UTF-8 by itself, and no text adds a line of its own."""
    octets = vcard(Card(text, text, "a@b.example", text, "urn:uuid:1"), version)
    assert octets.endswith(b"END:VCARD\r\n")
    lines = octets.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 75 and line.decode() is not None for line in lines)
    whole = _unfolded(octets)
    assert len(whole) == len(_unfolded(vcard(_CARD, version)))
    (note,) = (line.removeprefix("NOTE:") for line in whole if line.startswith("NOTE:"))
    broken = re.sub(r"\r\n|[\r\n\v\f\x85\u2028\u2029]", "\n", text)
    assert _read(note) == re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", broken)
