"""The directory's snapshot: how old it may be, and what happens while the database is away."""

import asyncio
import threading
import time
from dataclasses import dataclass, field, replace

import pytest

from bccd.directory.cache import CachedDirectory
from bccd.model.directory import Acquaintance, Directory, Outsider
from bccd.model.errors import StoreUnavailableError


@dataclass
class Store:
    """A database that can be changed, stopped and made slow."""

    version: int = 1
    away: bool = False
    seconds: float = 0.0
    asked: int = 0
    loaded: int = 0
    deals: set[tuple[int, str]] = field(default_factory=set)
    now: float = 100.0

    def snapshot(self) -> Directory:
        self.loaded += 1
        self._answer()
        return Directory(self.version, {}, {}, {})

    def current_version(self) -> int:
        self.asked += 1
        self._answer()
        return self.version

    def deal(self, company_id: int, external_id: str) -> bool:
        self._answer()
        return (company_id, external_id) in self.deals

    def numbered(self, company_id: int, number: int) -> str | None:
        self._answer()
        return "d-7" if (company_id, number) == (1, 7) else None

    def known(self, company_id: int, outsider: Outsider) -> Acquaintance | None:
        self._answer()
        return Acquaintance(company_id) if outsider.address == "jan@customer.example" else None

    def _answer(self) -> None:
        time.sleep(self.seconds)
        if self.away:
            raise StoreUnavailableError("away")

    def cache(self, patience: float = 5.0) -> CachedDirectory:
        return CachedDirectory(
            self.snapshot,
            self.current_version,
            self.deal,
            self.known,
            self.numbered,
            patience=patience,
            monotonic=self.clock,
        )

    def clock(self) -> float:
        # Two readings are never equal, as with a real clock.
        self.now += 1e-6
        return self.now


def test_the_snapshot_is_loaded_once_and_kept() -> None:
    """Within a second the database is not asked again."""

    async def run() -> None:
        store = Store()
        cache = store.cache()
        assert [(await cache.current()).version for _ in range(50)] == [1] * 50
        assert (store.loaded, store.asked) == (1, 0)
        cache.close()

    asyncio.run(run())


def test_a_change_is_seen_after_a_second() -> None:
    """current() is at most a second behind, and loads only what has changed."""

    async def run() -> None:
        store = Store()
        cache = store.cache()
        await cache.current()
        store.version = 2
        assert (await cache.current()).version == 1
        store.now += 1.1
        assert (await cache.current()).version == 2
        store.now += 1.1
        await cache.current()
        assert (store.loaded, store.asked) == (2, 2)
        cache.close()

    asyncio.run(run())


def test_fresh_is_never_stale() -> None:
    """A refusal for good is given only on a snapshot that was checked after the question came."""

    async def run() -> None:
        store = Store()
        cache = store.cache()
        await cache.current()
        store.version = 2
        assert (await cache.fresh()).version == 2
        cache.close()

    asyncio.run(run())


def test_while_the_database_is_away_hits_are_served_and_misses_are_not() -> None:
    """current() goes on with what it has, asking once a second; fresh() says that it cannot tell."""

    async def run() -> None:
        store = Store()
        cache = store.cache()
        await cache.current()
        store.away = True
        store.now += 2
        assert [(await cache.current()).version for _ in range(10)] == [1] * 10
        assert store.asked == 1
        with pytest.raises(StoreUnavailableError):
            await cache.fresh()
        assert await cache.deal_exists(1, "D1") is None
        store.away, store.version = False, 3
        assert (await cache.fresh()).version == 3
        cache.close()

    asyncio.run(run())


def test_without_any_snapshot_nothing_can_be_told() -> None:
    """A start while the database is away heals by itself."""

    async def run() -> None:
        store = Store(away=True)
        cache = store.cache()
        with pytest.raises(StoreUnavailableError):
            await cache.current()
        store.away = False
        assert (await cache.current()).version == 1
        cache.close()

    asyncio.run(run())


def test_many_who_miss_at_once_ask_once() -> None:
    """Those who wait while the version is read share an answer no older than their question."""

    async def run() -> None:
        store = Store()
        cache = store.cache()
        await cache.current()
        store.seconds = 0.02
        await asyncio.gather(*(cache.fresh() for _ in range(100)))
        assert store.asked <= 2
        store.away = True
        told = await asyncio.gather(*(cache.fresh() for _ in range(100)), return_exceptions=True)
        assert all(isinstance(one, StoreUnavailableError) for one in told)
        assert store.asked <= 4
        cache.close()

    asyncio.run(run())


def test_a_database_that_hangs_is_not_waited_for() -> None:
    """The answer is "cannot tell" after the patience has run out, and the loop was never blocked."""
    hung = threading.Event()

    async def run() -> None:
        store = Store()
        cache = CachedDirectory(
            store.snapshot,
            store.current_version,
            lambda _company, _deal: hung.wait(10),
            store.known,
            store.numbered,
            patience=0.05,
        )
        assert await cache.deal_exists(1, "D1") is None
        hung.set()
        assert (await cache.current()).version == 1
        cache.close()

    asyncio.run(run())


def test_deals_are_looked_up() -> None:
    """A deal of the company is told from one that does not exist."""

    async def run() -> None:
        store = Store(deals={(1, "D1")})
        cache = store.cache()
        assert (await cache.deal_exists(1, "D1"), await cache.deal_exists(2, "D1")) == (True, False)
        assert (await cache.deal_numbered(1, 7), await cache.deal_numbered(2, 7)) == ("d-7", None)
        cache.close()

    asyncio.run(run())


def test_outsiders_are_looked_up_or_it_is_said_that_they_cannot_be() -> None:
    """Nobody may be refused because the database is away: the listener makes 451 of it."""

    async def run() -> None:
        store = Store()
        cache = store.cache()
        jan = Outsider("jan@customer.example", frozenset(), proven=True)
        assert await cache.acquaintance(7, jan) == Acquaintance(7)
        assert await cache.acquaintance(7, replace(jan, address="eve@other.example")) is None
        store.away = True
        with pytest.raises(StoreUnavailableError):
            await cache.acquaintance(7, jan)
        cache.close()

    asyncio.run(run())
