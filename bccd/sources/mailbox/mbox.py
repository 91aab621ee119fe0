"""One mbox file, read mail by mail in bounded memory (RFC 4155, and what programs write instead).

A mail begins at a From_ line at the start of the file or after an empty line. It names a date, or nothing at
all as Thunderbird writes it today, and then a header field follows. All of this is needed: programs that do
not quote "From " in a text leave such lines within mails. Where the first mail's
Content-Length leads to another From_ line or to the end (mboxcl), that field is believed wherever it does; it
may be anybody's invention. Quoted "From " lines lose one ">" (mboxrd).
"""

import re
from collections.abc import Iterator
from typing import Protocol

from bccd.mail.headers import SECTION_CAP
from bccd.sources.mailbox.found import DAY, Found

PIECE = 1024 * 1024  # octets that are read at a time
_LONGEST_LINE = 1_000  # octets of a From_ line
_AHEAD = 2 * _LONGEST_LINE  # what must have been read beyond a From_ line's beginning to know that it is one
_DATED = (
    rb"(?=[^\n]{0,300}?" + DAY + rb"(?:[A-Z][a-z]{2}[ \t]+\d{1,2}|\d{1,2}[ \t]+[A-Z][a-z]{2})[ \t]"
    rb"[^\n]{0,40}\d)"
)
_EMPTY = rb"(?:-[ \t]*)?\r?\n(?=[!-9;-~]{1,100}[ \t]*:)"
_LINE = re.compile(rb"From (?:" + _DATED + rb"[^\n]*(?:\n|\Z)|" + _EMPTY + rb")")
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*+(?=From )")
_MAYBE = b"\nFrom "
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_BARE = re.compile(rb"^From ", re.MULTILINE)
_BLANK = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


class Stream(Protocol):
    """What is read: a file, or what unpacks one."""

    def read(self, size: int, /) -> bytes:
        """Return the next octets, none at the end."""
        ...


def is_mbox(beginning: bytes) -> bool:
    """Tell whether a file that begins so is an mbox with a mail in it."""
    first = _FIRST.match(beginning)
    return first is not None and _LINE.match(beginning, first.end()) is not None


def read_mbox(stream: Stream, start: int, limit: int) -> Iterator[Found]:
    """Yield each mail from an offset at which one begins; `limit` is the most octets that one may have.

    Raises OSError where the file cannot be read. What stands before the first From_ line is passed over. The
    last mail's end is its own beginning: whoever reads on later reads it again, for it may have grown.
    """
    return _Reader(stream, start, limit).mails()


class _Reader:
    """What was read and is not yielded yet: at most a mail of the largest size, and two pieces."""

    def __init__(self, stream: Stream, start: int, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self._held = bytearray()
        self._offset = start  # of the first octet that is held
        self._ended = False
        self._counted: bool | None = None  # whether Content-Length is believed; None before the first mail

    def mails(self) -> Iterator[Found]:
        """Yield the mails."""
        while len(self._held) < _AHEAD and self._more():
            pass
        first = _FIRST.match(self._held)
        if first is not None and _LINE.match(self._held, first.end()):
            self._drop(first.end())
        else:
            self._pass_over()
        while self._held:
            yield self._mail()

    def _more(self) -> bool:
        """Read on; false at the end of the file."""
        piece = b"" if self._ended else self._stream.read(PIECE)
        self._ended = not piece
        self._held += piece
        return bool(piece)

    def _drop(self, size: int) -> None:
        del self._held[:size]
        self._offset += size

    def _mail(self) -> Found:
        """Take the mail that begins where we stand."""
        begins = self._offset
        while (end := self._held.find(b"\n")) < 0 and self._more():
            pass
        body = end + 1 if end >= 0 else len(self._held)
        line = bytes(self._held[:body])
        octets: bytes | None = None
        last, following = self._told_end(body) or self._end(body)
        if following:
            octets = bytes(self._held[body:last])
            size = len(octets)
            self._drop(following)
        else:
            size = self._pass_over()
        # Nothing follows the last mail, or nothing yet.
        ends = self._offset if self._held or not self._ended else begins
        if octets is None or size > self._limit:
            return Found(str(begins), None, size, ends, line)
        return Found(str(begins), self._unquoted(octets), size, ends, line)

    def _unquoted(self, octets: bytes) -> bytes:
        if b">From " not in octets or (self._counted and _BARE.search(octets)):
            return octets  # mboxcl2 quotes nothing
        return _QUOTED.sub(b"", octets)

    # ---- where a mail ends -------------------------------------------------------------------------------

    def _end(self, body: int) -> tuple[int, int]:
        """Return where the mail ends and where the next one begins; (0, 0) where it is too large to hold."""
        start = max(body - 1, 0)  # the From_ line's own end may begin an empty line
        while True:
            found = self._separator(start)
            if found is not None:
                return found
            if self._ended:
                return self._last_end(body), len(self._held)
            if len(self._held) > self._limit + PIECE + 2 * _AHEAD:
                return 0, 0
            start = max(start, len(self._held) - _AHEAD - _LONGEST_LINE)
            self._more()

    def _separator(self, start: int) -> tuple[int, int] | None:
        """Find an empty line and a From_ line after it; returns where each begins."""
        held, at = self._held, start
        while (at := held.find(_MAYBE, at)) >= 0:
            before = at - 1 if held[max(at - 1, 0)] == ord("\r") else at
            if before > 0 and held[before - 1] == ord("\n") and before - 1 >= start:
                known = self._ended or len(held) - at > _AHEAD
                if known and _LINE.match(held, at + 1):
                    return before, at + 1
            at += 1
        return None

    def _last_end(self, body: int) -> int:
        """Return where the last mail of the file ends: before the empty line that ends it."""
        for blank in (b"\n\r\n", b"\n\n"):
            end = len(self._held) - len(blank) + 1
            if end >= body and self._held.endswith(blank):
                return end
        return len(self._held)

    def _pass_over(self) -> int:
        """Pass over what is too large to be held, or no mail; returns how many octets that was."""
        size = 0
        while True:
            found = self._separator(0)
            if found is not None:
                self._drop(found[1])
                return size + found[0]
            gone = len(self._held) if self._ended else max(len(self._held) - _AHEAD - _LONGEST_LINE, 0)
            size += gone
            self._drop(gone)
            if self._ended:
                return size
            self._more()

    # ---- Content-Length ----------------------------------------------------------------------------------

    def _told_end(self, body: int) -> tuple[int, int] | None:
        """Return where a mail ends by its Content-Length, where that is to be believed."""
        if self._counted is False:
            return None
        end = self._length(body)
        found = self._boundary(end) if end is not None else None
        if self._counted is None:
            self._counted = found is not None
        return found

    def _length(self, body: int) -> int | None:
        """Return where the mail's text ends by what it says itself."""
        while (blank := _BLANK.search(self._held, max(body - 1, 0))) is None:
            if len(self._held) > body + SECTION_CAP or not self._more():
                return None
        said = _LENGTH.search(self._held, body, blank.start() + 1)
        if said is None or int(said[1]) > self._limit:
            return None
        return blank.end() + int(said[1])

    def _boundary(self, end: int) -> tuple[int, int] | None:
        """Return the end of a mail and where the next one begins, if it can end there."""
        while len(self._held) < end + _AHEAD and self._more():
            pass
        rest = bytes(self._held[end : end + _AHEAD])
        blank = len(rest) - len(rest.lstrip(b"\r\n"))
        if (
            end > len(self._held)
            or blank > len(b"\r\n\r\n")
            or (self._held[end - 1] != ord("\n") and not blank)
        ):
            return None
        if blank == len(rest) and self._ended:
            return end, len(self._held)
        return (end, end + blank) if _LINE.match(rest, blank) else None
