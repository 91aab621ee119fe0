"""The mail server of the demo's users: it keeps what bccd writes to them, one file a mail."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Postbox:
    """Takes mail on loopback; `endpoint` is where, as ADDRESS:PORT."""

    folder: Path
    endpoint: str = ""
    mails: list[Path] = field(default_factory=list)  # of this run, oldest first

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail: aiosmtpd calls this by its name."""
        del server, session
        self.folder.mkdir(mode=0o700, exist_ok=True)
        number = 1 + len(list(self.folder.glob("*.eml")))
        path = self.folder / f"{number:03}.eml"
        path.write_bytes(envelope.original_content or b"")
        self.mails.append(path)
        return "250 2.0.0 kept"


def read(path: Path) -> EmailMessage:
    """Return a mail of our own making as the standard library reads it."""
    return message_from_bytes(path.read_bytes(), policy=policy.default)


@contextmanager
def postbox(folder: Path) -> Iterator[Postbox]:
    """Run a postbox on a free port of 127.0.0.1, in a thread of its own."""
    box, loop = Postbox(folder), asyncio.new_event_loop()
    sock = socket.create_server(("127.0.0.1", 0))
    box.endpoint = f"127.0.0.1:{sock.getsockname()[1]}"
    server = loop.run_until_complete(
        loop.create_server(
            lambda: SMTP(box, hostname="localhost", enable_SMTPUTF8=True, loop=loop), sock=sock
        )
    )
    thread = Thread(target=loop.run_forever, name="postbox", daemon=True)
    thread.start()
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
