"""The smarthost and what its answers mean, against real servers on loopback."""

import asyncio
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from bccd.config import Outbound
from bccd.outbound.relay import Relay, Sending
from tests.certificate import make
from tests.e2e.harness import free_port
from tests.sink import sink

TO = "anna@seller.example"
MAIL = b"Subject: x\r\n\r\n.a line\r\n"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Run a server that does what it is told to; yields its port."""
    ended: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over = asyncio.get_running_loop().create_future()
        ended.append(over)
        with suppress(asyncio.IncompleteReadError, OSError):
            await script(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        over.set_result(None)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port: int = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.close()
        await asyncio.gather(*ended)


def says(*replies: str, cut: bool = False) -> tuple[Script, list[bytes]]:
    """Return a server that greets, answers line by line, and perhaps hangs up; with what it heard."""
    heard: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 server\r\n")
        for reply in replies:
            line = await reader.readuntil(b"\r\n.\r\n" if heard and heard[-1] == b"DATA\r\n" else b"\r\n")
            heard.append(line)
            writer.write(reply.encode() + b"\r\n")
        if cut:
            await reader.readuntil(b"\r\n.\r\n")

    return script, heard


def settings(port: int, **more: str) -> Outbound:
    return replace(Outbound(), smarthost=f"127.0.0.1:{port}", **more)


def sent(
    port: int, *, to: str = TO, cafile: str | None = None, host: str = "127.0.0.1", **more: str
) -> Sending:
    """Send one mail from a thread's own loop."""

    async def once() -> Sending:
        relay = Relay(
            replace(settings(port, **more), smarthost=f"{host}:{port}"), "bccd.example", cafile=cafile
        )
        try:
            return await relay.send(to, MAIL)
        finally:
            await relay.close()

    return asyncio.run(once())


def against(script: Script, **more: str) -> Sending:
    """Send one mail to a scripted server."""

    async def once() -> Sending:
        async with scripted(script) as port:
            relay = Relay(settings(port, **more), "bccd.example")
            try:
                return await relay.send(TO, MAIL)
            finally:
                await relay.close()

    return asyncio.run(once())


def test_mail_goes_out_over_one_connection() -> None:
    """With the null return path, to one recipient, and dots doubled and undone."""

    async def three(port: int) -> list[Sending]:
        relay = Relay(settings(port, tls="none"), "bccd.example")
        found = [await relay.send(TO, MAIL) for _ in range(3)]
        await relay.close()
        return found

    with sink() as server:
        assert asyncio.run(three(server.port)) == [Sending("sent")] * 3
        assert [(mail.sender, mail.to) for mail in server.mails()] == [("", (TO,))] * 3
        assert server.mails()[0].raw.endswith(b"\r\n.a line\r\n")


def test_answers_are_for_now_or_for_good() -> None:
    """450 is tried again, 550 is not; each says what the server said."""
    with sink() as server:
        server.answer = lambda *_: "450 4.2.0 greylisted"
        assert sent(server.port) == Sending("later", "450 4.2.0 greylisted")
        server.answer = lambda *_: "554 5.7.1 spam"
        assert sent(server.port) == Sending("failed", "554 5.7.1 spam")


OK = "250 ok"


@pytest.mark.parametrize(
    ("replies", "cut", "outcome"),
    [
        ((OK, OK, OK, "354 go", OK), False, "sent"),
        ((OK, OK, "450 4.7.1 greylisted"), False, "later"),
        ((OK, OK, "550 5.1.1 nobody"), False, "failed"),
        ((OK, "550 no null sender here"), False, "away"),
        ((OK, "451 not now"), False, "away"),
        (("550 go away", "550 go away"), False, "away"),
        ((OK, OK, OK, "354 go"), True, "unknown"),
        ((OK, OK, OK), False, "unknown"),
        ((OK, OK, OK, "452 full"), False, "later"),
        ((OK, OK), False, "away"),
        ((), False, "away"),
    ],
)
def test_what_a_server_says_decides(replies: tuple[str, ...], cut: bool, outcome: str) -> None:
    """Only what it says of this mail is the mail's own; once it has the mail, silence may mean anything."""
    script, _ = says(*replies, cut=cut)
    assert against(script, tls="none").outcome == outcome


def test_a_server_that_is_not_there_is_away() -> None:
    """Nothing is raised, and the reason is told."""
    with sink() as server:
        port = server.port
    found = sent(port)
    assert found.outcome == "away" and "SMTPConnectError" in found.error


def test_a_password_is_not_sent_in_clear() -> None:
    """Neither to a server elsewhere that offers no TLS, nor into what is told of a failure."""
    script, heard = says("250-server\r\n250 AUTH PLAIN", OK, OK, OK, OK, OK, OK)

    async def once() -> Sending:
        async with scripted(script) as port:
            relay = Relay(settings(port, username="bccd", password="hunter2"), "bccd.example")
            relay._host = "mail.example"  # as though it were elsewhere
            client = relay._new()
            client.hostname = "127.0.0.1"
            relay._new = lambda: client  # type: ignore[method-assign]
            try:
                return await relay.send(TO, MAIL)
            finally:
                await relay.close()

    found = asyncio.run(once())
    assert (found.outcome, "no TLS" in found.error) == ("away", True)
    assert not any(line.startswith(b"AUTH") for line in heard)
    script, heard = says("250-server\r\n250 AUTH PLAIN LOGIN", *["535 5.7.8 no"] * 6)
    found = against(script, tls="none", username="bccd", password="hunter2")
    assert found.outcome == "away" and "535 5.7.8 no" in found.error
    assert any(line.startswith(b"AUTH") for line in heard) and "hunter2" not in found.error


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    """Neither as it is nor as AUTH has it; of what else it says nothing is lost."""
    blob = b64encode(b"\0bccd\0hunter2").decode()
    script, _ = says("250-server\r\n250 AUTH PLAIN LOGIN", *[f"535 5.7.8 hunter2? {blob} no"] * 6)
    found = against(script, tls="none", username="bccd", password="hunter2")
    assert found.outcome == "away" and "535 5.7.8 ***? *** no" in found.error


def test_an_address_beyond_ascii_needs_a_server_that_takes_it() -> None:
    """SMTPUTF8 is asked for where it is offered (RFC 6531); without it the mail has failed."""
    assert sent_to("żółć@seller.example", "250 server") == (Sending("failed", UNFIT), [])
    outcome, lines = sent_to("żółć@seller.example", "250-server\r\n250 SMTPUTF8")
    assert outcome == Sending("sent")
    assert lines == [b"MAIL FROM:<> SMTPUTF8\r\n", "RCPT TO:<żółć@seller.example>\r\n".encode()]


def test_an_address_that_a_server_will_not_have_holds_up_no_other_mail() -> None:
    """Where it refuses SMTPUTF8 after all, this mail ends; of a plain one it is the server's doing."""
    for to, outcome in (("żółć@seller.example", "failed"), ("anna@seller.example", "away")):
        found, _ = sent_to(to, "250-server\r\n250 SMTPUTF8", "550 no")
        assert found == Sending(outcome, "550 no")


UNFIT = "the smarthost takes no address outside ASCII (RFC 6531)"


def sent_to(to: str, greeting: str, sender: str = "") -> tuple[Sending, list[bytes]]:
    script, heard = says(greeting, sender or OK, OK, "354 go", OK)

    async def once() -> Sending:
        async with scripted(script) as port:
            relay = Relay(settings(port, tls="none"), "bccd.example")
            try:
                return await relay.send(to, MAIL)
            finally:
                await relay.close()

    found = asyncio.run(once())
    return found, [line for line in heard if line.startswith((b"MAIL", b"RCPT"))]


# ---- TLS ---------------------------------------------------------------------------------------------------


class StartsTls(Controller):
    """A server that offers STARTTLS with a certificate of its own making."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context, self.taken = context, 0
        super().__init__(self, hostname="127.0.0.1", port=free_port())

    def factory(self) -> SMTP:
        return SMTP(self, tls_context=self.context)

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken += 1
        return "250 ok"


def certificate_for(folder: Path, host: str) -> tuple[ssl.SSLContext, str]:
    """Return a server's context, and the file that vouches for it."""
    certificate, key = make(folder, host, host=host)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context, str(certificate)


def test_starttls_is_verified(tmp_path: Path) -> None:
    """A wrong name or an unknown authority: nothing is sent, the server counts as away."""
    right, ca = certificate_for(tmp_path, "localhost")
    wrong, other = certificate_for(tmp_path, "other.example")
    found = []
    for context, how, cafile in (
        (right, "starttls", ca),
        (right, "starttls", None),
        (wrong, "starttls", other),
        (wrong, "auto", None),  # it is on this machine
    ):
        server = StartsTls(context)
        server.start()
        try:
            found.append((sent(server.port, tls=how, cafile=cafile, host="localhost").outcome, server.taken))
        finally:
            server.stop()
    assert found == [("sent", 1), ("away", 0), ("away", 0), ("sent", 1)]


def test_starttls_is_demanded_or_taken_where_offered() -> None:
    """A server that offers none is away where TLS is demanded; auto then sends without."""
    with sink() as server:
        assert sent(server.port, tls="starttls").outcome == "away"
        assert sent(server.port, tls="auto").outcome == "sent"


def test_implicit_tls_is_verified(tmp_path: Path) -> None:
    """TLS from the first octet, to a server that a known authority vouches for."""
    context, ca = certificate_for(tmp_path, "localhost")

    async def once(cafile: str | None) -> Sending:
        script, _ = says(OK, OK, OK, "354 go", OK)
        async with scripted(script, context) as port:
            made = replace(settings(port, tls="implicit"), smarthost=f"localhost:{port}")
            relay = Relay(made, "bccd.example", cafile=cafile)
            try:
                return await relay.send(TO, MAIL)
            finally:
                await relay.close()

    assert asyncio.run(once(ca)) == Sending("sent")
    assert asyncio.run(once(None)).outcome == "away"


def test_a_server_that_says_no_farewell_keeps_no_connection(tmp_path: Path) -> None:
    """Once QUIT is answered the connection is ended, whether or not the server ends its TLS."""
    context, ca = certificate_for(tmp_path, "localhost")
    ended: list[bool] = []

    def serve(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        sock.settimeout(20)
        with context.wrap_socket(sock, server_side=True) as secured:
            for reply in (b"220 server", b"250 server", b"221 bye"):
                secured.sendall(reply + b"\r\n")
                if reply[:3] != b"221":
                    secured.recv(512)
            with socket.socket(fileno=secured.detach()) as bare:  # says nothing more within TLS
                bare.settimeout(20)
                with suppress(ConnectionResetError):
                    while bare.recv(512):
                        pass
                ended.append(True)

    async def reach(port: int) -> None:
        made = replace(settings(port, tls="implicit"), smarthost=f"localhost:{port}")
        await Relay(made, "bccd.example", cafile=ca).reach()
        await asyncio.to_thread(thread.join, 25)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        asyncio.run(reach(listener.getsockname()[1]))
    assert ended == [True]
