"""Rows come out as they went in, whatever is in them, and whatever stands already."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.inserts import insert_rows, stamp_for
from bccd.store.statistics import look_again
from bccd.store.uow import transaction
from bccd.testing import fill
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import JAN, OPEN, filed, world
from tests.store.test_growth import put

pytestmark = on_every_database

ODD = [
    "", "NULL", "null", '"', "\\", "\\\\", '\\"', "{", "}", "{a,b}", "a,b", " ", " a ", "\n", "\r\n", "\t",
    "'", "''", "%s", "%(a)s", "zażółć", "📎", "\ufeff", "\x01", "a\\x41", "$1", "\x7f",
]  # fmt: skip
LINK = (
    "company_id", "id", "conversation_id", "message_id", "contact_id", "organisation_id", "deal_id", "state",
    "origin", "rule", "score", "created_at",
)  # fmt: skip
ON_DEAL = (
    "(company_id, deal_id, message_id) WHERE deal_id IS NOT NULL DO UPDATE SET state = excluded.state,"
    " rule = excluded.rule WHERE link.state = 'suggested'"
)


def stored(stores: Stores, table: Table, *names: str) -> list[tuple[Any, ...]]:
    """Return some columns of a table, in the order of its key."""
    with reading(stores.database) as connection:
        wanted = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
        return [tuple(row) for row in connection.execute(wanted)]


def links(stores: Stores, *rows: tuple[Any, ...], conflict: str = "") -> None:
    """Insert links on message 1011: id, deal, state, rule, score, time."""
    with transaction(stores.database) as connection:
        stamp = stamp_for(connection.dialect)
        full = [
            (1, id_, 1010, 1011, None, None, deal, state, "auto", rule, score, stamp(at))
            for id_, deal, state, rule, score, at in rows
        ]
        insert_rows(connection, t.link, LINK, full, conflict)


def test_odd_texts_come_out_as_they_went_in(stores: Stores) -> None:
    """Signs that mean something to a database mean nothing within a value."""
    fill(stores, world())
    before = len(stored(stores, t.organisation, "id"))
    with transaction(stores.database) as connection:
        rows = [(1, 5_000 + n, f"odd{n}", text) for n, text in enumerate(ODD)]
        insert_rows(connection, t.organisation, ("company_id", "id", "external_id", "name"), rows)
    assert stored(stores, t.organisation, "name")[before:] == [(text,) for text in ODD]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(st.characters(blacklist_characters="\0", codec="utf-8")), min_size=1, max_size=20)
)
def test_any_texts_come_out_as_they_went_in(stores: Stores, texts: list[str]) -> None:
    """The same holds for whatever else may stand in a text."""
    with transaction(stores.database) as connection:
        connection.exec_driver_sql("DELETE FROM organisation")
        connection.exec_driver_sql("DELETE FROM company")
        row = (7, "c", "C", "{}", stamp_for(connection.dialect)(NOON))
        insert_rows(connection, t.company, ("id", "slug", "name", "settings", "created_at"), [row])
        rows = [(7, n, str(n), text) for n, text in enumerate(texts)]
        insert_rows(connection, t.organisation, ("company_id", "id", "external_id", "name"), rows)
    assert stored(stores, t.organisation, "name") == [(text,) for text in texts]


def test_every_kind_of_value_comes_out_as_it_went_in(stores: Stores) -> None:
    """Numbers, octets, moments, fractions, flags and nothing at all."""
    fill(stores, world())
    put(stores, [filed(1, 1010)])
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    links(stores, (9_000, 22, "suggested", "r", 0.333, at), (9_001, 23, "suggested", "r", None, NOON))
    found = stored(stores, t.link, "id", "contact_id", "deal_id", "score", "created_at")
    assert found[-2:] == [(9_000, None, 22, 0.333, at), (9_001, None, 23, None, NOON)]
    digests = [bytes(range(256)), b"", b"\\x00", b'"']
    with transaction(stores.spool) as connection:
        now = stamp_for(connection.dialect)(NOON)
        names = ("company_id", "sha256", "size", "data", "path", "stored_at")
        rows = [(1, digest, 2**40, digest, None, now) for digest in digests]
        insert_rows(connection, t.raw_mail, names, rows[:2], "DO NOTHING")
        insert_rows(connection, t.raw_mail, names, rows, "DO NOTHING", large=True)
        wanted = select(t.raw_mail.c.sha256, t.raw_mail.c.data, t.raw_mail.c.size)
        found = [tuple(row) for row in connection.execute(wanted)]
    assert sorted(found) == sorted((digest, digest, 2**40) for digest in digests)
    flags = stored(stores, t.app_user, "active", "is_team")
    assert flags == [(True, False), (True, False), (False, False)]
    shared = stored(stores, t.message, "shared", "linked", "msgid_reused")
    assert shared == [(True, True, False)]


def test_rows_that_meet_are_written_in_turn(stores: Stores) -> None:
    """The second of two rows on one target replaces the first where the conflict says so."""
    fill(stores, world())
    put(stores, [filed(1, 1010, deal=None)])
    links(
        stores,
        (9_000, 22, "suggested", "first", None, NOON),
        (9_001, OPEN, "active", "first", None, NOON),
        (9_002, 22, "active", "second", None, NOON),
        (9_003, OPEN, "suggested", "second", None, NOON),
        (9_004, 22, "suggested", "third", None, NOON),
        conflict=ON_DEAL,
    )
    found = stored(stores, t.link, "id", "contact_id", "deal_id", "state", "rule")
    assert [row for row in found if row[1] != JAN] == [
        (9_000, None, 22, "active", "second"),
        (9_001, None, OPEN, "active", "first"),
    ]


def test_no_rows_are_no_statement(stores: Stores) -> None:
    """An empty list inserts nothing."""
    with transaction(stores.database) as connection:
        insert_rows(connection, t.organisation, ("company_id", "id", "external_id", "name"), [])
    assert stored(stores, t.organisation, "id") == []


def test_the_planner_looks_at_tables_that_have_grown(stores: Stores) -> None:
    """On PostgreSQL a message is found by its key as soon as the planner has looked; it looks once."""
    fill(stores, world())
    put(stores, [filed(n, 1000 + 10 * n) for n in range(1, 200)])
    with transaction(stores.database) as connection:
        if connection.dialect.name == "sqlite":
            assert look_again(connection) == []
            return
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
    with transaction(stores.database) as connection:
        assert "message" in look_again(connection)
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        plan = connection.exec_driver_sql("EXPLAIN SELECT 1 FROM message WHERE company_id = 1 AND id = 1011")
        assert "pk_message" in str(plan.scalars().first())
    with transaction(stores.database) as connection:
        assert look_again(connection) == []
