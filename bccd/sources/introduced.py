"""Behind a load balancer: a listed one says by the PROXY protocol whom it has a connection from."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import cast

import structlog

from bccd.sources.connection import Connection
from bccd.sources.limits import peer_ip
from bccd.sources.proxy import ProxyError, ProxyHeader

_SILENT = "no header came"


class Proxies:
    """The load balancers that must introduce their clients, and how long they may take over it."""

    def __init__(self, networks: tuple[str, ...], seconds: float) -> None:
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)
        self.seconds = seconds
        self.waiting: set[Introduction] = set()
        self.over = False

    def cut(self) -> None:
        """Cut the connections of which nobody knows yet whose they are, and those that still come."""
        self.over = True
        for introduction in list(self.waiting):
            introduction.cut()

    def __bool__(self) -> bool:
        return bool(self._networks)

    def has(self, ip: str) -> bool:
        """Tell whether a peer is one of them; whoever is not has his own word taken for nothing."""
        return bool(ip) and any(ipaddress.ip_address(ip) in network for network in self._networks)


class Introduction(asyncio.Protocol):
    """Stands before a session until the header has come; for all others it is as if it were not there."""

    def __init__(self, connect: Callable[[], Connection], proxies: Proxies) -> None:
        self._connect = connect
        self._proxies = proxies
        self._header = ProxyHeader()
        self._ip = ""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the header of a listed source; hand all others on at once."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only
        self._ip = peer_ip(transport.get_extra_info("peername")) or ""
        if self._proxies.over:  # accepted in the very turn of the loop in which the stop came
            self.cut()
            return
        if not self._proxies.has(self._ip):
            self._hand_on("", b"")
            return
        self._proxies.waiting.add(self)
        self._timer = asyncio.get_running_loop().call_later(self._proxies.seconds, self._refuse, _SILENT)

    def data_received(self, data: bytes) -> None:
        """Read the header."""
        if self._transport is None:  # refused
            return
        try:
            rest = self._header.feed(data)
        except ProxyError as error:
            self._refuse(str(error))
            return
        if rest is not None:
            self._hand_on(self._header.ip, rest)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        """Note that it is gone before it has said whose connection it is."""
        self._end()

    def _hand_on(self, ip: str, rest: bytes) -> None:
        transport = self._end()
        if transport is None:
            return
        session = self._connect()
        session.told_ip = ip
        transport.set_protocol(session)
        session.connection_made(transport)
        if rest:
            session.data_received(rest)

    def _refuse(self, why: str) -> None:
        """Cut the connection: in whose name it is, nobody knows."""
        _log_refused(self._ip, why)
        self.cut()

    def cut(self) -> None:
        """Wait no longer."""
        transport = self._end()
        if transport is not None:
            transport.abort()

    def _end(self) -> asyncio.Transport | None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._proxies.waiting.discard(self)
        transport, self._transport = self._transport, None
        return transport


def _log_refused(ip: str, why: str) -> None:
    structlog.get_logger().warning("proxy_refused", peer=ip, why=why)


async def introduced(sock: socket.socket, proxies: Proxies) -> str:
    """Return whom an accepted socket is from, before TLS begins on it, not reading an octet of that.

    Raises OSError where the peer is gone, or a listed one sent no header, which is logged.
    """
    ip = peer_ip(sock.getpeername()) or ""
    if not proxies.has(ip):
        return ip
    header = ProxyHeader()
    loop = asyncio.get_running_loop()
    why = _SILENT
    try:
        async with asyncio.timeout(proxies.seconds):
            while True:
                piece = await loop.sock_recv(sock, header.wants)
                if not piece:
                    raise ConnectionResetError
                if header.feed(piece) is not None:
                    return header.ip or ip
    except TimeoutError:
        pass
    except ProxyError as error:
        why = str(error)
    _log_refused(ip, why)
    raise ConnectionAbortedError
