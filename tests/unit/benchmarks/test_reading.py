"""The pages of the reading benchmark show something, and what misses its gate is said to."""

from collections.abc import Iterator

import pytest

from bccd.store import migrate
from bccd.store.engine import Stores, open_engines
from benchmarks.databases import config_of
from benchmarks.population import Scale, populate
from benchmarks.reading import PAGES, Chance, Page, Result, front_end, measure, table


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Return SQLite stores with a small population."""
    config = config_of(tmp_path_factory.mktemp("reading"))
    migrate.upgrade(config)
    opened = open_engines(config)
    populate(opened, Scale(companies=2, users=6, conversations=200, messages=800))
    yield opened
    opened.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_show_rows(stores: Stores, page: Page) -> None:
    """Every page has rows for the viewers and things that chance chooses, so that its time means much."""
    with front_end(stores) as ask:
        result = measure(ask, page, Chance(ask, seed=1), times=20)
    assert result.rows > 0
    assert result.ms["p50"] <= result.ms["p95"] <= result.ms["max"]


def test_what_is_chosen_can_be_seen(stores: Stores) -> None:
    """A viewer is shown conversations that he may see: each has a message for him."""
    page = next(page for page in PAGES if page.name == "message list")
    with front_end(stores) as ask:
        chance = Chance(ask, seed=2)
        assert all(ask(page.sql, page.given(chance.values(page.about))) for _ in range(50))


def test_a_missed_gate_is_said() -> None:
    """The table marks the page, and only that."""
    quick, slow = (Result(name, 3, {"p50": 1, "p95": p95, "p99": 9, "max": 9}, 5) for name, p95 in PACES)
    lines = table([quick, slow])
    assert quick.holds
    assert not slow.holds
    assert [line.endswith("missed") for line in lines[-2:]] == [False, True]


PACES = (("quick", 3.0), ("slow", 3.1))
