"""What failures of the store and large mail leave in memory, and when it is given back.

A failure and the frames that it came through hold each other, and with them what those had in hand: a batch
of mail, a dead connection with all that it had received. Python frees such cycles when it looks for them,
and a process that files mail has it look seldom. A server that failed again and again cost 16 MiB that way.
What is freed the C library keeps, in pieces between what is in use: a front's heap grew by a quarter within
ten minutes, for nothing.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from functools import cache

_SECONDS = 1.0  # between two looks: one takes milliseconds, and failures come in hundreds
_LOOKS = 2  # after each failure: while another thread raises it still, its cycle is in use
_TRIM_SECONDS = 5.0  # a trim takes a millisecond, and so does having the pages again


class Remains:
    """Knows whether anything failed since cycles were last looked for."""

    def __init__(self) -> None:
        self._looks = 0
        self._next = 0.0
        self._trim_at = time.monotonic() + _TRIM_SECONDS

    def note(self) -> None:
        """Say that something has failed; from any thread, and while the failure is still raised."""
        self._looks = _LOOKS

    def clear(self) -> None:
        """Free what is left of failures, and give the system what is free; from a loop that is in none."""
        if self._looks and time.monotonic() >= self._next:
            self._looks -= 1
            gc.collect()
            self._next = time.monotonic() + _SECONDS
        if time.monotonic() >= self._trim_at:
            trim()
            self._trim_at = time.monotonic() + _TRIM_SECONDS

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Clear within a loop from now on, as long as it runs."""
        self.clear()
        loop.call_later(_SECONDS, self.follow, loop)


def trim() -> None:
    """Give all whole pages that are free back to the system, where the C library knows how (glibc)."""
    _trimmer()(0)


@cache
def _trimmer() -> Callable[[int], object]:
    try:
        import ctypes  # noqa: PLC0415 - only the daemon pays for it

        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    # MemoryError: where memory is never writable and code. AttributeError: another C library.
    except (ImportError, MemoryError, AttributeError, OSError):
        return id
    return found


REMAINS = Remains()  # of this process
