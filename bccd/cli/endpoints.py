"""Connects to a listener by the words of the configuration."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bccd import door
from bccd.config import Config, Listen
from bccd.model.errors import BccdError

_ASK_SECONDS = 5.0
_UNIX = "unix:"
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to find what listens on all addresses


def in_force(config: Config) -> Config:
    """Return the configuration with the listeners that the daemon has; systemd may have opened others."""
    try:
        said = door.ask(config.data_dir, "listen", {}, _ASK_SECONDS)
    except BccdError:
        return config
    if not isinstance(said, dict):
        return config
    return replace(config, listen=Listen(**{name: tuple(places) for name, places in said.items()}))


@contextmanager
def connect(endpoint: str, seconds: float) -> Iterator[socket.socket]:
    """Open a connection; raises OSError. Each step on it may take so long."""
    where: str | tuple[str, int]
    if endpoint.startswith(_UNIX):
        family, where = socket.AF_UNIX, endpoint.removeprefix(_UNIX)
    else:
        host, port = _host(endpoint), int(endpoint.rpartition(":")[2])
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        where = _HERE.get(host, host), port
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(seconds)
        sock.connect(where)
        yield sock


def answers(endpoint: str, seconds: float) -> bool:
    """Tell whether somebody listens there."""
    try:
        with connect(endpoint, seconds):
            return True
    except OSError:
        return False


def is_loopback(endpoint: str) -> bool:
    """Tell whether only this machine can reach it."""
    return endpoint.startswith(_UNIX) or ipaddress.ip_address(_host(endpoint)).is_loopback


def _host(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")
