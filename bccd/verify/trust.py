"""Evidence that costs no DNS: where the peer stands, and what a listed relay has found out."""

import ipaddress
from collections.abc import Sequence

from bccd.config import Trust
from bccd.mail.authres import trusted_results
from bccd.model.auth import AuthReport
from bccd.model.envelope import Envelope, Peer, Protocol

UNIX_RELAY = "unix"  # whoever may open a UNIX socket was let in by the permissions of the file

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustVerifier:
    """A Verifier that asks nobody: it knows listed networks and relays, and what these say (RFC 8601)."""

    def __init__(self, trust: Trust) -> None:
        self._networks = [ipaddress.ip_network(text) for text in trust.networks]
        self._relays = [ipaddress.ip_network(text) for text in trust.relays]
        self._ids = frozenset(name.lower() for name in trust.authserv_ids)

    def examine(self, peer: Peer, mail_from: str) -> "TrustExamination":
        """Begin: everything is known at the end."""
        del peer, mail_from
        return TrustExamination(self)

    def relay(self, peer: Peer) -> str:
        """Return the listed network of a relay, "unix" for a UNIX socket, or an empty string."""
        return _holder(self._relays, peer.ip) if peer.ip else UNIX_RELAY

    def client(self, peer: Peer) -> tuple[str, str]:
        """Return (address, HELO name) of the client that SPF is to be asked about, empty where unknown.

        A relay, and whoever speaks LMTP, has the mail from somebody else, whose domain has not allowed it
        to send: its own address is never taken for the client's. It tells by XFORWARD, or SPF is not checked;
        what it writes into Received is for people to read.
        """
        if self.relay(peer):
            return (peer.client_ip, peer.client_helo) if peer.client_ip else ("", "")
        return ("", "") if peer.protocol is Protocol.LMTP else (peer.ip, peer.helo)

    def report(self, envelope: Envelope) -> AuthReport:
        """Return the evidence; a relay's results count only under a listed id (decisions.md 7.12)."""
        peer = envelope.peer
        # A client that a relay tells of stands in no trusted network, wherever the relay stands.
        network = "" if peer.client_ip else _holder(self._networks, peer.ip)
        relay = self.relay(peer)
        if not relay or not self._ids:
            return AuthReport(trusted_network=network, relay=relay)
        authserv_id, results = trusted_results(envelope.raw.header, self._ids)
        return AuthReport(network, relay, authserv_id, results)


class TrustExamination:
    """An Examination that reads nothing but the header's results."""

    def __init__(self, verifier: TrustVerifier) -> None:
        self._verifier = verifier

    def feed(self, octets: bytes) -> None:
        """Take octets, which say nothing here."""

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Return the evidence; alignment is the rules' business."""
        del from_domain
        return self._verifier.report(envelope)

    def abandon(self) -> None:
        """Stop: nothing is under way."""


def _holder(networks: Sequence[_Network], ip: str) -> str:
    """Return the first network that holds an address, or an empty string."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # a dual-stack socket shows IPv4 peers so (RFC 4291 2.5.5.2)
    return next((str(network) for network in networks if address in network), "")
