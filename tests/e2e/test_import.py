"""bccd import against a real daemon, beside live mail, killed and begun again."""

import json
import os
import signal
from pathlib import Path

import pytest

from bccd.model.delivery import show_id
from tests.e2e.conftest import MakeDaemon, MakeNode
from tests.e2e.harness import USERS, Daemon, mail, wait_for
from tests.e2e.nursery import Child, nursery

pytestmark = pytest.mark.e2e
ANN = USERS[0]


def box(path: Path, mails: list[bytes]) -> Path:
    """Write an mbox."""
    path.parent.mkdir(exist_ok=True)
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


def begin(daemon: Daemon, path: Path) -> Child:
    """Start an import in a process of its own."""
    with (daemon.folder / "import-said").open("ab") as said:
        words = daemon.words("import", "--user", ANN, str(path))
        return nursery().start(words, daemon.folder, os.environ, said, said)


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
    assert "with bccd import" in daemon.call("explain", "--json", show_id(daemon.deliveries()[0].id)).stdout
    again = imported(daemon, "--restart", str(path))
    assert (again["filed"], again["duplicates"]) == (0, 30)
    grown = box(path, [*old, *mails(1, "new")])
    assert imported(daemon, str(grown))["filed"] == 1


def test_without_a_daemon_the_command_files_by_itself(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """From all kinds of files; and nothing is left running that keeps a daemon from starting."""
    daemon = make_daemon()
    kept = mails(6)
    box(tmp_path / "kept" / "old.mbox", kept[:3])
    for number, place in ((3, "Maildir/cur/1.a:2,S"), (4, "Maildir/new/2.b"), (5, "exported/five.eml")):
        path = tmp_path / "kept" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept[number])
    assert imported(daemon, str(tmp_path / "kept"))["filed"] == 6
    daemon.start()
    assert daemon.stop() == 0


def test_live_mail_does_not_wait_behind_an_import(daemon: Daemon, tmp_path: Path) -> None:
    """What comes in by SMTP meanwhile is filed before the import is done."""
    importing = begin(daemon, box(tmp_path / "old.mbox", mails(600)))
    wait_for(lambda: len(daemon.deliveries()) > 20, 60, daemon.tail)
    daemon.send(mail("live"))
    live = "SELECT count(*) FROM message WHERE msgid = 'live@example.com'"
    wait_for(lambda: daemon.query(live) == [(1,)], 60, daemon.tail)
    assert importing.poll() is None
    assert importing.wait(100) == 0
    assert len(messages(daemon)) == 601


def test_an_import_that_is_killed_goes_on(daemon: Daemon, tmp_path: Path) -> None:
    """Killed in the middle and run again, each mail is filed once and none is missing."""
    path = box(tmp_path / "old.mbox", mails(300))
    importing = begin(daemon, path)
    wait_for(lambda: len(daemon.deliveries()) > 20, 60, daemon.tail)
    os.kill(importing.pid, signal.SIGKILL)
    importing.wait(20)
    said = imported(daemon, str(path))
    daemon.wait_filed(300, 60)
    assert said["waiting"] == 0
    assert messages(daemon) == sorted(f"old{number}@example.com" for number in range(300))


def test_an_import_that_is_interrupted_says_so(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """Ctrl-C ends it in order, with a code of its own, and so does the filer that it began."""
    daemon = make_daemon()
    path = box(tmp_path / "old.mbox", mails(400))
    importing = begin(daemon, path)
    wait_for(lambda: len(daemon.deliveries()) > 20, 60)
    os.kill(importing.pid, signal.SIGINT)
    assert importing.wait(60) == 1
    assert daemon.waiting() == 0
    importing = begin(daemon, path)
    wait_for(lambda: len(daemon.deliveries()) > 300, 60)
    os.kill(importing.pid, signal.SIGKILL)
    importing.wait(20)
    imported(daemon, str(path))
    assert len(messages(daemon)) == 400
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


@pytest.mark.db
def test_on_postgresql_it_is_the_same(node: MakeNode, tmp_path: Path) -> None:
    """Beside a daemon that files, into the one database."""
    daemon = node().start()
    path = box(tmp_path / "old.mbox", mails(100))
    assert imported(daemon, str(path))["filed"] == 100
    assert len(messages(daemon)) == 100
