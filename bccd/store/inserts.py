"""Inserts as each driver takes them fastest: compiled once, a tuple a row, for rows come by the thousand."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

from bccd.store.arrays import ArrayInsert
from bccd.store.direct import execute
from bccd.store.tables import to_text

_compiled: dict[tuple[str, str, str], str] = {}


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    conflict: str = "",
    *,
    large: bool = False,
) -> None:
    """Insert rows of these columns, given in the table's order; `conflict` is what follows ON CONFLICT.

    Rows that are `large`, such as whole mails, go one by one: an array would hold their octets as hex digits.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql" and not large:
        insertion = _by_arrays(table, tuple(columns), conflict)
        for parameters in insertion.parameters(rows):
            execute(connection, insertion.sql, parameters)
    else:
        execute(connection, by_row(connection.dialect, table, columns, conflict), rows, many=True)


@cache
def _by_arrays(table: Table, columns: tuple[str, ...], conflict: str) -> ArrayInsert:
    return ArrayInsert(table, columns, conflict)


def by_row(dialect: Dialect, table: Table, columns: Sequence[str], conflict: str = "") -> str:
    """Return what inserts one row of these columns, given by place in the table's order."""
    key = (dialect.name, table.name, conflict)
    if key not in _compiled:
        # Parameters have places and no names.
        by_place = dialect if dialect.positional else type(dialect)(paramstyle="format")  # type: ignore[call-arg]
        statement = insert(table).compile(dialect=by_place, column_keys=columns)
        _compiled[key] = f"{statement} ON CONFLICT {conflict}" if conflict else str(statement)
    return _compiled[key]


def stamp_for(dialect: Dialect) -> Any:
    """Return what writes a moment the way the driver wants it."""
    return to_text if dialect.name == "sqlite" else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
