"""A session's replies and mails depend on what the peer sends, and not on how the network cuts it."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from bccd.sources.connection import Connection
from bccd.sources.handler import Handler
from bccd.sources.limits import Connections
from bccd.sources.lmtp import LmtpConnection
from bccd.sources.settings import ListenerSettings
from bccd.sources.smtp import SmtpConnection
from tests.unit.sources.dialogue import MAIL, Recorder

SETTINGS = ListenerSettings("mx.acme.example", Path(tempfile.gettempdir()), message_size=10**6, error_delay=0)
ENVELOPE = b"MAIL FROM:<u@example.org>\r\nRCPT TO:<drop@acme.example>\r\n"
PARTS = [b"\r\n", b"\n", b"\r", b".", b"\r\n.\r\n", b"\n.\n", b"\r\n..", b"x", b"\0", b"Subject: x\r\n\r\n"]
PARTS += [MAIL, ENVELOPE, b"DATA\r\n", b"BDAT 9 LAST\r\n", b"QUIT\r\n", b"y" * 4000]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=6).map(b"".join)
COMMANDS = [
    b"EHLO x\r\n",
    b"LHLO x\r\n",
    ENVELOPE,
    ENVELOPE,
    b"RSET\r\n",
    b"NOOP\r\n",
    b"BDAT x\r\n",
    b"HELP\r\n",
]


def chunk(text: bytes, last: bool, off: int) -> bytes:
    return b"BDAT %d%b\r\n%b" % (max(len(text) + off, 0), b" LAST" if last else b"", text)


STEPS = st.one_of(
    st.sampled_from(COMMANDS),
    st.builds(lambda text: b"DATA\r\n" + text + b"\r\n.\r\n", TEXTS),
    st.builds(lambda text: ENVELOPE + b"DATA\r\n" + text + b"\r\n.\r\n", TEXTS),
    st.builds(chunk, TEXTS, st.booleans(), st.just(0)),
    st.builds(chunk, TEXTS, st.booleans(), st.integers(-3, 3)),
    st.builds(lambda one, two: ENVELOPE + chunk(one, False, 0) + chunk(two, True, 0), TEXTS, TEXTS),
    TEXTS,
)  # fmt: skip
STREAMS = st.lists(STEPS, max_size=8).map(lambda steps: b"EHLO x\r\n" + b"".join(steps))

Heard = tuple[bytes, list[tuple[bytes, tuple[str, ...]]]]  # replies; mails, each with what is odd about it


class Wire(asyncio.Transport):
    """A connection without a network: keeps what is written."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.written = bytearray()
        self.session: Connection | None = None
        self._loop = loop
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 4025) if name == "peername" else default

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        """Be told anyway: the session must bear it."""

    def resume_reading(self) -> None:
        """Go on."""

    def close(self) -> None:
        if not self._closing and self.session is not None:
            self._closing = True
            self._loop.call_soon(self.session.connection_lost, None)

    abort = close


async def _talk(kind: type[Connection], pieces: list[bytes]) -> Heard:
    loop = asyncio.get_running_loop()
    recorder, wire = Recorder(), Wire(loop)
    session = kind(SETTINGS, Handler(recorder), Connections(9, 9), loop)
    wire.session = session
    session.connection_made(wire)
    for piece in pieces:
        session.data_received(piece)
        for _ in range(3):
            await asyncio.sleep(0)
    session.eof_received()
    await asyncio.wait_for(cast("asyncio.Task[None]", session.task), 30)
    mails = zip(recorder.octets, (envelope.defects for envelope in recorder.envelopes), strict=True)
    return bytes(wire.written), list(mails)


def talk(lmtp: bool, pieces: list[bytes]) -> Heard:
    """All replies to what comes in these pieces, and the mails taken."""
    return asyncio.run(_talk(LmtpConnection if lmtp else SmtpConnection, pieces))


@given(STREAMS, st.lists(st.integers(1, 400), max_size=40), st.booleans())
@example(b"EHLO x\r\n" + ENVELOPE + chunk(MAIL[:-1], False, 0) + chunk(b"\n", True, 0), [1] * 300, False)
@example(b"EHLO x\r\n" + ENVELOPE + chunk(MAIL, True, 0), [1] * 300, False)
@example(b"EHLO x\r\n" + ENVELOPE + b"DATA\r\n" + MAIL + b".\r\n", [1] * 300, False)
def test_cuts_make_no_difference(stream: bytes, cuts: list[int], lmtp: bool) -> None:
    """Any stream, by DATA and BDAT, gives the same replies and the same mails wherever it is cut."""
    if lmtp:
        stream = stream.replace(b"EHLO", b"LHLO")
    pieces, left = [], stream
    for cut in cuts:
        pieces.append(left[:cut])
        left = left[cut:]
    pieces = [piece for piece in (*pieces, left) if piece]
    assert talk(lmtp, pieces) == talk(lmtp, [stream])
