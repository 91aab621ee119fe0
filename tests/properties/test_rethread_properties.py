"""Conversations stand as the function of their messages says, whatever was filed, split and merged before."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bccd.model.command import Detach, Edit, Join
from bccd.store import tables as t
from bccd.store.edits import edit
from bccd.store.engine import reading
from bccd.store.rethread import check, would_move
from bccd.store.uow import clocked
from tests.examples import some
from tests.properties.test_pipeline_properties import (
    NOW,
    Draft,
    Open,
    file_all,
    mail,
    some_drafts,
    sqlite,
)

__all__ = ["sqlite"]  # fixture

Pick = tuple[bool, int, int]  # split or merge, and two numbers that choose messages
picks = st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 30))
DAYS = given(st.lists(st.tuples(some_drafts(), st.lists(picks, max_size=3)), min_size=1, max_size=3))


def homes(engine: Engine) -> list[tuple[int, int]]:
    """Return all messages with their conversations."""
    with reading(engine) as connection:
        wanted = select(t.message.c.id, t.message.c.conversation_id).order_by(t.message.c.id)
        return [(id_, home) for id_, home in connection.execute(wanted)]


def wish(found: list[tuple[int, int]], pick: Pick) -> tuple[str, Edit] | None:
    """Return a split or merge of what stands, as the commands' rules would let it through."""
    splits, one, other = pick
    if not found:
        return None
    (first, home), (second, its) = found[one % len(found)], found[other % len(found)]
    if not splits:
        return ("conversation.merge", Join(first, second)) if home != its else None
    chosen = (first, second) if home == its and first != second else (first,)
    if len(chosen) == sum(at == home for _, at in found):
        return None
    return "conversation.split", Detach(chosen)


def say(engine: Engine, pick: Pick) -> None:
    """Have a user split or merge."""
    said = wish(homes(engine), pick)
    if said is not None:
        kind, one = said
        with clocked(engine, 1) as work:
            edit(work, NOW, 1, kind, [one])


@some(10)
@DAYS
def test_what_is_filed_split_and_merged_stands_as_the_function_says(
    sqlite: Open, days: list[tuple[list[Draft], list[Pick]]]
) -> None:
    """Filing keeps the result of the function up to date: a check finds nothing (data.md 1.2, 1.6)."""
    number = 0
    with sqlite() as engine:
        for drafts, said in days:
            file_all(engine, [mail(number + at, each) for at, each in enumerate(drafts, 1)], [1, 3, 2])
            number += len(drafts)
            for pick in said:
                say(engine, pick)
        assert list(check(engine, 1)) == []
        assert list(would_move(engine, 1)) == []
