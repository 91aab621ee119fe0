"""Tells systemd how the daemon is (sd_notify(3)): one datagram, or none where it did not start us."""

import os
import socket
from contextlib import suppress

_NEVER = 3600.0


def notify(state: str) -> None:
    """Send a state such as READY=1; a supervisor that does not listen is no reason to fail."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(state.encode(), socket.MSG_DONTWAIT, address)  # a full queue must not hold the daemon up


def watchdog_seconds() -> float:
    """Return within how many seconds systemd wants a sign of life; an hour where it wants none."""
    try:
        return int(os.environ.get("WATCHDOG_USEC", "")) / 1_000_000 or _NEVER
    except ValueError:
        return _NEVER
