"""The door to a running bccd: a UNIX socket for its owner, one JSON object a line each way.

The command line asks, the filer answers between two batches; so the filer stays the database's only writer.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bccd.model.errors import BccdError, MistakeError, StorageFullError, StoreUnavailableError

Operation = Callable[[Mapping[str, object]], object]

SOCKET_NAME = "bccd.sock"
LOCK_NAME = "bccd.lock"
_CONNECTIONS = 8
_LONGEST_LINE = 32 * 2**20
_CHUNK = 256 * 1024
_REPLY_SECONDS = 2.0  # how long the filer may be kept by a client that does not read
_IDLE_SECONDS = 30.0
_AWAY = (StoreUnavailableError.__name__, StorageFullError.__name__)
_LONGEST_SOCKET_PATH = 107  # sockaddr_un.sun_path without its NUL


class DoorClosedError(BccdError):
    """No bccd answers on this data folder."""


class FolderHeldError(MistakeError):
    """Another process works on this data folder."""


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """Give a path to the socket that fits into sockaddr_un, however deep the data folder lies."""
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@dataclass(slots=True)
class _Guest:
    """A connection of the command line, with what it has said of its line so far."""

    sock: socket.socket
    since: float
    heard: bytearray = field(default_factory=bytearray)


class Door:
    """The server side, driven by somebody else's select loop; nothing is raised out of handle()."""

    def __init__(self, path: Path, operations: Mapping[str, Operation]) -> None:
        self._operations = dict(operations)
        self._path = path
        self._guests: dict[int, _Guest] = {}
        path.unlink(missing_ok=True)  # the lock says that nobody else serves here
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        before = os.umask(0o177)
        try:
            with _address(path) as address:
                self._listener.bind(address)
        finally:
            os.umask(before)
        self._listener.listen(_CONNECTIONS)
        self._listener.setblocking(False)

    def filenos(self) -> list[int]:
        """List what the loop should wait for to become readable."""
        return [self._listener.fileno(), *self._guests]

    def handle(self, ready: Iterable[int]) -> None:
        """Serve those of the descriptors that are the door's own; the others are left alone."""
        for number in list(ready):
            try:
                if number == self._listener.fileno():
                    self._let_in()
                elif number in self._guests:
                    self._listen_to(self._guests[number])
            except OSError as error:
                structlog.get_logger().warning("door", error=str(error))
                self._show_out(number)
        self._show_out_the_silent()

    def close(self) -> None:
        """Take the socket away; whoever is being served sees the connection end."""
        self._path.unlink(missing_ok=True)
        self._listener.close()
        for number in list(self._guests):
            self._show_out(number)

    def _let_in(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return
        if len(self._guests) >= _CONNECTIONS:
            sock.close()
            return
        sock.setblocking(False)
        self._guests[sock.fileno()] = _Guest(sock, time.monotonic())

    def _show_out(self, number: int) -> None:
        if guest := self._guests.pop(number, None):
            guest.sock.close()

    def _show_out_the_silent(self) -> None:
        latest = time.monotonic() - _IDLE_SECONDS
        for number in [number for number, guest in self._guests.items() if guest.since < latest]:
            self._show_out(number)

    def _listen_to(self, guest: _Guest) -> None:
        number = guest.sock.fileno()
        try:
            heard = guest.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        guest.heard += heard
        if not heard or len(guest.heard) > _LONGEST_LINE:
            self._show_out(number)
            return
        guest.since = time.monotonic()
        # One line is worked off a turn, for the filer has other work; a client waits for its answer anyway.
        line, end, rest = bytes(guest.heard).partition(b"\n") if b"\n" in heard else (b"", b"", b"")
        if end:
            guest.heard = bytearray(rest)
            guest.sock.settimeout(_REPLY_SECONDS)
            guest.sock.sendall(json.dumps(self._answer(line)).encode() + b"\n")
            guest.sock.settimeout(0)

    def _answer(self, line: bytes) -> dict[str, object]:
        try:
            request = json.loads(line)
            operation = self._operations[request["op"]]
            arguments = dict(request.get("arguments", {}))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {"error": "the running bccd does not know this request; it may be another version"}
        try:
            return {"result": operation(arguments)}
        except BccdError as error:
            return {"error": str(error), "kind": type(error).__name__}
        except Exception as error:  # noqa: BLE001 - the filer must go on, whatever an operation dies of
            structlog.get_logger().exception("door", operation=request["op"])
            return {"error": f"the running bccd failed at this ({type(error).__name__}); its log says why"}


def ask(data_dir: Path, operation: str, arguments: Mapping[str, object], patience: float = 60.0) -> object:
    """Have the running bccd do something and return its answer.

    Raises DoorClosedError where none runs, StoreUnavailableError where it cannot use its database now,
    MistakeError with the sentence it answered otherwise.
    """
    path = data_dir / SOCKET_NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(patience)
        try:
            with _address(path) as address:
                sock.connect(address)
            sock.sendall(json.dumps({"op": operation, "arguments": dict(arguments)}).encode() + b"\n")
            line = _read_line(sock)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise DoorClosedError(f"no bccd runs on {data_dir}") from error
        except TimeoutError as error:
            raise MistakeError("the running bccd does not answer") from error
        except OSError as error:
            raise MistakeError(f"the running bccd cannot be asked: {error.strerror or error}") from error
    if not line:
        raise MistakeError("the running bccd ended before it answered; ask again")
    answer = json.loads(line)
    if "error" in answer:
        away = answer.get("kind") in _AWAY
        raise StoreUnavailableError(answer["error"]) if away else MistakeError(answer["error"])
    return answer["result"]


def _read_line(sock: socket.socket) -> bytes:
    heard = bytearray()
    while not heard.endswith(b"\n"):
        chunk = sock.recv(_CHUNK)
        if not chunk:
            return b""
        heard += chunk
    return bytes(heard)


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Hold a data folder for oneself; raises FolderHeldError where another process has it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderHeldError(f"another bccd already works on {data_dir}") from error
        yield
    finally:
        os.close(descriptor)


def do(
    data_dir: Path, operation: str, arguments: Mapping[str, object], here: Operation, patience: float = 5.0
) -> object:
    """Have the running bccd do something, or do it here under the lock where none runs."""
    until = time.monotonic() + patience
    while True:
        with suppress(DoorClosedError):
            return ask(data_dir, operation, arguments)
        try:
            with hold(data_dir):
                return here(arguments)
        except FolderHeldError:
            # A bccd that starts or ends has the lock but no door: that passes.
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


def drain(fileno: int) -> None:
    """Empty a pipe that only wakes."""
    with suppress(BlockingIOError):
        while len(os.read(fileno, 4096)) == 4096:  # noqa: PLR2004 - as many as were asked for
            pass
