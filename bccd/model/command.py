"""What a user asks of bccd through a front end, what stands before him when he does, and what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique

from bccd.model.answer import LinkBefore, StandingNotice, Turned
from bccd.model.crm import DealStatus
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Notices, SecretKind, Sharing
from bccd.model.message import Mailbox
from bccd.model.people import PeopleEdit, PeopleScene
from bccd.model.plan import LinkOrigin, LinkState
from bccd.model.ruling import Ruling


@unique
class CommandState(StrEnum):
    """Where a command stands."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@unique
class Code(StrEnum):
    """Why a command was refused, for programs; people get a sentence."""

    UNKNOWN_KIND = "unknown_kind"
    BAD_ARGUMENTS = "bad_arguments"
    NO_SUCH_USER = "no_such_user"
    NOT_FOUND = "not_found"
    NOT_OWNER = "not_owner"
    ALREADY_RESOLVED = "already_resolved"
    NOTHING_TO_DO = "nothing_to_do"
    CONFLICT = "conflict"
    TOO_OFTEN = "too_often"
    WRONG_CODE = "wrong_code"
    EXPIRED = "expired"
    FAILED = "failed"


CODES: Mapping[Code, str] = {
    Code.UNKNOWN_KIND: "there is no such kind of command",
    Code.BAD_ARGUMENTS: "an argument is missing, unknown, or not of its form",
    Code.NO_SUCH_USER: "the actor is no active user of the company",
    Code.NOT_FOUND: "what is named does not exist, or the actor may not see it: which of the two is not told",
    Code.NOT_OWNER: "the actor sees the message and owns no copy of it; only an owner changes his copy",
    Code.ALREADY_RESOLVED: "somebody has chosen before; the result holds what stands",
    Code.NOTHING_TO_DO: "there is nothing here that the command could change",
    Code.CONFLICT: "it contradicts what stands now",
    Code.TOO_OFTEN: "enough mail was sent about it for now: the sentence says when it may be asked again",
    Code.WRONG_CODE: "the code is not the one that was mailed; after a few of those it is void",
    Code.EXPIRED: "the link or the code is void: over, used, or of something that is gone since",
    Code.FAILED: "bccd failed at it; its log says why",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that one user wants done, under a key of the front end's own."""

    key: str
    actor_id: int
    kind: str
    args: str  # JSON, as given


@unique
class LinkScope(StrEnum):
    """Whether later mail of the conversation inherits a link, or the refusal of one."""

    MESSAGE = "message"
    CONVERSATION = "conversation"


@unique
class Scope(StrEnum):
    """To which messages an answer applies."""

    MESSAGE = "message"
    CONVERSATION = "conversation"
    FROM_HERE_ON = "from_here_on"


@unique
class ItemKind(StrEnum):
    """What a link may point at."""

    CONTACT = "contact"
    ORGANISATION = "organisation"
    DEAL = "deal"


@dataclass(frozen=True, slots=True)
class Item:
    """What a link points at."""

    kind: ItemKind
    id: int


@dataclass(frozen=True, slots=True)
class Named:
    """An item as a command names it: by a number, or as text by its external id."""

    kind: ItemKind
    name: int | str


@dataclass(frozen=True, slots=True)
class Arguments:
    """All arguments of all kinds, read; each kind has its own few."""

    messages: tuple[int, ...] = ()
    conversations: tuple[int, ...] = ()
    delivery: int | None = None
    item: Named | None = None  # to link to, or to reject
    origin: Named | None = None  # the deal to move away from
    scope: Scope | None = None
    people: tuple[Mailbox, ...] = ()
    seen: bool | None = None
    flagged: bool | None = None
    notice: int | None = None
    numbers: tuple[int, ...] = ()
    always: tuple[int, ...] = ()  # those of the numbers that are meant from here on
    none: bool = False
    tell: bool = False  # the actor by mail what became of it
    address: str = ""  # of a person, fit to be written to
    team: int | str | None = None  # by number, or as text by its external id
    code: str = ""  # six digits that were mailed
    link: str = ""  # the signed token of a link that was mailed
    for_good: bool = False
    language: str | None = None  # empty: the company's
    notices: Notices | None = None
    secret: SecretKind | None = None  # of the actor's secret addresses
    days: int = 0


# ---- what stands -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StandingCopy:
    """One owner's copy."""

    id: int
    owner_id: int
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class StandingLink:
    """A link of a message, in whatever state."""

    id: int
    item: Item
    state: LinkState
    origin: LinkOrigin
    scope: LinkScope
    actor_id: int | None = None
    decided_at: datetime | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class StandingMessage:
    """A message that the actor may see."""

    id: int
    conversation_id: int
    sort_at: datetime
    copies: tuple[StandingCopy, ...] = ()
    links: tuple[StandingLink, ...] = ()
    seen: bool = False  # by the actor
    flagged: bool = False

    def copy_of(self, user_id: int) -> StandingCopy | None:
        """Return a user's copy."""
        return next((copy for copy in self.copies if copy.owner_id == user_id), None)

    def link_to(self, item: Item) -> StandingLink | None:
        """Return the link to an item."""
        return next((link for link in self.links if link.item == item), None)

    def deals(self, state: LinkState) -> tuple[StandingLink, ...]:
        """Return the links to deals that are in a state."""
        return tuple(link for link in self.links if link.item.kind is ItemKind.DEAL and link.state is state)


@dataclass(frozen=True, slots=True)
class StandingDelivery:
    """A delivery that waits for the actor."""

    id: int
    state: DeliveryState
    reason: str
    always: str = (
        ""  # what later mail would have to show to be let in like this one; empty: nothing proves it
    )
    claimed: bool = False  # its author's address is not proven to be the user's


@dataclass(frozen=True, slots=True)
class StandingItem:
    """An item that a command names."""

    item: Item
    status: DealStatus | None = None  # a deal's
    rivals: frozenset[int] = frozenset()  # of a contact: others who have an address of his
    title: str = ""  # a deal's


@dataclass(frozen=True, slots=True)
class Scene:
    """What a command is about, as far as its actor may see it."""

    actor_id: int
    # The messages named, and where the whole of a conversation is meant those of it, the oldest first.
    messages: Mapping[int, StandingMessage] = field(default_factory=dict)
    conversations: Mapping[int, int] = field(default_factory=dict)  # as named -> as it lives
    items: Mapping[Named, StandingItem] = field(default_factory=dict)
    deliveries: Mapping[int, StandingDelivery] = field(default_factory=dict)
    notices: Mapping[int, StandingNotice] = field(default_factory=dict)  # by the number that was named
    people: PeopleScene | None = None  # where the command is about addresses, or holds a code


# ---- what is to be changed ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetSharing:
    """Share a copy, or make it private."""

    message_id: int
    copy_id: int
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class SetLink:
    """Make or change the link of a message to an item, by hand."""

    message_id: int
    conversation_id: int
    item: Item
    state: LinkState
    scope: LinkScope


@dataclass(frozen=True, slots=True)
class SetMarks:
    """Mark a message for the actor alone; None leaves a mark as it is."""

    message_id: int
    seen: bool | None
    flagged: bool | None


@dataclass(frozen=True, slots=True)
class DeleteCopy:
    """Delete a copy, and with the last one what the message said."""

    message_id: int
    copy_id: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Keep what the user says of a mail that waits, and have it filed anew."""

    delivery_id: int
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class DeleteDelivery:
    """Delete a mail that waits."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class Join:
    """Have two messages belong together, and all that hangs on each."""

    message_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class Detach:
    """Have messages stand apart from their conversation, together."""

    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RestoreLink:
    """Put a link of a message back to what it was; None: there was none."""

    message_id: int
    item: Item
    was: LinkBefore | None


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Keep with a notice what its last answer has changed; nothing, where that was taken back."""

    notice_id: int
    links: tuple[Turned, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeSecret:
    """Give the actor a new secret address; the one that he has works for some days more."""

    kind: SecretKind
    days: int


@dataclass(frozen=True, slots=True)
class ShowSecrets:
    """Answer with the actor's secret addresses of a kind; nothing is changed."""

    kind: SecretKind


@dataclass(frozen=True, slots=True)
class DropSecrets:
    """Take the actor's secret addresses of a kind away."""

    kind: SecretKind


Edit = (
    MakeSecret
    | DropSecrets
    | ShowSecrets
    | SetSharing
    | SetLink
    | SetMarks
    | DeleteCopy
    | Rule
    | DeleteDelivery
    | Join
    | Detach
    | RestoreLink
    | KeepAnswer
    | PeopleEdit
)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a command changes, and what is answered."""

    edits: tuple[Edit, ...]
    result: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is changed: a code for programs, a sentence for people, and what stands instead."""

    code: Code
    sentence: str
    standing: Mapping[str, object] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()  # what is written down all the same: a wrong code counts


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    key: str
    state: CommandState
    error: str = ""  # a Code where it was refused
    result: Mapping[str, object] = field(default_factory=dict)
