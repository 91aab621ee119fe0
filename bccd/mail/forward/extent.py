"""What stands around a quoted mail: the note above it, where it ends, and what stands below it."""

from bisect import bisect_left
from typing import NamedTuple

from bccd.mail.attribution import attribution_at
from bccd.mail.forward.lines import visible
from bccd.mail.forward.markers import is_framed, is_marker, marker_of
from bccd.mail.forward.page import Page

_COLONS = (":", "：")
_LONG_RULE = 30  # KMail closes a forward with one
_KMAIL = "----------  Forwarded Message  ----------"
_PROTON = "------- Forwarded Message -------"  # it quotes the text of a forward, and not its header


class Extent(NamedTuple):
    """The line behind a quoted mail's last one, and the line from which on the forwarder goes on."""

    end: int
    resumes: int


def extent(page: Page, start: int, depth: int, marker: str, opened: str = "") -> Extent:
    """Find where a mail ends whose text begins in line `start`, quoted `depth` deep, below this marker.

    `opened` is the line that announces it: what some clients do at the end is told by how they begin.
    """
    closed = _closing_line(page, start) if is_marker(marker) else None
    if closed is None and opened == _KMAIL:
        closed = _last_rule(page, start)
    if closed is not None:
        return Extent(closed, closed + 1)
    if opened == _PROTON and depth == 0 and (behind := _behind_quoted(page, start)) > start:
        return Extent(behind, behind)
    last = len(page.raw)
    end = last
    while end > start and page.depths[end - 1] < depth:
        end -= 1
    # A last paragraph that is not quoted is the forwarder's.
    parted = end < last and not page.texts[end]
    return Extent(end, end) if parted and end > start else Extent(last, last)


def _closing_line(page: Page, start: int) -> int | None:
    """Find the line that closes a forward; forwards inside it close their own."""
    closed = 0
    for number in page.endings:
        if number < start:
            continue
        inside = bisect_left(page.openings, number) - bisect_left(page.openings, start)
        if inside <= closed:
            return number
        closed += 1
    last = len(page.texts) - 1
    while last >= start and not page.texts[last]:
        last -= 1
    return last if last >= start and _is_rule(page.texts[last]) else None


def _last_rule(page: Page, start: int) -> int | None:
    """Find the last line of dashes alone: below it stands what a list or a gateway has added."""
    rules = (at for at in range(len(page.texts) - 1, start, -1) if _is_rule(page.texts[at]))
    return next(rules, None)


def _is_rule(text: str) -> bool:
    return len(text) > _LONG_RULE and not text.strip("-")


def _behind_quoted(page: Page, start: int) -> int:
    """Return the line behind a text that is quoted from its first line on."""
    behind = start
    for number in range(start, len(page.texts)):
        text, quoted = page.texts[number], page.depths[number] > 0
        if text and not quoted:
            break
        behind = number + 1 if text or quoted else behind
    return behind


def in_history(page: Page, opening: int, depth: int) -> bool:
    """Tell whether an answer quotes a mail that held this: quoted words, or "... wrote:", stand above."""
    if depth == 0 or page.depths[opening] == 0:
        return False
    for number in range(opening - 1, -1, -1):
        if page.texts[number]:
            return page.depths[number] > 0 or attribution_at(page.raw, number) is not None
    return False


def note_above(page: Page, opening: int) -> str:
    """Give what stands above a line, without the rules, separators and attribution right above it."""
    lines = _without_rules(list(page.raw[:opening]))
    last = len(lines) - 1
    attribution = attribution_at(lines, last) if lines and lines[last].rstrip().endswith(_COLONS) else None
    if attribution and attribution.depth == 0:
        lines = _without_rules(lines[: attribution.first])
    return "\n".join(line.rstrip() if line != "-- " else line for line in lines).strip("\n")


def _without_rules(lines: list[str]) -> list[str]:
    while lines:
        text = visible(lines[-1]).strip("> \t")
        if text and not marker_of(text).startswith("separator:") and not is_framed(text):
            break
        lines.pop()
    return lines


def with_below(page: Page, note: str, resumes: int, until: int | None = None) -> str:
    """Add to a note what the forwarder wrote below, and above the next forward."""
    lines = list(page.raw[resumes:until])
    below = "\n".join(lines if until is None else _without_rules(lines)).strip("\n")
    return f"{note}\n\n{below}".strip("\n") if below else note
