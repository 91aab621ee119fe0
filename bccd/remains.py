"""What failures of the store leave in memory, and when it is given back.

A failure and the frames that it came through hold each other, and with them what those had in hand: a batch
of mail, a dead connection with all that it had received. Python frees such cycles when it looks for them,
and a process that files mail has it look seldom. A server that failed again and again cost 16 MiB that way.
"""

import asyncio
import gc
import time

_SECONDS = 1.0  # between two looks: one takes milliseconds, and failures come in hundreds
_LOOKS = 2  # after each failure: while another thread raises it still, its cycle is in use


class Remains:
    """Knows whether anything failed since cycles were last looked for."""

    def __init__(self) -> None:
        self._looks = 0
        self._next = 0.0

    def note(self) -> None:
        """Say that something has failed; from any thread, and while the failure is still raised."""
        self._looks = _LOOKS

    def clear(self) -> None:
        """Free what is left of failures; from a loop that is in none itself."""
        if self._looks and time.monotonic() >= self._next:
            self._looks -= 1
            gc.collect()
            self._next = time.monotonic() + _SECONDS

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Clear within a loop from now on, as long as it runs."""
        self.clear()
        loop.call_later(_SECONDS, self.follow, loop)


REMAINS = Remains()  # of this process
