"""A daemon of one's own: started, waited for and ended by the demo."""

import http.client
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bccd.cli.base import BusyError
from bccd.config import Config
from bccd.config.load import variable
from bccd.model.errors import BccdError

_START_SECONDS = 30.0
_STOP_SECONDS = 70.0
_HTTP_SECONDS = 5.0
_LAST_LINES = 5


def host_and_port(endpoint: str) -> tuple[str, int]:
    """Split ADDRESS:PORT or [IPV6]:PORT."""
    host, _, port = endpoint.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def require_free(config: Config) -> None:
    """Raise BusyError with one sentence if a port that the daemon needs is taken."""
    listen = config.listen
    needed = {"smtp": listen.smtp, "lmtp": listen.lmtp, "http": listen.http, "web": listen.web}
    for name, endpoints in needed.items():
        for endpoint in endpoints:
            if endpoint.startswith("unix:"):
                continue
            host, port = host_and_port(endpoint)
            family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET  # noqa: PLR2004
            with socket.socket(family) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    sock.bind((host, port))
                except OSError as error:
                    raise BusyError(
                        f"{endpoint} cannot be had ({error.strerror}): is another demo running?"
                        f" {variable('listen', name)}={host}:PORT before the command chooses another port"
                    ) from error


class Child:
    """`bccd serve` as a process of its own, with its log in a file; it ends when this one is killed."""

    def __init__(self, config: Config, config_path: Path, log_path: Path, environ: Mapping[str, str]) -> None:
        self._config = config
        self._log_path = log_path
        tied = ["-m", "bccd.cli.tied", str(os.getpid())]
        command = [sys.executable, *tied, "serve", "--config", str(config_path)]
        with log_path.open("ab") as log:
            # A session of its own: Ctrl-C reaches the demo alone, which then ends the daemon in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(environ),
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return when mail is taken; raises BccdError with the end of the log if that never comes."""
        until = time.monotonic() + _START_SECONDS
        while not self._ready():
            if self._process.poll() is not None:
                raise BccdError(f"the daemon ended at once: {self._last_words()}")
            if time.monotonic() > until:
                raise BccdError(f"the daemon is not ready after {_START_SECONDS:g} s: {self._last_words()}")
            time.sleep(0.05)

    def _ready(self) -> bool:
        host, port = host_and_port(self._config.listen.http[0])
        connection = http.client.HTTPConnection(host, port, timeout=_HTTP_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines = self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(lines[-_LAST_LINES:]) or f"its log {self._log_path} is empty"

    def poll(self) -> int | None:
        """Return the exit code once it has ended."""
        return self._process.poll()

    def stop(self) -> int:
        """Have it drain and end, and return its exit code; it is killed only if it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            return self._process.wait()
