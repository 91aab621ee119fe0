"""Which elements are open, and what ends with them: quoting, shown line ends, frames, table cells.

Only elements with an effect are followed, by how many of their name are open inside them: most mail has few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bccd.mail.markup.sheet import Frame, Lines
from bccd.mail.markup.tags import Tag

_FRAMES_CAP = 200


class _Cell(NamedTuple):
    """What an open table cell gives back at its end."""

    effects: int  # how many there were
    floor: int
    divs: int  # how many were open inside the last div with an effect


@dataclass(slots=True)
class _Effect:
    """What ends where an element does."""

    tag: Tag
    frame: int = -1  # index of its frame


class Elements:
    """The open elements, as far as something hangs on them."""

    __slots__ = ("_cells", "_effects", "_floor", "_lines", "frames", "length", "marks")

    def __init__(self, lines: Lines, length: int) -> None:
        self._lines = lines
        self._effects: list[_Effect] = []
        self._floor = 0  # how many divs in the last one with an effect stand outside of the table cell
        self._cells: list[_Cell | None] = []  # for each open table its open cell
        # By name, for each open element with an effect: how many of its name are open in it, itself included.
        self.marks: dict[str, list[int]] = {}
        self.frames: list[Frame] = []
        self.length = length

    def open(self, tag: Tag) -> None:
        """Open an element that begins a line."""
        marks = self.marks.get(tag.name)
        if tag.special:
            self._begin(tag)
        elif marks:
            marks[-1] += 1

    def close(self, tag: Tag, after: int) -> None:
        """Close an element; `after` is the offset behind its tag."""
        name = tag.name
        marks = self.marks.get(name)
        if not marks or (name == "div" and marks[-1] <= self._floor):
            return
        marks[-1] -= 1
        if not marks[-1]:
            self._end_through(name, after)

    def count(self, counts: Sequence[tuple[str, int, int]]) -> bool:
        """Count the blocks that a run opens and closes; False, and nothing done, if it ends an effect."""
        for name, fewest, _ in counts:
            if fewest and (marks := self.marks.get(name)):
                least = max(self._floor, 1) if name == "div" else 1
                if marks[-1] + fewest < least:
                    return False
        for name, _, more in counts:
            if marks := self.marks.get(name):
                marks[-1] += more
        return True

    def _begin(self, tag: Tag) -> None:
        lines = self._lines
        effect = _Effect(tag)
        if tag.sign is not None and len(self.frames) < _FRAMES_CAP:
            lines.spill()
            effect.frame = len(self.frames)
            self.frames.append(Frame(tag.sign, len(lines.lines), -1, lines.at, self.length))
        if tag.cited:
            lines.quote(1)
        if tag.kept:
            lines.kept += 1
        if effect.frame >= 0 or tag.cited or tag.kept:
            self._effects.append(effect)
            self.marks.setdefault(tag.name, []).append(1)
            if tag.name == "div":
                self._floor = 0
        elif marks := self.marks.get(tag.name):
            marks[-1] += 1

    def point(self, tag: Tag) -> None:
        """Note the sign of an element whose end is not followed."""
        if tag.sign is not None and len(self.frames) < _FRAMES_CAP:
            lines = self._lines
            self.frames.append(Frame(tag.sign, len(lines.lines), -1, lines.at, self.length))

    def _end_through(self, name: str, after: int) -> None:
        """End the last effect of this name, and those that began inside it."""
        while self._effects:
            if self._end_last(after).tag.name == name:
                return

    def _end_last(self, after: int) -> _Effect:
        effect = self._effects.pop()
        tag, lines = effect.tag, self._lines
        marks = self.marks[tag.name]
        marks.pop()
        if not marks:
            del self.marks[tag.name]
        if tag.name == "div":
            cell = self._cells[-1] if self._cells else None
            self._floor = cell.divs if cell else 0
        if tag.cited:
            lines.quote(-1)
        if tag.kept:
            lines.kept -= 1
        if effect.frame >= 0:
            lines.spill()
            frame = self.frames[effect.frame]
            self.frames[effect.frame] = frame._replace(last=len(lines.lines), end=after)
        return effect

    def finish(self) -> None:
        """End what is open at the end of the HTML."""
        count = len(self._lines.lines)
        for number, frame in enumerate(self.frames):
            last = min(frame.last, count) if frame.last >= 0 else count
            self.frames[number] = frame._replace(first=min(frame.first, count), last=last)

    # Tables.

    def open_table(self) -> None:
        """Begin a table; a row around it is then a layout."""
        self._lines.open_table()
        self._cells.append(None)

    def close_table(self) -> None:
        """End a table, and the row and cell that are open in it."""
        self.end_cell()
        if self._cells:
            self._cells.pop()
            self._lines.close_table()

    def open_row(self) -> None:
        """Begin a row, which ends the one before."""
        self.end_cell()
        self._lines.begin_row()

    def open_cell(self) -> None:
        """Begin a cell, which ends the one before."""
        cells = self._cells
        self.end_cell()
        self._lines.next_cell()
        if cells and self._effects:
            divs = self.marks.get("div", (0,))[-1]
            cells[-1] = _Cell(len(self._effects), self._floor, divs)
            self._floor = divs

    def end_cell(self) -> None:
        """End the open cell, and what was left open in it."""
        cell = self._cells[-1] if self._cells else None
        if cell is None:
            return
        self._cells[-1] = None
        while len(self._effects) > cell.effects:
            self._end_last(self._lines.at)
        self._floor = cell.floor
        if divs := self.marks.get("div"):
            divs[-1] = cell.divs
