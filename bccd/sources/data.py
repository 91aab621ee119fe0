"""The octets between DATA and its final dot, taken in pieces of any size (RFC 5321 4.5.2).

The mail ends at CRLF.CRLF and nowhere else. A dot that stands alone between other line ends is an attempt to
make two servers disagree about the end (SMTP smuggling), and is refused.
"""

import re
from collections.abc import Callable
from pathlib import Path

from bccd.mail.headers import has_bare_line_ends
from bccd.model.reply import BARE_LINE_ENDS
from bccd.sources.kept import DRAIN, Kept
from bccd.sources.replies import FAR_TOO_BIG
from bccd.sources.room import Room
from bccd.sources.stream import ClosingError

_DOT = b"\r\n."
_END = b"\r\n.\r\n"
_CONTEXT = 2  # octets already taken that a dot's meaning depends on
_LONE_DOT = re.compile(rb"[\r\n]\.[\r\n]")


class Body(Kept):
    """Collects one mail; `feed` it until it returns what the peer sent after the end."""

    def __init__(self, limit: int, tmp_dir: Path, hand_on: Callable[[bytes], None], room: Room) -> None:
        super().__init__(limit, tmp_dir, hand_on, room)
        self._held = b"\r\n"  # context and undecided octets; the first line begins after a virtual CRLF

    def feed(self, piece: bytes) -> bytes | None:
        """Take octets; return None while the mail goes on, and at its end whatever follows it.

        Raises ClosingError at a lone dot, and once DRAIN times the size limit has come.
        """
        self.received += len(piece)
        piece = self._held + piece
        # In nearly all mail the first line with a dot is the last: one search tells all there is to know.
        dot = piece.find(_DOT)
        end = piece.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self._take(piece[: end + 2], stuffed=dot < end)
            return piece[end + len(_END) :]
        if self.received > DRAIN * self._limit:
            raise ClosingError(FAR_TOO_BIG)
        # A dot, or a CR after it, means nothing before the next octet is here.
        held = 2 if piece.endswith(b".\r") else piece.endswith((b".", b"\r"))
        cut = max(len(piece) - held, _CONTEXT)
        self._take(piece[:cut], stuffed=dot >= 0)
        self._held = piece[cut - _CONTEXT :]
        return None

    def _take(self, wire: bytes, *, stuffed: bool) -> None:
        """Check, unstuff where a dot begins a line, and keep octets that follow two octets of context."""
        odd = has_bare_line_ends(wire)
        if odd and _LONE_DOT.search(wire):  # between pairs a lone dot is the end, which was looked for
            raise ClosingError(BARE_LINE_ENDS)
        text = (wire.replace(_DOT, b"\r\n") if stuffed else wire)[_CONTEXT:]
        if text:
            self.add(text, odd=odd)
