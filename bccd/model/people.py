"""Addresses of users and teams, the links and codes that prove them, and what commands change of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from bccd.model.directory import Notices


@unique
class ClaimPurpose(StrEnum):
    """What a link and a code that were mailed are for."""

    ALTERNATIVE = "alternative"  # an address becomes one of the user's, or the team's
    LOGIN = "login"  # it becomes his login address
    HELD = "held"  # a mail that is held is his


@dataclass(frozen=True, slots=True)
class Claim:
    """A link and a code that were mailed, and whether the command shows one of them."""

    id: int
    user_id: int  # whose the address becomes; may be a team
    purpose: ClaimPurpose
    address: str
    expires_at: datetime
    tries: int = 0  # wrong codes so far
    used: bool = False
    shown: bool = False  # the command holds its link, or its code


@dataclass(frozen=True, slots=True)
class StandingAddress:
    """An address of a user or a team of the company."""

    address: str
    user_id: int
    is_login: bool
    confirmed: bool
    open_until: datetime | None = None  # unconfirmed: until when what was mailed holds; None: nothing was


@dataclass(frozen=True, slots=True)
class PeopleScene:
    """What stands of the actor's addresses, and of the one that a command names."""

    now: datetime
    login: str = ""  # the actor's
    teams: frozenset[int] = frozenset()  # that he is a member of
    team: int | None = None  # the one that is named, if he is a member
    owner: StandingAddress | None = None  # whose the named address is
    taken: str = ""  # what else has it: "contact", "service"
    count: int = 0  # addresses of the actor, or of the team that is named
    claim: Claim | None = None  # the newest, about what is named, or that of the link
    mailed: tuple[datetime, ...] = ()  # when mail was sent about it in the last day, the newest last
    mailed_all: int = 0  # mails of that kind that the actor caused in the last day
    trusts: bool = False  # the actor has let in mail from the named address for good


# ---- what is to be changed ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddAddress:
    """Write an address down as a user's or a team's, not confirmed yet."""

    address: str
    user_id: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Mail a link and a code; what was mailed before about the same is void."""

    purpose: ClaimPurpose
    user_id: int
    address: str  # where it goes
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Confirm:
    """Take an address for confirmed, and let go what waited for that."""

    address: str
    user_id: int
    claim_id: int | None = None  # which is used up by it


@dataclass(frozen=True, slots=True)
class ReplaceLogin:
    """Take a confirmed address for the user's login; the old one is his no more, and is told so."""

    address: str
    user_id: int


@dataclass(frozen=True, slots=True)
class RemoveAddress:
    """Take an address from its user, with all that hangs on it."""

    address: str
    user_id: int


@dataclass(frozen=True, slots=True)
class UseUp:
    """Let a link and its code work no more."""

    claim_id: int


@dataclass(frozen=True, slots=True)
class CountTry:
    """Note a wrong code."""

    claim_id: int


@dataclass(frozen=True, slots=True)
class Trust:
    """Let in for good what shows the same as this mail, and what of it waits already."""

    delivery_id: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Untrust:
    """Let mail from an address in no more."""

    address: str


@dataclass(frozen=True, slots=True)
class SetPreferences:
    """Change what the actor wants to hear, and how; None leaves it as it is."""

    language: str | None
    notices: Notices | None


PeopleEdit = (
    AddAddress
    | Ask
    | Confirm
    | ReplaceLogin
    | RemoveAddress
    | UseUp
    | CountTry
    | Trust
    | Untrust
    | SetPreferences
)
