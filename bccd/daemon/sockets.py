"""Binds what the configuration lists, with one sentence for each thing that can be wrong with it."""

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path

from bccd.config import Listen
from bccd.model.errors import MistakeError, PortTakenError

_BACKLOG = 1024
_UNIX_MODE = 0o660
_UNIX = "unix:"
_ALL_IPV4, _ALL_IPV6 = "0.0.0.0:", "[::]:"
_WHY = {
    errno.EADDRINUSE: "another program listens there",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.EACCES: "that port or folder is not ours to use (below 1024 systemd or root opens it for bccd)",
    errno.ENOENT: "the folder does not exist",
    errno.EAFNOSUPPORT: "this machine has no such network",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A listening socket, and what is spoken on it."""

    protocol: str  # the option of [listen] that names it
    endpoint: str  # as configured
    sock: socket.socket

    @property
    def name(self) -> str:
        """Say it in a log line."""
        return f"{self.protocol} {self.endpoint}"

    def covers(self) -> list[tuple[str, str]]:
        """List what of the configuration it stands for: protocol, endpoint."""
        places = [self.endpoint]
        if self.endpoint.startswith(_ALL_IPV6) and self._is_dual():
            places.append(self.endpoint.replace(_ALL_IPV6, _ALL_IPV4))
        return [(self.protocol, place) for place in places]

    def _is_dual(self) -> bool:
        return not self.sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def endpoints_of(listen: Listen) -> list[tuple[str, str]]:
    """List what is to be spoken where: option of [listen], endpoint."""
    return [(item.name, endpoint) for item in fields(listen) for endpoint in getattr(listen, item.name)]


def _split(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def refuse_root(listen: Listen) -> None:
    """Raise MistakeError where root would face a network: that is never needed."""
    if os.geteuid() != 0:
        return
    for _, endpoint in endpoints_of(listen):
        if not endpoint.startswith(_UNIX) and not ipaddress.ip_address(_split(endpoint)[0]).is_loopback:
            raise MistakeError(
                f"bccd does not listen on {endpoint} as root: name in `user` whom it is to become once it has"
                " that port, or start it as a user of its own"
            )


@contextmanager
def bind_all(listen: Listen, given: Sequence[Bound] = (), *, tcp_only: bool = False) -> Iterator[list[Bound]]:
    """Bind and listen everywhere but where a given socket does, or raise MistakeError naming the place.

    The given sockets are among the result; whoever gave them closes them.
    """
    taken = {place for bound in given for place in bound.covers()}
    with ExitStack() as stack:
        found = list(given)
        for protocol, endpoint in endpoints_of(listen):
            unix = endpoint.startswith(_UNIX)
            if (protocol, endpoint) in taken or (unix and tcp_only):
                continue
            try:
                sock = _bind_unix(endpoint, stack) if unix else _bind_tcp(endpoint)
            except OSError as error:
                why = _WHY.get(error.errno or 0, error.strerror)
                kind = PortTakenError if error.errno == errno.EADDRINUSE else MistakeError
                raise kind(f"cannot listen on {endpoint} (listen.{protocol}): {why}") from error
            stack.callback(sock.close)
            sock.listen(_BACKLOG)
            sock.setblocking(False)
            found.append(Bound(protocol, endpoint, sock))
        yield found


def _bind_tcp(endpoint: str) -> socket.socket:
    host, port = _split(endpoint)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _bind_unix(endpoint: str, stack: ExitStack) -> socket.socket:
    path = Path(endpoint.removeprefix(_UNIX))
    _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        sock.bind(str(path))
        path.chmod(_UNIX_MODE)
    except OSError:
        sock.close()
        raise
    stack.callback(path.unlink, missing_ok=True)
    return sock


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody serves any more; one that is served is left, and so is any other file."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            with suppress(FileNotFoundError):
                path.unlink()
