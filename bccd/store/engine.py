"""Opens the databases, and refuses to work with one that might forget what it confirmed."""

import errno
import logging
import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url

from bccd.meters.room import ran_out
from bccd.model.errors import StorageFullError, StoreUnavailableError
from bccd.remains import REMAINS
from bccd.store.moved import Files, refuse_moved
from bccd.store.place import refuse_network_folder
from bccd.store.postgresql import failure_kind, is_postgresql, normal_url, open_postgresql

READ_ONLY = "bccd_read_only"  # execution option: the transaction takes a snapshot and no lock
# Execution option: the commit outlives this process, and perhaps no power cut. For what is done again then.
UNSYNCED = "bccd_unsynced"
# Execution option: the connection keeps many pages, for it files, and a large database's indexes have many.
ROOMY = "bccd_roomy"
_ROOMS = {
    "cache_size": -64_000,  # KiB at most; with 16,000 a filer into 500,000 messages reads twice as much
    # Pages in the log, 16 MB: the pages that every batch changes are copied once for some batches.
    "wal_autocheckpoint": 4_000,
}
_SYNCED = "bccd_synced"  # what a connection notes of its setting, where that is not the usual one
_NORMAL, _FULL = 1, 2  # of the pragma "synchronous"
_SNAPSHOT: dict[str, dict[str, Any]] = {
    "sqlite": {READ_ONLY: True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": _FULL,  # the write-ahead log is synced at every commit
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "wal_autocheckpoint": 1_000,
    # KiB. With the usual 2,000 a batch spills and is written twice: 0.1 ms a mail of 0.8 in the store.
    "cache_size": -16_000,
}

_POOL = logging.getLogger("sqlalchemy.pool.impl.QueuePool")

_PROGRAM_MISTAKES = {
    sqlite3.SQLITE_ERROR,  # SQL that this database does not understand
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}


class DatabaseConfig(Protocol):
    """Where the database is; an empty url means files in the data folder."""

    @property
    def url(self) -> str: ...


class StoreConfig(Protocol):
    """What the store needs to know."""

    @property
    def data_dir(self) -> Path: ...

    @property
    def database(self) -> DatabaseConfig: ...


@dataclass(frozen=True, slots=True)
class Stores:
    """The open databases, one and the same on PostgreSQL, and the folder that holds what they do not."""

    database: Engine
    spool: Engine
    folder: Path

    def close(self) -> None:
        """Close all connections at rest."""
        self.database.dispose()
        self.spool.dispose()


def urls(config: StoreConfig) -> tuple[str, str]:
    """Return where the database and the spool are; raises ConfigError."""
    if config.database.url:
        url = normal_url(config.database.url)
        return url, url
    return f"sqlite:///{config.data_dir / 'bccd.db'}", f"sqlite:///{config.data_dir / 'spool.db'}"


def open_engines(config: StoreConfig) -> Stores:
    """Open both databases; raises StoreUnavailableError where one cannot be used safely."""
    database, spool = urls(config)
    if not config.database.url:
        refuse_network_folder(config.data_dir)
        _refuse_missing(config.data_dir)
    engine = open_engine(database)
    stores = Stores(engine, engine if is_postgresql(engine) else open_engine(spool), config.data_dir)
    for each in (stores.database, stores.spool):
        with reading(each):
            pass
    return stores


def _refuse_missing(folder: Path) -> None:
    """Raise StoreUnavailableError where a file is not there: SQLite would make an empty one."""
    for path in (folder / "bccd.db", folder / "spool.db"):
        if not path.exists():
            raise StoreUnavailableError(f"there is no {path}")


def open_engine(url: str) -> Engine:
    """Make an engine whose write transactions hold the lock from their first statement on.

    A SQLite transaction that starts by reading and then writes fails at once when another writer came
    between, without waiting for busy_timeout: hence BEGIN IMMEDIATE, and no transaction of the driver's own.
    """
    where = make_url(url)
    _POOL.addFilter(_as_ours)
    if where.get_backend_name() == "postgresql":
        engine = open_postgresql(where)
        event.listen(engine, "begin", _on_begin_postgresql)
        event.listen(engine, "handle_error", _on_error)
        return engine
    files = Files(where.database or "")
    engine = create_engine(where, creator=files.open, hide_parameters=True)  # they are people's mail
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "connect", lambda _, record: files.note(record.info))
    event.listen(engine, "begin", _on_begin)
    event.listen(engine, "reset", _on_reset)
    event.listen(engine, "handle_error", _on_error)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection that sees one state of the database, and writes nothing."""
    with engine.connect() as connection:
        yield connection.execution_options(**_SNAPSHOT[engine.dialect.name])
        if is_postgresql(engine):
            # After a rollback psycopg forgets what it had prepared, and every statement is planned anew.
            connection.commit()


@contextmanager
def writing(engine: Engine) -> Iterator[sqlite3.Connection]:
    """Open a synced write transaction of SQLite's on the driver alone, for what every mail waits for.

    SQLAlchemy's own takes three times as long, 35 microseconds. Raises StoreUnavailableError, also where what
    was committed went into a file that was moved meanwhile; a mistake of the program is told as the driver
    tells it.
    """
    try:
        pooled = engine.raw_connection()
        try:
            connection = cast("sqlite3.Connection", pooled.driver_connection)
            _set_sync(connection, pooled.info, _FULL)
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
            refuse_moved(pooled.info)
        finally:
            pooled.close()  # the pool rolls back what was not committed
    except sqlite3.Error as error:
        translated = failure(error)
        if translated is None:
            raise
        raise translated from error


def failure(error: BaseException | None) -> StoreUnavailableError | None:
    """Translate what a driver or the system raised; None for a mistake of the program itself."""
    translated = _translated(error)
    if translated is not None:
        REMAINS.note()
    if isinstance(translated, StorageFullError):
        ran_out()
    return translated


def _translated(error: BaseException | None) -> StoreUnavailableError | None:
    if isinstance(error, OSError):
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    elif isinstance(error, sqlite3.DatabaseError):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _PROGRAM_MISTAKES:
            return None
        full = code == sqlite3.SQLITE_FULL
    else:
        kind = failure_kind(error)
        said = " ".join(str(error).split())
        return kind(f"the database cannot be used: {said}") if kind else None
    kind = StorageFullError if full else StoreUnavailableError
    return kind(f"the store cannot be used: {error}")


def is_lost_write(error: BaseException | None) -> bool:
    """Tell whether the system failed to read or write, after which its memory proves nothing (fsync)."""
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, sqlite3.Error) and code & 0xFF == sqlite3.SQLITE_IOERR


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()
        if found is None or found[0] != value:
            connection.close()
            raise StoreUnavailableError(f"SQLite refuses PRAGMA {name} = {value} here: it says {found}")


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    read_only = options.get(READ_ONLY, False)
    if not read_only:
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        _set_sync(driver, connection.info, _NORMAL if options.get(UNSYNCED, False) else _FULL)
    if options.get(ROOMY, False) and not connection.info.get(ROOMY, False):
        for name, value in _ROOMS.items():
            connection.exec_driver_sql(f"PRAGMA {name} = {value}")
        connection.info[ROOMY] = True
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _on_reset(connection: sqlite3.Connection, *_: object) -> None:
    """Leave no transaction open: SQLAlchemy takes one for ended whose commit SQLite has refused."""
    if connection.in_transaction:
        connection.rollback()


def _set_sync(connection: sqlite3.Connection, info: MutableMapping[Any, Any], level: int) -> None:
    """Set how commits are synced; `info` is what the pool notes of the connection."""
    if info.get(_SYNCED, _FULL) != level:
        connection.execute(f"PRAGMA synchronous = {level}")
        found = connection.execute("PRAGMA synchronous").fetchone()
        if found != (level,):
            raise StoreUnavailableError(f"SQLite refuses PRAGMA synchronous = {level} here: it says {found}")
        info[_SYNCED] = level


def _on_begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(UNSYNCED, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


def _as_ours(record: logging.LogRecord) -> bool:
    """Tell of a connection that the pool could not clear as of the lost database that it is, and as often."""
    error = record.exc_info[1] if record.exc_info else None
    if _translated(error) is not None:
        record.msg, record.args = "database_away", ()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _on_error(context: ExceptionContext) -> None:
    if context.is_pre_ping:
        REMAINS.note()
        return  # the pool opens another connection
    translated = failure(context.original_exception)
    if translated is not None:
        raise translated from context.original_exception
