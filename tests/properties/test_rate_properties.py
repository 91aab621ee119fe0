"""Counters and logins under anything: limits hold over every span, and no response does harm."""

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.sources.rates import Buckets, Window
from bccd.sources.submission import _decoded, _NoLoginError, _text

GAPS = st.lists(st.floats(0, 40), max_size=60)


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(limit=st.integers(1, 5), gaps=GAPS)
def test_no_span_holds_more_than_a_window_allows(limit: int, gaps: list[float]) -> None:
    """Whenever events come, any hundred seconds hold at most so many that were let through."""
    clock, passed = Hand(), []
    window = Window(limit, 100, monotonic=clock)
    for gap in gaps:
        clock.now += gap
        if window.take("key"):
            passed.append(clock.now)
    for first, last in zip(passed, passed[limit:], strict=False):
        assert last - first >= 100 - 1e-6


@given(limit=st.integers(1, 5), gaps=GAPS)
def test_no_span_holds_more_than_a_bucket_gives(limit: int, gaps: list[float]) -> None:
    """Over any span a bucket gives what it holds and what flows in, and no token more."""
    clock, passed = Hand(), []
    buckets = Buckets(limit, 100, monotonic=clock)
    for gap in gaps:
        clock.now += gap
        if buckets.take("key"):
            passed.append(clock.now)
    for start, first in enumerate(passed):
        for count, last in enumerate(passed[start:], 1):
            assert count <= limit + (last - first) * limit / 100 + 1e-6


@given(st.text(max_size=100) | st.binary(max_size=100).map(lambda octets: b64encode(octets).decode()))
def test_a_response_is_read_or_refused(said: str) -> None:
    """Whatever a client answers, it is base64 of text without NUL, or refused."""
    with suppress(_NoLoginError):
        read = _text(_decoded(said))
        assert "\0" not in read and read == read.encode().decode()


def test_what_is_no_text_is_refused() -> None:
    """Octets that are no UTF-8 are no name and no password."""
    for octets in (b"\xff", b"a\0b", b"x" * 513):
        with pytest.raises(_NoLoginError):
            _text(octets)
