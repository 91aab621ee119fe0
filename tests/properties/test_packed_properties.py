"""Whatever octets claim to be packed or rewritten, they are read in bounds and hide nothing."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.attachments import octets
from bccd.mail.gateway import undone, without_banners, without_page_banners
from bccd.mail.parse import parse
from bccd.mail.sealed.cms import cms_kind, signed_content
from bccd.mail.sealed.outlook import read_msg
from bccd.mail.sealed.pgp import unarmoured
from bccd.mail.sealed.rtf import decompressed, rich
from bccd.mail.sealed.tnef import read_tnef
from tests.unit.mail.sealed.build import signed_data, streamed_data
from tests.unit.mail.sealed.samples import INNER, saved_message, single, winmail

SEEDS = (winmail(), saved_message(), signed_data(INNER.encode()), streamed_data(INNER.encode()))
TYPES = (
    "application/ms-tnef",
    "application/vnd.ms-outlook",
    "application/pkcs7-mime",
    "application/pkcs7-mime",
)
SIGNS = [
    "CAUTION: ",
    "external email ",
    "outside of ",
    "Acme ",
    "click links. ",
    "\n",
    "> ",
    "Hello Jan, ",
    "pay ",
]
HOSTS = [
    *("https://", "eur01.safelinks.protection.outlook.com/", "urldefense.com/v3/__", "?url=", "__;", "*"),
    *("%22", "javascript:", "<", " "),
]


@given(st.sampled_from(range(len(SEEDS))), st.integers(0), st.binary(max_size=40), st.booleans())
def test_changed_containers_are_read_in_bounds(which: int, at: int, put: bytes, cut: bool) -> None:
    """A container changed or cut anywhere never raises, and whatever it gives away is found again."""
    seed = SEEDS[which]
    at %= len(seed)
    changed = seed[:at] + put + (b"" if cut else seed[at + len(put) :])
    raw = single(TYPES[which], changed)
    message = parse(raw)
    for content in (message.content, *(forward.original for forward in message.forwards)):
        for file in content.attachments:
            assert len(octets(raw, file)) == file.size


@given(st.binary(max_size=300))
def test_any_octets_are_read(found: bytes) -> None:
    """No reader of packed mail raises."""
    cms_kind(found)
    signed_content(found)
    read_tnef(b"\x78\x9f\x3e\x22\0\0" + found)
    read_msg(bytes.fromhex("d0cf11e0a1b11ae1") + found.ljust(504, b"\0") + found)
    rich(b"{\\rtf1\\fromhtml1 " + found)
    decompressed(b"\0\0\0\0\xff\xff\0\0LZFu\0\0\0\0" + found)


@given(st.lists(st.sampled_from(SIGNS) | st.text(max_size=20), max_size=30).map("".join))
def test_only_whole_lines_of_banners_go(text: str) -> None:
    """What is left are lines of the text in their order, and no line with a word that no banner has goes."""
    left = without_banners(text).text.split("\n")
    lines = iter(text.split("\n"))
    assert all(line in lines for line in left) or left == [""]
    for line in text.split("\n"):
        if re.search(r"\bpay\b", line):
            assert line in left
    without_page_banners(text)
    unarmoured(text)


@given(st.lists(st.sampled_from(HOSTS) | st.text(max_size=20), max_size=30).map("".join))
def test_targets_are_web_addresses_in_their_place(text: str) -> None:
    """Undoing links adds no scheme but the web's, no quote, no angle and no line."""
    found = undone(text).text
    for sign in ("javascript:", "\n", '"', "<", ">"):
        assert found.count(sign) <= text.count(sign)
    page = undone(text, markup=True).text
    assert page.count('"') <= text.count('"')
    assert page.count("<") <= text.count("<")
