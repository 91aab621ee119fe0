"""Many rows in one statement on PostgreSQL: a parameter for each column, all its values as one array.

psycopg's executemany sends a statement a row; this is one, which costs server and client together a third
less. Arrays are written here as PostgreSQL reads them (its manual, 8.15.6), as psycopg is slower at lists.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, Integer, LargeBinary, String, Table
from sqlalchemy.types import TypeEngine

from bccd.store.tables import Instant

_Values = Sequence[Any]
_Write = Callable[[_Values], Any]  # a column's values as one parameter


def _array_of(write: Callable[[Any], str]) -> Callable[[_Values], str]:
    def array(values: _Values) -> str:
        return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"

    return array


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _texts(values: _Values) -> str:
    """Write texts all at once, parted by a character that PostgreSQL takes in none of them."""
    if None not in values:
        joined = "\0".join(values)
        if joined.count("\0") == len(values) - 1:
            return "{" + _text(joined).replace("\0", '","') + "}"
    return _ONE_BY_ONE(values)


_ONE_BY_ONE = _array_of(_text)


def _numbers(values: _Values) -> str:
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"


# What a column's values are, and how they are written. A kind stands before those it is one of.
_KINDS: tuple[tuple[type[TypeEngine[Any]], str, _Write], ...] = (
    (Instant, "timestamptz", _array_of(lambda value: f'"{value.isoformat()}"')),
    (BigInteger, "bigint", _numbers),
    (Integer, "integer", _numbers),
    (Boolean, "boolean", _array_of(lambda value: "t" if value else "f")),
    (Double, "double precision", _array_of(repr)),
    (LargeBinary, "bytea", _array_of(lambda value: f'"\\\\x{value.hex()}"')),
    (String, "text", _texts),
)


def kind_of(type_: TypeEngine[Any]) -> tuple[str, _Write]:
    """Return what PostgreSQL calls a type, and what writes an array of it."""
    return next((name, write) for kind, name, write in _KINDS if isinstance(type_, kind))


class ArrayInsert:
    """An insert of any number of rows."""

    def __init__(self, table: Table, columns: Sequence[str], conflict: str) -> None:
        kinds = [kind_of(table.c[name].type) for name in columns]
        arrays = ", ".join(f"%s::{name}[]" for name, _ in kinds)
        self.sql = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"  # noqa: S608
        if conflict:
            self.sql += f" ON CONFLICT {conflict}"
        self._writers = [write for _, write in kinds]
        # No statement may bring a row up to date twice: PostgreSQL refuses that.
        target = conflict.partition(")")[0].strip("(").split(", ") if "DO UPDATE" in conflict else ()
        self._target = [columns.index(name) for name in target]

    def parameters(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return the parameters of each statement that it takes: of one, unless rows meet one another."""
        groups = self._apart(rows) if self._target else (rows,)
        return [
            tuple(
                write(values) for write, values in zip(self._writers, zip(*group, strict=True), strict=True)
            )
            for group in groups
        ]

    def _apart(self, rows: Sequence[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
        """Cut rows into groups to be written in turn, so that no two of one group would be the same row."""
        groups: list[dict[tuple[Any, ...], tuple[Any, ...]]] = []
        for row in rows:
            key = tuple(row[place] for place in self._target)
            # A row stands in the group behind the last one that has its like.
            place = next((n for n in range(len(groups), 0, -1) if key in groups[n - 1]), 0)
            if place == len(groups):
                groups.append({})
            groups[place][key] = row
        return [list(group.values()) for group in groups]
