"""Notices on their whole way: a mail that needs its user, the outbox, the worker, a smarthost."""

import json
import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from bccd.rules.signing import Signer
from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DIRECTORY, USERS, Daemon, mail, wait_for
from tests.sink import Sink, sink

pytestmark = pytest.mark.e2e

ANN, BEN, EVE = USERS
MORE: dict[str, object] = {
    "company": DIRECTORY["company"],
    "deals": [{"external_id": "78", "title": "Desks", "status": "open", "contacts": ["c1"]}],
}
NOBODY = b"To: undisclosed-recipients:;\r\n"


@pytest.fixture
def server() -> Iterator[Sink]:
    """Run the mail server of the users."""
    with sink() as running:
        yield running


def with_two_deals(daemon: Daemon, more: dict[str, object] = MORE) -> Daemon:
    """Give the customer a second open deal, so that bccd must ask."""
    file = daemon.folder / "more.json"
    file.write_text(json.dumps(more), encoding="utf-8")
    done = daemon.call("directory", "load", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    return daemon


def states(daemon: Daemon) -> list[str]:
    return [str(row[0]) for row in daemon.query("SELECT state FROM outbox ORDER BY id")]


def test_a_question_reaches_its_user(make_daemon: MakeDaemon, server: Sink) -> None:
    """He gets one mail with numbers, in answer to his own; the row tells what they mean."""
    smarthost = {"smarthost": f"127.0.0.1:{server.port}", "public_url": "https://crm.example"}
    daemon = with_two_deals(make_daemon(outbound=smarthost)).start()
    daemon.send(mail("Offer.AbC", ANN))
    wait_for(lambda: states(daemon) == ["sent"], 30, daemon.tail)
    (taken,) = server.mails()
    assert (taken.sender, taken.to) == ("", (ANN,))
    assert "1. Cleo Case: Chairs (deal 77)" in taken.text or "1. Cleo Case: Desks (deal 78)" in taken.text
    assert "2. Cleo Case: " in taken.text
    assert taken.mail["In-Reply-To"] == "<Offer.AbC@example.com>"
    token = taken.mail["Reply-To"].addresses[0].username.removeprefix("sales+r")
    signer = Signer((daemon.data / "secret.key").read_bytes())
    ((id_, offered),) = daemon.query("SELECT id, offered FROM outbox")
    read = signer.read("reply", token, taken.mail["Date"].datetime)
    assert read is not None and read.numbers == (id_,)
    assert len(json.loads(str(offered))["questions"][0]["deals"]) == 2
    (line,) = daemon.events("notice")
    assert line["process"] == "outbound" and line["outcome"] == "sent" and ANN not in str(line)
    assert daemon.stop() == 0


def test_without_a_smarthost_notices_are_only_shown(make_daemon: MakeDaemon) -> None:
    """No worker runs; the view has the sentence."""
    daemon = with_two_deals(make_daemon()).start()
    daemon.send(mail("offer", ANN))
    daemon.wait_filed(1)
    shown = daemon.query("SELECT reason, text, state FROM v1_notice")
    assert shown == [
        ("needs_choice", "Several deals or contacts fit the mail, and bccd does not guess.", "pending")
    ]
    assert not [event for event in daemon.events("ready") if event["process"] == "outbound"]
    assert len([line for line in daemon.children().values() if "bccd.cage" not in line]) == 2


def test_kills_lose_no_notice_and_double_none(make_daemon: MakeDaemon, server: Sink) -> None:
    """Whenever daemon or worker die, each notice reaches its user; what comes twice has the same id."""
    chance = random.Random(5)  # noqa: S311 - which moments are tried is no secret
    smarthost = {"smarthost": f"127.0.0.1:{server.port}", "tls": "none"}
    daemon = with_two_deals(make_daemon(outbound=smarthost)).start()
    wanted = set()
    for number, user in enumerate(USERS):
        for kind, header in (("needs_choice", b""), ("no_visible_recipient", NOBODY)):
            raw = mail(f"{kind}{number}", user)
            daemon.send(
                raw.replace(b"To: cleo@customer.example\r\n", header or b"To: cleo@customer.example\r\n"),
                user,
            )
            wanted.add((user, kind))
        wait_for(lambda: len(server.mails()) > chance.randrange(5), 30, daemon.tail)
        if number == 1:
            (worker,) = workers(daemon)
            os.kill(worker, signal.SIGKILL)
        elif number == 0:
            daemon.kill()
            daemon.start()
    wait_for(lambda: states(daemon) == ["sent"] * 6, 60, daemon.tail)
    found: dict[tuple[str, str], set[str]] = {}
    for taken in server.mails():
        kind = "needs_choice" if "1. " in taken.text else "no_visible_recipient"
        found.setdefault((taken.to[0], kind), set()).add(taken.mail["Message-ID"])
    assert found.keys() == wanted
    assert all(len(ids) == 1 for ids in found.values())
    assert len(server.mails()) <= 6 + 2  # one more for each death


def test_a_digest_comes_once_a_day(make_daemon: MakeDaemon, server: Sink) -> None:
    """It waits for the company's hour, and is counted and listed in its reader's language."""
    daemon = make_daemon(outbound={"smarthost": f"127.0.0.1:{server.port}", "tls": "none"})
    wishes = {"language": "pl", "notices": "digest"}
    users = [{"external_id": "u1", "name": "Ann", "login": ANN, **wishes}]
    company = {**DIRECTORY["company"], "digest_hour": datetime.now(UTC).hour}  # type: ignore[dict-item]
    with_two_deals(daemon, {**MORE, "company": company, "users": users}).start()
    daemon.send(mail("asked", ANN))
    daemon.send(mail("nobody", ANN).replace(b"To: cleo@customer.example\r\n", NOBODY))
    daemon.wait_filed(2)
    wait_for(lambda: min(daemon.query("SELECT due_at > created_at FROM outbox")) == (1,), 20, daemon.tail)
    assert server.mails() == []
    daemon.stop()
    a_day = "strftime('%Y-%m-%dT%H:%M:%f000Z', {0}, '-1 day')"
    with closing(sqlite3.connect(daemon.data / "bccd.db")) as connection, connection:
        connection.execute(
            f"UPDATE outbox SET created_at = {a_day.format('created_at')}, due_at = {a_day.format('due_at')}"  # noqa: S608
        )
    daemon.start()
    wait_for(lambda: sorted(states(daemon)) == ["merged", "merged", "merged", "sent"], 30, daemon.tail)
    (taken,) = server.mails()
    assert taken.mail["Subject"] == "Podsumowanie dnia: 1 zapisana, 2 czekają na Ciebie, 0 odrzuconych"
    assert taken.mail["Auto-Submitted"] == "auto-generated" and taken.mail["Reply-To"]
    assert "  1. Cleo Case: " in taken.text


def workers(daemon: Daemon) -> list[int]:
    """Return the processes that have been outbound workers."""
    alive = daemon.children()
    told = {event["pid"] for event in daemon.events("outbound") if isinstance(event["pid"], int)}
    return [pid for pid in alive if pid in told]
