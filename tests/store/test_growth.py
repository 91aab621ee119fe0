"""What one more mail costs, counted in steps of SQLite's machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from bccd.store.engine import Stores
from bccd.store.uow import SqlWorks
from bccd.testing import fill
from bccd.testing.build import NOON
from tests.store.plans import Filed, filed, world


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
