"""Datagrams to systemd."""

import socket
from pathlib import Path

import pytest

from bccd.daemon.notify import notify, watchdog_seconds


def test_a_state_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state arrives at the socket that NOTIFY_SOCKET names."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_an_abstract_socket_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that begins with @ is an abstract socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0bccd-test-notify")
        monkeypatch.setenv("NOTIFY_SOCKET", "@bccd-test-notify")
        notify("STOPPING=1")
        assert systemd.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_nobody_listening_is_fine(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Without systemd, or with one that is gone, nothing happens."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")


@pytest.mark.parametrize(
    ("given", "seconds"), [("60000000", 60.0), ("", 3600.0), ("0", 3600.0), ("x", 3600.0)]
)
def test_the_watchdog_interval(monkeypatch: pytest.MonkeyPatch, given: str, seconds: float) -> None:
    """WATCHDOG_USEC counts where it is a number above zero."""
    monkeypatch.setenv("WATCHDOG_USEC", given)
    assert watchdog_seconds() == seconds


def test_a_supervisor_that_does_not_read_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the socket's queue is full the datagram is dropped."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        for _ in range(1000):
            notify("WATCHDOG=1")
