"""The time that peers are held to, and the moment by which one must have done something.

While this process is held up (the disk blocks it, or the machine gives it no turn) nobody can be heard, so
nobody is late: the clock stands still meanwhile.
"""

import asyncio
import time
from collections.abc import Callable

_BEAT_SECONDS = 1.0
_HELD_UP_SECONDS = 2.0  # a loop that comes round so much later than it should has been held up


class Clock:
    """Seconds during which the loop of this process came round; all its sessions share it."""

    def __init__(self) -> None:
        self._time: Callable[[], float] = time.monotonic
        self._lost = 0.0
        self._beat: asyncio.TimerHandle | None = None

    def time(self) -> float:
        """Return the seconds since some moment."""
        return self._time() - self._lost

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stand still from now on whenever this loop does."""
        self._time = loop.time
        self._expect(loop)

    def stop(self) -> None:
        """Look at the loop no more."""
        if self._beat is not None:
            self._beat.cancel()

    def _expect(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + _BEAT_SECONDS
        self._beat = loop.call_at(due, self._came_round, loop, due)

    def _came_round(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        late = loop.time() - due
        if late > _HELD_UP_SECONDS:
            self._lost += late
        self._expect(loop)


class Deadline:
    """The moment by which one peer must have done something; each step moves it, at the price of no timer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, missed: Callable[[], None]) -> None:
        self._loop = loop
        self._clock = clock
        self._missed = missed
        self._at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0

    def set(self, at: float | None) -> None:
        """Set it on the clock; None while it is our turn."""
        self._at = at
        if at is None or (self._timer is not None and self._looks_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = at
        self._timer = self._loop.call_later(at - self._clock.time(), self._look)

    def hasten(self, at: float) -> None:
        """Let it be no later than this, if there is one."""
        if self._at is not None and at < self._at:
            self.set(at)

    def close(self) -> None:
        """Have nothing happen any more."""
        self._at = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._at is None:
            return
        if self._clock.time() < self._at:
            self.set(self._at)
        else:
            self._missed()
