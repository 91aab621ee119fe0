"""Who sends in these benchmarks, what the DNS says of him, and the mails he signs."""

import base64
import hashlib
from collections.abc import Iterator
from random import Random

from bccd.testing import Zone
from bccd.verify.dkim.body import RelaxedBody, SimpleBody
from tests.signer import Signer, ed25519_key, record, rsa_key

SENDER = "ann@seller.example"
RECIPIENT = "file@bench.example"
CLIENT = "192.0.2.77"
_DOMAIN = "seller.example"
_BITS = 2048
RSA = Signer(_DOMAIN, "rsa", rsa_key(_BITS))
ED25519 = Signer(_DOMAIN, "ed", ed25519_key())
_SMALL = 4096  # octets
LARGE = 25 * 2**20
_SIGNED = "from:to:subject:date:message-id:mime-version:content-type:from:to:subject"
_PIECE = 64 * 1024

ZONE: Zone = {
    _DOMAIN: {"TXT": ["v=spf1 " + " ".join(f"include:s{n}.host.example" for n in range(5)) + " -all"]},
    **{
        f"s{n}.host.example": {
            "TXT": ["v=spf1 " + " ".join(f"ip4:198.51.{n}.{net}/28" for net in range(0, 240, 16)) + " ~all"]
        }
        for n in range(4)
    },
    "s4.host.example": {
        "TXT": ["v=spf1 mx a:out.host.example ip4:192.0.2.64/27 ~all"],
        "MX": ["10 mx.host.example"],
    },
    "mx.host.example": {"A": ["203.0.113.5"]},
    "out.host.example": {"A": ["203.0.113.6"]},
    f"_dmarc.{_DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
    f"rsa._domainkey.{_DOMAIN}": {"TXT": [record(rsa_key(_BITS))]},
    f"ed._domainkey.{_DOMAIN}": {"TXT": [record(ed25519_key())]},
}
COMPANY = {
    "company": {"slug": "bench", "name": "Bench", "addresses": [RECIPIENT]},
    "users": [{"external_id": "u1", "name": "Ann", "login": SENDER}],
}


def _header(number: int) -> bytes:
    """Make a header section of usual size: three servers on the way, and what a mail program adds."""
    received = b"".join(
        b"Received: from mail%d.seller.example (mail%d.seller.example [192.0.2.7%d])\r\n"
        b"\tby mx%d.seller.example with ESMTPS id 4bXq%d\r\n\tfor <joe@b.example>;"
        b" Sun, 1 Nov 2026 10:00:00 +0000\r\n" % (at, at, at, at, at)
        for at in range(3)
    )
    fields = (
        f"From: Ann Archer <{SENDER}>\r\nTo: Joe <joe@buyer.example>\r\nSubject: Offer {number}\r\n"
        f"Date: Sun, 1 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@seller.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\nX-Mailer: Mailer 16.0\r\nThread-Index: AdXcZ0AAAA==\r\n'
        "Accept-Language: en-GB\r\nContent-Language: en-GB\r\nX-Originating-IP: [192.0.2.7]\r\n"
    )
    return received + fields.encode() + b"\r\n"


def small(*signers: Signer) -> bytes:
    """Make a mail of 4 KB, signed by each."""
    mail = _header(0)
    line = b"Thank you for the call, here is what we have talked about.\r\n"
    mail += line * ((_SMALL - len(mail)) // len(line))
    for signer in signers:
        mail = signer.sign(mail, {"h": _SIGNED})
    return mail


def bodies() -> Iterator[tuple[str, bytes]]:
    """Give bodies of 25 MB: what people send, and what only somebody sends who wants to hold others up."""
    lines = Random(1).randbytes(LARGE * 3 // 4)
    yield "base64", base64.encodebytes(lines).replace(b"\n", b"\r\n")
    for name, unit in (
        ("text", b"The quick brown fox jumps over the lazy dog, and so on and on and on.\r\n"),
        ("one octet a line", b"x\r\n"),
        ("empty lines", b"\r\n"),
        ("empty lines, then text", b"\r\n" * 100_000 + b"x\r\n"),
        ("blanks", b" " * 1000),
        ("blank lines", b" \r\n"),
        ("tabs and blanks", b"\t \t x "),
        ("pairs of blanks", b"  x"),
        ("runs of all lengths", b"".join(b" " * (length % 61 + 1) + b"x" for length in range(1_000))),
        ("one long run in many", b" " * 30_000 + b"x " * 10_000 + b"x  " * 5_000),
        ("lines of 1 MB", b"y" * 10**6 + b"\r\n"),
    ):
        yield name, (unit * (LARGE // len(unit) + 1))[:LARGE] + b"\r\n"


def large(number: int, body: bytes) -> bytes:
    """Make a mail with such a body, signed by both forms."""
    mail = _header(number) + body
    for signer, form, kind in ((RSA, "relaxed", RelaxedBody), (ED25519, "simple", SimpleBody)):
        state = kind()
        for start in range(0, len(body), _PIECE):
            state.feed(body[start : start + _PIECE])
        bh = base64.b64encode(state.digest()).decode()
        mail = signer.sign(mail, {"h": _SIGNED, "c": f"{form}/{form}", "bh": bh})
    return mail


def digest(mail: bytes) -> bytes:
    """Return what RSA is asked about: any hash will do."""
    return hashlib.sha256(mail).digest()
