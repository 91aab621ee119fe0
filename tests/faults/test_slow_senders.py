"""F6: senders that take their time; the listener's clock is turned by hand."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bccd.model.envelope import Protocol
from bccd.sources.data import Body
from bccd.sources.turns import Turns
from tests.unit.sources.dialogue import Desk

LINES = 600
HEADER = b"Subject: slow\r\n\r\n"
LINE = b"x" * 598 + b"\r\n"  # 600 octets: a little more than a second must bring


class Turned(asyncio.SelectorEventLoop):
    """A loop whose clock is ahead by as many seconds as it was told to wait."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class TurnedDesk(Desk):
    """A listener whose clock the test turns."""

    def __init__(self, tmp_dir: Path, monkeypatch: pytest.MonkeyPatch, **limits: object) -> None:
        super().__init__(tmp_dir, **limits)
        self.loop.close()
        self.turned = self.loop = Turned()
        self.loop.set_exception_handler(lambda _loop, context: self.problems.append(context))
        self.read = 0
        self._more = threading.Condition()
        feed = Body.feed

        def counted(body: Body, piece: bytes) -> bytes | None:
            with self._more:
                self.read += len(piece)
                self._more.notify()
            return feed(body, piece)

        monkeypatch.setattr(Body, "feed", counted)
        self.thread.start()

    def turn(self, seconds: float, *, read: int) -> None:
        """Let time pass, once the listener has read so many octets of the mail."""
        with self._more:
            assert self._more.wait_for(lambda: self.read >= read, 30)
        turned = threading.Event()

        def ahead() -> None:
            self.turned.ahead += seconds
            turned.set()

        self.loop.call_soon_threadsafe(ahead)
        assert turned.wait(30)


@pytest.fixture
def make_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., TurnedDesk]]:
    """Make listeners that are stopped in the end."""
    made: list[TurnedDesk] = []

    def make(**limits: object) -> TurnedDesk:
        made.append(TurnedDesk(tmp_path, monkeypatch, **limits))
        return made[-1]

    yield make
    for desk in made:
        for client in desk.clients:
            client.close()
        desk.join()
        assert desk.problems == [] and desk.leftovers() == []


@pytest.mark.parametrize("kind", [Protocol.SMTP, Protocol.LMTP])
def test_f06_a_line_a_second_for_ten_minutes(make_desk: Callable[..., TurnedDesk], kind: Protocol) -> None:
    """A mail that comes in slower than every idle timer is taken as it was sent."""
    desk = make_desk(idle_seconds=5, data_idle_seconds=5, session_seconds=2 * LINES)
    client = desk.connect(kind)
    client.begin(helo="LHLO" if kind is Protocol.LMTP else "EHLO")
    client.send(HEADER)
    for line in range(1, LINES + 1):
        client.send(LINE)
        desk.turn(1, read=len(HEADER) + line * len(LINE))
    client.send(b".\r\n")
    assert client.reply().startswith("250 2.0.0")
    assert desk.recorder.octets == [HEADER + LINE * LINES]


def test_f06_an_octet_a_second_is_cut(make_desk: Callable[..., TurnedDesk]) -> None:
    """Who sends less than the least rate is told so after half a minute, and nothing of his is kept."""
    desk = make_desk()
    client = desk.connect()
    client.begin()
    for octets in range(1, 32):
        client.send(b"x")
        desk.turn(1, read=octets)
    client.send(b"x")
    assert client.reply() == "421 4.4.2 data comes too slowly, closing"
    assert desk.recorder.envelopes == []


def test_f06_who_waits_for_his_turn_is_not_slow(
    make_desk: Callable[..., TurnedDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time in which others are read counts for none of a mail's limits."""
    desk = make_desk(data_seconds=60)

    async def two_minutes(_turns: Turns, _octets: int) -> None:
        for _ in range(120):
            desk.turned.ahead += 1
            await asyncio.sleep(0)

    client = desk.connect()
    client.begin()
    monkeypatch.setattr(Turns, "free", lambda *_: False)
    monkeypatch.setattr(Turns, "wait", two_minutes)
    client.send(HEADER + LINE)
    desk.turn(0, read=1)
    client.send(LINE + b".\r\n")
    assert client.reply().startswith("250 2.0.0")
    assert desk.recorder.octets == [HEADER + LINE * 2]


@pytest.mark.parametrize("step", ["DATA", "BDAT"])
def test_f06_nobody_is_late_while_the_listener_is_held_up(
    make_desk: Callable[..., TurnedDesk], step: str
) -> None:
    """A listener that a disk or the machine has stopped for minutes cuts none of those who wait for it."""
    desk = make_desk()
    client = desk.connect()
    if step == "DATA":
        client.begin()
        client.send(HEADER)
    else:
        for said in ("EHLO x", "MAIL FROM:<u@example.org>", "RCPT TO:<drop@acme.example>"):
            assert client.ask(said)[:3] == "250"
        client.send(b"BDAT %d\r\n" % len(HEADER) + HEADER)
        assert client.reply()[:3] == "250"
    desk.turn(170, read=len(HEADER) if step == "DATA" else 0)
    desk.turn(170, read=0)
    client.send(LINE + b".\r\n" if step == "DATA" else b"BDAT %d LAST\r\n" % len(LINE) + LINE)
    assert client.reply().startswith("250 2.0.0")
    assert desk.recorder.octets == [HEADER + LINE]
