"""Cells of memory that every process of a daemon shares: one slot for each, written by it, read by all.

To count is to add to a cell: no lock, no call into the system, about a tenth of a microsecond. A cell is
written by one thread of one process, or by several under a lock. A slot outlives its process: what a front
counted before it died stays counted, and the next front of that name goes on there.
"""

import mmap
import os
import struct
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum, unique

_CELLS = 512  # of eight octets in a slot; more than all families together take
_NOTES, _NOTE = 8, 256  # kept in a slot: how many, and octets of each
_SLOT = 8 * _CELLS + _NOTES * _NOTE
_STAMP = struct.Struct("<dH")  # when a note was taken, how long it is
_PID, _STARTED = 0, 1  # the first cells
OTHER = "other"  # counts what none of a family's values fits


@unique
class Kind(StrEnum):
    """The types of Prometheus that are used."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it tells, the label it has, and where its cells begin."""

    name: str
    kind: Kind
    help: str
    label: str = ""
    values: tuple[str, ...] = ("",)  # of the label: all there can be, so that nobody can make more
    bounds: tuple[float, ...] = ()  # of a histogram's buckets, in seconds
    by: str = ""  # the kind of process that counts it; empty: every one
    start: int = 0

    @property
    def cells(self) -> range:
        """The cells it has: one a value, of a histogram one a bucket, one for all above and the sum."""
        return range(self.start, self.start + (len(self.bounds) + 2 if self.bounds else len(self.values)))


FAMILIES: list[Family] = []


class _State:
    """Where this process counts: in memory of its own until it is given a slot."""

    cells: "memoryview[float]" = memoryview(bytearray(8 * _CELLS)).cast("d")
    notes: memoryview = memoryview(bytearray(_NOTES * _NOTE))
    board: "Board | None" = None
    noted = 0
    lock = threading.Lock()


def _define(family: Family) -> None:
    if family.cells.stop > _CELLS or any(known.name == family.name for known in FAMILIES):
        raise ValueError(f"{family.name}: no room for it, or it is there already")
    FAMILIES.append(family)


def _next() -> int:
    return FAMILIES[-1].cells.stop if FAMILIES else _STARTED + 1


class Counter:
    """Counts up, for each value of its label."""

    kind = Kind.COUNTER

    def __init__(self, by: str, name: str, text: str, label: str = "", values: Sequence[str] = ("",)) -> None:
        self.family = Family(name, self.kind, text, label, tuple(values), by=by, start=_next())
        _define(self.family)
        self._places: Mapping[str, int] = dict(zip(self.family.values, self.family.cells, strict=True))
        self._else = self._places.get(OTHER, self.family.start)

    def add(self, value: str = "", amount: float = 1) -> None:
        """Count; a value that the family does not have is counted as `other`."""
        _State.cells[self._places.get(value, self._else)] += amount

    def add_from_any_thread(self, value: str = "", amount: float = 1) -> None:
        """Count where several threads of a process count the same: to add is to read, and then to write."""
        with _State.lock:
            self.add(value, amount)


class Gauge(Counter):
    """A value that goes up and down; a process that starts begins at nothing."""

    kind = Kind.GAUGE

    def set(self, amount: float) -> None:
        """Say how much there is now."""
        _State.cells[self.family.start] = amount


class Histogram:
    """Counts how long things took."""

    def __init__(self, by: str, name: str, text: str, bounds: Sequence[float]) -> None:
        self.family = Family(name, Kind.HISTOGRAM, text, bounds=tuple(bounds), by=by, start=_next())
        _define(self.family)
        self._sum = self.family.cells.stop - 1

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        family, cells = self.family, _State.cells
        cells[family.start + bisect_left(family.bounds, seconds)] += 1
        cells[self._sum] += seconds

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count how long the block takes, unless it fails."""
        begun = time.monotonic()
        yield
        self.observe(time.monotonic() - begun)


@dataclass(frozen=True, slots=True)
class Note:
    """What a process warned of, as its log has it, and when (seconds since 1970)."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """What one process has counted; `pid` is 0 where none of that name was started."""

    name: str
    pid: int
    started: float
    cells: tuple[float, ...]
    notes: tuple[Note, ...]

    def of(self, meter: Counter | Histogram) -> float:
        """Return what a family counts in all: of a histogram how often, else the sum of its values."""
        cells = meter.family.cells
        return sum(self.cells[cells.start : cells.stop - bool(meter.family.bounds)])

    def by_value(self, meter: Counter) -> dict[str, float]:
        """Return what is counted for each value of a family's label that counts anything."""
        family = meter.family
        found = zip(family.values, self.cells[family.start : family.cells.stop], strict=True)
        return {value: counted for value, counted in found if counted}


class Board:
    """The memory that a daemon's processes share; made before they are forked."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._memory = memoryview(mmap.mmap(-1, _SLOT * len(self.names)))

    def attach(self, name: str) -> None:
        """Have this process count in the slot of that name from now on."""
        start = _SLOT * self.names.index(name)
        cells = self._memory[start : start + 8 * _CELLS].cast("d")
        for family in FAMILIES:
            if family.kind is Kind.GAUGE:
                for cell in family.cells:
                    cells[cell] = 0
        cells[_PID], cells[_STARTED] = os.getpid(), time.time()
        _State.cells, _State.board = cells, self
        _State.notes = self._memory[start + 8 * _CELLS : start + _SLOT]

    def read(self) -> list[Slot]:
        """Return what all processes have counted so far."""
        found = []
        for place, name in enumerate(self.names):
            slot = self._memory[_SLOT * place : _SLOT * (place + 1)]
            cells = tuple(slot[: 8 * _CELLS].cast("d"))
            notes = sorted(_notes(slot[8 * _CELLS :]), key=lambda note: note.at)
            found.append(Slot(name, int(cells[_PID]), cells[_STARTED], cells, tuple(notes)))
        return found


def _notes(memory: memoryview) -> Iterator[Note]:
    for start in range(0, _NOTES * _NOTE, _NOTE):
        at, size = _STAMP.unpack_from(memory, start)
        if at:
            octets = bytes(memory[start + _STAMP.size : start + _STAMP.size + min(size, _NOTE - _STAMP.size)])
            yield Note(at, octets.decode("utf-8", "replace"))


def slots() -> list[Slot]:
    """Return what the processes of this daemon have counted; nothing where this is no daemon's process."""
    return _State.board.read() if _State.board is not None else []


def attach(name: str) -> None:
    """Have this process, forked from one that has a board, count in a slot of its own."""
    if _State.board is not None:
        _State.board.attach(name)


def note(text: str) -> None:
    """Keep a line for whoever looks; of many the last few stay. Any thread may call it."""
    octets = text.encode("utf-8", "replace")[: _NOTE - _STAMP.size]
    with _State.lock:
        start = _NOTE * (_State.noted % _NOTES)
        _State.noted += 1
        _STAMP.pack_into(_State.notes, start, time.time(), len(octets))
        _State.notes[start + _STAMP.size : start + _STAMP.size + len(octets)] = octets
