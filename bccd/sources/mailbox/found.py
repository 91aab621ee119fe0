"""A mail as it was found in a file, before anything is known of it."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from bccd.mail.dates import parse_date

DAY = rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ \t]+"
_DATE_AT = re.compile(DAY)


@unique
class Kind(StrEnum):
    """How mail lies in files."""

    MBOX = "mbox"
    MAILDIR = "maildir"
    EML = "eml"


@unique
class Skip(StrEnum):
    """Why a mail is not handed in at all; it stays where it is, and nothing is kept of it."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    DRAFT = "draft"
    DELETED = "deleted"
    SPAM = "spam"
    CHAT = "chat"
    OWN_NOTICE = "own_notice"
    OUT_OF_RANGE = "out_of_range"
    UNREADABLE = "unreadable"


SKIPS: dict[Skip, str] = {
    Skip.TOO_LARGE: "larger than limits.message_size",
    Skip.EMPTY: "nothing in it",
    Skip.DRAFT: "a draft, never sent",
    Skip.DELETED: "deleted, or in the trash",
    Skip.SPAM: "junk mail",
    Skip.CHAT: "a chat, no mail",
    Skip.OWN_NOTICE: "a notice of bccd",
    Skip.OUT_OF_RANGE: "outside --from and --until",
    Skip.UNREADABLE: "its file cannot be read",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One mail in a file; `octets` are None where they are too many to be read."""

    place: str  # where it lies, for people: a file, or a file and an offset
    octets: bytes | None
    size: int
    end: int = 0  # in an mbox, where the next mail begins
    stamp: datetime | bytes | None = None  # what the file says of when the mail came in, or its From_ line
    skip: Skip | None = None  # what the file says of why it should not be taken

    @property
    def stored_at(self) -> datetime | None:
        """When the mail came in by what the file says: rarely asked for, so it is read only then."""
        if not isinstance(self.stamp, bytes):
            return self.stamp
        found = _DATE_AT.search(self.stamp)
        return parse_date(self.stamp[found.start() :].strip()) if found else None
