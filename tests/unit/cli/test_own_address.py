"""`bccd address add` and its kin, and `bccd held` with what it shows, on a company without a daemon."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from bccd.cli.base import Exit
from bccd.rules.codes import code_of
from bccd.rules.signing import Signer
from tests.unit.cli.test_cli import Run, answer, company, config, made, run
from tests.unit.cli.test_commands import ANN, HELD, waiting

__all__ = ["company", "config", "made", "run", "waiting"]

HOME = "ann@home.example"


def test_an_address_is_added_listed_and_confirmed(company: Run, tmp_path: Path) -> None:
    """By the code alone, where no smarthost is set, of which the operator is warned."""
    added = company("address", "add", HOME, *ANN)
    assert added.exit_code == Exit.OK and "outbound.smarthost is not set" in added.stderr
    assert f"{HOME}" in (shown := company("address", "own", *ANN).stdout) and "not confirmed" in shown
    (claimed,) = [row for row in answer(company("address", "own", "--json", *ANN)) if row["address"] == HOME]
    assert (claimed["confirmed"], claimed["added_by"]) == (False, "user")
    signer = Signer((tmp_path / "data" / "secret.key").read_bytes())
    with closing(sqlite3.connect(tmp_path / "data" / "bccd.db")) as connection:
        ((number,),) = connection.execute("SELECT id FROM confirmation")
    code = code_of(signer, 1, number)
    assert company("address", "confirm", HOME, code, *ANN).exit_code == Exit.OK
    rows = {row["address"]: row["confirmed"] for row in answer(company("address", "own", "--json", *ANN))}
    assert rows[HOME] is True
    assert company("address", "resend", HOME, *ANN).exit_code == Exit.MISTAKE
    assert company("address", "remove", HOME, *ANN).exit_code == Exit.OK
    changed = company("address", "login", HOME, *ANN)
    assert changed.exit_code == Exit.MISTAKE and "too_often" in changed.stderr
    assert "no such user" in company("address", "own", "--as", "x@y.example").stderr
    assert "not_found" in company("address", "add", "a@b.example", "--team", "7", *ANN).stderr


def test_held_mail_is_shown_with_what_to_do(waiting: Run) -> None:
    """And let in for good only where something in it is proven; a code that cannot be mailed is warned of."""
    shown = waiting("held", "list", *ANN).stdout
    assert HELD in shown and "unverified_sender" in shown
    refused = waiting("held", "release", HELD, "--always", *ANN)
    assert refused.exit_code == Exit.MISTAKE and "can be let in once" in refused.stderr
    assert "let in for good" in waiting("held", "trusted", *ANN).stdout
    asked = waiting("held", "ask", HELD, "--json", *ANN)
    assert json.loads(asked.stdout)["result"]["sent_to"] == "ann@acme.example"
    assert "outbound.smarthost is not set" in asked.stderr
    wrong = waiting("held", "release", HELD, "--code", "000000", *ANN)
    assert wrong.exit_code == Exit.MISTAKE and "wrong_code" in wrong.stderr
    both = waiting("held", "release", HELD, "--code", "000000", "--author", "a@b.example", *ANN)
    assert both.exit_code == Exit.USAGE
