"""bccd import against a real daemon, beside live mail, killed and begun again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon, MakeNode
from tests.e2e.harness import USERS, Daemon, mail, wait_for

pytestmark = pytest.mark.e2e
ANN = USERS[0]


def box(path: Path, mails: list[bytes]) -> Path:
    """Write an mbox."""
    parts = (b"From - Mon Mar  2 10:00:00 2026\n" + one.replace(b"\r\n", b"\n") + b"\n" for one in mails)
    path.write_bytes(b"".join(parts))
    return path


def mails(count: int, prefix: str = "old") -> list[bytes]:
    """Return mails of Ann to the known customer, large enough to take a moment."""
    return [mail(f"{prefix}{number}", body=b"All the best, Ann.\r\n" * 20) for number in range(count)]


def imported(daemon: Daemon, *arguments: str, code: int = 0) -> dict[str, object]:
    """Run the import and return what it said as JSON."""
    done = daemon.call("import", "--json", "--user", ANN, *arguments)
    assert done.returncode == code, done.stdout + done.stderr + daemon.tail()
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def begin(daemon: Daemon, path: Path) -> subprocess.Popen[bytes]:
    """Start an import in a process of its own."""
    words = daemon.words("import", "--user", ANN, str(path))
    return subprocess.Popen(
        [sys.executable, "-m", "bccd", *words],
        cwd=daemon.folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def messages(daemon: Daemon) -> list[str]:
    """Return the ids of all stored messages."""
    return sorted(str(row[0]) for row in daemon.query("SELECT msgid FROM message"))


def test_an_mbox_is_filed_and_known_the_second_time(daemon: Daemon, tmp_path: Path) -> None:
    """Each mail once, by its own date; what was captured in Bcc is not doubled; nobody gets a notice."""
    old = mails(30)
    daemon.send(old[0])
    daemon.wait_filed(1)
    path = box(tmp_path / "old.mbox", old)
    first = imported(daemon, str(path))
    assert (first["filed"], first["duplicates"], first["waiting"]) == (29, 1, 0)
    assert messages(daemon) == sorted(f"old{number}@example.com" for number in range(30))
    assert daemon.query("SELECT count(*) FROM message WHERE sent_at LIKE '2026-03-02T10:00:00%'") == [(30,)]
    assert daemon.query("SELECT count(*) FROM outbox") == [(0,)]
    again = imported(daemon, "--restart", str(path))
    assert (again["filed"], again["duplicates"]) == (0, 30)
    grown = box(path, [*old, *mails(1, "new")])
    assert imported(daemon, str(grown))["filed"] == 1


def test_without_a_daemon_the_command_files_by_itself(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """Nothing need be served, and nothing is left running that keeps a daemon from starting."""
    daemon = make_daemon()
    said = imported(daemon, str(box(tmp_path / "old.mbox", mails(5))))
    assert said["filed"] == 5
    daemon.start()
    assert daemon.stop() == 0


def test_live_mail_does_not_wait_behind_an_import(daemon: Daemon, tmp_path: Path) -> None:
    """What comes in by SMTP meanwhile is filed before the import is done."""
    importing = begin(daemon, box(tmp_path / "old.mbox", mails(900)))
    wait_for(lambda: len(daemon.deliveries()) > 20, 60, daemon.tail)
    daemon.send(mail("live"))
    live = "SELECT count(*) FROM message WHERE msgid = 'live@example.com'"
    wait_for(lambda: daemon.query(live) == [(1,)], 60, daemon.tail)
    assert importing.poll() is None
    assert importing.wait(100) == 0
    assert len(messages(daemon)) == 901


def test_an_import_that_is_killed_goes_on(daemon: Daemon, tmp_path: Path) -> None:
    """Killed in the middle and run again, each mail is filed once and none is missing."""
    path = box(tmp_path / "old.mbox", mails(400))
    importing = begin(daemon, path)
    wait_for(lambda: len(daemon.deliveries()) > 20, 60, daemon.tail)
    importing.kill()
    importing.wait()
    said = imported(daemon, str(path))
    daemon.wait_filed(400, 60)
    assert said["waiting"] == 0
    assert messages(daemon) == sorted(f"old{number}@example.com" for number in range(400))


def test_an_import_that_is_interrupted_says_so(daemon: Daemon, tmp_path: Path) -> None:
    """Ctrl-C ends it in order, with a code of its own; the same command goes on."""
    path = box(tmp_path / "old.mbox", mails(600))
    importing = begin(daemon, path)
    wait_for(lambda: len(daemon.deliveries()) > 20, 60, daemon.tail)
    importing.send_signal(signal.SIGINT)
    assert importing.wait(60) == 1
    assert daemon.waiting() == 0
    imported(daemon, str(path))
    assert len(messages(daemon)) == 600


def test_a_filer_that_is_killed_loses_nothing(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """Command and filer killed at once, where no daemon runs: the next command files the rest."""
    daemon = make_daemon()
    path = box(tmp_path / "old.mbox", mails(300))
    importing = begin(daemon, path)
    wait_for(lambda: len(daemon.deliveries()) > 20, 60)
    importing.kill()
    importing.wait()
    imported(daemon, str(path))
    assert messages(daemon) == sorted(f"old{number}@example.com" for number in range(300))
    assert daemon.waiting() == 0


def test_a_path_without_mail_is_told_of_before_anything_is_done(daemon: Daemon, tmp_path: Path) -> None:
    """Each with what is wrong with it, and nothing is handed in of the others."""
    noise, packed, empty = tmp_path / "noise", tmp_path / "mail.zip", tmp_path / "nothing"
    noise.write_bytes(b"\x00\x01\x02")
    packed.write_bytes(b"PK\x03\x04")
    empty.mkdir()
    good = box(tmp_path / "good.mbox", mails(1))
    done = daemon.call("import", "--user", ANN, *map(str, (good, noise, packed, empty)))
    assert done.returncode == 6
    assert f"{noise}: is neither an mbox nor a mail" in done.stderr
    assert f"{packed}: is packed" in done.stderr
    assert f"{empty}: holds no mail" in done.stderr
    assert daemon.deliveries() == []
    assert daemon.call("import", "--user", "nobody@example.com", str(good)).returncode == 5
    assert daemon.call("import", str(good)).returncode == 6
    assert daemon.call("import", "--user", ANN, str(tmp_path / "gone")).returncode == 2


@pytest.mark.db
def test_on_postgresql_it_is_the_same(node: MakeNode, tmp_path: Path) -> None:
    """Beside a daemon that files, into the one database."""
    daemon = node().start()
    path = box(tmp_path / "old.mbox", mails(100))
    assert imported(daemon, str(path))["filed"] == 100
    assert imported(daemon, "--restart", str(path))["duplicates"] == 100
    assert len(messages(daemon)) == 100
