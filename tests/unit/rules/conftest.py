"""A small world of facts and mails for the rules."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest
from msgspec import structs
from msgspec.structs import replace

from bccd.model.auth import AuthMethod, AuthReport, HeldSender, Sender
from bccd.model.crm import Contact, Deal, DealStatus, Organisation
from bccd.model.delivery import Delivery, Mail
from bccd.model.directory import Company, Sharing, User, UserAddress
from bccd.model.envelope import Peer, Tag, Target
from bccd.model.facts import AutomaticMail, CarriedDeal, Facts, KnownMessage, Verdict
from bccd.model.message import Content, Forward, ForwardKind, Mailbox, Message
from bccd.model.plan import Plan
from bccd.model.policy import Policy
from bccd.model.ruling import Ruling
from bccd.model.strand import Token
from bccd.rules.decide import decide
from bccd.rules.overlay import Overlay
from bccd.rules.ruled import ruled

DROP = "crm@drop.example"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANNA = 1  # the submitting user, anna@seller.example


def box(address: str, name: str = "") -> Mailbox:
    """Return a mailbox."""
    return Mailbox(name, address)


@dataclass
class World:
    """Facts under construction and the mails decided against them."""

    policy: Policy = field(default_factory=Policy)
    users: dict[int, User] = field(default_factory=dict)
    user_addresses: dict[str, UserAddress] = field(default_factory=dict)
    contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    deals: dict[int, tuple[Deal, ...]] = field(default_factory=dict)
    tags: dict[str, Deal] = field(default_factory=dict)
    organisations: dict[str, tuple[Organisation, ...]] = field(default_factory=dict)
    never_log: frozenset[str] = frozenset()
    own_never_log: dict[int, frozenset[str]] = field(default_factory=dict)
    rulings: dict[int, Ruling] = field(default_factory=dict)
    service: frozenset[str] = frozenset({DROP})
    created: dict[int, tuple[datetime, ...]] = field(default_factory=dict)
    automatic: dict[int, tuple[AutomaticMail, ...]] = field(default_factory=dict)
    tokens: dict[Token, int] = field(default_factory=dict)
    carried: dict[int, frozenset[CarriedDeal]] = field(default_factory=dict)
    messages: dict[bytes, KnownMessage] = field(default_factory=dict)
    verdicts: dict[int, tuple[Verdict, ...]] = field(default_factory=dict)
    firm_deals: dict[int, tuple[Deal, ...]] = field(default_factory=dict)
    ids: "count[int]" = field(default_factory=lambda: count(1000))

    def user(
        self,
        user_id: int,
        *addresses: str,
        sharing: Sharing = Sharing.SHARED,
        active: bool = True,
        confirmed: bool = True,
        members: tuple[int, ...] | None = None,
    ) -> None:
        """Add a user with his addresses; `members` make it a team."""
        user = User(user_id, f"user {user_id}", sharing, active, members is not None, members or ())
        self.users[user_id] = user
        for address in addresses:
            self.user_addresses[address] = UserAddress(address, user, "login", confirmed)

    def contact(self, contact_id: int, *addresses: str, **more: object) -> None:
        """Add a contact with his addresses."""
        made = structs.replace(Contact(contact_id, f"contact {contact_id}"), **more)
        for address in addresses:
            self.contacts[address] = (*self.contacts.get(address, ()), made)

    def deal(
        self, deal_id: int, *contact_ids: int, status: DealStatus = DealStatus.OPEN, **more: object
    ) -> Deal:
        """Add a deal of some contacts; its external id is d<deal_id>."""
        made = structs.replace(Deal(deal_id, f"d{deal_id}", f"deal {deal_id}", status), **more)
        self.tags[made.external_id] = made
        for contact in contact_ids:
            self.deals[contact] = (*self.deals.get(contact, ()), made)
        return made

    def overlay(self) -> Overlay:
        """Return the facts as the rules see them."""
        return Overlay(
            Facts(
                Company(1, "seller", "Seller", self.policy),
                next_id=next(self.ids) * 100,
                change_seq=0,
                users=self.users,
                user_addresses=self.user_addresses,
                service_addresses=self.service,
                contacts=self.contacts,
                deals_by_contact=self.deals,
                deals_by_tag=self.tags,
                organisations=self.organisations,
                never_log=self.never_log,
                own_never_log=self.own_never_log,
                rulings=self.rulings,
                created=self.created,
                automatic=self.automatic,
                token_conversations=self.tokens,
                carried=self.carried,
                messages=self.messages,
                verdicts=self.verdicts,
                deals_by_organisation=self.firm_deals,
            )
        )

    def mail(
        self,
        message: Message | Content,
        *tags: tuple[Tag, str],
        user: int = ANNA,
        held: HeldSender | None = None,
    ) -> Mail:
        """Return a mail that user submitted, to the drop address with these tags."""
        number = next(self.ids)
        targets = tuple(Target(f"crm+{tag}{arg}@drop.example", 1, tag, arg) for tag, arg in tags)
        addresses = [a for a, entry in self.user_addresses.items() if entry.user.id == user]
        sender = None if held else Sender(user, addresses[0], AuthMethod.TRUSTED_NETWORK)
        delivery = Delivery(
            number, 1, targets or (Target(DROP, 1),), "anna@seller.example", Peer("127.0.0.1"), NOW,
            AuthReport(), number.to_bytes(32), 1000, sender=sender, held=held,
        )  # fmt: skip
        return Mail(delivery, message if isinstance(message, Message) else Message(message))

    def decide(self, *mails: Mail) -> list[Plan]:
        """Decide mails as one batch."""
        overlay = self.overlay()
        return [decide(ruled(mail, overlay), overlay) for mail in mails]


@pytest.fixture
def world() -> World:
    """Return a company with Anna and Bert, and nobody else."""
    made = World()
    made.user(ANNA, "anna@seller.example", "anna@home.example")
    made.user(2, "bert@seller.example")
    return made


def outgoing(*to: str, **more: object) -> Content:
    """Return a mail from Anna to these addresses."""
    base = Content(
        sender=box("anna@seller.example", "Anna"),
        from_count=1,
        to=tuple(box(address) for address in to),
        date=NOW,
        subject="Offer",
        message_id="offer@seller.example",
        text="Please find our offer.",
        new_text="Please find our offer.",
    )
    return replace(base, **more)


def forward(
    original: Content, *inner: Forward, kind: ForwardKind = ForwardKind.INLINE, note: str = ""
) -> Message:
    """Return Anna's filing forward of an original."""
    wrapper = outgoing(
        DROP, message_id="fwd@seller.example", subject="Fwd: " + original.subject, text="see below"
    )
    return Message(wrapper, forwards=(Forward(kind, original, ("labels:en",), 0.9, inner),), note=note)


def incoming(author: str, **more: object) -> Content:
    """Return a customer's mail to Anna."""
    base = Content(
        sender=box(author, "Customer"),
        from_count=1,
        to=(box("anna@seller.example", "Anna"),),
        date=NOW,
        subject="Question",
        message_id="q@customer.example",
        text="How much is it?",
        new_text="How much is it?",
    )
    return replace(base, **more)


@pytest.fixture
def make() -> "Makers":
    """Return the builders of contents and messages."""
    return Makers()


class Makers:
    """The builders, for tests that cannot import this file."""

    box = staticmethod(box)
    outgoing = staticmethod(outgoing)
    forward = staticmethod(forward)
    incoming = staticmethod(incoming)
    drop = DROP
    now = NOW
    anna = ANNA
