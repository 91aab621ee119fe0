"""The mail server of the demo's users: it keeps what bccd writes to them, one file a mail.

It is a process of its own, which ends with its standard input: threads of the demo would be parents of the
daemon, each of whose ends the daemon would take for the demo's.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Postbox:
    """Where mail is taken, as ADDRESS:PORT, and the folder where it is kept."""

    folder: Path
    endpoint: str
    before: frozenset[Path]  # what earlier runs left there

    def mails(self) -> list[Path]:
        """Return the files of this run, oldest first."""
        return sorted(set(self.folder.glob("*.eml")) - self.before)


class Keeper:
    """What aiosmtpd calls for each mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail: aiosmtpd calls this by its name."""
        del server, session
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{1 + len(list(self._folder.glob('*.eml'))):03}"
        path.write_bytes(envelope.original_content or b"")
        path.rename(path.with_suffix(".eml"))  # whole, or not there
        return "250 2.0.0 kept"


def read(path: Path) -> EmailMessage:
    """Return a mail of our own making as the standard library reads it."""
    return message_from_bytes(path.read_bytes(), policy=policy.default)


@contextmanager
def postbox(folder: Path) -> Iterator[Postbox]:
    """Run a postbox on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        endpoint = f"127.0.0.1:{sock.getsockname()[1]}"
        command = [sys.executable, "-m", "bccd.cli.postbox", str(folder), str(sock.fileno())]
        process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
            command, stdin=subprocess.PIPE, pass_fds=[sock.fileno()], start_new_session=True
        )
    try:
        yield Postbox(folder, endpoint, frozenset(folder.glob("*.eml")))
    finally:
        process.communicate()


async def serve(folder: Path, sock: socket.socket) -> None:
    """Take mail until standard input ends."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True, loop=loop), sock=sock
    )
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))))
