"""Conversations put together anew from what stands: after a setting has changed, or for a check.

A conversation is a function of its messages and of what users said (data.md 1.2), so the database can be held
against that function at any time. All of it goes a piece at a time, each in a transaction of its own: mail is
filed in between.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, insert, select, text

from bccd.model.plan import Regroup
from bccd.model.strand import Strand
from bccd.rules.announce import merged, splits_and_merges
from bccd.rules.component import Grouping, group, regroup_of
from bccd.store import audiences, handed
from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.reads import directory_snapshot
from bccd.store.regroup import cut, write_regroup
from bccd.store.ties import marks_of, splits_on_subject, strands_of, token_homes, with_kin
from bccd.store.uow import Clocked, clocked

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # nothing is written
PIECE = 500  # conversations looked at together

# What a merge left behind; none ever does, but for somebody else's hand in the tables.
_LEFT = (
    select(t.conversation.c.merged_into, t.conversation.c.id, t.message.c.id)
    .join_from(
        t.conversation,
        t.message,
        (t.message.c.company_id == t.conversation.c.company_id)
        & (t.message.c.conversation_id == t.conversation.c.id),
    )
    .order_by(t.message.c.id)
)
_BRING = (
    text(
        "UPDATE message SET conversation_id = :home, change_seq = :seq"
        " WHERE company_id = :company AND id = :id"
    ),
    text(
        "UPDATE link SET conversation_id = :home"
        " WHERE company_id = :company AND conversation_id = :before AND message_id = :id"
    ),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Messages of a conversation that belong elsewhere; none where only what later mail will join differs."""

    company_id: int
    conversation_id: int
    messages: tuple[int, ...]
    home: int  # 0 for a conversation that does not stand yet


def rethread(engine: Engine, company_id: int, now: datetime, after: int = 0) -> tuple[list[Difference], int]:
    """Put some of a company's conversations together anew: those with the next ids after `after`.

    Returns what moved, and the `after` of the next call; 0 where none is left.
    """
    with clocked(engine, company_id) as work:
        piece = _next(work.connection, company_id, after)
        if not piece:
            return [], 0
        moved = _bring_back(work, piece, now)
        found = _regroup(work, with_kin(work.connection, company_id, piece), now)
        return [*moved, *_moves(company_id, found)], piece[-1]


def would_move(engine: Engine, company_id: int) -> Iterator[Difference]:
    """Tell what rethread would do, and change nothing."""
    after, seen = 0, set[int]()
    while True:
        with reading(engine) as connection:
            piece = _next(connection, company_id, after)
            if not piece:
                return
            whole = with_kin(connection, company_id, set(piece) - seen)
            made, strands = _group(connection, company_id, whole)
            found = _left_behind(connection, company_id, piece)
        after, seen = piece[-1], seen | whole
        yield from found
        yield from _moves(company_id, regroup_of(made, strands, whole, NEVER))


def check(engine: Engine, company_id: int, pause: Callable[[], bool] = lambda: False) -> Iterator[Difference]:
    """Hold a company's conversations against the function, some at a time; yields where they differ.

    What differs in a piece is looked at once more, with all that hangs together with it, before it is told.
    `pause` is called between two pieces, and ends the check where it returns true.
    """
    after, told = 0, set[Difference]()
    while True:
        with reading(engine) as connection:
            piece = _next(connection, company_id, after)
            if not piece:
                return
            suspects = {one.conversation_id for one in _differences(connection, company_id, piece)}
        after = piece[-1]
        if suspects:
            with reading(engine) as connection:
                whole = with_kin(connection, company_id, suspects)
                found = [one for one in _differences(connection, company_id, whole) if one not in told]
            told |= set(found)
            yield from found
        if pause():
            return


def _next(connection: Connection, company_id: int, after: int) -> list[int]:
    """Return the living conversations with the next ids."""
    c = t.conversation.c
    living = select(c.id).where(c.company_id == company_id, c.merged_into.is_(None), c.id > after)
    return list(connection.execute(living.order_by(c.id).limit(PIECE)).scalars())


def _group(
    connection: Connection, company_id: int, conversations: Collection[int]
) -> tuple[Grouping, list[Strand]]:
    """Ask the function where the messages of these conversations belong; new ones get ids below 0."""
    strands, overrides = strands_of(connection, company_id, conversations)
    ids = iter(range(-1, -len(strands) - 1, -1))
    split = splits_on_subject(connection, company_id)
    marks = marks_of(connection, company_id, strands)
    made = group(strands, overrides, lambda: next(ids), split_on_subject=split, broadcasts=marks)
    return made, strands


def _regroup(work: Clocked, conversations: Collection[int], now: datetime) -> Regroup:
    """Put the messages of these conversations together anew and write where they go."""
    strands, overrides = strands_of(work.connection, work.company_id, conversations)
    split = splits_on_subject(work.connection, work.company_id)
    marks = marks_of(work.connection, work.company_id, strands)
    made = group(strands, overrides, work.take_id, split_on_subject=split, broadcasts=marks)
    found = regroup_of(made, strands, conversations, now)
    if found.started:
        rows = [
            {"company_id": work.company_id, "id": new.id, "created_at": now, "by_hand": False}
            for new in found.started
        ]
        work.connection.execute(insert(t.conversation), rows)
    work.tell(splits_and_merges(found), now)
    write_regroup(work.connection, work.company_id, found, work.change_seq)
    changed = {id_ for _, before, home in found.moved for id_ in (before, home)}
    audiences.work_out(work.connection, work.company_id, changed)
    for some in cut(changed):
        handed.work_out(work.connection, work.company_id, some)
    return found


def _bring_back(work: Clocked, conversations: Collection[int], now: datetime) -> list[Difference]:
    """Move messages out of conversations that were merged into these."""
    left = _left_behind(work.connection, work.company_id, conversations)
    rows = [
        {"company": work.company_id, "home": one.home, "before": one.conversation_id, "id": id_}
        | {"seq": work.change_seq}
        for one in left
        for id_ in one.messages
    ]
    for statement in _BRING if rows else ():
        work.connection.execute(statement, rows)
    work.tell([merged(one.conversation_id, one.home) for one in left], now)
    changed = {id_ for one in left for id_ in (one.conversation_id, one.home)}
    audiences.work_out(work.connection, work.company_id, changed)
    handed.work_out(work.connection, work.company_id, changed)
    return left


def _left_behind(connection: Connection, company_id: int, conversations: Collection[int]) -> list[Difference]:
    """Return messages that stand in a conversation which has become part of one of these."""
    c = t.conversation.c
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for some in cut(conversations):
        wanted = _LEFT.where(c.company_id == company_id, c.merged_into.in_(some))
        for home, before, id_ in connection.execute(wanted):
            found[before, home].append(id_)
    return [Difference(company_id, before, tuple(ids), home) for (before, home), ids in sorted(found.items())]


def _differences(connection: Connection, company_id: int, piece: Collection[int]) -> list[Difference]:
    by_hand = _by_hand(connection, company_id, piece)
    # Whether a split reaches farther shows only in all that hangs together with it.
    whole = {*piece, *with_kin(connection, company_id, by_hand)} if by_hand else set(piece)
    made, strands = _group(connection, company_id, whole)
    moves = _moves(company_id, regroup_of(made, strands, whole, NEVER))
    # What ties a message to another conversation, outside the piece: a token that leads there.
    standing = token_homes(connection, company_id, {token[0] for token, _ in made.tokens})
    leads = {(home, standing.get(token, 0)) for token, home in made.tokens if home > 0}
    marked = _by_hand(connection, company_id, whole) ^ {home for home in made.by_hand if home > 0}
    others = {pair for pair in leads if pair[0] != pair[1]} | {(home, home) for home in marked}
    return [
        *_left_behind(connection, company_id, piece),
        *moves,
        *(Difference(company_id, home, (), other) for home, other in sorted(others)),
    ]


def _by_hand(connection: Connection, company_id: int, conversations: Collection[int]) -> set[int]:
    c = t.conversation.c
    found: set[int] = set()
    for some in cut(conversations):
        split = select(c.id).where(c.company_id == company_id, c.id.in_(some), c.by_hand)
        found |= set(connection.execute(split).scalars())
    return found


def _moves(company_id: int, found: Regroup) -> list[Difference]:
    moved: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for message_id, before, home in found.moved:
        moved[before, home].append(message_id)
    return [
        Difference(company_id, before, tuple(ids), max(home, 0))
        for (before, home), ids in sorted(moved.items())
    ]


def check_conversations(stores: Stores, pause: Callable[[], bool]) -> int:
    """Hold each company's conversations against the function that they are; returns how many differ.

    Nothing is changed. `pause` is called between two pieces, and ends the check where it returns true.
    """
    differing = 0
    for company in directory_snapshot(stores.database).companies.values():
        found = {one.conversation_id for one in check(stores.database, company.id, pause)}
        if found:
            structlog.get_logger().warning(
                "conversations_differ",
                company=company.id,
                conversation=min(found),
                count=len(found),
                run=f"bccd rethread --company {company.slug} --dry-run",
            )
        differing += len(found)
    return differing
