"""What the fronts of one daemon count together: connections, arrivals of each host, octets in flight.

The kernel deals connections out unevenly, so that a part of each limit for each front would turn peers away
that have room. Each front writes a row of its own in shared memory and reads all rows: no lock is needed, and
two fronts that let somebody in within the same microseconds are the only way past a limit. Hosts share cells
by a hash with a secret of the daemon; two that meet in one count as one host.
"""

import mmap
import time
from collections.abc import Callable

CELLS = 65_536
MINUTE = 60.0
_TOTALS = 8  # numbers of 8 octets at the head of a row; the first four are used
_CONNECTIONS, _OCTETS, _MINUTES = 0, 1, 2
_HEAD = _TOTALS * 8
_TABLES = 3  # of numbers of 4 octets: open connections, arrivals in even minutes, in odd ones
_ROW = _HEAD + _TABLES * CELLS * 4


class Seat:
    """One front's row, and the sums over all rows."""

    def __init__(self, census: "Census", number: int, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._heads = census.heads
        self._tables = census.tables
        self._head = self._heads[number]
        self._table = self._tables[number]
        self.clear()

    def clear(self) -> None:
        """Forget what a front that died in this place has counted."""
        self._head[:] = memoryview(bytes(_HEAD)).cast("q")
        self._table[:] = memoryview(bytes(_TABLES * CELLS * 4)).cast("I")

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return sum(head[_CONNECTIONS] for head in self._heads)

    @property
    def octets(self) -> int:
        """Return how many octets of mail are in flight."""
        return sum(head[_OCTETS] for head in self._heads)

    def book(self, octets: int) -> None:
        """Count octets in, or out where they are fewer than none."""
        self._head[_OCTETS] += octets

    def open_of(self, host: str) -> int:
        """Return how many connections of a host are open."""
        cell = hash(host) % CELLS
        return sum(table[cell] for table in self._tables)

    def enter(self, host: str) -> None:
        """Count a connection in; of a host, or "" for one that has no limit of its own."""
        self._head[_CONNECTIONS] += 1
        if host:
            self._table[hash(host) % CELLS] += 1

    def leave(self, host: str) -> None:
        """Count a connection out that was counted in."""
        self._head[_CONNECTIONS] -= 1
        if host:
            self._table[hash(host) % CELLS] -= 1

    def arrivals(self, host: str) -> float:
        """Return how many connections a host has begun within the last minute.

        Of the clock's last minute the part counts that is less than a minute ago, as if spread evenly.
        """
        minute, part = divmod(self._monotonic(), MINUTE)
        now = int(minute)
        cell = hash(host) % CELLS
        here = there = 0
        for head, table in zip(self._heads, self._tables, strict=True):
            if head[_MINUTES + now % 2] == now:
                here += table[CELLS * (1 + now % 2) + cell]
            if head[_MINUTES + (now - 1) % 2] == now - 1:
                there += table[CELLS * (1 + (now - 1) % 2) + cell]
        return here + there * (1 - part / MINUTE)

    def arrive(self, host: str) -> None:
        """Count a connection of a host that begins."""
        now = int(self._monotonic() // MINUTE)
        start = CELLS * (1 + now % 2)
        if self._head[_MINUTES + now % 2] != now:
            self._table[start : start + CELLS] = memoryview(bytes(CELLS * 4)).cast("I")
            self._head[_MINUTES + now % 2] = now
        self._table[start + hash(host) % CELLS] += 1


class Census:
    """The shared memory, made before the fronts are forked; a page of it is taken when it is written to."""

    def __init__(self, fronts: int = 1) -> None:
        whole = memoryview(mmap.mmap(-1, fronts * _ROW))
        rows = [whole[number * _ROW : (number + 1) * _ROW] for number in range(fronts)]
        self.heads = [row[:_HEAD].cast("q") for row in rows]
        self.tables = [row[_HEAD:].cast("I") for row in rows]

    def seat(self, number: int = 0, monotonic: Callable[[], float] = time.monotonic) -> Seat:
        """Take a front's row, cleared."""
        return Seat(self, number, monotonic)
