"""A whole session without a network: octets in, replies and mails out, however the octets are cut."""

import asyncio
import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from bccd.model.envelope import Protocol
from bccd.sources.connection import Connection
from bccd.sources.handler import Handler
from bccd.sources.limits import Connections
from bccd.sources.lmtp import LmtpConnection
from bccd.sources.settings import ListenerSettings
from bccd.sources.smtp import SmtpConnection
from tests.unit.sources.dialogue import Recorder

_REPLY = re.compile(rb"[2-5][0-9]{2}(?:-[ -~]+|(?: [2-5]\.[0-9]{1,3}\.[0-9]{1,3})? [ -~]+)\Z")
_TMP = Path(tempfile.gettempdir())
_SECONDS = 10.0


class _Wire(asyncio.Transport):
    """The far end of a connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.said = bytearray()
        self._loop = loop
        self._closed = False
        self.lost: Any = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 4025) if name == "peername" else default

    def write(self, data: Any) -> None:
        self.said += data

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """The peer hears that there is no more."""

    def pause_reading(self) -> None:
        """Nothing is sent meanwhile anyway."""

    def resume_reading(self) -> None:
        """As above."""

    def is_closing(self) -> bool:
        return self._closed

    def abort(self) -> None:
        self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(partial(self.lost, None))


async def _talk(octets: bytes, size: int, kind: type[Connection]) -> tuple[bytes, list[bytes]]:
    loop, recorder = asyncio.get_running_loop(), Recorder()
    problems: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: problems.append(context))
    settings = ListenerSettings("mx.acme.example", _TMP, error_delay=0, message_size=64 * 1024)
    connection = kind(settings, Handler(recorder), Connections(9, 9), loop)
    wire = _Wire(loop)
    wire.lost = connection.connection_lost
    connection.connection_made(wire)
    for start in range(0, len(octets), size):
        connection.data_received(octets[start : start + size])
        for _ in range(3):
            await asyncio.sleep(0)
    connection.eof_received()
    task = connection.task
    assert task is not None
    await asyncio.wait_for(task, _SECONDS)
    assert not problems, problems
    return bytes(wire.said), recorder.octets


def session(octets: bytes) -> None:
    """Each line is a reply, none confesses an error of ours, and how the octets are cut changes nothing."""
    lmtp = octets[:4].upper() == b"LHLO"
    kind: type[Connection] = LmtpConnection if lmtp else SmtpConnection
    assert kind.kind is (Protocol.LMTP if lmtp else Protocol.SMTP)
    whole = asyncio.run(_talk(octets, max(len(octets), 1), kind))
    lines = whole[0].split(b"\r\n")
    assert lines.pop() == b""
    assert lines and all(_REPLY.match(line) for line in lines), lines
    assert not any(line.startswith(b"451") for line in lines), lines
    if len(octets) <= 2048:  # in pieces, each of which takes turns of the loop
        assert asyncio.run(_talk(octets, 7, kind)) == whole
