"""Banners in HTML: the text of a block that is one goes, its tags stay, so that the page keeps its shape."""

import re
from html import unescape
from typing import NamedTuple

from bccd.mail.gateway.banners import Cleared, banner_lines
from bccd.mail.gateway.stems import top_may_hold

_MARKUP_CAP = 1024 * 1024  # characters looked at
_HEAD_CAP = 256 * 1024  # characters before the body
_TOP = 6_000  # characters in which a banner stands at the top
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_TO_BLOCK_END = re.compile(r".*</(?:p|div|td|tr|table)>", re.IGNORECASE | re.DOTALL)
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


def without_top_banner(html: str) -> Cleared:
    """Empty banners at the top of a page whose text had none: some gateways write into the page alone."""
    body = _BODY.search(html, 0, _HEAD_CAP)
    start = body.end() if body else 0
    top = html[start : start + _TOP]
    if len(html) > start + _TOP:
        # Up to the end of a block: half a block may be a banner where the whole is none.
        whole = _TO_BLOCK_END.match(top)
        top = whole[0] if whole else ""
    if not top_may_hold(top):
        return Cleared(html, found=False)
    kept = without_page_banners(top)
    return Cleared(html[:start] + kept + html[start + len(top) :], found=kept != top)


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
