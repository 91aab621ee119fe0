"""Counting in bounded memory."""

from collections.abc import Callable

import pytest

from bccd.sources.rates import Buckets, Window


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_is_exact() -> None:
    """So many events fit into any span of its length, and keys do not know of each other."""
    clock = Hand()
    window = Window(3, 60, monotonic=clock)
    assert [window.take("a") for _ in range(4)] == [True, True, True, False]
    assert window.take("b")
    clock.now += 59.9
    assert not window.take("a")
    clock.now += 0.2
    assert [window.take("a") for _ in range(4)] == [True, True, True, False]


def test_what_was_no_event_is_given_back() -> None:
    """An event that is uncounted leaves room, and a key without events no trace."""
    window = Window(1, 60)
    for _ in range(3):
        assert window.take("a")
        window.give_back("a")
    window.give_back("never seen")
    assert not window._events


def test_a_bucket_fills_up_evenly() -> None:
    """A full bucket gives its tokens at once and gets one back after its share of the time."""
    clock = Hand()
    buckets = Buckets(60, 60, monotonic=clock)
    assert [buckets.take("a") for _ in range(61)] == [True] * 60 + [False]
    clock.now += 1.01
    assert [buckets.take("a") for _ in range(2)] == [True, False]
    clock.now += 1e6
    assert sum(buckets.take("a") for _ in range(100)) == 60


@pytest.mark.parametrize("make", [Window, Buckets])
def test_zero_is_any_number(make: Callable[[int, float], Window | Buckets]) -> None:
    """Without a limit nothing is counted."""
    assert all(make(0, 60).take(n) for n in range(100))


def test_a_million_keys_take_bounded_memory() -> None:
    """However many keys come, so many are remembered, and a key that keeps coming is not forgotten."""
    window, buckets = Window(2, 60, keys=100), Buckets(2, 60, keys=100)
    for counter in (window, buckets):
        for n in range(100_000):
            counter.take(n)
            if n % 50 == 0:
                counter.take("busy")
        assert not counter.take("busy")
    assert len(window._events) == len(buckets._buckets) == 100
