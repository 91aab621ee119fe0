"""What stands behind a signed link, as its page shows it."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class LinkState(StrEnum):
    """Whether there is something to be done by a link; the thing itself says so."""

    OPEN = "open"
    ANSWERED = "answered"  # by an answer to the same notice, which can be taken back
    OVER = "over"  # done, settled otherwise, or gone


@unique
class How(StrEnum):
    """What a page's button does."""

    YES = "yes"
    ALWAYS = "always"
    DELETE = "delete"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class LinkPage:
    """One link as of now; names are for its user, who got them by mail before."""

    purpose: str
    state: LinkState
    language: str
    name: str = ""  # the deals chosen, the address, or the author; empty: none of the deals
    about: str = ""  # the subject of the mail, where that is known
    does: tuple[How, ...] = ()  # what its button may do, the first unless something else is chosen
