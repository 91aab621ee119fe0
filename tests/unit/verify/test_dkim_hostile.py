"""Headers and bodies that are made to hold a verifier up."""

import asyncio
import hashlib
from datetime import UTC, datetime

import pytest

from bccd.testing import FakeResolver
from bccd.verify.arc import check_arc
from bccd.verify.dkim.body import RelaxedBody, SimpleBody
from bccd.verify.dkim.mail import SignedMail
from tests.signer import canonical_body

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOSTILE = {
    "one word": b"a" * 250_000,
    "words": b"a " * 125_000,
    "folds": b"a:" + b"\r\n a" * 50_000,
    "blank folds": b"a:" + b"\r\n " * 80_000,
    "no fields": b"a\r\n" * 80_000,
    "fields": b"a:\r\n" * 60_000,
    "tags": b"DKIM-Signature: " + b"a=b;" * 60_000,
    "semicolons": b"DKIM-Signature: " + b";" * 250_000,
    "blanks": b"DKIM-Signature: a=" + b" \t" * 120_000,
    "names": b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; bh=AA==; b=AA==; h=from" + b":x" * 8_000,
    "many": (b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; bh=AA==; b=AA==; h=from\r\n" * 990),
    "seals": b"".join(b"ARC-Seal: i=%d; cv=pass\r\n" % (n % 60) for n in range(990)),
}


@pytest.mark.parametrize("header", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_no_header_holds_us_up(header: bytes) -> None:
    """Work goes with the octets of a header, however it is made."""
    signed = SignedMail(arc=True)
    for start in range(0, len(header), 65_536):
        signed.feed(header[start : start + 65_536])
    signed.feed(b"\r\nDKIM-Signature: v=1\r\n\r\nbody\r\n")
    signed.finish()
    results = asyncio.run(signed.dkim(FakeResolver({}), NOW))
    assert all(one.result != "pass" for one in results)
    sealed = asyncio.run(check_arc(signed, frozenset({"a.example"}), FakeResolver({})))
    assert all(one.result != "pass" for one in sealed)


UNITS = {
    "blanks": b" ",
    "empty lines": b"\r\n",
    "empty lines, then text": b"\r\n" * 70_000 + b"x\r\n",
    "one octet a line": b"x\r\n",
    "blank lines": b" \r\n",
    "tabs": b"\t \tx",
    "runs": b"".join(b" " * length + b"x" for length in range(300)),
    "one run in many": b" " * 30_000 + b"x " * 10_000 + b"x  " * 5_000,
    "a long line": b"y" * 100_000 + b" \r\n",
    "CR": b"\r",
    "LF": b"\n",
    "LFCR": b"\n\r",
}


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.timeout(20)
def test_no_body_holds_us_up(unit: bytes) -> None:
    """A body of any shape is hashed by the piece, and right, whatever the pieces cut."""
    body = unit * (140_000 // len(unit)) + b"end  \t\r\n\r\n\r\n"
    for form, kind in (("simple", SimpleBody), ("relaxed", RelaxedBody)):
        for step in (65_536, 9_973):
            state = kind()
            for start in range(0, len(body), step):
                state.feed(body[start : start + step])
            assert state.digest() == hashlib.sha256(canonical_body(body, form)).digest()
    for kind in (SimpleBody, RelaxedBody):
        state = kind()
        for _ in range(30):
            state.feed((unit * (65_536 // len(unit) + 1))[:65_536])
