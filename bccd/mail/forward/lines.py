"""A text as lines: how deep each is quoted and what it says without quoting and invisible marks."""

import re
from collections.abc import Sequence
from typing import NamedTuple

MAX_DEPTH = 20  # deeper quoting is nobody's forward

_MARKS = dict.fromkeys(
    (0x00AD, 0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))
)
_SPACES = dict.fromkeys((0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_VISIBLE = {**_SPACES, **_MARKS}
_ANY_OF_THESE = re.compile(f"[{''.join(map(chr, _VISIBLE))}]")  # ten times as fast as translating for nothing
_QUOTING = re.compile(r"[\s>|]*")
_ONE_LEVEL = re.compile(r"[ \t\u00a0]{0,3}> ?")
_INDENT = "    "


class Line(NamedTuple):
    """One line: its depth of quoting and its visible text, stripped."""

    depth: int
    text: str


_BLANK = Line(0, "")


def split_lines(text: str) -> list[str]:
    """Split at LF, CR LF and CR only; other separators of Unicode stand inside lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_line(raw: str) -> Line:
    """Read one raw line."""
    if not raw:
        return _BLANK
    raw = visible(raw)
    if raw[:1].isalnum():
        return Line(0, raw.rstrip())
    match = _QUOTING.match(raw)
    start = match.end() if match else 0
    return Line(raw.count(">", 0, start), raw[start:].rstrip())


def visible(text: str) -> str:
    """Drop invisible marks and make every space a plain one."""
    return text if text.isascii() or not _ANY_OF_THESE.search(text) else text.translate(_VISIBLE)


def unquote(raw: Sequence[str], depth: int) -> str:
    """Join raw lines without `depth` levels of quoting, or without a level or indent that all have."""
    plain = [_without_quoting(line, depth) for line in raw] if depth else raw
    # Nearly always the first line with words answers: the text of a long chain is read for every hop.
    if depth == 0 and all(_ONE_LEVEL.match(line) for line in plain if line.strip()):
        plain = [_without_quoting(line, 1) for line in plain]
    elif all(line.startswith(_INDENT) for line in plain if line.strip()):
        plain = [line[len(_INDENT) :] for line in plain]
    # RFC 3676 4.3: "-- " with its space opens a signature.
    return "\n".join([line if line == "-- " else line.rstrip() for line in plain]).strip("\n")


def _without_quoting(line: str, depth: int) -> str:
    start = 0
    if not line or (depth == 1 and line[:2] == "> "):
        return line[2:]
    for _ in range(min(depth, MAX_DEPTH)):
        match = _ONE_LEVEL.match(line, start)
        if match is None:
            break
        start = match.end()
    return line[start:]
