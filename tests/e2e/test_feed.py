"""The example reader, run as a program beside a running daemon: what is filed arrives in its copy."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.e2e.conftest import MakeNode
from tests.e2e.harness import USERS, Daemon, mail, wait_for

pytestmark = pytest.mark.e2e

READER = Path(__file__).resolve().parents[2] / "docs/examples/feed_reader.py"


@contextmanager
def reading(daemon: Daemon, place: str) -> Iterator[Path]:
    """Run the reader for the first user and yield its copy, which is complete so far."""
    ((viewer,),) = daemon.query("SELECT user_id FROM user_address WHERE address = ?", USERS[0])
    copy = daemon.folder / "copy.db"
    with subprocess.Popen([sys.executable, READER, place, "1", str(viewer), copy]) as reader:
        try:
            wait_for(lambda: copy.exists() and bool(rows(copy, "SELECT cursor FROM feed")), 20)
            yield copy
        finally:
            reader.kill()


def rows(copy: Path, sql: str) -> list[tuple[object, ...]]:
    """Read the copy; it has no tables before its first transaction."""
    with closing(sqlite3.connect(copy, timeout=20)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'feed'").fetchone():
            return []
        return connection.execute(sql).fetchall()


def arrives(daemon: Daemon, copy: Path) -> None:
    """Send a mail and wait until conversation and message are in the copy."""
    daemon.send(mail("told"))
    wait_for(lambda: len(rows(copy, "SELECT row FROM item WHERE row LIKE '%told%'")) == 2, 20)


def test_a_mail_arrives_beside_sqlite(daemon: Daemon) -> None:
    """The reader looks again and again, at a file that the daemon writes."""
    with reading(daemon, str(daemon.data / "bccd.db")) as copy:
        arrives(daemon, copy)
    assert daemon.stop() == 0


@pytest.mark.db
def test_a_mail_arrives_beside_postgresql_and_rings(node: MakeNode) -> None:
    """The filer rings after its commit, from outside the transaction; a load through the door rings too."""
    daemon = node().start()
    url = str(daemon.options["database"]["url"])
    with psycopg.connect(url, autocommit=True) as front_end, reading(daemon, url) as copy:
        front_end.execute("LISTEN bccd_change")
        arrives(daemon, copy)
        ((seq,),) = daemon.query("SELECT change_seq FROM company_clock")
        heard = [note.payload for note in front_end.notifies(timeout=20, stop_after=1)]
        assert heard == [f"1:{seq}"]
        added = daemon.call("directory", "add", "contact", "--external-id", "c9", "--name", "Nina")
        assert added.returncode == 0, added.stdout + added.stderr
        heard = [note.payload for note in front_end.notifies(timeout=20, stop_after=1)]
        assert heard == [f"1:{int(str(seq)) + 1}"]
    assert daemon.stop() == 0
