"""Banners in HTML: the text of a block that is one goes, its tags stay, so that the page keeps its shape."""

import re
from html import unescape
from typing import NamedTuple

from bccd.mail.gateway.banners import banner_lines

_MARKUP_CAP = 1024 * 1024  # characters looked at
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:(script|style|title|template)\b[^>]*+>.*?(?:</\1[^>]*+(?:>|\Z)|\Z)|(/?[a-z][a-z0-9]*+)"
    r"[^<>]*+>)",
    re.IGNORECASE | re.DOTALL,
)
_INLINE = frozenset(
    "a abbr b big code em font i ins label mark o s small span strong sub sup u img".split()  # noqa: SIM905  tags
)


class _Block(NamedTuple):
    """One line of the page: where its runs of text stand in the source."""

    runs: tuple[tuple[int, int], ...]
    text: str


def without_page_banners(html: str) -> str:
    """Empty the blocks of a page that are banners."""
    blocks = _blocks(html[:_MARKUP_CAP])
    lines = [block.text for block in blocks]
    gone = banner_lines(lines)
    if not gone:
        return html
    out: list[str] = []
    at = 0
    for number in sorted(gone):
        for start, end in blocks[number].runs:
            out.append(html[at:start])
            at = end
    return "".join((*out, html[at:]))


def _blocks(html: str) -> list[_Block]:
    """Return the lines of a page: text between two tags that begin or end a block."""
    found: list[_Block] = []
    runs: list[tuple[int, int]] = []
    at = 0
    for tag in _TAG.finditer(html):
        if tag.start() > at:
            runs.append((at, tag.start()))
        at = tag.end()
        name = tag[2]
        if name and name.lstrip("/").lower() not in _INLINE and runs:
            _close(html, runs, found)
    if at < len(html):
        runs.append((at, len(html)))
    _close(html, runs, found)
    return found


def _close(html: str, runs: list[tuple[int, int]], found: list[_Block]) -> None:
    text = " ".join(unescape("".join(html[start:end] for start, end in runs)).split())
    if text:
        found.append(_Block(tuple(runs), text))
    runs.clear()
