"""TLS from the first octet on (RFC 8314 3.3): who shakes hands is counted like anybody who is connected."""

import asyncio
import socket
from collections.abc import Callable

import structlog

from bccd.model.envelope import Peer
from bccd.sources.connection import LINGER, Connection
from bccd.sources.introduced import Proxies, introduced
from bccd.sources.limits import Connections
from bccd.sources.tls import Certificates

_PAUSE = 1.0  # before connections are taken again, where the system has no more room for one


class TlsServer:
    """A listening socket whose sessions begin after their handshake; takes the place of an asyncio.Server."""

    def __init__(
        self,
        sock: socket.socket,
        connect: Callable[[], Connection],
        connections: Connections,
        certificates: Certificates,
        proxies: Proxies,
    ) -> None:
        self._sock = sock
        self._connect = connect
        self._connections = connections
        self._certificates = certificates
        self._proxies = proxies
        self._shaking: set[asyncio.Task[None]] = set()
        sock.setblocking(False)
        self._task = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        """Take no more connections, and end those that have not shaken hands."""
        for task in (self._task, *self._shaking):
            task.cancel()
        self._sock.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(self._sock)
            except OSError as error:
                structlog.get_logger().error("accept_failed", why=error.strerror)
                await asyncio.sleep(_PAUSE)
                continue
            task = loop.create_task(self._shake_hands(sock))
            self._shaking.add(task)
            task.add_done_callback(self._shaking.discard)

    async def _shake_hands(self, sock: socket.socket) -> None:
        try:
            ip = await introduced(sock, self._proxies)
        except OSError:  # gone already, or not introduced
            sock.close()
            return
        except asyncio.CancelledError:
            sock.close()
            raise
        if self._connections.enter(ip) is not None:  # he could not read why
            sock.close()
            return
        session = self._connect()
        session.told_ip = ip
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: session,
                sock,
                ssl=self._certificates.context(),
                ssl_handshake_timeout=session.handshake_patience(ip),
                ssl_shutdown_timeout=LINGER,
            )
        except OSError as error:
            session.handler.no_tls(error, Peer(ip), session.session_id)
        finally:
            if session.task is None:  # it has not begun; else it counts itself out
                self._connections.leave(ip)
