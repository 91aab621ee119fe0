"""Mails of an attacker who wants to be taken for a user: what he says in SMTP, and the octets of the mail.

He owns attack.test with SPF and DKIM of its own, and some names below the victim's domain; he knows a mail
that the victim has signed. example.com, the victim's, has SPF, DKIM and DMARC with p=reject. Most come from
"Composition Kills" (USENIX Security 2020) and its tool espoofer, from what was published on SMTP smuggling
(2023), and on DKIM's l= tag and its replay.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bccd.testing import Zone
from tests.e2e.harness import USERS
from tests.signer import Signer, ed25519_key, record, rsa_key

VICTIM = USERS[0]  # ann@example.com
STRANGER, OFFICE, RELAY = (
    "127.0.0.1",
    "127.0.0.2",
    "127.0.0.3",
)  # the attacker, the victim's server, a listed relay

OFFICE_KEY = Signer("example.com", key=ed25519_key())
ATTACK_KEY = Signer("attack.test", "x", rsa_key())
ABROAD_KEY = Signer("xn--mnchen-3ya.example", key=ed25519_key())
ZOE = {"external_id": "z", "name": "Zoë", "login": "zoë@münchen.example"}  # a user whose address is not ASCII
# A user whose domains have neighbours: below a name of a registry, and at a free-mail provider
UMA = {"external_id": "m", "name": "Uma", "login": "uma@firm.uk.com"} | {
    "alternatives": ["uma@gmail.com", "uma@icloud.com"]
}
GROSS = {"external_id": "g", "name": "Gross", "login": "gross@example.com"}
GMAIL_KEY = Signer("gmail.com", key=rsa_key())
HEADERS = "from:to:cc:subject:date:message-id"
WHOLE = {"h": "from:from:to:to:cc:cc:subject:subject:date:date:message-id:message-id"}  # nothing can be added


def _elsewhere(domain: str) -> Zone:
    """Return a domain that the attacker owns, with his key."""
    return {
        domain: {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]},
        f"x._domainkey.{domain}": {"TXT": [record(rsa_key())]},
    }


ZONE: Zone = {
    "example.com": {"TXT": ["v=spf1 ip4:127.0.0.2 -all"], "MX": ["10 mail.example.com"]},
    "mail.example.com": {"TXT": ["v=spf1 ip4:127.0.0.2 -all"], "A": ["127.0.0.2"]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject; sp=reject; np=reject"]},
    **OFFICE_KEY.zone(),
    **ABROAD_KEY.zone(),
    # Names that are his though they look as if they were the victim's
    **_elsewhere("attack.test"),
    **_elsewhere("tenant.example.com"),
    "_dmarc.tenant.example.com": {"TXT": ["v=DMARC1; p=none; psd=n"]},
    **_elsewhere("com"),
    **_elsewhere("xn--xample-9uf.com"),
    **_elsewhere("example.com.attack.test"),
    **_elsewhere("notexample.com"),
    "_dmarc.attack.test": {"TXT": ["v=DMARC1; p=none"]},
    **_elsewhere("evil.uk.com"),
    "_dmarc.uk.com": {"TXT": ["v=DMARC1; p=reject"]},  # without psd=y
    "_dmarc.firm.uk.com": {"TXT": ["v=DMARC1; p=reject"]},
    "gmail.com": {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]},  # by which all its users send
    **GMAIL_KEY.zone(),
    # Records of the victim's that are no keys
    "old._domainkey.example.com": {"TXT": ["v=DKIM1; k=rsa; p="]},
    "test._domainkey.example.com": {"TXT": [record(rsa_key(), " t=y;")]},
    "sha1._domainkey.example.com": {"TXT": [record(rsa_key(), " h=sha1;")]},
    "www._domainkey.example.com": {"TXT": [record(rsa_key(), " s=tlsrpt;")]},
}


@dataclass(frozen=True)
class Spoof:
    """One attempt: its transaction, and what must come of it."""

    name: str
    mail: bytes
    sender: bytes = b"<any@attack.test>"  # what stands behind MAIL FROM:
    peer: str = STRANGER
    helo: str = "mail.attack.test"
    before: tuple[bytes, ...] = ()  # commands before MAIL
    held: bool = False  # it may be kept for somebody to look at: it came from a relay


def letter(author: str | bytes, name: str, *, head: bytes = b"", body: bytes = b"Pay at once.\r\n") -> bytes:
    """Write a mail to the customer whose From line holds this."""
    octets = author if isinstance(author, bytes) else author.encode()
    tag = "".join(char if char.isalnum() else "-" for char in name)
    return (
        head
        + b"From: "
        + octets
        + b"\r\nTo: cleo@customer.example\r\nSubject: Invoice\r\n"
        + f"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <{tag}@attack.test>\r\n\r\n".encode()
        + body
    )


def _signed(name: str, author: str | bytes, *, head: bytes = b"", **rest: object) -> Spoof:
    """Return a mail with the attacker's own signature, which holds, and his own SPF, which passes."""
    return Spoof(name, ATTACK_KEY.sign(letter(author, name, head=head)), **rest)  # type: ignore[arg-type]


def honest(name: str, **rest: object) -> bytes:
    """Return what the victim's own server would send."""
    tags = {"h": HEADERS} | rest.pop("tags", {})  # type: ignore[operator]
    return OFFICE_KEY.sign(letter(f"Ann <{VICTIM}>", name, **rest), tags)  # type: ignore[arg-type]


# ---- the envelope (espoofer server_a1 to a3, and their like)


def _envelopes() -> Iterator[Spoof]:
    bare = letter(VICTIM, "envelope")
    for name, sender, helo in (
        ("nothing proven at all", b"<any@attack.test>", "mail.attack.test"),
        ("MAIL FROM of the victim", f"<{VICTIM}>".encode(), "example.com"),
        ("null sender, HELO of the attacker", b"<>", "attack.test"),
        ("null sender, HELO of the victim", b"<>", "mail.example.com"),
        ("sender in a bracket", b"<(any@example.com>", "attack.test"),
        ("sender with a bracket and a name", b"<any@attack.test(@example.com>", "attack.test"),
        ("sender with a NUL", b"<any@attack.test\x00@example.com>", "attack.test"),
        ("sender with two signs", b"<ann@example.com@attack.test>", "attack.test"),
        ("sender in quotes", b'<"ann@example.com"@attack.test>', "attack.test"),
        ("sender with a route", b"<@attack.test:ann@example.com>", "attack.test"),
        ("sender with a backslash", b"<any\\@example.com>", "attack.test"),
        ("sender that is a list", b"<any@attack.test>,<ann@example.com>", "attack.test"),
        ("sender beyond ASCII", "<ann@ехample.com>".encode(), "attack.test"),
        ("HELO that is the victim's user", b"<any@attack.test>", "ann@example.com"),
        ("SRS of the victim", b"<SRS0=ab=cd=example.com=ann@attack.test>", "attack.test"),
        ("VERP of the victim", b"<ann=example.com@attack.test>", "attack.test"),
        ("subdomain that does not exist", b"<ann@nowhere.example.com>", "attack.test"),
        ("sender with a quote", b"<any@example.com'@a.attack.test>", "attack.test"),
        ("sender with an open bracket", b"<any@example.com(.a.attack.test>", "attack.test"),
        ("sender with a route of two", b"<@example.com,@any.test:'any@a.attack.test>", "attack.test"),
        ("sender in a quoted string", b'<"ann@example.com "@attack.test>', "attack.test"),
        ("sender with a CR", b"<any@attack.test>\rMAIL FROM:<ann@example.com>", "attack.test"),
        ("organisation apart, in the victim's name", b"<ann@tenant.example.com>", "tenant.example.com"),
    ):
        yield Spoof(name, bare, sender, helo=helo)
    xforward = (b"XFORWARD ADDR=127.0.0.2 HELO=mail.example.com",)
    yield Spoof("XFORWARD by a stranger", bare, f"<{VICTIM}>".encode(), before=xforward)
    yield Spoof(
        "AUTH parameter of MAIL", bare, f"<{VICTIM}> AUTH=ann@example.com".encode(), helo="example.com"
    )
    yield Spoof(
        "a colleague's SPF, from the victim's own server",
        letter(VICTIM, "colleague"),
        b"<eve@example.com>",
        peer=OFFICE,
        helo="mail.example.com",
    )
    yield Spoof(
        "the website's SPF, from the victim's own server",
        letter(VICTIM, "website"),
        b"<www-data@example.com>",
        peer=OFFICE,
        helo="mail.example.com",
    )


# ---- the From field (espoofer server_a4 to a19, client_a1 to a3)

_FROMS: tuple[tuple[str, str | bytes], ...] = (
    ("several From fields, the attacker's first", b"<any@attack.test>\r\nFrom: <ann@example.com>"),
    ("several From fields, the victim's first", b"<ann@example.com>\r\nFrom: <any@attack.test>"),
    ("From with a space before the colon", b"<any@attack.test>\r\nFrom : <ann@example.com>"),
    ("From with a tab before the colon", b"<any@attack.test>\r\nFrom\t: <ann@example.com>"),
    ("From folded before the colon", b"<any@attack.test>\r\nFrom\r\n : <ann@example.com>"),
    ("From behind a line of white space", b"<any@attack.test>\r\n \r\nFrom: <ann@example.com>"),
    ("From in another case", b"<any@attack.test>\r\nfrOM: <ann@example.com>"),
    ("From with an invisible sign", "<any@attack.test>\r\nFrom\u200b: <ann@example.com>".encode()),
    ("From behind a bare CR", b"<any@attack.test>\rFrom: <ann@example.com>"),
    ("From behind a bare LF", b"<any@attack.test>\nFrom: <ann@example.com>"),
    ("two addresses", "<any@attack.test>, <ann@example.com>"),
    ("two addresses, the victim's first", "<ann@example.com>, <any@attack.test>"),
    ("two addresses without a comma", "<ann@example.com> <any@attack.test>"),
    ("an empty address and the victim's", "<>, <ann@example.com>"),
    ("a group", "Friends: ann@example.com, any@attack.test;"),
    ("a group before an address", "ann@example.com:; <any@attack.test>"),
    ("a route", "<@attack.test,@any.test:ann@example.com>"),
    ("a route to the attacker", "<@example.com:any@attack.test>"),
    ("NUL in the address", b"<ann@example.com\x00@attack.test>"),
    ("NUL behind the address", b"<ann@example.com>\x00<any@attack.test>"),
    ("a comment in the address", "ann@example.com(x)@attack.test"),
    ("a comment that holds the attacker", "<ann@example.com(any@attack.test)>"),
    ("an encoded address", "=?utf-8?B?PGFubkBleGFtcGxlLmNvbT4=?= <any@attack.test>"),
    ("an encoded address alone", "=?utf-8?B?YW5uQGV4YW1wbGUuY29t?="),
    ("an encoded address in angles", "<=?utf-8?Q?ann=40example.com?=>"),
    ("an address encoded with a NUL", "=?utf-8?B?PGFubkBleGFtcGxlLmNvbT4A?=<any@attack.test>"),
    ("an address in the display name", "ann@example.com <any@attack.test>"),
    ("an address in the quoted display name", '"ann@example.com" <any@attack.test>'),
    ("angles in the quoted display name", '"<ann@example.com>" <any@attack.test>'),
    ("tabs in the display name", "ann@example.com\t\t\t<any@attack.test>"),
    ("folds in the display name", "ann@example.com\r\n\t<any@attack.test>"),
    ("an open quote", '"ann@example.com <any@attack.test>'),
    ("a quoted local part", '"ann@example.com"@attack.test'),
    ("a local part of a whole address", '<"ann@example.com>x"@attack.test>'),
    ("a source-routed percent sign", "<ann%example.com@attack.test>"),
    ("a bang path", "<attack.test!ann@example.com>"),
    ("a look-alike domain in Cyrillic", "<ann@еxample.com>"),
    ("a look-alike domain as A-labels", "<ann@xn--xample-9uf.com>"),
    ("a full-width domain", "<ann@ｅxample.com>"),
    ("a domain with a soft hyphen", "<ann@exam\u00adple.com>"),
    ("a domain with a trailing dot", "<ann@example.com.>"),
    ("a domain literal", "<ann@[127.0.0.2]>"),
    ("a subdomain without a record", "<ann@mail.example.com>"),
    ("no address", "ann"),
    ("an empty field", ""),
    ("Unicode that folds into the victim", "<\uff41nn@example.com>"),
    ("text behind the address", "<ann@example.com> via attack.test"),
    ("a semicolon", "ann@example.com; any@attack.test"),
    ("a backslash", "<ann\\@example.com>"),
    ("a quoted pair between two", "<any@attack.test>\\,<ann@example.com>"),
    ("comments between two", "<ann@example.com>(x), (y)<any@attack.test>"),
    ("comments around a comma", "<any@attack.test>(,),<ann@example.com>"),
    ("a list in a group in a comment", "(Friends: ann@example.com;) <any@attack.test>"),
    ("angles in angles", "<<ann@example.com>any@attack.test>"),
    ("an address before the angles, no space", "ann@example.com<any@attack.test>"),
    ("an encoded comma", "=?utf-8?Q?ann=40example.com=2C?= <any@attack.test>"),
    ("an encoded line end", "=?utf-8?Q?x=0D=0AFrom:_ann=40example.com?= <ann@example.com>"),
    ("an IPv6 literal", "<ann@[IPv6:::1]>"),
    ("a zero-width space in the domain", "<ann@example\u200b.com>"),
    ("a Kelvin sign", "<\u212ann@example.com>"),
    ("a form feed", b"\x0c<ann@example.com>"),
    ("another key of the same name", b"<any@attack.test>\r\nFROM: <ann@example.com>"),
    ("a name with a bidi override", "\u202emoc.elpmaxe@nna <any@attack.test>"),
)

_ARC = (
    b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=sealer.example; s=s; t=1; b=AAAA\r\n"
    b"ARC-Message-Signature: i=1; a=rsa-sha256; d=sealer.example; s=s; h=from; bh=AA; b=AA\r\n"
    b"ARC-Authentication-Results: i=1; sealer.example; dmarc=pass header.from=example.com\r\n"
)
_RESULTS = (
    b"Authentication-Results: mx.example.com; dmarc=pass header.from=example.com; dkim=pass"
    b" header.d=example.com; auth=pass smtp.auth=ann@example.com\r\n"
)
_OTHER_FIELDS: tuple[tuple[str, bytes], ...] = (
    ("Sender of the victim", b"Sender: <ann@example.com>\r\n"),
    ("Reply-To of the victim", b"Reply-To: <ann@example.com>\r\n"),
    ("Resent-From of the victim", b"Resent-From: <ann@example.com>\r\nResent-To: <crm@x.example>\r\n"),
    ("X-Original-From of the victim", b"X-Original-From: <ann@example.com>\r\n"),
    ("Return-Path of the victim", b"Return-Path: <ann@example.com>\r\n"),
    ("results of the relay's id", _RESULTS),
    ("Received-SPF", b"Received-SPF: pass (example.com: 127.0.0.2) envelope-from=ann@example.com;\r\n"),
    ("a forged ARC chain", _ARC),
    (
        "a notice of bccd's own",
        b"Auto-Submitted: auto-replied\r\nX-Bccd-Notice: aaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    ),
    ("a forward of Gmail's", b"X-Forwarded-For: ann@example.com sales@drop.example.com\r\n"),
)


def _fields() -> Iterator[Spoof]:
    for name, author in _FROMS:
        yield _signed(f"From: {name}", author)
    for name, head in _OTHER_FIELDS:
        yield _signed(f"stranger with {name}", "<any@attack.test>", head=head)
        yield Spoof(f"victim's From with {name}", letter(VICTIM, name, head=head))
    nobody = letter("", "nobody").replace(b"From: \r\n", b"")
    yield Spoof("no From, Sender of the victim", b"Sender: <ann@example.com>\r\n" + nobody)
    below = letter("<any@attack.test>", "below", body=b"From: <ann@example.com>\r\n\r\nhello\r\n")
    yield Spoof("From in the body", ATTACK_KEY.sign(below))


# ---- signatures


def _signatures() -> Iterator[Spoof]:
    plain = letter(VICTIM, "signature")
    for name, domain in (
        ("of the attacker", "attack.test"),
        ("of an organisation apart below the victim", "tenant.example.com"),
        ("of the top-level domain", "com"),
        ("of a domain that begins alike", "example.com.attack.test"),
        ("of a domain that ends alike", "notexample.com"),
        ("of a look-alike", "xn--xample-9uf.com"),
        ("of the victim, by the attacker's key", "example.com"),
        ("of a domain with a NUL", "attack.test\0.example.com"),
        ("of the victim with a NUL behind", "example.com\0.attack.test"),
        ("of a domain with a sign", "example.com@attack.test"),
        ("of a domain with a bracket", "attack.test(.example.com"),
        ("of a domain with a quote", "example.com'a.attack.test"),
        ("of a domain with a slash", "example.com/attack.test"),
        ("of a domain with a space", "example.com attack.test"),
        ("of a domain that is folded", "attack.test\r\n .example.com"),
        ("of a domain with a trailing dot", "example.com."),
        ("of the same domain in another case", "EXAMPLE.com"),
        ("of a domain with a semicolon in quotes", '"example.com; attack.test"'),
        ("of two domains", "example.com, attack.test"),
        ("of a Unicode look-alike", "еxample.com"),
        ("of the root", "."),
        ("of nobody", ""),
    ):
        yield Spoof(f"signature {name}", ATTACK_KEY.sign(plain, {"d": domain}))
    for name, selector in (
        ("with a NUL", "x._domainkey.attack.test\0"),
        ("that leads elsewhere", "x._domainkey.attack.test."),
        ("that is revoked", "old"),
        ("for tests", "test"),
        ("for sha1 alone", "sha1"),
        ("for another service", "www"),
        ("that does not exist", "none"),
    ):
        yield Spoof(f"selector {name}", ATTACK_KEY.sign(plain, {"d": "example.com", "s": selector}))
    yield Spoof("algorithm rsa-sha1", ATTACK_KEY.sign(plain, {"d": "example.com", "a": "rsa-sha1"}))
    yield Spoof("algorithm none", ATTACK_KEY.sign(plain, {"d": "example.com", "a": "none"}))
    yield Spoof("two d= tags", ATTACK_KEY.sign(plain, {"d": "attack.test; d=example.com"}))
    yield Spoof("i= of the victim", ATTACK_KEY.sign(plain, {"i": "ann@example.com"}))
    yield Spoof("signatures without end", ATTACK_KEY.sign(plain) * 2 + ATTACK_KEY.sign(plain))


def _replays() -> Iterator[Spoof]:
    """What the victim has signed, changed where it may not show."""
    signed = honest("replay")
    yield Spoof("replay with a second From on top", b"From: <ben@example.com>\r\n" + signed)
    yield Spoof("replay with a second From below", signed.replace(b"\r\nTo:", b"\r\nFrom: <x@y.test>\r\nTo:"))
    yield Spoof("replay with a second Subject", b"Subject: Pay at once\r\n" + signed)
    yield Spoof("replay with a second To", b"To: boss@customer.example\r\n" + signed)
    yield Spoof("replay with a Cc that was signed as absent", b"Cc: boss@customer.example\r\n" + signed)
    typed = honest("typed", head=b"Content-Type: text/plain\r\n")
    yield Spoof("replay with a second Content-Type", b"Content-Type: text/html\r\n" + typed)
    yield Spoof("replay with another body", signed.replace(b"Pay at once.", b"Pay nobody. "))
    yield Spoof("replay with more body", signed + b"PS: pay at once.\r\n")
    yield Spoof("replay with another From", signed.replace(b"Ann <ann@", b"Ann <ben@"))
    sized = honest("length", tags={"l": str(len(b"Pay at once.\r\n"))})
    yield Spoof("l= and more body", sized + b"PS: pay somebody else.\r\n")
    yield Spoof("l=0", honest("zero", tags={"l": "0", "bh": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}))
    yield Spoof("From not signed", honest("unsigned", tags={"h": "to:subject:date"}))
    yield Spoof("an expired signature", honest("expired", tags={"t": "1000000000", "x": "1000000100"}))
    yield Spoof("a signature of the future", honest("future", tags={"t": "4000000000"}))
    yield Spoof("a signature with a wrong hash", honest("hash", tags={"bh": "AAAA"}))


# ---- neighbours, who may send by the same server or below the same name


def _neighbours() -> Iterator[Spoof]:
    uma, mine = str(UMA["login"]), "uma@gmail.com"
    beside = Signer("evil.uk.com", "x", rsa_key())
    yield Spoof("signature of a neighbour", beside.sign(letter(uma, "neighbour")))
    for name, head in (("Resent-From", "Resent-From"), ("Sender", "Sender")):
        field = f"{head}: <{mine}>\r\n".encode()
        mail = GMAIL_KEY.sign(letter("Eve <eve@gmail.com>", f"neighbour {name}", head=field))
        yield Spoof(f"{name} of a neighbour at Gmail", mail, b"<eve@gmail.com>")
    yield Spoof(
        "a mailbox whose name folds into the victim's",
        letter("gross@example.com", "folded mailbox"),
        "<gro\u00df@example.com> SMTPUTF8".encode(),
        peer=OFFICE,
        helo="mail.example.com",
    )
    forwarded = letter(mine, "forwarded by her mailbox")
    yield Spoof(
        "what Gmail forwards from the victim's mailbox", forwarded, b"<uma+caf_=x=y.example@gmail.com>"
    )


SPOOFS: tuple[Spoof, ...] = (
    *_neighbours(),
    *_envelopes(),
    *_fields(),
    *_signatures(),
    *_replays(),
)
