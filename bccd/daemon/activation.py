"""Sockets that systemd opened and hands over (sd_listen_fds(3)), and what is spoken on each."""

import ipaddress
import os
import socket
from collections.abc import MutableMapping, Sequence
from dataclasses import fields, replace

from bccd.config import Listen
from bccd.daemon.sockets import Bound, endpoints_of
from bccd.model.errors import MistakeError

_FIRST = 3
_PROTOCOLS = tuple(item.name for item in fields(Listen))
_NO_LISTENER = (
    "systemd hands over as descriptor {} what is no socket that listens for connections: its unit needs"
    " ListenStream= and Accept=no"
)


def handed_over(environ: MutableMapping[str, str]) -> list[tuple[str, socket.socket]]:
    """Take over, each with its name, what systemd opened for this process.

    The environment tells of it no more then. Raises MistakeError for what is no socket that listens.
    """
    told = [environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    pid, count, names = told
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    called = names.split(":") if names else []
    called += [""] * (int(count) - len(called))
    return [(name, _listening(number)) for number, name in enumerate(called[: int(count)], _FIRST)]


def _listening(number: int) -> socket.socket:
    try:
        sock = socket.socket(fileno=number)
        listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        raise MistakeError(_NO_LISTENER.format(number)) from None
    if not listens or sock.type != socket.SOCK_STREAM:
        raise MistakeError(_NO_LISTENER.format(number))
    sock.set_inheritable(False)
    sock.setblocking(False)
    return sock


def _place(sock: socket.socket) -> str:
    """Say where a socket listens, as the configuration would."""
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{name}" if isinstance(name, str) else "an abstract socket"
    address = ipaddress.ip_address(name[0].partition("%")[0])
    return f"[{address}]:{name[1]}" if sock.family == socket.AF_INET6 else f"{address}:{name[1]}"


def assigned(handed: Sequence[tuple[str, socket.socket]], listen: Listen) -> tuple[Listen, list[Bound]]:
    """Say what is spoken on each socket, and where bccd listens then.

    A socket that has the name of an option of [listen] (FileDescriptorName=) takes the place of what that
    option lists; any other must listen where an option says. Raises MistakeError where none does.
    """
    configured = {endpoint: protocol for protocol, endpoint in endpoints_of(listen)}
    found = []
    for name, sock in handed:
        place = _place(sock)
        protocol = name if name in _PROTOCOLS else configured.get(place, "")
        if not protocol:
            raise MistakeError(
                f"systemd listens on {place}, and no option of [listen] says what is spoken there: name it in"
                f" one, or give the socket one of the names {', '.join(_PROTOCOLS)} (FileDescriptorName=)"
            )
        found.append(Bound(protocol, place, sock))
    named = {name for name, _ in handed if name in _PROTOCOLS}
    places = {
        protocol: tuple(bound.endpoint for bound in found if bound.protocol == protocol) for protocol in named
    }
    return replace(listen, **places), found
