"""A real bccd in a folder of its own, driven and looked at from outside."""

import json
import os
import random
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg

from tests.canary import CANARY, WATCH
from tests.e2e.nursery import Child, nursery
from tests.nameserver import NameServer

DROP = "sales@drop.example.com"
USERS = ("ann@example.com", "ben@example.com", "eve@example.com")
DIRECTORY = {
    "company": {
        "slug": "example",
        "name": "Example Ltd",
        "addresses": [DROP, "orders@drop.example.com"],
        "internal_domains": ["example.com"],
    },
    "organisations": [{"external_id": "o1", "name": "Customer plc", "domains": ["customer.example"]}],
    "users": [
        {"external_id": f"u{number}", "name": login.partition("@")[0].title(), "login": login}
        for number, login in enumerate(USERS, 1)
    ],
    "contacts": [
        {
            "external_id": "c1",
            "name": "Cleo Case",
            "addresses": ["cleo@customer.example"],
            "organisation": "o1",
        }
    ],
    "deals": [
        {"external_id": "77", "title": "Chairs", "status": "open", "contacts": ["c1"], "organisation": "o1"}
    ],
}


@cache
def no_names() -> str:
    """Return the address of a name server that knows no name; it runs until this process ends."""
    return NameServer().address


def free_port() -> int:
    """Return a port that nobody has at the moment, and that the system gives to no connection meanwhile."""
    while True:
        port = random.randrange(10_000, 32_000)  # noqa: S311 - chance, not secrecy
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


def mail(name: str, sender: str = USERS[0], body: bytes = b"Hello\r\n", header: bytes = b"") -> bytes:
    """Write a mail of a user to the known customer, with an id made of `name`."""
    return (
        header
        + (
            f"From: <{sender}>\r\nTo: cleo@customer.example\r\nSubject: {name} {CANARY}\r\n"
            f"Message-ID: <{name}@example.com>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\n"
        ).encode()
        + body
    )


@dataclass(frozen=True, slots=True)
class Row:
    """What the database says of a delivery."""

    id: int
    state: str
    reason: str
    sha256: bytes
    evidence: str


@dataclass
class Daemon:
    """One installation: its folder, its ports, and the process if it runs."""

    folder: Path
    options: dict[str, dict[str, object]] = field(default_factory=dict)
    smtp: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    http: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | Child | None = None
    wrapper: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def words(self, *arguments: str) -> list[str]:
        return [*arguments, "--config", str(self.folder / "bccd.toml")]

    def environment(self) -> Mapping[str, str]:
        """Return what the daemon's processes find in their environment."""
        return os.environ

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line."""
        return nursery().run(self.words(*arguments), self.folder, os.environ, 60)

    def set_up(self, like: "Daemon | None" = None) -> "Daemon":
        """Write the configuration, make the databases and load the directory, or copy another's."""
        self.configure()
        if like is not None:
            shutil.copytree(like.data, self.data)
            return self
        self.load()
        return self

    def load(self) -> None:
        """Make the databases and load the directory."""
        directory = self.folder / "directory.json"
        directory.write_text(json.dumps(DIRECTORY), encoding="utf-8")
        for arguments in (("migrate",), ("directory", "load", str(directory))):
            done = self.call(*arguments)
            assert done.returncode == 0, done.stdout + done.stderr

    def configure(self) -> None:
        """Write the configuration file."""
        sections: dict[str, dict[str, object]] = {
            "listen": {
                "smtp": [f"127.0.0.1:{self.smtp}"],
                "lmtp": [f"127.0.0.1:{self.lmtp}"],
                "http": [f"127.0.0.1:{self.http}"],
            },
            "trust": {"networks": ["127.0.0.1/32"]},
            # A busy machine is no failure of the DNS.
            "verify": {"nameservers": [no_names()], "query_seconds": 16, "mail_seconds": 32},
            "limits": {"connections_per_minute": 0},  # everybody here has one address
            "log": {"format": "json"},
        }
        for section, values in self.options.items():
            sections[section] = sections.get(section, {}) | values
        lines = [f"data_dir = {json.dumps(str(self.data))}", 'hostname = "bccd.example.com"']
        for section, values in sections.items():
            lines += [f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
        (self.folder / "bccd.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self) -> "Daemon":
        """Start the daemon in a process group of its own and wait until it greets."""
        with self.log.open("ab") as log:
            words = self.words("serve")
            if self.wrapper:
                command = [*self.wrapper, sys.executable, "-m", "bccd", *words]
                self.process = subprocess.Popen(
                    command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
                )
            else:
                self.process = nursery().start(words, self.folder, self.environment(), log, log)
        if self.options.get("log", {}).get("level") != "debug":
            WATCH.add(self.log, self._runs)
        wait_for(self.greets, 20, self.tail)
        return self

    def _runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def greets(self) -> bool:
        """Tell whether SMTP is spoken."""
        assert self.process is not None and self.process.poll() is None, self.tail()
        try:
            with socket.create_connection(("127.0.0.1", self.smtp), timeout=5) as sock:
                return sock.recv(100).startswith(b"220")
        except OSError:
            return False

    def stop(self, seconds: float = 40) -> int:
        """Tell the daemon to stop and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self) -> None:
        """Kill every process of the daemon at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def children(self) -> dict[int, str]:
        """Return the command lines of all processes below the supervisor."""
        assert self.process is not None
        found: dict[int, str] = {}
        parents = {self.process.pid}
        for _ in range(3):
            for stat in Path("/proc").glob("[0-9]*/stat"):
                try:
                    parent = int(stat.read_text(encoding="ascii").rpartition(")")[2].split()[1])
                    if parent in parents:
                        pid = int(stat.parent.name)
                        line = stat.with_name("cmdline").read_bytes()
                        found[pid] = line.replace(b"\0", b" ").decode()
                except (FileNotFoundError, ProcessLookupError):
                    continue
            parents |= set(found)
        return found

    def parsers(self) -> list[int]:
        """Return the process ids of the parsers."""
        return [pid for pid, line in self.children().items() if "bccd.cage" in line]

    def tail(self) -> str:
        """Return the end of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:] if self.log.is_file() else ""

    def events(self, name: str) -> list[dict[str, object]]:
        """Return the log lines of one kind."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in found if event.get("event") == name]

    # ---- what stands -------------------------------------------------------------------------------------

    def query(self, sql: str, *values: object, file: str = "bccd.db") -> list[tuple[object, ...]]:
        """Read a database of the daemon."""
        if url := self.options.get("database", {}).get("url"):
            with psycopg.connect(str(url)) as server:
                return server.execute(sql.replace("?", "%s").encode(), values or None).fetchall()
        with closing(sqlite3.connect(f"file:{self.data / file}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(sql, values).fetchall()

    def deliveries(self) -> list[Row]:
        """Return all deliveries of the database."""
        sql = "SELECT id, state, reason, raw_sha256, evidence FROM delivery ORDER BY id"
        return [Row(*row) for row in self.query(sql)]  # type: ignore[arg-type]

    def waiting(self) -> int:
        """Return how many accepted mails are not decided."""
        found = self.query("SELECT count(*) FROM spool WHERE state = 'received'", file="spool.db")[0][0]
        assert isinstance(found, int)
        return found

    def wait_filed(self, count: int, seconds: float = 20) -> list[Row]:
        """Wait until so many deliveries are decided and none waits."""

        def done() -> bool:
            return len(self.deliveries()) >= count and self.waiting() == 0

        wait_for(done, seconds, lambda: f"{len(self.deliveries())} decided, {self.waiting()} waiting")
        return self.deliveries()

    # ---- clients -----------------------------------------------------------------------------------------

    def send(self, raw: bytes, sender: str = USERS[0], to: Iterable[str] = (DROP,)) -> None:
        """Hand one mail in over SMTP; raises what smtplib raises."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=20, local_hostname="client.example") as client:
            client.sendmail(sender, list(to), raw)


def wait_for(condition: Callable[[], bool], seconds: float, what: Callable[[], str] = str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)
