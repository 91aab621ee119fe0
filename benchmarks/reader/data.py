"""The mail that is read: collections that are present, and mail made here."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import ROOT

CORPORA = Path(os.environ.get("BCCD_CORPORA", ROOT.parent / "shared" / "corpora"))
_MAIL = (".eml", ".txt")


def folder(name: str) -> Path | None:
    """Return a collection, None where it is not there."""
    found = CORPORA / name
    return found if found.exists() else None


def mails(name: str) -> list[bytes]:
    """Return the octets of every mail of a collection."""
    found = folder(name)
    paths = sorted(found.rglob("*")) if found else []
    return [path.read_bytes() for path in paths if path.suffix in _MAIL and path.is_file()]


def rows(name: str) -> list[dict[str, Any]]:
    """Return a collection that is one file of JSON."""
    found = folder(name)
    read: list[dict[str, Any]] = json.loads(found.read_text(encoding="utf-8")) if found else []
    return read


def as_mail(text: str, subject: str = "") -> bytes:
    """Put a text into a mail as a client would send it."""
    body = base64.encodebytes(text.replace("\r\n", "\n").replace("\n", "\r\n").encode())
    encoded = base64.b64encode(" ".join(subject.split()).encode()).decode()
    head = (
        "From: Anna <anna@seller.example>\r\nTo: crm@drop.example\r\n"
        f"Subject: =?utf-8?B?{encoded}?=\r\nDate: Sun, 1 Nov 2026 10:00:00 +0000\r\n"
        "Message-ID: <1@seller.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + body.replace(b"\n", b"\r\n")


def small() -> bytes:
    """Return a mail of a few lines with text and HTML."""
    lines = [f"Line {number} of a letter about nets and prices." for number in range(8)]
    return _both("\n".join(lines), "".join(f"<p>{line}</p>" for line in lines))


def large() -> bytes:
    """Return a mail of 50 KB of HTML, as a newsletter or a long thread has it."""
    cell = '<td style="font-family:Arial;font-size:12px;color:#333333">Net {0}, <b>{0} pieces</b>, 12.50</td>'
    line = f'<tr>{cell}<td><a href="https://shop.example/{{0}}">see it</a></td></tr>\n'
    table = "".join(line.format(number) for number in range(300))
    return _both("Our offer is in the HTML part.\n" * 40, f"<html><body><table>{table}</table></body></html>")


def heavy() -> bytes:
    """Return a mail with a file of 2 MB."""
    octets = base64.encodebytes(bytes(range(256)) * 8192).replace(b"\n", b"\r\n")
    inner = small().partition(b"\r\n\r\n")
    kind = inner[0][inner[0].index(b"Content-Type") :]
    return (
        b"From: Anna <anna@seller.example>\r\nTo: Eve <eve@fish.example>\r\nSubject: Offer\r\n"
        b"Date: Sun, 1 Nov 2026 10:00:00 +0000\r\nMessage-ID: <3@seller.example>\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="MM"\r\n\r\n--MM\r\n'
        + kind
        + b"\r\n\r\n"
        + inner[2]
        + b'\r\n--MM\r\nContent-Type: application/pdf; name="offer.pdf"\r\n'
        b'Content-Disposition: attachment; filename="offer.pdf"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + octets + b"\r\n--MM--\r\n"
    )


def _both(text: str, html: str) -> bytes:
    def part(kind: str, body: str) -> Iterator[str]:
        yield f"--BB\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
        yield body.replace("\n", "\r\n") + "\r\n"

    head = (
        "From: Anna <anna@seller.example>\r\nTo: Eve Fisher <eve@fish.example>\r\n"
        "Cc: Bob <bob@fish.example>\r\nSubject: Re: Offer for nets\r\n"
        "Date: Sun, 1 Nov 2026 10:00:00 +0000\r\nMessage-ID: <2@seller.example>\r\n"
        "In-Reply-To: <1@fish.example>\r\nReferences: <0@fish.example> <1@fish.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="BB"\r\n\r\n'
    )
    return "".join((head, *part("plain", text), *part("html", html), "--BB--\r\n")).encode()
