"""The CRM's records as the rules see them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, unique


def sortable(moment: datetime) -> str:
    """Write an aware moment as UTC text of fixed width, which sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


@unique
class DealStatus(StrEnum):
    """Where a deal stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Contact:
    """An external person, with what breaks a tie between two of them (rules.md 6.3)."""

    id: int
    name: str
    owner_id: int | None = None
    organisation_id: int | None = None
    active: bool = True
    last_activity: str = ""  # ISO 8601 UTC, empty where none


@dataclass(frozen=True, slots=True)
class Deal:
    """A sales opportunity."""

    id: int
    external_id: str
    title: str
    status: DealStatus
    owner_id: int | None = None
    organisation_id: int | None = None
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer's firm."""

    id: int
    name: str
