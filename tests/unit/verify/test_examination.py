"""What is found out about who sent a mail: where the peer stands, what a relay says, what the DNS says."""

import asyncio
import hashlib
from datetime import UTC, datetime

import pytest

from bccd.config import Trust, Verify
from bccd.model.auth import AuthReport, AuthResult, Login
from bccd.model.envelope import Envelope, Peer, Protocol, Raw
from bccd.rules.align import aligned
from bccd.testing import FakeResolver
from bccd.verify.dns import Answer, Resolver
from bccd.verify.examination import MailVerifier
from tests.signer import Signer, ed25519_key

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRUST = Trust(
    networks=("10.1.0.0/16", "2001:db8::/32"), relays=("192.0.2.7/32",), authserv_ids=("mx.example.com",)
)
RESULTS = b"Authentication-Results: mx.example.com; dmarc=pass header.from=a.example\r\n"
RECEIVED = b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000\r\n"
PASSED = (AuthResult("dmarc", "pass", "a.example"),)
ANN = "ann@a.example"
KEY = Signer(key=ed25519_key())
ZONE = {
    "a.example": {"TXT": ["v=spf1 ip4:198.51.100.5 -all"]},
    "_dmarc.a.example": {"TXT": ["v=DMARC1; p=reject; adkim=s"]},
    **KEY.zone(),
}
PLAIN = b"From: ann@a.example\r\nSubject: hello\r\n\r\nhi\r\n"


async def examined(
    peer: Peer, octets: bytes, resolver: Resolver, trust: Trust = TRUST, verify: Verify | None = None
) -> AuthReport:
    header, _, _ = octets.partition(b"\r\n\r\n")
    raw = Raw(hashlib.sha256(octets).digest(), len(octets), header + b"\r\n", octets)
    examination = MailVerifier(trust, verify or Verify(), resolver, lambda: NOW).examine(peer, ANN)
    for at in range(0, len(octets), 7):
        examination.feed(octets[at : at + 7])
    return await examination.report(Envelope(peer, ANN, (), raw, NOW), "a.example")


def look(
    peer: Peer | str,
    octets: bytes = PLAIN,
    trust: Trust = TRUST,
    resolver: FakeResolver | None = None,
    verify: Verify | None = None,
) -> AuthReport:
    peer = Peer(peer) if isinstance(peer, str) else peer
    return asyncio.run(examined(peer, octets, resolver or FakeResolver(ZONE), trust, verify))


def said(report: AuthReport) -> list[str]:
    """Return what was found here, in short."""
    return [f"{one.method}={one.result} {one.domain}".rstrip() for one in report.checks]


# ---- where the peer stands


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("2001:db8::5", "2001:db8::/32"),
        ("2001:db8::5%eth0", "2001:db8::/32"),
        ("10.2.0.1", ""),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("no address", ""),
    ],
)
def test_only_listed_networks_are_trusted(ip: str, network: str) -> None:
    """A peer's network is named where it is listed; nothing is trusted by default, loopback included.

    In a trusted network nothing is asked and nothing hashed.
    """
    fake = FakeResolver(ZONE)
    report = look(ip, KEY.sign(PLAIN), resolver=fake)
    assert report.trusted_network == network
    assert bool(fake.asked) is bool(report.checks) is (not network)


def test_a_login_costs_no_question() -> None:
    """Whoever has logged in is known; his server's SPF and signatures do not matter."""
    fake, login = FakeResolver(ZONE), Login(1, 7, "ann")
    assert look(Peer("198.51.100.5", login=login), KEY.sign(PLAIN), resolver=fake) == AuthReport(login=login)
    assert fake.asked == []


# ---- a relay's word


def test_a_listed_relay_is_believed() -> None:
    """What a listed relay signed with a listed id is evidence, and nothing is asked anew."""
    fake = FakeResolver(ZONE)
    report = look("192.0.2.7", RESULTS + PLAIN, resolver=fake)
    assert report == AuthReport("", "192.0.2.7/32", "mx.example.com", PASSED)
    assert fake.asked == []


def test_a_unix_socket_is_a_relay() -> None:
    """Who may open a UNIX socket is ruled by its permissions; its results still need a listed id."""
    assert look("", RESULTS + PLAIN) == AuthReport("", "unix", "mx.example.com", PASSED)


def test_a_stranger_is_not_believed() -> None:
    """The same field from a host that is not listed is worth nothing: it is looked into."""
    report = look("192.0.2.8", RESULTS + PLAIN)
    assert (report.relay, report.authserv_id, report.results) == ("", "", ())
    assert said(report) == ["spf=fail a.example", "dkim=none", "dmarc=fail a.example"]


@pytest.mark.parametrize(
    "header",
    [
        RESULTS.replace(b"mx.example.com", b"mx.attacker.example"),
        RECEIVED * 2 + RESULTS,
        b"",
    ],
    ids=["another id", "from before the relay", "none"],
)
def test_only_the_relays_own_results_count(header: bytes) -> None:
    """A field with another id, or one that was there before the relay got the mail, is no evidence."""
    report = look("192.0.2.7", header + PLAIN)
    assert report.results == ()
    assert "dmarc=fail a.example" in said(report)


def test_no_listed_id_means_no_results() -> None:
    """Without a configured id no Authentication-Results are believed, whoever hands them in."""
    report = look("192.0.2.7", RESULTS + PLAIN, Trust(relays=("192.0.2.7/32",)))
    assert (report.relay, report.authserv_id, report.results) == ("192.0.2.7/32", "", ())


def test_what_a_relay_left_out_is_looked_into() -> None:
    """It said nothing of DMARC: the signature is checked here, and its domains are told whose they are."""
    line = b"Authentication-Results: mx.example.com; dkim=pass header.d=mail.b.example\r\n"
    zone = ZONE | {"_dmarc.b.example": {"TXT": ["v=DMARC1; p=none"]}}
    report = look("192.0.2.7", line + KEY.sign(PLAIN), resolver=FakeResolver(zone))
    assert said(report) == ["dkim=pass a.example", "dmarc=pass a.example"]


def test_a_told_client_stands_in_no_trusted_network() -> None:
    """Neither its own address nor that of the relay that tells of it proves anything (decisions.md 7.12)."""
    trust = Trust(networks=("10.1.0.0/16", "192.0.2.7/32"), relays=("192.0.2.7/32",))
    for client, network in (("", "192.0.2.7/32"), ("10.1.2.3", ""), ("203.0.113.5", "")):
        assert look(Peer("192.0.2.7", client_ip=client), trust=trust).trusted_network == network


# ---- whom SPF is asked about


@pytest.mark.parametrize(
    ("peer", "client", "spf"),
    [
        (Peer("198.51.100.5", "h.example"), "198.51.100.5", ["spf=pass a.example"]),
        (Peer("203.0.113.9"), "203.0.113.9", ["spf=fail a.example"]),
        (Peer("192.0.2.7"), "", []),
        (
            Peer("192.0.2.7", client_ip="198.51.100.5", client_helo="h"),
            "198.51.100.5",
            ["spf=pass a.example"],
        ),
        (Peer("192.0.2.7", client_ip="203.0.113.9"), "203.0.113.9", ["spf=fail a.example"]),
        (Peer("192.0.2.7", client_ip="192.0.2.7"), "", []),
        (Peer("198.51.100.5", client_ip="203.0.113.9"), "198.51.100.5", ["spf=pass a.example"]),
        (Peer("198.51.100.5", protocol=Protocol.LMTP), "", []),
        (Peer("192.0.2.7", client_helo="a.example"), "", []),
        (Peer(""), "", []),
        (Peer("", client_ip="198.51.100.5"), "198.51.100.5", ["spf=pass a.example"]),
    ],
)
def test_spf_is_asked_about_whoever_sent_it_and_never_about_a_relay(
    peer: Peer, client: str, spf: list[str]
) -> None:
    """A relay tells by XFORWARD whom it had the mail from; nobody else may."""
    report = look(peer)
    assert report.client_ip == client
    assert [one for one in said(report) if one.startswith("spf")] == spf


# ---- all together


def test_everything_is_told_and_nothing_judged() -> None:
    """SPF, each signature, DMARC with what its record wants, and whose the domains are."""
    report = look("198.51.100.5", KEY.sign(PLAIN))
    assert said(report) == ["spf=pass a.example", "dkim=pass a.example", "dmarc=pass a.example"]
    assert (report.exact, report.policy) == (("dkim",), "reject")
    assert all(one.detail for one in report.checks)


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ("a.example", ["spf=temperror a.example", "dkim=pass a.example", "dmarc=pass a.example"]),
        (
            "s1._domainkey.a.example",
            ["spf=pass a.example", "dkim=temperror a.example", "dmarc=pass a.example"],
        ),
        ("_dmarc.a.example", ["spf=pass a.example", "dkim=pass a.example", "dmarc=temperror a.example"]),
    ],
)
def test_what_the_dns_does_not_tell_is_neither_pass_nor_failure(failing: str, expected: list[str]) -> None:
    """One that failed leaves the others as they are."""
    assert said(look("198.51.100.5", KEY.sign(PLAIN), resolver=FakeResolver(ZONE, [failing]))) == expected


def test_the_public_suffix_list_tells_whose_a_domain_is_where_it_is_wanted() -> None:
    """Without a DMARC record a subdomain's signature speaks for the domain only if the list is asked."""
    key = Signer("m.a.example", key=ed25519_key())
    for wanted in (False, True):
        verify = Verify(public_suffix_fallback=wanted)
        report = look("203.0.113.9", key.sign(PLAIN), resolver=FakeResolver(key.zone()), verify=verify)
        assert "dkim=pass m.a.example" in said(report)
        assert aligned(report, "dkim", "m.a.example", "a.example") is wanted


def test_a_changed_mail_is_not_what_was_signed() -> None:
    """One octet of the body is enough."""
    report = look("203.0.113.9", KEY.sign(PLAIN).replace(b"\r\nhi\r\n", b"\r\nho\r\n"))
    assert said(report) == ["spf=fail a.example", "dkim=fail a.example", "dmarc=fail a.example"]


def test_a_field_that_nobody_signed_must_not_stand_twice() -> None:
    """Readers take the first, which somebody may have put on top of a mail that is not his."""
    typed = KEY.sign(b"Content-Type: text/plain\r\n" + PLAIN, {"h": "from:subject"})
    assert "dkim=pass a.example" in said(look("203.0.113.9", typed))
    twice = look("203.0.113.9", b"Content-Type: text/html\r\n" + typed)
    assert "dkim=policy a.example" in said(twice)


class HangingResolver(FakeResolver):
    """Answers nothing of one domain before it is let go."""

    def __init__(self) -> None:
        super().__init__(ZONE | {"h.example": {"TXT": ["v=spf1 -all"]}})
        self.go = asyncio.Event()

    async def txt(self, name: str) -> Answer[bytes]:
        if name.endswith("h.example"):
            await self.go.wait()
        return await super().txt(name)


def test_a_dns_that_hangs_for_one_mail_delays_no_other() -> None:
    """The other is through while the first still waits; and a mail that is abandoned waits for nothing."""

    async def run() -> None:
        resolver = HangingResolver()
        verifier = MailVerifier(TRUST, Verify(), resolver, lambda: NOW)
        hanging = verifier.examine(Peer("198.51.100.5"), "x@h.example")
        left = verifier.examine(Peer("198.51.100.5"), "y@h.example")
        raw = Raw(b"", 0, PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n")
        envelope = Envelope(Peer("198.51.100.5"), "x@h.example", (), raw, NOW)
        first = asyncio.create_task(hanging.report(envelope, "h.example"))
        await asyncio.sleep(0)
        other = await examined(Peer("198.51.100.5"), KEY.sign(PLAIN), resolver)
        assert "dkim=pass a.example" in said(other)
        assert not first.done()
        left.abandon()
        resolver.go.set()
        assert said(await first) == ["spf=fail h.example", "dkim=none", "dmarc=none h.example"]
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())


def test_a_mail_without_one_author_is_not_asked_about() -> None:
    """It is refused whoever sent it."""

    async def run() -> AuthReport:
        raw = Raw(b"", 0, b"Subject: x\r\n")
        examination = MailVerifier(TRUST, Verify(), FakeResolver(ZONE), lambda: NOW).examine(
            Peer("203.0.113.9"), ANN
        )
        return await examination.report(Envelope(Peer("203.0.113.9"), ANN, (), raw, NOW), "")

    assert asyncio.run(run()) == AuthReport()
