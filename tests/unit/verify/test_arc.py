"""Whose word about a forwarded mail is taken, and what it is."""

import asyncio
from base64 import b64encode

import pytest

from bccd.model.auth import AuthResult
from bccd.testing import FakeResolver, Zone
from bccd.verify.arc import check_arc
from bccd.verify.dkim.mail import SignedMail
from tests.signer import Signer, ed25519_key, record, rsa_key

MAIL = b"From: Ann <ann@a.example>\r\nTo: joe@b.example\r\nSubject: Offer\r\n\r\nHello\r\n"
FIRST = Signer("first.example", key=ed25519_key())
LAST = Signer("last.example")
ZONE: Zone = {**FIRST.zone(), **LAST.zone()}
FOUND = (
    "mx.last.example; dmarc=pass header.from=a.example; spf=fail smtp.mailfrom=x@y.example; arc=pass; foo=bar"
)
LISTED = frozenset({"last.example"})


def evidence(
    mail: bytes, sealers: frozenset[str] = LISTED, zone: Zone = ZONE
) -> tuple[tuple[AuthResult, ...], FakeResolver]:
    signed = SignedMail(arc=True)
    signed.feed(mail)
    signed.finish()
    resolver = FakeResolver(zone)
    return asyncio.run(check_arc(signed, sealers, resolver)), resolver


def outcome(mail: bytes, zone: Zone = ZONE) -> str:
    [found], _ = evidence(mail, zone=zone)
    assert found.method == "arc"
    return f"{found.result}: {found.detail}"


def chain() -> bytes:
    return LAST.seal(FIRST.seal(MAIL, "mx.first.example; dmarc=fail header.from=a.example"), FOUND)


def test_the_newest_listed_sealer_is_heard() -> None:
    """A chain that holds gives its newest sealer's word on DMARC, DKIM and SPF, each marked as his."""
    found, resolver = evidence(chain())
    assert found == (
        AuthResult("arc", "pass", "last.example", "2 sets"),
        AuthResult("arc.dmarc", "pass", "a.example", "said by mx.last.example"),
        AuthResult("arc.spf", "fail", "x@y.example", "said by mx.last.example"),
    )
    assert len(resolver.asked) == 3


def test_nobody_else_is_heard() -> None:
    """Without a list nothing is said; a chain of another sealer is not even looked up."""
    assert evidence(chain(), frozenset())[0] == ()
    assert evidence(MAIL)[0] == ()
    found, resolver = evidence(chain(), frozenset({"first.example"}))
    assert found == (AuthResult("arc", "policy", "last.example", "its sealer is not listed"),)
    assert resolver.asked == []
    [below] = evidence(Signer("mail.last.example").seal(MAIL, FOUND))[0]
    assert below.result == "policy"


def test_a_listed_name_alone_is_worth_nothing() -> None:
    """A seal that names the listed domain but was made with another key fails, after one question."""
    forged = Signer("last.example", key=rsa_key(2048)).seal(MAIL, FOUND)
    found, resolver = evidence(forged)
    assert found == (AuthResult("arc", "fail", "last.example", "the signature does not hold"),)
    assert len(resolver.asked) == 1


def test_a_listed_signature_under_a_foreign_seal_is_worth_nothing() -> None:
    """Somebody who keeps the set of a listed sealer and puts his own seal on it is who is judged."""
    stolen = Signer("evil.example").seal(chain(), "mx.evil.example; dmarc=pass header.from=bank.example")
    [found], _ = evidence(stolen, zone={**ZONE, **Signer("evil.example").zone()})
    assert (found.result, found.domain) == ("policy", "evil.example")


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (b"\r\nHello", b"\r\nHullo", "fail: the body was changed"),
        (b"From: Ann", b"From: Bob", "fail: the signature does not hold"),
        (
            b"dmarc=pass header.from=a.example",
            b"dmarc=pass header.from=c.example",
            "fail: the signature does not hold",
        ),
        (b"dmarc=fail", b"dmarc=pass", "fail: the signature does not hold"),
        (
            b"\r\nFrom: Ann",
            b"\r\nFrom: Eve <e@evil.example>\r\nFrom: Ann",
            "policy: From stands twice, and not both are signed",
        ),
        (
            b"ARC-Authentication-Results: i=2",
            b"ARC-Authentication-Results: i=3",
            "fail: a set of the chain is not complete",
        ),
        (
            b"ARC-Authentication-Results: i=1;",
            b"ARC-Authentication-Results: ",
            "fail: a field of results has no number",
        ),
        (
            b"ARC-Authentication-Results: i=2",
            b"ARC-Authentication-Results: i=1",
            "fail: set 1 of the chain has a field twice",
        ),
    ],
)
def test_a_changed_mail_breaks_the_chain(before: bytes, after: bytes, wanted: str) -> None:
    """What a sealer has signed or sealed cannot be changed behind him."""
    mail = chain()
    assert before in mail
    assert outcome(mail.replace(before, after, 1)) == wanted


@pytest.mark.parametrize(
    ("mail", "wanted"),
    [
        (LAST.seal(MAIL, FOUND, verdict="pass"), "fail: seal 1 says that the chain was pass"),
        (LAST.seal(MAIL, FOUND, verdict="fail"), "fail: seal 1 says that the chain was fail"),
        (LAST.seal(chain(), FOUND, verdict="fail"), "fail: seal 3 says that the chain was fail"),
        (LAST.seal(MAIL, FOUND, verdict="maybe"), "fail: cv= is not known"),
        (LAST.seal(MAIL, FOUND, more={"h": "from"}), "fail: a seal names fields"),
        (LAST.seal(MAIL, FOUND, more={"i": "51"}), "fail: i= is no number of a set"),
        (LAST.seal(MAIL, FOUND, message={"h": "from:arc-seal"}), "fail: a message signature signs a seal"),
        (LAST.seal(MAIL, FOUND, message={"h": "to:subject"}), "policy: From is not signed"),
        (LAST.seal(MAIL, FOUND, message={"l": "2"}), "policy: l= leaves a part of the body unsigned"),
        (
            LAST.seal(MAIL, FOUND, message={"d": "first.example"}),
            "policy: its message signature is of another domain",
        ),
    ],
)
def test_a_chain_that_is_none(mail: bytes, wanted: str) -> None:
    """A chain that says it is broken, or is not made as RFC 8617 wants it, is worth nothing."""
    assert outcome(mail) == wanted


def test_dns_trouble_is_temporary() -> None:
    """A key that cannot be had now is neither pass nor fail."""
    zone: Zone = {**FIRST.zone(), "s1._domainkey.last.example": {"TXT": None}}
    assert outcome(chain(), zone) == "temperror: the DNS did not give a key"


def test_every_record_of_a_sealers_key_is_tried() -> None:
    """While a sealer changes its key, the name has two."""
    zone = {**FIRST.zone(), "s1._domainkey.last.example": {"TXT": [record(rsa_key(2048)), record(rsa_key())]}}
    assert evidence(chain(), zone=zone)[0][0].result == "pass"


def test_fifty_sets_are_the_most() -> None:
    """More sets than RFC 8617 allows are no chain."""
    mail = MAIL
    for number in range(1, 53):
        octets = b64encode(bytes(8)).decode()
        for name in ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"):
            tags = f"i={number}; a=rsa-sha256; cv=pass; d=last.example; s=s1; h=from; bh={octets}; b={octets}"
            mail = (
                f"{name}: {tags if name != 'ARC-Seal' else tags.replace('h=from; ', '')}\r\n".encode() + mail
            )
    [found], resolver = evidence(mail)
    assert found.result == "fail"
    assert resolver.asked == []
