"""A mail to a user as it is to be written: what it speaks of, and the numbers in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several that fit a mail, and what the user knows it by."""

    title: str  # of the deal, or the contact's name
    number: int = 0  # by which a deal is chosen, from 1 through all of the letter; 0 for contacts
    deal: str = ""  # its external id; empty for a contact
    contacts: tuple[str, ...] = ()  # names, of those who take part in the mail
    own: bool = False  # the deal is the user's own
    words: tuple[str, ...] = ()  # that the subject shares with the title
    changed_at: datetime | None = None  # the deal's last activity


@dataclass(frozen=True, slots=True)
class Item:
    """One notice within a mail."""

    notice_id: int
    reason: str
    at: datetime
    about: str = ""  # the subject of the mail that it speaks of
    args: Mapping[str, object] = field(default_factory=dict)
    delivery_id: int | None = None
    filed_with: tuple[str, ...] = ()  # names of contacts and titles of deals
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one user."""

    company_id: int
    id: int  # of the row that it goes out as
    user_id: int
    to: str
    created_at: datetime  # of that row: with its id it makes the Message-ID
    reason: str  # that all items have, or digest
    company: str  # its name
    drop: str  # the address of the company that answers go to
    language: str
    time_zone: str
    items: tuple[Item, ...]
    user: str = ""  # his name
    in_reply_to: str = ""  # Message-ID of the mail it speaks of, where that is the user's own
