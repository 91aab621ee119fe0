"""HTML written anew in good order, with what is allowed of it: the first half of sanitising."""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from html.entities import html5
from typing import NamedTuple

from bccd.mail.markup.nesting import Moved, all_closed, closed, holds_text, opened
from bccd.mail.markup.pieces import Kind, Piece, piece_of
from bccd.mail.markup.runs import LONGEST
from bccd.mail.markup.skip import Source
from bccd.mail.markup.tags import WHOLE, Does, repeats

_DEPTH_CAP = 500
_DISTINCT_CAP = 10_000  # tags
_KNOWN_DEPTH = 40
_KNOWN_PLACES = 1_000
_KNOWN_STEPS = 10_000

_SPACES = " \t\n\f"
_UNSURE, _NO_TEXT = 1, 2  # a parser may read it otherwise; or it may if text follows
_LOOSE = re.compile(
    r"&(?!amp;|nbsp;|lt;|gt;)(?:[a-zA-Z][a-zA-Z0-9]{1,31};|#\d{1,6};|#[xX][0-9a-fA-F]{1,5};|(?=[\s&]|\Z))"
)
_ODD_AND = re.compile(r"&(?!amp;|nbsp;|lt;|gt;|quot;)")
_WRITTEN = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", 0xA0: "&nbsp;"}
# Code points to which a reference is what it says: no controls, surrogates or non-characters. Nor a line end,
# which written as itself would be one with a CR before it.
_PLAIN = (
    *(range(0x9, 0xA), range(0x20, 0x7F), range(0xA0, 0xD800), range(0xE000, 0xFDD0)),
    *(range(0xFDF0, 0xFFFE), range(0x10000, 0x1FFFE)),
)


class Rewritten(NamedTuple):
    """HTML in good order."""

    html: str
    sure: bool  # every parser reads it as it stands, and would write it like this


_Step = tuple["_Place", str, int]


class _Place(dict[str, _Step]):
    """Which elements are open, and what tags do here: where they lead, what is written, what to mind.

    The keys are single tags, from their name through their ">", and runs of them from "<" through ">".
    """

    __slots__ = ("names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names


class _Places:
    """The places known so far: clients nest their elements in few ways, so most tags are one look-up."""

    __slots__ = ("_depth", "_known", "_steps")

    def __init__(self, depth: int) -> None:
        self._depth = depth  # deeper places are not kept
        self._known: dict[tuple[str, ...], _Place] = {}
        self._steps = 0

    def at(self, names: tuple[str, ...]) -> _Place:
        """Return the place where these elements are open."""
        place = self._known.get(names)
        if place is None:
            place = _Place(names)
            if len(names) <= self._depth:
                if len(self._known) >= _KNOWN_PLACES:
                    self.forget()
                self._known[names] = place
        return place

    def learn(self, place: _Place, tags: str, step: _Step) -> None:
        """Keep what a tag, or a run of tags, does at a place."""
        if max(len(place.names), len(step[0].names)) <= self._depth:
            if self._steps >= _KNOWN_STEPS:
                self.forget()
            self._steps += 1
            place[tags] = step

    def forget(self) -> None:
        """Know nothing any more."""
        for place in self._known.values():
            place.clear()  # places lead to each other in circles
        self._known.clear()
        self._steps = 0


_PLACES = _Places(_KNOWN_DEPTH)  # from mail to mail


class Rewriting:
    """One pass over HTML."""

    __slots__ = ("_hostile", "_out", "_parts", "_pieces", "_places", "_source", "_sure", "blocked")

    def __init__(self, html: str, parts: Mapping[str, str]) -> None:
        self._source = Source(html)
        self._parts = parts
        self._pieces: dict[str, Piece] = {}
        # Where there are so many tags, it is counted how many of them differ.
        self._places = _PLACES if self._source.tags_at_most(_DISTINCT_CAP) else _Places(_DEPTH_CAP)
        first = self._source.first
        self._out: list[str] = [_settled(first) if "&" in first or ">" in first else first]
        self._sure = True
        self._hostile = False
        self.blocked = 0

    def run(self) -> Rewritten | None:
        """Return the HTML; None if it nests too deep or has too many attributes or tags."""
        written = self._run()
        if self._places is not _PLACES:
            self._places.forget()
        return written

    def _run(self) -> Rewritten | None:
        put, sure = self._out.append, True
        place = self._places.at(())
        for run, behind in self._source.runs:
            step, text = place.get(run), behind
            if step is None:
                step, text = self._closely(place, run, behind)
                if self._hostile:
                    return None
            place, written, care = step
            put(written)
            if text:
                if care == _NO_TEXT and text.strip(_SPACES):
                    sure = False
                put(_settled(text) if "&" in text or ">" in text else text)
            if care == _UNSURE:
                sure = False
        put(all_closed(place.names))
        return self._written(sure=sure)

    def _closely(self, place: _Place, run: str, text: str) -> tuple[_Step, str]:
        """Read a run of tags one by one; returns what it does here, and the text behind it."""
        source, start, known = self._source, place, True
        source.enter(run, text)
        out: list[str] = []
        unsure, care, text = False, 0, ""
        while not self._hostile and (chunk := next(source.chunks, None)) is not None:
            if text:
                unsure = unsure or (care == _NO_TEXT and bool(text.strip(_SPACES)))
                out.append(_settled(text) if "&" in text or ">" in text else text)
            step, text = place.get(chunk), ""
            if step is None:
                inside, end, text = chunk.partition(">")
                step = place.get(f"{inside}>") if end and text else None
                if step is None:
                    step, text, lasts = self._read(place, inside, end, text)
                    known = known and lasts
            place, written, care = step
            out.append(written)
            if care == _UNSURE:
                unsure = True
        step = (place, "".join(out), _UNSURE if unsure else care)
        if known and len(run) <= LONGEST and not self._hostile:
            self._places.learn(start, run, step)
        return step, text

    def _read(self, place: _Place, inside: str, end: str, text: str) -> tuple[_Step, str, bool]:
        """Read a tag not known here; returns the text behind it, too, and whether the step may be kept."""
        found = self._piece(inside)
        odd = not end or found.kind is Kind.ODD
        piece, text = self._odd(found, f"{inside}{end}{text}", closed=bool(end)) if odd else (found, text)
        if piece is None:
            return (place, "", self._care(place.names)), text, False
        self.blocked += piece.blocked
        moved = _moved(place.names, piece)
        self._hostile = self._hostile or len(moved.names) > _DEPTH_CAP
        care = _UNSURE if not moved.sure else self._care(moved.names)
        places = self._places
        if places is _PLACES and len(moved.names) > _KNOWN_DEPTH:
            self._places = _Places(_DEPTH_CAP)  # of this page alone
        step = (self._places.at(moved.names), moved.written, care)
        lasts = places is self._places and not (odd or piece.blocked or piece.picture or self._hostile)
        if lasts and repeats(inside):
            places.learn(place, f"{inside}>", step)
        return step, text, lasts

    @staticmethod
    def _care(names: tuple[str, ...]) -> int:
        return 0 if holds_text(names) else _NO_TEXT

    def _piece(self, inside: str) -> Piece:
        piece = self._pieces.get(inside)
        if piece is None:
            piece = piece_of(inside)
            if piece.picture in self._parts:
                part = f' data-part="{escape(self._parts[piece.picture])}">'
                piece = piece._replace(written=piece.written.removesuffix(">") + part)
            self._pieces[inside] = piece
            self._hostile = self._hostile or piece.hostile or len(self._pieces) > _DISTINCT_CAP
        return piece

    def _odd(self, piece: Piece, chunk: str, *, closed: bool) -> tuple[Piece | None, str]:
        """Read what is no plain tag; returns what it is if it is one, and the text behind it."""
        source, odd = self._source, piece.odd
        if odd is Does.TEXT or not (closed or piece.name):
            return None, f"&lt;{chunk}"
        source.locate()
        if odd is Does.MARKUP:
            return None, source.skip_markup()
        if odd is Does.RAW:
            return None, source.skip_raw(piece.name)
        match = WHOLE.match(source.html, source.at + 1)
        end = match.end() if match else len(source.html)
        piece = self._piece(source.html[source.at + 1 : end].removesuffix(">"))
        return (None if piece.kind is Kind.ODD else piece), source.skip_to(end)

    def _written(self, *, sure: bool) -> Rewritten:
        written = "".join(self._out)
        odd = "\r" in written or "\0" in written or _ODD_AND.search(written) is not None
        return Rewritten(written.replace("\xa0", "&nbsp;"), sure and not odd and written[:1] != "\ufeff")


def _moved(names: tuple[str, ...], piece: Piece) -> Moved:
    moved = None
    if piece.kind is Kind.CLOSES:
        moved = closed(names, piece.name)
    elif piece.kind is not Kind.DROPPED:
        moved = opened(names, piece.name, piece.written, void=piece.kind is Kind.EMPTY)
    return moved or Moved(names, "", sure=True)


def _settled(text: str) -> str:
    """Return text with its references as they are written in good order; what is odd about one stays."""
    text = text.replace(">", "&gt;")
    return _LOOSE.sub(lambda match: _character(match[0]), text) if "&" in text else text


@lru_cache(maxsize=512)
def _character(reference: str) -> str:
    if reference == "&":
        return "&amp;"
    if reference[1] != "#":
        found = html5.get(reference[1:], reference).replace("\n", reference)
    else:
        number = int(reference[3:-1], 16) if reference[2] in "xX" else int(reference[2:-1])
        found = chr(number) if any(number in span for span in _PLAIN) else reference
    return found if found == reference else found.translate(_WRITTEN)
