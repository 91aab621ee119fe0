"""The whole circle, as its users walk it: mail in, a notice out through a real Postfix, an answer back in."""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.canary import CANARY
from tests.e2e.harness import DIRECTORY, DROP, USERS, Daemon, free_port, mail, wait_for
from tests.e2e.postfix import Postfix
from tests.sink import Sink, Taken, sink

pytestmark = [pytest.mark.e2e, pytest.mark.postfix]

ANN, BEN, EVE = USERS
HOME = "ann@home.example"
MORE = {
    "company": DIRECTORY["company"],
    "deals": [{"external_id": "78", "title": "Desks", "status": "open", "contacts": ["c1"]}],
}
GOOGLE = "forwarding-noreply@google.com"
FIELD = re.compile(r'name="(\w+)" value="(\w+)"')


@dataclass
class Circle:
    """A daemon, the Postfix that sends its notices, and the mail server where users read them."""

    daemon: Daemon
    postfix: Postfix
    post: Sink

    def call(self, *words: str) -> str:
        """Give a command; returns what it says."""
        done = self.daemon.call(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self, who: str, words: str) -> Taken:
        """Wait for the mail to a user that says these words."""

        def found() -> list[Taken]:
            return [taken for taken in self.post.mails(who) if words in taken.text]

        wait_for(lambda: bool(found()), 40, lambda: self.daemon.tail() + self.postfix.log()[-2000:])
        (taken,) = found()
        return taken

    def answer(self, to: Taken, sender: str, text: str) -> None:
        """Answer a notice as a phone does."""
        where = str(to.mail["Reply-To"].addresses[0].addr_spec)
        body = f"{text}\r\n\r\nSent from my phone\r\n\r\nOn Monday bccd wrote:\r\n> Which one?\r\n".encode()
        raw = mail(f"answer-{text}", sender, body).replace(b"cleo@customer.example", where.encode())
        self.daemon.send(raw, sender, [where])

    def reasons(self) -> dict[str, str]:
        """Return what became of each delivery, by its reason, and how often it is filed."""
        return {row.reason: row.state for row in self.daemon.deliveries()}

    def links(self) -> set[tuple[object, ...]]:
        """Return the deals that Cleo's mail is linked to, each with its state."""
        sql = "SELECT d.external_id, l.state FROM link l JOIN deal d ON d.id = l.deal_id"
        return set(self.daemon.query(sql))

    def rows(self) -> list[list[tuple[object, ...]]]:
        """Count what a mail writes, once none waits."""
        wait_for(lambda: not self.daemon.waiting(), 20, self.daemon.tail)
        records = ("delivery", "decision", "message", "message_copy", "conversation", "contact", "link")
        octets = ("spool", "raw_mail", "delivery_key")
        counts = {table: f"SELECT count(*) FROM {table}" for table in (*records, *octets)}  # noqa: S608
        return [self.daemon.query(counts[table]) for table in records] + [
            self.daemon.query(counts[table], file="spool.db") for table in octets
        ]


@pytest.fixture
def circle(tmp_path: Path, template: Daemon) -> Iterator[Circle]:
    """Everything, started."""
    if os.geteuid() != 0:
        pytest.skip("lacks root")
    with sink() as post:
        postfix = Postfix(f"smtp:[127.0.0.1]:{post.port}", bounces="bounces.invalid").start()
        web = free_port()
        folder = tmp_path / "bccd"
        folder.mkdir()
        url = f"http://127.0.0.1:{web}"
        options: dict[str, dict[str, object]] = {
            "listen": {"web": [f"127.0.0.1:{web}"]},
            "outbound": {"smarthost": f"127.0.0.1:{postfix.port}", "public_url": url},
        }
        daemon = Daemon(folder, options).set_up(template)
        (folder / "more.json").write_text(json.dumps(MORE), encoding="utf-8")
        made = Circle(daemon, postfix, post)
        made.call("directory", "load", str(folder / "more.json"))
        daemon.start()
        yield made
        daemon.kill()
        postfix.stop()


def test_the_whole_circle(circle: Circle) -> None:
    """An address is added and proven by its link; a choice made by mail and undone; a rehearsal answered;
    Gmail's number handed on; a digest sent: all by mail, through Postfix, and nothing else is mailed.
    """
    prove_an_address(circle)
    choose_a_deal(circle)
    rehearse(circle)
    be_asked_by_gmail(circle)
    read_a_digest(circle)
    assert {taken.to[0] for taken in circle.post.mails()} == {ANN, BEN, HOME}
    assert {taken.sender for taken in circle.post.mails()} == {""}
    assert circle.daemon.stop() == 0


def prove_an_address(circle: Circle) -> None:
    """A mail from an address that waits for its proof waits with it, and files itself at the click."""
    circle.call("address", "add", HOME, "--as", ANN)
    circle.daemon.send(mail("from-home", HOME), HOME)
    assert [(row.state, row.reason) for row in circle.daemon.wait_filed(1)] == [
        ("held", "unconfirmed_address")
    ]
    (link,) = set(re.findall(r"http://[^\s>]+", circle.told(HOME, "http://").text))
    with urlopen(link, timeout=20) as page:  # noqa: S310 - it is the daemon's
        form = dict(FIELD.findall(page.read().decode()))
    assert [row.state for row in circle.daemon.deliveries()] == ["held"]
    with urlopen(Request(link, urlencode(form).encode()), timeout=20):  # noqa: S310 - the same
        pass
    wait_for(lambda: [row.state for row in circle.daemon.deliveries()] == ["filed"], 20, circle.daemon.tail)


def choose_a_deal(circle: Circle) -> None:
    """That mail fits two deals: the user, asked at his login address, answers 2, and then undo."""
    asked = circle.told(ANN, "2. ")
    both = {("77", "suggested"), ("78", "suggested")}
    assert circle.links() == both
    second = re.search(r"2\. .*\(deal (\d+)\)", asked.text)
    assert second is not None, asked.text
    circle.answer(asked, ANN, "2")
    settled = circle.told(ANN, "It is linked to")
    assert circle.links() == {(second[1], "active"), ({"77": "78", "78": "77"}[second[1]], "rejected")}
    circle.answer(settled, ANN, "undo")
    circle.told(ANN, "All is as it was")
    assert circle.links() == both


def rehearse(circle: Circle) -> None:
    """What +test would do is told, and not done."""
    before = circle.rows()
    circle.daemon.send(mail("rehearsal", BEN), BEN, [DROP.replace("@", "+test@")])
    told = circle.told(BEN, "Cleo Case")
    assert "Chairs" in told.text and "Desks" in told.text
    assert circle.rows() == before


def be_asked_by_gmail(circle: Circle) -> None:
    """The number that Gmail wants typed reaches the one whose address it is, and no record."""
    address = circle.call("address", "user", "example", ANN, "--forward").strip()
    body = (
        f"{ANN} has requested to automatically forward mail to your email address.\r\n"
        "Confirmation code: 512203847\r\n\r\nhttps://mail-settings.google.com/mail/vf-x-y\r\n"
    ).encode()
    subject = b"Subject: (#512203847) Gmail Forwarding Confirmation - Receive Mail from " + ANN.encode()
    raw = mail("question", GOOGLE, body).replace(b"cleo@customer.example", address.encode())
    circle.daemon.send(raw.replace(f"Subject: question {CANARY}".encode(), subject), GOOGLE, [address])
    assert "512203847" in circle.told(ANN, "512203847").text
    assert circle.daemon.query("SELECT count(*) FROM message WHERE from_address = ?", GOOGLE) == [(0,)]


def read_a_digest(circle: Circle) -> None:
    """Who wants one mail a day gets what was filed and what needs him in it, and may answer it."""
    user = {"external_id": "u2", "name": "Ben", "login": BEN, "notices": "digest"}
    file = circle.daemon.folder / "digest.json"
    file.write_text(json.dumps({"users": [user]}), encoding="utf-8")
    circle.call("directory", "load", str(file), "--company", "example")
    circle.daemon.send(mail("for-the-digest", BEN), BEN)
    due = "SELECT count(*) FROM outbox WHERE state = 'pending' AND reason = 'needs_choice'"
    wait_for(lambda: circle.daemon.query(due) == [(1,)], 20, circle.daemon.tail)
    sql = "SELECT count(*) FROM outbox WHERE reason = 'needs_choice' AND due_at > created_at"
    wait_for(lambda: circle.daemon.query(sql) == [(1,)], 20, circle.daemon.tail)  # put off to the hour
    assert not [taken for taken in circle.post.mails(BEN) if "for-the-digest" in taken.text]
    # As if it had come the day before.
    with closing(sqlite3.connect(circle.daemon.data / "bccd.db", timeout=20)) as database, database:
        before = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="microseconds")[:-6] + "Z"
        sql = "UPDATE outbox SET created_at = ?, due_at = ? WHERE state = 'pending'"
        database.execute(sql, (before, before))
    digest = circle.told(BEN, "for-the-digest")
    assert digest.mail["Auto-Submitted"] == "auto-generated"
    circle.answer(digest, BEN, "1")
    circle.told(BEN, "It is linked to")
