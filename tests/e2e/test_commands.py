"""Front ends give commands to a real daemon: at the door, by the table, by hand, while they hold its file."""

import json
import re
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bccd.model.delivery import show_id
from tests.e2e.conftest import MakeDaemon, MakeNode
from tests.e2e.harness import USERS, Daemon, mail, wait_for

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
LINKED = "SELECT count(*) FROM link WHERE state = 'active' AND deal_id IS NOT NULL"


def the_howtos_command() -> Callable[..., dict[str, Any]]:
    """Return the function that the page for front ends shows."""
    page = (ROOT / "docs/howto/give-commands.md").read_text(encoding="utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def " in block)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the page's own code is what is tried
    made: Callable[..., dict[str, Any]] = names["command"]
    return made


def message_of(daemon: Daemon) -> int:
    """Return the one message that is filed."""
    ((id_,),) = daemon.query("SELECT id FROM message")
    assert isinstance(id_, int)
    return id_


def test_the_door_answers_at_once(daemon: Daemon) -> None:
    """As the page for front ends shows it: done, the same again, refused, and nonsense."""
    command = the_howtos_command()
    daemon.send(mail("first"))
    daemon.wait_filed(1)
    id_ = message_of(daemon)
    ask = (str(daemon.data / "bccd.sock"), "example", USERS[0])
    done = {"key": "k1", "state": "done", "error": "", "result": {"changed": 1}}
    assert command(*ask, "k1", "message.private", message=id_) == done
    assert command(*ask, "k1", "message.private", message=id_) == done
    assert daemon.query("SELECT sharing FROM message_copy") == [("private",)]
    others = command(ask[0], 1, "u2", "k2", "message.share", message=id_)
    assert (others["state"], others["error"]) == ("refused", "not_found")
    assert command(ask[0], 1, "nobody", "k3", "message.share", message=id_)["error"] == "no_such_user"
    with pytest.raises(OSError, match="there is no company"):
        command(ask[0], "other", "u1", "k4", "message.share", message=id_)
    with pytest.raises(OSError, match="must be a number or text"):
        command(ask[0], 1, None, "k4", "message.share", message=id_)
    assert daemon.stop() == 0


def test_a_user_says_what_his_mail_lacks(daemon: Daemon) -> None:
    """By hand, as in a front end: a mail that showed nobody is filed once he has named the recipient."""
    daemon.send(f"From: <{USERS[1]}>\r\nSubject: note\r\n\r\nHello\r\n".encode(), USERS[1])
    (held,) = daemon.wait_filed(1)
    assert (held.state, held.reason) == ("held", "no_visible_recipient")
    wish = ("held", "release", show_id(held.id), "--as", USERS[1], "--to", "cleo@customer.example")
    assert daemon.call(*wish).returncode == 0
    wait_for(lambda: [row.state for row in daemon.deliveries()] == ["filed"], 60, daemon.tail)
    assert daemon.query(LINKED) == [(1,)]


def test_commands_without_a_daemon(make_daemon: MakeDaemon) -> None:
    """They are done at once, as by a daemon, and what was inserted before is done first."""
    daemon = make_daemon().start()
    daemon.send(mail("first"))
    daemon.wait_filed(1)
    assert daemon.stop() == 0
    id_ = message_of(daemon)
    insert(daemon, "early", "message.private", {"message": id_})
    done = daemon.call("command", "message.share", "--as", USERS[0], f"message={id_}", "--key", "late")
    assert done.returncode == 0, done.stderr
    states = daemon.query("SELECT idempotency_key, state FROM command ORDER BY idempotency_key")
    assert states == [("early", "done"), ("late", "done")]
    assert daemon.query("SELECT sharing FROM message_copy") == [("shared",)]


def insert(daemon: Daemon, key: str, kind: str, args: dict[str, Any]) -> None:
    """Insert a command as a front end does, on SQLite."""
    with closing(sqlite3.connect(daemon.data / "bccd.db", timeout=20)) as connection:
        row = (key, kind, json.dumps(args), USERS[0])
        connection.execute(
            "INSERT INTO command (company_id, idempotency_key, actor_id, kind, args, created_at)"
            " SELECT 1, ?, user_id, ?, ?, '2026-01-01T00:00:00.000000Z' FROM user_address"
            " WHERE address = ?",
            row,
        )
        connection.commit()


def test_a_front_end_that_holds_the_file_loses_nothing(daemon: Daemon) -> None:
    """Until the filer finds the database away: mail is answered 250 all the while; then all is done, once."""
    daemon.send(mail("before"))
    daemon.wait_filed(1)
    id_ = message_of(daemon)
    calls: list[int] = []

    def command() -> None:
        wanted = ("command", "link.reject", "--as", USERS[0], f"message={id_}", 'deal="77"')
        calls.append(daemon.call(*wanted).returncode)

    with closing(sqlite3.connect(daemon.data / "bccd.db", timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE company SET name = 'held'")
        asked = threading.Thread(target=command)
        asked.start()
        for number in range(3):
            daemon.send(mail(f"during-{number}"))
        wait_for(lambda: bool(daemon.events("database_away")), 40, daemon.tail)
        assert len(daemon.deliveries()) == 1
        connection.execute("COMMIT")
    insert(daemon, "inserted", "message.private", {"message": id_})
    rows = daemon.wait_filed(4, 60)
    assert {row.state for row in rows} == {"filed"}
    asked.join(90)
    assert calls == [0]
    wait_for(lambda: daemon.query("SELECT count(*) FROM command WHERE state = 'done'") == [(2,)], 60)
    assert daemon.query("SELECT count(*) FROM message") == [(4,)]
    assert daemon.query("SELECT sharing FROM message_copy WHERE message_id = ?", id_) == [("private",)]
    assert daemon.stop() == 0


@pytest.mark.db
def test_commands_by_the_table_on_postgresql(node: MakeNode) -> None:
    """Inserted in a front end's own transaction; two daemons do each of them once, in their order."""
    first, second = node().start(), node().start()
    first.send(mail("first"))
    first.wait_filed(1)
    id_ = message_of(first)
    with psycopg.connect(str(first.options["database"]["url"])) as connection:
        for number in range(60):
            kind = "message.private" if number % 2 else "message.share"
            connection.execute(
                "INSERT INTO command (company_id, idempotency_key, actor_id, kind, args, created_at)"
                " SELECT 1, %s, user_id, %s, %s, now() + make_interval(secs => %s) FROM user_address"
                " WHERE address = %s",
                (f"k{number:02}", kind, json.dumps({"message": id_}), number, USERS[0]),
            )
    with psycopg.connect(str(first.options["database"]["url"]), autocommit=True) as connection:
        connection.execute("NOTIFY bccd_command")
    wait_for(
        lambda: first.query("SELECT count(*) FROM command WHERE state = 'done'") == [(60,)], 30, first.tail
    )
    results = first.query("SELECT result FROM command ORDER BY idempotency_key")
    assert results == [('{"changed":0}',), *[('{"changed":1}',)] * 59]
    assert first.query("SELECT sharing FROM message_copy") == [("private",)]
    hidden = "SELECT count(*) FROM change WHERE kind = 'message.hidden'"
    assert first.query(hidden) == [(30,)]
    assert {first.stop(), second.stop()} == {0}


@pytest.mark.db
def test_the_door_stands_on_postgresql_too(node: MakeNode) -> None:
    """With the same words."""
    daemon = node().start()
    daemon.send(mail("first"))
    daemon.wait_filed(1)
    command = the_howtos_command()
    answer = command(
        str(daemon.data / "bccd.sock"), 1, USERS[0], "k", "copy.delete", message=message_of(daemon)
    )
    assert answer["result"] == {"erased": True}
    assert daemon.query("SELECT count(*) FROM raw_mail") == [(0,)]
    daemon.send(mail("first"))
    wait_for(lambda: daemon.query("SELECT count(*) FROM message") == [(2,)], 60, daemon.tail)
