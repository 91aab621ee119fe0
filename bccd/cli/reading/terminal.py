"""An anatomy laid out for a terminal."""

import textwrap
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from bccd.cli.base import safe, table
from bccd.cli.reading.facts import KINDS, part_line, sections, verdict
from bccd.mail.anatomy.shape import Anatomy

_WIDTH = 80
_LINES = 12  # of one part of the text
_LONG = 1000  # characters of one line
_STYLES = {
    "note": "blue",
    "new": "blue",
    "header": "yellow",
    "original": "green",
    "attribution": "dim",
    "quoted": "dim",
    "signature": "magenta",
    "disclaimer": "dim",
}


def show(out: Console, found: Anatomy) -> None:
    """Print all of it; long texts are cut, which --json does not."""
    for line in textwrap.wrap(safe(verdict(found)), _WIDTH):
        out.print(Text(line))
    for title, rows in sections(found):
        _head(out, title)
        out.print(table(("", ""), rows))
    _head(out, "Parts")
    for part in found.mail.parts:
        out.print(Text(safe(f"{'  ' * part.depth}{part_line(part)}")), overflow="fold")
    for segment in found.layout:
        _head(out, KINDS.get(segment.kind, segment.kind).capitalize())
        for line in _excerpt(segment.text):
            out.print(Text(f"| {line}", style=_STYLES.get(segment.kind, "")), overflow="fold")


def _head(out: Console, title: str) -> None:
    out.print()
    out.print(Text(f"-- {title} ".ljust(min(_WIDTH, out.width), "-"), style="bold"))


def _excerpt(text: str) -> Iterator[str]:
    lines = text.replace("\t", " ").replace("\xa0", " ").strip("\n").split("\n")
    for line in lines[:_LINES]:
        yield from textwrap.wrap(safe(line[:_LONG]), _WIDTH - 2) or [""]
        if len(line) > _LONG:
            yield f"... and {len(line) - _LONG} more characters of this line; --json has all"
    if len(lines) > _LINES:
        yield f"... and {len(lines) - _LINES} more lines; --json has all"
