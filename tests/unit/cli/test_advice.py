"""What a sysadmin is told to do about mail that was refused or is not filed."""

import re
from pathlib import Path

import pytest

from bccd.cli.advice import OF_FAILED, OF_HELD, about
from bccd.rules.reasons import reason_of

ROOT = Path(__file__).resolve().parents[3]
ID = "01m7wd7tg0j9s"


def test_each_reason_to_hold_a_mail_is_answered() -> None:
    """The table and docs/howto/failed-and-held-mail.md agree; what is not in it a user just lets in."""
    page = (ROOT / "docs/howto/failed-and-held-mail.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition("## What can be")[2], re.MULTILINE))
    held = {reason: row for reason, row in rows.items() if not reason.startswith(("parser", "killed", "raw"))}
    assert set(OF_HELD) <= set(held)
    assert all(" user" in held[reason] for reason in set(held) - set(OF_HELD))
    for reason, row in held.items():
        for option in re.findall(r"--(?:to|author) ", row):
            assert option in OF_HELD[reason]


@pytest.mark.parametrize("state", ["held", "set_aside", "failed", "received", "deleted"])
@pytest.mark.parametrize("reason", [*OF_HELD, *OF_FAILED, "internal_only", ""])
def test_advice_is_for_whoever_runs_bccd(state: str, reason: str) -> None:
    """It names the mail where a command needs it, leaves no place empty, and never says "you" to its user."""
    told = about(state, reason, ID)
    assert told.endswith(".") and "{" not in told and " your" not in told
    assert (ID in told) == (state not in ("received", "deleted"))
    if reason:
        assert told != reason_of(reason).advice
    assert about("filed", "", ID) == ""


def test_a_failure_that_comes_again_is_not_just_retried() -> None:
    """Each reason with advice of its own stands in the table of failures; an option named there is told."""
    page = (ROOT / "docs/howto/failed-and-held-mail.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)`.* \| (.*) \|$", page.partition("## What failed")[2], re.MULTILINE))
    for reason in OF_FAILED:
        told = about("failed", reason, ID)
        assert told != about("failed", "", ID)
        assert all(option in told for option in re.findall(r"processes\.\w+", rows[reason]))
    assert "report it" in about("failed", "killed_its_filer", ID)
