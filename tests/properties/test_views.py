"""The views show what their definitions say: to each viewer what he may see, of no other company a row."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bccd.store import audiences, migrate
from bccd.store.engine import Stores, open_engines, reading
from bccd.store.plain import all_rows, put_rows
from bccd.store.reference import VIEWS as REFERENCE
from bccd.store.tables import to_text
from bccd.store.uow import transaction
from tests.examples import some
from tests.properties.test_pipeline_properties import MEMORY
from tests.properties.view_oracle import VIEWS, Oracle
from tests.properties.view_worlds import BERT, CONVERSATIONS, Row, Rows, private_mail, world
from tests.server import Server
from tests.store.conftest import config_of

seeds = st.integers(0, 2**32)
quick = some(12)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both schemas, views included."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    migrate.upgrade(config_of(folder))
    return folder


@contextmanager
def filled(empty: Path, *worlds: Rows) -> Iterator[Stores]:
    """Open a database with these companies."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        shutil.copytree(empty, Path(folder) / "data")
        stores = open_engines(config_of(Path(folder) / "data"))
        try:
            for rows in worlds:
                put(stores, rows)
            yield stores
        finally:
            stores.close()


def put(stores: Stores, rows: Rows) -> None:
    """Insert rows, and work out who sees what."""
    put_rows(stores, rows)
    company = rows["message"][0]["company_id"]
    with transaction(stores.database) as connection:
        audiences.work_out(connection, company, [*CONVERSATIONS, 500])


def read(stores: Stores) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return all rows of every view, each with its columns by name."""
    found = {}
    with reading(stores.database) as connection:
        for view in VIEWS:
            rows = connection.execute(text(f"SELECT * FROM {view}")).mappings()  # noqa: S608  our names
            found[view] = counted([dict(row) for row in rows])
    return found


def counted(rows: list[Row]) -> Counter[tuple[Any, ...]]:
    """Return rows as they compare between databases: times as text, truth as 0 and 1."""
    return Counter(tuple(sorted((name, _plain(value)) for name, value in row.items())) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, bool | memoryview):
        return int(value) if isinstance(value, bool) else bytes(value)
    return to_text(value) if hasattr(value, "isoformat") else value


def expected(stores: Stores) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return what the oracle says of the same tables."""
    return {name: counted(rows) for name, rows in Oracle(all_rows(stores)).answers().items()}


def of(found: dict[str, Counter[tuple[Any, ...]]], **wanted: Any) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return the rows that have these values."""
    return {
        view: Counter({row: n for row, n in rows.items() if wanted.items() <= dict(row).items()})
        for view, rows in found.items()
    }


def test_every_view_has_a_definition() -> None:
    """No view is without an oracle."""
    assert set(VIEWS) == set(REFERENCE)


@quick
@given(seed=seeds)
def test_views_show_what_their_definitions_say(empty: Path, seed: int) -> None:
    """Row for row and viewer for viewer, whatever is private, shared, linked, merged or erased."""
    with filled(empty, world(seed), world(seed + 1, company=2)) as stores:
        shown, told = read(stores), expected(stores)
        for view in VIEWS:
            assert shown[view] == told[view], view


@pytest.mark.db
def test_views_show_the_same_on_postgresql(server: Server, tmp_path: Path) -> None:
    """Some worlds, by the same definitions."""
    with server.database() as name:
        config = config_of(tmp_path, server.url(name))
        migrate.upgrade(config)
        stores = open_engines(config)
        for company, seed in enumerate(range(9), 1):
            put(stores, world(seed, company))
        shown, told = read(stores), expected(stores)
        stores.close()
    for view in VIEWS:
        assert shown[view] == told[view], view
        assert shown[view], f"no world has a row for {view}"


@quick
@given(seed=seeds)
def test_private_mail_changes_nothing_for_others(empty: Path, seed: int) -> None:
    """However it is linked and whatever it names, nobody but its owner reads anything else than before."""
    first = world(seed)
    with filled(empty, first) as stores:
        before = read(stores)
        put(stores, _fresh(private_mail(seed, first, BERT), first))
        after = read(stores)
    assert after["v1_conversation"] != before["v1_conversation"]
    for view in VIEWS:
        for viewer in (1, 3, 4, 5):
            known, now = (of({view: found[view]}, viewer_user_id=viewer) for found in (before, after))
            assert now == known, view


def _fresh(more: Rows, known: Rows) -> Rows:
    """Leave out tokens that stand already."""
    tokens = {(row["token"], row["scope"]) for row in known["conversation_token"]}
    new = [row for row in more["conversation_token"] if (row["token"], row["scope"]) not in tokens]
    return more | {"conversation_token": new}


@quick
@given(seed=seeds)
def test_no_row_of_another_company_is_reachable(empty: Path, seed: int) -> None:
    """A neighbour with the same ids everywhere changes no row that a company can ask for."""
    with filled(empty, world(seed)) as alone, filled(empty, world(seed), world(seed, company=2)) as both:
        ours, all_ = read(alone), read(both)
    assert of(all_, company_id=1) == of(ours, company_id=1)
    for view in set(VIEWS) - {"v1_schema"}:
        theirs = of({view: all_[view]}, company_id=2)[view]
        assert len(theirs) == len(all_[view]) - len(of({view: all_[view]}, company_id=1)[view]), view
        assert not [row for row in theirs for _, value in row if "company 1" in str(value)], view
