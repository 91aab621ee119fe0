"""Which elements are open, and what ends with them: quoting, shown line ends, frames, table cells."""

from dataclasses import dataclass
from typing import NamedTuple

from bccd.mail.markup.sheet import Frame, Lines
from bccd.mail.markup.tags import Does, Tag

_FRAMES_CAP = 200


class _Cell(NamedTuple):
    """What an open table cell gives back at its end."""

    effects: int  # how many there were
    floor: int
    divs: int


@dataclass(slots=True)
class _Effect:
    """What ends where an element does."""

    tag: Tag
    level: int  # how many of its name are open, with it
    frame: int = -1  # index of its frame


class Elements:
    """The open elements, as far as something hangs on them."""

    __slots__ = ("_cells", "_effects", "_floor", "_levels", "_lines", "_marks", "frames", "kept", "length")

    def __init__(self, lines: Lines, length: int) -> None:
        self._lines = lines
        self._levels: dict[str, int] = {}  # how many of a name are open
        self._floor = 0  # how many of the open divs stand outside of the table cell
        self._effects: list[_Effect] = []
        self._marks: dict[str, list[int]] = {}  # levels of the effects by name
        self._cells: list[_Cell | None] = []  # for each open table its open cell
        self.frames: list[Frame] = []
        self.kept = 0  # how many open elements show their line ends
        self.length = length

    def open(self, tag: Tag) -> None:
        """Open an element that begins a line."""
        name = tag.name
        if tag.does is not Does.BLOCK:
            self._open_of_table(tag)
        level = self._levels[name] = self._levels.get(name, 0) + 1
        if tag.special:
            self._begin(tag, level)

    def close(self, tag: Tag, after: int) -> None:
        """Close an element; `after` is the offset behind its tag."""
        name = tag.name
        level = self._levels.get(name, 0)
        if level <= (self._floor if name == "div" else 0):
            return  # it closes nothing
        self._levels[name] = level - 1
        marks = self._marks.get(name)
        if marks and marks[-1] >= level:
            self._end_from(name, level, after)
        if tag.does is not Does.BLOCK:
            self._close_of_table(tag, after)

    def _begin(self, tag: Tag, level: int) -> None:
        lines = self._lines
        effect = _Effect(tag, level)
        if tag.sign is not None and len(self.frames) < _FRAMES_CAP:
            lines.spill()
            effect.frame = len(self.frames)
            self.frames.append(Frame(tag.sign, len(lines.lines), -1, lines.at, self.length))
        if tag.cited:
            lines.quote(1)
        if tag.kept:
            self.kept += 1
        if effect.frame >= 0 or tag.cited or tag.kept:
            self._effects.append(effect)
            self._marks.setdefault(tag.name, []).append(level)

    def point(self, tag: Tag) -> None:
        """Note the sign of an element whose end is not followed."""
        if tag.sign is not None and len(self.frames) < _FRAMES_CAP:
            lines = self._lines
            self.frames.append(Frame(tag.sign, len(lines.lines), -1, lines.at, self.length))

    def _end_from(self, name: str, level: int, after: int) -> None:
        """End the last effect of this name and level, and what was opened inside it."""
        while self._effects:
            effect = self._end_last(after)
            if effect.tag.name == name and effect.level <= level:
                return

    def _end_last(self, after: int) -> _Effect:
        effect = self._effects.pop()
        self._marks[effect.tag.name].pop()
        lines = self._lines
        if effect.tag.cited:
            lines.quote(-1)
        if effect.tag.kept:
            self.kept -= 1
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

    def _open_of_table(self, tag: Tag) -> None:
        lines, cells = self._lines, self._cells
        if tag.does is Does.TABLE:
            lines.open_table()
            cells.append(None)
            return
        if cells and cells[-1]:
            self._close_cell(lines.at)
        if tag.does is Does.ROW:
            lines.begin_row()
            return
        lines.next_cell()
        if cells:
            divs = self._levels.get("div", 0)
            cells[-1] = _Cell(len(self._effects), self._floor, divs)
            self._floor = divs

    def _close_of_table(self, tag: Tag, after: int) -> None:
        lines, cells = self._lines, self._cells
        if cells and cells[-1]:
            self._close_cell(after)
        if tag.does is Does.ROW:
            lines.end_row()
        elif tag.does is Does.TABLE and cells:
            cells.pop()
            lines.close_table()

    def _close_cell(self, after: int) -> None:
        cell = self._cells[-1]
        if cell is None:
            return
        self._cells[-1] = None
        while len(self._effects) > cell.effects:
            self._end_last(after)
        self._floor = cell.floor
        self._levels["div"] = cell.divs
