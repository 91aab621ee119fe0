"""What a command is about, read for its actor: nothing that he may not see is in it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from bccd.model.answer import StandingNotice
from bccd.model.command import (
    Arguments,
    Item,
    ItemKind,
    LinkScope,
    Named,
    Scene,
    StandingCopy,
    StandingDelivery,
    StandingItem,
    StandingLink,
    StandingMessage,
)
from bccd.model.crm import DealStatus
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.plan import LinkOrigin, LinkState
from bccd.store import tables as t
from bccd.store.answers import standing_notice
from bccd.store.peoplescene import PeopleReader
from bccd.store.rows import Evidence
from bccd.store.watch import cut

_TABLES = {ItemKind.CONTACT: t.contact, ItemKind.ORGANISATION: t.organisation, ItemKind.DEAL: t.deal}


class Scenes:
    """Reads for one actor of one company, over a connection that holds the company's clock."""

    def __init__(
        self, connection: Connection, company_id: int, actor_id: int, people: PeopleReader | None = None
    ) -> None:
        self._connection = connection
        self._company_id = company_id
        self._actor_id = actor_id
        self._people = people

    def is_user(self) -> bool:
        """Tell whether the actor may act: an active user, no team."""
        user = t.app_user.c
        wanted = select(user.id).where(
            user.company_id == self._company_id, user.id == self._actor_id, user.active, ~user.is_team
        )
        return self._connection.execute(wanted).first() is not None

    def gather(self, given: Arguments, *, whole: bool) -> Scene:
        """Read what the arguments name; where `whole` is meant, all of its conversations."""
        notice = self._notice(given.notice)
        asked = notice.offered.questions if notice and whole else ()
        said = notice.answered.links if notice and notice.answered and not whole else ()
        living = self._living([*given.conversations, *(one.conversation_id for one in asked)])
        about = {
            *given.messages,
            *(question.message_id for question in asked),
            *(link.message_id for link in said),
        }
        messages = self._messages(t.message.c.id, about)
        homes = {it.conversation_id for it in messages.values()} if whole else set[int]()
        messages |= self._messages(t.message.c.conversation_id, homes | set(living.values()))
        seen = {it.conversation_id for it in messages.values()}
        return Scene(
            self._actor_id,
            dict(sorted(messages.items(), key=lambda pair: (pair[1].sort_at, pair[0]))),
            {named: lives for named, lives in living.items() if lives in seen},
            self._items(
                [
                    *(item for item in (given.item, given.origin) if item is not None),
                    *(Named(ItemKind.DEAL, deal) for question in asked for deal in question.deals),
                ]
            ),
            self._deliveries(given.delivery),
            {given.notice: notice} if given.notice is not None and notice else {},
            self._people.read(given) if self._people else None,
        )

    def _notice(self, notice_id: int | None) -> StandingNotice | None:
        if notice_id is None:
            return None
        return standing_notice(self._connection, self._company_id, self._actor_id, notice_id)

    # ---- messages ----------------------------------------------------------------------------------------

    def _living(self, ids: Collection[int]) -> dict[int, int]:
        """Return what these conversations are now."""
        it = t.conversation.c
        wanted = select(it.id, func.coalesce(it.merged_into, it.id)).where(
            it.company_id == self._company_id, it.id.in_(ids)
        )
        return {named: lives for named, lives in self._connection.execute(wanted)} if ids else {}  # noqa: C416

    def _messages(self, column: ColumnElement[int], ids: Collection[int]) -> dict[int, StandingMessage]:
        """Return those of the messages that the actor may see."""
        m, mine = t.message.c, self._mine()
        wanted = select(m.id, m.conversation_id, m.sort_at).where(
            m.company_id == self._company_id, or_(and_(m.shared, m.linked), mine)
        )
        rows = [row for some in cut(ids) for row in self._connection.execute(wanted.where(column.in_(some)))]
        copies, links = self._copies(row.id for row in rows), self._links(rows)
        marks = self._marks([row.id for row in rows])
        return {
            row.id: StandingMessage(
                row.id,
                row.conversation_id,
                row.sort_at,
                tuple(copies[row.id]),
                tuple(links[row.id]),
                *marks.get(row.id, (False, False)),
            )
            for row in rows
        }

    def _mine(self) -> ColumnElement[bool]:
        """Ask whether the actor holds a copy."""
        c = t.message_copy.c
        of_message = (c.company_id == t.message.c.company_id, c.message_id == t.message.c.id)
        return exists().where(*of_message, c.owner_id == self._actor_id)

    def _copies(self, ids: Iterable[int]) -> defaultdict[int, list[StandingCopy]]:
        c = t.message_copy.c
        wanted = select(c.id, c.message_id, c.owner_id, c.sharing).where(c.company_id == self._company_id)
        found: defaultdict[int, list[StandingCopy]] = defaultdict(list)
        for some in cut(set(ids)):
            for row in self._connection.execute(wanted.where(c.message_id.in_(some)).order_by(c.id)):
                copy = StandingCopy(row.id, row.owner_id, Sharing(row.sharing))
                found[row.message_id].append(copy)
        return found

    def _links(self, messages: Iterable[Any]) -> defaultdict[int, list[StandingLink]]:
        listed = list(messages)
        found: defaultdict[int, list[StandingLink]] = defaultdict(list)
        homes = {row.conversation_id for row in listed}  # the index leads with them
        wanted = select(t.link).where(t.link.c.company_id == self._company_id)
        for some in cut({row.id for row in listed}):
            of = (t.link.c.conversation_id.in_(homes), t.link.c.message_id.in_(some))
            for row in self._connection.execute(wanted.where(*of).order_by(t.link.c.id)):
                found[row.message_id].append(_link(row))
        return found

    def _marks(self, ids: Collection[int]) -> dict[int, tuple[bool, bool]]:
        s = t.message_user_state.c
        wanted = select(s.message_id, s.seen_at, s.flagged_at).where(
            s.company_id == self._company_id, s.user_id == self._actor_id
        )
        rows = [
            row for some in cut(ids) for row in self._connection.execute(wanted.where(s.message_id.in_(some)))
        ]
        return {row.message_id: (row.seen_at is not None, row.flagged_at is not None) for row in rows}

    # ---- the rest ----------------------------------------------------------------------------------------

    def _items(self, named: Iterable[Named]) -> dict[Named, StandingItem]:
        found = {}
        for name in named:
            table = _TABLES[name.kind]
            column = table.c.id if isinstance(name.name, int) else table.c.external_id
            wanted = select(table).where(table.c.company_id == self._company_id, column == name.name)
            row = self._connection.execute(wanted).one_or_none()
            if row is not None:
                found[name] = self._item(name.kind, row)
        return found

    def _item(self, kind: ItemKind, row: Any) -> StandingItem:
        """Return what a row is; of a contact that became part of another, that one."""
        match kind:
            case ItemKind.CONTACT:
                id_ = row.merged_into or row.id
                return StandingItem(Item(kind, id_), rivals=self._rivals(id_))
            case ItemKind.DEAL:
                return StandingItem(Item(kind, row.id), DealStatus(row.status), title=row.title)
            case _:
                return StandingItem(Item(kind, row.id))

    def _rivals(self, contact_id: int) -> frozenset[int]:
        """Return the contacts who have an address of his."""
        a, other = t.contact_address.c, t.contact_address.alias("other").c
        wanted = select(other.contact_id).where(
            a.company_id == self._company_id,
            a.contact_id == contact_id,
            other.company_id == a.company_id,
            other.address == a.address,
            other.contact_id != a.contact_id,
        )
        return frozenset(self._connection.execute(wanted).scalars())

    def _deliveries(self, delivery_id: int | None) -> dict[int, StandingDelivery]:
        """Return a delivery of the actor's or of a team of his; nobody else's is any of his business."""
        d, m = t.delivery.c, t.team_member.c
        teams = select(m.team_id).where(m.company_id == self._company_id, m.user_id == self._actor_id)
        wanted = select(d.id, d.state, d.reason, d.always, d.user_id, d.evidence).where(
            d.company_id == self._company_id,
            d.id == delivery_id,
            d.reason != "expired",
            or_(d.user_id == self._actor_id, d.user_id.in_(teams)),
        )
        rows = self._connection.execute(wanted).all() if delivery_id is not None else ()
        return {
            row.id: StandingDelivery(
                row.id, DeliveryState(row.state), row.reason, row.always, claimed=self._is_claimed(row)
            )
            for row in rows
        }

    def _is_claimed(self, row: Any) -> bool:
        """Tell whether the author's address is not proven to be the user's for whom a mail is held."""
        held = msgspec.json.decode(row.evidence, type=Evidence).held
        a = t.user_address.c
        wanted = select(a.address).where(
            a.company_id == self._company_id,
            a.address == (held.address if held else ""),
            a.user_id == row.user_id,
            or_(a.kind == "login", a.confirmed_at.is_not(None)),
        )
        return held is not None and self._connection.execute(wanted).first() is None


def _link(row: Any) -> StandingLink:
    kind, id_ = next((kind, id_) for kind in ItemKind if (id_ := getattr(row, f"{kind}_id")) is not None)
    return StandingLink(
        row.id,
        Item(kind, id_),
        LinkState(row.state),
        LinkOrigin(row.origin),
        LinkScope(row.scope),
        row.actor_id,
        row.decided_at,
        row.rule,
    )
