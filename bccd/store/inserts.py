"""Inserts as the driver takes them: compiled once, one tuple a row, since rows come by the thousand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

from bccd.store.tables import Instant

_compiled: dict[tuple[str, str, str], str] = {}


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
    key = (connection.dialect.name, table.name, conflict)
    if key not in _compiled:
        statement = insert(table).compile(dialect=_by_place(connection.dialect), column_keys=columns)
        _compiled[key] = f"{statement} ON CONFLICT {conflict}" if conflict else str(statement)
    connection.exec_driver_sql(_compiled[key], list(rows))


def _by_place(dialect: Dialect) -> Dialect:
    """Return the dialect as it writes parameters without names."""
    return dialect if dialect.positional else type(dialect)(paramstyle="format")  # type: ignore[call-arg]


def stamp_for(dialect: Dialect) -> Any:
    """Return what writes a moment the way the driver wants it."""
    return Instant().bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
