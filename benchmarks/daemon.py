"""bccd as a peer: the real daemon, its database, loopback trusted, the corpus's directory loaded."""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg

from benchmarks import machine, serving
from benchmarks.databases import NAMES, POSTGRESQL, SETTINGS, SQLITE
from benchmarks.peers import FILED, PeerError, end, free_port, wait_for_smtp
from tests.server import Server

_PARSER = "bccd.cage"
_CONFIG = """\
[trust]
networks = ["127.0.0.1/32"]
[limits]
connections_per_ip = 1000
connections = 1000
connections_per_minute = 0
[database]
url = "{url}"
"""


_OUTCOMES = (
    "SELECT state, CASE state WHEN 'filed' THEN '' ELSE reason END, count(*) FROM delivery GROUP BY 1, 2"
)
_COUNT = "SELECT count(*) FROM delivery WHERE state = 'filed'"
_CLEAR_SECONDS = 10.0
SPOOLED = "spooled"  # accepted durably and not yet filed


def prepare(folder: Path, directory: Path, port: int, url: str = "") -> Path:
    """Create tables with a company directory, as files or where a url says; returns the configuration."""
    return serving.prepare(folder, directory, port, _CONFIG.format(url=url))


class Bccd:
    """bccd, which files what it accepts."""

    name = "bccd"
    awaited = FILED
    _process: subprocess.Popen[bytes] | None = None

    def __init__(self, database: str = SQLITE) -> None:
        self._kind = database
        if database != SQLITE:
            self.name = f"bccd, {NAMES[database]}"
        self._database = self.config = Path()
        self._server: Server | None = None
        self._url = ""
        self._counter: sqlite3.Connection | None = None
        self._looker: psycopg.Connection[tuple[str, str, int]] | None = None

    def lacks(self) -> str:
        """Tell whether it is installed beside this Python."""
        return "" if serving.PROGRAM.exists() else "bccd is not installed in this environment: run make venv"

    def start(self, folder: Path, directory: Path) -> int:
        """Create the databases, load the directory, serve."""
        port = free_port()
        if self._kind == POSTGRESQL:
            self._server = Server(folder, SETTINGS)
            self._url = self._server.url("postgres")
        config = self.config = prepare(folder, directory, port, self._url)
        self._database = folder / "data" / "bccd.db"
        self._process = process = serving.serve(config)
        try:
            wait_for_smtp(port, lambda: process.poll() is None)
        except PeerError as error:
            end(process)
            told = (folder / serving.LOG).read_text(encoding="utf-8", errors="replace")
            raise PeerError(f"bccd serve: {error}; it said: {told[-500:]}") from error
        return port

    def warmed(self) -> None:
        """Do nothing."""

    def roots(self) -> list[int]:
        """Return the supervisor, and the database server where there is one."""
        own = self._process.pid if self._process else None
        server = self._server.pid if self._server else None
        return [pid for pid in (own, server) if pid is not None]

    def role(self, process: machine.Process, family: list[machine.Process]) -> str:
        """Tell what a process does: all bear one name, and only the filer has parsers."""
        if process.name == _PARSER:
            return "parsers"
        if process.name == "postgres":
            return "database"
        if process.pid == self.roots()[0]:
            return "supervisor"
        has_parsers = any(other.parent == process.pid and other.name == _PARSER for other in family)
        return "filer" if has_parsers else "fronts"

    def outcomes(self) -> dict[str, int]:
        """Count deliveries by outcome in the database, as another program would."""
        if self._url:
            if (
                self._looker is None
            ):  # kept, for a new connection would cost the server more than the question
                self._looker = psycopg.connect(self._url, autocommit=True)
            rows = self._looker.execute(_OUTCOMES).fetchall()
        else:
            with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
                rows = database.execute(_OUTCOMES).fetchall()
        return {state if state == FILED else f"{state}: {reason}": count for state, reason, count in rows}

    def filed(self) -> int:
        """Count what is filed on SQLite over a connection that is kept, since this is asked very often."""
        if self._counter is None:
            self._counter = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, isolation_level=None)
        return int(self._counter.execute(_COUNT).fetchone()[0])

    def stop(self) -> None:
        """Stop it as systemd would."""
        if self._counter is not None:
            self._counter.close()
            self._counter = None
        end(self._process)
        self._process = None
        if self._looker is not None:
            self._looker.close()
            self._looker = None
        if self._server is not None:
            self._server.close()
            self._server = None


class Paused(Bccd):
    """bccd with its filer and its parsers stopped by SIGSTOP once it is warm: nothing else is different.

    What it has accepted must then stand in the spool. It goes on when it is stopped.
    """

    name = "bccd, filing paused"
    awaited = SPOOLED

    def __init__(self) -> None:
        super().__init__()
        self._asleep: list[int] = []
        self._left = 0  # in the spool when filing was paused

    def warmed(self) -> None:
        """Stop the filer and its parsers, once they have cleared what they filed."""
        until = time.monotonic() + _CLEAR_SECONDS
        while self._waiting() and time.monotonic() < until:
            time.sleep(0.05)
        family = machine.tree(*self.roots())
        self._asleep = [it.pid for it in family if self.role(it, family) in ("filer", "parsers")]
        if not self._asleep:
            raise PeerError("bccd has no filer that could be paused")
        self._signal(signal.SIGSTOP)
        self._left = self._waiting()

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._asleep:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _waiting(self) -> int:
        spool = f"file:{self._database.with_name('spool.db')}?mode=ro"
        with closing(sqlite3.connect(spool, uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM spool").fetchone()[0])

    def outcomes(self) -> dict[str, int]:
        """Count what is filed, and once filing is paused what the spool has got since."""
        filed = super().outcomes()
        return filed | {SPOOLED: self._waiting() - self._left} if self._asleep else filed

    def stop(self) -> None:
        """Let the filer go on, then stop all."""
        self._signal(signal.SIGCONT)
        self._asleep, self._left = [], 0  # the next round begins awake
        super().stop()
