"""Statements that run for every batch: SQLAlchemy writes each once, and the driver alone executes it.

They are defined like all others, for both kinds of database. But what SQLAlchemy does at every execution
costs as much again as the database does.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Executable, SelectBase
from sqlalchemy.sql.compiler import SQLCompiler

from bccd.store.engine import failure

Row = tuple[Any, ...]
# As text, octets come as hex digits: twice as many, written and read.
_CURSOR: dict[str, dict[str, Any]] = {"postgresql": {"binary": True}}
_USUAL: Mapping[str, Any] = {}
_PLANNED_ANEW: dict[str, dict[str, Any]] = {"postgresql": {"prepare": False}}
_Way = Callable[[Any], Any]  # how a value is written, or read


def execute(
    connection: Connection, sql: str, given: Any, *, many: bool = False, options: Mapping[str, Any] = _USUAL
) -> list[Row]:
    """Execute a text of the driver's own in the open transaction and return the rows that it answers.

    `options` are the driver's. Raises StoreUnavailableError; a mistake of the program is told as the driver
    tells it.
    """
    pooled = connection.connection
    cursor = None
    try:
        # Within, for psycopg refuses where the connection is closed.
        cursor = pooled.cursor(**_CURSOR.get(connection.dialect.name, {}))
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, sql, given, None, many)
        if many:
            cursor.executemany(sql, given)
            return []
        cursor.execute(sql, given, **options)
        return list(cursor.fetchall()) if cursor.description else []
    except connection.dialect.loaded_dbapi.Error as error:
        translated = failure(error)
        if translated is None:
            raise
        if connection.dialect.is_disconnect(error, pooled.driver_connection, cursor):
            connection.invalidate(error)
        raise translated from error
    finally:
        if cursor is not None:
            cursor.close()


class _Text(NamedTuple):
    """A statement as a driver takes it."""

    sql: str
    fixed: Mapping[str, Any]  # values that the statement brings with it
    write: tuple[tuple[str, _Way], ...]
    read: tuple[tuple[int, _Way], ...]


class Statement:
    """A statement with named parameters, for whoever executes it for every batch.

    Where rows are wanted `as_stored`, they come as the driver gives them. PostgreSQL keeps the plan of a
    statement, unless it is `planned_anew` each time: a plan made for an empty queue reads a full one through.
    """

    def __init__(self, statement: Executable, *, as_stored: bool = False, planned_anew: bool = False) -> None:
        self._statement: Any = statement
        self._options = _PLANNED_ANEW if planned_anew else {}
        self._as_stored = as_stored
        self._texts: dict[str, _Text] = {}

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> list[Row]:
        """Execute it once and return what it answers."""
        text = self._text(connection.dialect)
        options = self._options.get(connection.dialect.name, _USUAL)
        rows = execute(connection, text.sql, _written(text, given), options=options)
        if text.read and rows and not self._as_stored:
            return [_read(row, text.read) for row in rows]
        return rows

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each of these."""
        text = self._text(connection.dialect)
        if len(rows) == 1:
            execute(connection, text.sql, _written(text, rows[0]))
        elif rows:
            execute(connection, text.sql, [_written(text, row) for row in rows], many=True)

    def _text(self, dialect: Dialect) -> _Text:
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = _compiled(self._statement, dialect)
        return text


def _compiled(statement: Any, dialect: Dialect) -> _Text:
    kind: Any = type(dialect)
    compiled: SQLCompiler = statement.compile(
        dialect=kind(paramstyle="named") if dialect.positional else dialect
    )
    writers = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
    }
    columns = statement.selected_columns if isinstance(statement, SelectBase) else ()
    readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return _Text(
        str(compiled),
        fixed,
        tuple((name, write) for name, write in writers.items() if write is not None and name not in fixed),
        tuple((place, read) for place, read in enumerate(readers) if read is not None),
    )


def _written(text: _Text, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {**text.fixed, **given}
    for name, write in text.write:
        values[name] = write(values[name])
    return values


def _read(row: Row, readers: tuple[tuple[int, _Way], ...]) -> Row:
    values = list(row)
    for place, read in readers:
        values[place] = read(values[place])
    return tuple(values)
