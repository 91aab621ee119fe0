"""The servers that are measured: each is started in a folder of its own, takes mail by SMTP, is stopped."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from benchmarks.machine import Process

_START_SECONDS = 30.0
_STOP_SECONDS = 60.0
PLACE = Path("/var/tmp")  # noqa: S108 - folders are made below it with mkdtemp(); /tmp may be memory
FILED = "filed"  # the state of a mail that stands where it belongs
ROOT = Path(__file__).resolve().parent.parent


class PeerError(Exception):
    """A peer did not do as it should; the text is a sentence for the user."""


class Peer(Protocol):
    """A server under test."""

    name: str
    awaited: str  # the state in which outcomes() counts what was accepted; empty where it cannot

    def lacks(self) -> str:
        """Say in one sentence why it cannot run here; empty if it can."""
        ...

    def start(self, folder: Path, directory: Path) -> int:
        """Start with empty stores in a folder and this company directory; return the port of its SMTP."""
        ...

    def warmed(self) -> None:
        """Be told that the clock is about to start; no mail is under way."""
        ...

    def roots(self) -> list[int]:
        """Return the processes all its others stem from, its own first."""
        ...

    def role(self, process: Process, family: list[Process]) -> str:
        """Name what one of its processes does."""
        ...

    def outcomes(self) -> dict[str, int]:
        """Count what became of accepted mail, by state; empty where that cannot be told."""
        ...

    def stop(self) -> None:
        """Stop it; its folder may go then."""
        ...


def free_port() -> int:
    """Find a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_smtp(port: int, alive: Callable[[], bool]) -> None:
    """Wait until a server greets; raises PeerError when it dies or does not."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and alive():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS) as peer:
                if peer.recv(512).startswith(b"220"):
                    peer.sendall(b"QUIT\r\n")
                    peer.recv(512)
                    return
        except OSError:
            time.sleep(0.05)
    raise PeerError(f"nothing greets on port {port}")


def end(process: subprocess.Popen[bytes] | None) -> None:
    """Ask a process to end, and make it."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Sink:
    """A bare aiosmtpd that forgets."""

    name = "aiosmtpd sink"
    awaited = ""
    module = "benchmarks.sink"
    _process: subprocess.Popen[bytes] | None = None

    def lacks(self) -> str:
        """Nothing: bccd needs aiosmtpd itself."""
        return ""

    def start(self, folder: Path, directory: Path) -> int:
        """Start the sink."""
        del directory
        port = free_port()
        with (folder / "sink.log").open("wb") as log:
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", self.module, str(port)], cwd=ROOT, stdout=log, stderr=log
            )
        wait_for_smtp(port, lambda: process.poll() is None)
        return port

    def warmed(self) -> None:
        """Do nothing."""

    def roots(self) -> list[int]:
        """Return its only process."""
        return [self._process.pid] if self._process else []

    def role(self, process: Process, family: list[Process]) -> str:
        """There is one role."""
        del process, family
        return "sink"

    def outcomes(self) -> dict[str, int]:
        """Return nothing: it stores nothing."""
        return {}

    def stop(self) -> None:
        """Stop it."""
        end(self._process)


class Bare(Sink):
    """A server of the standard library's asyncio that only counts lines."""

    name = "asyncio alone"
    module = "benchmarks.bare"
