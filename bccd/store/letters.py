"""Puts a letter together: whom it goes to, what is known of what it speaks of, what its numbers stand for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select

from bccd.mail.headers import fields
from bccd.model.answer import Offered, Question
from bccd.model.errors import StoreUnavailableError
from bccd.model.notice import Choice, Item, Letter
from bccd.model.plan import LinkState
from bccd.model.policy import Policy
from bccd.rules.postage import Post
from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.octets import read_raw
from bccd.store.open_matters import CHOICE, still_held, suggested

MOST_OFFERED = 20  # deals of one conversation
MOST_LINES = 20  # mails that one warning names
_SHARED_WORDS = re.compile(r"its name shares: ([^;]*)")
_MESSAGE_ID = re.compile(rb"<[!-;=?-~]{1,900}>")  # RFC 5322 3.6.4, as what stands in a header of ours
_OF_OTHERS = frozenset({"customer_reply", "redirected"})  # the user does not know these mails by their ids


@dataclass(frozen=True, slots=True)
class Company:
    """What its letters need of a company."""

    id: int
    name: str
    policy: Policy
    addresses: frozenset[str]
    lasting: tuple[str, ...]  # of them, those that are not being replaced


def company_of(connection: Connection, company_id: int) -> Company:
    """Read a company."""
    name, settings = connection.execute(
        select(t.company.c.name, t.company.c.settings).where(t.company.c.id == company_id)
    ).one()
    wanted = select(t.company_address).where(t.company_address.c.company_id == company_id)
    drops = connection.execute(wanted.order_by(t.company_address.c.address)).all()
    lasting = tuple(row.address for row in drops if row.retires_at is None)
    policy = msgspec.json.decode(settings, type=Policy)
    return Company(company_id, name, policy, frozenset(row.address for row in drops), lasting)


class Letters:
    """Writes a company's letters over one connection."""

    def __init__(self, connection: Connection, company: Company) -> None:
        self._connection = connection
        self._company = company

    def write(
        self, head: int, post: Post, members: Sequence[Any], created_at: datetime
    ) -> tuple[Letter, Offered | None]:
        """Return a letter, and what it offers where that is new; rows come with their user's columns."""
        first, company = members[0], self._company
        own = next((row for row in members if row.id == head), None)
        told = [row for row in members if row.id != head or row.reason != "digest"]
        offered, fresh = self._offered(own, post, told)
        letter = Letter(
            company_id=company.id,
            id=head,
            user_id=first.user_id,
            to=first.address or self._login(first.user_id),
            created_at=own.created_at if own is not None else created_at,
            reason=post.reason,
            company=company.name,
            drop=self._drop(told),
            language=first.language or company.policy.language,
            time_zone=company.policy.time_zone,
            items=self._items(first.user_id, told, offered),
            user=first.name,
        )
        return letter, offered if fresh else None

    def _offered(self, own: Any, post: Post, rows: Sequence[Any]) -> tuple[Offered, bool]:
        """Return what the numbers stand for, as they were sent before or as they are now."""
        if post.mail_id is not None and own is not None and own.offered:
            return msgspec.json.decode(own.offered, type=Offered), False
        asked = [row for row in rows if row.reason == CHOICE and row.message_id]
        if not asked:
            return Offered(), False
        found = suggested(self._connection, self._company.id, post.user_id, {row.message_id for row in asked})
        questions = [
            Question(waits[0].conversation_id, row.message_id, deals)
            for row in asked
            if (waits := found.get(row.message_id))
            and (deals := tuple(one.deal_id for one in waits if one.deal_id is not None)[:MOST_OFFERED])
        ]
        return Offered(tuple(questions)), True

    def _items(self, user_id: int, rows: Sequence[Any], offered: Offered) -> tuple[Item, ...]:
        deals = self._deals([deal for question in offered.questions for deal in question.deals])
        asked = {row.message_id for row in rows if row.message_id is not None}
        waits = suggested(self._connection, self._company.id, user_id, asked)
        names = self._filed_with(asked)
        choices = {message: self._contacts(found) for message, found in waits.items()}
        for number, (question, deal) in offered.numbered().items():
            people = names.get(question.message_id, ((), ()))[0]
            spoken = _choice(number, deals.get(deal), user_id, people, self._hints(question, deal))
            choices.setdefault(question.message_id, []).append(spoken)
        return tuple(
            Item(
                notice_id=row.id,
                reason=row.reason,
                at=row.created_at,
                about=row.about,
                args=self._args(row),
                delivery_id=row.delivery_id,
                filed_with=sum(names.get(row.message_id, ((), ())), ()),
                choices=tuple(choices.get(row.message_id, ())) if row.reason == CHOICE else (),
            )
            for row in rows
        )

    def _args(self, row: Any) -> dict[str, Any]:
        """Return a notice's args; mails that it lists are named as they stand: no row keeps a copy."""
        args = msgspec.json.decode(row.args, type=dict[str, Any])
        ids = args.pop("deliveries", None)
        if ids is None:
            return args
        mails = still_held(self._connection, self._company.id, ids)
        named = [f"{it.received_at:%Y-%m-%d} {it.from_address}: {it.subject}" for it in mails[:MOST_LINES]]
        return args | {"lines": [*named, *([f"+ {len(mails) - MOST_LINES}"] if mails[MOST_LINES:] else ())]}

    def _hints(self, question: Question, deal_id: int) -> str:
        """Return what speaks for a deal, as the rules wrote it down."""
        link = t.link.c
        wanted = select(link.reason).where(
            link.company_id == self._company.id,
            link.conversation_id == question.conversation_id,
            link.message_id == question.message_id,
            link.deal_id == deal_id,
        )
        return self._connection.execute(wanted.limit(1)).scalar() or ""

    def _deals(self, ids: Sequence[int]) -> Mapping[int, Any]:
        deal = t.deal.c
        wanted = select(t.deal).where(deal.company_id == self._company.id, deal.id.in_(sorted(set(ids))))
        return {row.id: row for row in self._connection.execute(wanted)} if ids else {}

    def _contacts(self, waits: Sequence[Any]) -> list[Choice]:
        """Return the contacts that one address may mean; they have no numbers."""
        ids = [row.contact_id for row in waits if row.contact_id is not None]
        contact = t.contact.c
        wanted = select(contact.id, contact.name).where(
            contact.company_id == self._company.id, contact.id.in_(ids)
        )
        names = {row.id: row.name for row in self._connection.execute(wanted)} if ids else {}
        return [Choice(names[id_]) for id_ in ids if id_ in names]

    def _filed_with(self, messages: set[int]) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return by message the contacts and the deals that it is linked to."""
        link, message, contact, deal = t.link.c, t.message, t.contact, t.deal
        same = and_(
            link.company_id == message.c.company_id,
            link.conversation_id == message.c.conversation_id,
            link.message_id == message.c.id,
        )
        person = and_(contact.c.company_id == link.company_id, contact.c.id == link.contact_id)
        sale = and_(deal.c.company_id == link.company_id, deal.c.id == link.deal_id)
        wanted = (
            select(link.message_id, contact.c.name, deal.c.title, deal.c.external_id)
            .select_from(message)
            .join(t.link, same)
            .join(contact, person, isouter=True)
            .join(deal, sale, isouter=True)
            .where(
                message.c.company_id == self._company.id,
                message.c.id.in_(sorted(messages)),
                link.state == LinkState.ACTIVE.value,
            )
            .order_by(link.id)
        )
        found: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for row in self._connection.execute(wanted) if messages else ():
            people, deals = found.get(row.message_id, ((), ()))
            if row.name:
                people = (*people, row.name)
            if row.title or row.external_id:
                deals = (*deals, row.title or row.external_id)
            found[row.message_id] = people, deals
        return found

    def _login(self, user_id: int) -> str:
        address = t.user_address.c
        wanted = select(address.address).where(
            address.company_id == self._company.id, address.user_id == user_id, address.kind == "login"
        )
        found = self._connection.execute(wanted.limit(1)).scalar() or ""
        return "" if found in self._company.addresses else found  # a notice to ourselves would never end

    def _drop(self, rows: Sequence[Any]) -> str:
        """Return the company's address that the mail came to, or its first."""
        recipient = t.delivery_recipient.c
        ids = [row.delivery_id for row in rows if row.delivery_id is not None]
        wanted = select(recipient.address).where(
            recipient.company_id == self._company.id, recipient.delivery_id.in_(ids[:1])
        )
        lasting = self._company.lasting or tuple(sorted(self._company.addresses)) or ("",)
        for address in self._connection.execute(wanted).scalars() if ids else ():
            local, _, domain = address.rpartition("@")
            base = f"{local.partition('+')[0]}@{domain}"
            if base in lasting:
                return base
        return lasting[0]


def _choice(number: int, deal: Any, user_id: int, people: tuple[str, ...], hints: str) -> Choice:
    if deal is None:  # deleted since; the number keeps its place
        return Choice("", number)
    shared = _SHARED_WORDS.search(hints)
    words = tuple(word.strip() for word in shared[1].split(",")) if shared else ()
    return Choice(
        deal.title or deal.external_id,
        number,
        deal.external_id,
        people,
        deal.owner_id == user_id,
        words,
        deal.updated_at,
    )


def with_reference(stores: Stores, letter: Letter) -> Letter:
    """Name the mail that a letter speaks of, where its user sent in just that one."""
    items = [item for item in letter.items if item.delivery_id is not None]
    if len(letter.items) != 1 or not items or items[0].reason in _OF_OTHERS:
        return letter
    delivery = t.delivery.c
    wanted = select(delivery.raw_sha256).where(
        delivery.company_id == letter.company_id, delivery.id == items[0].delivery_id
    )
    with reading(stores.database) as connection:
        sha256 = connection.execute(wanted).scalar()
    if sha256 is None:
        return letter
    try:
        raw = read_raw(stores.spool, stores.folder, letter.company_id, sha256)
    except StoreUnavailableError:
        return letter
    return replace(letter, in_reply_to=own_id(raw))


def own_id(raw: bytes) -> str:
    """Return a mail's Message-ID as its author's program wrote it, for comparing it is case that counts."""
    head = raw[: 256 * 1024].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    named = [value for name, value in fields(head + b"\n\n") if name == b"message-id"]
    found = _MESSAGE_ID.fullmatch(named[0].strip()) if len(named) == 1 else None
    return found[0].decode("ascii") if found else ""
