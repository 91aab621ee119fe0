"""The table of reasons has one for all that can become of a mail."""

import re

from bccd.model.message import AutoKind
from bccd.rules import decide, direction
from bccd.rules.direction import Unread
from bccd.rules.reasons import REASONS, Kind, code_of, reason_of

_PLACEHOLDER = re.compile(r"%(?!\(\w+\)s|%)")


def test_every_outcome_has_a_reason() -> None:
    """What rules hold, set aside or call filed has a sentence of its own."""
    unread = {value.reason for value in vars(direction).values() if isinstance(value, Unread)}
    automatic = {str(kind) for kind in decide._SET_ASIDE_KINDS | {AutoKind.LIST}}
    assert len(unread) == 4
    assert set(decide._WHY_HELD) | set(decide._ADVICE) | unread | automatic <= REASONS.keys()


def test_all_failures_are_one_reason() -> None:
    """A user is told that bccd failed, not how; what a later version wrote is no reason to fail."""
    for reason in ("parser_timeout", "filing_KeyError", "killed_its_filer", "raw_unavailable"):
        assert code_of(reason) == "failed"
    assert reason_of("of_a_later_version") is REASONS["failed"]
    assert code_of("needs_choice") == "needs_choice"


def test_sentences_are_sentences() -> None:
    """Each reason has a title and a sentence with named placeholders; who is told of a problem is advised."""
    for code, reason in REASONS.items():
        assert reason.title and reason.title[-1] != ".", code
        assert reason.sentence.endswith("."), code
        assert not reason.advice or reason.advice.endswith("."), code
        assert reason.advice or not reason.problem, code
        assert not _PLACEHOLDER.search(reason.sentence + reason.advice + reason.title), code
        assert reason.kind is Kind.ASKS or not reason.answerable, code
