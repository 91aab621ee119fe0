"""HTML as the lines that a reader sees, and the lines being written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

from bccd.mail.charset import clean
from bccd.mail.markup.signs import Sign

LINES_CAP = 50_000
_QUOTE_DEPTH_CAP = 10
_LONG_CELL = 60  # characters; two cells of this length in a row are columns of a layout
_LABELS = (":", "：", "﹕", "︓", "՝")
# What takes no room: senders of newsletters fill the preview of a list with it.
_UNSEEN = re.compile(r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u206f\ufeff]*+")


class Frame(NamedTuple):
    """An element that a client puts around, before or at the head of quoted mail, or around a signature."""

    sign: Sign
    first: int  # index of its first line
    last: int  # index behind its last line
    start: int  # offset of its tag in the HTML
    end: int  # offset behind it; the HTML's length where nothing closes it


@dataclass(frozen=True, slots=True)
class Sheet:
    """HTML as lines, each cited one behind "> ", and what the mark-up knows of them."""

    lines: Sequence[str] = ()
    ends: Sequence[int] = ()  # for each line the offset in the HTML where it ends
    frames: Sequence[Frame] = ()  # in the order in which they begin
    whole: bool = True  # whether all of the HTML was read

    @property
    def text(self) -> str:
        """The lines as one text with LF line ends."""
        return "\n".join(self.lines)


class Row:
    """A table's row being written: its cells stand in one line, unless one of them has more."""

    __slots__ = ("cells", "index", "outer", "spilled")

    def __init__(self) -> None:
        self.cells: list[tuple[int, str, int]] = []  # number of the cell, its line, where that ends
        self.index = 0
        self.spilled = True  # until a row begins
        self.outer: tuple[int, int, int] | None = None  # what the open cell has to give back, see walk.py


@dataclass(slots=True)
class Lines:
    """Lines being written, one after the other."""

    at: int = 0  # offset in the HTML
    parts: list[str] = field(default_factory=list)  # of the open line, as in the source
    lines: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    depth: int = 0
    gap: bool = False  # an empty line before the next
    bullet: str = ""  # before the next line
    ended: int = 0  # how many lines were ended
    levels: int = 0  # of quoting, without the cap
    kept: int = 0  # how many open elements show their line ends
    rows: list[Row] = field(default_factory=list)
    row: Row | None = None  # the last of them while it holds its cells back

    def end(self) -> bool:
        """End the open line; tell whether it showed anything."""
        parts = self.parts
        if not parts:
            return False
        source = parts[0] if len(parts) == 1 else "".join(parts)
        parts.clear()
        self.ended += 1
        line = _kept(source) if self.kept else shown(source)
        if not line:
            if self.row is None and ("\xa0" in source or "&nbsp;" in source or "&#160;" in source):
                self.gap = True  # a block that holds such a space alone is how clients write an empty line
            return False
        if self.bullet or self.row is not None:
            self.put(line)
        elif self.gap:
            self._push(line)
        elif len(self.lines) < LINES_CAP:
            self.lines.append("> " * self.depth + line if self.depth else line)
            self.ends.append(self.at)
        return True

    def break_line(self) -> None:
        """End the open line, or leave an empty one."""
        if self.parts and self.end():
            return
        if self.row is None and not self.bullet:
            self._push("")
        else:
            self.gap = self.gap or bool(self.row and self.row.cells)

    def put(self, line: str) -> None:
        """Write a line that shows something."""
        if self.bullet:
            line = self.bullet + line
            self.bullet = ""
        row = self.row
        if row is None:
            self._push(line)
        elif row.cells and row.cells[-1][0] == row.index:
            self.spill()
            self._push(line)
        else:
            row.cells.append((row.index, line, self.at))

    def put_kept(self, text: str) -> None:
        """Write text whose line ends are shown, as in <pre>."""
        first, *others = text.split("\n")
        self.parts.append(first)
        for other in others:
            line = _kept("".join(self.parts))
            self.parts.clear()
            self.ended += 1
            if line:
                self.put(line)
            else:
                self._push("")
            self.parts.append(other)

    def _push(self, line: str, end: int = -1) -> None:
        lines = self.lines
        if self.gap or not line:
            self.gap = False
            if lines and lines[-1].strip("> ") and len(lines) < LINES_CAP:
                # Between two depths the empty line is the outer one's.
                depth = min(self.depth, _depth_of(lines[-1])) if self.depth else 0
                lines.append(("> " * depth).rstrip() if depth else "")
                self.ends.append(self.at if end < 0 else end)
        if line and len(lines) < LINES_CAP:
            lines.append("> " * self.depth + line if self.depth else line)
            self.ends.append(self.at if end < 0 else end)

    def quote(self, levels: int) -> None:
        """Go deeper into quoted mail, or out of it."""
        self.spill()
        self.levels += levels
        self.depth = min(max(self.levels, 0), _QUOTE_DEPTH_CAP)

    def open_table(self) -> None:
        """Begin a table; the row around it is then a layout."""
        self.spill()
        self.row = None
        self.rows.append(Row())

    def close_table(self) -> None:
        """End a table."""
        self.end_row()
        if self.rows:
            self.rows.pop()
        self.row = None

    def begin_row(self) -> None:
        """Begin a row, and end the one before it."""
        self.end_row()
        if self.rows:
            self.row = self.rows[-1]
            self.row.spilled = False
            self.row.index = 0

    def next_cell(self) -> None:
        """Begin the next cell of a row."""
        if self.row is not None:
            self.row.index += 1
        elif self.rows and not self.rows[-1].spilled:
            self.row = self.rows[-1]

    def end_row(self) -> None:
        """Write the cells that are held back: side by side, or one below the other if they are long."""
        row = self.row
        self.row = None
        if row is None or not row.cells:
            return
        cells, row.cells = row.cells, []
        row.spilled = True
        if len(cells) == 1 or sum(len(line) > _LONG_CELL for _, line, _ in cells) > 1:
            for _, line, end in cells:
                self._push(line, end)
            return
        joined = "".join(line + (" " if line.endswith(_LABELS) else "\t") for _, line, _ in cells)
        self._push(joined.rstrip(), cells[-1][2])

    def spill(self) -> None:
        """Write the cells of the row so far as lines of their own, and all that follows in it."""
        row = self.row
        if row is None:
            return
        self.row = None
        row.spilled = True
        cells, row.cells = row.cells, []
        for _, line, end in cells:
            self._push(line, end)


def shown(source: str) -> str:
    """Return what a line of the source shows, white space folded."""
    line = _unescaped(source) if "&" in source else source
    # What is printable holds no white space but spaces: most lines are folded already, and told in a third.
    line = line.strip(" ") if line.isprintable() and "  " not in line else " ".join(line.split())
    return line if line.isascii() or not _UNSEEN.fullmatch(line) else ""


def _kept(source: str) -> str:
    """Return what a line shows where its white space counts."""
    return _unescaped(source).replace("\xa0", " ").replace("\n", " ").rstrip()


def _unescaped(source: str) -> str:
    if "&" not in source:
        return source
    # The usual ones go ten times as fast without a table.
    source = source.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    if "&" not in source:
        return source
    if source.count("&") == source.count("&amp;"):
        return source.replace("&amp;", "&")
    return clean(unescape(source))


def _depth_of(line: str) -> int:
    depth = 0
    while line.startswith("> ", 2 * depth) or line[2 * depth :] == ">":
        depth += 1
    return depth
