"""Conversations put together anew from what stands: for a user's split or merge, a setting, or a check.

A conversation is a function of its messages and of what users said (data.md 1.2), so the database can be held
against that function at any time, a piece at a time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from bccd.model.plan import Regroup
from bccd.rules.announce import splits_and_merges
from bccd.rules.component import group, regroup_of
from bccd.store import audiences, handed
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.regroup import write_regroup
from bccd.store.ties import marks_of, strands_of, token_homes, with_kin
from bccd.store.uow import Clocked, clocked

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # nothing is written
PIECE = 500  # conversations looked at together


@dataclass(frozen=True, slots=True)
class Difference:
    """Messages of a conversation that belong elsewhere."""

    company_id: int
    conversation_id: int
    messages: tuple[int, ...]
    home: int  # 0 for a conversation that does not stand yet


def regroup(
    work: Clocked, conversations: Collection[int], now: datetime, *, split_on_subject: bool
) -> Regroup:
    """Put the messages of these conversations together anew and write where they go; tells what happened."""
    conversations = with_kin(work.connection, work.company_id, conversations)
    strands, overrides = strands_of(work.connection, work.company_id, conversations)
    marks = marks_of(work.connection, work.company_id, strands)
    made = group(strands, overrides, work.take_id, split_on_subject=split_on_subject, broadcasts=marks)
    found = regroup_of(made, strands, conversations, now)
    if found.started:
        rows = [
            {"company_id": work.company_id, "id": new.id, "created_at": now, "by_hand": False}
            for new in found.started
        ]
        work.connection.execute(insert(t.conversation), rows)
    work.tell(splits_and_merges(found), now)
    write_regroup(work.connection, work.company_id, found, work.change_seq)
    lost = {loser for loser, _ in found.merged}
    concerned = {*conversations, *(new.id for new in found.started)}
    audiences.work_out(work.connection, work.company_id, concerned | lost)
    handed.work_out(work.connection, work.company_id, concerned | lost)
    return found


def rethread(engine: Engine, company_id: int, now: datetime, *, split_on_subject: bool) -> list[Difference]:
    """Put all of a company's conversations together anew, in one transaction; returns what moved.

    Needed after the setting split_on_subject has changed. All that ties the company's mail is held in memory.
    """
    with clocked(engine, company_id) as work:
        everything = work.connection.execute(_living(company_id)).scalars().all()
        found = regroup(work, everything, now, split_on_subject=split_on_subject)
        return _differences(company_id, found)


def would_move(engine: Engine, company_id: int, now: datetime, *, split_on_subject: bool) -> list[Difference]:
    """Tell what rethread would do, and change nothing."""
    with reading(engine) as connection:
        everything = connection.execute(_living(company_id)).scalars().all()
        strands, overrides = strands_of(connection, company_id, everything)
        ids = iter(range(-1, -len(strands) - 1, -1))
        made = group(strands, overrides, lambda: next(ids), split_on_subject=split_on_subject)
    return _differences(company_id, regroup_of(made, strands, everything, now))


def check(engine: Engine, company_id: int, *, split_on_subject: bool) -> Iterator[Difference]:
    """Hold a company's conversations against the function, some at a time; yields where they differ.

    A piece is read in a transaction of its own, so filing goes on; what moves meanwhile is looked at again.
    """
    after = 0
    while True:
        with reading(engine) as connection:
            wanted = _living(company_id).where(t.conversation.c.id > after).limit(PIECE)
            piece = connection.execute(wanted).scalars().all()
            if not piece:
                return
            found = _differences_of(connection, company_id, piece, split_on_subject=split_on_subject)
        after = piece[-1]
        yield from found


def _differences_of(
    connection: Connection, company_id: int, piece: Collection[int], *, split_on_subject: bool
) -> list[Difference]:
    if _any_by_hand(connection, company_id, piece):  # whether a split reaches farther shows in its kin alone
        piece = with_kin(connection, company_id, piece)
    strands, overrides = strands_of(connection, company_id, piece)
    marks = marks_of(connection, company_id, strands)
    ids = iter(range(-1, -len(strands) - 1, -1))
    made = group(strands, overrides, lambda: next(ids), split_on_subject=split_on_subject, broadcasts=marks)
    found = _differences(company_id, regroup_of(made, strands, piece, NEVER))
    # What ties a message to another conversation, outside the piece: a token that leads there.
    standing = token_homes(connection, company_id, [token[0] for token, _ in made.tokens])
    apart = defaultdict(set)
    for token, home in made.tokens:
        if home > 0 and standing.get(token, 0) != home:
            apart[home].add(standing.get(token, 0))
    return found + [
        Difference(company_id, home, (), other)
        for home, others in sorted(apart.items())
        for other in sorted(others)
    ]


def _any_by_hand(connection: Connection, company_id: int, conversations: Collection[int]) -> bool:
    split = select(t.conversation.c.id).where(
        t.conversation.c.company_id == company_id,
        t.conversation.c.id.in_(conversations),
        t.conversation.c.by_hand,
    )
    return connection.execute(split.limit(1)).first() is not None


def _living(company_id: int) -> Any:
    return (
        select(t.conversation.c.id)
        .where(t.conversation.c.company_id == company_id, t.conversation.c.merged_into.is_(None))
        .order_by(t.conversation.c.id)
    )


def _differences(company_id: int, found: Regroup) -> list[Difference]:
    moved: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for message_id, before, home in found.moved:
        moved[before, max(home, 0)].append(message_id)
    return [Difference(company_id, before, tuple(ids), home) for (before, home), ids in sorted(moved.items())]
