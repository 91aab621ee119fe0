"""How a question gets to a name server and its answer back: by UDP, and by TCP if it is too long for that."""

import asyncio
import secrets
import struct
from collections.abc import Callable
from contextlib import suppress

from bccd.verify.wire import NO_ERROR, NO_NAME, Name, Reply, WireError, question, read

Server = tuple[str, int]  # address, port
Accept = Callable[[bytes], Reply]


class ServerFailureError(Exception):
    """A name server answered that it cannot or will not tell."""


async def ask(server: Server, asked: Name, kind: str) -> Reply:
    """Put one question to one name server; raises ServerFailureError, WireError or OSError.

    It waits without end for a server that says nothing. What comes by UDP and is no answer to the question is
    passed over, for it may be somebody else's guess (RFC 5452).
    """
    number = secrets.randbelow(2**16)
    octets = question(number, asked, kind)

    def accept(answer: bytes) -> Reply:
        return read(answer, number, asked, kind)

    reply = await _by_udp(server, octets, accept)
    if reply.truncated:
        reply = await _by_tcp(server, octets, accept)
    if reply.rcode not in (NO_ERROR, NO_NAME) or reply.truncated:
        raise ServerFailureError(f"code {reply.rcode}")
    return reply


class _Listening(asyncio.DatagramProtocol):
    """Waits for the datagram that is accepted."""

    def __init__(self, accept: Accept) -> None:
        self._accept = accept
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr  # the socket is connected, so that it hears the server alone
        with suppress(WireError):
            reply = self._accept(data)
            if not self.reply.done():
                self.reply.set_result(reply)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


async def _by_udp(server: Server, octets: bytes, accept: Accept) -> Reply:
    loop = asyncio.get_running_loop()
    transport, listening = await loop.create_datagram_endpoint(lambda: _Listening(accept), remote_addr=server)
    try:
        transport.sendto(octets)
        return await listening.reply
    finally:
        transport.close()


async def _by_tcp(server: Server, octets: bytes, accept: Accept) -> Reply:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(struct.pack("!H", len(octets)) + octets)
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        return accept(await reader.readexactly(size))
    finally:
        writer.close()
