"""Which parts are text, which are attached, and what is cut."""

from base64 import b64encode

import pytest

from bccd.mail.attachments import octets
from bccd.mail.body import LINES_CAP, TEXT_CAP
from bccd.mail.defects import Defect
from bccd.mail.html import HTML_CAP
from bccd.mail.parse import parse


def leaf(media_type: str, body: str, *fields: str) -> str:
    """Make a part."""
    return "\r\n".join((f"Content-Type: {media_type}", *fields, "", body))


def multi(kind: str, *parts: str) -> str:
    """Make a multipart whose boundary is its kind."""
    word = kind.partition(";")[0]
    body = "".join(f"--{word}\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={word}\r\n\r\n{body}--{word}--\r\n"


CALENDAR = leaf("text/calendar", "BEGIN:VCALENDAR")
IMAGE = leaf("image/png", "PNG")
ENVELOPED = "application/pkcs7-mime; smime-type=enveloped-data"

CASES = {
    "an invitation": (
        multi("alternative", leaf("text/plain", "come"), leaf("text/html", "<p>come</p>"), CALENDAR),
        ("come", ["text/calendar"]),
    ),
    "texts between pictures": (
        multi(
            "alternative",
            multi("mixed", leaf("text/plain", "one"), IMAGE, leaf("text/plain", "two")),
            leaf("text/html", "<p>one two</p>"),
        ),
        ("one\n\ntwo", ["image/png"]),
    ),
    "HTML texts between pictures": (
        multi("alternative", multi("mixed", leaf("text/html", "one"), IMAGE, leaf("text/html", "two"))),
        ("one\n\ntwo", ["image/png"]),
    ),
    "only a calendar": (multi("alternative", CALENDAR), ("", ["text/calendar"])),
    "amp": (
        multi("alternative", leaf("text/plain", "a"), leaf("text/x-amp-html", "b")),
        ("a", ["text/x-amp-html"]),
    ),
    "a report": (
        multi("report", leaf("text/plain", "sorry"), multi("mixed", leaf("text/plain", "x"), IMAGE)),
        ("sorry", ["text/plain", "image/png"]),
    ),
    "a boundary that never comes": (
        multi("mixed", leaf("text/plain", "a"), leaf("multipart/related; boundary=no", "--x\r\n\r\nlost?")),
        ("a", ["multipart/related"]),
    ),
    "an attached page": (
        multi("mixed", leaf("text/plain", "a"), leaf("text/html", "b", "Content-Disposition: attachment")),
        ("a", ["text/html"]),
    ),
    "signed S/MIME": (
        leaf("application/pkcs7-mime; smime-type=signed-data", "x"),
        ("", ["application/pkcs7-mime"]),
    ),
}


@pytest.mark.parametrize(("raw", "expected"), CASES.values(), ids=CASES)
def test_shown_or_attached(raw: str, expected: tuple[str, list[str]]) -> None:
    """Every leaf is shown or attached, none is lost."""
    message = parse(raw.encode())
    assert (message.content.text, [file.media_type for file in message.content.attachments]) == expected
    assert Defect.ENCRYPTED not in message.defects


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (leaf(ENVELOPED, "x"), Defect.ENCRYPTED),
        (multi("encrypted", leaf("application/pgp-encrypted", "Version: 1")), Defect.ENCRYPTED),
        (leaf("text/plain", "QUJ", "Content-Transfer-Encoding: base64"), Defect.ENCODING_BROKEN),
        (leaf("image/png", "QUJ", "Content-Transfer-Encoding: base64"), Defect.ENCODING_BROKEN),
        (leaf("text/plain; charset=us-ascii", "x" * (TEXT_CAP + 1)), Defect.TEXT_CUT),
        (leaf("text/plain", "x" * (4 * TEXT_CAP + 1)), Defect.TEXT_CUT),
        (leaf("text/plain", "x\r\n" * (LINES_CAP + 10)), Defect.TEXT_CUT),
        (leaf("text/html", "x" * (HTML_CAP + 1)), Defect.HTML_CUT),
        (
            multi("mixed", leaf("text/plain", "a"), leaf("multipart/related", "--x\r\n")),
            Defect.BOUNDARY_MISSING,
        ),
    ],
)
def test_what_was_cut_or_closed_is_told(raw: str, defect: Defect) -> None:
    """A mail that could not be read in full says so, and its text keeps to the caps."""
    message = parse(raw.encode())
    assert defect in message.defects
    assert len(message.content.text) <= TEXT_CAP
    assert message.content.text.count("\n") <= LINES_CAP


def test_text_in_a_wrong_charset_is_told() -> None:
    """Octets that the label cannot mean are read all the same."""
    message = parse(b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xf6\xdfe der Ware")
    assert Defect.CHARSET_WRONG in message.defects
    assert message.content.text == "Größe der Ware"


def test_encoded_mails_inside_encoded_mails_are_capped() -> None:
    """Each needs a copy, so only a few are opened."""
    raw = b"From: a@x.example\r\n\r\ndeepest"
    for _ in range(8):
        raw = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(raw)
    message = parse(raw)
    assert Defect.DEPTH_CUT in message.defects
    depth = 0
    forwards = message.forwards
    while forwards:
        depth += 1
        forwards = forwards[0].inner
    assert depth == 4


def test_a_file_called_eml_that_is_no_mail_is_a_file() -> None:
    """A name alone makes no mail, encoded or not."""
    for encoding, body in (("", "no mail"), ("base64", b64encode(b"no mail").decode())):
        fields = (f"Content-Transfer-Encoding: {encoding}",) if encoding else ()
        message = parse(leaf("application/octet-stream; name=x.eml", body, *fields).encode())
        (file,) = message.content.attachments
        assert (message.forwards, file.filename, file.size) == ((), "x.eml", 7)


def test_a_mail_that_only_claims_to_be_encoded_is_read() -> None:
    """What begins with a field is no base64, whatever the part says."""
    raw = leaf("message/rfc822", "From: c@x.example\r\n\r\nhi", "Content-Transfer-Encoding: base64")
    (forward,) = parse(raw.encode()).forwards
    assert forward.original.text == "hi"


def test_octets_of_a_part_that_is_not_there() -> None:
    """Another mail's attachment is not found, and an empty one is empty."""
    inner = "Content-Type: image/png\r\n\r\nPNG"
    raw = leaf("message/rfc822", b64encode(inner.encode()).decode(), "Content-Transfer-Encoding: base64")
    (file,) = parse(raw.encode()).forwards[0].original.attachments
    assert octets(raw.encode(), file) == b"PNG"
    assert octets(b"other", file) == b""
    (empty,) = parse(b"Content-Type: image/png\r\n\r\n").content.attachments
    assert octets(b"", empty) == b""
