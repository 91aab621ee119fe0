"""Takes mail in by turns: between two large pieces, whoever only has a command to say is answered.

A piece of 64 KiB of empty lines takes a millisecond or more to read. Were all that have one read in the same
turn of the loop, two hundred such peers would let everybody else wait for all of them at every command.
"""

import asyncio
from collections import deque

SHARE = 512 * 1024  # octets that are read in one turn of the loop
SMALL = 4096  # octets that wait for nobody


class Turns:
    """What the sessions of one process share of each turn of their loop."""

    def __init__(self) -> None:
        self._left = SHARE
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._due = False

    def free(self, octets: int) -> bool:
        """Tell whether so many octets may be read in this turn, which counts them."""
        if octets <= SMALL:
            return True
        if self._left <= 0 or self._waiting:
            return False
        self._count(octets)
        return True

    async def wait(self, octets: int) -> None:
        """Wait for a turn in which they may."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((mine, octets))
        self._look()
        await mine

    def _count(self, octets: int) -> None:
        self._left -= octets
        self._look()

    def _look(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._renew)

    def _renew(self) -> None:
        self._left, self._due = SHARE, False
        while self._waiting and self._left > 0:
            mine, octets = self._waiting.popleft()
            if not mine.done():  # nor is its session gone
                mine.set_result(None)
                self._count(octets)
