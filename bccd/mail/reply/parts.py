"""The parts of a text: runs of lines of one kind, which add up to the whole."""

from collections.abc import Iterable, Sequence
from enum import StrEnum, unique
from itertools import groupby
from typing import NamedTuple


@unique
class Kind(StrEnum):
    """What the lines of a part are."""

    NEW = "new"
    ATTRIBUTION = "attribution"  # who wrote what follows, and when
    QUOTED = "quoted"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"  # what no person wrote for this mail: legal text, list footers, banners


HISTORY = frozenset({Kind.ATTRIBUTION, Kind.QUOTED})


class Part(NamedTuple):
    """Lines of one kind, from `start` to before `end`; lines end at LF alone."""

    kind: Kind
    start: int
    end: int


class Reply(NamedTuple):
    """The three views of a text, each with its parts joined and without blank lines around."""

    new_text: str
    quoted_text: str
    signature: str


def settle_blanks(lines: Sequence[str], kinds: list[Kind]) -> None:
    """Give blank lines that touch no new words to what stands above them; changes `kinds`."""
    new = before = Kind.NEW
    if kinds.count(new) == len(kinds):
        return
    blank_from = -1
    for number, line in enumerate(lines):
        if not line or line.isspace():
            blank_from = number if blank_from < 0 else blank_from
            continue
        after = kinds[number]
        if blank_from >= 0 and before is not new and after is not new:
            kinds[blank_from:number] = [before] * (number - blank_from)
        blank_from = -1
        before = after
    if blank_from >= 0:
        kinds[blank_from:] = [before] * (len(kinds) - blank_from)


def parts_of(lines: Sequence[str], kinds: list[Kind]) -> tuple[Part, ...]:
    """Join neighbours of one kind."""
    settle_blanks(lines, kinds)
    found: list[Part] = []
    start = 0
    for kind, run in groupby(kinds):
        end = start + sum(1 for _ in run)
        found.append(Part(kind, start, end))
        start = end
    return tuple(found)


def joined(lines: Sequence[str], parts: Iterable[Part], kinds: frozenset[Kind]) -> str:
    """Return the lines of the parts of these kinds, without blank lines around them."""
    kept = [line for part in parts if part.kind in kinds for line in lines[part.start : part.end]]
    return "\n".join(kept).strip("\n \t\r")


def viewed(lines: Sequence[str], parts: Sequence[Part]) -> Reply:
    """Return the views that people are shown."""
    return Reply(
        joined(lines, parts, frozenset({Kind.NEW})),
        joined(lines, parts, HISTORY),
        joined(lines, parts, frozenset({Kind.SIGNATURE, Kind.DISCLAIMER})),
    )
