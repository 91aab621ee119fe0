"""What decide() wants written: rows by table, each with its reason; the store adds nothing of its own."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum, unique

from msgspec import Struct, field

from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.events import EventKind
from bccd.model.message import Attachment
from bccd.model.strand import Ties, Token


@unique
class Direction(StrEnum):
    """Which way a message went (rules.md 4)."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


@unique
class Provenance(StrEnum):
    """How the message reached us."""

    BCC = "bcc"
    FORWARD_ATTACHED = "forward_attached"
    FORWARD_INLINE = "forward_inline"
    DIRECT = "direct"  # an outsider's own mail, which a user has let in
    IMPORT = "import"  # read out of a user's mailbox, long after it was sent


@unique
class LinkState(StrEnum):
    """Whether a link counts."""

    ACTIVE = "active"
    SUGGESTED = "suggested"
    REJECTED = "rejected"
    STALE = "stale"


@unique
class LinkOrigin(StrEnum):
    """Who made a link."""

    AUTO = "auto"
    TAG = "tag"
    INHERITED = "inherited"
    MANUAL = "manual"


class Step(Struct, frozen=True):
    """One line of the decision record: which rule looked at what, what it found, and why."""

    rule: str  # "submitter", "direction", "match", "organisation", "deal", "conversation", "identity", ...
    about: str  # the address, deal or id it looked at
    verdict: str
    reason: str


class NewContact(Struct, frozen=True):
    """An auto-created contact (rules.md 6.5) with its one address."""

    id: int
    name: str
    address: str
    organisation_id: int | None
    created_at: datetime
    delivery_id: int
    created_by: int  # the user who filed the mail


class NewConversation(Struct, frozen=True):
    """A conversation that starts with this message."""

    id: int
    created_at: datetime


class Merge(Struct, frozen=True):
    """Conversations found to be one; the oldest id survives, the others resolve to it for ever."""

    winner: int
    losers: tuple[int, ...]


class NewMessage(Struct, frozen=True):
    """A row of table message."""

    id: int
    conversation_id: int
    id_key: bytes
    identity_key: bytes
    msgid: str
    in_reply_to: str
    subject: str
    base_subject: str
    direction: Direction
    sent_at: datetime | None
    received_at: datetime
    sort_at: datetime
    from_address: str
    from_name: str
    snippet: str
    body_text: str
    new_text: str
    auto_kind: str
    provenance: Provenance
    attachment_count: int
    size: int
    content_digest: bytes
    shared: bool
    linked: bool
    msgid_reused: bool  # another message carries the same identity fields with other content
    refs: str = ""  # ids it names besides its own, one a line, the nearest first
    thread_index: bytes | None = None
    calendar_uid: str = ""
    parties: str = ""  # main counterparties, one a line
    broadcast: bool = False
    weak_key: bytes | None = None
    auto_reason: str = ""
    marks: str = ""  # one word each, parted by blanks
    body_html: str = ""


class NewParticipant(Struct, frozen=True):
    """A row of table participant; copy_id 0 for those everyone who sees the message may see."""

    message_id: int
    role: str  # "from", "sender", "reply_to", "to", "cc", "bcc"
    pos: int
    copy_id: int
    address: str
    name: str
    verdict: str  # "contact", "user", "service", "internal", "never_log", "excluded", "unknown", "no_address"
    contact_id: int | None
    user_id: int | None


class NewAttachment(Struct, frozen=True):
    """A row of table attachment: where in which raw mail the octets are."""

    message_id: int
    raw_sha256: bytes
    file: Attachment


class NewCopy(Struct, frozen=True):
    """One owner's instance of a message."""

    id: int
    message_id: int
    owner_id: int
    delivery_id: int
    source: Provenance
    sharing: Sharing
    comment_text: str
    raw_sha256: bytes
    created_at: datetime
    filed_by: int | None = None  # the user who sent it in, where that was not its owner


class NewLink(Struct, frozen=True):
    """A link of one message; exactly one of contact_id, organisation_id and deal_id is set."""

    id: int
    conversation_id: int
    message_id: int
    state: LinkState
    origin: LinkOrigin
    rule: str
    created_at: datetime
    contact_id: int | None = None
    organisation_id: int | None = None
    deal_id: int | None = None
    score: float | None = None
    reason: str = ""  # what speaks for a suggestion


class HandedOn(Struct, frozen=True):
    """A deal of a message, and one through whom later mail inherits it: a party of it, for who may see it."""

    conversation_id: int
    deal_id: int
    viewer_id: int  # 0 is everyone
    address: str


class Named(Struct, frozen=True):
    """How the mail itself names a message that was known by a forward of it alone."""

    msgid: str
    in_reply_to: str
    id_key: bytes
    identity_key: bytes
    sent_at: datetime | None
    sort_at: datetime
    provenance: Provenance


class Settled(Struct, frozen=True):
    """A suggestion that a user has answered by naming the deal in an address."""

    link_id: int
    conversation_id: int
    message_id: int
    state: LinkState  # active for the deal he named, rejected for the others
    actor_id: int
    at: datetime
    audience_id: int  # who is told: everyone where all see the message


class Regroup(Struct, frozen=True):
    """Messages that go to other conversations, and the tokens of all the conversations concerned, anew."""

    domain: tuple[int, ...]  # the conversations concerned, as they were
    moved: tuple[tuple[int, int, int], ...]  # message, from, to
    started: tuple[NewConversation, ...]
    merged: tuple[tuple[int, int], ...]  # conversation, the one that it became part of
    names: tuple[bytes, ...]  # of all tokens of these messages
    tokens: tuple[tuple[Token, int], ...]
    by_hand: tuple[int, ...]  # conversations that hold what a user split off


class MessageUpdate(Struct, frozen=True):
    """What a second arrival changes on a stored message: sharing and linking may widen, never narrow."""

    message_id: int
    conversation_id: int
    shared: bool
    linked: bool
    contacts: tuple[tuple[str, int], ...] = ()  # participants known since: address, contact
    ties: Ties | None = None  # as they are now, where this arrival names more
    named: Named | None = None


class NewBounce(Struct, frozen=True):
    """A row of table address_bounce: a report said that this address was not reached."""

    address: str
    hard: bool  # there is no such mailbox; else it did not take mail for now
    status: str  # RFC 3463, may be empty
    at: datetime  # when the report was written


class Change(Struct, frozen=True):
    """A row of the change feed; audience 0 is everyone in the company, n one user.

    An actor is named only where the audience may know what he did.
    """

    kind: EventKind
    audience_id: int
    conversation_id: int | None = None
    message_id: int | None = None
    entity_id: int | None = None
    actor_id: int | None = None


class NewNotice(Struct, frozen=True):
    """What a user is to be told: a row of table outbox; `reason` is a code of the table of reasons."""

    user_id: int
    reason: str
    at: datetime
    delivery_id: int | None = None
    conversation_id: int | None = None
    message_id: int | None = None
    args: Mapping[str, object] = field(default_factory=dict)  # what its sentence names, in JSON's types
    id: int = 0  # 0: it is given one where the plan is complete, or written


class NewRequest(Struct, frozen=True):
    """A command that a user has given by mail: a row of table command."""

    key: str  # idempotency key
    actor_id: int
    kind: str
    args: Mapping[str, object]  # in JSON's types
    at: datetime


class Outcome(Struct, frozen=True):
    """What became of a delivery."""

    delivery_id: int
    state: DeliveryState
    reason: str = ""
    user_id: int | None = None
    message_id: int | None = None
    copy_id: int | None = None
    vanishes: bool = False  # a rehearsal: nothing is kept of the mail
    automatic_of: int | None = None  # the user in whose name a machine wrote it


class Waits(Struct, frozen=True):
    """What whoever may see it is shown of a mail that is not filed."""

    from_address: str = ""
    from_name: str = ""
    subject: str = ""
    sentence: str = ""  # why, in English
    advice: str = ""  # what to do
    always: str = ""  # what later mail must show to be let in like this one; empty: it can be let in once
    expires_at: datetime | None = None  # when it is deleted, unless somebody decides


class Plan(Struct, frozen=True):
    """Every row one mail writes."""

    outcome: Outcome
    steps: tuple[Step, ...]
    contacts: tuple[NewContact, ...] = ()
    conversation: NewConversation | None = None
    merge: Merge | None = None
    regroup: Regroup | None = None
    tokens: tuple[tuple[Token, int], ...] = ()  # token -> conversation
    message: NewMessage | None = None
    update: MessageUpdate | None = None
    participants: tuple[NewParticipant, ...] = ()
    attachments: tuple[NewAttachment, ...] = ()
    copies: tuple[NewCopy, ...] = ()  # one an owner, the submitter's first
    links: tuple[NewLink, ...] = ()
    aliases: tuple[tuple[str, int], ...] = ()  # another id of a message, the message
    handed_on: tuple[HandedOn, ...] = ()
    bounces: tuple[NewBounce, ...] = ()
    arrived: tuple[str, ...] = ()  # addresses that wrote good mail: older bounces of theirs are cleared
    settled: tuple[Settled, ...] = ()
    changes: tuple[Change, ...] = ()
    notices: tuple[NewNotice, ...] = ()
    requests: tuple[NewRequest, ...] = ()
    waits: Waits | None = None  # where the mail is not filed, or not all of it
    more: tuple["Plan", ...] = field(default=())  # further originals of the same mail; no steps of their own

    def met(self) -> set[int]:
        """Return the contacts that take part; one in Bcc counts only where a link tells of him, too."""
        linked = {link.contact_id for link in self.links}
        return {
            who.contact_id
            for who in self.participants
            if who.contact_id is not None and (not who.copy_id or who.contact_id in linked)
        }
