"""Inserts as each driver takes them fastest: compiled once, a tuple a row, for rows come by the thousand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

from bccd.store.arrays import ArrayInsert
from bccd.store.tables import Instant

_compiled: dict[tuple[str, str], str] = {}
_by_arrays: dict[tuple[str, str], ArrayInsert] = {}


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    conflict: str = "",
) -> None:
    """Insert rows of these columns, given in the table's order; `conflict` is what follows ON CONFLICT."""
    if not rows:
        return
    key = (table.name, conflict)
    if connection.dialect.name == "postgresql":
        if key not in _by_arrays:
            _by_arrays[key] = ArrayInsert(table, columns, conflict)
        for parameters in _by_arrays[key].parameters(rows):
            connection.exec_driver_sql(_by_arrays[key].sql, parameters)
        return
    if key not in _compiled:
        statement = insert(table).compile(dialect=connection.dialect, column_keys=columns)
        _compiled[key] = f"{statement} ON CONFLICT {conflict}" if conflict else str(statement)
    connection.exec_driver_sql(_compiled[key], list(rows))


def stamp_for(dialect: Dialect) -> Any:
    """Return what writes a moment the way the driver wants it."""
    return Instant().bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
