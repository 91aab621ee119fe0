"""Who sees a message before and after it is changed, and the events that tell each of them.

Whoever changes copies, links or places of stored messages does it inside `watching`: what follows from the
change is then worked out in one place, and nobody is told of mail that he may not see.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, select, text, update

from bccd.model.events import EventKind
from bccd.model.plan import Change
from bccd.store import audiences, handed
from bccd.store import tables as t
from bccd.store.uow import Clocked

T = TypeVar("T", int, bytes)

MAX_LIST = 10_000  # values in one IN list
EVERYONE = 0

_company: Any = bindparam("company")
_ids: Any = bindparam("ids", expanding=True)
_MESSAGES = select(t.message.c.id, t.message.c.conversation_id, t.message.c.shared, t.message.c.linked).where(
    t.message.c.company_id == _company, t.message.c.id.in_(_ids)
)
_HOLDERS = select(t.message_copy.c.message_id, t.message_copy.c.owner_id).where(
    t.message_copy.c.company_id == _company, t.message_copy.c.message_id.in_(_ids)
)
_FLAGS = text(
    """
    UPDATE message SET
        shared = EXISTS (SELECT 1 FROM message_copy c WHERE c.company_id = message.company_id
            AND c.message_id = message.id AND c.sharing = 'shared'),
        linked = EXISTS (SELECT 1 FROM link l WHERE l.company_id = message.company_id
            AND l.conversation_id = message.conversation_id AND l.message_id = message.id
            AND l.state = 'active' AND l.organisation_id IS NULL)
    WHERE company_id = :company AND id IN :ids
    """
).bindparams(_ids)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message is, and who sees it there."""

    conversation_id: int
    is_open: bool  # to everyone in the company
    holders: frozenset[int] = frozenset()  # users who have a copy

    def audience(self) -> list[int]:
        return [EVERYONE] if self.is_open else sorted(self.holders)


@dataclass(frozen=True, slots=True)
class _Note:
    """An event for whoever sees the message both before and after."""

    kind: EventKind
    entity_id: int | None
    user_id: int | None  # for him alone; None for all


@dataclass(slots=True)
class Watched:
    """What is being changed; notes become events once it is known who may read them."""

    notes: defaultdict[int, list[_Note]] = field(default_factory=lambda: defaultdict(list))
    changes: list[Change] = field(default_factory=list)  # that stand behind all others
    erased: set[int] = field(default_factory=set)

    def note(
        self, kind: EventKind, message_id: int, *, entity_id: int | None = None, user_id: int | None = None
    ) -> None:
        """Have an event told about a message, to one user or to all who see it before and after."""
        self.notes[message_id].append(_Note(kind, entity_id, user_id))


@contextmanager
def watching(
    work: Clocked, now: datetime, message_ids: Collection[int], actor_id: int | None = None
) -> Iterator[Watched]:
    """Let the block change these messages, then settle everything that follows from it.

    Afterwards: the flags of the messages, the deals and audiences of their conversations, events.
    """
    before = _places(work.connection, work.company_id, message_ids)
    watched = Watched()
    yield watched
    for ids in cut(message_ids):
        work.connection.execute(_FLAGS, {"company": work.company_id, "ids": ids})
    after = _places(work.connection, work.company_id, message_ids)
    changes = [
        change for id_ in sorted(before) for change in _told(id_, before[id_], after[id_], watched, actor_id)
    ]
    _mark(work, changes)
    work.tell([*changes, *watched.changes], now)
    touched = {place.conversation_id for place in (*before.values(), *after.values())}
    for some in cut(touched):
        handed.work_out(work.connection, work.company_id, some)
    audiences.work_out(work.connection, work.company_id, touched)


def _places(connection: Connection, company_id: int, message_ids: Collection[int]) -> dict[int, _Place]:
    rows: dict[int, Any] = {}
    holders: defaultdict[int, set[int]] = defaultdict(set)
    for ids in cut(message_ids):
        given = {"company": company_id, "ids": ids}
        rows |= {row.id: row for row in connection.execute(_MESSAGES, given)}
        for message_id, user_id in connection.execute(_HOLDERS, given):
            holders[message_id].add(user_id)
    return {
        id_: _Place(row.conversation_id, bool(row.shared and row.linked), frozenset(holders[id_]))
        for id_, row in rows.items()
    }


def _told(
    id_: int, before: _Place, after: _Place, watched: Watched, actor_id: int | None
) -> Iterator[Change]:
    """Tell each audience what happened to one message, as far as it may know."""
    home = after.conversation_id
    if id_ in watched.erased:
        for audience in before.audience():
            yield Change(EventKind.MESSAGE_ERASED, audience, before.conversation_id, entity_id=id_)
        return
    yield from _lost(id_, before, after)
    gained = _gained(before, after)
    for audience in gained:
        yield Change(EventKind.MESSAGE_ADDED, audience, home, id_, actor_id=actor_id)
    knowing = [one for one in after.audience() if one not in gained]
    for note in watched.notes[id_]:
        for audience in knowing if note.user_id is None else _his(note.user_id, knowing, after):
            yield Change(note.kind, audience, home, id_, note.entity_id, actor_id)
    if before.conversation_id != home and not watched.notes[id_]:
        for audience in knowing:
            yield Change(EventKind.MESSAGE_UPDATED, audience, home, id_, actor_id=actor_id)


def _lost(id_: int, before: _Place, after: _Place) -> Iterator[Change]:
    """Tell who no longer sees it, without content: not even who did it."""
    if after.is_open:
        return
    for audience in [EVERYONE] if before.is_open else sorted(before.holders - after.holders):
        yield Change(EventKind.MESSAGE_HIDDEN, audience, before.conversation_id, entity_id=id_)


def _gained(before: _Place, after: _Place) -> list[int]:
    """Return who must be told that he sees it: also those who see it still, where everyone lost it."""
    if after.is_open:
        return [] if before.is_open else [EVERYONE]
    return sorted(after.holders if before.is_open else after.holders - before.holders)


def _his(user_id: int, knowing: Collection[int], after: _Place) -> list[int]:
    sees = EVERYONE in knowing or user_id in knowing
    return [user_id] if sees and (after.is_open or user_id in after.holders) else []


def _mark(work: Clocked, changes: Sequence[Change]) -> None:
    """Write into each message which event about it will be the last; losing sight counts, too."""
    about = (
        (change.message_id or change.entity_id, seq)
        for seq, change in enumerate(changes, work.change_seq + 1)
    )
    marks = [{"one": id_, "seq": seq} for id_, seq in dict(about).items()]
    if marks:
        m = t.message.c
        mark = update(t.message).where(m.company_id == work.company_id, m.id == bindparam("one"))
        work.connection.execute(mark.values(change_seq=bindparam("seq")), marks)


def cut(values: Collection[T]) -> list[list[T]]:
    """Return the values in lists that a statement may hold."""
    listed = sorted(values)
    return [listed[at : at + MAX_LIST] for at in range(0, len(listed), MAX_LIST)]
