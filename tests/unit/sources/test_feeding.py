"""What an examination gets of a mail, and when it is told that there will be no report."""

import asyncio
import socket
import struct
from pathlib import Path

import pytest

from bccd.model.envelope import Envelope, Protocol
from bccd.model.reply import Reply
from bccd.ports import Examination
from bccd.sources.data import Body
from bccd.sources.kept import MEMORY, PIECE
from bccd.sources.stream import READ_SIZE, Input
from bccd.sources.turns import SHARE, SMALL, Turns
from bccd.testing.evidence import SetExamination
from tests.unit.sources.dialogue import MAIL, ROOM, Desk, Start, until

HEADER = b"Subject: x\r\n\r\n"


def last(desk: Desk) -> SetExamination:
    return desk.recorder.verifier.begun[-1][2]


@pytest.mark.parametrize("protocol", [Protocol.SMTP, Protocol.LMTP])
@pytest.mark.parametrize(
    "size", [10, MEMORY - 1, MEMORY + 1, 3 * MEMORY], ids=["small", "full", "spilt", "file"]
)
def test_every_octet_is_fed_once(desk: Desk, protocol: Protocol, size: int) -> None:
    """The examination begun at MAIL FROM gets the unstuffed mail, in memory or in a file, by both ways."""
    client = desk.connect(protocol)
    client.begin(helo="LHLO" if protocol is Protocol.LMTP else "EHLO")
    mail = HEADER + b".dot\r\n" + b"y" * size + b"\r\n"
    client.send(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert client.reply()[:3] == "250"
    [(peer, mail_from, examination)] = desk.recorder.verifier.begun
    assert (peer.helo, mail_from) == ("client.example", "u@example.org")
    assert bytes(examination.octets) == mail == desk.recorder.octets[0]


def test_pieces_are_small(tmp_path: Path) -> None:
    """However much comes at once, it is handed on by at most 64 KiB."""
    fed: list[bytes] = []
    mail = HEADER + b"y" * 5 * PIECE + b"\r\n"
    assert Body(10**6, tmp_path, fed.append, ROOM).feed(mail + b".\r\n") == b""
    assert b"".join(fed) == mail
    assert max(map(len, fed)) == PIECE


def test_peers_that_are_ahead_take_turns() -> None:
    """In one turn of the loop one large piece is read, in the order of asking; small ones wait for none."""

    async def main() -> tuple[list[int], list[bool]]:
        turns, now, seen = Turns(), 0, []

        def turn() -> None:
            nonlocal now
            now += 1
            asyncio.get_running_loop().call_soon(turn)

        async def read() -> None:
            if not turns.free(SHARE):
                await turns.wait(SHARE)
            seen.append(now)

        turn()
        await asyncio.gather(*(read() for _ in range(4)), return_exceptions=True)
        return seen, [turns.free(SMALL) for _ in range(99)]

    seen, small = asyncio.run(main())
    assert seen == sorted(set(seen))
    assert len(seen) == 4
    assert all(small)


def test_who_leaves_holds_up_no_turn() -> None:
    """A session that is cut while it waits for its turn is passed over."""

    async def main() -> bool:
        turns = Turns()
        assert turns.free(SHARE)
        gone, next_one = (asyncio.create_task(turns.wait(SHARE)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait_for(next_one, 20)
        return gone.cancelled()

    assert asyncio.run(main())


def test_what_waits_is_taken_in_pieces() -> None:
    """However much waits, at most 64 KiB of it are taken at a time."""

    async def main() -> list[int]:
        waiting = Input(asyncio.get_running_loop())
        waiting.feed_data(bytes(3 * READ_SIZE + 1))
        return [await waiting.some() - len(waiting.take()) for _ in range(4)] + [len(waiting._buffer)]

    assert asyncio.run(main()) == [0, 0, 0, 0, 0]


class Ahead(asyncio.Transport):
    """A transport that reads ahead as far as it is let: asyncio's own by max_size, TLS by its limits."""

    max_size = 256 * 1024
    limit: int | None = 256 * 1024

    def set_read_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert low is None
        self.limit = high


def test_no_transport_reads_far_ahead() -> None:
    """Beside what a session holds, what its transport holds is at most a piece, within TLS half of one."""

    async def main() -> Ahead:
        transport = Ahead()
        Input(asyncio.get_running_loop()).set_transport(transport)
        return transport

    transport = asyncio.run(main())
    assert (transport.max_size, transport.limit) == (READ_SIZE, READ_SIZE // 2)


def test_nothing_is_fed_of_a_mail_that_is_too_big(start: Start) -> None:
    """Once a mail is beyond the limit nobody works on it; the next mail has an examination of its own."""
    desk = start(message_size=100_000)
    client = desk.connect()
    assert client.deliver(HEADER + b"y" * 150_000 + b"\r\n")[:3] == "552"
    examination = last(desk)
    assert len(examination.octets) <= 100_000
    assert examination.abandoned
    assert client.deliver(MAIL)[:3] == "250"
    assert last(desk) is not examination
    assert bytes(last(desk).octets) == MAIL


@pytest.mark.parametrize("command", ["RSET", "EHLO again.example", "QUIT"])
def test_a_transaction_that_ends_is_abandoned(desk: Desk, command: str) -> None:
    """Whatever ends a transaction before DATA ends its examination."""
    client = desk.connect()
    for said in ("EHLO client.example", "MAIL FROM:<u@example.org>", "RCPT TO:<drop@acme.example>"):
        assert client.ask(said)[:3] == "250"
    assert not last(desk).abandoned
    client.ask(command)
    assert until(lambda: last(desk).abandoned)
    assert len(desk.recorder.verifier.begun) == 1


def test_a_second_mail_begins_nothing(desk: Desk) -> None:
    """A nested MAIL is refused and leaves the first transaction with its examination (RFC 5321 4.1.4)."""
    client = desk.connect()
    assert client.ask("EHLO client.example")[:3] == "250"
    assert client.ask("MAIL FROM:<u@example.org>")[:3] == "250"
    assert client.ask("MAIL FROM:<v@example.org>")[:3] == "503"
    assert len(desk.recorder.verifier.begun) == 1
    assert not last(desk).abandoned


@pytest.mark.parametrize(
    "sent", [b"", HEADER + b"half", HEADER + b"x\n.\n"], ids=["nothing", "half", "lone dot"]
)
@pytest.mark.parametrize("hard", [True, False], ids=["reset", "closed"])
def test_a_lost_connection_abandons(desk: Desk, sent: bytes, hard: bool) -> None:
    """A peer that goes away before its final dot, or is cut off, leaves no examination behind."""
    client = desk.connect()
    client.begin()
    client.send(sent)
    assert not sent or until(lambda: bool(last(desk).octets) or last(desk).abandoned)
    if hard:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert until(lambda: last(desk).abandoned)
    assert desk.recorder.envelopes == []


def test_a_peer_that_leaves_in_mid_commit_abandons_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the mail is complete its examination goes on, whatever becomes of the session."""
    take = desk.recorder.message
    seen: list[bool] = []

    async def message(envelope: Envelope, examination: Examination) -> list[Reply]:
        replies = await take(envelope, examination)
        assert isinstance(examination, SetExamination)
        seen.append(examination.abandoned)
        return replies

    monkeypatch.setattr(desk.recorder, "message", message)
    desk.recorder.seconds = 0.1
    client = desk.connect()
    client.begin()
    client.send(MAIL + b".\r\n")
    assert desk.recorder.started.wait(5)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert until(lambda: seen == [False])
    assert until(lambda: last(desk).abandoned)
