"""The filer's side: parser processes, what each has in hand, and how many there are."""

import select
import time
from collections import deque
from collections.abc import Sequence
from typing import Generic

import structlog

from bccd.cage.parser import PATIENCE, Answer, Job, Parser, Read
from bccd.cage.words import SHEETS
from bccd.meters.families import UNREAD
from bccd.model.message import Message

PARSER = "bccd.mail.parse:to_file"
_BUSY = 8  # mails that a parser has work with for a while
SPARE = 6  # parsers that may be started beyond the usual number while others are slow
_CALM_SECONDS = 5.0  # after which an idle spare parser is ended
_RESPAWN_SECONDS, _LONGEST_RESPAWN = 1.0, 60.0  # between two tries to start a parser that does not come up

Parsed = Read[Message]


class Readers(Generic[Answer]):
    """Parser processes, replaced when they end; `seconds` and `memory` (octets) bound what one mail costs.

    `parser` names a function of a mail's octets, as "module:function", and `answer` is what it returns.
    """

    def __init__(self, size: int, seconds: float, memory: int, parser: str, answer: type[Answer]) -> None:
        self._arguments = (answer, parser, seconds, memory)
        self._size = size
        self._parsers = [Parser(*self._arguments) for _ in range(size)]
        self._respawn_at, self._pause = 0.0, _RESPAWN_SECONDS
        self._calm_since = time.monotonic()
        self._waiting: deque[Job] = deque()
        self._doubtful: deque[Job] = deque()
        self._wanted_two = False  # doubtful mail was turned away for want of a second parser
        self.started = size  # how many processes were started in all

    @property
    def pending(self) -> int:
        """The number of jobs that are not answered."""
        handed = sum(not job.moved for parser in self._parsers for job in parser.jobs)
        return len(self._waiting) + len(self._doubtful) + handed

    @property
    def ready(self) -> bool:
        """Tell whether at least one parser is up."""
        return any(parser.ready for parser in self._parsers)

    @property
    def occupied(self) -> bool:
        """Tell whether every parser has work for a while, and none takes suspiciously long for it."""
        busy = [len(parser.jobs) >= _BUSY and not parser.slow for parser in self._parsers]
        return bool(busy) and all(busy)

    def filenos(self) -> list[int]:
        """Return what becomes readable when there may be results."""
        return [parser.channel.fileno() for parser in self._parsers]

    def room(self, size: int, *, doubtful: bool = False) -> bool:
        """Tell whether a mail of this size would be begun soon, so that octets are fetched no earlier."""
        if doubtful:
            self._wanted_two |= len(self._parsers) < 2  # noqa: PLR2004 - one for it, one for others
            return not self._doubtful and self._one_of_two() is not None
        return not self._waiting and any(parser.room(size) for parser in self._parsers)

    def submit(self, key: int, raw: bytes, *, doubtful: bool = False) -> None:
        """Have a mail parsed, from the next flush() on; its answer is among the results some time later."""
        (self._doubtful if doubtful else self._waiting).append(Job(key, raw, doubtful))
        self._dispatch()

    def flush(self) -> None:
        """Let the parsers begin what was submitted."""
        for parser in self._parsers:
            parser.flush()

    def patience(self) -> float:
        """Return in how many seconds results() should be called even if nothing is readable."""
        busy = any(parser.jobs for parser in self._parsers)
        return PATIENCE / 2 if busy or self._waiting or self._doubtful else _RESPAWN_SECONDS

    def results(self, timeout: float = 0.0) -> list[Read[Answer]]:
        """Return the answers at hand, in the order they came; wait at most `timeout` seconds for one."""
        self.flush()
        if timeout:
            watch = select.poll()
            for fileno in self.filenos():
                watch.register(fileno, select.POLLIN)
            watch.poll(timeout * 1000)
        found: list[Read[Answer]] = []
        for parser in list(self._parsers):
            answers, lives = parser.collect()
            found += answers
            if not lives or parser.late():
                found += self._bury(parser)
        self._relieve()
        self._staff()
        self._dispatch()
        self.flush()
        return found

    def close(self) -> None:
        """End all parsers at once."""
        for parser in self._parsers:
            parser.end()
        self._parsers.clear()

    def _bury(self, parser: Parser[Answer]) -> list[Read[Answer]]:
        """Take a parser out: the mail it was reading bears the blame, those behind it go to another."""
        how = parser.end()
        self._parsers.remove(parser)
        if not parser.ready:
            structlog.get_logger().error("parser_start_failed", failure=how, pause=self._pause)
            self._respawn_at = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_RESPAWN)
        self._take_back(parser.spare())
        blamed = [job for job in parser.jobs if not job.moved]
        UNREAD.add(how, len(blamed))
        return [Read(job.key, None, how) for job in blamed]

    def _take_back(self, jobs: Sequence[Job]) -> None:
        self._waiting.extendleft(job for job in reversed(jobs) if not job.doubtful)
        self._doubtful.extendleft(job for job in reversed(jobs) if job.doubtful)

    def _relieve(self) -> None:
        """Take back what waits behind a slow mail, for a parser that is free or will be."""
        for parser in self._parsers:
            if parser.slow and len(parser.jobs) > 1:
                self._take_back(parser.spare())

    def _staff(self) -> None:
        """Start what parsers are lacking, and end a spare one when all has long been calm."""
        now = time.monotonic()
        for parser in [parser for parser in self._parsers if parser.gave_way and not parser.jobs]:
            self._end(parser)
        wanted = self._wanted()
        if self._parsers and all(parser.ready for parser in self._parsers):
            self._pause = _RESPAWN_SECONDS
        while len(self._parsers) < wanted and now >= self._respawn_at:
            self._parsers.append(Parser(*self._arguments))
            self.started += 1
        if wanted > self._size:
            self._calm_since = now
        elif len(self._parsers) > self._size and now - self._calm_since > _CALM_SECONDS:
            self._dismiss()

    def _wanted(self) -> int:
        """Return how many parsers there should be: one is always to be free of mail that hangs."""
        busy = [parser for parser in self._parsers if parser.slow or parser.doubtful]
        spare = 1 if busy or self._wanted_two else 0
        if len(busy) >= self._size:
            spare = max(1, len(self._waiting))
            for parser in busy:
                parser.give_way()
        return max(self._size, min(len(busy) + spare, self._size + SPARE), 2 if self._wanted_two else 0)

    def _dismiss(self) -> None:
        idle = next((parser for parser in self._parsers if parser.ready and not parser.jobs), None)
        if idle is not None:
            self._end(idle)
            self._wanted_two = False

    def _end(self, idle: Parser[Answer]) -> None:
        self._parsers.remove(idle)
        idle.end()

    def _one_of_two(self) -> Parser[Answer] | None:
        """Return a parser for a doubtful mail; None unless another stays free of such."""
        calm = [parser for parser in self._parsers if parser.ready and not (parser.slow or parser.doubtful)]
        fit = min(calm, key=lambda parser: len(parser.jobs), default=None)
        return fit if fit is not None and len(calm) > 1 and len(fit.jobs) < SHEETS else None

    def _dispatch(self) -> None:
        """Hand waiting jobs over in order, each to the parser with the least before it."""
        while self._doubtful and (fit := self._one_of_two()) is not None:
            fit.give(self._doubtful.popleft())
        # Where one mail hangs there may be more: then none is handed over ahead.
        wary = any(parser.slow for parser in self._parsers)
        while self._waiting:
            size = len(self._waiting[0].raw)
            able = [p for p in self._parsers if p.room(size) and not (wary and p.jobs)]
            if not able:
                return
            min(able, key=lambda parser: len(parser.jobs)).give(self._waiting.popleft())


class Pool(Readers[Message]):
    """Parser processes for the filer."""

    def __init__(self, size: int, seconds: float, memory: int, *, parser: str = PARSER) -> None:
        super().__init__(size, seconds, memory, parser, Message)
        self._told = False

    def results(self, timeout: float = 0.0) -> list[Parsed]:
        """Return answers as Readers does; the first time that a parser is up, log what holds it."""
        found = super().results(timeout)
        if not self._told and self.ready:
            self._told = True
            self._tell(any(parser.filtered for parser in self._parsers))
        return found

    @staticmethod
    def _tell(filtered: bool) -> None:
        log = structlog.get_logger()
        if filtered:
            log.info("cage", walls="limits seccomp")
        else:
            log.warning("cage", walls="limits", note="this system does not filter a parser's calls")
