"""A mail while it comes in: what is kept of it, in bounded memory whatever the peer sends.

MEMORY octets of the mail, or its header section and a file, and one piece; of a mail that is refused for the
length of its header section, next to nothing. What is kept is handed on as well,
each octet once, for signatures to be checked while it comes in. A bare CR, LF or NUL in the header section
makes two parsers disagree about its fields, and is refused; a bare LF further down is a fact of life: kept,
and noted.
"""

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from bccd.mail.headers import has_bare_line_ends
from bccd.model.envelope import Raw
from bccd.model.reply import BAD_HEADER, TOO_BIG, Reply
from bccd.sources.replies import NO_ROOM_NOW
from bccd.sources.room import Room

MEMORY = 256 * 1024
MAX_HEADER = 256 * 1024
PIECE = 64 * 1024  # octets: as much is handed on at a time
DRAIN = 2  # times the size limit is read before the connection is closed
_GLIMPSE = 16 * 1024  # octets of an endless header section that are kept, for the journal
_BLANK = b"\r\n\r\n"
_ENOUGH = max(MEMORY, MAX_HEADER + len(_BLANK))  # where a header section still has not ended, it is too long


class Kept:
    """Collects the octets of one mail; whoever knows where they end adds them."""

    def __init__(self, limit: int, tmp_dir: Path, hand_on: Callable[[bytes], None], room: Room) -> None:
        self._limit = limit
        self._hand_on = hand_on
        self._tmp_dir = tmp_dir
        self._room = room
        self._booked = 0
        self._memory = bytearray()
        self._data: bytes | None = None  # instead of the above, once the mail is complete
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._header_end: int | None = None
        self._header: bytes | None = None  # once it is not in memory
        self._hash = hashlib.sha256()
        self._defects: dict[str, None] = {}
        self.received = 0
        self.size = 0
        self.failure: OSError | None = None
        self._crowded = False
        self._endless = False  # the header section, which is the reason to refuse the mail

    def add(self, text: bytes, *, odd: bool) -> None:
        """Keep octets of the mail; `odd` where a bare CR or LF is among them; no CRLF may be cut in two.

        The rest of a mail that cannot be kept is to be read all the same, so that the peer hears of it.
        """
        if odd:
            self._note_defects(text)
        self.size += len(text)
        if self.size > self._limit or self._crowded or self._endless or self.failure is not None:
            self.discard()
            return
        if not self._room.take(len(text), filed=self._file is not None):
            self._crowded = True
            self.discard()
            return
        self._booked += len(text)
        self._hash.update(text)
        try:
            self._keep(text)
        except OSError as error:
            self.failure = error
            self.discard()
            return
        if len(text) <= PIECE:
            self._hand_on(text)
            return
        for start in range(0, len(text), PIECE):
            self._hand_on(text[start : start + PIECE])

    def _note_defects(self, text: bytes) -> None:
        pairs = text.count(b"\r\n")
        if text.count(b"\n") != pairs:
            self._defects["bare_lf"] = None
        if text.count(b"\r") != pairs:
            self._defects["bare_cr"] = None

    def _keep(self, text: bytes) -> None:
        if self._file is None:
            sought = max(len(self._memory) - len(_BLANK) + 1, 0)
            self._memory += text
            if self._header_end is None:
                self._find_header(sought)
            if len(self._memory) <= (_ENOUGH if self._header_end is None else MEMORY):
                return
            if self._header_end is None or self._header_end > MAX_HEADER:
                self._endless = True
                self._header = bytes(self._memory[:_GLIMPSE])
                self.discard()
                return
            # The spool may take the file over by renaming it, so it has a name and is not deleted by itself.
            self._file = tempfile.NamedTemporaryFile(dir=self._tmp_dir, prefix="data-", delete=False)  # noqa: SIM115
            self._path = Path(self._file.name)
            self._header = self._header_in(self._memory)
            text = bytes(self._memory)
            self._memory = bytearray()
        self._file.write(text)

    def _find_header(self, sought: int) -> None:
        if self._memory.startswith(b"\r\n"):
            self._header_end = 0
        elif (end := self._memory.find(_BLANK, sought)) >= 0:
            self._header_end = end + 2

    def _header_in(self, octets: bytes | bytearray) -> bytes:
        """Return the header section with its line ends, one octet more than allowed where it is too long."""
        end = MAX_HEADER + 1 if self._header_end is None else min(self._header_end, MAX_HEADER + 1)
        return bytes(octets[:end])

    def discard(self) -> None:
        """Forget the octets but for the header section, and remove their file."""
        if self._header is None:
            self._header = self._header_in(self._memory)
        self._memory = bytearray()
        self._data = None
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):  # what could not be written is tried again, and nobody wants it any more
                file.close()
        if self._path is not None:
            path, self._path = self._path, None
            with suppress(OSError):  # swept at the next start
                path.unlink(missing_ok=True)
        self._room.give_back(self._booked)
        self._booked = 0

    def refusal(self) -> Reply | None:
        """Return why the mail, as far as it has come, cannot be taken, if so."""
        if self.size > self._limit:
            return TOO_BIG
        if self._crowded:
            return NO_ROOM_NOW
        if self._endless:
            return BAD_HEADER
        header = self._memory if self._header is None else self._header
        end = len(header) if self._header_end is None else self._header_end
        if end > MAX_HEADER:
            return BAD_HEADER
        if b"\0" in header[:end] or (self._defects and has_bare_line_ends(bytes(header[:end]))):
            return BAD_HEADER
        return None

    def raw(self) -> Raw:
        """Return the complete mail, its octets unless discarded; its file is the caller's from now on."""
        if self._file is not None:
            self._file.close()
            self._file = None
        path, self._path = self._path, None
        if self._header is None:
            if self._data is None:
                self._data = bytes(self._memory)
            self._header = self._header_in(self._data)
            self._memory = bytearray()
        data = b"" if self._data is None else self._data
        return Raw(self._hash.digest(), self.size, self._header[:MAX_HEADER], data, path=path)

    @property
    def defects(self) -> tuple[str, ...]:
        """What is odd about the line ends."""
        return tuple(self._defects)
