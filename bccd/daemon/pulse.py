"""Signs of life of an event loop, in memory that its process shares with the supervisor."""

import asyncio
import mmap
import struct

_BEAT_SECONDS = 1.0
_COUNT = struct.Struct("=Q")


class Pulse:
    """Counts how often a loop has come round; made before the fork, moved on by the child alone."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _COUNT.size)

    @property
    def beats(self) -> int:
        """How often it beat; 0 before the loop runs."""
        (count,) = _COUNT.unpack_from(self._memory)
        return int(count)

    def reset(self) -> None:
        """Begin anew, for a new process."""
        _COUNT.pack_into(self._memory, 0, 0)

    def beat(self) -> None:
        """Say that the loop comes round."""
        _COUNT.pack_into(self._memory, 0, self.beats + 1)

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Beat within a loop from now on, as long as it runs."""
        self.beat()
        loop.call_later(_BEAT_SECONDS, self.follow, loop)
