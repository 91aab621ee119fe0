"""One bench for each kind of store: the same calls, the same rows."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bccd.model.delivery import Intake, Receipt
from bccd.ports import Queue, Spool, UnitOfWork, WorkOpener
from bccd.store import migrate
from bccd.store.engine import StoreConfig, Stores, open_engines
from bccd.store.entries import is_needed
from bccd.store.plain import Rows
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks
from bccd.testing import MemoryStore, Seed, fill, rows
from tests.server import Server

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.db)


def config_of(folder: Path, url: str = "") -> StoreConfig:
    """Return what the store reads of a configuration."""
    config: Any = SimpleNamespace(data_dir=folder, database=SimpleNamespace(url=url))
    return config  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both schemas, migrated once."""
    folder = tmp_path_factory.mktemp("template")
    migrate.upgrade(config_of(folder))
    return folder


@pytest.fixture(scope="session")
def migrated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the name of a PostgreSQL database with both schemas, migrated once."""
    with server.database() as name:
        migrate.upgrade(config_of(tmp_path_factory.mktemp("migrated"), server.url(name)))
        yield name


@pytest.fixture
def postgresql(server: Server, migrated: str, tmp_path: Path) -> Iterator[Stores]:
    """Return open, empty stores on PostgreSQL."""
    folder = tmp_path / "node"
    folder.mkdir()
    with server.database(migrated) as name:
        opened = open_engines(config_of(folder, server.url(name)))
        yield opened
        opened.close()


@pytest.fixture
def sqlite(template: Path, tmp_path: Path) -> Iterator[Stores]:
    """Return open, empty SQLite stores."""
    folder = tmp_path / "data"
    shutil.copytree(template, folder)
    opened = open_engines(config_of(folder))
    yield opened
    opened.close()


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> Stores:
    """Return open, empty stores: on SQLite, unless a module is run on every database."""
    opened: Stores = request.getfixturevalue(getattr(request, "param", "sqlite"))
    return opened


# What a module says whose tests hold on every database.
on_every_database = pytest.mark.parametrize("stores", ["sqlite", POSTGRESQL], indirect=True)


@dataclass
class Bench:
    """A store with all its sides."""

    store: MemoryStore | Stores
    works: WorkOpener
    queue: Queue
    spool: Spool

    def fill(self, seed: Seed) -> None:
        """Put master data in."""
        fill(self.store, seed)

    def rows(self, *tables: str) -> Rows:
        """Return the rows of these tables."""
        return rows(self.store, *tables)

    def column(self, table: str, *names: str) -> list[Any]:
        """Return a column of a table, or tuples of several."""
        listed = rows(self.store, table)[table]
        return [row[names[0]] if len(names) == 1 else tuple(row[n] for n in names) for row in listed]

    def put(self, *intakes: Intake) -> list[Receipt]:
        """Spool mails, all at once."""

        async def all_at_once() -> list[Receipt]:
            return list(await asyncio.gather(*(self.spool.put(intake) for intake in intakes)))

        return asyncio.run(all_at_once())

    def work(self, company_id: int = 1) -> UnitOfWork:
        """Open a unit of work."""
        return self.works(company_id)

    def apply(self, steps: Sequence[tuple[Any, Any]], now: datetime) -> None:
        """File mails with their plans in one transaction."""
        with self.works(1) as work:
            work.apply([mail for mail, _ in steps], [plan for _, plan in steps], now)
            work.commit()


@pytest.fixture(params=["memory", "sqlite", POSTGRESQL])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Return the store under test."""
    if request.param == "memory":
        memory = MemoryStore()
        yield Bench(memory, memory, memory, memory)
        return
    opened: Stores = request.getfixturevalue(request.param)
    spool = GroupSpool(opened.spool, opened.folder)
    queue = SqlQueue(opened.spool, opened.folder, partial(is_needed, opened.database))
    yield Bench(opened, SqlWorks(opened.database), queue, spool)
    spool.close()
