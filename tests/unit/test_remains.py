"""What failures leave in memory is given back soon, and looked for only after one; what is free goes back."""

import asyncio
import gc
import os
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bccd import remains
from bccd.model.errors import StoreUnavailableError
from bccd.remains import REMAINS, Remains
from bccd.store.engine import failure, open_engine, reading


class _Batch:
    """What a failing step had in hand."""


@pytest.fixture(autouse=True)
def _seldom() -> Iterator[None]:
    """Have Python look for cycles only when it is told to."""
    gc.disable()
    yield
    gc.enable()


def _fail(freed: Callable[["weakref.ref[_Batch]"], object] | None = None) -> "weakref.ref[_Batch]":
    """Fail as a step does that keeps the failure which it raises."""

    def step(batch: _Batch) -> None:
        kept = StoreUnavailableError(f"away, with {batch} in hand")
        raise kept

    batch = _Batch()
    left = weakref.ref(batch, freed)
    with pytest.raises(StoreUnavailableError) as caught:
        step(batch)
    del caught
    return left


def test_what_a_failure_held_is_freed_after_it() -> None:
    """A cycle that a failure left is gone at the next look."""
    left = _fail()
    assert left() is not None
    own = Remains()
    own.note()
    own.clear()
    assert left() is None


def test_nothing_is_looked_for_where_nothing_failed() -> None:
    """A look costs milliseconds: a loop that meets no failure has none."""
    left = _fail()
    Remains().clear()
    assert left() is not None


def test_many_failures_cost_one_look_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed within a second of the last look waits for the next, and is not forgotten."""
    now = 100.0
    monkeypatch.setattr("bccd.remains.time.monotonic", lambda: now)
    own = Remains()
    own.note()
    own.clear()
    left = _fail()
    own.note()
    own.clear()
    assert left() is not None
    now = 102.0
    own.clear()
    assert left() is None


def test_a_failure_that_is_still_raised_is_freed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another thread raises while the loop looks is not forgotten."""
    monkeypatch.setattr(remains, "_SECONDS", 0.0)
    own = Remains()
    own.note()
    own.clear()
    left = _fail()
    own.clear()
    assert left() is None


def test_an_event_loop_clears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A front follows its loop."""
    monkeypatch.setattr(remains, "_SECONDS", 0.0)
    own = Remains()

    async def run() -> None:
        own.follow(asyncio.get_running_loop())
        freed = asyncio.Event()
        left = _fail(lambda _: freed.set())
        own.note()
        await freed.wait()
        assert left() is None

    asyncio.run(asyncio.wait_for(run(), 30))


def test_what_is_free_goes_back_to_the_system() -> None:
    """Also where it lies in pieces between what is in use."""
    pieces = [bytes(60_000) for _ in range(1_000)]
    pinned = pieces[::20]
    del pieces
    before = _resident()
    remains.trim()
    assert _resident() < before - 30_000_000
    assert len(pinned) == 50


def test_it_goes_back_every_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does nothing else has no cost to speak of."""
    now, trims = 100.0, 0

    def trim() -> None:
        nonlocal trims
        trims += 1

    monkeypatch.setattr("bccd.remains.time.monotonic", lambda: now)
    monkeypatch.setattr(remains, "trim", trim)
    own = Remains()
    for _ in range(500):
        now += 0.25
        own.clear()
    assert trims == 25


def _resident() -> int:
    """Return how many octets of memory this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_every_failure_of_the_store_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a statement fails or no connection can be made."""
    noted: list[bool] = []
    monkeypatch.setattr(REMAINS, "note", lambda: noted.append(True))
    assert failure(OSError(5, "Input/output error")) is not None
    assert len(noted) == 1
    with pytest.raises(StoreUnavailableError), reading(open_engine("sqlite:////proc/none/bccd.db")):
        pass
    assert len(noted) > 1
    noted.clear()
    assert failure(ValueError("a mistake of the program")) is None
    assert not noted
