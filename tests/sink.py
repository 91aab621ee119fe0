"""The mail server of other people: takes what it is sent, or answers as it is told."""

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from threading import Lock

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.e2e.harness import free_port

Answer = Callable[[str, tuple[str, ...]], str]  # sender and recipients -> the reply after DATA


@dataclass(frozen=True, slots=True)
class Taken:
    """One mail that was answered with 250."""

    sender: str  # empty for the null sender
    to: tuple[str, ...]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail as the standard library reads it."""
        return email.message_from_bytes(self.raw, policy=email.policy.SMTP)

    @property
    def text(self) -> str:
        """Its plain text."""
        body = self.mail.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert isinstance(text, str)
        return text


def _accept(sender: str, to: tuple[str, ...]) -> str:
    del sender, to
    return "250 2.0.0 ok"


class Sink:
    """A running server; `answer` may be changed at any time."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answer: Answer = _accept
        self.asked = 0  # how many mails came, whatever the answer
        self._taken: list[Taken] = []
        self._lock = Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer for one mail."""
        del server, session
        sender, to = envelope.mail_from or "", tuple(envelope.rcpt_tos)
        reply = self.answer("" if sender == "<>" else sender, to)
        octets = envelope.original_content or b""
        with self._lock:
            self.asked += 1
            if reply.startswith("250"):
                self._taken.append(Taken("" if sender == "<>" else sender, to, octets))
        return reply

    def mails(self, to: str = "") -> list[Taken]:
        """Return what came, for one recipient where he is named, oldest first."""
        with self._lock:
            return [taken for taken in self._taken if not to or to in taken.to]


@contextmanager
def sink() -> Iterator[Sink]:
    """Run a mail server on loopback."""
    server = Sink()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
