"""The populated database: what filing would have written, in the promised shares, the same for everybody."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from bccd.model.strand import Strand
from bccd.rules.thread import tokens
from bccd.store import migrate
from bccd.store.engine import Stores, open_engines, reading
from bccd.store.plain import Rows, all_rows
from benchmarks.databases import config_of
from benchmarks.population import Scale, populate
from benchmarks.population.check import differences
from benchmarks.population.history import history
from benchmarks.population.rows import COLUMNS
from benchmarks.population.scale import lengths

SHARES = Scale(companies=2, users=20, conversations=1_000, messages=5_000)
SMALL = Scale(companies=3, users=12, conversations=400, messages=1_600, seed=3)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Return SQLite stores with a small population."""
    config = config_of(tmp_path_factory.mktemp("population"))
    migrate.upgrade(config)
    opened = open_engines(config)
    populate(opened, SMALL)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def made(stores: Stores) -> Rows:
    """Return all rows of the small population."""
    return all_rows(stores)


def test_it_has_the_size_that_was_asked_for(made: Rows) -> None:
    """Companies, users, living conversations and messages are as many as said."""
    living = [row for row in made["conversation"] if row["merged_into"] is None]
    sizes = (len(made["company"]), len(made["app_user"]), len(living), len(made["message"]))
    assert sizes == (3, 12, 400, 1_600)


def test_references_hold(stores: Stores) -> None:
    """No row points at nothing, though rows were written with checks off."""
    with stores.database.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]


def test_indexes_stand_as_migrations_made_them(stores: Stores, tmp_path: Path) -> None:
    """Loading without indexes leaves the schema and what SQLite's planner is told as they were."""
    migrate.upgrade(config_of(tmp_path))
    fresh = open_engines(config_of(tmp_path))
    told = (
        "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2",
        "SELECT * FROM sqlite_stat1 ORDER BY 1, 2",
    )
    for statement in told:
        with stores.database.connect() as filled, fresh.database.connect() as empty:
            assert filled.execute(text(statement)).all() == empty.execute(text(statement)).all()
    fresh.close()


def test_audiences_deals_and_flags_follow_from_the_messages(stores: Stores) -> None:
    """What stands beside the messages is what their definitions say, for every conversation."""
    with reading(stores.database) as connection:
        assert differences(connection, sample=1_000) == []


def test_a_wrong_row_is_found(stores: Stores) -> None:
    """The check names a flag, an audience and a deal that are not what they should be."""
    wrong = (
        "UPDATE message SET linked = NOT linked WHERE id = (SELECT max(id) FROM message)",
        "UPDATE conversation_audience SET message_count = 99 WHERE company_id = 2 AND audience_id = 0",
        "DELETE FROM conversation_deal WHERE company_id = 3",
    )
    with stores.database.connect() as connection:
        outer = connection.begin()
        for statement in wrong:
            connection.execute(text(statement))
        named = {line.split(" ")[0] for line in differences(connection, sample=1_000)}
        outer.rollback()
    assert named == {"message", "conversation_audience", "conversation_deal"}


def test_every_message_is_found_by_its_id(made: Rows) -> None:
    """An answer to any message would join its conversation, one that was merged included."""
    homes = {(c["company_id"], c["id"]): c["merged_into"] or c["id"] for c in made["conversation"]}
    known = {
        (row["company_id"], row["token"], row["scope"]): homes[row["company_id"], row["conversation_id"]]
        for row in made["conversation_token"]
    }
    for row in made["message"]:
        strand = Strand(0, 0, (row["msgid"],), base=row["base_subject"])
        for token in tokens(strand, split_on_subject=True):
            assert known[row["company_id"], *token] == row["conversation_id"]
    assert any(row["merged_into"] for row in made["conversation"])


def test_clocks_stand_behind_all_that_was_written(made: Rows) -> None:
    """The next id is free, and events are numbered without a gap up to the clock's."""
    for clock in made["company_clock"]:
        mine = {
            name: [r for r in rows if r.get("company_id") == clock["company_id"]]
            for name, rows in made.items()
        }
        ids = [
            row["id"]
            for name in ("contact", "conversation", "message", "message_copy", "link")
            for row in mine[name]
        ]
        assert clock["next_id"] == max(ids) + 1
        assert len(set(ids)) == len(ids)
        assert [row["seq"] for row in mine["change"]] == list(range(1, clock["change_seq"] + 1))


def test_it_is_as_uneven_as_life() -> None:
    """A fifth of all copies is private, most messages are open to all, and every kind of row occurs."""
    rows = [
        piece for company, share in enumerate(SHARES.of_companies(), 1) for piece in history(company, share)
    ]
    made = {
        table: [dict(zip(columns, row, strict=True)) for piece in rows for row in piece[table]]
        for table, columns in COLUMNS.items()
    }
    sharing = Counter(row["sharing"] for row in made["message_copy"])
    assert 0.12 < sharing["private"] / sharing.total() < 0.28
    opened = sum(row["shared"] and row["linked"] for row in made["message"])
    assert 0.6 < opened / len(made["message"]) < 0.8
    assert all(made.values())
    states = Counter(row["state"] for row in made["link"])
    assert set(states) == {"active", "suggested", "rejected"}
    assert {row["origin"] for row in made["link"]} == {"auto", "tag", "inherited", "manual"}
    owners = Counter((row["company_id"], row["message_id"]) for row in made["message_copy"])
    assert max(owners.values()) == 2
    assert {row["state"] for row in made["delivery"]} == {"filed", "held", "set_aside", "failed"}


def test_the_same_seed_gives_the_same_rows() -> None:
    """Two runs with one seed are equal, another seed is another database."""
    one, again, other = (list(history(1, Scale(1, 3, 30, 90, seed))) for seed in (1, 1, 2))
    assert one == again
    assert one != other


@pytest.mark.parametrize(("conversations", "messages"), [(1, 1), (50, 50), (2_000, 10_000)])
def test_lengths_add_up(conversations: int, messages: int) -> None:
    """Every conversation has a message, and together they have as many as were asked for."""
    found = lengths(Random(1), conversations, messages)  # noqa: S311
    assert len(found) == conversations
    assert sum(found) == messages
    assert min(found) >= 1


def test_a_few_conversations_are_long() -> None:
    """Most have few messages, some have hundreds."""
    found = lengths(Random(1), 2_000, 10_000)  # noqa: S311
    assert max(found) > 100
    assert sorted(found)[1_000] < 5
