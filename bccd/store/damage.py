"""Tells a damaged database before anything is written to it: half restored, overwritten, or cut short."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bccd.model.errors import SchemaError, StoreUnavailableError
from bccd.store.engine import PRAGMAS, StoreConfig

SMALL = 64 * 2**20  # octets; up to here a whole check takes no longer than a start may


class DamagedError(SchemaError):
    """A database file is not what SQLite wrote."""


def refuse_damaged(config: StoreConfig, *, thorough: bool) -> None:
    """Raise DamagedError, in one sentence, where a database file is damaged.

    A thorough check reads all of it; otherwise that is done for small files, and of large ones the schema
    is read. A file that is not there is not damaged.
    """
    for name in ("bccd.db", "spool.db"):
        path = config.data_dir / name
        if not path.exists():
            continue
        found = _complaint(path, whole=thorough or path.stat().st_size <= SMALL)
        if found:
            advice = "restore a backup into an empty folder, see docs/howto/backup.md"
            raise DamagedError(f"{path} is damaged ({found}): {advice}")


def _complaint(path: Path, *, whole: bool) -> str:
    """Return what SQLite finds wrong with a file, or an empty string."""
    wanted = "PRAGMA quick_check(1)" if whole else "SELECT count(*) FROM sqlite_schema"
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {PRAGMAS['busy_timeout']}")
            said = connection.execute(wanted).fetchone()[0]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StoreUnavailableError(f"{path} cannot be read: {error}") from error
        return str(error)
    return "" if said == "ok" or not whole else " ".join(str(said).split())
