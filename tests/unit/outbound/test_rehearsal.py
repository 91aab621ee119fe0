"""The answer to a rehearsal: the decision record in plain words, in the reader's language."""

import ast
from pathlib import Path

import pytest

import bccd.rules
from bccd.outbound.rehearsal import lines, say
from bccd.outbound.render import Links, render
from bccd.outbound.words import words
from tests.unit.outbound.letters import item, letter

STEPS = [
    ["evidence", "dkim seller.example", "pass", "found here"],
    ["submitter", "anna@seller.example", "user 3", "dkim"],
    ["original", "Question", "jan@customer.example", "marker:apple, labels:pl"],
    ["direction", "rule 1a", "outgoing", "with jan@customer.example"],
    ["match", "jan@customer.example", "contact 12, Jan", "the only contact with this address"],
    ["contact", "new@customer.example", "would be created", ""],
    ["deal", "deal D-7, Chairs", "suggested", "one of 2 open deals: the user chooses"],
    ["deal", "deal D-9, Old, sold chairs", "not a candidate", "it is won"],
    ["conversation", "", "started", "no message shares an id"],
    ["sharing", "", "private", "the address says +private"],
    ["of a later version", "x", "y", "z"],
]
ENGLISH = (
    "It would be filed.",
    "Evidence: dkim seller.example: pass (found here)",
    "Sender: anna@seller.example: user 3 (dkim)",
    "Forwarded mail: Question: jan@customer.example (marker:apple, labels:pl)",
    "Direction: rule 1a: outgoing (with jan@customer.example)",
    "Address: jan@customer.example: contact 12, Jan (the only contact with this address)",
    "New contact: new@customer.example: would be created",
    "Deal: deal D-7, Chairs: suggested (one of 2 open deals: the user chooses)",
    "Deal: deal D-9, Old, sold chairs: not a candidate (it is won)",
    "Conversation: started (no message shares an id)",
    "Visibility: private (the address says +private)",
    "of a later version: x: y (z)",
)
POLISH = (
    "Zostałaby zapisana.",
    "Dowód: dkim seller.example: potwierdzony (sprawdzono tutaj)",
    "Nadawca: anna@seller.example: użytkownik 3 (podpis DKIM)",
    "Przekazana wiadomość: Question: jan@customer.example (marker:apple, labels:pl)",
    "Kierunek: reguła 1a: wychodząca (z: jan@customer.example)",
    "Adres: jan@customer.example: kontakt 12, Jan (jedyny kontakt z tym adresem)",
    "Nowy kontakt: new@customer.example: zostałby utworzony",
    "Szansa sprzedaży: D-7, Chairs: zaproponowana (otwartych szans sprzedaży jest 2: wybiera użytkownik)",
    "Szansa sprzedaży: D-9, Old, sold chairs: nie wchodzi w grę (jest wygrana)",
    "Konwersacja: nowa (żadna wiadomość się z nią nie łączy)",
    "Widoczność: prywatna (tak każe +private w adresie)",
    "of a later version: x: y (z)",
)
# What another front of the same record says, and no mail to +test can bring about.
_ELSEWHERE = frozenset({"forwarded.py"})


@pytest.mark.parametrize(("language", "told"), [("en", ENGLISH), ("pl", POLISH)])
def test_the_record_in_plain_words(language: str, told: tuple[str, ...]) -> None:
    """Each step is a line: what it is about, what was found, and why; what is unknown stays as it was."""
    assert lines({"would": "filed", "steps": STEPS}, words(language)) == told


@pytest.mark.parametrize(
    "args", [{}, {"steps": None}, {"steps": ["x", 7, [1], ["a", "b", "c", "d", "e"]]}, {"would": "odd: x"}]
)
def test_what_is_no_record_is_left_out(args: dict[str, object]) -> None:
    """A row that somebody else wrote breaks no letter."""
    assert lines(args, words("pl")) == ()


def test_nothing_long_is_looked_into() -> None:
    """A pattern could take long over what a mail brings along."""
    long = "with " + "a, " * 200
    assert say(long, words("pl")) == long


def test_the_letter_holds_the_lines() -> None:
    """Text and HTML say them, and mark-up in them is shown as text."""
    steps = [*STEPS, ["match", "<b>@x.example", "unknown", "no contact has this address"]]
    made = render(
        letter(item("rehearsal", args={"would": "filed", "steps": steps})),
        words("en"),
        Links({}),
        answers=False,
    )
    assert all(line in made.text for line in ENGLISH)
    assert "&lt;b&gt;@x.example" in made.html
    assert "so nothing was stored" in made.text


def test_every_reason_that_is_written_out_is_known() -> None:
    """A sentence that a rule writes into a step has its translation, or is a part of one that has."""
    known, missing = " ".join(say_known()), []
    for path in sorted(Path(bccd.rules.__path__[0]).glob("*.py")):
        if path.name in _ELSEWHERE:
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "Step":
                continue
            said = [
                one.value
                for given in call.args[2:]
                for one in ast.walk(given)
                if isinstance(one, ast.Constant)
            ]
            missing += [
                f"{path.name}: {text}" for text in said if isinstance(text, str) and text.strip() not in known
            ]
    assert [text for text in missing if text.count(" ") > 1] == []


def say_known() -> tuple[str, ...]:
    """Return all phrases that have a translation."""
    from bccd.outbound import rehearsal  # noqa: PLC0415 - its table, for this test alone

    return tuple(rehearsal._PHRASES)
