"""All rows of a store as plain data, out of it and into it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Engine, Integer, Table, True_, insert, select

from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.uow import transaction

Rows = dict[str, list[dict[str, Any]]]


def key_of(table: Table) -> tuple[str, ...]:
    """Return the columns of a table's primary key."""
    return tuple(column.name for column in table.primary_key)


def empty_row(table: Table) -> dict[str, Any]:
    """Return what a column holds where a row does not say: its default, or null."""
    return {column.name: _default(column) for column in table.columns}


def _default(column: Column[Any]) -> Any:
    given = getattr(column.server_default, "arg", None)
    if given is None or isinstance(column.type, Boolean):
        return None if given is None else isinstance(given, True_)
    return int(given) if isinstance(column.type, Integer) else str(given)


def all_rows(stores: Stores, *tables: str) -> Rows:
    """Return the rows of these tables, or of all, by name, each table in the order of its primary key."""
    found: Rows = {}
    for engine, metadata in ((stores.database, t.database), (stores.spool, t.spool)):
        wanted = [table for table in metadata.sorted_tables if not tables or table.name in tables]
        if wanted:
            found |= _rows_of(engine, wanted)
    return found


def put_rows(stores: Stores, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Insert rows of any tables; columns that are left out have their defaults."""
    for engine, metadata in ((stores.database, t.database), (stores.spool, t.spool)):
        with transaction(engine) as connection:
            for table in metadata.sorted_tables:
                empty = empty_row(table)
                if given := [empty | dict(row) for row in rows.get(table.name, ())]:
                    connection.execute(insert(table), given)


def _rows_of(engine: Engine, tables: Sequence[Table]) -> Rows:
    with reading(engine) as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables
        }
