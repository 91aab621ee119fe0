"""Databases to measure with: on SQLite in a folder, on a PostgreSQL server of our own, gone in the end."""

import shutil
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

from bccd.store import migrate
from bccd.store.engine import Stores, open_engines
from benchmarks.peers import PLACE
from benchmarks.population import SIZES, Scale, populate
from tests.server import Server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DATABASES = (SQLITE, POSTGRESQL)
NAMES = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}
# What an administrator would set on a small machine; every commit is synced.
SETTINGS = ("shared_buffers=1GB", "max_wal_size=4GB", "autovacuum=on", "fsync=on", "synchronous_commit=on")
_OPEN_TO_OTHERS = 0o711


def config_of(folder: Path, url: str = "") -> Any:
    """Return what the store reads of a configuration."""
    return SimpleNamespace(data_dir=folder, database=SimpleNamespace(url=url))


@contextmanager
def folder_below(place: Path) -> Iterator[Path]:
    """Make a folder and remove it; servers that run as other users may keep theirs in it."""
    folder = Path(mkdtemp(prefix="bccd-bench-", dir=place))
    folder.chmod(_OPEN_TO_OTHERS)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(place: Path) -> Iterator[Server]:
    """Run a PostgreSQL server in a folder below a place."""
    running = Server(place, SETTINGS)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def url_of(database: str, place: Path) -> Iterator[str]:
    """Return the url of an empty database of a kind; none is needed for SQLite."""
    if database == SQLITE:
        yield ""
        return
    with server(place) as running, running.database() as name:
        yield running.url(name)


@contextmanager
def migrated(database: str, place: Path) -> Iterator[Stores]:
    """Open stores with all their tables and no rows, on whatever is below a place."""
    with folder_below(place) as folder, url_of(database, folder) as url:
        config = config_of(folder, url)
        migrate.upgrade(config)
        stores = open_engines(config)
        try:
            yield stores
        finally:
            stores.close()


def add_arguments(parser: ArgumentParser) -> None:
    """Let the command line say which database, how large and where."""
    usual = Scale()
    parser.add_argument("--database", choices=DATABASES, default=SQLITE)
    for name in SIZES:
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    parser.add_argument("--data", type=Path, default=PLACE, help=f"where it is made (default: {PLACE})")


@contextmanager
def populated(given: Namespace) -> Iterator[Stores]:
    """Open stores with a population as the command line says."""
    scale = Scale(**{name: getattr(given, name) for name in SIZES})
    began = time.monotonic()
    with migrated(given.database, given.data) as stores:
        populate(stores, scale)
        print(
            f"{given.database}: {scale.conversations:,} conversations, {scale.messages:,} messages made in"
            f" {time.monotonic() - began:.0f} s",
            flush=True,
        )
        yield stores
