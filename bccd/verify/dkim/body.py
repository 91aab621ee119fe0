"""The body of a mail, canonical and hashed while it arrives (RFC 6376 3.4.3, 3.4.4).

Work and memory go with the piece at hand, whatever came before: empty lines, which count only where something
follows them, are hashed at once, beside a copy of the hash as it was before them.
"""

import hashlib

from bccd.verify.dkim.spaces import collapse

_CRLF = b"\r\n"


class SimpleBody:
    """The hash of a body in which only the empty lines at its end are ignored."""

    def __init__(self) -> None:
        self._all = hashlib.sha256()  # of everything so far
        # Of everything before the empty lines at the end, and before the CRLF of the last line that is not
        # empty; None where the last octet belongs to a line that goes on.
        self._before: hashlib._Hash | None = self._all.copy()
        self._empty = True
        self._held = b""  # a CR whose LF may come, and what else cannot be told yet

    def feed(self, piece: bytes) -> None:
        """Take the next octets, in pieces of any size."""
        if self._held:
            piece = self._held + piece
            self._held = b""
        if piece.endswith(b"\r"):
            self._held = b"\r"
            piece = piece[:-1]
        self._take(piece)

    def _take(self, piece: bytes) -> None:
        """Hash canonical octets that do not end in a CR."""
        ends = _line_ends(piece)
        if ends < len(piece):
            self._all.update(memoryview(piece)[: len(piece) - ends])
            self._before = None
            self._empty = False
        if ends:
            if self._before is None:
                self._before = self._all.copy()
            self._all.update(memoryview(piece)[len(piece) - ends :])

    def digest(self) -> bytes:
        """Return the hash of all that was fed; the last call."""
        if self._held:
            self._take_last(self._held)
            self._held = b""
        total = self._all if self._before is None else self._before
        if not self._empty or self._empty_is_a_line:
            total.update(_CRLF)
        return total.digest()

    _empty_is_a_line = True

    def _take_last(self, held: bytes) -> None:
        self._all.update(held)
        self._before = None
        self._empty = False


class RelaxedBody(SimpleBody):
    """The hash of a body in which white space is one blank as well, and none at the end of a line."""

    _empty_is_a_line = False

    def feed(self, piece: bytes) -> None:
        """Take the next octets, in pieces of any size."""
        if self._held:
            piece = self._held + piece
            self._held = b""
        if b" " in piece or b"\t" in piece:
            piece = _reduced(piece)
        if piece.endswith((b" ", b"\r")):
            held = 2 if piece.endswith(b" \r") else 1
            self._held = piece[-held:]
            piece = piece[:-held]
        self._take(piece)

    def _take_last(self, held: bytes) -> None:
        if held != b" ":
            super()._take_last(held)


def _reduced(piece: bytes) -> bytes:
    """Make each run of white space one blank, and none before CRLF."""
    piece = collapse(piece)
    return piece.replace(b" \r\n", _CRLF) if b" \r\n" in piece else piece


def _line_ends(piece: bytes) -> int:
    """Return how many octets at the end are CRLFs."""
    if not piece.endswith(_CRLF):
        return 0
    tail = piece[len(piece.rstrip(_CRLF)) :]
    # Bare CRs and LFs may stand between: only the pairs behind the last of them count.
    odd = max(tail.rfind(b"\r\r"), tail.rfind(b"\n\n"))
    pairs = tail[odd + 1 :]
    return len(pairs) - pairs.startswith(b"\n")
