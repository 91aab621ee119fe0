"""HTML written anew in good order, with what is allowed of it: the first half of sanitising."""

import re
from collections.abc import Mapping
from enum import IntEnum, unique
from html import escape, unescape
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from bccd.mail.markup.allowed import ATTRIBUTES, HREF, TAGS, style_of
from bccd.mail.markup.skip import Source
from bccd.mail.markup.tags import VOID, WHOLE, Does, has_open_quote, tag_of

_DEPTH_CAP = 500
_ATTRIBUTES_CAP = 2_000
_DISTINCT_CAP = 10_000  # tags
_ATTRIBUTES_LONG = 2 * _ATTRIBUTES_CAP  # characters that so many take at least

_NAME = re.compile(r"(/?)([a-zA-Z][^\s/>]*+)[\s/]*+")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_REMOTE = re.compile(r"background[^;]{0,40}(?:url|=)", re.IGNORECASE)
# An element of these names ends an open paragraph (HTML, 13.2.6.4.7).
_BLOCK_NAMES = """
    address article aside blockquote center div dl figcaption figure footer h1 h2 h3 h4 h5 h6 header
    hr main nav ol p pre section table ul
"""
_ENDS_P = frozenset(_BLOCK_NAMES.split())
_SCOPES = frozenset({"table", "td", "th", "ul", "ol", "caption"})  # inside, nothing outside is closed
_OF_TABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("td", "th"), frozenset({"tr", "tbody", "thead", "tfoot", "table"})),
    "tr": frozenset({"tbody", "thead", "tfoot", "table"}),
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption", "col", "colgroup"), frozenset({"table"})),
}
_ENDS_ITSELF = frozenset({"li", "dt", "dd", "a"})
_PLACED = (_ENDS_P | _ENDS_ITSELF | _OF_TABLE.keys()) - {"hr", "col"}


@unique
class _Kind(IntEnum):
    """How a tag is written."""

    DROPPED = 0
    OPENS = 1
    CLOSES = 2
    EMPTY = 3  # has no end
    PLACED = 4  # opens, and may end other elements or have no place
    SCOPED = 5  # closes what is a scope of its own, or part of a table
    ODD = 6  # a comment, a script, or no tag at all


class _Piece(NamedTuple):
    """A tag as it is written: "" for what is dropped."""

    kind: _Kind
    name: str = ""
    written: str = ""
    blocked: int = 0
    odd: Does = Does.NOTHING


class Rewriting:
    """One pass over HTML."""

    __slots__ = (
        "_hostile", "_open", "_out", "_parts", "_pieces", "_scopes", "_source", "_styles", "blocked",
    )  # fmt: skip

    def __init__(self, html: str, parts: Mapping[str, str]) -> None:
        self._source = Source(html)
        self._parts = parts
        self._pieces: dict[str, _Piece] = {}
        self._styles: dict[str, tuple[str, bool]] = {}
        self._out: list[str] = []
        self._open: list[str] = []  # names of the open elements
        self._scopes: list[int] = [0]  # how many are open outside of each scope
        self._hostile = False
        self.blocked = 0

    def run(self) -> str | None:
        """Return the HTML; None if it nests too deep or has too many attributes or tags."""
        source, out, pieces, opened = self._source, self._out, self._pieces, self._open
        out.append(source.first)
        at = source.after
        for chunk in source.chunks:
            inside, closed, text = chunk.partition(">")
            piece = pieces.get(inside) or self._new_piece(inside)
            kind, name, written, blocked, _ = piece
            if kind is _Kind.ODD or not closed:
                source.at, source.after = at, at + len(chunk) + 1
                text = self._odd(piece, chunk, closed=bool(closed))
                at = source.after
            else:
                at += len(chunk) + 1
                self.blocked += blocked
                # Most tags open an element, or close the last that was opened.
                if kind is _Kind.OPENS:
                    out.append(written)
                    opened.append(name)
                elif kind is _Kind.CLOSES and opened and opened[-1] == name:
                    del opened[-1]
                    out.append(written)
                elif kind:
                    self._write(piece)
            if text:
                out.append(text)
            if self._hostile or len(opened) > _DEPTH_CAP:
                return None
        self._close_to(0)
        return "".join(out).replace("&nbsp;", "\xa0")

    def _new_piece(self, inside: str) -> _Piece:
        piece = self._pieces[inside] = self._piece(inside)
        self._hostile = self._hostile or len(self._pieces) > _DISTINCT_CAP
        return piece

    def _odd(self, piece: _Piece, chunk: str, *, closed: bool) -> str:
        """Read what is no plain tag; return the text behind it."""
        source, odd = self._source, piece.odd
        if odd is Does.TEXT or not (closed or piece.name):
            return f"&lt;{chunk}"
        if odd is Does.MARKUP:
            return source.skip_markup()
        if odd is Does.RAW:
            return source.skip_raw(piece.name)
        match = WHOLE.match(source.html, source.at + 1)
        end = match.end() if match else len(source.html)
        piece = self._piece(source.html[source.at + 1 : end].removesuffix(">"))
        self.blocked += piece.blocked
        if piece.kind not in {_Kind.ODD, _Kind.DROPPED}:
            self._write(piece)
        return source.skip_to(end)

    def _write(self, piece: _Piece) -> None:
        name, kind = piece.name, piece.kind
        if kind is _Kind.SCOPED and self._open and self._open[-1] == name:
            self._close_to(len(self._open) - 1)
        elif kind in {_Kind.SCOPED, _Kind.CLOSES}:
            self._close(name)
        elif kind is not _Kind.PLACED or self._make_room(name):
            self._out.append(piece.written)
            if kind is not _Kind.EMPTY:
                self._open.append(name)
                if name in _SCOPES:
                    self._scopes.append(len(self._open))

    def _make_room(self, name: str) -> bool:
        """End the elements that one of this name ends; tell whether it has a place at all."""
        opened, around = self._open, _OF_TABLE.get(name)
        if around:
            if opened and opened[-1] in around:
                return True
            at = self._last("table", 0)
            if at < 0:
                return False
            top = next((i for i in range(len(opened) - 1, at - 1, -1) if opened[i] in around), at)
            self._close_to(top + 1)
        elif name in _ENDS_ITSELF:
            if name in opened:
                self._close(name)
        elif "p" in opened:
            self._close("p")
        return True

    def _last(self, name: str, start: int) -> int:
        opened = self._open
        if name not in opened:
            return -1
        return next((i for i in range(len(opened) - 1, start - 1, -1) if opened[i] == name), -1)

    def _close(self, name: str) -> None:
        """End the last open element of a name and those inside it; nothing if its scope has none."""
        if name in _SCOPES:
            start = 0
        elif name in _OF_TABLE:
            start = max(self._last("table", 0), 0)
        else:
            start = self._scopes[-1]
        at = self._last(name, start)
        if at >= 0 and (name not in _OF_TABLE or at >= self._last("table", 0)):
            self._close_to(at)

    def _close_to(self, count: int) -> None:
        while len(self._open) > count:
            name = self._open.pop()
            if name in _SCOPES:
                self._scopes.pop()
            self._out.append(f"</{name}>")

    def _piece(self, inside: str) -> _Piece:
        match = _NAME.match(inside)
        name = match[2].lower() if match else ""
        if match is None or name not in TAGS:
            return self._dropped(inside)
        if match[1]:
            return _Piece(
                _Kind.SCOPED if name in _OF_TABLE or name in _SCOPES else _Kind.CLOSES, name, f"</{name}>"
            )
        rest = inside[match.end() :]
        kind = _Kind.PLACED if name in _PLACED else _Kind.EMPTY if name in VOID else _Kind.OPENS
        if not rest:
            return _Piece(_Kind.DROPPED if name == "img" else kind, name, f"<{name}>")
        if has_open_quote(rest):
            return _Piece(_Kind.ODD, name, odd=Does.UNFINISHED)
        written, blocked = self._attributes_of(name, rest)
        return _Piece(kind if written else _Kind.DROPPED, name, written, blocked)

    def _dropped(self, inside: str) -> _Piece:
        tag = tag_of(inside)
        if tag.does in {Does.TEXT, Does.MARKUP, Does.UNFINISHED} or (tag.does is Does.RAW and not tag.closes):
            return _Piece(_Kind.ODD, tag.name, odd=tag.does)
        if len(inside) > _ATTRIBUTES_LONG:
            self._count(inside)
        # The picture behind a whole mail stands at its <body>.
        blocked = _REMOTE.search(inside) is not None if tag.name == "body" else False
        return _Piece(_Kind.DROPPED, tag.name if tag.known else "", blocked=int(blocked))

    def _count(self, rest: str) -> bool:
        found = islice(_ATTRIBUTE.finditer(rest), _ATTRIBUTES_CAP, None)
        self._hostile = self._hostile or next(found, None) is not None
        return self._hostile

    def _attributes_of(self, element: str, rest: str) -> tuple[str, int]:
        """Return the tag to write, and how much from elsewhere it would have shown."""
        if len(rest) > _ATTRIBUTES_LONG and self._count(rest):
            return "", 0
        allowed = ATTRIBUTES[element]
        kept: dict[str, str] = {}
        blocked = 0
        for written, *values in _ATTRIBUTE.findall(rest):
            name = written.lower()
            if name in kept or name == "data-part" or (name not in allowed and name != "background"):
                continue
            value = unescape("".join(values)).strip()
            if name == "background":
                blocked += 1
            elif name == "style":
                kept["style"], remote = self._style(value)
                blocked += remote
            elif name == "src":
                blocked += self._picture(value, kept)
            elif name != "href" or HREF.match(value):
                kept[name] = value
        return _written(element, kept), blocked

    def _style(self, value: str) -> tuple[str, bool]:
        found = self._styles.get(value)
        if found is None:
            found = self._styles[value] = style_of(value)
        return found

    def _picture(self, value: str, kept: dict[str, str]) -> int:
        """Keep a picture that the mail carries; count one from elsewhere."""
        if value[:4].lower() != "cid:":
            return int(bool(value))
        name = unquote(value[4:])
        kept["src"] = f"cid:{name}"
        if name in self._parts:
            kept["data-part"] = self._parts[name]
        return 0


def _written(element: str, kept: Mapping[str, str]) -> str:
    if element == "img" and "src" not in kept and not kept.get("alt"):
        return ""
    shown = [f'{name}="{_escaped(value)}"' for name, value in kept.items() if value]
    return f"<{' '.join((element, *shown))}>"


def _escaped(value: str) -> str:
    return value if value.isalnum() else escape(value)
