"""Evidence of who sent a mail, and the verdict drawn from it."""

from dataclasses import dataclass
from enum import StrEnum, unique


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One method's result as a trusted Authentication-Results field states it (RFC 8601)."""

    method: (
        str  # "dmarc", "dkim", "spf", "arc", "auth"; "arc.dmarc" and so on: what a listed sealer had found
    )
    result: str  # "pass", "fail", "none", "temperror", ...
    domain: str  # the domain or address it speaks of, normalised; empty where none is given
    detail: str = ""  # how it came about, in words: selector and algorithm, SPF mechanism, DMARC policy


@dataclass(frozen=True, slots=True)
class Login:
    """Whose password was given in SMTP AUTH (RFC 4954)."""

    company_id: int
    user_id: int
    name: str


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A login as it is kept: what proves it, and whether it may be used now."""

    login: Login
    password: str  # Argon2id, as a PHC string
    active: bool


@dataclass(frozen=True, slots=True)
class AuthReport:
    """What is known about the peer and the From domain; evidence only, no verdict."""

    trusted_network: str = ""  # the configured CIDR that holds the peer, or empty
    relay: str = ""  # the configured relay that handed the mail in, or empty
    authserv_id: str = ""  # the configured id whose results follow
    results: tuple[AuthResult, ...] = ()
    login: Login | None = None  # who logged in
    checks: tuple[AuthResult, ...] = ()  # what bccd has found out itself
    # A domain and its organisational domain (RFC 9989 4.10): of the author, and of every domain that passed.
    organisations: tuple[tuple[str, str], ...] = ()
    exact: tuple[str, ...] = ()  # the methods whose domain must be the author's own by his DMARC record
    policy: str = ""  # what that record wants done with mail that fails: "none", "quarantine", "reject"
    client_ip: str = ""  # whom SPF was asked about
    client_helo: str = ""


@unique
class AuthMethod(StrEnum):
    """What proved the sender, in the order tried."""

    TRUSTED_NETWORK = "trusted_network"
    LOGIN = "login"  # SMTP AUTH
    RELAY_AUTH = "relay_auth"  # the user logged in at the relay
    RELAY_DMARC = "relay_dmarc"
    RELAY_DKIM = "relay_dkim"
    RELAY_SPF = "relay_spf"
    DKIM = "dkim"
    SPF = "spf"
    ARC = "arc"  # a listed sealer vouches for what it saw
    SECRET = "secret"  # noqa: S105 - an address that only the user and his forwarding server know
    RULING = "ruling"  # a user has said so of mail that was held for him
    TRUSTED = "trusted"  # it shows what a mail showed that the user has let in for good
    IMPORT = "import"  # an administrator has read it out of the user's own mailbox


@dataclass(frozen=True, slots=True)
class Sender:
    """The proven submitter of a mail."""

    user_id: int
    address: str
    method: AuthMethod


@dataclass(frozen=True, slots=True)
class HeldSender:
    """A submitter who was not proven, on a path where the mail is kept instead of refused."""

    # "unknown_sender", "unverified_sender", "unconfirmed_address", "user_inactive", "no_single_from",
    # "redirected", "customer_reply", "forward_unproven", "other_users_address", "secret_address_needed",
    # "own_mail"
    reason: str
    address: str = ""
    user_id: int | None = None  # the user it may come from; he alone may see it
    lenient: bool = False  # kept only because his company holds what it would else refuse
