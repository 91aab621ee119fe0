"""One connection: its life, its timers, its replies and its loop of commands; smtp.py and lmtp.py add verbs.

aiosmtpd's SMTP is the base. What its 1.4.6 does not withstand is replaced: its timers, which cut an active
DATA and a commit alike; its cancelling of the handler when a peer leaves; its writes, one for each line of a
reply; its habit of telling peers about exceptions. The tests number these faults A1 to A20.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

from aiosmtpd.smtp import SMTP

from bccd.meters.families import REFUSED
from bccd.model.envelope import Peer, Protocol
from bccd.model.reply import IDLE_TOO_LONG, SHUTTING_DOWN, Reply
from bccd.sources.clock import Deadline
from bccd.sources.commands import is_chunk, is_http, split
from bccd.sources.handler import Handler
from bccd.sources.limits import Budget, Connections, peer_ip
from bccd.sources.replies import (
    BAD_LINE,
    BYE,
    LINE_TOO_LONG,
    SESSION_TOO_LONG,
    UNKNOWN_COMMAND,
    WRONG_PROTOCOL,
    render,
)
from bccd.sources.settings import ListenerSettings
from bccd.sources.stream import ClosingError, Input, LineTooLongError
from bccd.sources.tls import Certificates

LAST_SECONDS = 5.0  # between two commands of a mail, while we stop
LINGER = 2.0  # seconds in which a peer may still read our last reply
_FLUSH_AT = 4096  # octets of replies that wait for a pipelining peer's last command
_LATER = frozenset({450, 452})  # whoever asks on and on has not understood
_YIELD_EVERY = 32  # commands of one peer in a row

Verb = Callable[[str], Awaitable[None]]

# It would write every command and every line of every mail (A13).
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


class Connection(SMTP):
    """The plumbing of an SMTP or LMTP session."""

    kind = Protocol.SMTP
    greeting = "ESMTP"

    def __init__(
        self,
        settings: ListenerSettings,
        handler: Handler,
        connections: Connections,
        loop: asyncio.AbstractEventLoop,
        certificates: Certificates | None = None,
        *,
        implicit_tls: bool = False,
    ) -> None:
        # Not aiosmtpd's constructor: it looks for hooks in every session, which takes 120 us, asks the DNS
        # for a name where it is given none (A14), and clears what all sessions share (A8).
        self.loop = loop
        self.hostname = settings.hostname
        self.transport = None
        self._handler_coroutine = None
        self.input = Input(loop)
        asyncio.StreamReaderProtocol.__init__(self, self.input, self._cb_client_connected, loop)
        self.settings = settings
        self.handler = handler
        self.connections = connections
        self.room, self.turns = connections.room, connections.turns
        self.told_ip = ""  # by a load balancer whose connection it is
        self.session_id = secrets.token_hex(6)
        self.peer = Peer("", protocol=self.kind)
        self.budget = Budget(patient=False)
        self._certificates = certificates
        self._implicit_tls = implicit_tls
        self._securing: asyncio.Task[asyncio.Transport | None] | None = None
        self._entered = False
        self._replies = bytearray()
        self._wire: asyncio.Transport | None = None
        self.clock = connections.clock
        self._deadline = Deadline(loop, self.clock, self._missed)
        self._ends_at = self.clock.time() + settings.session_seconds
        self._abort_when_late = False
        self._resting = False  # waiting for a command, and no transaction is open
        self._commanding = False  # waiting for a command
        self._commands = 0

    # Life

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the session, or turn the peer away."""
        wire = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only
        ip = self.told_ip or peer_ip(transport.get_extra_info("peername"))
        if ip is None:
            wire.abort()
            return
        # Whoever has shaken hands was counted before.
        paced = self.kind is not Protocol.LMTP
        refusal = None if self._implicit_tls else self.connections.enter(ip, paced=paced)
        if refusal is not None:
            wire.write(render(refusal))
            transport.close()
            return
        self._entered = True
        self._wire = wire
        self.peer = Peer(ip, protocol=self.kind, tls=self._implicit_tls)
        # LMTP is spoken by a mail server of one's own, which is not to blame for what it is sent.
        self.budget = Budget(patient=self.kind is Protocol.LMTP or self.connections.exempt(ip))
        self.transport = transport
        asyncio.StreamReaderProtocol.connection_made(self, transport)
        self.reset()
        self._handler_coroutine = self.loop.create_task(self._handle_client())

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the peer is gone; whatever the handler does at the moment, it finishes (A4)."""
        if not self._entered:
            return
        self._wire = self.transport = None
        self._deadline.close()
        # No route, no answer, an end that could not be sent to who is gone: to whoever waits it is one thing.
        lost = None if error is None else ConnectionResetError(str(error))
        asyncio.StreamReaderProtocol.connection_lost(self, lost)

    def eof_received(self) -> bool | None:
        """Note that the peer will say no more; it can still hear our reply (A4)."""
        if not self._entered:
            return None
        self.input.feed_eof()
        return not (self.peer.tls or self._securing)  # TLS has no half-closed connections

    def data_received(self, data: bytes) -> None:
        """Hand octets to the session."""
        if self._entered:
            self.input.feed_data(data)

    def stop(self) -> None:
        """Have the session end with 421 as soon as no transaction is open, or its peer is silent."""
        if self._resting:
            self.input.set_exception(ClosingError(SHUTTING_DOWN))
        elif self._securing is not None:
            self._securing.cancel()
        elif self._commanding:
            self._deadline.hasten(self.clock.time() + LAST_SECONDS)

    def abort(self) -> None:
        """Cut the connection."""
        if self._wire is not None:
            self._wire.abort()

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The session's task, None if the peer was turned away."""
        return self._handler_coroutine

    # TLS

    async def secure(self) -> None:
        """Turn to TLS, with all that the peer has said so far forgotten (RFC 3207 4.2)."""
        await self.flush()
        wire = self._wire
        if wire is None or self._certificates is None:
            raise ConnectionResetError
        wire.pause_reading()
        self.input.forget()
        shaking = self.loop.start_tls(
            wire,
            self,
            self._certificates.context(),
            server_side=True,
            ssl_handshake_timeout=self.handshake_patience(self.peer.ip),
            ssl_shutdown_timeout=LINGER,
        )
        secured = None
        self._securing = self.loop.create_task(shaking)  # apart, so that a stop can end it
        try:
            secured = await self._securing
        except OSError as error:  # of TLS, of the connection, or a handshake without an end
            self.handler.no_tls(error, self.peer, self.session_id)
        except asyncio.CancelledError:
            if not self._securing.cancelled():
                raise
        finally:
            self._securing = None
        if secured is None:  # also where the connection was cut meanwhile
            wire.abort()
            self.connection_lost(None)  # asyncio tells nobody of a connection that ends in its handshake
            raise ConnectionResetError
        self._clear_writer = self._writer  # its end would close what TLS goes over
        self._writer = asyncio.StreamWriter(secured, self, self.input, self.loop)
        self._wire = self.transport = secured
        self.input.set_transport(secured)
        self.reset()  # also what was said by XFORWARD: whoever stands between could have said it
        self.peer = replace(self.peer, helo="", tls=True)

    def handshake_patience(self, ip: str) -> float:
        """Return how many seconds a peer's handshake may take."""
        settings = self.settings
        if self.connections.busy and not self.connections.exempt(ip):
            return min(settings.busy_idle_seconds, settings.handshake_seconds)
        return settings.handshake_seconds

    # Timers

    def _until(self, deadline: float | None) -> None:
        """Set when the peer must have done something, on our clock; None while it is our turn."""
        self._deadline.set(deadline)

    def _missed(self) -> None:
        if self._abort_when_late:
            self.abort()
            return
        reply = IDLE_TOO_LONG
        if self._commanding and self.clock.time() >= self._ends_at:
            reply = SESSION_TOO_LONG
        elif self._commanding and self.connections.stopping:
            reply = SHUTTING_DOWN
        self.input.set_exception(ClosingError(reply))

    # Replies

    def say(self, reply: Reply) -> None:
        """Queue a reply; it leaves in one write, with those to other commands the peer sent in one go."""
        if reply.code >= 500:  # noqa: PLR2004
            self.budget.refused()
        elif reply.code in _LATER:
            self.budget.deferred()
        if reply.code >= 400:  # noqa: PLR2004
            REFUSED.add(str(reply.code))
        self._replies += render(reply)

    async def flush(self) -> None:
        """Write what is queued, and wait for a peer that does not read."""
        if self._wire is None:
            self._replies.clear()
            return
        if not self._replies:
            return
        self._wire.write(bytes(self._replies))
        self._replies.clear()
        if self._wire.get_write_buffer_size():
            self._abort_when_late = True
            self._until(self.clock.time() + self.settings.data_idle_seconds)
            await self._writer.drain()
            self._abort_when_late = False
            self._until(None)

    # Commands

    async def _handle_client(self) -> None:
        """Talk to one peer from greeting to goodbye."""
        try:
            self._replies += f"220 {self.hostname} {self.greeting} bccd\r\n".encode("ascii", "replace")
            while True:
                await self._turn()
        except ClosingError as closing:
            with contextlib.suppress(ConnectionError):
                await self._leave(closing.reply)
        except ConnectionError:
            pass
        finally:
            self.connections.leave(self.peer.ip)
            self.reset()
            if self._wire is not None:
                self._wire.close()
                with contextlib.suppress(OSError):
                    await self._writer.wait_closed()
            self.input.forget()  # the session is part of a cycle, and stays until one is looked for

    async def _leave(self, reply: Reply | None) -> None:
        """Say the last word and let the peer hear it: closing at once would reset what it still sends."""
        if reply is not None:
            self.say(reply)
        self._abort_when_late = True
        await self.flush()
        self._abort_when_late = True
        self._until(self.clock.time() + LINGER)
        if self._wire is not None and reply is not BYE:
            if self._wire.can_write_eof():
                self._wire.write_eof()
            await self.input.ignore()

    async def _turn(self) -> None:
        """Read one command and answer it."""
        try:
            line = self._line_at_hand() or await self._next_line()
        except LineTooLongError as error:
            if is_chunk(error.start):
                raise ClosingError(LINE_TOO_LONG) from None
            self.say(LINE_TOO_LONG)
        else:
            verb, argument = self._understood(line)
            if verb is not None:
                await self._obey(verb, argument)
        if self.budget.strained:
            await self._restrain()

    async def _restrain(self) -> None:
        """End the session of a peer that has used its budget up, or make it wait."""
        spent = self.budget.spent
        if spent is not None:
            raise ClosingError(spent)
        if self.budget.slow_down:
            await self.flush()
            await asyncio.sleep(self.settings.error_delay)

    def _line_at_hand(self) -> bytes | None:
        """Take a command that has come already, if nothing else is due before it."""
        due = len(self._replies) > _FLUSH_AT or (self._commands + 1) % _YIELD_EVERY == 0
        if due or self.connections.stopping or self.clock.time() >= self._ends_at:
            return None
        line = self.input.line_at_hand()
        if line is not None:
            self._commands += 1
        return line

    async def _next_line(self) -> bytes:
        if not self.input.has_line or len(self._replies) > _FLUSH_AT:
            await self.flush()
        at_rest = not self.in_transaction()
        if at_rest and self.connections.stopping:
            raise ClosingError(SHUTTING_DOWN)
        now = self.clock.time()
        if now >= self._ends_at:
            raise ClosingError(SESSION_TOO_LONG)
        self._commands += 1
        if self._commands % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
        if self.input.has_line:
            return await self.input.line()
        self._until(min(now + self.patience(), self._ends_at))
        self._resting, self._commanding = at_rest, True
        try:
            return await self.input.line()
        finally:
            self._resting = self._commanding = False
            self._until(None)

    async def line_within(self, seconds: float) -> bytes:
        """Read a line that is no command; raises LineTooLongError, or ClosingError if it does not come."""
        self._until(min(self.clock.time() + seconds, self._ends_at))
        self._resting = True
        try:
            return await self.input.line()
        finally:
            self._resting = False
            self._until(None)

    def patience(self) -> float:
        """Return for how many seconds to wait for the next command."""
        settings = self.settings
        if self.connections.stopping:
            return min(LAST_SECONDS, settings.idle_seconds)
        if self._commands == 1:
            return min(settings.first_seconds, settings.idle_seconds)
        if self.connections.busy and not self.connections.exempt(self.peer.ip):
            return min(settings.busy_idle_seconds, settings.idle_seconds)
        return settings.idle_seconds

    def _understood(self, line: bytes) -> tuple[Verb | None, str]:
        """Return what answers a command, and its argument; say so where nothing does."""
        command, argument = split(line)
        verb: Verb | None = getattr(self, f"smtp_{command}", None)
        if verb is not None:
            return verb, argument
        if is_http(command, argument):
            raise ClosingError(WRONG_PROTOCOL)
        if is_chunk(line):  # what follows it is mail, and nobody knows how much
            raise ClosingError(BAD_LINE)
        if command:
            self.budget.unknown()
        self.say(UNKNOWN_COMMAND if command else BAD_LINE)
        return None, ""

    async def _obey(self, verb: Verb, argument: str) -> None:
        try:
            await verb(argument)
        except (ClosingError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001  the session outlives it (A6, A7)
            self.reset()
            self.say(self.handler.failed(error, self.session_id))

    # Transactions

    def in_transaction(self) -> bool:
        """Tell whether a mail has been begun."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget the transaction (RFC 5321 4.1.1.5)."""
        raise NotImplementedError
