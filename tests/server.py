"""A PostgreSQL server of our own: in a folder in memory, on a UNIX socket, gone with the tests."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg

_MEMORY = Path("/dev/shm")  # noqa: S108  where a sync costs nothing
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_SETTINGS = (
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=64MB",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)


def _account() -> str | None:
    """Return who the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _program(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, _PLACES))) or name


class Server:
    """A running server; `start` and `stop` may be called again, and what was committed stands.

    It stands in memory unless a folder is named; further settings come on top of those of the tests.
    """

    def __init__(self, place: Path | None = None, settings: Sequence[str] = ()) -> None:
        self.folder = Path(mkdtemp(prefix="bccd-pg-", dir=place or (_MEMORY if _MEMORY.is_dir() else None)))
        self._settings = (*_SETTINGS, *settings)
        self._user = _account()
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"test_{number}" for number in count())
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "bccd", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        self.start()

    @property
    def pid(self) -> int | None:
        """Return its first process while it runs."""
        return self._process.pid if self._process else None

    def url(self, name: str) -> str:
        """Return where a database is."""
        return f"postgresql://bccd@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [part for setting in self._settings for part in ("-c", setting)]
        arguments = ["-D", str(self.folder / "data"), "-k", str(self.folder), *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), *arguments], stdout=log, stderr=log, user=self._user, cwd=self.folder
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text(encoding="utf-8")
                time.sleep(0.02)
            else:
                return

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop the server and end its clients' connections: in order, or by SIGQUIT without a last sync."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, statement: str, name: str = "postgres") -> None:
        """Run a statement outside of any transaction."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Make a database that is like another, and drop it in the end."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [_program(program), *arguments], check=True, capture_output=True, user=self._user, cwd=self.folder
        )
