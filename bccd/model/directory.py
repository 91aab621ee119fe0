"""Who and what a company is: the frozen snapshot that the listener decides from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique

from bccd.model.policy import Policy


@unique
class Sharing(StrEnum):
    """Whether colleagues may see a copy once it is linked (rules.md 10)."""

    PRIVATE = "private"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Company:
    """The account that owns addresses, users, contacts and mail."""

    id: int
    slug: str
    name: str
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class User:
    """A salesperson, or a team of some."""

    id: int
    name: str
    default_sharing: Sharing = Sharing.SHARED
    active: bool = True
    is_team: bool = False  # an address that several people share; it logs in nowhere
    members: tuple[int, ...] = ()  # of a team: its active members, sorted


@dataclass(frozen=True, slots=True)
class UserAddress:
    """One address of one user; alternatives count only once confirmed (rules.md 2)."""

    address: str
    user: User
    kind: str  # "login" or "alternative"
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody who is no user, and what his mail says that may tell whether he is known."""

    address: str
    names: frozenset[bytes]  # rules.thread.id_names of the mails that it answers
    proven: bool  # whether the address is proven to be his


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """An outsider whom the company knows: he answers its mail, or he is a contact."""

    user_id: int | None  # whose mail he answers or whose contact he is; None where that is nobody now


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything RCPT and From are checked against, as of one version."""

    version: int
    companies: Mapping[int, Company]
    company_addresses: Mapping[str, int]  # full normalised address -> company id
    user_addresses: Mapping[tuple[int, str], UserAddress]  # (company id, address)
