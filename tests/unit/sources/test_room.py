"""Mail in flight has a room that all sessions share; what comes beyond it is put off (452 4.3.1)."""

import socket

import pytest

from bccd.sources.kept import MEMORY
from bccd.sources.replies import NO_ROOM_NOW
from bccd.sources.stream import READ_SIZE
from tests.unit.sources.dialogue import MAIL, Client, Desk, Start, until
from tests.unit.sources.test_chunks import begin, chunk, last

MIB = 2**20
HEADER = b"Subject: x\r\n\r\n"


def filled(desk: Desk, octets: int) -> Client:
    """A session within a mail of which so many octets have come."""
    client = desk.connect()
    client.begin()
    client.send(HEADER + b"y" * (octets - len(HEADER)))
    assert until(lambda: booked(desk) >= octets)
    return client


def booked(desk: Desk) -> int:
    return max((session.room._seat.octets for session in desk.sessions()), default=0)


def test_a_size_beyond_the_room_is_put_off_at_mail(start: Start) -> None:
    """Who says a SIZE that has no room now is told at MAIL; a small mail gets in all the same."""
    desk = start(in_flight=8 * MIB)
    big = filled(desk, 5 * MIB)
    client = begin(desk.connect(), "EHLO x")
    assert client.ask(f"MAIL FROM:<u@example.org> SIZE={3 * MIB}") == str(NO_ROOM_NOW)
    assert client.ask("MAIL FROM:<u@example.org> SIZE=2000000")[:3] == "250"
    client.ask("RSET")
    assert client.deliver(MAIL)[:3] == "250"
    big.send(b"\r\n.\r\n")
    assert big.reply()[:3] == "250"
    assert client.ask(f"MAIL FROM:<u@example.org> SIZE={3 * MIB}")[:3] == "250"


@pytest.mark.parametrize("how", ["DATA", "BDAT"])
def test_a_mail_that_outgrows_the_room_is_put_off(start: Start, how: str) -> None:
    """A mail that finds no room while it comes in is read to its end, kept no further, and answered 452."""
    desk = start(in_flight=2 * MIB)
    big = filled(desk, MIB)
    client, mail = desk.connect(), HEADER + b"y" * MIB
    if how == "DATA":
        assert client.deliver(mail + b"\r\n") == str(NO_ROOM_NOW)
    else:
        begin(client)
        client.send(chunk(mail) + last(b""))
        assert [client.reply(), client.reply()] == [str(NO_ROOM_NOW)] * 2
    assert len(desk.leftovers()) == 1
    assert client.deliver(MAIL)[:3] == "250"
    big.close()
    assert until(lambda: booked(desk) == 0)
    assert client.deliver(mail + b"\r\n")[:3] == "250"


@pytest.mark.parametrize("how", ["DATA", "BDAT"])
def test_a_full_room_is_told_at_once(start: Start, how: str) -> None:
    """Where not even memory is left, DATA is answered 452 and not 354, and a chunk 452."""
    desk = start(in_flight=MEMORY)
    first = filled(desk, MEMORY)
    client = begin(desk.connect())
    client.send(b"DATA\r\n" if how == "DATA" else last(MAIL))
    assert client.reply() == str(NO_ROOM_NOW)
    first.close()
    assert until(lambda: booked(desk) == 0)
    assert client.ask("NOOP")[:3] == "250"


def test_little_of_a_stranger_s_mail_waits(desk: Desk) -> None:
    """Where the world is let in, the system holds what a few readings take, not megabytes of it."""

    def waits(*kinds: str) -> set[int]:
        socks = [desk._listeners[kind].sock for kind in kinds]
        return {sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for sock in socks}

    assert until(lambda: waits("smtp", "submission", "smtps") == {8 * READ_SIZE})
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert waits("lmtp") == {other.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)}


def test_refusals_give_the_room_back(start: Start) -> None:
    """Whatever becomes of mails, no octet stays booked."""
    desk = start(message_size=MIB, in_flight=8 * MIB)
    client = desk.connect()
    for mail, code in ((MAIL, "250"), (b"y" * 2 * MEMORY, "554"), (HEADER + b"y" * (MIB + MIB // 2), "552")):
        client = desk.connect()
        client.begin()
        client.send(mail + b"\r\n.\r\n")
        assert client.reply()[:3] == code
    desk.recorder.error = RuntimeError("x")
    client = desk.connect()
    assert client.deliver(MAIL)[:3] == "451"
    client.begin()
    client.send(HEADER + b"y\n.\n")
    assert client.reply()[:3] == "550"
    assert until(lambda: booked(desk) == 0)


def test_a_null_sender_has_one_recipient(desk: Desk) -> None:
    """A notice of failure goes to one mailbox: the second recipient is put off (452 4.5.3)."""
    client = begin(desk.connect(), "EHLO x", "MAIL FROM:<>", "RCPT TO:<drop@acme.example>")
    assert client.ask("RCPT TO:<two@acme.example>")[:9] == "452 4.5.3"
