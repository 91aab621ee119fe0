"""What the growth benchmark files is filed, in the conversation that it answers, and counted rightly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bccd.store import migrate
from bccd.store.engine import Stores, open_engines
from benchmarks import extremes
from benchmarks.databases import config_of
from benchmarks.growth import Race, Side, race, race_table, remember_keys
from benchmarks.neighbours import neighbourhood
from benchmarks.population import Scale, populate


def filled(folder: Path, scale: Scale) -> Stores:
    config = config_of(folder)
    migrate.upgrade(config)
    stores = open_engines(config)
    populate(stores, scale)
    return stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = filled(tmp_path_factory.mktemp("growth"), Scale(1, 3, 60, 240, contacts=200, deals=60))
    yield opened
    opened.close()


def count(stores: Stores, what: str) -> int:
    with stores.database.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())  # noqa: S608


def test_a_size_names_contacts_and_deals(stores: Stores) -> None:
    """Besides those that filing made, there are as many as were asked for."""
    assert count(stores, "contact WHERE external_id IS NOT NULL") == 200
    assert count(stores, "deal") == 60


def test_mail_is_written_for_who_is_there(stores: Stores) -> None:
    """Users write it, to known contacts among others, and most replies name a stored message."""
    people = neighbourhood(stores)
    assert len(people.company.users) == 3
    assert len(people.stored) > 100
    samples = people.mails(20, seed=1)
    assert {sample.sender for sample in samples} <= {user.address for user in people.company.users}
    stored = {row.msgid.encode() for row in people.stored}
    replies = [sample.raw for sample in samples if sample.kind == "reply"]
    assert any(id_ in raw for raw in replies for id_ in stored)


def test_keys_of_what_was_filed_stand_in_the_spool(tmp_path: Path) -> None:
    """One for each delivery, and none twice."""
    stores = filled(tmp_path, Scale(1, 3, 2, 4))  # its own: whoever files leaves keys, too
    remember_keys(stores)
    remember_keys(stores)
    with stores.spool.connect() as connection:
        keys = connection.execute(text("SELECT count(*) FROM delivery_key")).scalar_one()
    assert keys == count(stores, "delivery") > 0
    stores.close()


def test_both_sides_file_as_much(stores: Stores, tmp_path: Path) -> None:
    """All mail of a race is filed, by either side as much, and every step is told."""
    small = filled(tmp_path, Scale(1, 3, 2, 4))
    first, second = sides = [Side("side", it, neighbourhood(it), batch=4) for it in (small, stores)]
    before = [count(side.stores, "message_copy") for side in sides]
    found = race(first, second, rounds=1, batches=1)
    filed = [count(side.stores, "message_copy") - held for side, held in zip(sides, before, strict=True)]
    small.close()
    assert min(filed) >= 12
    assert len(found.rates) == len(found.cpu) == 1
    assert any(line.startswith("gather") for line in race_table(found))


def test_unusual_mail_is_filed(stores: Stores) -> None:
    """A long conversation, a mail to many, a merge: each costs something, and the last ties two together."""
    cases = extremes.measure(stores, neighbourhood(stores), (20, 40, 6))
    assert [case.name.partition(" of ")[0] for case in cases[::2]] == [
        "an answer in a conversation",
        "an answer in a conversation",
        "a mail to 40 people",
    ]
    assert all(case.ms > 0 for case in cases)
    assert "MISSED" in "\n".join(extremes.table([extremes.Case("slow", 3.0, 4.0, 2.0)]))
    merged = "conversation WHERE merged_into IS NOT NULL"
    assert count(stores, merged) > 0


def test_the_race_tells_both_sides() -> None:
    """What a step costs on either side, and how much more when the database is full."""
    sides = [{"gather": 0.2, "together": 1.0}, {"gather": 0.3, "together": 1.1}]
    assert "1.50" in "\n".join(race_table(Race([0.9], [0.9], sides)))
