"""A text as lines: how deep each is quoted and what it says without quoting and invisible marks."""

import re
from collections.abc import Sequence

MAX_DEPTH = 20  # deeper quoting is nobody's forward

_MARKS = dict.fromkeys(
    (0x00AD, 0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))
)
_SPACES = dict.fromkeys((0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_VISIBLE = {**_SPACES, **_MARKS}
_ANY_OF_THESE = re.compile(f"[{''.join(map(chr, _VISIBLE))}]")  # ten times as fast as translating for nothing
_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_NOT_PLAIN = re.compile(f"[{''.join(map(chr, _VISIBLE))}：﹕︓՝]")
_NOT_PLAIN_LEADS = tuple({char.encode()[:1] for char in _NOT_PLAIN.pattern if not char.isascii()})
_QUOTING = f"{_SPACE}>|"  # what may stand before the text of a line
_ONE_LEVEL = re.compile(r"[ \t\u00a0]{0,3}> ?")
_INDENT = "    "
_DELIMITER = "-- "  # RFC 3676 4.3: with its space it opens a signature


def split_lines(text: str) -> list[str]:
    """Split at LF, CR LF and CR only; other separators of Unicode stand inside lines."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def is_plain(text: str) -> bool:
    """Tell whether a text has neither invisible marks nor odd spaces nor colons of other scripts."""
    if text.isascii():
        return True
    # Looking for their first octets takes 2.5 us a page, for the characters themselves 6.4.
    octets = text.encode("utf-8", "replace")
    return not any(map(octets.__contains__, _NOT_PLAIN_LEADS)) or _NOT_PLAIN.search(text) is None


def read_lines(raw: Sequence[str], *, plain: bool) -> tuple[list[int], list[str]]:
    """Return for each raw line how deep it is quoted, and its visible text without quoting, stripped."""
    if not plain:
        raw = "\n".join(raw).translate(_VISIBLE).split("\n")
    texts = [line.lstrip(_QUOTING).rstrip() for line in raw]
    depths = [
        line.count(">", 0, len(line) - len(line.lstrip(_QUOTING))) if ">" in line else 0 for line in raw
    ]
    return depths, texts


def bare(raw: str) -> str:
    """Return the visible text of one raw line without quoting, stripped."""
    return visible(raw).lstrip(_QUOTING).rstrip()


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
    if _DELIMITER in plain:
        return "\n".join([line if line == _DELIMITER else line.rstrip() for line in plain]).strip("\n")
    return "\n".join(map(str.rstrip, plain)).strip("\n")


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
