"""What the peer has sent and nobody has read yet, bounded; and the way a session learns that it must end."""

import asyncio
from collections.abc import Iterable
from typing import SupportsIndex, cast

from bccd.model.reply import Reply
from bccd.sources.replies import LINE_TOO_LONG

HIGH_WATER = 64 * 1024  # octets waiting: the socket is not read beyond that
LOW_WATER = 32 * 1024
READ_SIZE = 64 * 1024
MAX_COMMAND = 2048  # octets with CRLF; Postfix's line_length_limit
_START = 8  # octets by which one can tell what a command means to be
MAX_SKIPPED = 64 * 1024  # octets of an over-long command that are read to find its end


class ClosingError(Exception):
    """The connection ends, after this reply if there is one."""

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__()
        self.reply = reply


class LineTooLongError(Exception):
    """A command is longer than MAX_COMMAND; it has been skipped, but for how it starts."""

    def __init__(self, start: bytes = b"") -> None:
        super().__init__()
        self.start = start


class Input(asyncio.StreamReader):
    """Octets from the peer, taken as lines or as they come.

    A StreamReader, because aiosmtpd's protocol feeds one; with its own storage, because that one can neither
    give octets back nor be woken by a timer without losing them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._loop = loop
        self._buffer = bytearray()
        self._ended = False
        self._failure: Exception | None = None
        self._arrival: asyncio.Future[None] | None = None
        self._source: asyncio.Transport | None = None
        self._held = False

    def set_transport(self, transport: asyncio.BaseTransport) -> None:
        """Name the transport to pause when too much waits, and have it read ahead no more than a piece."""
        self._source = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only
        if hasattr(transport, "max_size"):  # asyncio's own
            transport.max_size = READ_SIZE
        if hasattr(transport, "set_read_buffer_limits"):  # TLS
            transport.set_read_buffer_limits(LOW_WATER)

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Add what came."""
        self._buffer.extend(data)
        self._wake()
        if len(self._buffer) > HIGH_WATER and not self._held and self._source is not None:
            self._source.pause_reading()
            self._held = True

    def feed_eof(self) -> None:
        """Note that the peer will send no more."""
        self._ended = True
        self._wake()

    def set_exception(self, exc: Exception) -> None:
        """Have the reader raise this as soon as it would wait; what has come before can still be read."""
        self._failure = self._failure or exc
        self._wake()

    def exception(self) -> None:
        """Hide the failure from StreamWriter.drain: the last reply has still to be written."""

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _eased(self) -> None:
        if self._held and len(self._buffer) <= LOW_WATER and self._source is not None:
            self._held = False
            if not self._source.is_closing():
                self._source.resume_reading()

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._ended:
            raise ClosingError
        self._arrival = self._loop.create_future()
        try:
            await self._arrival
        finally:
            self._arrival = None

    @property
    def has_line(self) -> bool:
        """Tell whether a line can be read without waiting."""
        return b"\n" in self._buffer

    def line_at_hand(self) -> bytes | None:
        """Take a line with its end if one has come, and is not too long."""
        end = self._buffer.find(b"\n", 0, MAX_COMMAND)
        if end < 0:
            return None
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._eased()
        return line

    async def line(self) -> bytes:
        """Take one line with its end; raises LineTooLongError or ClosingError."""
        while (line := self.line_at_hand()) is None:
            if len(self._buffer) >= MAX_COMMAND:
                start = bytes(self._buffer[:_START])
                await self._skip_line()
                raise LineTooLongError(start)
            await self._more()
        return line

    async def _skip_line(self) -> None:
        skipped = 0
        while (end := self._buffer.find(b"\n")) < 0:
            skipped += len(self._buffer)
            self._buffer.clear()
            self._eased()
            if skipped > MAX_SKIPPED:
                raise ClosingError(LINE_TOO_LONG)
            await self._more()
        del self._buffer[: end + 1]
        self._eased()

    async def some(self) -> int:
        """Wait until something has come; return how many octets of it `take` takes, at most READ_SIZE."""
        while not self._buffer:
            await self._more()
        return min(len(self._buffer), READ_SIZE)

    def take(self) -> bytes:
        """Take what has come, as far as one piece goes."""
        if len(self._buffer) <= READ_SIZE:
            piece = bytes(self._buffer)
            self._buffer.clear()
        else:
            piece = bytes(self._buffer[:READ_SIZE])
            del self._buffer[:READ_SIZE]
        self._eased()
        return piece

    def forget(self) -> None:
        """Throw away what came in clear and was not read, before the session turns to TLS (RFC 3207 5)."""
        self._buffer.clear()
        self._source, self._held = None, False

    def unread(self, octets: bytes) -> None:
        """Give back what belongs to the next command."""
        self._buffer[:0] = octets

    async def ignore(self) -> None:
        """Throw away whatever comes, until the peer closes."""
        self._failure = None
        try:
            while True:
                await self.some()
                self.take()
                await asyncio.sleep(0)
        except (ClosingError, ConnectionError):
            return
