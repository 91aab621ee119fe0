"""Connections that are reset: before they are taken, when nobody can tell whose they were, and later."""

import asyncio
import errno
import socket
import struct
import threading
from pathlib import Path
from typing import cast

import pytest
import structlog

from bccd.sources import connection
from tests.unit.sources.dialogue import MAIL, Desk, Start, until

SESSION = (
    b"EHLO x\r\nXFORWARD ADDR=192.0.2.1\r\nMAIL FROM:<boss@acme.example>\r\nRCPT TO:<drop@acme.example>\r\n"
    b"DATA\r\n" + MAIL + b".\r\n"
)


def reset(desk: Desk, times: int) -> None:
    """Send whole sessions and reset each connection before the listener has its turn."""
    asleep, awake = threading.Event(), threading.Event()

    def sleep() -> None:
        asleep.set()
        awake.wait(20)

    desk.loop.call_soon_threadsafe(sleep)
    assert asleep.wait(20)
    for _ in range(times):
        sock = socket.create_connection(("127.0.0.1", desk.ports["smtp"]), timeout=20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(SESSION)
        sock.close()
    awake.set()


def test_who_has_no_address_is_no_program_of_this_host(desk: Desk) -> None:
    """Nothing is obeyed of what a peer sent that reset its connection, and it is not taken for a relay."""
    reset(desk, 5)
    client = desk.connect()
    assert client.ask("EHLO x")[:3] == "250"
    assert client.ask("XFORWARD ADDR=192.0.2.1")[:3] == "550"
    assert desk.recorder.asked == []
    assert desk.recorder.octets == []
    client.ask("QUIT")


def test_an_ended_session_holds_nothing_that_came(desk: Desk) -> None:
    """What a peer sent after QUIT is not kept until the cycle is found that a session is part of."""
    client = desk.connect()
    (session,) = desk.sessions()
    client.send(b"QUIT\r\n" + b"NOOP\r\n" * 1000)
    assert client.reply()[:3] == "221"
    task = session.task
    assert task is not None
    assert until(task.done, 30)
    assert session.input.line_at_hand() is None


_LOST = (
    OSError(errno.EHOSTUNREACH, "No route to host"),
    TimeoutError(errno.ETIMEDOUT, "Connection timed out"),
    OSError(errno.ENOTCONN, "Transport endpoint is not connected"),  # from shutdown(2), by uvloop
)
_NAMES = ["no route", "timed out", "not there"]


@pytest.mark.parametrize("error", [None, *_LOST], ids=["reset", *_NAMES])
@pytest.mark.parametrize("last", ["QUIT", "GET / HTTP/1.1", "DATA"])
def test_who_does_not_read_and_is_gone_is_no_error(
    start: Start, monkeypatch: pytest.MonkeyPatch, last: str, error: OSError | None
) -> None:
    """A session whose replies nobody takes ends quietly, however the connection does and at whatever word."""
    monkeypatch.setattr(connection, "_FLUSH_AT", 2**20)  # so that it is the last flush that waits
    desk = start(relays=("127.0.0.1",))
    sock = desk.narrow()
    commands = ["EHLO x", "MAIL FROM:<u@x>", *["RCPT TO:<drop@acme.example>"] * 2700, last]
    sock.sendall("".join(f"{command}\r\n" for command in commands).encode())
    assert until(lambda: any(session._abort_when_late for session in desk.sessions()), 30)
    (session,) = desk.sessions()
    task = session.task
    with structlog.testing.capture_logs() as logs:
        if error is None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        else:
            wire = cast("asyncio.Transport", session.transport)
            desk.loop.call_soon_threadsafe(session.connection_lost, error)
            desk.loop.call_soon_threadsafe(wire.abort)
        assert until(lambda: not desk.sessions(), 30)
    assert task is not None and task.exception() is None
    assert logs == []
    sock.close()


@pytest.mark.parametrize("error", _LOST, ids=_NAMES)
@pytest.mark.parametrize(
    ("said", "replies"),
    [
        (b"EHLO x\r\n", 1),
        (b"GET / HTTP/1.1\r\n", 1),
        (b"EHLO x\r\nMAIL FROM:<u@x>\r\nRCPT TO:<drop@acme.example>\r\nDATA\r\nSubject: x\r\n", 4),
        (b"EHLO x\r\nMAIL FROM:<u@x>\r\nRCPT TO:<drop@acme.example>\r\nBDAT 1000\r\nSubject: x\r\n", 3),
    ],
    ids=["between commands", "after the last word", "in a mail", "in a chunk"],
)
def test_a_connection_that_fails_is_no_error_of_ours(
    desk: Desk, said: bytes, replies: int, error: OSError
) -> None:
    """However it is lost, and at whatever moment, nothing is logged as failed, and nothing is answered."""
    client = desk.connect()
    client.send(said)
    for _ in range(replies):
        assert client.reply()
    (session,) = desk.sessions()
    task, wire = session.task, cast("asyncio.Transport", session.transport)
    with structlog.testing.capture_logs() as logs:
        desk.loop.call_soon_threadsafe(session.connection_lost, error)
        desk.loop.call_soon_threadsafe(wire.abort)
        assert until(lambda: not desk.sessions(), 30)
    assert task is not None and task.exception() is None
    assert logs == []


def test_within_a_handshake_no_connection_is_half_closed(start: Start, pair: tuple[Path, Path]) -> None:
    """A peer may leave as soon as TLS has begun; to stay on then would have asyncio warn of each."""
    desk = start(certificate=pair[0], key=pair[1])
    client = desk.connect()
    client.ask("EHLO x")
    (session,) = desk.sessions()
    stays: list[bool | None] = []
    desk.loop.call_soon_threadsafe(lambda: stays.append(session.eof_received()))
    assert until(lambda: stays == [True], 30)
    assert until(lambda: not desk.sessions(), 30)

    client = desk.connect()
    client.ask("EHLO x")
    client.ask("STARTTLS")
    (session,) = desk.sessions()
    desk.loop.call_soon_threadsafe(lambda: stays.append(session.eof_received()))
    assert until(lambda: stays == [True, False], 30)
