"""Structures and encodings made to be slow or large: each is read within the caps, in bounded memory."""

import tracemalloc
from base64 import b64encode

import pytest

from bccd.mail.parse import parse
from bccd.mail.parts import part_list

LONG = 400_000
LARGE = 25_000_000
MEMORY = 256 << 20
HANG = 10  # seconds; a guard against a hang, not a figure
FROM = b"From: a@acme.example\r\n"


def repeat(unit: bytes, length: int = LONG) -> bytes:
    """Fill a length with one unit."""
    return unit * (length // len(unit))


def mixed(body: bytes, boundary: bytes = b"b") -> bytes:
    """Make a multipart."""
    return FROM + b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n" + body


def one(media_type: bytes, body: bytes, encoding: bytes = b"8bit") -> bytes:
    """Make a mail of one part."""
    fields = b"Content-Type: " + media_type + b"\r\nContent-Transfer-Encoding: " + encoding
    return FROM + fields + b"\r\n\r\n" + body


def part(fields: bytes, body: bytes = b"") -> bytes:
    """Make a part of a multipart."""
    return b"--b\r\n" + fields + b"\r\n\r\n" + body + b"\r\n"


TWIN = b"Content-Type: multipart/mixed; boundary=b"
INNER = b"From: a@x.example\r\n\r\nhi"
TEXT = b"text/plain"
OCTETS = b"a/b; name=x.eml\r\nContent-Transfer-Encoding: base64"
INPUTS = {
    "multiparts with one boundary, side by side": mixed(repeat(part(TWIN))),
    "multiparts with one boundary, nested": repeat(TWIN + b"\r\n\r\n--b\r\n"),
    "parts that might have the same boundary": mixed(repeat(part(b"X: " + b"b" * 3_000))),
    "boundaries nobody declared": FROM
    + b"Content-Type: multipart/mixed\r\n\r\n"
    + repeat(b"--x\r\nContent-"),
    "undeclared and nested": repeat(b"Content-Type: multipart/mixed\r\n\r\n--x\r\n"),
    "a boundary of 2,000 octets": mixed(repeat(b"--" + b"a" * 1_999), b"a" * 2_000),
    "delimiters in a header section": TWIN + b"\r\n" + repeat(b"--b\r\n") + b"\r\nhi",
    "lines that are no fields": repeat(b"x\r\n") + b"\r\nhi",
    "mails as files": mixed(repeat(part(b"Content-Type: a/b; name=x.eml", INNER))),
    "mails in base64": mixed(repeat(part(b"Content-Type: " + OCTETS, b64encode(INNER * 20)))),
    "octets that begin like mail": mixed(
        repeat(part(b"Content-Type: application/octet-stream", repeat(b"From: a\r\n", 4_000)))
    ),
    "alternatives": FROM
    + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    + part(b"Content-Type: text/html", b"<p>x") * 900,
    "900 pictures cited": mixed(
        b"".join(part(b"Content-Type: image/png\r\nContent-ID: <%d@x>" % n, b"x") for n in range(900))
        + part(b"Content-Type: text/html", b"".join(b"<img src='cid:%d@x'>" % n for n in range(9_000)))
    ),
    "names of 18,000 octets": mixed(part(b'Content-Type: a/b; name="' + b"\xc3\xb6" * 9_000 + b'"') * 200),
    "parameters without a word": b"Content-Type: " + repeat(b"a=b ") + b"\r\n\r\n",
    "quotes and blanks": b'Content-Type: a/b; x="" ' + repeat(b'" ') + b"\r\n\r\n",
    "words with question marks": b"Subject: " + repeat(b"=?a?q??") + b"\r\n\r\n",
    "words never closed": b"Subject: " + repeat(b"=?a?b?x") + b"\r\n\r\n",
    "common addresses without end": b"To: " + repeat(b'"a" <a@b.c> ') + b"\r\n\r\n",
    "an address of dots": b"To: " + repeat(b"a.") + b"@" + repeat(b"a.") + b"\r\n\r\n",
    "uuencode": one(b"a/b", b"begin 644 a\n" + repeat(b"!\n"), b"x-uuencode"),
    "base64 in pieces": one(b"a/b", repeat(b"YWI=\r\n"), b"base64"),
    "base64 of footers": one(b"a/b", repeat(b"\n-----"), b"base64"),
    "soft breaks": one(b"a/b", repeat(b"= \t "), b"quoted-printable"),
    "escapes": one(TEXT, repeat(b"\x1b$B\x2d\x6a")),
    "kanji of vendors": one(TEXT + b"; charset=iso-2022-jp", b"\x1b$B" + repeat(b"\x2d\x6a")),
    "kanji of vendors in EUC": one(TEXT + b"; charset=euc-jp", repeat(b"\xad\xea ")),
    "signs of Windows": one(TEXT + b"; charset=iso-8859-2", repeat(b"\x84a")),
    "zeros": one(TEXT, repeat(b"\0a")),
    "enriched": one(b"text/enriched", repeat(b"<param>")),
    "declared charsets": one(b"text/html", repeat(b"<meta ") + b"\xff"),
    "flowed quotes": one(TEXT + b"; format=flowed", repeat(b"> \n")),
}


@pytest.mark.parametrize("raw", INPUTS.values(), ids=INPUTS)
@pytest.mark.timeout(HANG)
def test_no_structure_hangs_the_reader(raw: bytes) -> None:
    """Any structure, repeated, is read and listed, never with an error."""
    assert parse(raw).size == len(raw)
    assert part_list(raw)


@pytest.mark.slow
@pytest.mark.timeout(6 * HANG)
def test_a_large_mail_takes_little_memory() -> None:
    """25 MB of any kind are read in less than 256 MiB beside the mail itself."""
    line = b"A line of text as there are many of in a long mail.\r\n"
    for raw in (
        one(b"application/pdf", repeat(b"QUJD" * 19 + b"\r\n", LARGE), b"base64"),
        one(b"message/rfc822", b64encode(INNER + repeat(line, 18_000_000)), b"base64"),
        one(TEXT, repeat(line, LARGE)),
    ):
        tracemalloc.start()
        assert parse(raw).size == len(raw)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MEMORY
