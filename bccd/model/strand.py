"""What of a message ties it to others, and what users have said about that."""

from enum import StrEnum, unique

from msgspec import Struct

Token = tuple[bytes, bytes]  # 16 octets that name something, 8 of what else must be equal


class Strand(Struct, frozen=True):
    """All that decides with which messages one hangs together (data.md 1.2)."""

    message_id: int
    conversation_id: int
    own_ids: tuple[str, ...] = ()  # its Message-ID and further ids of the same mail
    parents: tuple[str, ...] = ()  # ids it names, the nearest first
    thread_index: bytes = b""  # 16 octets for each that a copy of it has
    calendar_uid: str = ""  # one a line
    parties: tuple[str, ...] = ()  # main counterparties: weak tokens count only between the same
    base: str = ""  # base subject
    broadcast: bool = False  # sent to many: answers to it do not belong together


class Ties(Struct, frozen=True):
    """What ties a message to others besides its own ids, in the form in which it is stored.

    All that any copy of it has: gateways and forwards leave out now this, now that.
    """

    refs: str = ""  # ids it names, one a line, the nearest first
    thread_index: bytes = b""
    calendar_uid: str = ""
    parties: str = ""  # one a line
    broadcast: bool = False


@unique
class OverrideKind(StrEnum):
    """What a user did to conversations."""

    JOIN = "join"  # these two messages belong together, whatever they say
    DETACH = "detach"  # this message, and what answers it, stands apart with its group


class Override(Struct, frozen=True):
    """A user's word on where a message belongs; of several on one message the latest counts."""

    id: int
    kind: OverrideKind
    message_id: int
    other_id: int | None = None  # of a join
    group_id: int = 0  # of a detach: what one command split off
