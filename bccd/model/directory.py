"""Who and what a company is: the frozen snapshot that the listener decides from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique

from bccd.model.policy import Policy


@unique
class Sharing(StrEnum):
    """Whether colleagues may see a copy once it is linked (rules.md 10)."""

    PRIVATE = "private"
    SHARED = "shared"


@unique
class Notices(StrEnum):
    """What a user wants to hear about his mail (rules.md 11)."""

    PROBLEMS = "problems"
    ALL = "all"
    NONE = "none"
    DIGEST = "digest"  # one mail a day


@dataclass(frozen=True, slots=True)
class Retiring:
    """A company address that was replaced and still works."""

    until: datetime
    successor: str


@dataclass(frozen=True, slots=True)
class Company:
    """The account that owns addresses, users, contacts and mail."""

    id: int
    slug: str
    name: str
    policy: Policy = field(default_factory=Policy)
    retiring: Mapping[str, Retiring] = field(default_factory=dict)  # known where mail is filed


@dataclass(frozen=True, slots=True)
class User:
    """A salesperson, or a team of some."""

    id: int
    name: str
    default_sharing: Sharing = Sharing.SHARED
    active: bool = True
    is_team: bool = False  # an address that several people share; it logs in nowhere
    members: tuple[int, ...] = ()  # of a team: its active members, sorted
    language: str = ""  # of notices to him; empty: the company's
    notices: Notices = Notices.PROBLEMS


@dataclass(frozen=True, slots=True)
class UserAddress:
    """One address of one user; alternatives count only once confirmed (rules.md 2)."""

    address: str
    user: User
    kind: str  # "login" or "alternative"
    confirmed: bool


@unique
class SecretKind(StrEnum):
    """What a user's secret address is for."""

    USER = "user"  # his own mail, as a further factor
    FORWARD = "forward"  # what his server forwards by itself (rules.md 2.6)


@dataclass(frozen=True, slots=True)
class SecretAddress:
    """One user's own tag of the company's address, which nobody can guess."""

    user_id: int
    kind: SecretKind
    retires_at: datetime | None = None  # when it ends, having been replaced


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


@dataclass(frozen=True, slots=True, order=True)
class TrustedSender:
    """What a mail must show to be let in for good, and for whom (rules/trusted.py)."""

    evidence: str
    user_id: int  # or the team


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything RCPT and From are checked against, as of one version."""

    version: int
    companies: Mapping[int, Company]
    company_addresses: Mapping[str, int]  # full normalised address -> company id
    user_addresses: Mapping[tuple[int, str], UserAddress]  # (company id, address)
    secrets: Mapping[tuple[int, str], SecretAddress] = field(default_factory=dict)  # (company id, token)
    retiring: Mapping[str, datetime] = field(default_factory=dict)  # replaced company addresses, until when
    trusted: Mapping[tuple[int, str], tuple[TrustedSender, ...]] = field(
        default_factory=dict
    )  # (id, address)
    # In which domains users have addresses, confirmed or not, and of which companies; worked out here.
    domains: Mapping[str, frozenset[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, set[int]] = {}
        for company_id, address in self.user_addresses:
            found.setdefault(address.rpartition("@")[2], set()).add(company_id)
        domains = {domain: frozenset(companies) for domain, companies in found.items()}
        object.__setattr__(self, "domains", domains)
