"""The change feed as viewers read it: whose events, in which order, and found by their key."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from bccd.model.events import EventKind
from bccd.model.plan import Change
from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.uow import clocked, transaction
from bccd.testing import Seed, fill
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database

pytestmark = on_every_database

ANNA, BERT, GONE, SALES = 1, 2, 3, 4
PAGE = """
    SELECT seq, kind, conversation_id, message_id, entity_id, actor_id FROM v1_change
    WHERE company_id = :company AND viewer_user_id = :viewer AND seq > :cursor ORDER BY seq LIMIT :most
"""


@pytest.fixture
def company(stores: Stores) -> Stores:
    """Return stores with two companies; in the first a user has left and a team shares an address."""
    seed = Seed().company(1).company(2)
    for user in (ANNA, BERT, GONE, SALES):
        seed.user(user, f"u{user}@seller.example", active=user != GONE)
    fill(stores, seed.user(ANNA, "u1@other.example", company=2))
    with transaction(stores.database) as connection:
        connection.execute(update(t.app_user).where(t.app_user.c.id == SALES).values(is_team=True))
    return stores


def told(stores: Stores, *changes: Change, company: int = 1) -> None:
    """Write events."""
    with clocked(stores.database, company) as work:
        work.tell(changes, NOON)


def added(audience: int, message: int = 100) -> Change:
    """Return a message's event."""
    return Change(EventKind.MESSAGE_ADDED, audience, 50, message, actor_id=ANNA)


def page(stores: Stores, viewer: int, cursor: int = 0, *, company: int = 1, most: int = 100) -> list[Any]:
    """Read a page of the feed."""
    with reading(stores.database) as connection:
        asked = {"company": company, "viewer": viewer, "cursor": cursor, "most": most}
        return [tuple(row) for row in connection.execute(text(PAGE), asked)]


def test_a_viewer_is_told_what_is_for_everyone_and_for_himself(company: Stores) -> None:
    """In order, without what is for others, from behind the cursor on; of his own company only."""
    told(company, added(0), added(BERT, 101), added(ANNA, 102))
    told(company, added(0, 103))
    told(company, added(0, 104), company=2)
    assert [row[0] for row in page(company, ANNA)] == [1, 3, 4]
    assert page(company, BERT) == [
        (1, "message.added", 50, 100, None, ANNA),
        (2, "message.added", 50, 101, None, ANNA),
        (4, "message.added", 50, 103, None, ANNA),
    ]
    assert [row[0] for row in page(company, ANNA, 1, most=1)] == [3]
    assert [row[3] for row in page(company, ANNA, company=2)] == [104]


def test_a_team_s_members_are_told_what_is_for_the_team(company: Stores) -> None:
    """Such as a mail of the team that waits; others are not, nor is the team itself."""
    with transaction(company.database) as connection:
        connection.execute(insert(t.team_member).values(company_id=1, team_id=SALES, user_id=BERT))
    told(company, Change(EventKind.DELIVERY_HELD, SALES, entity_id=77))
    assert page(company, BERT) == [(1, "delivery.held", None, None, 77, None)]
    assert page(company, ANNA) == page(company, SALES) == []


def feed(connection: Connection) -> Sequence[Any]:
    """Return where the feed stands, for each viewer."""
    asked = "SELECT company_id, viewer_user_id, change_seq, min_seq FROM v1_feed ORDER BY 1, 2"
    return [tuple(row) for row in connection.execute(text(asked))]


def test_teams_and_users_who_left_read_nothing(company: Stores) -> None:
    """Neither what is for everyone, nor what bears their id, nor where the feed stands."""
    told(company, added(0), added(GONE), added(SALES))
    assert page(company, GONE) == []
    assert page(company, SALES) == []
    with reading(company.database) as connection:
        assert feed(connection) == [(1, ANNA, 3, 0), (1, BERT, 3, 0), (2, ANNA, 0, 0)]


def test_the_feed_is_read_along_its_key(company: Stores) -> None:
    """A page costs what it shows: found by (company_id, seq), sorted by nobody."""
    row = {"company_id": 1, "at": NOON, "kind": "message.added", "audience_id": 0}
    with transaction(company.database) as connection:
        rows = [row | {"seq": n, "at": NOON + timedelta(seconds=n)} for n in range(1, 5_001)]
        connection.execute(insert(t.change), rows)
        rows = [
            {"company_id": 1, "id": n, "external_id": f"x{n}", "name": "", "active": True}
            for n in range(5, 99)
        ]
        connection.execute(insert(t.app_user), [row | {"default_sharing": "shared"} for row in rows])
        connection.execute(text("ANALYZE"))
    asked = {"company": 1, "viewer": ANNA, "cursor": 2_500, "most": 50}
    sqlite = company.database.dialect.name == "sqlite"
    with reading(company.database) as connection:
        if sqlite:
            steps = [step[3] for step in connection.execute(text(f"EXPLAIN QUERY PLAN {PAGE}"), asked)]
        else:
            steps = [step[0] for step in connection.execute(text(f"EXPLAIN {PAGE}"), asked)]
    plan = "\n".join(steps)
    assert "company_id=? AND seq>?" in plan if sqlite else "seq > " in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan
    assert "Seq Scan on change" not in plan
