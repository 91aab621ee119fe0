"""Answers /healthz (the process lives), /readyz (it can take mail in), /metrics: strict, bounded HTTP/1.1."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bccd.model.errors import HelpNeededError
from bccd.web.metrics import CONTENT_TYPE

Check = Callable[[], Awaitable[bool]]
Page = Callable[[], Awaitable[bytes]]

_REQUEST_LIMIT = 8 * 1024
_REQUEST_SECONDS = 5.0
_CHECK_SECONDS = 3.0
_PAGE_SECONDS = 8.0  # less than the ten after which Prometheus gives up
_JSON = "application/json"
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
    body: Mapping[str, object] | bytes
    head_only: bool = False

    def encode(self) -> bytes:
        if isinstance(self.body, bytes):
            kind, content = CONTENT_TYPE, self.body
        else:
            kind, content = _JSON, json.dumps(self.body, separators=(",", ":")).encode() + b"\n"
        lines = [
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(content)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ]
        if self.status == 405:  # noqa: PLR2004 - RFC 9110 15.5.6 wants it there
            lines.append("Allow: GET, HEAD")
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head if self.head_only else head + content


async def serve_health(
    sock: socket.socket, checks: Mapping[str, Check], metrics: Page | None = None
) -> asyncio.Server:
    """Serve on a bound socket; /readyz is 200 when every check holds, else 503; its body says which do.

    A check that raises or takes over three seconds does not hold. What does not heal without somebody's help
    has a sentence under "advice". Close the returned server to stop.
    `metrics` writes the page /metrics.
    """
    room = asyncio.Semaphore(_CONNECTIONS)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not room.locked():
                async with room:
                    writer.write((await _answer(reader, checks, metrics)).encode())
                    await asyncio.wait_for(writer.drain(), _REQUEST_SECONDS)
        except (OSError, TimeoutError):
            pass  # the peer left; nobody is there to be told
        finally:
            writer.close()

    if sock.family == socket.AF_UNIX:
        return await asyncio.start_unix_server(serve, sock=sock, limit=_REQUEST_LIMIT)
    return await asyncio.start_server(serve, sock=sock, limit=_REQUEST_LIMIT)


async def _answer(reader: asyncio.StreamReader, checks: Mapping[str, Check], metrics: Page | None) -> _Answer:
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
    status, body = await _page(target.partition(b"?")[0], checks, metrics)
    return _Answer(status, body, head_only=method == b"HEAD")


async def _page(
    path: bytes, checks: Mapping[str, Check], metrics: Page | None
) -> tuple[int, Mapping[str, object] | bytes]:
    match path:
        case b"/metrics" if metrics is not None:
            try:
                return 200, await asyncio.wait_for(metrics(), _PAGE_SECONDS)
            except Exception:  # noqa: BLE001 - as below
                return 503, {"error": "the metrics cannot be gathered now"}
        case b"/healthz":
            return 200, {"status": "ok"}
        case b"/readyz":
            holds = await held(checks)
            found = {name: holds[name] is True for name in checks}
            ready = all(found.values())
            told = {"status": "ready" if ready else "not ready", "checks": found}
            advice = {name: said for name, said in holds.items() if isinstance(said, str)}
            return (200 if ready else 503), told | ({"advice": advice} if advice else {})
        case _:
            return 404, {"error": "only /healthz, /readyz and /metrics"}


async def held(checks: Mapping[str, Check]) -> Mapping[str, bool | str]:
    """Tell of each check whether it holds, or what to do where somebody has to do something."""
    return dict(zip(checks, await asyncio.gather(*map(_holds, checks.values())), strict=True))


async def _holds(check: Check) -> bool | str:
    """Tell whether a check holds, or what to do where somebody has to do something."""
    try:
        return bool(await asyncio.wait_for(check(), _CHECK_SECONDS))
    except HelpNeededError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever a check dies of, what it looks after is not ready
        return False
