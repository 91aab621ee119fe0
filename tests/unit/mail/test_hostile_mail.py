"""Input made to be slow: each is read in a time that grows with its length only."""

from random import Random

import pytest

from bccd.mail.authres import read
from bccd.mail.fromfield import strict_from
from bccd.mail.parse import parse

LONG = 1_000_000
HANG = 10  # seconds; a guard against a hang, not a figure


def text(body: bytes, kind: bytes = b"text/plain") -> bytes:
    """Make a mail of one part."""
    return b"From: a@acme.example\r\nContent-Type: " + kind + b"\r\n\r\n" + body


def field(name: bytes, value: bytes) -> bytes:
    """Make a mail of one field."""
    return name + b": " + value + b"\r\n\r\nbody"


def report(body: bytes) -> bytes:
    """Make a delivery report of one part."""
    return b"From: mailer-daemon@x.example\r\nContent-Type: message/delivery-status\r\n\r\n" + body


def nested(depth: int, boundary: str) -> bytes:
    """Open multiparts inside multiparts."""
    names = [boundary.format(level) for level in range(depth)]
    return b"".join(
        f'Content-Type: multipart/mixed; boundary="{name}"\r\n\r\n--{name}\r\n'.encode() for name in names
    )


def repeat(unit: bytes) -> bytes:
    """Fill the length with one unit."""
    return unit * (LONG // len(unit))


HTML = b"text/html"
FORWARD_LINES = b"""---------- Forwarded message ---------
From: Carl <carl@customer.example>
Date: Mon, 16 Nov 2026 at 10:00
Subject: Offer
To: anna@seller.example

x"""
FORWARD = b"<div class=gmail_quote>" + FORWARD_LINES.replace(b"<carl", b"&lt;carl").replace(b"\n", b"<br>")
INPUTS = {
    "20,000 recipients": field(
        b"To", b",\r\n ".join(b"U %d <u%d@x.example>" % (n, n) for n in range(20_000))
    ),
    "one long word": field(b"To", repeat(b"a")),
    **{
        f"To {unit!r}": field(b"To", repeat(unit))
        for unit in (b"(", b'"a" ', b"<", b",", b"a:", b"a@", b"a,", b"\\")
    },
    "20,000 encoded words": field(b"Subject", b"\r\n ".join([b"=?utf-8?Q?Gr=C3=B6?="] * 20_000)),
    **{
        f"Subject {unit!r}": field(b"Subject", repeat(unit))
        for unit in (b"=?", b"=?a?q?", b"re:", b"[", b"(was:")
    },
    "closed brackets": field(b"Subject", b"[" * (LONG // 2) + b"]" * (LONG // 2)),
    "semicolons": field(b"Content-Type", b"text/plain" + repeat(b";")),
    "20,000 parameters": field(
        b"Content-Type", b"text/plain; " + b"; ".join(b"p%d=v" % n for n in range(20_000))
    ),
    "20,000 sections": field(b"Content-Type", b"a/b; " + b"; ".join(b"name*%d=v" % n for n in range(20_000))),
    "quotes in parameters": field(b"Content-Type", b"a/b" + repeat(b';a="')),
    "50,000 fields": b"".join(b"X-%d: y\r\n" % number for number in range(50_000)) + b"\r\nhi",
    "200,000 folds": field(b"X-Long", b"\r\n ".join([b"a"] * 200_000)),
    "ids": field(b"References", repeat(b"<a@b>")),
    "open angles of ids": field(b"References", repeat(b"<")),
    "nested multiparts": nested(3_000, "b{}"),
    "nested messages": b"Content-Type: message/rfc822\r\n\r\n" * 1_500 + b"Subject: x\r\n\r\nhi",
    "empty parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100_000,
    "digest": b"Content-Type: multipart/digest; boundary=b\r\n\r\n"
    + repeat(b"--b\r\n\r\nSubject: x\r\n\r\nb\r\n"),
    "false delimiters": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + repeat(b"--bx\r\n"),
    "delimiters of every level": nested(50, "b{:050d}") + repeat(b"--b" + b"0" * 60 + b"\r\n"),
    **{
        f"body {unit!r}": text(repeat(unit))
        for unit in (
            b"\r",
            b"\n",
            b"\r\n",
            b"x",
            b" ",
            b"> ",
            b"> x\n",
            b"a:\n",
            b"From: a\n",
            b"From: a@b 2026\n",
            b"-",
            b"--\n",
            b"_",
            b"____________________\n\n",
            b"-----Original ",
            b'On 1, "a\n',
            b"On wrote ",
            b"\0",
            b"On 2026 a@b wrote:\n",
            b"12:30 abc def:\n\n",
            b"\xe9",
            b"https://urldefense.com/v3/__",
            b"EXTERNAL\n",
            b"<a.b",
            b"a.b<a.b>",
            b"a.b<a.b",
            b"[cid:",
            b"[image: ",
            b"<mailto:",
            b"https://x.safelinks.protection.outlook.com/?url=",
        )
    },
    **{
        f"html {unit!r}": text(repeat(unit), HTML)
        for unit in (
            b"<",
            b"<a",
            b"<a ",
            b"<div>",
            b"<div>x</div>",
            b"&",
            b"&amp;",
            b"<blockquote type=cite>x",
            b"<style>",
            b"<!--",
            b"<br>",
            b"<p>",
            b"&nbsp;",
            b"\xc2\xa0",
            b'<div style="display:none">',
            b"<a b='",
            b"<a b= ",
            b"<a@b>",
            b"<td>a",
            b"<a href=https://acme.example/x>",
            b"<a href=https://acme.example/x>y</a>",
            b"<ol><li>",
            b"<pre>",
            b"href=https:",
            b"\x01<p>",
            b"<table><tr><td>",
            b"<p hidden>a",
            b"<p hidden><div>",
            b"<div class=gmail_quote>From: a<br>",
            b"<div id=divRplyFwdMsg>a: b@c.example<br>a: 2026-01-01 10:00<br>",
            b"<a b='\">",
            b"<p style='border-top: solid margin:0 background:url(x)'>",
            b"<ul><li><p><b>",
            b"&#106;&zwnj;",
        )
    },
    "distinct tags": text(b"".join(b"<p id=a%d style=x:%d>" % (n, n) for n in range(40_000)), HTML),
    "distinct fonts": text(b"".join(b"<font size=%d>" % n for n in range(400)) + b"<p>a" * 10_000, HTML),
    "quoted attributes": text(b"<a " + b'b=">" ' * 150_000 + b">x", HTML),
    "a style": text(b"<p style='" + repeat(b"border-top: ") + b"'>", HTML),
    "classes": text(b"<p class='" + repeat(b"gmail ") + b"'>", HTML),
    **{
        f"calendar {unit!r}": text(b"METHOD:REQUEST\nBEGIN:VEVENT\n" + repeat(unit), b"text/calendar")
        for unit in (
            b"UID\n ",
            b'UID;a="',
            b"UID;",
            b"BEGIN:VEVENT\n",
            b"END:\n",
            b"UID:\\\n",
            b"UID:\n",
            b"\n ",
        )
    },
    **{
        f"report {unit!r}": report(repeat(unit))
        for unit in (
            b"\r\n",
            b"\n \n",
            b"Final-Recipient: ;",
            b"Final-Recipient: a@b.example\n\n",
            b"Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1.\n",
            b"Diagnostic-Code: smtp; 5.1.1.1 ",
        )
    },
    **{
        f"bounce {unit!r}": b"From: mailer-daemon@x.example\r\n\r\n" + repeat(unit)
        for unit in (
            b"<a@b.example>:\n",
            b"<a@b.example>: 5.1.1 ",
            b"Message-ID: <a@b>\n",
            b"Message-ID: <",
            b"5.1.",
        )
    },
    **{
        f"forward {unit!r}": text(FORWARD + repeat(unit), HTML)
        for unit in (
            b"<div class=gmail_quote>",
            b"<div class=",
            b"<div " + b"class=" * 50,
            b"<blockquote type=cite>",
            b"<div>x</div>",
            b"<div ",
            b"<img src=cid:a>",
        )
    },
    **{
        f"below a forward {unit!r}": text(FORWARD + b"x</div>" + unit * (19_000 // len(unit)), HTML)
        for unit in (b"a<br>", b"<a href=https://a.b/c>", b"a<a.b>", b"EXTERNAL<br>")
    },
    "below a quoted forward": text(b"> " + FORWARD_LINES.replace(b"\n", b"\n> ") + repeat(b"\nx\n")),
    "500,000 attributes": text(b"<a " + repeat(b"b ") + b">x", HTML),
    "flowed": text(repeat(b"a \n"), b"text/plain; format=flowed"),
    "utf-7": text(repeat(b"+"), b"text/plain; charset=utf-7"),
    "iso-2022-jp": text(repeat(b"\x1b$B"), b"text/plain; charset=iso-2022-jp"),
    "base64 of junk": b"Content-Transfer-Encoding: base64\r\n\r\n" + repeat(b"Q*"),
    "quoted-printable of junk": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + repeat(b"="),
    "noise": Random(1).randbytes(LONG),  # noqa: S311  # repeatable chance
    "noise in a body": text(Random(2).randbytes(LONG)),  # noqa: S311  # repeatable chance
}


@pytest.mark.parametrize("raw", INPUTS.values(), ids=INPUTS)
@pytest.mark.timeout(HANG)
def test_no_input_hangs_the_reader(raw: bytes) -> None:
    """A megabyte of any kind is read, and never with an error."""
    assert parse(raw).size == len(raw)


@pytest.mark.timeout(HANG)
@pytest.mark.parametrize(
    "unit", [b"(", b")", b'"', b"\\", b"<", b"=?", b"a@", b"a.", b",", b"\xc3\xb3", b"() ", b"a "]
)
def test_the_strict_readers_are_linear_too(unit: bytes) -> None:
    """Neither From nor Authentication-Results takes more than a moment for 200 KB."""
    value = unit * (200_000 // len(unit))
    assert strict_from(b"From: " + value + b"\r\n").address == ""
    assert read(b"mx.example; " + value).results == ()
    assert read((b"mx.example; " + value)[:16_000]).results == ()
