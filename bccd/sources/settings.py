"""What one listener process is told: which sockets it serves and the limits it keeps (smtp-and-auth.md 7)."""

import socket
from dataclasses import dataclass
from pathlib import Path

from bccd.model.envelope import Protocol


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound stream socket, TCP or UNIX, and what is spoken on it."""

    sock: socket.socket
    protocol: Protocol  # SMTP or LMTP
    submission: bool = False  # users log in here (RFC 6409); nowhere else is AUTH offered
    implicit_tls: bool = False  # TLS from the first octet on (RFC 8314 3.3)

    @property
    def public(self) -> bool:
        """Tell whether the world is let in here, behind a load balancer or without; LMTP is for one's own."""
        return self.protocol is Protocol.SMTP


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """The limits of every session; sizes in octets, times in seconds."""

    hostname: str  # what greetings say; never looked up, since that would ask the DNS for each connection
    tmp_dir: Path  # where a mail too large for memory waits; on the spool's file system
    message_size: int = 36 * 1024 * 1024
    recipients: int = 100
    connections: int = 200
    connections_per_ip: int = 20
    connections_per_minute: int = 60  # new ones of one host; 0 is any number
    in_flight: int = 1024 * 1024 * 1024  # octets of mail that may be on their way in, in all; 0 is any number
    idle_seconds: float = 300
    first_seconds: float = 30  # until the first command
    busy_idle_seconds: float = 10  # instead of idle_seconds when four in five connections are taken
    data_idle_seconds: float = 60
    data_seconds: float = 1800
    data_rate: int = 500  # octets a second at least, over the last seconds; 0 is any rate
    data_rate_after: float = 30  # how long a slow start is overlooked
    session_seconds: float = 3600
    drain_seconds: float = 30  # how long transactions may run on after a stop
    error_delay: float = 1  # the pause after each mistake beyond the tenth
    certificate: Path | None = None  # PEM, the chain below it; without it there is no TLS
    key: Path | None = None
    handshake_seconds: float = 30  # how long a TLS handshake may take
    login_seconds: float = 60  # how long a client may take over one line of AUTH
    login_failures_per_hour: int = 10  # of one host, then its logins are refused unread; 0 is any number
    attempts: Path | None = None  # the folder in which they are noted
    relays: tuple[str, ...] = ()  # CIDRs whose hosts send for many: exempt from the per-host limits
    networks: tuple[
        str, ...
    ] = ()  # CIDRs whose hosts are trusted: they begin as many connections as they like
    proxies: tuple[str, ...] = ()  # CIDRs of load balancers, which must tell whom a connection is from
    proxy_seconds: float = 5  # how long they may take over that
