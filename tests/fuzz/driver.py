"""Mutates octets, keeps what reaches new lines of the program, and reports what a target must not do.

Coverage-guided without a compiler: lines are noted by sys.monitoring where there is one (Python 3.12), which
costs nothing once a line is known, else by sys.settrace for one input in eight, which costs tenfold.
"""

import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any

import bccd

_SEEDS = Path(__file__).with_name("seeds")
FINDINGS = Path(__file__).with_name("findings")
LARGEST = 64 * 1024  # octets of an input, but for what is repeated
_REPEATED = 256 * 1024
_SLOW = 3.0  # seconds of processor time that one input may take, if no lines are noted
_SHORT = 8 * 1024  # octets of what may be traced
_TRACED = 8  # of so many inputs one is traced
_CORPUS = 2_000
_INSIDE = str(Path(bccd.__file__).parent)
_ODD = [
    *(bytes([letter]) for letter in b'\0\r\n \t.@<>"\\();:,=\xff\x80'), b"\r\n", b"\r\n\r\n", b"\r\n.\r\n",
    b"\n.\n",
    b"\r.\r", b"?=", b"=?utf-8?q?", b"=?x?b?", b"--", b"\xed\xa0\x80", "\u202e".encode(), "\u212a".encode(),
    "ß".encode(), b"9" * 40, b"-1", b"%s", b"&#0;",
]  # fmt: skip


class TooSlowError(Exception):
    """An input takes longer than it may."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of octets from strangers: where to begin, of what it is made, what must hold."""

    name: str
    check: Callable[[bytes], None]  # raises whatever for what must not happen
    more: Sequence[bytes] = ()  # seeds besides those in its folder
    words: Sequence[bytes] = ()

    @property
    def findings(self) -> list[Path]:
        """What was found once, and must stay mended."""
        return sorted((FINDINGS / self.name).glob("*"))

    def start(self) -> list[bytes]:
        """Return the inputs to begin with."""
        return [*seeds(self.name), *self.more, *(path.read_bytes() for path in self.findings)]


def seeds(name: str) -> list[bytes]:
    """Return the octets in the folder of a target's seeds."""
    return [path.read_bytes() for path in sorted((_SEEDS / name).glob("*"))]


@dataclass(slots=True)
class Report:
    """How far a run came."""

    target: str
    runs: int = 0
    corpus: int = 0
    lines: int = 0
    found: list[tuple[bytes, str]] = field(default_factory=list)


class Lines:
    """The lines of the program that were reached."""

    def __init__(self) -> None:
        self.known: set[tuple[CodeType, int]] = set()
        self._monitoring: Any = getattr(sys, "monitoring", None)
        if self._monitoring is not None:
            tool = self._monitoring
            tool.use_tool_id(tool.COVERAGE_ID, "bccd fuzz")
            tool.register_callback(tool.COVERAGE_ID, tool.events.LINE, self._line)
            tool.set_events(tool.COVERAGE_ID, tool.events.LINE)

    def close(self) -> None:
        """Note no more."""
        if self._monitoring is not None:
            self._monitoring.free_tool_id(self._monitoring.COVERAGE_ID)

    @contextmanager
    def noted(self, *, wanted: bool) -> Iterator[None]:
        """Note the lines that the block reaches, if it is worth its price."""
        if self._monitoring is not None or not wanted:
            yield
            return
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(None)

    def _line(self, code: CodeType, number: int) -> object:
        if code.co_filename.startswith(_INSIDE):
            self.known.add((code, number))
        return self._monitoring.DISABLE

    def _trace(self, frame: FrameType, _event: str, _argument: object) -> Any:
        return self._within if frame.f_code.co_filename.startswith(_INSIDE) else None

    def _within(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            self.known.add((frame.f_code, frame.f_lineno))
        return self._within


class Mutator:
    """Makes an input out of others."""

    def __init__(self, random: Random, words: Sequence[bytes]) -> None:
        self._random = random
        self._words = [*_ODD, *words]
        self._ways = (
            self._flip,
            self._cut,
            self._insert,
            self._insert,
            self._double,
            self._repeat,
            self._splice,
        )

    def make(self, corpus: Sequence[bytes]) -> bytes:
        """Change one of the corpus in one to eight places."""
        octets = self._random.choice(corpus)
        for _ in range(1 << self._random.randrange(4)):
            octets = self._random.choice(self._ways)(octets, corpus)
        return octets[:_REPEATED]

    def _span(self, octets: bytes) -> tuple[int, int]:
        start = self._random.randrange(len(octets) + 1)
        return start, min(len(octets), start + self._random.randrange(1, 1 << self._random.randrange(1, 9)))

    def _flip(self, octets: bytes, _corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(octets)
        return octets[:start] + self._random.randbytes(min(end - start, 4)) + octets[end:]

    def _cut(self, octets: bytes, _corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(octets)
        return octets[:start] + octets[end:]

    def _insert(self, octets: bytes, _corpus: Sequence[bytes]) -> bytes:
        start, _ = self._span(octets)
        return octets[:start] + self._random.choice(self._words) + octets[start:]

    def _double(self, octets: bytes, _corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(octets)
        place, _ = self._span(octets)
        return (octets[:place] + octets[start:end] + octets[place:])[:LARGEST]

    def _repeat(self, octets: bytes, _corpus: Sequence[bytes]) -> bytes:
        if self._random.randrange(8):
            return octets
        start, end = self._span(octets)
        unit = octets[start:end] or self._random.choice(self._words)
        times = self._random.choice((2, 10, 100, 1000, 10_000))
        return octets[:start] + (unit * times)[: LARGEST - len(octets)] + octets[end:]

    def _splice(self, octets: bytes, corpus: Sequence[bytes]) -> bytes:
        other = self._random.choice(corpus)
        return (octets[: self._span(octets)[0]] + other[self._span(other)[0] :])[:LARGEST]


def fuzz(target: Target, seconds: float, random: Random, runs: int = 0) -> Report:
    """Try inputs for so long, or so many; what is found is made smaller and reported, each mistake once."""
    report, lines = Report(target.name), Lines()
    corpus = target.start()
    first = len(corpus)
    mutator = Mutator(random, target.words)
    seen: set[str] = set()
    until = time.monotonic() + seconds
    try:
        for octets in chain(list(corpus), _made(mutator, corpus)):
            if report.runs >= (runs or sys.maxsize) or (not runs and time.monotonic() > until):
                break
            report.runs += 1
            before = len(lines.known)
            in_turn = report.runs <= first or not report.runs % _TRACED
            with lines.noted(wanted=in_turn and len(octets) <= _SHORT):
                mistake = _tried(target, octets)
            if mistake and mistake.splitlines()[-1] not in seen:
                seen.add(mistake.splitlines()[-1])
                report.found.append((_smaller(target, octets, mistake), mistake))
            elif len(lines.known) > before and len(octets) <= LARGEST and len(corpus) < _CORPUS:
                corpus.append(octets)
    finally:
        lines.close()
    report.corpus, report.lines = len(corpus), len(lines.known)
    return report


def _made(mutator: Mutator, corpus: Sequence[bytes]) -> Iterator[bytes]:
    while True:
        yield mutator.make(corpus)


def _tried(target: Target, octets: bytes) -> str:
    """Return what went wrong, its place last; empty where all is as it must be."""
    try:
        with _alarm(_SLOW * (20 if sys.gettrace() else 1)):
            target.check(octets)
    except TooSlowError:
        return "TooSlowError: takes too long"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        places = traceback.extract_tb(error.__traceback__)
        where = " > ".join(f"{Path(each.filename).name}:{each.lineno}" for each in places[-3:])
        return f"{error!r}\n{type(error).__name__} at {where}"
    return ""


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _smaller(target: Target, octets: bytes, mistake: str, tries: int = 400) -> bytes:
    """Leave out whatever the mistake does not need."""
    last = mistake.splitlines()[-1]
    tries = tries if " at " in last else 10  # for what is slow
    size = max(len(octets) // 2, 1)
    while size and tries:
        start = 0
        while start < len(octets) and tries:
            tries -= 1
            shorter = octets[:start] + octets[start + size :]
            if _tried(target, shorter).endswith(last):
                octets = shorter
            else:
                start += size
        size //= 2
    return octets


def keep(report: Report) -> list[Path]:
    """Write findings down as files, each named by its octets."""
    kept = []
    for octets, _ in report.found:
        folder = FINDINGS / report.target
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / sha256(octets).hexdigest()[:16]
        path.write_bytes(octets)
        kept.append(path)
    return kept
