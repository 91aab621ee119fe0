"""What a DKIM signature proves, and why it does not: tags, keys, flags, times, fields."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bccd.model.auth import AuthResult
from bccd.testing import FakeResolver, Zone
from bccd.verify.dkim.mail import LOOKED_AT, SignedMail, UnreadMail
from tests.signer import Signer, ed25519_key, record, rsa_key

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STAMP = int(NOW.timestamp())
MAIL = (
    b"From: Ann <ann@a.example>\r\nTo: joe@b.example\r\nSubject: Offer\r\n"
    b"Date: Sun, 1 Nov 2026 10:00:00 +0000\r\n\r\nHello,\r\n\r\nyours  \r\n"
)
SIGNER = Signer()
ELLIPTIC = b64encode(
    derive_private_key(5, SECP256R1())
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def _weak(bits: int, exponent: bytes = b"\x01\x00\x01") -> str:
    """A record of a key that nobody should make, as a bare RSAPublicKey."""
    key = _der(0x30, _der(2, b"\0" + b"\xc1" * (bits // 8)) + _der(2, exponent))
    return f"p={b64encode(key).decode()}"


def _der(kind: int, value: bytes) -> bytes:
    size = len(value)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([kind]) + (b"\x81" + bytes([size]) if 128 <= size < 256 else length) + value


KEY_NAME = "s1._domainkey.a.example"


def verify(mail: bytes, zone: Zone, now: datetime = NOW) -> tuple[AuthResult, ...]:
    signed = SignedMail()
    signed.feed(mail)
    signed.finish()
    return asyncio.run(signed.dkim(FakeResolver(zone), now))


def outcome(mail: bytes, zone: Zone | None = None) -> str:
    """The result of the only signature, with its reason if it is not a pass."""
    [found] = verify(mail, SIGNER.zone() if zone is None else zone)
    assert found.method == "dkim"
    return found.result if found.result == "pass" else f"{found.result}: {found.detail.rpartition(': ')[2]}"


def test_evidence_names_key_and_algorithm() -> None:
    """A pass tells domain, selector, algorithm and size of the key."""
    assert verify(SIGNER.sign(MAIL), SIGNER.zone()) == (
        AuthResult("dkim", "pass", "a.example", "s1, rsa-sha256, 1024 bits"),
    )
    signer = Signer("B.Example", "Key-2", ed25519_key())
    assert verify(signer.sign(MAIL), signer.zone()) == (
        AuthResult("dkim", "pass", "b.example", "key-2, ed25519-sha256, 256 bits"),
    )
    assert verify(SIGNER.sign(MAIL, {"v": "2"}), SIGNER.zone()) == (
        AuthResult("dkim", "permerror", "a.example", "s1, rsa-sha256: its version is not 1"),
    )


@pytest.mark.parametrize(
    "form", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed"]
)
@pytest.mark.parametrize("signer", [SIGNER, Signer(key=ed25519_key())], ids=["rsa", "ed25519"])
def test_every_canonical_form_holds(signer: Signer, form: str) -> None:
    """Each pair of forms verifies with each algorithm; without c= both are simple."""
    assert outcome(signer.sign(MAIL, {"c": form}), signer.zone()) == "pass"
    assert outcome(signer.sign(MAIL, {"c": None}), signer.zone()) == "pass"


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({"v": None}, "permerror: v= is missing"),
        ({"a": None}, "permerror: a= is missing"),
        ({"a": "rsa-sha1"}, "policy: rsa-sha1 is not accepted"),
        ({"a": "rsa-md5"}, "permerror: its algorithm is not known"),
        ({"a": "RSA-SHA256"}, "permerror: its algorithm is not known"),
        ({"c": "nofws"}, "permerror: c= is not known"),
        ({"c": "relaxed/"}, "pass"),
        ({"d": None}, "permerror: d= is missing"),
        ({"d": "example"}, "permerror: d= is no domain"),
        ({"d": "a.example(.evil.example"}, "permerror: d= is no domain"),
        ({"d": "a.example."}, "permerror: d= is no domain"),
        ({"d": "a..example"}, "permerror: d= is no domain"),
        ({"d": "a.example\\0.evil.example"}, "permerror: d= is no domain"),
        ({"s": None}, "permerror: s= is missing"),
        ({"s": ""}, "permerror: s= is missing"),
        ({"s": "s1.x y"}, "permerror: s= is no selector"),
        ({"s": "s" * 300}, "permerror: s= is no selector"),
        ({"s": "s1._domainkey.a.example#"}, "permerror: s= is no selector"),
        ({"h": None}, "permerror: h= is missing"),
        ({"h": "to:subject"}, "permerror: From is not signed"),
        ({"h": "FROM : to"}, "pass"),
        ({"bh": None}, "permerror: bh= is missing"),
        ({"bh": "%%%%"}, "permerror: bh= is no base64"),
        ({"bh": "AAAA"}, "fail: the body was changed"),
        ({"l": "7"}, "policy: l= leaves a part of the body unsigned"),
        ({"l": "99999"}, "policy: l= leaves a part of the body unsigned"),
        ({"q": "dns/txt"}, "pass"),
        ({"q": "http/x:dns/txt"}, "pass"),
        ({"q": "http/x"}, "permerror: its key is not in the DNS"),
        ({"i": "@a.example"}, "pass"),
        ({"i": "ann@mail.a.example"}, "pass"),
        ({"i": "ann@b.example"}, "permerror: i= is not within d="),
        ({"i": "ann@nota.example"}, "permerror: i= is not within d="),
        ({"i": "a.example"}, "permerror: i= is not within d="),
        ({"x": str(STAMP - 1)}, "fail: it has expired"),
        ({"x": str(STAMP)}, "fail: it has expired"),
        ({"x": str(STAMP + 60)}, "pass"),
        ({"x": "soon"}, "permerror: x= is no number"),
        ({"x": "9" * 30}, "permerror: x= is no number"),
        ({"t": str(STAMP)}, "pass"),
        ({"t": str(STAMP + 600)}, "pass"),
        ({"t": str(STAMP + 2 * 86_400)}, "fail: it was made in the future"),
        ({"t": ""}, "permerror: t= is no number"),
        ({"t": str(STAMP), "x": str(STAMP)}, "permerror: it expires before it was made"),
        ({"z": "From:x|To:y", "unknown": "anything at all"}, "pass"),
        ({"1x": "y"}, "permerror: a tag is malformed"),
        ({"y": "a\x07b"}, "permerror: a tag is malformed"),
        ({"V": "1", "y": "1; y=2"}, "permerror: y= stands twice"),
        ({"y": "1;"}, "permerror: a tag is malformed"),
        ({"y": "1" + "".join(f"; y{n}=" for n in range(200))}, "permerror: it has too many tags"),
        ({"y": "1" * 20_000}, "permerror: it is too long"),
    ],
)
def test_tags(tags: dict[str, str | None], wanted: str) -> None:
    """Each tag has its bounds (RFC 6376 3.5); what is out of them proves nothing, however well signed."""
    assert outcome(SIGNER.sign(MAIL, tags)) == wanted


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        ([], "permerror: its key is not in the DNS"),
        ([record(rsa_key(), bare=True)], "pass"),
        ([record(rsa_key()).replace("v=DKIM1; ", "")], "pass"),
        ([record(rsa_key()).replace("k=rsa; ", "")], "pass"),
        ([record(rsa_key()).replace("v=DKIM1", "v=DKIM2")], "permerror: its key record has another version"),
        (["k=rsa; v=DKIM1; p=AAAA"], "permerror: its key record has another version"),
        (["v=DKIM1; k=rsa"], "permerror: its key record has no key"),
        (["v=DKIM1; k=rsa; p="], "permerror: its key was revoked"),
        (["v=DKIM1; p=AAAA"], "permerror: its key cannot be read"),
        ([f"v=DKIM1; p={ELLIPTIC}"], "permerror: its key is of another kind"),
        (["v=DKIM1; p=!"], "permerror: p= is no base64"),
        (["v=spf1 -all"], "permerror: its key record has another version"),
        (["nothing"], "permerror: a tag is malformed"),
        ([record(ed25519_key())], "permerror: its key is of another kind"),
        ([_weak(512)], "policy: a key of 512 bits is not accepted"),
        ([record(rsa_key(), " h=sha256;")], "pass"),
        ([record(rsa_key(), " h=sha1:sha256;")], "pass"),
        ([record(rsa_key(), " h=sha1;")], "permerror: its key is not for sha256"),
        ([record(rsa_key(), " s=email;")], "pass"),
        ([record(rsa_key(), " s=*;")], "pass"),
        ([record(rsa_key(), " s=tlsrpt;")], "permerror: its key is not for mail"),
        ([record(rsa_key(), " t=y;")], "policy: its key is for tests only"),
        ([record(rsa_key(), " t=s;")], "pass"),
        ([record(rsa_key(), " t=s:y;")], "policy: its key is for tests only"),
        ([record(rsa_key(), " n=a note; g=*; x=y;")], "pass"),
        ([record(rsa_key(2048))], "fail: the signature does not hold"),
        ([record(rsa_key(2048)), "junk", record(rsa_key())], "pass"),
        (["v=DKIM1; p=", record(rsa_key())], "pass"),
        ([record(ed25519_key()), record(rsa_key())], "pass"),
        (["junk"] * 20 + [record(rsa_key())], "permerror: a tag is malformed"),
        ([_weak(16_384)], "policy: a key of 16384 bits is not accepted"),
        ([_weak(1024, b"\x7f" * 100)], "policy: its key has too large an exponent"),
        (["v=DKIM1; p=" + "A" * 8000], "permerror: its key record is too long"),
    ],
)
def test_key_records(records: list[str], wanted: str) -> None:
    """Every TXT record of the name is tried; one that is not for this signature is none (RFC 6376 3.6.1)."""
    assert outcome(SIGNER.sign(MAIL), {KEY_NAME: {"TXT": records}}) == wanted


def test_a_strict_key_is_for_its_domain_alone() -> None:
    """With t=s the i= must be at d= itself."""
    mail = SIGNER.sign(MAIL, {"i": "ann@mail.a.example"})
    assert outcome(mail) == "pass"
    assert outcome(mail, SIGNER.zone(" t=s;")) == "permerror: its key is not for addresses below d="


def test_an_ed25519_key_has_32_octets() -> None:
    """A record that holds another number of them is none."""
    signer = Signer(key=ed25519_key())
    short: Zone = {KEY_NAME: {"TXT": ["v=DKIM1; k=ed25519; p=AAAA"]}}
    assert outcome(signer.sign(MAIL), short) == "permerror: its key cannot be read"


def test_dns_trouble_is_temporary_and_nothing_else_is() -> None:
    """A name server that fails gives temperror; a body that was changed is a failure all the same."""
    zone: Zone = {KEY_NAME: {"TXT": None}}
    assert outcome(SIGNER.sign(MAIL), zone) == "temperror: the DNS did not give its key"
    assert outcome(SIGNER.sign(MAIL) + b"more\r\n", zone) == "fail: the body was changed"
    resolver = FakeResolver(zone)
    signed = SignedMail()
    signed.feed(SIGNER.sign(MAIL, {"x": "5"}))
    signed.finish()
    asyncio.run(signed.dkim(resolver, NOW))
    assert resolver.asked == []


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (b"Subject: Offer", b"Subject:  Offer ", "pass"),
        (b"Subject: Offer", b"SUBJECT : Offer", "pass"),
        (b"Subject: Offer", b"Subject:\r\n\tOffer", "pass"),
        (b"yours  \r\n", b"yours\r\n\r\n\r\n", "pass"),
        (b"Date: Sun", b"Date: Mon", "pass"),
        (b"Subject: Offer", b"Subject: Order", "fail: the signature does not hold"),
        (b"Subject: Offer\r\n", b"", "fail: the signature does not hold"),
        (b"yours", b"Yours", "fail: the body was changed"),
        (b"\r\n\r\nHello", b"\r\n\r\n\r\nHello", "fail: the body was changed"),
        (b"From: Ann", b"From: Bob", "fail: the signature does not hold"),
        (
            b"From: Ann",
            b"From: Eve <eve@evil.example>\r\nFrom: Ann",
            "policy: From stands twice, and not both are signed",
        ),
        (
            b"Date: Sun",
            b"From: Eve <eve@evil.example>\r\nDate: Sun",
            "policy: From stands twice, and not both are signed",
        ),
        (b"From: Ann", b"Subject: Pay\r\nFrom: Ann", "policy: Subject stands twice, and not both are signed"),
        (b"From: Ann", b"X-From: eve\r\nReceived: by x\r\nFrom: Ann", "pass"),
        (b"Date: Sun", b"no field\r\nDate: Sun", "permerror: a line of the header is no field"),
        (b"Date: Sun", b"X: y\rFrom: z\r\nDate: Sun", "permerror: the header has a bare CR, LF or NUL"),
        (b"Date: Sun", b"X: y\nFrom: z\r\nDate: Sun", "permerror: the header has a bare CR, LF or NUL"),
        (b"Date: Sun", b"X: \0\r\nDate: Sun", "permerror: the header has a bare CR, LF or NUL"),
    ],
)
def test_what_a_change_does(before: bytes, after: bytes, wanted: str) -> None:
    """Relaxed forms forgive white space; all that is read as something else is refused."""
    mail = SIGNER.sign(MAIL)
    assert before in mail
    assert outcome(mail.replace(before, after, 1)) == wanted


def test_simple_forms_forgive_nothing() -> None:
    """Only empty lines at the end may come or go."""
    mail = SIGNER.sign(MAIL, {"c": "simple/simple"})
    assert outcome(mail + b"\r\n\r\n") == "pass"
    assert outcome(mail.replace(b"yours  ", b"yours ")) == "fail: the body was changed"
    assert outcome(mail.replace(b"Subject: Offer", b"Subject:  Offer")) == "fail: the signature does not hold"
    assert (
        outcome(mail.replace(b"d=a.example; s=", b"d=a.example;  s=")) == "fail: the signature does not hold"
    )


def test_repeated_fields_are_taken_from_the_bottom() -> None:
    """A field that stands often is signed from below, so that new ones on top break nothing."""
    mail = SIGNER.sign(b"Received: two\r\nReceived: one\r\n" + MAIL, {"h": "from:received"})
    assert outcome(b"Received: four\r\nReceived: three\r\n" + mail) == "pass"
    changed = mail.replace(b"Received: one", b"Received: 1")
    assert outcome(changed) == "fail: the signature does not hold"
    assert outcome(mail.replace(b"Received: two", b"Received: 2")) == "pass"


def test_oversigning_forbids_another_field() -> None:
    """A name that is signed once more than it is there signs that there is none: one more breaks it."""
    mail = SIGNER.sign(MAIL, {"h": "from:from:subject:subject:cc:x-note:x-note"})
    assert outcome(mail) == "pass"
    for field in (
        b"Subject: Pay\r\n",
        b"Cc: eve@evil.example\r\n",
        b"X-Note: y\r\n",
        b"From: eve@evil.example\r\n",
    ):
        assert outcome(field + mail) == "fail: the signature does not hold"


def test_a_signature_does_not_sign_itself_twice() -> None:
    """h= may name DKIM-Signature: others are meant, never the one at hand."""
    inner = Signer("b.example").sign(MAIL)
    mail = SIGNER.sign(inner, {"h": "from:dkim-signature:dkim-signature"})
    results = verify(mail, {**SIGNER.zone(), **Signer("b.example").zone()})
    assert [one.result for one in results] == ["pass", "pass"]


def test_no_more_than_five_signatures_are_looked_at() -> None:
    """The sixth and later ones are told of and never asked for in the DNS."""
    mail = MAIL
    for number in range(8):
        mail = Signer(selector=f"k{number}").sign(mail)
    signed = SignedMail()
    signed.feed(mail)
    signed.finish()
    resolver = FakeResolver({})
    *found, last = asyncio.run(signed.dkim(resolver, NOW))
    assert [one.result for one in found] == ["permerror"] * LOOKED_AT
    assert last == AuthResult("dkim", "neutral", "", "3 more signatures are not looked at")
    assert sorted(name for name, _ in resolver.asked) == [f"k{n}._domainkey.a.example" for n in range(3, 8)]


@pytest.mark.parametrize(
    ("domain", "selector", "from_"),
    [
        ("bücher.example", "größe", "Jürgen <jürgen@bücher.example>"),
        ("BÜCHER.example", "s1", "Jürgen <jürgen@bücher.example>"),
        ("xn--bcher-kva.example", "s1", "Jürgen <jürgen@xn--bcher-kva.example>"),
    ],
)
def test_u_labels_are_asked_for_as_a_labels(domain: str, selector: str, from_: str) -> None:
    """Internationalized mail may be signed with U-labels; key and evidence have A-labels (RFC 8616)."""
    mail = f"From: {from_}\r\nSubject: Grüße\r\n\r\nhallo\r\n".encode()
    signer = Signer(domain, selector)
    name = "xn--gre-6ka8i" if selector == "größe" else "s1"
    zone: Zone = {f"{name}._domainkey.xn--bcher-kva.example": {"TXT": [record(rsa_key())]}}
    signed = signer.sign(mail, {"i": f"jürgen@mail.{domain}", "h": "from:subject"})
    [found] = verify(signed, zone)
    assert (found.result, found.domain) == ("pass", "xn--bcher-kva.example")


@pytest.mark.parametrize(
    ("mail", "wanted"),
    [
        (b"", ["none"]),
        (b"\r\n", ["none"]),
        (b"\r\nDKIM-Signature: v=1\r\n", ["none"]),
        (b"From: a@b.example", ["none"]),
        (b"DKIM-Signature:", ["permerror"]),
        (b"DKIM-Signature: v=1", ["permerror"]),
        (b" DKIM-Signature: v=1\r\n\r\n", ["permerror"]),
        (b"DKIM-Signature: v=1\r\n\r\nx", ["permerror"]),
        (b"X: DKIM-Signature: v=1\r\n\r\nx", ["none"]),
        (b"x: y\r\n" * 2000 + b"DKIM-Signature: v=1\r\n\r\n", ["permerror"]),
        (b"x: " + b"y" * 400_000 + b"\r\nDKIM-Signature: v=1\r\n\r\n", ["none"]),
    ],
)
def test_odd_mails(mail: bytes, wanted: list[str]) -> None:
    """A mail without body, without fields or with a header that will be refused gives evidence of nothing."""
    assert [one.result for one in verify(mail, {})] == wanted


def test_an_empty_body_has_a_hash() -> None:
    """A mail that ends with its header verifies as one with an empty body, by both forms."""
    header = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n"
    for form in ("simple/simple", "relaxed/relaxed"):
        mail = SIGNER.sign(header + b"\r\n", {"c": form})
        assert outcome(mail) == "pass"
        assert outcome(mail + b"\r\n\r\n") == "pass"
        assert outcome(mail.removesuffix(b"\r\n")) == "pass"


def test_nobody_works_for_a_mail_that_is_not_asked_about() -> None:
    """Where the sender is known otherwise nothing is collected, hashed or said."""
    unread = UnreadMail()
    unread.feed(SIGNER.sign(MAIL))
    unread.finish()
    resolver = FakeResolver(SIGNER.zone())
    assert asyncio.run(unread.dkim(resolver, NOW)) == ()
    assert resolver.asked == []
