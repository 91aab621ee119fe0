"""What `bccd status` makes of listeners that hang, are busy, or are not for the user who asks."""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bccd.cli import probe, status
from bccd.cli.checks import network
from bccd.cli.checks.finding import Level
from bccd.config import Config, Listen
from tests.unit.cli.test_doctor import listener

FRONT: dict[str, Any] = {
    "name": "front-1", "pid": 7, "up": True, "started": 0.0, "memory": 0, "cpu": 0.0, "files": 9,
    "counted": {}, "notes": [],
}  # fmt: skip


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A daemon that says it is there, and stores that answer."""
    monkeypatch.setattr(status, "ask", lambda _: [FRONT])
    base = {"kind": "sqlite", "up": True, "seconds": 0.0}
    queue = {"length": 0, "oldest_seconds": None}
    monkeypatch.setattr(status, "_stored", lambda *_: (base, queue, {}, {}))
    return Config(data_dir=tmp_path, listen=Listen(smtp=(), lmtp=(), http=()))


@pytest.fixture
def silent() -> Iterator[str]:
    """A listener whose process stands still: its kernel lets everybody in, and nobody is greeted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("protocol", ["smtp", "lmtp", "submission", "smtps", "http"])
def test_a_listener_that_hangs_is_not_well(
    config: Config, silent: str, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """Its port is open, and yet no mail is taken: that is told, and the exit code says so."""
    monkeypatch.setattr(status, "_ANSWER_SECONDS", 0.05)
    listen = replace(config.listen, **{protocol: (silent,)})
    seen = status.look(replace(config, listen=listen))
    assert not seen["well"] and seen["trouble"] == [f"{protocol} {silent}: timed out"]
    assert [one["answers"] for one in seen["listeners"]] == [False]


@pytest.mark.parametrize(("says", "well"), [(b"220 a\r\n", True), (b"421 b\r\n", True), (b"SSH\r\n", False)])
def test_a_listener_that_is_busy_is_well(config: Config, says: bytes, *, well: bool) -> None:
    """Whoever asks too often, or in a flood, is turned away with 421 as anybody is."""
    with listener(says) as endpoint:
        seen = status.look(replace(config, listen=replace(config.listen, smtp=(endpoint,))))
    assert seen["well"] is well and bool(seen["trouble"]) is not well


def test_a_process_that_does_not_run_is_not_well(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where another of its kind still answers."""
    monkeypatch.setattr(status, "ask", lambda _: [FRONT, {**FRONT, "name": "front-2", "up": False}])
    seen = status.look(config)
    assert not seen["well"] and seen["trouble"] == ["front-2 does not run"]


def test_a_socket_for_another_program_is_well(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd makes it for the mail server's group, so that bccd's own user may not write to it."""

    def forbidden(_endpoint: str, _seconds: float) -> AbstractContextManager[socket.socket]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(probe, "connect", forbidden)
    path = tmp_path / "lmtp"
    here = replace(config, listen=replace(config.listen, lmtp=(f"unix:{path}",)))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert status.look(here)["trouble"] == [f"lmtp unix:{path}: Permission denied"]
        server.listen()
        assert status.look(here)["well"]
        found = network._port("lmtp", f"unix:{path}")
    assert found.level is Level.OK and found.sentence == (
        f"lmtp unix:{path} is listened on, by others than this user"
    )
    assert network._port("lmtp", f"unix:{path}").level is Level.FAIL
