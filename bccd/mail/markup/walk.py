"""The walk over the tags: every character is looked at once, whatever the mark-up.

A tree is not built: 200,000 nested elements, or 100,000 attributes of one tag, take a parser that builds one
seconds to minutes. Each distinct tag of a mail stands in it many times (docs/decisions/0012).
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from bccd.mail.markup.elements import Elements
from bccd.mail.markup.links import Link
from bccd.mail.markup.runs import BLANK, GAP, Runs
from bccd.mail.markup.sheet import LINES_CAP, Lines, Sheet
from bccd.mail.markup.skip import Source
from bccd.mail.markup.tags import WHOLE, Does, Tag, tag_of

_RULE = "_" * 32  # as Outlook writes in plain text
_INDENTS_CAP = 10


class Walk:
    """One walk over the HTML of a mail."""

    __slots__ = ("_blank", "_elements", "_hides", "_lines", "_link", "_numbers", "_source", "_spaced")

    def __init__(self, html: str, *, hides: bool) -> None:
        self._source = Source(html)
        self._hides = hides
        self._blank: dict[str, Tag] = {}  # tags with no text behind them, by their source and ">"
        self._lines = Lines(parts=[self._source.first] if self._source.first else [])
        self._elements = Elements(self._lines, len(html))
        self._link = Link(self._lines)
        self._numbers: list[int] = []  # of each list's last item; below 0 for lists without numbers
        self._spaced = True  # the open paragraph has an empty line around it

    def run(self) -> Sheet | None:
        """Read the lines; None if a hidden element stays open to the end."""
        lines, source, elements = self._lines, self._source, self._elements
        parts, marks, known = lines.parts, elements.marks, Runs()
        at = len(source.first)
        for tags, text in source.runs:
            run = known[tags]
            if run is None or lines.kept or (marks and not (run.simple and elements.count(run.counts))):
                at = self._closely(tags, text, at)
                continue
            end, acts, spaced, _, _ = run
            if parts:
                if end >= 0:
                    lines.at = at + end
                    lines.end()
                elif run is BLANK:
                    parts.append(" ")
            if acts:
                self._do(acts, at)
            if spaced is not None:
                self._spaced = spaced
            at += len(tags) + len(text)
            if text and (parts or not text.isspace() or "\xa0" in text):
                parts.append(text)
        lines.at = at
        return self._finished()

    def _do(self, acts: Sequence[tuple[Tag, int]], at: int) -> None:
        """Do what a run of tags at an offset does besides ending the open line."""
        lines = self._lines
        for tag, offset in acts:
            act = self._DOES[tag.does]
            if act is not None:
                lines.at = at + offset
                act(self, tag, "")
            elif lines.row is None and (tag is GAP or self._spaced):
                lines.gap = True

    def _closely(self, run: str, text: str, at: int) -> int:
        """Read a run tag by tag; return the offset behind it."""
        lines, source, does, blank = self._lines, self._source, self._DOES, self._blank
        parts, marks = lines.parts, self._elements.marks
        source.enter(run, text, at)
        while (chunk := next(source.chunks, None)) is not None:
            tag = blank.get(chunk)
            if tag is not None:  # two of three
                closed, text = ">", ""
            else:
                inside, closed, text = chunk.partition(">")
                tag = source.known[inside]
                if closed and not text:
                    blank[chunk] = tag
            if closed and tag.inert:
                at += len(chunk) + 1
            elif closed and tag.plain and tag.name not in marks:
                lines.at = at
                if parts:
                    lines.end()
                at += len(chunk) + 1
                if tag.name == "p":
                    self._space(tag)
            else:
                act = does[tag.does]
                lines.at = source.at = at
                source.after = at + len(chunk) + 1
                text = act(self, tag, text) if act is not None and closed else self._open(tag, chunk)
                at = source.after
            if text and (parts or not text.isspace() or "\xa0" in text):
                if lines.kept:
                    lines.put_kept(text)
                else:
                    parts.append(text)
        return at

    def _finished(self) -> Sheet | None:
        if self._source.unclosed:
            return None
        lines = self._lines
        self._link.close()
        lines.end()
        while lines.rows:
            lines.close_table()
        while lines.lines and not lines.lines[-1].strip("> "):
            del lines.lines[-1], lines.ends[-1]
        self._elements.finish()
        whole = len(lines.lines) < LINES_CAP
        return Sheet(tuple(lines.lines), tuple(lines.ends), tuple(self._elements.frames), whole)

    def _open(self, tag: Tag, chunk: str) -> str:
        """Read a tag that the next "<" seems to end; what only looks like one is text."""
        if tag.does is Does.TEXT or not tag.known:
            return f"<{chunk}"
        if tag.does is Does.MARKUP:
            return self._source.skip_markup()
        return self._unfinished(tag, "")

    def _unfinished(self, tag: Tag, _: str) -> str:
        """Read a tag whose value holds "<" or ">"."""
        source = self._source
        start = source.at + 1
        match = WHOLE.match(source.html, start)
        end = match.end() if match else len(source.html)
        tag = tag_of(source.html[start:end].removesuffix(">"))
        text = source.skip_to(end)
        act = None if tag.does is Does.UNFINISHED else self._DOES[tag.does]
        return text if act is None else act(self, tag, text)

    def _written(self, tag: Tag, text: str) -> str:
        return f"<{tag.value}>{text}"

    def _markup(self, _: Tag, __: str) -> str:
        return self._source.skip_markup()

    def _raw(self, tag: Tag, text: str) -> str:
        return text if tag.closes else self._source.skip_raw(tag.name)

    def _hidden(self, tag: Tag) -> str:
        source = self._source
        ended, text = source.skip_element(tag.name)
        while ended is not None and ended.hidden:
            ended, text = source.skip_element(ended.name)
        act = self._DOES[ended.does] if ended else None
        if ended is None or act is None:
            return text
        self._lines.at = source.at
        return act(self, ended, text)

    def _block(self, tag: Tag, text: str) -> str:
        lines = self._lines
        if lines.parts:
            lines.end()
        if tag.special or self._elements.marks:
            if tag.hidden and self._hides:
                return self._hidden(tag)
            self._follow(tag, text)
        if tag.name == "p":
            self._space(tag)
        elif tag.gap and lines.row is None:
            lines.gap = True
        return "" if tag.muted else text

    def _space(self, tag: Tag) -> None:
        """Leave an empty line at the edge of a paragraph; its end tag does not say how it is spaced."""
        if (self._spaced if tag.closes else tag.gap) and self._lines.row is None:
            self._lines.gap = True
        self._spaced = tag.gap

    def _follow(self, tag: Tag, text: str) -> None:
        if tag.closes:
            self._elements.close(tag, self._source.after - len(text))
        else:
            self._elements.open(tag)

    def _cell(self, tag: Tag, text: str) -> str:
        if self._lines.parts:
            self._lines.end()
        elements = self._elements
        if not tag.closes:
            if tag.hidden and self._hides:
                return self._hidden(tag)
            elements.open_cell()
        if tag.special or elements.marks:
            self._follow(tag, text)
        if tag.closes:
            elements.end_cell()
        return "" if tag.muted else text

    def _row(self, tag: Tag, text: str) -> str:
        if self._lines.parts:
            self._lines.end()
        elements = self._elements
        if tag.closes:
            elements.end_cell()
            self._lines.end_row()
        elif tag.hidden and self._hides:
            return self._hidden(tag)
        else:
            elements.open_row()
        if tag.special or elements.marks:
            self._follow(tag, text)
        return text

    def _table(self, tag: Tag, text: str) -> str:
        self._lines.end()
        elements = self._elements
        if tag.closes:
            elements.close_table()
        elif tag.hidden and self._hides:
            return self._hidden(tag)
        else:
            elements.open_table()
        if tag.special or elements.marks:
            self._follow(tag, text)
        return text

    def _inline(self, tag: Tag, text: str) -> str:
        if tag.hidden and self._hides:
            return self._hidden(tag)
        self._elements.point(tag)
        return "" if tag.muted else text

    def _break(self, _: Tag, text: str) -> str:
        self._lines.break_line()
        return text

    def _rule(self, tag: Tag, text: str) -> str:
        self._lines.end()
        self._elements.point(tag)
        self._lines.put(_RULE)
        return text

    def _list(self, tag: Tag, text: str) -> str:
        lines = self._lines
        lines.end()
        if tag.closes:
            del self._numbers[-1:]
            lines.bullet = ""
        elif tag.hidden and self._hides:
            return self._hidden(tag)
        else:
            self._numbers.append(int(tag.value or 1) - 1 if tag.name == "ol" else -1)
        return text

    def _item(self, tag: Tag, text: str) -> str:
        lines = self._lines
        lines.end()
        if tag.closes:
            return text
        if tag.hidden and self._hides:
            return self._hidden(tag)
        bullet = "- "
        if self._numbers and self._numbers[-1] >= 0:
            self._numbers[-1] += 1
            bullet = f"{self._numbers[-1]}. "
        lines.bullet = "  " * min(max(len(self._numbers) - 1, 0), _INDENTS_CAP) + bullet
        return text

    def _anchor(self, tag: Tag, text: str) -> str:
        self._link.close()
        if tag.special:
            if tag.hidden and self._hides:
                return self._hidden(tag)
            self._elements.point(tag)
        if tag.value:
            self._link.open(tag.value)
        return text

    def _image(self, tag: Tag, text: str) -> str:
        if tag.value:
            self._lines.parts.append(tag.value)
        return text

    # By what a tag does; a walk that holds its own methods is a circle, left to the garbage collector.
    _DOES: ClassVar[tuple[Callable[["Walk", Tag, str], str] | None, ...]] = (
        None, _block, _break, _rule, _cell, _row, _table, _list,
        _item, _anchor, _image, _written, _markup, _raw, _unfinished,
        _inline,
    )  # fmt: skip
