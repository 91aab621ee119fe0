"""The queries that front ends copy: what they answer, and that their plans use the indexes."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import bindparam, text

from bccd.store import tables as t
from bccd.store.engine import Stores, open_engines, reading
from bccd.store.postgresql import is_postgresql
from bccd.store.published import FIRST_PAGE, QUERIES, page
from bccd.testing import fill
from bccd.testing.build import NOON
from benchmarks.population import Scale, populate
from tests.server import Server
from tests.store.conftest import config_of, on_every_database
from tests.store.plans import ANNA, BERT, filed, world
from tests.store.test_reading import apply

SQL = {it.name: it.sql for it in QUERIES}
FULL = Scale(companies=2, users=10, conversations=1_200, messages=5_000)
FEW_ROWS = ("app_user", "team_member", "company")  # looked through where that is cheaper
CUT = ("SCAN own", "SCAN shared", "SCAN x", "SCAN p")  # short lists that the queries make themselves
# What leads to the rows of a query, where it must be one certain index.
LED_BY = {
    "conversation page": ["ix_conversation_audience_audience_id_last_at_conversation_id"],
    "own page": ["ix_conversation_audience_audience_id_last_at_conversation_id"],
    "needs choice": ["ix_conversation_audience_needs_choice"],
    "unlinked": ["ix_conversation_audience_unlinked"],
    "message list": ["ix_message_conversation_id_sort_at_id"],
    "deal timeline": ["ix_link_deal_id_message_id"],
    "contact timeline": ["ix_link_contact_id_message_id"],
    "organisation timeline": ["ix_link_organisation_id_message_id", "ix_contact_organisation_id"],
    "held": ["ix_delivery_user_id_state_id"],
    "set aside": ["ix_delivery_user_id_state_id"],
    "failed": ["ix_delivery_user_id_state_id"],
    "notices": ["ix_outbox_user_id_id"],
}


def ask(stores: Stores, name: str, **given: Any) -> list[Any]:
    """Return what a published query answers."""
    wanted: Any = text(SQL[name])
    if "before_at" in SQL[name]:
        wanted = wanted.bindparams(bindparam("before_at", type_=t.Instant))
    known = FIRST_PAGE | {"company": 1, "viewer": ANNA, "limit": 50} | given
    with reading(stores.database) as connection:
        used = {key: value for key, value in known.items() if f":{key}" in SQL[name]}
        return list(connection.execute(wanted, used))


def test_the_page_of_the_queries_is_up_to_date() -> None:
    """docs/reference/queries.md is what the queries are."""
    written = Path(__file__).resolve().parents[2] / "docs/reference/queries.md"
    assert written.read_text(encoding="utf-8") == page()


@on_every_database
def test_pages_show_each_conversation_once(stores: Stores) -> None:
    """Page by page all of v1_conversation comes, the newest first, however many stand at the same moment."""
    fill(stores, world())
    mails = [
        filed(
            n, 1000 + 10 * n, owner=(ANNA, BERT)[n % 2], shared=n % 3 > 0, at=NOON + timedelta(minutes=n // 4)
        )
        for n in range(1, 30)
    ]
    apply(stores, *mails)
    with reading(stores.database) as connection:
        every = text(
            "SELECT conversation_id FROM v1_conversation WHERE company_id = 1 AND viewer_user_id = 1"
            " ORDER BY last_at DESC, conversation_id DESC"
        )
        expected = list(connection.execute(every).scalars())
    found: list[int] = []
    after: dict[str, Any] = {}
    while rows := ask(stores, "conversation page", limit=4, **after):
        found += [row.conversation_id for row in rows]
        last_at = rows[-1].last_at
        at = t.from_text(last_at) if isinstance(last_at, str) else last_at
        after = {"before_at": at, "before_id": rows[-1].conversation_id}
    assert len(expected) > 15
    assert found == expected


@on_every_database
def test_continued_conversations_are_told_both_ways(stores: Stores) -> None:
    """A message that names one of another conversation joins their pages, if the viewer sees both."""
    fill(stores, world())
    first, second = filed(1, 1000, tokens=("m1@seller.example",)), filed(2, 1010, owner=BERT)
    assert second[1].message is not None
    answer = replace(second[1].message, refs="m1@seller.example")
    again = ((second[1].tokens or first[1].tokens)[0][0][0], b"another.")
    plan = replace(second[1], message=answer, tokens=((again, 1010),))
    apply(stores, first, (second[0], plan))

    def related(viewer: int, conversation: int) -> list[tuple[int, str]]:
        rows = ask(stores, "related conversations", viewer=viewer, conversation=conversation)
        return [(row.related_id, row.relation) for row in rows]

    assert related(ANNA, 1010) == [(1000, "continues")]
    assert related(ANNA, 1000) == [(1010, "continued_by")]
    private = filed(3, 1020, owner=BERT, shared=False, linked=False, deal=None)
    assert private[1].message is not None
    hidden = replace(private[1].message, refs="m1@seller.example")
    other = (again[0], b"a third.")
    apply(stores, (private[0], replace(private[1], message=hidden, tokens=((other, 1020),))))
    assert related(ANNA, 1000) == [(1010, "continued_by")]
    assert related(BERT, 1000) == [(1010, "continued_by"), (1020, "continued_by")]


# ---- plans ------------------------------------------------------------------------------------------------


@dataclass
class Full:
    """A database that has stood for a while, and what to ask it for."""

    stores: Stores
    given: dict[str, Any]


def _full(stores: Stores) -> Full:
    populate(stores, FULL)
    with reading(stores.database) as connection:

        def one(sql: str) -> Any:
            return connection.execute(text(sql)).first()

        deal = one(
            "SELECT deal_id FROM link WHERE company_id = 1 AND deal_id IS NOT NULL AND state = 'active'"
        )
        copy = one(
            "SELECT c.owner_id, m.id, m.conversation_id FROM message_copy c"
            " JOIN message m ON m.company_id = c.company_id AND m.id = c.message_id WHERE c.company_id = 1"
        )
    ids = {"conversation": copy.conversation_id, "message": copy.id, "target": deal.deal_id}
    return Full(stores, FIRST_PAGE | {"company": 1, "viewer": copy.owner_id, "limit": 50} | ids)


@pytest.fixture(scope="module")
def full_sqlite(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """Return a full SQLite database."""
    folder = tmp_path_factory.mktemp("full") / "data"
    shutil.copytree(template, folder)
    stores = open_engines(config_of(folder))
    yield _full(stores)
    stores.close()


@pytest.fixture(scope="module")
def full_postgresql(
    server: Server, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Full]:
    """Return a full PostgreSQL database that the planner has looked at."""
    with server.database(migrated) as name:
        stores = open_engines(config_of(tmp_path_factory.mktemp("full"), server.url(name)))
        yield _full(stores)
        stores.close()


def plan_of(full: Full, name: str) -> Any:
    """Return how the database answers: steps on SQLite, a tree on PostgreSQL."""
    how = "EXPLAIN (FORMAT JSON) " if is_postgresql(full.stores.database) else "EXPLAIN QUERY PLAN "
    wanted: Any = text(how + SQL[name])
    if "before_at" in SQL[name]:
        wanted = wanted.bindparams(bindparam("before_at", type_=t.Instant))
    used = {key: value for key, value in full.given.items() if f":{key}" in SQL[name]}
    with reading(full.stores.database) as connection:
        rows = connection.execute(wanted, used).all()
    if not is_postgresql(full.stores.database):
        return [row[3] for row in rows]
    return json.loads(rows[0][0]) if isinstance(rows[0][0], str) else rows[0][0]


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Return every node of a plan of PostgreSQL."""
    if isinstance(tree, list):
        for inner in tree:
            yield from nodes(inner)
    elif isinstance(tree, dict):
        yield tree
        yield from nodes(list(tree.values()))


@pytest.mark.parametrize("name", SQL)
def test_sqlite_is_led_to_the_rows(full_sqlite: Full, name: str) -> None:
    """No table is looked through, nor all rows of a company, and the index is the one made for it."""
    steps = plan_of(full_sqlite, name)
    slow = [step for step in steps if re.match(r"SCAN|SEARCH .*\(company_id=\?\)$", step)]
    assert [step for step in slow if step not in CUT and "SCAN v1_" not in step] == []
    assert [index for index in LED_BY.get(name, ()) if not any(index in step for step in steps)] == []


@pytest.mark.db
@pytest.mark.parametrize("name", SQL)
def test_postgresql_is_led_to_the_rows(full_postgresql: Full, name: str) -> None:
    """No large table is read from its beginning to its end, and the index is the one made for it."""
    found = list(nodes(plan_of(full_postgresql, name)))
    read = [node["Relation Name"] for node in found if node.get("Node Type", "").endswith("Seq Scan")]
    assert [table for table in read if table not in FEW_ROWS] == []
    used = {node.get("Index Name") for node in found}
    assert [index for index in LED_BY.get(name, ()) if index not in used] == []
