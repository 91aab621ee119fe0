"""The benchmarks' populated database, on PostgreSQL as on SQLite."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from bccd.store.engine import Stores
from bccd.store.plain import all_rows
from bccd.store.tables import to_text
from benchmarks.population import Scale, populate
from benchmarks.reading import PAGES, Chance, front_end

SMALL = Scale(companies=2, users=6, conversations=60, messages=240)


@pytest.mark.db
def test_both_databases_are_populated_alike(sqlite: Stores, postgresql: Stores) -> None:
    """The same scale gives the same rows in every table of both, whatever way they were written."""
    populate(sqlite, SMALL)
    populate(postgresql, SMALL)
    assert all_rows(postgresql) == all_rows(sqlite)


@pytest.mark.db
def test_indexes_are_back(postgresql: Stores) -> None:
    """What was dropped for loading stands again."""
    wanted = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema ORDER BY 1"
    with postgresql.database.connect() as connection:
        before = connection.exec_driver_sql(wanted).all()
    populate(postgresql, SMALL)
    with postgresql.database.connect() as connection:
        assert connection.exec_driver_sql(wanted).all() == before


@pytest.mark.db
def test_pages_are_alike_on_both(sqlite: Stores, postgresql: Stores) -> None:
    """What a front end asks for shows the same rows in the same order, through the driver of either."""
    populate(sqlite, SMALL)
    populate(postgresql, SMALL)
    with front_end(sqlite) as ask_one, front_end(postgresql) as ask_other:
        chance = Chance(ask_one, seed=1)
        for page in PAGES:
            for values in [page.given(chance.values(page.about)) for _ in range(10)]:
                shown = [[_plain(row) for row in ask(page.sql, values)] for ask in (ask_one, ask_other)]
                assert shown[0] == shown[1], page.name


def _plain(row: Sequence[Any]) -> list[Any]:
    return [to_text(value) if isinstance(value, datetime) else value for value in row]
