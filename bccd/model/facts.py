"""What the rules ask the store for, and what it answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.directory import Company, TrustedSender, User, UserAddress
from bccd.model.plan import LinkState, Outcome, Provenance
from bccd.model.ruling import Ruling
from bccd.model.strand import Override, Strand, Ties, Token

Span = tuple[datetime, datetime]

CREATION_WINDOW = timedelta(minutes=120)  # rules.md 3.6


class Query(Struct, frozen=True):
    """Everything a batch needs to know, gathered in one pass; all values normalised."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    tokens: frozenset[bytes] = frozenset()  # their first halves
    id_keys: frozenset[bytes] = frozenset()
    weak_keys: frozenset[bytes] = frozenset()
    deal_tags: frozenset[str] = frozenset()
    deliveries: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()
    broadcasts: bool = False  # some mail went to many: conversations may have to be put together anew
    never_log: frozenset[str] = frozenset()  # entries that would concern the mail
    received: Span | None = None  # first and last, where new contacts or automatic mails are counted


class AutomaticMail(Struct, frozen=True):
    """A mail that a machine wrote in a user's name."""

    delivery_id: int
    received_at: datetime
    looped: bool  # it was set aside, for there were too many


class KnownMessage(Struct, frozen=True):
    """A stored message that shares identity fields with one of the batch."""

    id: int
    conversation_id: int
    id_key: bytes
    identity_key: bytes
    owners: frozenset[int]  # users who hold a copy
    shared: bool
    linked: bool
    deals: frozenset[tuple[int, DealStatus]] = frozenset()  # active links to living deals
    weak_key: bytes | None = None
    digest: bytes = b""
    msgid: str = ""
    sent_at: datetime | None = None
    provenance: Provenance = Provenance.BCC
    people: tuple[tuple[str, str, str], ...] = ()  # role, address, name, sorted; told for weak keys only
    ties: Ties = field(default_factory=Ties)
    subject: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses of To and Cc, empty where a name stood alone."""
        return tuple(address for role, address, _ in self.people if role in ("to", "cc"))

    @property
    def others(self) -> tuple[str, ...]:
        """The addresses of Sender and Reply-To."""
        return tuple(address for role, address, _ in self.people if role in ("sender", "reply_to"))


class CarriedDeal(Struct, frozen=True):
    """A deal linked to a message, with one who takes part in that message and so hands it on."""

    deal_id: int
    status: DealStatus  # never deleted
    viewer: int  # who may see the message: 0 = everyone, else one owner
    address: str  # a counterparty of that message
    contact_id: int | None = None  # a queried contact whose address it is


class Verdict(Struct, frozen=True):
    """What a user decided about a link for a conversation, or is asked; of several the latest counts."""

    link_id: int
    message_id: int
    decided_at: str  # ISO 8601 UTC
    viewer: int  # who may see the message it was said of: 0 = everyone, else one owner
    state: LinkState  # active, rejected, or a suggestion that waits for him
    contact_id: int | None = None
    organisation_id: int | None = None
    deal_id: int | None = None


class Facts(Struct, frozen=True):
    """The store's answer to a Query, read under the company's clock."""

    company: Company
    next_id: int
    change_seq: int
    users: Mapping[int, User] = field(default_factory=dict)  # by id, the queried ones
    user_addresses: Mapping[str, UserAddress] = field(default_factory=dict)
    service_addresses: frozenset[str] = frozenset()  # the company's own drop addresses
    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)  # by address
    deals_by_contact: Mapping[int, tuple[Deal, ...]] = field(default_factory=dict)
    deals_by_tag: Mapping[str, Deal] = field(default_factory=dict)  # by external id
    organisations: Mapping[str, tuple[Organisation, ...]] = field(default_factory=dict)  # by domain
    never_log: frozenset[str] = frozenset()  # addresses and @domains among the queried ones
    own_never_log: Mapping[int, frozenset[str]] = field(default_factory=dict)  # the same, by user: his own
    by_hand: frozenset[int] = frozenset()  # of these conversations: those that hold what a user split off
    # What ties the messages of these conversations, where one of them is to be put together anew.
    strands: Mapping[int, tuple[Strand, ...]] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()  # on these messages
    broadcasts: frozenset[bytes] = (
        frozenset()
    )  # names of mail that went to many, among those of these strands
    verdicts: Mapping[int, tuple[Verdict, ...]] = field(default_factory=dict)  # by conversation
    deals_by_organisation: Mapping[int, tuple[Deal, ...]] = field(default_factory=dict)
    # By queried user: when the mails were received from which contacts were made near the queried span.
    created: Mapping[int, tuple[datetime, ...]] = field(default_factory=dict)
    # By queried user: the automatic mails received near the queried span, by delivery id.
    automatic: Mapping[int, tuple[AutomaticMail, ...]] = field(default_factory=dict)
    token_conversations: Mapping[Token, int] = field(default_factory=dict)  # merged ids resolved
    # By conversation: deals whose message has a queried address or contact, and is open or a queried user's.
    carried: Mapping[int, frozenset[CarriedDeal]] = field(default_factory=dict)
    messages: Mapping[bytes, KnownMessage] = field(default_factory=dict)  # by identity_key
    # By delivery id, as recorded; received and failed ones are as good as new.
    delivered: Mapping[int, Outcome] = field(default_factory=dict)
    rulings: Mapping[int, Ruling] = field(default_factory=dict)  # by delivery id, whatever its state
    trusted: Mapping[str, tuple[TrustedSender, ...]] = field(default_factory=dict)  # by address
