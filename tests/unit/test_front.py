"""A listener process: served over TCP and UNIX, stopped by a signal."""

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest

from bccd import front
from bccd.config import Config
from bccd.front import listener_settings, run_front
from bccd.model.envelope import Protocol
from bccd.sources.settings import Listener, ListenerSettings
from tests.unit.sources.dialogue import MAIL, Client, Recorder


@asynccontextmanager
async def open_recorder() -> AsyncGenerator[Recorder]:
    """A Receiver that is opened and closed in the process that uses it; where it was closed stays on disk."""
    recorder = Recorder()
    yield recorder
    note(str(len(recorder.octets)))


def note(text: str) -> None:
    Path(os.environ["CLOSED"]).write_text(text, encoding="ascii")


def connect(sock: socket.socket) -> Client:
    client = Client(socket.socket(sock.family))
    client.sock.connect(sock.getsockname())
    return client


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_front_serves_until_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """A process given bound sockets serves SMTP on TCP and LMTP on UNIX, drains at a signal and ends well.

    What a killed front left of mail on its way in is gone.
    """
    monkeypatch.setenv("CLOSED", str(tmp_path / "closed"))
    path = tmp_path / "lmtp"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        (tmp_path / "tmp").mkdir()
        (tmp_path / "tmp" / "data-left").write_bytes(b"half a mail")
        unix.bind(str(path))
        unix.listen()
        listeners = [Listener(tcp, Protocol.SMTP), Listener(unix, Protocol.LMTP)]
        settings = ListenerSettings("mx.acme.example", tmp_path / "tmp")
        process = multiprocessing.get_context("spawn").Process(
            target=run_front, args=(listeners, settings, open_recorder)
        )
        process.start()
        smtp, lmtp = connect(tcp), connect(unix)
        assert smtp.reply() == "220 mx.acme.example ESMTP bccd"
        assert lmtp.reply() == "220 mx.acme.example LMTP bccd"
        assert smtp.deliver(MAIL)[:3] == "250"
        lmtp.begin(helo="LHLO")
        os.kill(process.pid or 0, number)
        assert smtp.reply()[:9] == "421 4.3.2"
        lmtp.send(MAIL + b".\r\n")
        assert lmtp.reply()[:3] == "250"
        assert lmtp.reply()[:9] == "421 4.3.2"
        smtp.close()
        lmtp.close()
        process.join(20)
        assert process.exitcode == 0
        process.close()
    assert (tmp_path / "closed").read_text(encoding="ascii") == "2"
    assert list((tmp_path / "tmp").iterdir()) == []
    assert path.exists()  # the supervisor's, and perhaps other processes' still


def test_settings_come_from_the_configuration() -> None:
    """Every limit that the configuration knows reaches the listener."""
    config = Config(hostname="mx.acme.example")
    settings = listener_settings(config)
    for name in ("message_size", "recipients", "connections", "connections_per_ip", "session_seconds"):
        assert getattr(settings, name) == getattr(config.limits, name)
    for name in ("connections_per_minute", "in_flight", "data_rate", "data_rate_after"):
        assert getattr(settings, name) == getattr(config.limits, name)
    for name in ("idle_seconds", "data_idle_seconds", "data_seconds"):
        assert getattr(settings, name) == getattr(config.limits, name)
    assert settings.relays == config.trust.relays
    assert settings.networks == config.trust.networks
    assert settings.proxies == config.trust.proxies
    assert settings.hostname == config.hostname
    assert settings.tmp_dir == config.data_dir / "tmp"
    assert listener_settings(config, "front-2").tmp_dir == config.data_dir / "tmp" / "front-2"


def test_a_listener_has_a_name() -> None:
    """Without a configured name the greeting has the machine's own, which asks no name server."""
    assert listener_settings(Config(hostname="")).hostname == socket.gethostname()


def test_uvloop_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra `fast` needs no setting."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert front._loop_factory() is None
    fake = ModuleType("uvloop")
    fake.__spec__ = sys.__spec__
    fake.new_event_loop = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uvloop", fake)
    assert front._loop_factory() is object
