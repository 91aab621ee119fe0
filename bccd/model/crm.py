"""The CRM's records as the rules see them."""

from datetime import UTC, datetime
from enum import StrEnum, unique

from msgspec import Struct


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


class Contact(Struct, frozen=True):
    """An external person, with what breaks a tie between two of them (rules.md 6.3)."""

    id: int
    name: str
    owner_id: int | None = None
    organisation_id: int | None = None
    active: bool = True
    last_activity: str = ""  # ISO 8601 UTC, empty where none


class Deal(Struct, frozen=True):
    """A sales opportunity."""

    id: int
    external_id: str
    title: str
    status: DealStatus
    owner_id: int | None = None
    organisation_id: int | None = None
    updated_at: str = ""


class Organisation(Struct, frozen=True):
    """A customer's firm."""

    id: int
    name: str
