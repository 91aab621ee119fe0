"""A rehearsal leaves no trace: with or without it, every row but the answer is the same."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from bccd.model.delivery import Mail
from bccd.model.envelope import Tag, Target
from bccd.testing import MemoryStore
from tests.examples import some
from tests.properties.test_pipeline_properties import (
    Draft,
    Open,
    OpenAny,
    file_all,
    mail,
    memory,
    postgresql,
    rows,
    some_drafts,
    sqlite,
    table_rows,
)

__all__ = ["postgresql", "sqlite"]
_TEST = Target("crm+test@drop.example", 1, Tag.TEST)
_FIRST = 1_000_000  # deliveries of rehearsals


@st.composite
def with_rehearsals(draw: st.DrawFn) -> tuple[list[Mail], list[Mail]]:
    """Return mails, and the same with rehearsals in between, of the same mails and of others."""
    drafts = draw(some_drafts())
    plain = [mail(number, draft) for number, draft in enumerate(drafts, 1)]
    pool = [draft for draft in [*drafts, *draw(some_drafts())] if not draft.held]
    mixed: list[Mail] = []
    for place, one in enumerate([*plain, None]):
        asked = draw(st.lists(st.sampled_from(pool), max_size=2)) if pool else []
        mixed += [_rehearsal(_FIRST + 10 * place + number, draft) for number, draft in enumerate(asked)]
        mixed += [one] if one else []
    return plain, mixed


def _rehearsal(number: int, draft: Draft) -> Mail:
    made = mail(number, draft)
    return replace(made, delivery=replace(made.delivery, targets=(_TEST, *made.delivery.targets)))


def _check(opened: OpenAny, mails: tuple[list[Mail], list[Mail]], sizes: list[int]) -> None:
    plain, mixed = mails
    with opened() as without, opened() as store:
        file_all(without, plain, [])
        file_all(store, mixed, sizes)
        answers = [row for row in table_rows(store)["outbox"] if row["reason"] == "rehearsal"]
        assert _but_answers(store) == _but_answers(without)
    asked = [one.delivery for one in mixed if one.delivery.id >= _FIRST]
    assert {row["id"] for row in answers} <= {one.id for one in asked}
    senders = {one.id: one.sender for one in asked}
    for row in answers:
        sender = senders[row["id"]]
        assert sender is not None
        assert (row["user_id"], row["address"]) == (sender.user_id, sender.address)


def _but_answers(store: Engine | MemoryStore) -> object:
    found = rows(store)
    found["outbox"] = [row for row in found["outbox"] if "rehearsal" not in row]
    return found


_SIZES = st.lists(st.integers(1, 4), max_size=6)


@some(25)
@given(mails=with_rehearsals(), sizes=_SIZES)
def test_in_memory(mails: tuple[list[Mail], list[Mail]], sizes: list[int]) -> None:
    """Whatever the batches, the rows are those of the mails without rehearsals, ids included."""
    _check(memory, mails, sizes)


@some(8)
@given(mails=with_rehearsals(), sizes=_SIZES)
def test_on_sqlite(sqlite: Open, mails: tuple[list[Mail], list[Mail]], sizes: list[int]) -> None:
    """The same in SQLite."""
    _check(sqlite, mails, sizes)


@pytest.mark.db
@some(3)
@given(mails=with_rehearsals(), sizes=_SIZES)
def test_on_postgresql(
    postgresql: Open,
    mails: tuple[list[Mail], list[Mail]],
    sizes: list[int],
) -> None:
    """The same in PostgreSQL."""
    _check(postgresql, mails, sizes)
