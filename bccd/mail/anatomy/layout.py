"""The text of a mail cut into its parts, in order and without loss, for people who look rather than read."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from bccd.mail.anatomy.shape import Segment
from bccd.mail.reply import Kind, split_reply
from bccd.model.message import Forward, ForwardKind, Mailbox, Message

NOTE, HEADER, ORIGINAL = "note", "header", "original"
_PROOF = 5  # lines that must agree where the original is taken to begin
_TRIES = 200  # places that may look like its first line


def layout(message: Message, forward: Forward | None, html: str) -> list[Segment]:
    """Cut the whole text; the segments add up to it, line ends between them included.

    `html` is the other form of the text, in which clients mark what they quote.
    """
    lines = message.content.text.split("\n")
    if forward is None or forward.kind is not ForwardKind.INLINE:
        kinds = _kinds(lines, message.content.sender, str(Kind.NEW), html)
    else:
        kinds = _forwarded(lines, message, forward)
    return _segments(lines, kinds)


def _forwarded(lines: Sequence[str], message: Message, forward: Forward) -> list[str]:
    """Name the kind of each line of a mail that holds an original in its text."""
    original = forward.original
    bare = [_bare(line) for line in lines]
    body = [_bare(line) for line in original.text.split("\n")]
    top = _common(bare, [_bare(line) for line in message.note.split("\n")])
    start = _find(bare, body, top)
    if start < 0:  # its text stands in the HTML alone, or there is none
        return _kinds(lines, message.content.sender, str(Kind.NEW))
    end = start + _common(bare[start:], body)
    sender = message.content.sender
    return [
        *_kinds(lines[:top], sender, NOTE),
        *(HEADER for _ in lines[top:start]),
        *_kinds(_unquoted(lines[start:end]), original.sender, ORIGINAL),
        *_kinds(lines[end:], sender, NOTE),
    ]


def _kinds(lines: Sequence[str], sender: Mailbox | None, own: str, html: str = "") -> list[str]:
    """Name the kind of each line; what its author wrote now is called `own`."""
    if not lines:
        return []
    parts = split_reply("\n".join(lines), sender=sender, html=html)
    return [own if kind is Kind.NEW else str(kind) for kind, start, end in parts for _ in range(start, end)]


def _segments(lines: Sequence[str], kinds: Sequence[str]) -> list[Segment]:
    """Join neighbours of one kind; blank lines go with what stands above them."""
    told = list(kinds)
    for number, line in enumerate(lines):
        if number and not line.strip():
            told[number] = told[number - 1]
    found: list[Segment] = []
    start = 0
    for kind, run in groupby(told):
        end = start + sum(1 for _ in run)
        text = "\n".join(lines[start:end])
        found.append(Segment(kind, text if end == len(lines) else f"{text}\n"))
        start = end
    return found if any(line.strip() for line in lines) else []


def _bare(line: str) -> str:
    """Return a line without quoting and without what clients do to white space."""
    return " ".join(line.strip("> \t\ufeff").split())


def _unquoted(lines: Sequence[str]) -> list[str]:
    """Take away the quoting that all lines share."""
    while any(lines) and all(line.startswith(">") or not line for line in lines):
        lines = [line[1:].removeprefix(" ") for line in lines]
    return list(lines)


def _find(bare: Sequence[str], body: Sequence[str], top: int) -> int:
    """Return where the body begins, at or below line `top`; -1 for nowhere."""
    filled = [line for line in body if line]
    if not filled:
        return -1
    places = (at for at in range(top, len(bare)) if bare[at] == filled[0])
    for _, place in zip(range(_TRIES), places, strict=False):
        if _agrees(bare, place, filled[:_PROOF]):
            return place
    return -1


def _agrees(bare: Sequence[str], place: int, filled: Sequence[str]) -> bool:
    below = _filled_from(bare, place)
    return all(next(below, None) == line for line in filled)


def _filled_from(bare: Sequence[str], place: int) -> Iterator[str]:
    for at in range(place, len(bare)):
        if bare[at]:
            yield bare[at]


def _common(bare: Sequence[str], begun: Sequence[str]) -> int:
    """Return how many lines at the top are those of `begun`, blank lines aside."""
    wanted = [line for line in begun if line]
    taken = end = 0
    for at, line in enumerate(bare):
        if not line:
            continue
        if taken == len(wanted) or line != wanted[taken]:
            break
        taken, end = taken + 1, at + 1
    return end
