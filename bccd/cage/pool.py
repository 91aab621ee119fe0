"""The filer's side: parser processes, what each has in hand, and how many there are."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import msgspec
import structlog

from bccd.cage.words import BEGUN, ENDS, FILTERED, KEPT, LARGEST_ANSWER, READY, SHEETS, TOKEN
from bccd.meters.families import PARSE, UNREAD
from bccd.model.message import Message

PARSER = "bccd.mail.parse:to_file"
AHEAD = 8 * 2**20  # octets handed to one parser ahead, unless a single mail is larger
_BUSY = 8  # mails that a parser has work with for a while
SPARE = 6  # parsers that may be started beyond the usual number while others are slow
_PATIENCE = 0.2  # seconds after which mail behind a slow one is given to another parser
_CALM_SECONDS = 5.0  # after which an idle spare parser is ended
_LOWEST = 19  # nice
_GRACE = 1.0  # seconds after which a parser that outlived its own alarm is killed
_START_SECONDS = 30.0
_RESPAWN_SECONDS, _LONGEST_RESPAWN = 1.0, 60.0  # between two tries to start a parser that does not come up
_ENVIRONMENT = ("LANG", "LC_", "PATH", "PYTHON", "COVERAGE_")  # prefixes of what a parser may know

Answer = TypeVar("Answer")


class Read(NamedTuple, Generic[Answer]):
    """What became of one job: a message, or why there is none."""

    key: int
    message: Answer | None
    failure: str = ""  # "timeout", "memory", "died", "garbled", or the class of what parse() raised


Parsed = Read[Message]


@dataclass(slots=True)
class _Job:
    key: int
    raw: bytes
    doubtful: bool = False  # it hung or killed a parser before
    moved: bool = False  # given to another parser since: the answer of this one is not awaited


class _Parser(Generic[Answer]):
    """One parser process as the filer sees it: its jobs in order, the first being read now."""

    def __init__(self, answer: type[Answer], name: str, seconds: float, memory: int) -> None:
        self._decoder = msgspec.msgpack.Decoder(tuple[str, answer | None])  # type: ignore[valid-type]
        self.seconds = seconds
        self.jobs: deque[_Job] = deque()
        self._octets = self._doubtful = 0  # of the jobs; how many of them are so
        self.ready = self.filtered = False  # its system calls are filtered
        self.begun = False  # the first job is being read: it bears the blame for what happens now
        self._told: deque[int] = deque()  # how many jobs each message told of that is not begun
        self._left = 0  # of those of the message at hand, which are read without a pause
        self.since = time.monotonic()  # when the process was started, was given its first job, or began it
        self.overdue = self.gave_way = False
        self._placed = self._answered = 0
        self._unsent = bytearray()
        self._sheets = [os.memfd_create("mail") for _ in range(SHEETS)]
        self._sizes = [0] * SHEETS  # of the mail on each
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-P", "-m", "bccd.cage", name, str(seconds), str(memory)]
            command += [str(theirs.fileno()), *map(str, self._sheets)]
            kept = {key: value for key, value in os.environ.items() if key.startswith(_ENVIRONMENT)}
            passed = [theirs.fileno(), *self._sheets]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=kept, pass_fds=passed
            )
        self.channel.setblocking(False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def slow(self) -> bool:
        """Whether the job at hand takes long."""
        return bool(self.jobs) and time.monotonic() - self.since > _PATIENCE

    @property
    def doubtful(self) -> bool:
        """Whether one of the jobs may take long."""
        return self._doubtful > 0

    def room(self, size: int) -> bool:
        """Tell whether a mail of this size may be handed over ahead, and would be begun soon."""
        if not self.jobs:
            return self.ready
        if not self.ready or self._doubtful or self.slow:
            return False
        return len(self.jobs) < SHEETS and self._octets + size <= AHEAD

    def give(self, job: _Job) -> None:
        """Put a job where the process will find it; flush() tells it so."""
        if len(self.jobs) >= SHEETS:
            raise RuntimeError("a mail would be read in the place of another")
        if not self.jobs:
            self.since = time.monotonic()
        place, size = self._placed % SHEETS, len(job.raw)
        self._placed += 1
        self._sizes[place] = size
        self._octets += size
        self._doubtful += job.doubtful
        self.jobs.append(job)
        done = os.pwrite(self._sheets[place], job.raw, 0)
        while done < size:
            done += os.pwrite(self._sheets[place], memoryview(job.raw)[done:], done)
        self._unsent += size.to_bytes(TOKEN, "big")

    def flush(self) -> None:
        """Tell the process of the jobs handed over, all at once: each waking costs more than a token."""
        if not self._unsent:
            return
        self._told.append(len(self._unsent) // TOKEN)
        try:
            self.channel.send(self._unsent)
        except OSError:
            self.overdue = True
        self._unsent.clear()

    def collect(self) -> tuple[list[Read[Answer]], bool]:
        """Return the answers at hand, and whether the parser lives; never waits."""
        found: list[Read[Answer]] = []
        while True:
            try:
                token = self.channel.recv(TOKEN)
            except BlockingIOError:
                return found, not self.overdue
            except OSError:
                return found, False
            if token in (READY, FILTERED) and not self.ready:
                self.ready, self.filtered = True, token == FILTERED
            elif token == BEGUN and self._told and not self.begun:
                self._left = self._told.popleft()
                self.begun, self.since = True, time.monotonic()
            elif token == ENDS:
                self.begun = False
            elif len(token) == TOKEN and self.begun:
                answer = self._answer(int.from_bytes(token, "big"))
                if answer is not None:
                    found.append(answer)
            else:
                return found, False

    def _answer(self, size: int) -> Read[Answer] | None:
        place = self._answered % SHEETS
        self._answered += 1
        job = self.jobs.popleft()
        self._octets -= len(job.raw)
        self._doubtful -= job.doubtful
        self._left -= 1
        PARSE.observe(time.monotonic() - self.since)
        self.begun, self.since = self._left > 0, time.monotonic()
        octets = b"" if job.moved else os.pread(self._sheets[place], min(size, LARGEST_ANSWER), 0)
        if max(self._sizes[place], size) > KEPT:
            os.ftruncate(self._sheets[place], 0)
        if job.moved:
            return None
        try:
            failure, message = self._decoder.decode(octets)
        except (msgspec.DecodeError, UnicodeDecodeError):
            failure, message = "garbled", None
        failure = failure or ("" if message else "garbled")
        UNREAD.add(failure, bool(failure))
        return Read(job.key, message, failure)

    def spare(self) -> list[_Job]:
        """Return the jobs behind the one in work, for another parser to do."""
        behind = [job for job in list(self.jobs)[int(self.begun) :] if not job.moved]
        spared = [_Job(job.key, job.raw, job.doubtful) for job in behind]
        for job in behind:
            self._octets -= len(job.raw)
            self._doubtful -= job.doubtful
            job.moved, job.raw, job.doubtful = True, b"", False
        return spared

    def late(self) -> bool:
        """Tell whether the parser outlived the alarm it set for itself, or does not come up."""
        if self.ready and not self.jobs:
            return False
        return time.monotonic() - self.since > (self.seconds + _GRACE if self.ready else _START_SECONDS)

    def give_way(self) -> None:
        """Let others have the processor first, for good: what was lowered only root may raise."""
        if not self.gave_way:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _LOWEST)
            self.gave_way = True

    def end(self) -> str:
        """Kill the process, free what it held, and return how it ended."""
        late = self.late()
        self._process.kill()
        code = self._process.wait()
        self.channel.close()
        for sheet in self._sheets:
            os.close(sheet)
        return "timeout" if late or code == -signal.SIGALRM else "died"


class Readers(Generic[Answer]):
    """Parser processes, replaced when they end; `seconds` and `memory` (octets) bound what one mail costs.

    `parser` names a function of a mail's octets, as "module:function", and `answer` is what it returns.
    """

    def __init__(self, size: int, seconds: float, memory: int, parser: str, answer: type[Answer]) -> None:
        self._arguments = (answer, parser, seconds, memory)
        self._size = size
        self._parsers = [_Parser(*self._arguments) for _ in range(size)]
        self._respawn_at, self._pause = 0.0, _RESPAWN_SECONDS
        self._calm_since = time.monotonic()
        self._waiting: deque[_Job] = deque()
        self._doubtful: deque[_Job] = deque()
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
        (self._doubtful if doubtful else self._waiting).append(_Job(key, raw, doubtful))
        self._dispatch()

    def flush(self) -> None:
        """Let the parsers begin what was submitted."""
        for parser in self._parsers:
            parser.flush()

    def patience(self) -> float:
        """Return in how many seconds results() should be called even if nothing is readable."""
        busy = any(parser.jobs for parser in self._parsers)
        return _PATIENCE / 2 if busy or self._waiting or self._doubtful else _RESPAWN_SECONDS

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

    def _bury(self, parser: _Parser[Answer]) -> list[Read[Answer]]:
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

    def _take_back(self, jobs: Sequence[_Job]) -> None:
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
            self._parsers.append(_Parser(*self._arguments))
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

    def _end(self, idle: _Parser[Answer]) -> None:
        self._parsers.remove(idle)
        idle.end()

    def _one_of_two(self) -> _Parser[Answer] | None:
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
