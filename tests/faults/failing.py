"""A daemon that fails where a test wants it, and remembers what it was sent."""

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.e2e.harness import DROP, Daemon, wait_for
from tests.e2e.nursery import FAULTS
from tests.faults.points import Faults
from tests.faults.senders import Senders, offer
from tests.faults.whole import check


@dataclass
class Failing(Daemon):
    """A daemon with points (tests/faults/points.py), and what it was sent in all its life."""

    acked: list[bytes] = field(default_factory=list)
    tried: list[bytes] = field(default_factory=list)
    faults: Faults = field(init=False)

    def __post_init__(self) -> None:
        self.faults = Faults(self.folder / "faults")
        self.faults.arm("poison", "!")

    def environment(self) -> Mapping[str, str]:
        """Have the processes of this daemon fail where the test wants it."""
        return os.environ | {FAULTS: str(self.folder / "faults")}

    def offer(self, raw: bytes, to: str = DROP) -> int:
        """Send a mail once; return the code that was answered, 0 where the connection broke."""
        code = offer(self, raw, to)
        (self.acked if code == 250 else self.tried).append(raw)
        return code

    def deliver(self, *mails: bytes, seconds: float = 30) -> None:
        """Send mails until they are taken."""
        for raw in mails:
            wait_for(lambda raw=raw: self.offer(raw) == 250, seconds, self.tail)  # type: ignore[misc]

    def took(self, senders: Senders) -> None:
        """Note what others have sent."""
        self.acked += senders.acked
        self.tried += senders.tried

    def check(self) -> Counter[str]:
        """Assert that all mail it ever answered with 250 stands once and whole; count it by state."""
        return check(self, self.acked, self.tried)

    def role(self, word: str) -> list[int]:
        """Return the process ids of the supervisor, the filer, the fronts or the parsers."""
        assert self.process is not None
        children = self.children()
        parsers = {pid for pid, line in children.items() if "bccd.cage" in line}
        filers = {parent(pid) for pid in parsers} - {0}
        own = {pid for pid in children if parent(pid) == self.process.pid}
        return {
            "supervisor": [self.process.pid],
            "parsers": sorted(parsers),
            "filer": sorted(filers),
            "fronts": sorted(own - filers),
        }[word]

    def whole(self) -> bool:
        """Tell whether every process is there."""
        return self.greets() and bool(self.role("parsers") and self.role("fronts"))

    def strike(self, role: str) -> None:
        """Kill one process of a role, or all at once; what nobody else starts again is started again."""
        if role == "all":
            self.kill()
        else:
            victims = self.role(role)
            with suppress(ProcessLookupError, IndexError):
                os.kill(victims[0], signal.SIGKILL)
        if role in ("all", "supervisor"):
            self.again()

    def again(self) -> None:
        """Start it as systemd would: what is left of the last one may take a moment to end."""
        until = time.monotonic() + 60
        if self.process is not None:
            self.process.wait(60)
        while True:
            try:
                self.start()
            except AssertionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return


def parent(pid: int) -> int:
    """Return a process's parent, 0 where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(stat.rpartition(")")[2].split()[1])


@contextmanager
def locked(daemon: Failing, file: str, table: str) -> Iterator[None]:
    """Let nobody write into a database, as a backup or a front end might."""
    url = daemon.options.get("database", {}).get("url")
    if url:
        with psycopg.connect(str(url)) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            yield
    else:
        with closing(sqlite3.connect(daemon.data / file, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
