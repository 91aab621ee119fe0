"""Signs of life of a process's loop, in memory that it shares with the supervisor."""

import asyncio
import mmap
import struct
from collections.abc import Callable, Mapping
from typing import Any

_BEAT_SECONDS = 1.0
_COUNT = struct.Struct("=Q")


class Pulse:
    """Counts how often a loop has come round; made before the fork, moved on by the child alone."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _COUNT.size)

    @property
    def beats(self) -> int:
        """How often it beat; 0 before the loop runs, and while no beat is to be expected."""
        (count,) = _COUNT.unpack_from(self._memory)
        return int(count)

    def reset(self) -> None:
        """Begin anew, for a new process."""
        _COUNT.pack_into(self._memory, 0, 0)

    def beat(self) -> None:
        """Say that the loop comes round."""
        _COUNT.pack_into(self._memory, 0, self.beats + 1)

    def unwatched(self, operations: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
        """Return what does the same, while no beat is expected of the loop that calls it."""

        def quiet(operation: Callable[..., Any]) -> Callable[..., Any]:
            def act(*arguments: Any) -> Any:
                self.reset()
                try:
                    return operation(*arguments)
                finally:
                    self.beat()

            return act

        return {name: quiet(operation) for name, operation in operations.items()}

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Beat within a loop from now on, as long as it runs."""
        self.beat()
        loop.call_later(_BEAT_SECONDS, self.follow, loop)
