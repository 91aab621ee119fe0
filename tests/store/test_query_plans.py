"""On SQLite no answer is found by looking through a table."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bccd.model.delivery import DeliveryState
from bccd.model.directory import Outsider
from bccd.model.envelope import Target
from bccd.store import conversations, entries, outcomes, tracing
from bccd.store.acquaintance import acquaintance
from bccd.store.engine import Stores
from bccd.store.errands import Errands
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks
from bccd.testing import fill, intake_of
from bccd.testing.build import NOON
from tests.store.plans import ANNA, DROP, OPEN, OTHER, ended, filed, key, world
from tests.store.test_commands import offered
from tests.store.test_reading import apply, query
from tests.store.test_waiting import Post


@pytest.fixture
def filled(sqlite: Stores) -> Stores:
    """Return stores with the small world in them."""
    fill(sqlite, world())
    return sqlite


@pytest.fixture
def spool(sqlite: Stores) -> Iterator[GroupSpool]:
    """Return a spool."""
    made = GroupSpool(sqlite.spool, sqlite.folder)
    yield made
    made.close()


# What a list given as a parameter is read as; one with nothing in it as a row that is not there.
LISTS = ("SCAN json_each ", "SCAN place", "SCAN CONSTANT ROW", "SCAN (subquery")


@contextmanager
def watched_plans(
    engine: Engine, statements: tuple[str, ...] = ("SELECT", "UPDATE spool")
) -> Iterator[list[str]]:
    """Collect how SQLite finds the rows of each query, but for those of the few companies."""
    plans: list[str] = []

    def ask(_c: object, cursor: sqlite3.Cursor, sql: str, rows: Any, _context: object, many: bool) -> None:
        given = rows[0] if many else rows
        if sql.startswith(statements) and "FROM company" not in sql.partition("WHERE")[0]:
            steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {sql}", given).fetchall()
            plans.extend(
                step[3]
                for step in steps
                if step[3].startswith(("SCAN", "SEARCH")) and not step[3].startswith(LISTS)
            )

    event.listen(engine, "before_cursor_execute", ask)
    yield plans
    event.remove(engine, "before_cursor_execute", ask)


CUT = ("SCAN own", "SCAN shared")  # the two lists of the conversation page, no longer than the page


def slow(plans: list[str]) -> list[str]:
    """Return the steps that read all rows of a company or of a table; companies themselves are few."""
    return [
        plan
        for plan in plans
        if (plan.startswith("SCAN") or plan.endswith("(company_id=?)"))
        and "company" not in plan.split()[1]
        and plan not in CUT
    ]


def test_no_fact_is_found_by_looking_through_a_table(filled: Stores) -> None:
    """Each statement of gather is led to its rows by more than the company, so old mail costs nothing."""
    apply(filled, *(filed(n, 1000 + 10 * n, tokens=(f"t{n}",)) for n in range(1, 9)))
    works = SqlWorks(filled.database)
    with works(1):
        pass  # reads the directory, which is few rows, and not once more until it changes
    with watched_plans(filled.database) as plans, works(1) as work:
        work.gather(query(8))
    assert len(plans) > 12
    assert slow(plans) == []


def test_no_answer_is_found_by_looking_through_a_table(filled: Stores, spool: GroupSpool) -> None:
    """Nor is what a front end or the command line asks for, nor what the filer claims."""
    apply(filled, *(filed(n, 1000 + 10 * n) for n in range(1, 9)))
    with watched_plans(filled.database) as plans:
        conversations.conversation(filled.database, 1, ANNA, 1010)
        conversations.conversations(filled.database, 1, ANNA)
        outcomes.explain(filled.database, 1)
        outcomes.summary(filled.database, 1)
        outcomes.deliveries(filled.database)
        outcomes.deliveries(filled.database, company=1, user=ANNA)
        for address in ("jan@customer.example", "nobody@customer.example"):
            who = Outsider(address, frozenset({key("t1")}), proven=True)
            acquaintance(filled.database, 1, who)
    # The names of all users of a company are read to tell who sees a mail: they are few too.
    assert [plan for plan in slow(plans) if "app_user" not in plan] == []
    asyncio.run(spool.put(intake_of(b"Subject: x\r\n\r\n", Target(DROP, 1))))
    queue = SqlQueue(filled.spool, filled.folder)
    with watched_plans(filled.spool) as plans:
        (claimed,) = queue.claim(1, NOON)
        entries.entry(filled.spool, claimed.id)
    assert [plan for plan in plans if plan.startswith("SCAN") and "ix_spool_waiting" not in plan] == []


def test_a_trace_looks_through_no_table(filled: Stores) -> None:
    """An index leads to a contact's mail; a user's is gone through from the newest back."""
    apply(filled, *(filed(n, 1000 + 10 * n) for n in range(1, 9)))
    for address, steps in (
        ("jan@customer.example", "link"),
        ("anna@seller.example", "(company_id=? AND id>?)"),
    ):
        with watched_plans(filled.database, ("SELECT", "WITH")) as plans:
            assert len(tracing.deliveries_of_address(filled.database, address, 1, 3)) == 3
        found = ("SCAN whose", "SCAN indexed")  # what an index led to
        assert [plan for plan in slow(plans) if plan not in found] == []
        assert any(steps in plan for plan in plans), plans


def test_no_command_looks_through_a_table(sqlite: Stores) -> None:
    """Whatever a user wants costs by what it is about, not by all the mail of his company."""
    post = Post(sqlite)
    post.decide(offered(filed(1, 1000), OTHER), filed(2, 2000), filed(3, 3000))
    (held,) = post.decide(ended(4, DeliveryState.HELD, "unverified_sender"))
    with watched_plans(sqlite.database, ("SELECT", "UPDATE", "DELETE", "INSERT")) as plans:
        post.do(ANNA, "choice.resolve", conversation=1000, deal="8")
        post.do(ANNA, "link.set", message=1001, organisation=31)
        post.do(ANNA, "link.reject", message=2001, deal=OPEN)
        post.do(ANNA, "message.private", messages=[1001, 2001])
        post.do(ANNA, "state.set", conversation=2000, seen=True, flagged=True)
        post.do(ANNA, "conversation.merge", conversations=[1000, 2000])
        post.do(ANNA, "conversation.split", messages=[2001])
        post.do(ANNA, "copy.delete", message=3001)
        post.do(ANNA, "held.release", delivery=held)
        Errands(sqlite, post.commands, post.clock.now)()
    post.spool.close()
    assert len(plans) > 100
    pending = "ix_command_created_at"  # which holds no command that is done
    assert [plan for plan in slow(plans) if pending not in plan] == []
