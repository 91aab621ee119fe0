"""Answers /healthz (the process lives) and /readyz (it can take mail in): strict, bounded HTTP/1.1."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

Check = Callable[[], Awaitable[bool]]

_REQUEST_LIMIT = 8 * 1024
_REQUEST_SECONDS = 5.0
_CHECK_SECONDS = 3.0
_CONNECTIONS = 32
_PHRASES = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Mapping[str, object]
    head_only: bool = False

    def encode(self) -> bytes:
        content = json.dumps(self.body, separators=(",", ":")).encode() + b"\n"
        lines = [
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ]
        if self.status == 405:  # noqa: PLR2004 - RFC 9110 15.5.6 wants it there
            lines.append("Allow: GET, HEAD")
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head if self.head_only else head + content


async def serve_health(sock: socket.socket, checks: Mapping[str, Check]) -> asyncio.Server:
    """Serve on a bound socket; /readyz is 200 when every check holds, else 503; its body says which do.

    A check that raises or takes over three seconds does not hold. Close the returned server to stop.
    """
    room = asyncio.Semaphore(_CONNECTIONS)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not room.locked():
                async with room:
                    writer.write((await _answer(reader, checks)).encode())
                    await asyncio.wait_for(writer.drain(), _REQUEST_SECONDS)
        except (OSError, TimeoutError):
            pass  # the peer left; nobody is there to be told
        finally:
            writer.close()

    if sock.family == socket.AF_UNIX:
        return await asyncio.start_unix_server(serve, sock=sock, limit=_REQUEST_LIMIT)
    return await asyncio.start_server(serve, sock=sock, limit=_REQUEST_LIMIT)


async def _answer(reader: asyncio.StreamReader, checks: Mapping[str, Check]) -> _Answer:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _REQUEST_SECONDS)
    except TimeoutError:
        return _Answer(408, {"error": "the request took too long"})
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return _Answer(400, {"error": "not a request"})
    words = head.partition(b"\r\n")[0].split(b" ")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):  # noqa: PLR2004 - RFC 9112 3
        return _Answer(400, {"error": "not a request"})
    method, target, _version = words
    if method not in (b"GET", b"HEAD"):
        return _Answer(405, {"error": "only GET and HEAD"})
    status, body = await _page(target.partition(b"?")[0], checks)
    return _Answer(status, body, head_only=method == b"HEAD")


async def _page(path: bytes, checks: Mapping[str, Check]) -> tuple[int, Mapping[str, object]]:
    match path:
        case b"/healthz":
            return 200, {"status": "ok"}
        case b"/readyz":
            holds = await asyncio.gather(*(_holds(check) for check in checks.values()))
            found = dict(zip(checks, holds, strict=True))
            ready = all(holds)
            return (200 if ready else 503), {"status": "ready" if ready else "not ready", "checks": found}
        case _:
            return 404, {"error": "only /healthz and /readyz"}


async def _holds(check: Check) -> bool:
    try:
        return bool(await asyncio.wait_for(check(), _CHECK_SECONDS))
    except Exception:  # noqa: BLE001 - whatever a check dies of, what it looks after is not ready
        return False
