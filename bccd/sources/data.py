"""The octets between DATA and its final dot, taken in pieces of any size (RFC 5321 4.5.2).

Memory is bounded whatever the peer sends: MEMORY octets of the mail, MAX_HEADER of its header section, one
piece. What is kept is handed on as well, each octet once, for signatures to be checked while it comes in.
The mail ends at CRLF.CRLF and nowhere else. A dot that stands alone between other line ends is an attempt to
make two servers disagree about the end (SMTP smuggling), and a bare CR, LF or NUL in the header section makes
two parsers disagree about its fields; both are refused. A bare LF further down is a fact of life: kept, and
noted.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from bccd.mail.headers import has_bare_line_ends
from bccd.model.envelope import Raw
from bccd.model.reply import BAD_HEADER, BARE_LINE_ENDS, TOO_BIG, Reply
from bccd.sources.replies import FAR_TOO_BIG
from bccd.sources.stream import ClosingError

MEMORY = 256 * 1024
MAX_HEADER = 256 * 1024
PIECE = 64 * 1024  # octets: as much is handed on at a time
DRAIN = 2  # times the size limit is read before the connection is closed
_END = b"\r\n.\r\n"
_BLANK = b"\r\n\r\n"
_CONTEXT = 2  # octets already taken that a dot's meaning depends on
_LONE_DOT = re.compile(rb"[\r\n]\.[\r\n]")


class Body:
    """Collects one mail; `feed` it until it returns what the peer sent after the end."""

    def __init__(self, limit: int, tmp_dir: Path, hand_on: Callable[[bytes], None]) -> None:
        self._limit = limit
        self._hand_on = hand_on
        self._tmp_dir = tmp_dir
        self._held = b"\r\n"  # context and undecided octets; the first line begins after a virtual CRLF
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._header = bytearray(b"\r\n")
        self._header_size: int | None = None
        self._hash = hashlib.sha256()
        self._defects: dict[str, None] = {}
        self.received = 0
        self.size = 0
        self.failure: OSError | None = None

    def feed(self, piece: bytes) -> bytes | None:
        """Take octets; return None while the mail goes on, and at its end whatever follows it.

        Raises ClosingError at a lone dot, and once DRAIN times the size limit has come.
        """
        self.received += len(piece)
        piece = self._held + piece
        end = piece.find(_END)
        if end >= 0:
            self._take(piece[: end + 2])
            return piece[end + len(_END) :]
        if self.received > DRAIN * self._limit:
            raise ClosingError(FAR_TOO_BIG)
        # A dot, or a CR after it, means nothing before the next octet is here.
        held = 2 if piece.endswith(b".\r") else piece.endswith((b".", b"\r"))
        cut = max(len(piece) - held, _CONTEXT)
        self._take(piece[:cut])
        self._held = piece[cut - _CONTEXT :]
        return None

    def _take(self, wire: bytes) -> None:
        """Check, unstuff and keep octets that follow two octets of context."""
        odd = has_bare_line_ends(wire)
        if odd and _LONE_DOT.search(wire):  # between pairs a lone dot is the end, which was looked for
            raise ClosingError(BARE_LINE_ENDS)
        text = wire.replace(b"\r\n.", b"\r\n")[_CONTEXT:]
        if not text:
            return
        if odd:
            self._note_defects(text)
        self.size += len(text)
        if self._header_size is None:
            self._collect_header(text)
        if self.size > self._limit or self.failure is not None:
            self.discard()
            return
        self._hash.update(text)
        try:
            self._keep(text)
        except OSError as error:  # the rest is read all the same, so that the peer hears of it
            self.failure = error
            self.discard()
            return
        if len(text) <= PIECE:
            self._hand_on(text)
            return
        for start in range(0, len(text), PIECE):
            self._hand_on(text[start : start + PIECE])

    def _note_defects(self, text: bytes) -> None:
        pairs = text.count(b"\r\n")  # no pair is cut in two: a CR at the end of a piece is held back
        if text.count(b"\n") != pairs:
            self._defects["bare_lf"] = None
        if text.count(b"\r") != pairs:
            self._defects["bare_cr"] = None

    def _collect_header(self, text: bytes) -> None:
        start = max(len(self._header) - len(_BLANK), 0)
        self._header += text[: MAX_HEADER + len(_BLANK)]
        end = self._header.find(_BLANK, start)
        if end >= 0:
            del self._header[end + 2 :]
            self._header_size = end
        elif len(self._header) > MAX_HEADER + len(_BLANK):
            self._header_size = len(self._header)

    def _keep(self, text: bytes) -> None:
        if self._file is None:
            self._memory += text
            if len(self._memory) <= MEMORY:
                return
            # The spool may take the file over by renaming it, so it has a name and is not deleted by itself.
            self._file = tempfile.NamedTemporaryFile(dir=self._tmp_dir, prefix="data-", delete=False)  # noqa: SIM115
            self._path = Path(self._file.name)
            text = bytes(self._memory)
            self._memory.clear()
        self._file.write(text)

    def discard(self) -> None:
        """Forget the octets and remove their file."""
        self._memory.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def refusal(self) -> Reply | None:
        """Return why the complete mail cannot be taken, if so."""
        if self.size > self._limit:
            return TOO_BIG
        header = bytes(self._header)
        if len(header) > MAX_HEADER + _CONTEXT or b"\0" in header:
            return BAD_HEADER
        return BAD_HEADER if self._defects and has_bare_line_ends(header) else None

    def raw(self) -> Raw:
        """Return the complete mail, its octets unless discarded; its file is the caller's from now on."""
        header = bytes(self._header[_CONTEXT : MAX_HEADER + _CONTEXT])
        if self._file is None:
            return Raw(self._hash.digest(), self.size, header, bytes(self._memory))
        self._file.close()
        self._file = None
        path, self._path = self._path, None
        return Raw(self._hash.digest(), self.size, header, path=path)

    @property
    def defects(self) -> tuple[str, ...]:
        """What is odd about the line ends."""
        return tuple(self._defects)
