"""What stands around a quoted mail: the note above it, where it ends, and what stands below it."""

from typing import NamedTuple

from bccd.mail.forward.lines import visible
from bccd.mail.forward.markers import is_ending, is_framed, is_marker, marker_of
from bccd.mail.forward.page import Page

_LONG_RULE = 30  # KMail closes a forward with one


class Extent(NamedTuple):
    """The line behind a quoted mail's last one, and the line from which on the forwarder goes on."""

    end: int
    resumes: int


def extent(page: Page, start: int, depth: int, marker: str) -> Extent:
    """Find where a mail ends whose text begins in line `start`, quoted `depth` deep, below this marker."""
    closed = _closing_line(page, start) if is_marker(marker) else None
    if closed is not None:
        return Extent(closed, closed + 1)
    last = len(page.raw)
    end = last
    while end > start and page.lines[end - 1].depth < depth:
        end -= 1
    # A last paragraph that is not quoted is the forwarder's.
    parted = end < last and not page.lines[end].text
    return Extent(end, end) if parted and end > start else Extent(last, last)


def _closing_line(page: Page, start: int) -> int | None:
    """Find the line that closes a forward; forwards inside it close their own."""
    opened = 0
    last = start
    for number in range(start, len(page.lines)):
        text = page.lines[number].text
        last = number if text else last
        if text[:1] not in {"-", "="}:
            continue
        if is_ending(text):
            if not opened:
                return number
            opened -= 1
        elif _opens(text):
            opened += 1
    text = page.lines[last].text if last < len(page.lines) else ""
    return last if len(text) > _LONG_RULE and not text.strip("-") else None


def _opens(text: str) -> bool:
    """Tell a marker line of the programs that close their forwards with a line, too."""
    return is_marker(marker_of(text))


def in_history(page: Page, opening: int, depth: int) -> bool:
    """Tell whether other quoted words stand right above: then an answer quotes a mail that held this."""
    if depth == 0:
        return False
    for number in range(opening - 1, -1, -1):
        line = page.lines[number]
        if line.depth == 0:
            return False
        if line.text:
            return True
    return False


def note_above(page: Page, opening: int) -> str:
    """Give what stands above a line, without the rules and separators right above it."""
    lines = list(page.raw[:opening])
    while lines:
        text = visible(lines[-1]).strip("> \t")
        if text and not marker_of(text).startswith("separator:") and not is_framed(text):
            break
        lines.pop()
    return "\n".join(line.rstrip() if line != "-- " else line for line in lines).strip("\n")


def with_below(page: Page, note: str, resumes: int) -> str:
    """Add to a note what the forwarder wrote below."""
    below = "\n".join(page.raw[resumes:]).strip("\n")
    return f"{note}\n\n{below}".strip("\n") if below else note
