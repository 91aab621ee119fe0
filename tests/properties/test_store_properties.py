"""The store in memory and those in databases end with the same rows, whatever mail the pipeline files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store import tables
from bccd.store.engine import Stores, open_engine
from bccd.store.postgresql import normal_url
from bccd.store.uow import SqlWorks
from bccd.testing import FixedClock, MemoryStore, Seed, fill, rows
from tests.examples import some
from tests.properties.test_pipeline_properties import DIRECTORY, MEMORY, NOW, Draft, mail, some_drafts
from tests.server import Server

SEED = Seed()
SEED.rows.update(DIRECTORY)


@contextmanager
def sqlite() -> Iterator[Stores]:
    """Open two fresh files with all tables."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        database, spool = (open_engine(f"sqlite:///{folder}/{name}.db") for name in ("bccd", "spool"))
        opened = Stores(database, spool, Path(folder))
        tables.database.create_all(opened.database)
        tables.spool.create_all(opened.spool)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def postgresql(server: Server, template: str) -> Iterator[Stores]:
    """Open a fresh database with all tables."""
    with server.database(template) as name:
        engine = open_engine(normal_url(server.url(name)))
        try:
            yield Stores(engine, engine, server.folder)
        finally:
            engine.dispose()


@pytest.fixture(scope="module")
def template(server: Server) -> Iterator[str]:
    """Return the name of a database with all tables."""
    with server.database() as name:
        engine = open_engine(normal_url(server.url(name)))
        tables.database.create_all(engine)
        tables.spool.create_all(engine)
        engine.dispose()
        yield name


@pytest.mark.db
@some(6)
@given(some_drafts(), st.lists(st.integers(1, 4), max_size=9))
def test_memory_and_postgresql_agree(
    server: Server, template: str, drafts: list[Draft], sizes: list[int]
) -> None:
    """The rows are the same down to their ids and moments."""
    with postgresql(server, template) as stores:
        agree(stores, drafts, sizes)


@some(14)
@given(some_drafts(), st.lists(st.integers(1, 4), max_size=9))
def test_memory_and_sqlite_agree(drafts: list[Draft], sizes: list[int]) -> None:
    """One batch after the other, each store sees the same facts and keeps the same rows."""
    with sqlite() as stores:
        agree(stores, drafts, sizes)


def agree(stores: Stores, drafts: list[Draft], sizes: list[int]) -> None:
    """File the same batches in memory and in a database, and compare outcomes and rows."""
    mails = [mail(number, draft) for number, draft in enumerate(drafts, 1)]
    memory, clock = MemoryStore(), FixedClock(NOW)
    fill(memory, SEED)
    fill(stores, SEED)
    for size in [*sizes, len(mails)]:
        batch, mails = mails[:size], mails[size:]
        if batch:
            in_memory = deliver(1, batch, DeliverPorts(memory, clock))
            assert in_memory == deliver(1, batch, DeliverPorts(SqlWorks(stores.database), clock))
    assert rows(memory) == rows(stores)
