"""`bccd command` and `bccd held` on a company without a daemon: what is listed, done, refused, and how."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bccd.cli import writes
from bccd.cli.base import Exit
from bccd.model.delivery import DeliveryState, show_id
from bccd.model.errors import StoreUnavailableError
from bccd.rules.commands.kinds import KINDS
from bccd.store.engine import open_engines
from bccd.store.uow import SqlWorks
from bccd.testing.build import NOON
from tests.store.plans import ended
from tests.unit.cli.test_cli import Run, answer, company, config, made, refused, run

__all__ = ["company", "config", "made", "run"]

ANN = ("--as", "ann@acme.example")
HELD = show_id(1)


@pytest.fixture
def waiting(company: Run, tmp_path: Path) -> Run:
    """The command line of a company where a mail of Ann's is held, and one is set aside."""
    where: Any = SimpleNamespace(data_dir=tmp_path / "data", database=SimpleNamespace(url=""))
    (ann,) = (
        user["number"]
        for user in answer(company("directory", "list", "user", "--json"))
        if user["login"] == "ann@acme.example"
    )
    stores = open_engines(where)
    got = [
        ended(1, DeliveryState.HELD, "unverified_sender", ann),
        ended(2, DeliveryState.SET_ASIDE, "never_log", ann),
    ]
    mails = [replace(mail, delivery=replace(mail.delivery, sender=None)) for mail, _ in got]
    with SqlWorks(stores.database)(1) as work:
        work.apply(mails, [plan for _, plan in got], NOON)
        work.commit()
    stores.close()
    return company


def test_kinds_are_listed_and_explained(company: Run) -> None:
    """All of them, and each with its arguments."""
    assert answer(company("command", "--json")) == {name: kind.does for name, kind in KINDS.items()}
    assert "choice.resolve" in company("command").stdout
    explained = answer(company("command", "state.set", "--json"))
    assert set(explained["arguments"]) == {"message", "messages", "conversation", "seen", "flagged"}
    assert "true or false" in company("command", "state.set").stdout


def test_what_a_command_line_may_lack(company: Run) -> None:
    """A kind that there is, a user, values, a company that there is."""
    assert "lists them" in refused(company("command", "no.kind"), Exit.NOT_FOUND)
    assert company("command", "link.set", "message=1").exit_code == Exit.USAGE
    assert company("command", "link.set", *ANN, "message").exit_code == Exit.USAGE
    assert "no company" in refused(company("command", "link.set", *ANN, "--company", "x"), Exit.NOT_FOUND)


def test_a_refusal_has_its_code_and_sentence(company: Run) -> None:
    """On standard error, or as JSON; a key is used once."""
    wish = ("command", "message.share", *ANN, "message=1", "--key", "k")
    assert refused(company(*wish), Exit.MISTAKE) == "not_found: There is no message 1."
    told = company(*wish, "--json")
    assert told.exit_code == Exit.MISTAKE
    assert '"error": "not_found"' in told.stdout
    another = ("command", "message.share", *ANN, "message=2", "--key", "k")
    assert refused(company(*another), Exit.MISTAKE).startswith("conflict: ")
    nobody = company("command", "message.share", "--as", "99", "message=1")
    assert refused(nobody, Exit.MISTAKE).startswith("no_such_user: ")
    text = company("command", "link.set", *ANN, "message=1", "deal=7 b")
    assert refused(text, Exit.MISTAKE) == "not_found: There is no message 1."


def test_a_user_lists_what_waits_for_him(waiting: Run) -> None:
    """His own mail; a colleague's is not shown."""
    rows = answer(waiting("held", "list", *ANN, "--json"))
    assert [(row["delivery"], row["state"]) for row in rows] == [(HELD, "held"), (show_id(2), "set_aside")]
    assert "unverified_sender" in waiting("held", "list", *ANN).stdout
    assert "Nothing waits." in waiting("held", "list", "--as", "bob@acme.example").stdout


def test_a_user_releases_and_deletes(waiting: Run) -> None:
    """What he says is kept; what he deletes is gone."""
    assert HELD in waiting("held", "release", HELD, *ANN).stdout
    assert "conflict: " in refused(waiting("held", "release", HELD, *ANN), Exit.MISTAKE)
    aside = show_id(2)
    assert "conflict: " in refused(waiting("held", "release", aside, *ANN), Exit.MISTAKE)
    assert waiting("held", "delete", aside, *ANN, given="n\n").exit_code == 1
    assert waiting("held", "delete", aside, *ANN, given="y\n").exit_code == 0
    assert "not_found: " in refused(waiting("held", "delete", "--yes", aside, *ANN), Exit.MISTAKE)
    assert "is no delivery id" in refused(waiting("held", "delete", "--yes", "x", *ANN), Exit.NOT_FOUND)


def test_what_a_release_may_name(waiting: Run) -> None:
    """Recipients or an author, which go by different commands."""
    release = ("held", "release", HELD, *ANN)
    assert waiting(*release, "--author-name", "Eve").exit_code == Exit.USAGE
    assert waiting(*release, "--author", "a@b.example", "--to", "c@d.example").exit_code == Exit.USAGE
    said = refused(waiting(*release, "--to", "eve@fish.example"), Exit.MISTAKE)
    assert said.startswith("bad_arguments: Recipients do not help")
    named = ("--author", "eve@fish.example", "--author-name", "Eve")
    assert "conflict: This mail does not wait" in refused(waiting(*release, *named), Exit.MISTAKE)


def test_a_database_that_is_away_is_asked_again(company: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same key, for a while."""
    keys: list[str] = []

    def do(_config: object, _operation: str, arguments: Any) -> list[dict[str, object]]:
        keys.append(arguments["commands"][0]["key"])
        if len(keys) < 3:
            raise StoreUnavailableError("the database is locked")
        return [{"key": keys[-1], "state": "done", "error": "", "result": {"changed": 1}}]

    monkeypatch.setattr(writes, "do", do)
    monkeypatch.setattr(writes, "_PAUSE", 0.0)
    assert "changed" in company("command", "message.share", *ANN, "message=1").stdout
    assert len(set(keys)) == 1
    keys.clear()
    monkeypatch.setattr(writes, "_COMMAND_PATIENCE", -1.0)
    assert "locked" in refused(company("command", "message.share", *ANN, "message=1"), Exit.DATABASE)
