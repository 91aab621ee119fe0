"""F7, F9, F10, F11, F22: a database that is down, has no place left, is full, cannot sync, is taken away."""

import json
import os
import resource
import shutil
import signal
import smtplib
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bccd.model.errors import FileMovedError
from tests.e2e.harness import DROP, USERS, Daemon, mail, wait_for
from tests.faults.conftest import MakeFailing
from tests.faults.failing import Failing
from tests.faults.senders import LARGE, Senders, plain
from tests.server import Server

pytestmark = pytest.mark.e2e

_numbers = count(1)
_NOBODY = "nobody@drop.example.com"
_FAILURE = "sqlite SQLITE_IOERR_FSYNC"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Start a PostgreSQL that no other module uses; it takes few connections."""
    running = Server(settings=["max_connections=30"])
    yield running
    running.close()


@pytest.fixture(scope="module")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the name of a database on that server with the directory in it."""
    with server.database() as name:
        first = Daemon(tmp_path_factory.mktemp("loaded"), {"database": {"url": server.url(name)}})
        first.configure()
        first.load()
        yield name


def fresh(*, large: bool = False) -> bytes:
    """Write a mail that no other test has sent."""
    number = next(_numbers)
    return plain(number * LARGE + LARGE - 1 if large else number * LARGE)


def readiness(daemon: Daemon) -> tuple[dict[str, Any], int]:
    """Ask /readyz; return its body and its status."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http}/readyz", timeout=20) as answer:
            return json.load(answer), answer.status
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error), error.code


def ready(daemon: Daemon) -> dict[str, bool]:
    """Return what /readyz says of each part, and of all under the empty name."""
    body, status = readiness(daemon)
    found: dict[str, bool] = body["checks"]
    return found | {"": status == 200}


@contextmanager
def away(daemon: Failing, server: Server | None, *, crash: bool = False) -> Iterator[None]:
    """Let the database be down for as long as the block lasts."""
    if server is None:
        daemon.faults.arm("begin", "!sqlite SQLITE_CANTOPEN")
        yield
        daemon.faults.disarm("begin")
    else:
        server.stop(signal.SIGQUIT if crash else signal.SIGINT)
        yield
        server.start()


def server_of(request: pytest.FixtureRequest, database: str) -> Server | None:
    """Return the server, where there is one."""
    return request.getfixturevalue("server") if database == "postgresql" else None


def test_f07_a_database_that_is_down(daemon: Failing, database: str, request: pytest.FixtureRequest) -> None:
    """Nobody is refused for good at RCPT, nothing is taken at DATA, and all heals without a restart."""
    wait_for(daemon.whole, 30, daemon.tail)
    processes = daemon.role("filer") + daemon.role("fronts")
    raw = fresh()
    daemon.deliver(fresh())
    with away(daemon, server_of(request, database)):
        assert daemon.offer(raw, _NOBODY) == 451
        assert daemon.offer(raw) == 451
        assert not ready(daemon)[""]
    daemon.deliver(raw)
    wait_for(lambda: daemon.offer(fresh(), _NOBODY) == 550, 30, daemon.tail)
    wait_for(lambda: ready(daemon)[""], 30, daemon.tail)
    assert daemon.role("filer") + daemon.role("fronts") == processes
    daemon.check()


@pytest.mark.db
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f07_a_server_that_crashes_under_load(daemon: Failing, server: Server) -> None:
    """What it had not synced was promised to nobody: claims and clearings are done again."""
    senders = Senders(daemon, threads=3)
    for taken in (20, 40):
        senders.wait(taken)
        with away(daemon, server, crash=True):
            time.sleep(0.2)
    senders.wait(60)
    senders.stop()
    daemon.took(senders)
    daemon.check()


@pytest.mark.db
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f09_a_server_without_a_free_connection(daemon: Failing) -> None:
    """Within half a minute the sender hears 451; when one is free again, mail is taken."""
    url, raw = str(daemon.options["database"]["url"]), fresh()
    daemon.deliver(fresh())
    with ExitStack() as stack:
        held = [stack.enter_context(psycopg.connect(url, autocommit=True))]
        ours = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'bccd'"
        until = time.monotonic() + 30
        while held[0].execute(ours).fetchall() != [(0,)]:
            assert time.monotonic() < until
            with suppress(psycopg.OperationalError):
                while True:
                    held.append(stack.enter_context(psycopg.connect(url)))
        began = time.monotonic()
        assert daemon.offer(raw) == 451
        assert time.monotonic() - began < 30
    daemon.deliver(raw)
    daemon.check()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f09_a_front_without_a_free_descriptor(daemon: Failing) -> None:
    """A mail that needs a file is put off; when there are descriptors again, it is taken."""
    raw = fresh(large=True)
    wait_for(daemon.whole, 30, daemon.tail)
    (front,) = daemon.role("fronts")
    before = resource.prlimit(front, resource.RLIMIT_NOFILE)
    with smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=30) as session:
        session.ehlo()
        used = max(int(path.name) for path in Path(f"/proc/{front}/fd").iterdir())
        resource.prlimit(front, resource.RLIMIT_NOFILE, (used + 1, before[1]))
        try:
            with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused), match="451"):
                session.sendmail(USERS[0], [DROP], raw)
        finally:
            resource.prlimit(front, resource.RLIMIT_NOFILE, before)
        session.sendmail(USERS[0], [DROP], raw)
    daemon.acked.append(raw)
    daemon.check()


# ---- full ------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: str, owner: int = 0) -> Iterator[None]:
    """Mount a small file system of our own on a folder."""
    command = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={size},mode=0700,uid={owner or os.geteuid()}"
    done = subprocess.run(
        [*command, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("lacks the right to mount")
    try:
        yield
    finally:
        subprocess.run([*command, "umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on a file system."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return filler


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f10_a_full_disk(failing: MakeFailing) -> None:
    """Small and large mail is put off with 452, what was taken is kept; with room again all is filed.

    Meanwhile everything that tells of the daemon names the disk.
    """
    daemon = failing(limits={"message_size": 2 * 2**20})
    kept = daemon.folder / "kept"
    daemon.data.rename(kept)
    daemon.data.mkdir()
    with small_disk(daemon.data, "16m"):
        shutil.copytree(kept, daemon.data, dirs_exist_ok=True)
        daemon.start()
        try:
            daemon.deliver(fresh(), fresh(large=True))
            wait_for(lambda: daemon.waiting() == 0, 30, daemon.tail)
            filler = fill(daemon.data)
            mails = [plain(number * LARGE + LARGE - 1) for number in range(10_000, 10_003)]
            assert [daemon.offer(raw) for raw in mails] == [452] * 3
            small = [fresh() for _ in range(10)]
            assert {daemon.offer(raw) for raw in small} & {452}
            assert_told_full(daemon)
            filler.unlink()
            daemon.deliver(*mails, *small)
            daemon.check()
        finally:
            daemon.kill()


def assert_told_full(daemon: Failing) -> None:
    """/readyz, bccd status and bccd doctor say that there is no room."""
    found = ready(daemon)
    assert not found[""] and not found["disk"]
    seen = daemon.call("status", "--json")
    told = json.loads(seen.stdout)
    assert seen.returncode == 1 and told["disk"]["full"]
    disk, asked = told["trouble"]
    assert disk.startswith("the disk of data_dir is full: ") and '"disk":false' in asked
    findings = json.loads(daemon.call("doctor", "--json").stdout)["findings"]
    assert "FAIL" in {one["level"] for one in findings if one["topic"] == "disk"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f10_a_log_that_is_full(failing: MakeFailing) -> None:
    """Lines are lost, and no mail: no process ends for what it could not say."""
    daemon = failing()
    daemon.log.symlink_to("/dev/full")
    daemon.start()
    daemon.deliver(fresh(), fresh(large=True))
    daemon.check()
    assert daemon.stop() == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f10_files_that_may_not_grow(daemon: Failing) -> None:
    """A spool that is full answers 452; mail that was taken waits for room in the database."""
    mails = [mail(f"grows-{number}", body=b"x" * 70 + b"\r\n" * 100_000) for number in range(3)]
    daemon.deliver(fresh())
    daemon.faults.arm("pages", "!")
    assert {daemon.offer(raw) for raw in mails} == {452}
    assert not ready(daemon)["disk"]
    daemon.faults.disarm("pages")
    daemon.deliver(*mails)
    daemon.check()


@pytest.mark.db
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f10_a_server_that_is_full(daemon: Failing, server: Server) -> None:
    """A table that cannot be extended is answered with 452, and nothing is kept of the mail."""
    owner = server.folder.stat().st_uid
    place = server.folder / "small"
    place.mkdir()
    os.chown(place, owner, -1)
    url = str(daemon.options["database"]["url"])
    with small_disk(place, "4m", owner), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'".encode())
        connection.execute(b"ALTER TABLE raw_mail SET TABLESPACE small")
        filler = fill(place)
        mails = [noise(number) for number in range(3)]
        assert [daemon.offer(raw) for raw in mails] == [452] * 3
        assert not ready(daemon)["disk"]
        filler.unlink()
        daemon.deliver(*mails)
        daemon.check()
        connection.execute(b"ALTER TABLE raw_mail SET TABLESPACE pg_default")
        connection.execute(b"DROP TABLESPACE small")


def noise(number: int) -> bytes:
    """Write a mail that does not get smaller when it is stored."""
    letters = os.urandom(60_000).hex().encode()
    lines = b"\r\n".join(letters[start : start + 70] for start in range(0, len(letters), 70))
    return plain(30_000 + number * LARGE) + lines + b"\r\n"


# ---- fsync -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("large", [False, True], ids=["log", "file"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f11_a_sync_that_fails_in_a_front(daemon: Failing, *, large: bool) -> None:
    """The mail is put off, health is red, nothing more is taken until somebody has looked and restarts."""
    raw, later = fresh(large=large), fresh()
    daemon.deliver(fresh())
    daemon.faults.arm("fsync" if large else "take.before", "eio" if large else _FAILURE)
    assert daemon.offer(raw) == 451
    found = ready(daemon)
    assert not found[""] and not found["spool"]
    assert daemon.offer(later) == 451
    assert daemon.stop() == 0
    daemon.start()
    daemon.deliver(raw, later)
    daemon.check()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f11_a_sync_that_fails_in_the_filer(daemon: Failing) -> None:
    """Transaction 2 is done again as a whole, into other frames of the log."""
    daemon.faults.arm("work.before", _FAILURE)
    daemon.deliver(fresh(), fresh())
    wait_for(lambda: daemon.faults.happened("work.before"), 30, daemon.tail)
    daemon.check()


@pytest.mark.needs("strace")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f11_the_system_itself_fails_to_sync(daemon: Failing) -> None:
    """The same with an fdatasync that says EIO, below SQLite."""
    raw = fresh()
    daemon.deliver(fresh())
    wait_for(daemon.whole, 30, daemon.tail)
    (front,) = daemon.role("fronts")
    log = daemon.folder / "strace"
    command = ["strace", "-f", "-p", str(front), "-o", str(log), "-e", "inject=fdatasync,fsync:error=EIO"]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert tracer.stderr is not None
        attached = tracer.stderr.readline()
        if b"attached" not in attached:
            pytest.skip(f"lacks the right to trace: {attached!r}")
        assert daemon.offer(raw) == 451
    finally:
        tracer.terminate()
        tracer.communicate(timeout=30)
    assert not ready(daemon)["spool"]
    assert daemon.stop() == 0
    daemon.start()
    daemon.deliver(raw)
    daemon.check()


@pytest.mark.db
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f11_a_server_that_panics(daemon: Failing, server: Server) -> None:
    """A server whose sync fails ends all sessions; from its log it comes back with what was promised."""
    senders = Senders(daemon, threads=3, write=lambda number: plain(40_000 + number))
    senders.wait(10)
    with psycopg.connect(server.url("postgres")) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'bccd'"
        ).fetchall()
    os.kill(rows[0][0], signal.SIGABRT)
    senders.wait(len(senders.acked) + 10)
    senders.stop()
    daemon.took(senders)
    daemon.check()


# ---- taken away -------------------------------------------------------------------------------------------


@contextmanager
def taken_away(path: Path) -> Iterator[None]:
    """Let a file be elsewhere for as long as the block lasts."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    yield
    aside.rename(path)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f22_a_spool_taken_away_under_the_daemon(daemon: Failing) -> None:
    """No mail is taken that would go with the file, and what it has is filed; /readyz says which it is.

    Put back, it heals by itself.
    """
    wait_for(daemon.whole, 30, daemon.tail)
    wait_for(lambda: daemon.waiting() == 0, 30, daemon.tail)
    mails, filed = [fresh(), fresh(large=True)], len(daemon.deliveries())
    (filer,) = daemon.role("filer")
    os.kill(filer, signal.SIGSTOP)
    daemon.deliver(fresh())
    with taken_away(daemon.data / "spool.db"):
        os.kill(filer, signal.SIGCONT)
        wait_for(lambda: len(daemon.deliveries()) == filed + 1, 30, daemon.tail)
        assert [daemon.offer(raw) for raw in mails * 2] == [451] * 4
        body, status = readiness(daemon)
        assert status == 503
        assert (body["checks"]["spool"], body["checks"]["directory"]) == (False, True)
        assert body["advice"]["spool"].startswith("spool.db was moved, deleted or replaced")
        found = json.loads(daemon.call("doctor", "--json").stdout)["findings"]
        (told,) = (one for one in found if one["topic"] == "daemon")
        assert told["sentence"].startswith("spool.db was moved")
        assert told["advice"].startswith("put the same file back")
    daemon.deliver(*mails)
    wait_for(lambda: ready(daemon)[""], 30, daemon.tail)
    daemon.check()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f22_a_database_taken_away_under_the_daemon(daemon: Failing) -> None:
    """Mail is taken, for the spool has it, and stays there: it is filed once the file is back."""
    wait_for(daemon.whole, 30, daemon.tail)
    wait_for(lambda: daemon.waiting() == 0, 30, daemon.tail)
    told = len(daemon.events("database_away"))
    with taken_away(daemon.data / "bccd.db"):
        daemon.deliver(fresh(), fresh(large=True))
        wait_for(lambda: len(daemon.events("database_away")) > told, 30, daemon.tail)
        body, status = readiness(daemon)
        assert status == 503
        checks = body["checks"]
        assert (checks["spool"], checks["directory"], checks["filer"]) == (True, False, False)
        assert body["advice"] == {"directory": str(FileMovedError("bccd.db"))}
        assert daemon.waiting() == 2
    wait_for(lambda: daemon.waiting() == 0, 30, daemon.tail)
    daemon.check()
