"""The benchmarks' populated database, on PostgreSQL as on SQLite."""

import pytest

from bccd.store.engine import Stores
from bccd.store.plain import all_rows
from benchmarks.population import Scale, populate

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
