"""A real listener in a thread, a Receiver that does as it is told, a client that sends octets as they are."""

import asyncio
import gc
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bccd.front import _loop_factory, open_certificates, serve
from bccd.model.auth import Login
from bccd.model.envelope import Envelope, Peer, Protocol, Target
from bccd.model.reply import ACCEPTED, NO_SUCH_ADDRESS, OTHER_COMPANY, Reply
from bccd.ports import Examination
from bccd.sources.census import Census
from bccd.sources.connection import Connection
from bccd.sources.room import Room
from bccd.sources.settings import Listener, ListenerSettings
from bccd.testing.evidence import SetExamination, SetVerifier

MAIL = b"From: a@example.org\r\nSubject: hi\r\n\r\nhello\r\n"
PASSWORD = "open sesame"
LOGIN = Login(1, 7, "u@example.org")
ROOM = Room(0, Census().seat())
COMPANIES = {"acme.example": 1, "other.example": 2}


KINDS: dict[str, Callable[[socket.socket], Listener]] = {
    Protocol.SMTP: partial(Listener, protocol=Protocol.SMTP),
    Protocol.LMTP: partial(Listener, protocol=Protocol.LMTP),
    "submission": partial(Listener, protocol=Protocol.SMTP, submission=True),
    "smtps": partial(Listener, protocol=Protocol.SMTP, submission=True, implicit_tls=True),
}


class Recorder:
    """A Receiver: knows two companies, keeps every envelope and its octets, fails and waits on demand."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.octets: list[bytes] = []
        self.asked: list[tuple[str, str]] = []
        self.peers: list[Peer] = []
        self.replies: dict[str, Reply] = {}
        self.rcpt_replies: dict[str, Reply] = {}
        self.error: BaseException | None = None
        self.rcpt_error: BaseException | None = None
        self.guesses: list[tuple[str, str]] = []
        self.login_error: Exception | None = None
        self.seconds = 0.0
        self.verifier = SetVerifier()
        self.started = threading.Event()
        self.finished = threading.Event()

    async def recipient(
        self, peer: Peer, mail_from: str, address: str, so_far: Sequence[Target]
    ) -> Target | Reply:
        self.asked.append((mail_from, address))
        self.peers.append(peer)
        if self.rcpt_error is not None:
            raise self.rcpt_error
        if address in self.rcpt_replies:
            return self.rcpt_replies[address]
        company = COMPANIES.get(address.rpartition("@")[2])
        if company is None or address.startswith("nobody"):
            return NO_SUCH_ADDRESS
        if peer.protocol is Protocol.SMTP and so_far and so_far[0].company_id != company:
            return OTHER_COMPANY
        return Target(address, company)

    async def login(self, name: str, password: str) -> Login | None:
        self.guesses.append((name, password))
        if self.login_error is not None:
            raise self.login_error
        return LOGIN if (name, password) == ("u@example.org", PASSWORD) else None

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        return self.verifier.examine(peer, mail_from)

    async def message(self, envelope: Envelope, examination: Examination) -> list[Reply]:
        assert isinstance(examination, SetExamination)
        self.started.set()
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        octets = envelope.raw.read()
        assert hashlib.sha256(octets).digest() == envelope.raw.sha256
        assert len(octets) == envelope.raw.size
        self.envelopes.append(envelope)
        self.octets.append(octets)
        self.finished.set()
        return [self.replies.get(target.address, ACCEPTED) for target in envelope.targets]


class Client:
    """Sends octets, reads replies."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(20)
        self.sock = sock
        self._file = sock.makefile("rb")

    def send(self, octets: bytes) -> None:
        self.sock.sendall(octets)

    def reply(self) -> str:
        """Return the next reply, its lines joined by a bar; "" once the peer has closed."""
        lines = []
        while True:
            line = self._file.readline().decode().rstrip("\r\n")
            lines.append(line)
            if line[3:4] != "-":
                return "|".join(lines)

    def ask(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def secure(self) -> None:
        """Speak TLS from here on, whoever the peer is."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._file.close()
        self.sock = context.wrap_socket(self.sock)
        self._file = self.sock.makefile("rb")

    def begin(self, *recipients: str, helo: str = "EHLO", mail_from: str = "u@example.org") -> None:
        """Go as far as 354."""
        for command in (f"{helo} client.example", f"MAIL FROM:<{mail_from}>"):
            assert self.ask(command)[:3] == "250"
        for recipient in recipients or ("drop@acme.example",):
            self.ask(f"RCPT TO:<{recipient}>")
        assert self.ask("DATA")[:3] == "354"

    def deliver(self, octets: bytes, *recipients: str) -> str:
        """Send one mail, octets as given, and return the reply."""
        self.begin(*recipients)
        self.send(octets + b".\r\n")
        return self.reply()

    def close(self) -> None:
        self._file.close()
        self.sock.close()


class Desk:
    """A running listener."""

    def __init__(self, tmp_dir: Path, **limits: object) -> None:
        self.recorder = Recorder()
        self.tmp_dir = tmp_dir
        settings = ListenerSettings("mx.acme.example", tmp_dir, error_delay=0, drain_seconds=5)
        self.settings = replace(settings, **limits)  # type: ignore[arg-type]
        self.certificates = open_certificates(self.settings)
        self.clients: list[Client] = []
        self._listeners = {kind: make(socket.create_server(("127.0.0.1", 0))) for kind, make in KINDS.items()}
        self.ports = {kind: each.sock.getsockname()[1] for kind, each in self._listeners.items()}
        self.loop = (_loop_factory() or asyncio.new_event_loop)()
        self.stopping = asyncio.Event()
        self.problems: list[dict[str, object]] = []
        self.loop.set_exception_handler(lambda _loop, context: self.problems.append(context))
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        listeners = list(self._listeners.values())
        self.loop.run_until_complete(
            serve(listeners, self.recorder, self.settings, self.stopping, self.certificates)
        )
        self.loop.close()

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stopping.set)

    def join(self) -> None:
        self.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def connect(self, kind: str = Protocol.SMTP, *, greeted: bool = True) -> Client:
        client = Client(socket.create_connection(("127.0.0.1", self.ports[kind]), timeout=20))
        self.clients.append(client)
        if greeted:
            assert client.reply()[:3] == "220"
        return client

    def lmtp(self) -> Client:
        return self.connect(Protocol.LMTP)

    def narrow(self) -> socket.socket:
        """Connect with as little room for replies on the way as the system allows."""
        self._listeners[Protocol.SMTP].sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sock = socket.socket()
        sock.settimeout(20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", self.ports[Protocol.SMTP]))
        return sock

    def sessions(self) -> list[Connection]:
        """Return the sessions that run."""
        found = [each for each in gc.get_objects() if isinstance(each, Connection)]
        return [each for each in found if each.loop is self.loop and each.task and not each.task.done()]

    def leftovers(self) -> list[str]:
        return [path.name for path in self.tmp_dir.iterdir()]


Start = Callable[..., Desk]


@contextmanager
def starting(tmp_dir: Path) -> Generator[Start]:
    """Give a maker of listeners; at the end each is stopped, and must have ended without a stray error."""
    desks: list[Desk] = []

    def start(**limits: object) -> Desk:
        desk = Desk(tmp_dir, **limits)
        desks.append(desk)
        desk.thread.start()
        return desk

    yield start
    for desk in desks:
        for client in desk.clients:
            client.close()
        desk.join()
        assert desk.problems == []
        assert desk.leftovers() == []


def until(fact: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for something another thread does."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if fact():
            return True
        time.sleep(0.005)
    return fact()
