"""Parser processes: each reads one mail at a time, within a wall and a memory limit, and knows no database.

A parser is a fresh interpreter (`python -m bccd.cage`), not a fork of the filer: it inherits neither
connections nor the environment with its secrets, and is spared the import of the command line, which
multiprocessing's forkserver would repeat in each. Octets and answers travel in anonymous files ("sheets"),
so that no side ever waits for the other to read; the socket between them carries tokens of at most 8 octets.
What a parser answers is decoded as a Message and never unpickled.

A parser is handed several mails ahead, that it may go on while the filer files. Still each is a job of its
own: it has its own clock, its failure is its own, and those behind it are given to another parser.
"""

import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle

import msgspec

from bccd.model.message import Message

PARSER = "bccd.mail.parse:parse"
SHEETS = 16  # mails handed to one parser ahead
AHEAD = 8 * 2**20  # octets handed to one parser ahead, unless a single mail is larger
LARGEST_ANSWER = 64 * 2**20  # no file that a parser writes may grow beyond this
_PATIENCE = 0.25  # seconds after which mail behind a slow one is given to another parser
_GRACE = 1.0  # seconds after which a parser that outlived its own alarm is killed
_START_SECONDS = 30.0
_RESPAWN_SECONDS = 1.0  # between two tries to start a parser that does not come up
_READY, _BEGUN = b"ready", b"begun"
_TOKEN = 8
_ENVIRONMENT = ("LANG", "LC_", "PATH", "PYTHON", "COVERAGE_")  # prefixes of what a parser may know

_Answer = tuple[str, Message | None]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Answer).decode
_NO_MEMORY = _encode(("memory", None))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What became of one job: a message, or why there is none."""

    key: int
    message: Message | None
    failure: str = ""  # "timeout", "memory", "died", "garbled", or the class of what parse() raised


@dataclass(slots=True)
class _Job:
    key: int
    raw: bytes
    moved: bool = False  # given to another parser since: the answer of this one is not awaited


# ---- the parser's side -----------------------------------------------------------------------------------


def _confine(memory: int) -> None:
    """Give up what a parser has no use for; its alarm and the end of the socket are what end it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, signal.SIGTERM})
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, LARGEST_ANSWER),
        (resource.RLIMIT_NOFILE, 2 * SHEETS + 32),  # codecs are imported when they are first met
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))


def _read(parse: Callable[[bytes], Message], sheet: int, size: int) -> bytes:
    """Parse the mail on a sheet and return the answer."""
    failure = ""
    try:
        return _encode(("", parse(os.pread(sheet, size, 0))))
    except MemoryError:
        failure = "memory"
    except Exception as error:  # noqa: BLE001 - its text may quote the mail; its class may not
        failure = type(error).__name__
    return _encode((failure, None))


def _serve(
    channel: socket.socket, sheets: Sequence[int], parse: Callable[[bytes], Message], seconds: float
) -> None:
    """Answer job after job, in order, until the filer is gone or memory ran out."""
    channel.send(_READY)
    turns = cycle(sheets)
    while tokens := channel.recv(_TOKEN * len(sheets)):
        for start in range(0, len(tokens), _TOKEN):
            sheet = next(turns)
            # No handler is set: the kernel ends this process even if the parser never returns to Python.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            channel.send(_BEGUN)
            answer = _read(parse, sheet, int.from_bytes(tokens[start : start + _TOKEN], "big"))
            os.ftruncate(sheet, 0)
            size = os.pwrite(sheet, answer, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            channel.send(size.to_bytes(_TOKEN, "big"))
            if answer == _NO_MEMORY:
                return  # a fragmented heap would make the next mail fail as well


def main(arguments: Sequence[str]) -> None:
    """Be a parser process; the arguments are those that Pool gives."""
    name, seconds, memory, channel, *sheets = arguments
    module, _, function = name.partition(":")
    parse = getattr(import_module(module), function)
    with socket.socket(fileno=int(channel)) as sock:
        _confine(int(memory))
        _serve(sock, [int(sheet) for sheet in sheets], parse, float(seconds))


# ---- the filer's side ------------------------------------------------------------------------------------


class _Parser:
    """One parser process as the filer sees it: its jobs in order, the first being read now."""

    def __init__(self, name: str, seconds: float, memory: int) -> None:
        self.seconds = seconds
        self.jobs: deque[_Job] = deque()
        self.ready = False
        self.begun = False  # the first job is being read: it bears the blame for what happens now
        self.since = time.monotonic()  # when the process was started, was given its first job, or began it
        self.overdue = False
        self._placed = self._answered = 0
        self._unsent = bytearray()
        self._sheets = [os.memfd_create("mail") for _ in range(SHEETS)]
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

    def room(self, size: int) -> bool:
        """Tell whether a mail of this size may be handed over ahead."""
        if not self.jobs:
            return True
        return len(self.jobs) < SHEETS and sum(len(job.raw) for job in self.jobs) + size <= AHEAD

    def give(self, job: _Job) -> None:
        """Put a job where the process will find it; flush() tells it so."""
        if not self.jobs:
            self.since = time.monotonic()
        sheet = self._sheets[self._placed % SHEETS]
        self._placed += 1
        self.jobs.append(job)
        with memoryview(job.raw) as raw:
            done = 0
            while done < len(raw):
                done += os.pwrite(sheet, raw[done:], done)
        self._unsent += len(job.raw).to_bytes(_TOKEN, "big")

    def flush(self) -> None:
        """Tell the process of the jobs handed over, all at once: each waking costs more than a token."""
        if not self._unsent:
            return
        try:
            self.channel.send(self._unsent)
        except OSError:
            self.overdue = True
        self._unsent.clear()

    def collect(self) -> tuple[list[Parsed], bool]:
        """Return the answers at hand, and whether the parser lives; never waits."""
        found: list[Parsed] = []
        while True:
            try:
                token = self.channel.recv(_TOKEN)
            except BlockingIOError:
                return found, not self.overdue
            except OSError:
                return found, False
            if token == _READY and not self.ready:
                self.ready = True
            elif token == _BEGUN and self.jobs and not self.begun:
                self.begun, self.since = True, time.monotonic()
            elif len(token) == _TOKEN and self.begun:
                answer = self._answer(int.from_bytes(token, "big"))
                if answer is not None:
                    found.append(answer)
            else:
                return found, False

    def _answer(self, size: int) -> Parsed | None:
        sheet = self._sheets[self._answered % SHEETS]
        self._answered += 1
        job = self.jobs.popleft()
        self.begun, self.since = False, time.monotonic()
        octets = b"" if job.moved else os.pread(sheet, min(size, LARGEST_ANSWER), 0)
        os.ftruncate(sheet, 0)
        if job.moved:
            return None
        try:
            failure, message = _decode(octets)
        except (msgspec.DecodeError, UnicodeDecodeError):
            failure, message = "garbled", None
        return Parsed(job.key, message, failure or ("" if message else "garbled"))

    def spare(self) -> list[_Job]:
        """Return the jobs behind the one in work, for another parser to do."""
        behind = [job for job in list(self.jobs)[int(self.begun) :] if not job.moved]
        spared = [_Job(job.key, job.raw) for job in behind]
        for job in behind:
            job.moved, job.raw = True, b""
        return spared

    def late(self) -> bool:
        """Tell whether the parser outlived the alarm it set for itself, or does not come up."""
        if self.ready and not self.jobs:
            return False
        return time.monotonic() - self.since > (self.seconds + _GRACE if self.ready else _START_SECONDS)

    def end(self) -> str:
        """Kill the process, free what it held, and return how it ended."""
        late = self.late()
        self._process.kill()
        code = self._process.wait()
        self.channel.close()
        for sheet in self._sheets:
            os.close(sheet)
        return "timeout" if late or code == -signal.SIGALRM else "died"


class Pool:
    """Parser processes, replaced when they end; `seconds` and `memory` (octets) bound what one mail costs."""

    def __init__(self, size: int, seconds: float, memory: int, *, parser: str = PARSER) -> None:
        self._arguments = (parser, seconds, memory)
        self._seats: list[_Parser | None] = [_Parser(*self._arguments) for _ in range(size)]
        self._respawn_at = 0.0
        self._waiting: deque[_Job] = deque()
        self.started = size  # how many processes were started in all

    @property
    def _parsers(self) -> list[_Parser]:
        return [parser for parser in self._seats if parser is not None]

    @property
    def pending(self) -> int:
        """The number of jobs that are not answered."""
        return len(self._waiting) + sum(not job.moved for parser in self._parsers for job in parser.jobs)

    @property
    def ready(self) -> bool:
        """Tell whether at least one parser is up."""
        return any(parser.ready for parser in self._parsers)

    def filenos(self) -> list[int]:
        """Return what becomes readable when there may be results."""
        return [parser.channel.fileno() for parser in self._parsers]

    def pids(self) -> list[int]:
        """Return the process ids, for those who watch."""
        return [parser.pid for parser in self._parsers]

    def room(self, size: int) -> bool:
        """Tell whether a mail of this size would be begun soon, so that octets are fetched no earlier."""
        return not self._waiting and bool(self._able(size))

    def submit(self, key: int, raw: bytes) -> None:
        """Have a mail parsed, from the next flush() on; its answer is among the results some time later."""
        self._waiting.append(_Job(key, raw))
        self._dispatch()

    def flush(self) -> None:
        """Let the parsers begin what was submitted."""
        for parser in self._parsers:
            parser.flush()

    def patience(self) -> float:
        """Return in how many seconds results() should be called even if nothing is readable."""
        busy = [parser for parser in self._parsers if len(parser.jobs) > 1]
        return _PATIENCE if busy or (self._waiting and self._parsers) else _RESPAWN_SECONDS

    def results(self, timeout: float = 0.0) -> list[Parsed]:
        """Return the answers at hand, in the order they came; wait at most `timeout` seconds for one."""
        self.flush()
        if timeout:
            watch = select.poll()
            for fileno in self.filenos():
                watch.register(fileno, select.POLLIN)
            watch.poll(timeout * 1000)
        found: list[Parsed] = []
        for seat, parser in enumerate(self._seats):
            if parser is None:
                continue
            answers, lives = parser.collect()
            found += answers
            if not lives or parser.late():
                found += self._bury(seat, parser)
        self._relieve()
        self._refill()
        self._dispatch()
        self.flush()
        return found

    def close(self) -> None:
        """End all parsers at once."""
        for parser in self._parsers:
            parser.end()
        self._seats.clear()

    def _bury(self, seat: int, parser: _Parser) -> list[Parsed]:
        """Take a parser out: the mail it was reading bears the blame, those behind it go to another."""
        how = parser.end()
        self._seats[seat] = None
        if not parser.ready:
            self._respawn_at = time.monotonic() + _RESPAWN_SECONDS
        self._waiting.extendleft(reversed(parser.spare()))
        blamed = [job for job in parser.jobs if not job.moved]
        return [Parsed(job.key, None, how) for job in blamed]

    def _relieve(self) -> None:
        """Move what waits behind a slow mail to a parser that is free."""
        slow = [
            parser
            for parser in self._parsers
            if len(parser.jobs) > 1 and time.monotonic() - parser.since > _PATIENCE
        ]
        if len(slow) < len(self._seats):
            for parser in slow:
                self._waiting.extendleft(reversed(parser.spare()))

    def _refill(self) -> None:
        for seat, parser in enumerate(self._seats):
            if parser is None and time.monotonic() >= self._respawn_at:
                self._seats[seat] = _Parser(*self._arguments)
                self.started += 1

    def _able(self, size: int) -> list[_Parser]:
        """Return the parsers that would read a mail of this size soon: none that is slow with another."""
        now = time.monotonic()
        return [
            parser
            for parser in self._parsers
            if parser.ready and parser.room(size) and not (parser.jobs and now - parser.since > _PATIENCE)
        ]

    def _dispatch(self) -> None:
        """Hand waiting jobs over in order, each to the parser with the least before it."""
        while self._waiting and (able := self._able(len(self._waiting[0].raw))):
            min(able, key=lambda parser: len(parser.jobs)).give(self._waiting.popleft())


if __name__ == "__main__":
    main(sys.argv[1:])
