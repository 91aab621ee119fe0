"""One parser process: how mail is handed to it, and how its answers come back."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import msgspec

from bccd.cage.words import BEGUN, ENDS, FILTERED, KEPT, LARGEST_ANSWER, READY, SHEETS, TOKEN
from bccd.meters.families import PARSE, UNREAD

AHEAD = 8 * 2**20  # octets handed to one parser ahead, unless a single mail is larger
PATIENCE = 0.2  # seconds after which mail behind a slow one is given to another parser
_LOWEST = 19  # nice
_GRACE = 1.0  # seconds after which a parser that outlived its own alarm is killed
_START_SECONDS = 30.0
_ENVIRONMENT = ("LANG", "LC_", "PATH", "PYTHON", "COVERAGE_")  # prefixes of what a parser may know

Answer = TypeVar("Answer")


class Read(NamedTuple, Generic[Answer]):
    """What became of one job: a message, or why there is none."""

    key: int
    message: Answer | None
    failure: str = ""  # "timeout", "memory", "died", "garbled", or the class of what parse() raised


@dataclass(slots=True)
class Job:
    key: int
    raw: bytes
    doubtful: bool = False  # it hung or killed a parser before
    moved: bool = False  # given to another parser since: the answer of this one is not awaited


class Parser(Generic[Answer]):
    """One parser process as the filer sees it: its jobs in order, the first being read now.

    Each sheet begins with the number of the mail on it, which comes back with the answer: what was read of
    another mail must not be filed as this one.
    """

    def __init__(self, answer: type[Answer], name: str, seconds: float, memory: int) -> None:
        self._decoder = msgspec.msgpack.Decoder(tuple[str, answer | None])  # type: ignore[valid-type]
        self.seconds = seconds
        self.jobs: deque[Job] = deque()
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
        return bool(self.jobs) and time.monotonic() - self.since > PATIENCE

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

    def give(self, job: Job) -> None:
        """Put a job where the process will find it; flush() tells it so."""
        if len(self.jobs) >= SHEETS:
            raise RuntimeError("a mail would be read in the place of another")
        if not self.jobs:
            self.since = time.monotonic()
        place, size = self._placed % SHEETS, len(job.raw)
        self._sizes[place] = size
        self._octets += size
        self._doubtful += job.doubtful
        self.jobs.append(job)
        os.pwrite(self._sheets[place], self._placed.to_bytes(TOKEN, "big"), 0)
        done = os.pwrite(self._sheets[place], job.raw, TOKEN)
        while done < size:
            done += os.pwrite(self._sheets[place], memoryview(job.raw)[done:], TOKEN + done)
        self._placed += 1
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
        place, number = self._answered % SHEETS, self._answered.to_bytes(TOKEN, "big")
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
            failure, message = self._decoder.decode(memoryview(octets)[TOKEN:])
        except (msgspec.DecodeError, UnicodeDecodeError):
            failure, message = "garbled", None
        if octets[:TOKEN] != number:  # it reads other mail than it was told to: none of its answers counts
            failure, message = "garbled", None
            self.overdue, self.begun = True, False  # and what it reads now is not to blame
        failure = failure or ("" if message else "garbled")
        UNREAD.add(failure, bool(failure))
        return Read(job.key, message, failure)

    def spare(self) -> list[Job]:
        """Return the jobs behind the one in work, for another parser to do."""
        behind = [job for job in list(self.jobs)[int(self.begun) :] if not job.moved]
        spared = [Job(job.key, job.raw, job.doubtful) for job in behind]
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
