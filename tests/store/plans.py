"""Mails and plans as the rules would make them, with every id said outright."""

from datetime import datetime, timedelta
from hashlib import blake2b, sha256

from msgspec.structs import replace

from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.directory import Sharing
from bccd.model.envelope import Peer, Target
from bccd.model.events import EventKind
from bccd.model.message import Attachment, Content, Message
from bccd.model.plan import (
    Change,
    Direction,
    HandedOn,
    LinkOrigin,
    LinkState,
    NewAttachment,
    NewConversation,
    NewCopy,
    NewLink,
    NewMessage,
    NewParticipant,
    Outcome,
    Plan,
    Provenance,
    Step,
)
from bccd.testing import Seed
from bccd.testing.build import NOON

DROP = "crm@drop.example"
ANNA, BERT, CLEO = 1, 2, 3
JAN, MARIA = 11, 12  # contacts
OPEN, OTHER, WON = 21, 22, 23  # deals

SCOPE = b"subject."

Filed = tuple[Mail, Plan]


def world() -> Seed:
    """Return a company with three users, two contacts, an organisation and three deals."""
    return (
        Seed()
        .company(1, DROP, "old@drop.example")
        .user(ANNA, "anna@seller.example", "anna@home.example", unconfirmed=["a@pending.example"])
        .user(BERT, "bert@seller.example", sharing="private")
        .user(CLEO, "cleo@seller.example", active=False)
        .organisation(31, "customer.example")
        .contact(JAN, "jan@customer.example", "jan@home.example", owner=ANNA, organisation=31)
        .contact(MARIA, "maria@customer.example", "office@customer.example")
        .deal(OPEN, "7", JAN, owner=ANNA)
        .deal(OTHER, "8", JAN, MARIA)
        .deal(WON, "9", MARIA, status="won")
        .never_log("boss@customer.example", "@payroll.example")
    )


def key(text: str) -> bytes:
    """Return a 16-byte key, as tokens and identities are."""
    return blake2b(text.encode(), digest_size=16).digest()


def mail(number: int, *, attempts: int = 1) -> Mail:
    """Return delivery `number` of company 1."""
    sender = Sender(ANNA, "anna@seller.example", AuthMethod.TRUSTED_NETWORK)
    return Mail(
        Delivery(
            number, 1, (Target(DROP, 1),), "anna@seller.example", Peer("127.0.0.1", "laptop"), NOON,
            AuthReport("127.0.0.0/8"), sha256(str(number).encode()).digest(), 1_234,
            sender=sender, attempts=attempts,
        ),
        Message(Content()),
    )  # fmt: skip


def filed(
    number: int,
    first_id: int,
    *,
    conversation: int | None = None,
    owner: int = ANNA,
    shared: bool = True,
    linked: bool = True,
    tokens: tuple[str, ...] = (),
    deal: int | None = OPEN,
    state: LinkState = LinkState.ACTIVE,
    at: datetime | None = None,
) -> Filed:
    """Return a mail and a plan that takes ids from `first_id` on: conversation, message, copy, two links."""
    at = at or NOON + timedelta(minutes=number)
    new = None if conversation else NewConversation(first_id, at)
    home = conversation or first_id
    message_id, copy_id = first_id + 1, first_id + 2
    got = mail(number)
    links = [_link(first_id + 3, home, message_id, at, contact=JAN)] if linked else []
    if deal is not None:
        links.append(_link(first_id + 4, home, message_id, at, deal=deal, state=state))
    plan = Plan(
        Outcome(number, DeliveryState.FILED, "", owner, message_id, copy_id),
        (Step("match", "jan@customer.example", f"contact {JAN}", "exact address"),),
        conversation=new,
        tokens=tuple(((key(token), SCOPE), home) for token in tokens),
        message=message(number, message_id, home, at, shared=shared, linked=linked),
        participants=participants(message_id, copy_id),
        copies=(_copy(copy_id, message_id, owner, got, at, shared=shared),),
        links=tuple(links),
        handed_on=handed_on(
            home, owner, deal if state is LinkState.ACTIVE else None, is_open=shared and linked
        ),
        changes=(Change(EventKind.MESSAGE_ADDED, 0 if shared and linked else owner, home, message_id),),
    )
    return got, plan


def handed_on(home: int, owner: int, deal: int | None, *, is_open: bool) -> tuple[HandedOn, ...]:
    """Return what a message to Jan hands on."""
    viewer = 0 if is_open else owner
    return (HandedOn(home, deal, viewer, "jan@customer.example"),) if deal is not None else ()


def message(number: int, id_: int, home: int, at: datetime, *, shared: bool, linked: bool) -> NewMessage:
    """Return a message row of an outgoing mail."""
    return NewMessage(
        id_, home, key(f"id{number}"), key(f"identity{number}"), f"m{number}@seller.example", "",
        f"Offer {number}", "offer", Direction.OUTGOING, at, NOON, at, "anna@seller.example", "Anna",
        f"snippet {number}", f"text {number}", f"new {number}", "", Provenance.BCC, 0, 1_234, key("digest"),
        shared, linked, msgid_reused=False, auto_reason="header:precedence", marks="signed:smime tnef",
        body_html=f"<p>text {number}</p>",
    )  # fmt: skip


def participants(message_id: int, copy_id: int) -> tuple[NewParticipant, ...]:
    """Return a sender, a contact and a party that only the copy's owner may know of."""
    return (
        NewParticipant(message_id, "from", 0, 0, "anna@seller.example", "Anna", "user", None, ANNA),
        NewParticipant(message_id, "to", 0, 0, "jan@customer.example", "Jan", "contact", JAN, None),
        NewParticipant(message_id, "bcc", 0, copy_id, "maria@customer.example", "", "contact", MARIA, None),
    )


def with_file(got: Filed) -> Filed:
    """Return the same with an attachment."""
    it, plan = got
    file = Attachment(
        "2",
        "offer.pdf",
        "application/pdf",
        "attachment",
        "",
        99,
        b"s" * 32,
        400,
        530,
        "base64",
        True,
        "tnef:1",
        "application/zip",
    )
    held = NewAttachment(plan.outcome.message_id or 0, it.delivery.raw_sha256, file)
    return it, replace(plan, attachments=(held,))


def ended(number: int, state: DeliveryState, reason: str, user: int | None = ANNA) -> Filed:
    """Return a mail that is not filed."""
    step = Step("submitter", "", str(state), reason)
    return mail(number), Plan(Outcome(number, state, reason, user), (step,))


def _copy(id_: int, message_id: int, owner: int, of: Mail, at: datetime, *, shared: bool) -> NewCopy:
    return NewCopy(
        id_, message_id, owner, of.delivery.id, Provenance.BCC,
        Sharing.SHARED if shared else Sharing.PRIVATE, f"comment of {owner}", of.delivery.raw_sha256, at,
    )  # fmt: skip


def _link(
    id_: int,
    home: int,
    message_id: int,
    at: datetime,
    *,
    contact: int | None = None,
    deal: int | None = None,
    state: LinkState = LinkState.ACTIVE,
) -> NewLink:
    return NewLink(
        id_, home, message_id, state, LinkOrigin.AUTO, "test", at, contact_id=contact, deal_id=deal
    )
