"""Evidence from where the peer stands and from what a relay says."""

import asyncio
import hashlib
from datetime import UTC, datetime

import pytest

from bccd.config import Trust
from bccd.model.auth import AuthReport, AuthResult
from bccd.model.envelope import Envelope, Peer, Protocol, Raw
from bccd.verify.trust import TrustVerifier

TRUST = Trust(
    networks=("10.1.0.0/16", "2001:db8::/32"), relays=("192.0.2.7/32",), authserv_ids=("mx.example.com",)
)
RESULTS = b"Authentication-Results: mx.example.com; dmarc=pass header.from=a.example\r\n"
RECEIVED = b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000\r\n"
PASSED = (AuthResult("dmarc", "pass", "a.example"),)


def verify(ip: str, header: bytes = RESULTS, trust: Trust = TRUST) -> AuthReport:
    raw = Raw(hashlib.sha256(header).digest(), len(header), header + b"\r\n", header + b"\r\n")
    envelope = Envelope(Peer(ip), "ann@a.example", (), raw, datetime(2026, 3, 1, tzinfo=UTC))
    return asyncio.run(
        TrustVerifier(trust).examine(envelope.peer, envelope.mail_from).report(envelope, "a.example")
    )


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
    """A peer's network is named where it is listed; nothing is trusted by default, loopback included."""
    assert verify(ip).trusted_network == network


def test_a_listed_relay_is_believed() -> None:
    """What a listed relay signed with a listed id is evidence."""
    assert verify("192.0.2.7") == AuthReport("", "192.0.2.7/32", "mx.example.com", PASSED)


def test_a_unix_socket_is_a_relay() -> None:
    """Who may open a UNIX socket is ruled by its permissions; its results still need a listed id."""
    assert verify("") == AuthReport("", "unix", "mx.example.com", PASSED)


def test_a_stranger_is_not_believed() -> None:
    """The same field from a host that is not listed is worth nothing."""
    assert verify("192.0.2.8") == AuthReport()


@pytest.mark.parametrize(
    "header",
    [
        RESULTS.replace(b"mx.example.com", b"mx.attacker.example"),
        RECEIVED * 2 + RESULTS,
        b"From: ann@a.example\r\n",
    ],
    ids=["another id", "from before the relay", "none"],
)
def test_only_the_relays_own_results_count(header: bytes) -> None:
    """A field with another id, or one that was there before the relay got the mail, is no evidence."""
    assert verify("192.0.2.7", header).results == ()


def test_no_listed_id_means_no_results() -> None:
    """Without a configured id no Authentication-Results are believed, whoever hands them in."""
    trust = Trust(relays=("192.0.2.7/32",))
    assert verify("192.0.2.7", trust=trust) == AuthReport(relay="192.0.2.7/32")


def test_spf_is_asked_about_the_client_and_never_about_a_relay() -> None:
    """A peer that is no relay is the client; a relay's client is the one that it tells of."""
    trust = TrustVerifier(TRUST)
    lmtp = Protocol.LMTP
    for peer, client in (
        (Peer("203.0.113.5", "a.example"), ("203.0.113.5", "a.example")),
        (Peer("10.1.2.3", "inside"), ("10.1.2.3", "inside")),
        (Peer("192.0.2.7", "relay.example"), ("", "")),
        (Peer("", "relay.example"), ("", "")),
        (Peer("203.0.113.5", "a.example", lmtp), ("", "")),
        (Peer("192.0.2.7", "relay.example", client_ip="203.0.113.5", client_helo="a.example"), None),
        (Peer("", "relay.example", lmtp, client_ip="203.0.113.5", client_helo="a.example"), None),
        (Peer("192.0.2.7", "relay.example", client_helo="a.example"), ("", "")),
    ):
        assert trust.client(peer) == (client or ("203.0.113.5", "a.example")), peer


def test_a_told_client_stands_in_no_trusted_network() -> None:
    """Neither its own address nor that of the relay that tells of it proves anything (decisions.md 7.12)."""
    trust = TrustVerifier(Trust(networks=("10.1.0.0/16", "192.0.2.7/32"), relays=("192.0.2.7/32",)))
    raw = Raw(hashlib.sha256(b"").digest(), 0, b"", b"")
    for client, network in (("", "192.0.2.7/32"), ("10.1.2.3", ""), ("203.0.113.5", "")):
        peer = Peer("192.0.2.7", client_ip=client)
        envelope = Envelope(peer, "ann@a.example", (), raw, datetime(2026, 3, 1, tzinfo=UTC))
        assert trust.report(envelope).trusted_network == network
