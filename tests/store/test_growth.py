"""What one more mail costs, counted in steps of SQLite's machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from bccd.model.facts import Query, Verdict
from bccd.model.plan import LinkState
from bccd.store.engine import Stores
from bccd.store.uow import SqlWorks
from bccd.testing import fill
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, OPEN, OTHER, Filed, filed, key, world


@contextmanager
def counted(stores: Stores) -> Iterator[list[int]]:
    """Count the steps of SQLite's machine, by the ten: what work costs, on however busy a machine."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, 10)

    event.listen(stores.database, "begin", begin)
    yield steps
    event.remove(stores.database, "begin", begin)


def cost(stores: Stores, number: int) -> int:
    """Return what it costs to write one more message into conversation 1010."""
    got, plan = filed(number, 1000 + 10 * number, conversation=1010)
    with counted(stores) as steps, SqlWorks(stores.database)(1) as work:
        work.apply([got], [plan], NOON)
        work.commit()
    return steps[0]


def put(stores: Stores, batch: list[Filed]) -> None:
    """File a batch."""
    with SqlWorks(stores.database)(1) as work:
        work.apply([it for it, _ in batch], [plan for _, plan in batch], NOON)
        work.commit()


def test_writing_costs_the_same_in_long_conversations(stores: Stores) -> None:
    """One more message costs a conversation of three thousand what it costs one of ten."""
    fill(stores, world())
    more = [filed(number, 1000 + 10 * number, conversation=1010) for number in range(2, 3_000)]
    put(stores, [filed(1, 1010, tokens=("t1",)), *more[:9]])
    short = cost(stores, 4_000)
    put(stores, more[9:])
    assert cost(stores, 4_001) < 1.5 * short


def asked(stores: Stores, *deal_tags: str) -> tuple[Verdict, ...]:
    """Return what Anna and Bert were asked in conversation 1010, as a mail's facts tell it."""
    named = frozenset(deal_tags)
    with SqlWorks(stores.database)(1) as work:
        query = Query(tokens=frozenset({key("t1")}), deal_tags=named, users=frozenset({ANNA, BERT}))
        return work.gather(query).verdicts[1010]


@on_every_database
def test_a_question_is_told_once_however_many_messages_carry_it(stores: Stores) -> None:
    """Of forty messages with a choice of two deals an answer hears of each deal, for whom it may be."""
    fill(stores, world())
    more = [
        filed(
            number, 1000 + 10 * number, conversation=1010, deal=(OPEN, OTHER)[number % 2],
            state=LinkState.SUGGESTED, owner=BERT if number == 7 else ANNA, shared=number != 7,
        )
        for number in range(2, 42)
    ]  # fmt: skip
    put(stores, [filed(1, 1010, tokens=("t1",)), *more])
    brief, each = asked(stores), asked(stores, "8")
    assert len(each) > 2 * 39
    assert sorted((said.deal_id, said.viewer) for said in brief) == sorted(
        {(said.deal_id, said.viewer) for said in each}
    )
    assert {(said.deal_id, said.viewer) for said in brief} >= {(OPEN, 0), (OTHER, ANNA), (OTHER, BERT)}
