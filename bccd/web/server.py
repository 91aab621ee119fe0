"""An HTTP server for small pages, inside a front's loop: whatever a client does, it costs little and ends.

uvicorn's protocol without its server: no signals are caught, no timer runs while nobody calls.
"""

import asyncio
import logging
import socket
import sys
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_CONNECTIONS = 64  # at once, in each front
_SECONDS = 20.0  # that a connection may last, whatever happens on it
_HEAD_SIZE = 16 * 1024
_QUIET = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class _Bounded(H11Protocol):
    """A connection that ends: one of few, and after a while."""

    _ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve, unless there are too many already."""
        super().connection_made(transport)
        if len(self.connections) > _CONNECTIONS:
            transport.abort()
            return
        self._ends = self.loop.call_later(_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._ends is not None:
            self._ends.cancel()
        super().connection_lost(exc)


async def serve_pages(sock: socket.socket, app: ASGIApp) -> asyncio.Server:
    """Serve an application on a bound socket, TCP or UNIX. Close the returned server to stop.

    Requests are not logged: addresses of pages are secrets.
    """
    for name in _QUIET:  # what clients do wrong is nobody's concern, and would fill the log
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    config = uvicorn.Config(
        app,
        http=_Bounded,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        h11_max_incomplete_event_size=_HEAD_SIZE,
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()

    def connect() -> asyncio.Protocol:
        return _Bounded(config=config, server_state=state, app_state={}, _loop=loop)

    if sock.family != socket.AF_UNIX:
        return await loop.create_server(connect, sock=sock)
    # The path belongs to the supervisor: from 3.13 on asyncio would remove it under the other processes.
    options: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
    return await loop.create_unix_server(connect, sock=sock, **options)
