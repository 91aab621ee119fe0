"""Nothing that was answered with 250 is lost or doubled, whatever dies when."""

import hashlib
import random
import re
import smtplib
import threading
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon, MakeNode
from tests.e2e.harness import DROP, USERS, Daemon, mail

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

MAILS = 1000
CLIENTS = 6
KILLS = 8
HANGS = 150  # seconds after which it does not go on


class Clients:
    """Six senders that repeat each mail until it was answered with 250, as a mail server would."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._names = iter(range(MAILS))
        self._lock = threading.Lock()
        self.accepted: dict[str, bytes] = {}
        self.refused: list[str] = []
        self.repeated = 0
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]

    def _next(self) -> int | None:
        with self._lock:
            return next(self._names, None)

    def _run(self) -> None:
        session: smtplib.SMTP | None = None
        while (number := self._next()) is not None:
            sender = USERS[number % len(USERS)]
            raw = mail(f"kill-{number}", sender, b"x" * (number * 97 % 5000) + b"\r\n")
            while True:
                try:
                    session = session or smtplib.SMTP("127.0.0.1", self._daemon.smtp, timeout=20)
                    session.sendmail(sender, [DROP], raw)
                except (smtplib.SMTPException, OSError) as error:
                    if isinstance(error, smtplib.SMTPDataError | smtplib.SMTPRecipientsRefused):
                        self.refused.append(str(error))
                    session = None
                    self.repeated += 1
                    time.sleep(0.05)
                else:
                    self.accepted[f"kill-{number}@example.com"] = hashlib.sha256(raw).digest()
                    break
        if session is not None:
            session.close()

    def running(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)


def test_kill_9_loses_and_doubles_nothing(make_daemon: MakeDaemon) -> None:
    """All processes are killed at random moments of 1,000 deliveries: each mail stands exactly once."""
    seed = random.randrange(2**32)  # noqa: S311 - chance, not secrecy
    chance = random.Random(seed)  # noqa: S311
    daemon = make_daemon()
    survive(daemon, chance, f"seed {seed}")
    for file in ("bccd.db", "spool.db"):
        assert daemon.query("PRAGMA integrity_check", file=file) == [("ok",)]


@pytest.mark.db
def test_kill_9_loses_and_doubles_nothing_on_postgresql(node: MakeNode) -> None:
    """The same holds where both transactions end on a server."""
    seed = random.randrange(2**32)  # noqa: S311 - chance, not secrecy
    survive(node(), random.Random(seed), f"seed {seed}")  # noqa: S311


def survive(daemon: Daemon, chance: random.Random, seed: str) -> None:
    """Kill a daemon again and again while mail comes in, and look at what stands in the end."""
    daemon.start()
    clients = Clients(daemon)
    begun = time.monotonic()
    for thread in clients.threads:
        thread.start()
    kills = 0
    for part in range(1, KILLS + 1):
        while len(clients.accepted) < part * MAILS / (KILLS + 1) and clients.running():
            assert time.monotonic() - begun < HANGS, daemon.tail()
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        if clients.running():
            daemon.kill()
            kills += 1
            daemon.start()
    for thread in clients.threads:
        thread.join(60)
    assert kills >= KILLS - 1, seed
    rows = daemon.wait_filed(MAILS, HANGS)
    assert clients.refused == []
    assert len(clients.accepted) == MAILS
    assert sorted(row.sha256 for row in rows) == sorted(clients.accepted.values()), seed
    assert {(row.state, row.reason) for row in rows} == {("filed", "")}, seed
    messages = [msgid for (msgid,) in daemon.query("SELECT msgid FROM message")]
    assert sorted(map(str, messages)) == sorted(clients.accepted), seed
    kept = {digest for (digest,) in daemon.query("SELECT sha256 FROM raw_mail", file="spool.db")}
    assert kept == set(clients.accepted.values()), seed


@pytest.mark.parametrize("size", [100, 2_000_000], ids=["in the table", "in a file"])
@pytest.mark.needs("strace")
def test_the_sync_precedes_the_answer(make_daemon: MakeDaemon, tmp_path: Path, size: int) -> None:
    """Between the last octet of a mail and its 250 the spool's log, and a large mail's file, are synced."""
    trace = tmp_path / "trace"
    daemon = make_daemon()
    calls = "trace=fsync,fdatasync,sendto,write,writev,recvfrom,read"
    daemon.wrapper = ("strace", "-D", "-f", "-y", "-s", "200", "-e", calls, "-o", str(trace))
    daemon.start()
    daemon.send(mail("traced", body=b"x" * 70 + b"\r\n" * (size // 2)))
    daemon.wait_filed(1)
    daemon.stop()
    events = ordered(trace.read_text(encoding="utf-8", errors="replace"))
    assert "354" in events and "250" in events, events
    before = events[events.index("354") + 1 : events.index("250")]
    assert "synced spool.db-wal" in before, events
    if size > 1_000_000:
        folder = before.index("synced folder", before.index("synced mail"))
        assert folder < before.index("synced spool.db-wal", folder), before


_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(fsync|fdatasync|sendto|write|writev)\b(.*)$", re.MULTILINE)
_PLACE = re.compile(r"\(\d+<([^>]*)>")


def ordered(trace: str) -> list[str]:
    """Return what the daemon answered to DATA and what was synced, each when it was done."""
    found: list[str] = []
    pending: dict[str, str] = {}
    for thread, call, rest in _CALL.findall(trace):
        if place := _PLACE.match(rest):
            pending[thread] = place[1]
        if "sync" in call:
            if rest.endswith("= 0"):
                found.append(f"synced {_named(pending[thread])}")
        elif '"354 ' in rest:
            found.append("354")
        elif '"250 2.0.0' in rest:
            found.append("250")
    return found


def _named(name: str) -> str:
    path = Path(name)
    if path.parent.name == "tmp" or (path.name.isalnum() and len(path.name) == 64):
        return "mail"
    return "folder" if "/raw" in name else path.name
