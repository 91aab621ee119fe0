"""bccd notices: what waits to be sent, what has failed, and having it sent again."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bccd.cli import main
from bccd.model.plan import NewNotice
from bccd.store import outbox
from bccd.store.engine import open_engines
from bccd.store.postroom import Result as Ended
from bccd.store.postroom import settle, take
from bccd.store.uow import clocked
from bccd.testing.build import NOON
from tests.store.conftest import config_of
from tests.unit.cli.test_user import COMPANY

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Call the command line of a company with two users."""
    config, people = tmp_path / "bccd.toml", tmp_path / "people.json"
    config.write_text(f'data_dir = "{tmp_path}/data"\n', encoding="utf-8")
    people.write_text(json.dumps(COMPANY), encoding="utf-8")

    def call(*words: str) -> Result:
        done = CliRunner().invoke(main, [*words, "--config", str(config)])
        assert done.exit_code == 0, done.output + done.stderr
        return done

    call("migrate")
    call("directory", "load", str(people))
    return call


def test_what_failed_is_shown_and_sent_again(run: Run, tmp_path: Path) -> None:
    """With what the server said, and not with what the notice says; then it waits like a new one."""
    assert run("notices", "list").stdout == "Nothing waits, and nothing has failed.\n"
    assert run("notices", "retry").stdout == "0 notices will be sent.\n"
    stores = open_engines(config_of(tmp_path / "data"))
    with clocked(stores.database, 1) as work:
        user_id = work.connection.exec_driver_sql("SELECT id FROM app_user WHERE name = 'Ann'").scalar_one()
        outbox.put(work, NewNotice(user_id, "failed", NOON, args={"about": "a secret"}))
    (letter,) = take(stores, "here", NOON, 5)
    settle(stores, "here", NOON, [Ended(1, letter.id, "failed", "550 5.1.1 nobody")])
    assert json.loads(run("notices", "list", "--state", "pending", "--json").stdout) == []
    shown = run("notices", "list").stdout
    assert "550 5.1.1 nobody" in shown and "Ann" in shown and "a secret" not in shown
    assert run("notices", "retry").stdout == "1 notices will be sent.\n"
    (row,) = json.loads(run("notices", "list", "--json").stdout)
    assert (row["state"], row["error"], row["attempts"], row["user"]) == ("pending", "", 0, "Ann")
    assert [it.items[0].about for it in take(stores, "here", datetime.fromisoformat(row["due_at"]), 5)] == [
        "a secret"
    ]
    stores.close()
