"""One listener process: the asyncio main that serves sockets which the supervisor has bound."""

import asyncio
import importlib
import importlib.util
import signal
import socket
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

from bccd import journal
from bccd.config import Config
from bccd.model.envelope import Protocol
from bccd.ports import Receiver
from bccd.sources.census import Seat
from bccd.sources.connection import Connection
from bccd.sources.handler import Handler
from bccd.sources.implicit import TlsServer
from bccd.sources.introduced import Introduction, Proxies
from bccd.sources.limits import Connections
from bccd.sources.lmtp import LmtpConnection
from bccd.sources.settings import Listener, ListenerSettings
from bccd.sources.smtp import SmtpConnection
from bccd.sources.submission import SubmissionConnection
from bccd.sources.tls import Certificates

_BACKLOG = 512
# Octets. The kernel would let megabytes of a stranger's mail wait, and a session then holds large pieces of
# them: 0.36 MiB of memory with this. It doubles the number: a quarter of a MiB comes in a round trip, so that
# who is 100 ms away still sends 2.5 MB a second; with 64 KiB it would be 0.26 MiB, and a quarter of the pace.
_RECEIVED = 256 * 1024


def listener_settings(config: Config, name: str = "") -> ListenerSettings:
    """Take what a listener of this name needs from the configuration."""
    limits = config.limits
    return ListenerSettings(
        hostname=config.hostname or socket.gethostname(),
        tmp_dir=config.data_dir / "tmp" / name,
        message_size=limits.message_size,
        recipients=limits.recipients,
        connections=limits.connections,
        connections_per_ip=limits.connections_per_ip,
        connections_per_minute=limits.connections_per_minute,
        in_flight=limits.in_flight,
        idle_seconds=limits.idle_seconds,
        data_idle_seconds=limits.data_idle_seconds,
        data_seconds=limits.data_seconds,
        data_rate=limits.data_rate,
        data_rate_after=limits.data_rate_after,
        session_seconds=limits.session_seconds,
        certificate=Path(config.tls.certificate) if config.tls.certificate else None,
        key=Path(config.tls.key or config.tls.certificate) if config.tls.certificate else None,
        login_failures_per_hour=limits.login_failures_per_hour,
        attempts=config.data_dir / journal.FOLDER,
        relays=config.trust.relays,
        networks=config.trust.networks,
        proxies=config.trust.proxies,
    )


def _speaks(listener: Listener) -> type[Connection]:
    if listener.protocol is Protocol.LMTP:
        return LmtpConnection
    return SubmissionConnection if listener.submission else SmtpConnection


def run_front(
    listeners: Sequence[Listener],
    settings: ListenerSettings,
    open_receiver: Callable[[], AbstractAsyncContextManager[Receiver]],
    seat: Seat | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return; the whole life of a forked listener process.

    `open_receiver` is entered inside the running loop and left after the last session has ended. `seat` is
    where this process counts together with the other fronts; without it, it counts alone.
    """
    settings.tmp_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in settings.tmp_dir.iterdir():  # by the front that was killed in this one's place
        left.unlink()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_signal(listeners, settings, open_receiver, seat))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory where the extra `fast` is installed, else None for asyncio's own."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory


async def _until_signal(
    listeners: Sequence[Listener],
    settings: ListenerSettings,
    open_receiver: Callable[[], AbstractAsyncContextManager[Receiver]],
    seat: Seat | None,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    certificates = open_certificates(settings)
    if certificates is not None:
        loop.add_signal_handler(signal.SIGHUP, certificates.reload)
    async with open_receiver() as receiver:
        await serve(listeners, receiver, settings, stopping, certificates, seat=seat)


def open_certificates(settings: ListenerSettings) -> Certificates | None:
    """Load what TLS needs, None where none is configured; raises ConfigError."""
    if settings.certificate is None or settings.key is None:
        return None
    return Certificates(settings.certificate, settings.key)


async def serve(
    listeners: Sequence[Listener],
    receiver: Receiver,
    settings: ListenerSettings,
    stopping: asyncio.Event,
    certificates: Certificates | None = None,
    *,
    seat: Seat | None = None,
) -> None:
    """Serve the listeners' sockets until `stopping` is set, then drain.

    The sockets are bound, TCP or UNIX, and are closed on return; processes that share them keep theirs.
    While draining nothing is accepted, a session without a transaction gets 421 4.3.2, a running transaction
    may end within `settings.drain_seconds` if its client goes on with it; what is left then is cut, its mail
    not answered with 250.
    """
    loop = asyncio.get_running_loop()
    connections = _connections(settings, seat)
    connections.clock.follow(loop)
    proxies = Proxies(settings.proxies, settings.proxy_seconds)
    attempts = journal.Journal(settings.attempts, connections.host) if settings.attempts else None
    handler = Handler(receiver, settings.login_failures_per_hour, connections.exempt, attempts)
    sessions: weakref.WeakSet[Connection] = weakref.WeakSet()

    def factory(listener: Listener) -> Callable[[], Connection]:
        speaks = _speaks(listener)
        shown = None if listener.protocol is Protocol.LMTP else certificates

        def connect() -> Connection:
            connection = speaks(
                settings, handler, connections, loop, shown, implicit_tls=listener.implicit_tls
            )
            sessions.add(connection)
            return connection

        return connect

    servers: list[asyncio.Server | TlsServer] = []
    for each in listeners:
        connect = factory(each)
        if each.public:
            each.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
        if each.implicit_tls and certificates is not None:
            servers.append(TlsServer(each.sock, connect, connections, certificates, proxies))
        elif proxies and each.public:
            servers.append(await _listen(loop, partial(Introduction, connect, proxies), each.sock))
        else:
            servers.append(await _listen(loop, connect, each.sock))
    try:
        await stopping.wait()
    finally:
        connections.stopping = True
        for server in servers:
            server.close()
        proxies.cut()
        await _drain(sessions, handler, settings.drain_seconds)
        await asyncio.sleep(0)  # for what was cut to be closed
        connections.clock.stop()
        if attempts is not None:
            attempts.close()


def _connections(settings: ListenerSettings, seat: Seat | None) -> Connections:
    return Connections(
        settings.connections,
        settings.connections_per_ip,
        settings.relays,
        networks=settings.networks,
        per_minute=settings.connections_per_minute,
        in_flight=settings.in_flight,
        seat=seat,
    )


async def _listen(
    loop: asyncio.AbstractEventLoop, factory: Callable[[], asyncio.Protocol], sock: socket.socket
) -> asyncio.Server:
    if sock.family != socket.AF_UNIX:
        return await loop.create_server(factory, sock=sock, backlog=_BACKLOG)
    # The path belongs to the supervisor: from 3.13 on asyncio would remove it under the other processes.
    options: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
    return await loop.create_unix_server(factory, sock=sock, backlog=_BACKLOG, **options)


async def _drain(sessions: weakref.WeakSet[Connection], handler: Handler, seconds: float) -> None:
    for session in sessions:
        session.stop()
    waiting: set[asyncio.Task[Any]] = {session.task for session in sessions if session.task is not None}
    waiting |= handler.commits
    if waiting:
        _, late = await asyncio.wait(waiting, timeout=seconds)
        for session in sessions:
            session.abort()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
