"""Asks a listener whether it does what it is there for: an open port proves no more than a kernel."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bccd.cli.endpoints import connect
from bccd.config import Config
from bccd.sources.introduced import Proxies
from bccd.sources.limits import peer_ip

_PROTOCOLS = ("smtp", "lmtp", "submission", "smtps", "http", "web")
_GREETS = ("smtp", "lmtp", "submission")
_PROXIED = ("smtp", "submission", "smtps")
_NOBODYS = b"PROXY UNKNOWN\r\n"  # what a balancer's health check says, and this host may be the balancer
_GREETING, _BUSY = b"220 ", b"421 "
_UNIX = "unix:"
_SOCKETS = Path("/proc/net/unix")
_LISTENS = "00010000"  # the flag __SO_ACCEPTCON in its fourth column


def listeners(config: Config) -> Iterator[tuple[str, str]]:
    """List the listeners of a configuration: what is spoken, and where."""
    for protocol in _PROTOCOLS:
        for endpoint in getattr(config.listen, protocol):
            yield protocol, endpoint


def flaw(
    protocol: str, endpoint: str, seconds: float, proxies: tuple[str, ...] = (), *, busy: bool = False
) -> str:
    """Say what is wrong with a listener; "" where it answers as it should, or says that it is `busy`."""
    try:
        with connect(endpoint, seconds) as sock:
            if protocol in _PROXIED and Proxies(proxies, 0).has(peer_ip(sock.getsockname()) or ""):
                sock.sendall(_NOBODYS)
            return _heard(protocol, sock, (_GREETING, _BUSY) if busy else (_GREETING,))
    except PermissionError as error:
        return "" if is_for_others(endpoint) else str(error.strerror)
    except TimeoutError:
        return "timed out"
    except OSError as error:
        return error.strerror or str(error)


def is_for_others(endpoint: str) -> bool:
    """Tell whether it is a UNIX socket that is listened on, and that this user may not write to.

    systemd makes such a socket for a mail server's group, and the daemon itself need not be of it.
    """
    path = endpoint.removeprefix(_UNIX)
    if path == endpoint:
        return False
    try:
        with connect(endpoint, 0.1):
            return False
    except PermissionError:
        pass
    except OSError:
        return False
    with suppress(OSError), _SOCKETS.open(encoding="utf-8", errors="surrogateescape") as sockets:
        for line in sockets:
            cells = line.rstrip("\n").split(maxsplit=7)
            if cells[3] == _LISTENS and cells[-1] == path:
                return True
    return False


def _heard(protocol: str, sock: socket.socket, greetings: tuple[bytes, ...]) -> str:
    """Return what is wrong with what a listener says, empty where it says what it should."""
    if protocol in _GREETS:
        said = sock.recv(512)
        with suppress(OSError):
            sock.sendall(b"QUIT\r\n")
        return "" if said.startswith(greetings) else f"it says {said[:80]!r}"
    if protocol == "smtps":
        context = ssl.create_default_context()
        # Whose certificate it is, the check of TLS tells.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(sock) as secured:
            said = secured.recv(512)
        return "" if said.startswith(greetings) else f"it says {said[:80]!r}"
    if protocol == "http":
        return _readiness(sock)
    return ""


def _readiness(sock: socket.socket) -> str:
    asked = http.client.HTTPConnection("localhost")
    asked.sock = sock
    try:
        asked.request("GET", "/readyz")
        answer = asked.getresponse()
        body = answer.read(2048).decode("utf-8", "replace").strip()
    except http.client.HTTPException as error:
        return f"it does not speak HTTP ({type(error).__name__})"
    return "" if answer.status == http.client.OK else f"not ready: {body}"
