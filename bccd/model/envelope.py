"""A mail as it arrives: SMTP facts and bytes, nothing decided yet."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, unique
from pathlib import Path

from bccd.model.auth import Login


@unique
class Protocol(StrEnum):
    """The way a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of the connection; `ip` is empty for a UNIX socket."""

    ip: str
    helo: str = ""
    protocol: Protocol = Protocol.SMTP
    tls: bool = False
    client_ip: str = ""  # whom a listed relay had the mail from, as it tells by XFORWARD
    client_helo: str = ""
    relay_id: str = ""  # the id under which that relay has the mail, in its own log
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """The octets of a mail after dot-unstuffing: in `data`, or beyond the memory limit in `path`."""

    sha256: bytes
    size: int
    header: bytes  # the header section with its line ends, capped at MAX_HEADER
    data: bytes = b""
    path: Path | None = None  # a temporary file the spool may take over by renaming

    def read(self) -> bytes:
        """Return all octets."""
        return self.data if self.path is None else self.path.read_bytes()


@unique
class Tag(StrEnum):
    """What stands behind the plus sign of a company address."""

    NONE = ""
    DEAL = "deal"
    PRIVATE = "private"
    NOTE = "note"
    TEST = "test"  # a rehearsal: answered, never stored
    FORWARD = "fw"  # a user's secret address for his server's forwarding
    USER = "u"  # a user's secret address
    REPLY = "r"  # an answer to a notice


@dataclass(frozen=True, slots=True)
class Target:
    """A company address that exists, with the wish its tag expresses."""

    address: str  # as given in RCPT TO, normalised, tag included; a secret token is not spelt out
    company_id: int
    tag: Tag = Tag.NONE
    argument: str = ""  # the deal's external id for Tag.DEAL
    user_id: int | None = None  # whose secret address it is
    number: int = 0  # for Tag.REPLY the notice that is answered
    more: tuple["Target", ...] = ()  # further wishes of the same address, each without any of its own

    @property
    def wishes(self) -> tuple["Target", ...]:
        """One target a wish: this one, and those that stand behind the same plus sign."""
        return (replace(self, more=()), *self.more) if self.more else (self,)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One SMTP or LMTP transaction (RFC 5321 2.3.1), complete."""

    peer: Peer
    mail_from: str  # normalised; empty for the null sender
    targets: tuple[Target, ...]
    raw: Raw
    received_at: datetime  # aware, UTC
    session_id: str = ""
    defects: tuple[str, ...] = field(default=())  # what the listener noticed, e.g. "bare_lf"
