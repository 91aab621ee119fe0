"""Tells that a database file was moved, deleted or replaced while it is open: what is written goes too."""

import os
import sqlite3
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bccd.model.errors import FileMovedError
from bccd.store.postgresql import is_postgresql

_FILES = "bccd_files"  # what the pool notes of a connection: where its files are, and which they are
_PARTS = ("", "-wal")  # the database, and the log of what is not in it yet
_Seen = tuple[tuple[str, tuple[int, int]], ...]


class Files:
    """The files of one SQLite engine, where every connection must find the database of the first."""

    def __init__(self, path: str) -> None:
        self._path = str(Path(path).absolute()) if path else ":memory:"
        self._seen: _Seen = ()

    def open(self) -> sqlite3.Connection:
        """Open the database; raises FileMovedError rather than open another, or make an empty one."""
        _compare(self._seen)
        return sqlite3.connect(self._path, check_same_thread=False)  # the pool lends it to one at a time

    def note(self, info: MutableMapping[Any, Any]) -> None:
        """Note for a connection that was just opened which files it has; none changes while it is open."""
        found = [(path, which) for part in _PARTS if (which := _which(path := self._path + part))]
        self._seen = self._seen or tuple(found[:1])
        info[_FILES] = tuple(found)
        _compare(self._seen)


def refuse_moved(info: Mapping[Any, Any]) -> None:
    """Raise FileMovedError unless a connection's files are where it opened them; 2 microseconds each.

    `info` is what the pool notes of the connection.
    """
    _compare(info.get(_FILES, ()))


def refuse_if_moved(engine: Engine) -> None:
    """Raise FileMovedError unless an engine's files are where they were opened; a server has none."""
    if is_postgresql(engine):
        return
    pooled = engine.raw_connection()
    try:
        refuse_moved(pooled.info)
    finally:
        pooled.close()


def _compare(seen: _Seen) -> None:
    for path, which in seen:
        if _which(path) != which:
            raise FileMovedError(Path(path).name)


def _which(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path takes twice as long, and every commit waits for it
    except OSError:
        return None
    return found.st_dev, found.st_ino
