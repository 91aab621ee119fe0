"""Processes of bccd that cost no imports: forked from one that holds the program ready, as fronts are.

Run as a program, this file is that process. `Nursery` starts it and asks it for children: each is a process
of its own, in a session of its own, with its own folder, environment and output, and ends by itself. It fails
where a test of faults wants it.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
_LARGEST = 65_536  # octets of a wish
_NUMBER = 10  # octets in which a process id or an exit code is told
_PATIENCE = 60.0  # seconds until the process stands
FAULTS = (
    "FAULTS_OF_A_TEST"  # environment: the folder of what makes a process fail, see tests/faults/points.py
)


class Child:
    """A process that a nursery started; it is used like a subprocess.Popen."""

    def __init__(self, told: int) -> None:
        self._told = told
        self.returncode: int | None = None
        self.pid = int(self._line(_PATIENCE))

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code, which is negative where a signal was the end."""
        if self.returncode is None:
            self.returncode = int(self._line(timeout))
            os.close(self._told)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)

    def _line(self, timeout: float | None) -> str:
        if not select.select([self._told], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(["bccd"], timeout or 0)
        line = os.read(self._told, _NUMBER)
        assert line, "the nursery is gone"
        return line.decode()


class Nursery:
    """Starts processes of bccd."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=ROOT
            )
        atexit.register(self._end)

    def start(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], out: IO[bytes], err: IO[bytes]
    ) -> Child:
        """Start `bccd WORDS` in a session of its own."""
        read, write = os.pipe()
        wish = json.dumps({"words": [*words], "cwd": str(cwd), "env": dict(env)}).encode()
        assert len(wish) <= _LARGEST
        try:
            socket.send_fds(self._channel, [wish], [out.fileno(), err.fileno(), write])
        finally:
            os.close(write)
        return Child(read)

    def run(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `bccd WORDS` to its end."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = self.start(words, cwd, env, out, err)
            try:
                code = child.wait(timeout)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
            said = []
            for file in (out, err):
                file.seek(0)
                said.append(file.read().decode())
        return subprocess.CompletedProcess(["bccd", *words], code, *said)

    def _end(self) -> None:
        self._channel.close()
        self._process.wait(_PATIENCE)


@cache
def nursery() -> Nursery:
    """Return the one of these tests."""
    return Nursery()


def serve(channel: socket.socket) -> None:
    """Fork a child for each wish and tell of its end, until the tests are gone."""
    waiting: dict[int, int] = {}  # where the end of each child is told
    read, write = os.pipe()
    for end in (read, write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([channel.fileno(), read], [], [])[0]
        if read in ready:
            os.read(read, 100)
            _reap(waiting)
        if channel.fileno() in ready:
            wish, files, _, _ = socket.recv_fds(channel, _LARGEST, 3)
            if not wish:
                return
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                channel.detach()
                _be(json.loads(wish), files)
            os.write(files[2], b"%10d" % child)
            waiting[child] = files[2]
            for file in files[:2]:
                os.close(file)


def _reap(waiting: dict[int, int]) -> None:
    while waiting:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        told = waiting.pop(child)
        with suppress(BrokenPipeError):
            os.write(told, b"%10d" % os.waitstatus_to_exitcode(status))
        os.close(told)


def _be(wish: Mapping[str, object], files: Sequence[int]) -> None:
    """Be `bccd`; raises SystemExit, as it does."""
    from bccd.cli import main  # noqa: PLC0415  (long imported)

    os.setsid()
    os.chdir(str(wish["cwd"]))
    for number, file in enumerate(files[:2], 1):
        os.dup2(file, number)
    os.closerange(3, 1024)
    environment: object = wish["env"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    if FAULTS in environment:
        from tests.faults.points import install  # noqa: PLC0415  (for few)

        install(Path(environment[FAULTS]))
    words: object = wish["words"]
    assert isinstance(words, list)
    sys.argv = [str(ROOT / "bccd" / "__main__.py"), *words]
    main(prog_name="python -m bccd")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import bccd.cli  # noqa: F401  (so that children have it)

    time.strptime("1", "%S")  # which imports what it needs at its first call
    serve(socket.socket(fileno=int(sys.argv[1])))
