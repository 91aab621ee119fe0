"""The DKIM verifier against dkimpy as signer and oracle, against naive canonical forms, and against chaos."""

import asyncio
import contextlib
import hashlib
import re
from datetime import UTC, datetime

import dkim as dkimpy  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dkim.canonicalization import Relaxed, Simple  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from bccd.model.auth import AuthResult
from bccd.testing import FakeResolver
from bccd.verify.arc import check_arc
from bccd.verify.dkim.body import RelaxedBody, SimpleBody
from bccd.verify.dkim.mail import SignedMail
from tests.signer import Signer, canonical_body, canonical_field, chosen, record, rsa_key

NOW = datetime.now(UTC)  # dkimpy signs with the time of its run
SIGNER = Signer()
ZONE = SIGNER.zone()
PEM = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
RESULTS = {"none", "pass", "fail", "policy", "neutral", "permerror", "temperror"}

BODY = st.lists(
    st.sampled_from([b"\r\n", b" ", b"  ", b"\t", b"x", b"y" * 40, b"\r", b"\n", b"\xff", b" \r\n"])
).map(b"".join)
CUTS = st.lists(st.integers(0, 9), max_size=40)
WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
SPACE = st.sampled_from([" ", "  ", "\t", "\r\n ", "\r\n\t "])
VALUE = st.lists(st.one_of(WORD, SPACE), max_size=8).map("".join)
NAME = st.sampled_from(["X-A", "X-B", "X-a", "X-C"])
NAMES = [b"from", b"subject", b"x-a", b"x-b", b"x-c", b"x-a", b"from"]
LINE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
FORMS = st.sampled_from([(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")])


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """A well-formed mail, with repeated and folded fields and odd lines in the body."""
    fields = [f"{name}: v{value}" for name, value in draw(st.lists(st.tuples(NAME, VALUE), max_size=5))]
    fields.insert(draw(st.integers(0, len(fields))), "From: Ann <ann@a.example>")
    fields.insert(draw(st.integers(0, len(fields))), f"Subject: {draw(LINE)}")
    lines = draw(st.lists(LINE, max_size=6))
    return "\r\n".join([*fields, "", *lines, ""]).encode()


def fed(octets: bytes, cuts: list[int], *, arc: bool = False) -> SignedMail:
    mail = SignedMail(arc=arc)
    for cut in cuts:
        mail.feed(octets[:cut])
        octets = octets[cut:]
    mail.feed(octets)
    mail.finish()
    return mail


def verify(octets: bytes, cuts: list[int]) -> tuple[AuthResult, ...]:
    return asyncio.run(fed(octets, cuts).dkim(FakeResolver(ZONE), NOW))


def signed(mail: bytes, forms: tuple[bytes, bytes]) -> bytes:
    field: bytes = dkimpy.sign(
        mail, b"s1", b"a.example", PEM, canonicalize=forms, include_headers=NAMES, linesep=b"\r\n"
    )
    return field + mail


@given(BODY, CUTS)
@example(b"\r\n" * 3 + b"x", [1, 1, 1, 1, 1])
@example(b"x \r", [2])
@example(b"\n\r\n", [1])
def test_a_body_is_hashed_as_the_rfc_has_it(body: bytes, cuts: list[int]) -> None:
    """However the octets are cut, both hashes are those of the canonical body, as dkimpy makes it as well."""
    for form, kind, oracle in (("simple", SimpleBody, Simple), ("relaxed", RelaxedBody, Relaxed)):
        rest, state = body, kind()
        for cut in cuts:
            state.feed(rest[:cut])
            rest = rest[cut:]
        state.feed(rest)
        wanted = canonical_body(body, form)
        assert state.digest() == hashlib.sha256(wanted).digest()
        if body.endswith(b"\r\n"):  # as all mail by SMTP does; dkimpy leaves blanks before no line end
            assert oracle.canonicalize_body(body) == wanted


@given(mails(), FORMS, CUTS)
def test_what_dkimpy_signs_holds(mail: bytes, forms: tuple[bytes, bytes], cuts: list[int]) -> None:
    """Whatever dkimpy has signed passes, in whatever pieces it comes, and with new fields on top."""
    octets = signed(mail, forms)
    [found] = verify(octets, cuts)
    assert (found.result, found.domain) == ("pass", "a.example")
    [found] = verify(b"Received: by x\r\n\tfor y\r\n" + octets, cuts)
    assert found.result == "pass"


@given(mails(), FORMS, st.data())
def test_a_changed_octet_is_seen(mail: bytes, forms: tuple[bytes, bytes], data: st.DataObject) -> None:
    """Any change that the canonical form keeps, in a signed field or the body, is no pass; dkimpy agrees."""
    octets = signed(mail, forms)
    start = len(octets) - len(mail)
    at = data.draw(st.integers(start, len(octets) - 1))
    octet = data.draw(st.sampled_from(b"zZ9 \t.,\r\n:"))
    changed = octets[:at] + bytes([octet]) + octets[at + 1 :]
    [found] = verify(changed, []) or [AuthResult("dkim", "none", "")]
    if _canonical(changed[start:], forms) != _canonical(mail, forms):
        assert found.result != "pass"
    elif found.result in ("pass", "fail"):  # dkimpy minds no second Subject and no line that is no field
        with contextlib.suppress(dkimpy.MessageFormatError):  # nor does it know blanks before a colon
            held = dkimpy.verify(changed, dnsfunc=lambda *_, **__: record(rsa_key()).encode())
            assert held == (found.result == "pass")


def _canonical(mail: bytes, forms: tuple[bytes, bytes]) -> tuple[list[bytes], bytes]:
    """What a signature of a mail signs."""
    header, _, body = mail.partition(b"\r\n\r\n")
    fields = [field + b"\r\n" for field in re.split(rb"\r\n(?![ \t])", header)]
    signed = chosen(fields, b":".join(NAMES))
    return [canonical_field(field, forms[0].decode()) for field in signed], canonical_body(
        body, forms[1].decode()
    )


NOISE = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [
                b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s1; h=from; bh=AAAA; b=AAAA\r\n",
                b"DKIM-Signature: v=1; a=ed25519-sha256; d=\xc3\xbc.example; s=\xff; h=from:; bh=; b=A\r\n",
                b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=s1; b=AAAA\r\n",
                b"ARC-Message-Signature: i=1; a=rsa-sha256; d=a.example; s=s1; h=from; bh=AAAA; b=AAAA\r\n",
                b"ARC-Authentication-Results: i=1; x; dmarc=pass header.from=a.example\r\n",
                b"From: ann@a.example\r\n",
                b"\r\n",
                b" ;=",
                b"i=2;",
            ]
        ),
    ),
    max_size=12,
).map(b"".join)


@given(NOISE, CUTS)
def test_nothing_raises(octets: bytes, cuts: list[int]) -> None:
    """Whatever comes, each check ends in a result of RFC 8601, and the pieces make no difference."""
    whole, pieces = fed(octets, [], arc=True), fed(octets, cuts, arc=True)
    results = asyncio.run(whole.dkim(FakeResolver(ZONE), NOW))
    assert results == asyncio.run(pieces.dkim(FakeResolver(ZONE), NOW))
    assert {one.result for one in results} <= RESULTS
    sealed = asyncio.run(check_arc(whole, frozenset({"a.example"}), FakeResolver(ZONE)))
    assert {one.result for one in sealed} <= RESULTS


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: b"v=DKIM1; " + text.encode()))
def test_no_key_record_raises(record: bytes) -> None:
    """Whatever a name server says for a key is read as one or refused."""
    name = "s1._domainkey.a.example"
    mail = fed(SIGNER.sign(b"From: ann@a.example\r\n\r\nx\r\n"), [])
    [found] = asyncio.run(mail.dkim(FakeResolver({name: {"TXT": [record]}}), NOW))
    assert found.result in RESULTS - {"pass"}
