"""HTML written anew in good order, with what is allowed of it: the first half of sanitising."""

from collections.abc import Mapping
from html import escape

from bccd.mail.markup.pieces import ENDS_ITSELF, OF_TABLE, SCOPES, Kind, Piece, piece_of
from bccd.mail.markup.skip import Source
from bccd.mail.markup.tags import WHOLE, Does

_DEPTH_CAP = 500
_DISTINCT_CAP = 10_000  # tags


class Rewriting:
    """One pass over HTML."""

    __slots__ = (
        "_hostile", "_open", "_out", "_parts", "_pieces", "_scopes", "_source", "blocked",
    )  # fmt: skip

    def __init__(self, html: str, parts: Mapping[str, str]) -> None:
        self._source = Source(html)
        self._parts = parts
        self._pieces: dict[str, Piece] = {}
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
            kind, name, written, blocked = piece[:4]
            if kind is Kind.ODD or not closed:
                source.at, source.after = at, at + len(chunk) + 1
                text = self._odd(piece, chunk, closed=bool(closed))
                at = source.after
            else:
                at += len(chunk) + 1
                self.blocked += blocked
                # Most tags open an element, or close the last that was opened.
                if kind is Kind.OPENS:
                    out.append(written)
                    opened.append(name)
                elif kind is Kind.CLOSES and opened and opened[-1] == name:
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

    def _new_piece(self, inside: str) -> Piece:
        piece = piece_of(inside)
        if piece.picture in self._parts:
            part = f' data-part="{escape(self._parts[piece.picture])}">'
            piece = piece._replace(written=piece.written.removesuffix(">") + part)
        self._pieces[inside] = piece
        self._hostile = self._hostile or piece.hostile or len(self._pieces) > _DISTINCT_CAP
        return piece

    def _odd(self, piece: Piece, chunk: str, *, closed: bool) -> str:
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
        piece = self._new_piece(source.html[source.at + 1 : end].removesuffix(">"))
        self.blocked += piece.blocked
        if piece.kind not in {Kind.ODD, Kind.DROPPED}:
            self._write(piece)
        return source.skip_to(end)

    def _write(self, piece: Piece) -> None:
        name, kind = piece.name, piece.kind
        if kind is Kind.SCOPED and self._open and self._open[-1] == name:
            self._close_to(len(self._open) - 1)
        elif kind in {Kind.SCOPED, Kind.CLOSES}:
            self._close(name)
        elif kind is not Kind.PLACED or self._make_room(name):
            self._out.append(piece.written)
            if kind is not Kind.EMPTY:
                self._open.append(name)
                if name in SCOPES:
                    self._scopes.append(len(self._open))

    def _make_room(self, name: str) -> bool:
        """End the elements that one of this name ends; tell whether it has a place at all."""
        opened, around = self._open, OF_TABLE.get(name)
        if around:
            if opened and opened[-1] in around:
                return True
            at = self._last("table", 0)
            if at < 0:
                return False
            top = next((i for i in range(len(opened) - 1, at - 1, -1) if opened[i] in around), at)
            self._close_to(top + 1)
        elif name in ENDS_ITSELF:
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
        if name in SCOPES:
            start = 0
        elif name in OF_TABLE:
            start = max(self._last("table", 0), 0)
        else:
            start = self._scopes[-1]
        at = self._last(name, start)
        if at >= 0 and (name not in OF_TABLE or at >= self._last("table", 0)):
            self._close_to(at)

    def _close_to(self, count: int) -> None:
        while len(self._open) > count:
            name = self._open.pop()
            if name in SCOPES:
                self._scopes.pop()
            self._out.append(f"</{name}>")
