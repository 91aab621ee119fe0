"""Header lines above history that are too few, or too odd, for a forward to be trusted by."""

import re
from collections.abc import Mapping, Sequence

from bccd.mail.forward.labels import Label, Role
from bccd.mail.forward.markers import marker_of

_FEWEST = 3  # fields of a block below an empty line
_BELOW_RULE = 2  # of one below a rule, or with an address and a time
_BELOW_WORDS = 4  # of one below other words
_MOST_LINES = 8
_NOTES_LINES = 9  # from "To" to "Subject"
_LINE_CAP = 400
_GAP = 2  # blank lines above "To"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d\d")
_CLOCK = re.compile(r"\d\s?[:.h時时시]\s?\d\d")
# Lotus Notes parts its labels and what they say by lines.
_NOTES = {"to": "subject", "an": "thema"}


def weak_blocks(lines: Sequence[str], labels: Mapping[int, Label]) -> dict[int, tuple[int, int]]:
    """Find blocks of two fields or more that begin with the sender: by their line, with start and end."""
    found: dict[int, tuple[int, int]] = {}
    behind = 0
    for number, label in labels.items():
        if number < behind or Role.SENDER not in label.meaning.known:
            continue
        end = number
        while end in labels and end - number < _MOST_LINES:
            end += 1
        if _is_weak(lines, [labels[at] for at in range(number, end)], number):
            found[number] = (number, end)
            behind = end
    return found


def _is_weak(lines: Sequence[str], run: Sequence[Label], start: int) -> bool:
    above = lines[start - 1].strip() if start else ""
    ruled = bool(above) and marker_of(above).startswith("separator:")
    if len(run) < (_BELOW_RULE if ruled or not above else _BELOW_WORDS):
        return False
    sender = run[0].value
    dates = [label.value for label in run if Role.DATE in label.meaning.known]
    if ruled:
        return bool(dates) or "@" in sender
    if "@" not in sender or not any(_YEAR.search(date) for date in dates):
        return False
    return len(run) >= _FEWEST or any(_CLOCK.search(date) for date in dates)


def notes_block(lines: Sequence[str], number: int) -> tuple[int, int] | None:
    """Return where a header of Lotus Notes begins whose "To" stands alone, and the line behind it."""
    subject = _NOTES.get(lines[number].strip().casefold())
    if subject is None:
        return None
    below = range(number + 1, min(number + _NOTES_LINES, len(lines)))
    last = next((at for at in below if lines[at].strip().casefold() == subject), None)
    if last is None:
        return None
    dated = number - 1
    while dated > 0 and not lines[dated].strip() and number - dated <= _GAP:
        dated -= 1
    if dated < 1 or not _dated(lines[dated]):
        return None
    first = dated - 1
    if first and lines[first].count(":") and lines[first - 1].strip():
        first -= 1  # "Sent by: ..." stands between name and date
    return first, min(last + 2, len(lines))


def _dated(line: str) -> bool:
    return len(line) <= _LINE_CAP and bool(_YEAR.search(line) and _CLOCK.search(line))
