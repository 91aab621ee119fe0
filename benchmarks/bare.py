"""A server that answers commands by counting lines and keeps nothing: what asyncio itself costs at least."""

import asyncio
import importlib
import importlib.util
import sys
from asyncio import Transport
from typing import cast

_END = b"\r\n.\r\n"
_EHLO = b"250-bare.bench.example\r\n250 PIPELINING\r\n"


class Bare(asyncio.Protocol):
    """Takes one mail after the other; believes that commands come whole and in order."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("Transport", transport)
        self._transport.write(b"220 bare.bench.example\r\n")
        self._in_data, self._tail = False, b""

    def data_received(self, data: bytes) -> None:
        """Answer the commands of a packet, or the end of a mail."""
        if self._in_data:
            self._tail = (self._tail + data)[-len(_END) :]
            if self._tail == _END:
                self._in_data = False
                self._transport.write(b"250 2.0.0 Forgotten\r\n")
            return
        verb = data[:4].upper()
        if verb == b"EHLO":
            self._transport.write(_EHLO)
        elif verb == b"QUIT":
            self._transport.close()
        else:
            answers = [
                b"354 Go\r\n" if line == b"DATA" else b"250 Ok\r\n" for line in data.split(b"\r\n")[:-1]
            ]
            self._in_data = b"354 Go\r\n" in answers
            self._transport.write(b"".join(answers))


async def main(port: int) -> None:
    """Listen on loopback until killed."""
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    fast = "--uvloop" in sys.argv and importlib.util.find_spec("uvloop") is not None
    with asyncio.Runner(
        loop_factory=importlib.import_module("uvloop").new_event_loop if fast else None
    ) as runner:
        runner.run(main(int(sys.argv[1])))
