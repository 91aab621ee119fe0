"""Writes rows straight into the tables, without checks; on PostgreSQL the indexes are made in the end."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

from sqlalchemy import Engine, text

from bccd.store import audiences, handed
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.postgresql import is_postgresql
from bccd.store.uow import transaction
from benchmarks.population.history import history
from benchmarks.population.rows import COLUMNS, Rows
from benchmarks.population.scale import Scale

_AT_ONCE = 5_000  # conversations
_LIVING = text("SELECT id FROM conversation WHERE company_id = :company AND merged_into IS NULL ORDER BY id")


class Writer(Protocol):
    """Writes pieces of rows over the database's own driver."""

    def write(self, rows: Rows) -> None:
        """Write the rows of every table."""
        ...


def populate(stores: Stores, scale: Scale, told: Callable[[str], None] = lambda _: None) -> None:
    """Fill an empty, migrated database; `told` hears how far it is."""
    opened = _postgresql if is_postgresql(stores.database) else _sqlite
    with opened(stores.database) as writer:
        for company_id, share in enumerate(scale.of_companies(), 1):
            for rows in history(company_id, share):
                writer.write(rows)
            told(f"company {company_id}: {share.conversations} conversations, {share.messages} messages")
    if is_postgresql(stores.database):
        with transaction(stores.database) as connection:
            connection.exec_driver_sql("ANALYZE")  # as autovacuum does in time
    for company_id in range(1, scale.companies + 1):
        with transaction(stores.database) as connection:
            living = connection.execute(_LIVING, {"company": company_id}).scalars().all()
            audiences.work_out(connection, company_id, living)
            for start in range(0, len(living), _AT_ONCE):
                handed.work_out(connection, company_id, living[start : start + _AT_ONCE])
    told("audiences and deals of conversations worked out")
    if is_postgresql(stores.database):
        with stores.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def _sqlite(engine: Engine) -> Iterator[Writer]:
    path = str(engine.url.database)
    engine.dispose()  # the journal can be switched off by who is alone
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "foreign_keys = OFF",
            "cache_size = -2000000",  # the indexes grow in memory, in no order
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        yield _SqliteWriter(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


class _SqliteWriter:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, rows: Rows) -> None:
        for table, columns in COLUMNS.items():
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names
            self._connection.executemany(statement, rows[table])


@contextmanager
def _postgresql(engine: Engine) -> Iterator[Writer]:
    with transaction(engine) as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no check of references
            cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes"
                " WHERE tablename = ANY(%s) AND starts_with(indexname, 'ix_')",
                (list(t.database.tables),),
            )
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f"DROP INDEX {name}")
            yield _PostgresqlWriter(cursor)
            for _, definition in indexes:
                cursor.execute(definition)


class _PostgresqlWriter:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def write(self, rows: Rows) -> None:
        for table, columns in COLUMNS.items():
            if rows[table]:
                with self._cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows[table]:
                        copy.write_row(row)
