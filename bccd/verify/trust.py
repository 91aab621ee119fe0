"""What costs no DNS: where a peer stands, and what a listed relay has found out."""

import ipaddress
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bccd.config import Trust
from bccd.mail.authres import trusted_results
from bccd.model.auth import AuthReport
from bccd.model.envelope import Peer, Protocol

UNIX_RELAY = "unix"  # whoever may open a UNIX socket was let in by the permissions of the file

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Trusted:
    """The networks, relays and ids that the configuration lists (RFC 8601)."""

    def __init__(self, trust: Trust) -> None:
        self._networks = [ipaddress.ip_network(text) for text in trust.networks]
        self._relays = [ipaddress.ip_network(text) for text in trust.relays]
        self._ids = frozenset(name.lower() for name in trust.authserv_ids)
        self._stood = lru_cache(maxsize=4096)(self._stand)

    def relay(self, peer: Peer) -> str:
        """Return the listed network of a relay, "unix" for a UNIX socket, or an empty string."""
        return self._relay_at(peer.ip)

    def _relay_at(self, ip: str) -> str:
        return _holder(self._relays, ip) if ip else UNIX_RELAY

    def standing(self, peer: Peer) -> AuthReport:
        """Return what the peer's address and login say, before any octet of the mail is there."""
        standing = self._stood(peer.ip, bool(peer.client_ip))
        return standing if peer.login is None else replace(standing, login=peer.login)

    def _stand(self, ip: str, relayed: bool) -> AuthReport:
        # A client that a relay tells of stands in no trusted network, wherever the relay stands.
        network = "" if relayed else _holder(self._networks, ip)
        return AuthReport(network, self._relay_at(ip))

    def client(self, peer: Peer) -> tuple[str, str]:
        """Return (address, HELO name) of the client that SPF is to be asked about, empty where unknown.

        A relay, and whoever speaks LMTP, has the mail from somebody else, whose domain has not allowed it
        to send: its own address is never taken for the client's. It tells by XFORWARD, or SPF is not checked;
        what it writes into Received is for people to read.
        """
        if not self.relay(peer):
            return ("", "") if peer.protocol is Protocol.LMTP else (peer.ip, peer.helo)
        known = peer.client_ip and not _holder(self._relays, peer.client_ip)
        return (peer.client_ip, peer.client_helo) if known else ("", "")

    def told(self, standing: AuthReport, header: bytes) -> AuthReport:
        """Add what a listed relay says; its results count only under a listed id (decisions.md 7.12)."""
        if not standing.relay or not self._ids:
            return standing
        authserv_id, results = trusted_results(header, self._ids)
        return replace(standing, authserv_id=authserv_id, results=results)


def _holder(networks: Sequence[_Network], ip: str) -> str:
    """Return the first network that holds an address, or an empty string."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # a dual-stack socket shows IPv4 peers so (RFC 4291 2.5.5.2)
    return next((str(network) for network in networks if address in network), "")
