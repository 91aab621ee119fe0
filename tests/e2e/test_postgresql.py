"""Real daemons on a real PostgreSQL: one, two on one database, one that dies, a server that goes away."""

import json
import os
import signal
import smtplib
import threading
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bccd.model.delivery import show_id
from tests.e2e.conftest import MakeNode
from tests.e2e.harness import DROP, USERS, Daemon, mail, wait_for
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.db]

WRITERS = 8


def run_out(daemon: Daemon) -> None:
    """Let all leases run out."""
    with psycopg.connect(str(daemon.options["database"]["url"])) as connection:
        connection.execute("UPDATE spool SET claimed_until = claimed_until - interval '61 seconds'")


def answer(daemon: Daemon, *arguments: str) -> Any:
    """Run a command and read its JSON."""
    done = daemon.call(*arguments, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_mail_is_filed_and_explained(node: MakeNode) -> None:
    """From SMTP to the contact and the deal; every command reads and writes the same database."""
    daemon = node()
    contact = ["directory", "add", "contact", "--external-id", "c9", "--name", "Nina", "--addresses"]
    assert answer(daemon, *contact, "nina@customer.example") == {"contact": 1}  # no daemon runs yet
    daemon.start()
    daemon.send(mail("first"))
    (row,) = daemon.wait_filed(1)
    assert (row.state, row.reason) == ("filed", "")
    explained = answer(daemon, "explain", show_id(row.id))
    assert explained["subject"].startswith("first ")
    assert "Cleo Case" in json.dumps(explained)
    assert answer(daemon, *contact, "nina@home.example") == {"contact": 1}  # through the door
    assert {user["login"] for user in answer(daemon, "directory", "list", "user")} == set(USERS)
    assert answer(daemon, "queue", "list") == []
    assert daemon.stop() == 0


def test_a_large_mail_is_filed(node: MakeNode) -> None:
    """Its octets stand in the database, not in a folder that other nodes do not see."""
    daemon = node().start()
    raw = mail("large", body=b"x" * 70 + b"\r\n" * 1_500_000)
    daemon.send(raw)
    (row,) = daemon.wait_filed(1)
    assert row.state == "filed"
    assert daemon.query("SELECT sha256, path FROM raw_mail") == [(sha256(raw).digest(), None)]
    assert not (daemon.data / "raw").exists()


# ---- two daemons -----------------------------------------------------------------------------------------


def threads(count: int) -> Iterator[tuple[str, bytes]]:
    """Write mails that belong together by chance of their references, originals often after the replies."""
    for number in range(count):
        root = number * 7 % 23
        refs = f"References: <root-{root}@example.com> <root-{(root + number % 2) % 23}@example.com>\r\n"
        name = f"root-{number}" if number < 23 and number % 3 else f"reply-{number}"
        yield (
            name,
            mail(name, USERS[number % 2], header=refs.encode()).replace(
                b"Subject: " + name.encode(), b"Subject: Re: Chairs"
            ),
        )


def brute_force(mails: Sequence[tuple[str, bytes]]) -> set[frozenset[str]]:
    """Join all mails that share an id, until nothing more joins."""
    groups: list[tuple[set[str], set[str]]] = []
    for name, raw in mails:
        line = next(line for line in raw.split(b"\r\n") if line.startswith(b"References"))
        ids = {f"<{name}@example.com>", *line.decode().split()[1:]}
        joined = [group for group in groups if group[1] & ids]
        groups = [group for group in groups if not group[1] & ids]
        members = {f"{name}@example.com"}.union(*(group[0] for group in joined))
        groups.append((members, ids.union(*(group[1] for group in joined))))
    return {frozenset(members) for members, _ in groups}


def test_two_daemons_join_conversations_as_one_would(node: MakeNode) -> None:
    """Eight writers, half of them at each daemon: the conversations are those that brute force finds."""
    daemons = [node().start(), node().start()]
    mails = list(threads(160))

    def write(writer: int) -> None:
        with smtplib.SMTP("127.0.0.1", daemons[writer % 2].smtp, timeout=30) as client:
            for number in range(writer, len(mails), WRITERS):
                client.sendmail(USERS[number % 2], [DROP], mails[number][1])

    writers = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(WRITERS)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    rows = daemons[0].wait_filed(len(mails), 40)
    assert {(row.state, row.reason) for row in rows} == {("filed", "")}
    found: dict[object, set[str]] = {}
    for conversation, msgid in daemons[0].query("SELECT conversation_id, msgid FROM message"):
        found.setdefault(conversation, set()).add(str(msgid))
    assert {frozenset(members) for members in found.values()} == brute_force(mails)
    sequence = [seq for (seq,) in daemons[0].query("SELECT seq FROM change ORDER BY seq")]
    assert sequence == list(range(1, len(sequence) + 1)), "an event is missing or stands twice"
    for daemon in daemons:
        assert daemon.stop() == 0


def claim_and_hold(daemon: Daemon, count: int) -> None:
    """Have mail claimed by a daemon whose parsers stand still."""
    wait_for(lambda: bool(daemon.parsers()), 10)
    daemon.send(mail("warm"))
    daemon.wait_filed(1)
    for pid in daemon.parsers():
        os.kill(pid, signal.SIGSTOP)
    for number in range(count):
        daemon.send(mail(f"held-{number}"))
    claimed = "SELECT count(*) FROM spool WHERE claimed_by IS NOT NULL"
    wait_for(lambda: daemon.query(claimed) != [(0,)], 10, daemon.tail)


def test_mail_of_a_dead_node_is_filed_once(node: MakeNode) -> None:
    """Another daemon takes it over when the lease has run out; when the first is back, nothing is left."""
    first, second = node(processes={"parse_seconds": 30.0}), node()
    first.start()
    claim_and_hold(first, 5)
    first.kill()
    second.start()
    time.sleep(1.5)
    assert len(second.deliveries()) == 1, "a lease that holds was not respected"
    run_out(second)
    rows = second.wait_filed(6)
    first.start()
    first.send(mail("after"))
    rows = first.wait_filed(7)
    assert {row.state for row in rows} == {"filed"}
    assert first.query("SELECT count(*) FROM message") == [(7,)]


def test_a_filer_that_slept_through_its_lease_files_nothing(node: MakeNode) -> None:
    """It wakes with mail in hand that another daemon has filed meanwhile: each mail stands once."""
    first, second = node(processes={"parse_seconds": 30.0}), node()
    first.start()
    claim_and_hold(first, 5)
    assert first.process is not None
    os.killpg(first.process.pid, signal.SIGSTOP)
    second.start()
    run_out(second)
    second.wait_filed(6)
    ((before,),) = second.query("SELECT max(seq) FROM change")
    os.killpg(first.process.pid, signal.SIGCONT)
    first.send(mail("after"))
    rows = first.wait_filed(7, 30)
    assert {row.state for row in rows} == {"filed"}
    assert first.query("SELECT count(*) FROM message") == [(7,)]
    added = first.query("SELECT count(*) FROM change WHERE seq > ?", before)
    of_last = "SELECT count(*) FROM change WHERE message_id = (SELECT max(id) FROM message)"
    assert added == first.query(of_last)


# ---- the server goes away --------------------------------------------------------------------------------


class Writers:
    """Senders that repeat each mail until it is accepted."""

    def __init__(self, daemon: Daemon, mails: int, count: int = 4) -> None:
        self._daemon = daemon
        self._mails = [mail(f"load-{number}") for number in range(mails)]
        self.accepted: list[bytes] = []
        self.codes: list[int] = []
        self.threads = [
            threading.Thread(target=self._run, args=(first, count), daemon=True) for first in range(count)
        ]

    def _run(self, first: int, step: int) -> None:
        for raw in self._mails[first::step]:
            while not self._sent(raw):
                time.sleep(0.1)
            self.accepted.append(sha256(raw).digest())
            time.sleep(0.02)

    def _sent(self, raw: bytes) -> bool:
        try:
            self._daemon.send(raw)
        except smtplib.SMTPResponseException as error:
            self.codes.append(error.smtp_code)
        except smtplib.SMTPRecipientsRefused as error:
            self.codes.extend(code for code, _ in error.recipients.values())
        else:
            return True
        return False


@pytest.fixture
def own_server() -> Iterator[Server]:
    """Start a server that no other test uses."""
    server = Server()
    yield server
    server.close()


def test_a_server_that_comes_back_is_used_again(own_server: Server, tmp_path: Path) -> None:
    """Stopped and started under load: senders come again, no process is restarted, all is filed once."""
    daemon = Daemon(tmp_path, {"database": {"url": own_server.url("postgres")}})
    daemon.configure()
    daemon.load()
    daemon.start()
    try:
        wait_for(lambda: bool(daemon.parsers()), 10)
        processes = set(daemon.children())
        writers = Writers(daemon, 120)
        for thread in writers.threads:
            thread.start()
        for _ in range(2):
            time.sleep(0.6)
            own_server.stop()
            time.sleep(0.6)
            own_server.start()
        for thread in writers.threads:
            thread.join(30)
        rows = daemon.wait_filed(120, 40)
        assert {(row.state, row.reason) for row in rows} == {("filed", "")}
        assert sorted(row.sha256 for row in rows) == sorted(writers.accepted)
        assert writers.codes
        assert all(400 <= code < 500 for code in writers.codes), writers.codes
        assert set(daemon.children()) == processes
    finally:
        daemon.kill()
