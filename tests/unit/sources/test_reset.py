"""Connections that are reset before they are taken: whose they were, the system cannot tell any more."""

import socket
import struct
import threading

from tests.unit.sources.dialogue import MAIL, Desk, until

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
