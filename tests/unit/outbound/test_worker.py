"""The worker: what it takes, sends and tells, whoever is away meanwhile."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from bccd.model.errors import MistakeError
from bccd.model.notice import Letter
from bccd.outbound import worker as module
from bccd.outbound.compose import Composer
from bccd.outbound.relay import Sending
from bccd.outbound.worker import Worker
from tests.unit.outbound.letters import NOON, composer, letter


@dataclass
class Filer:
    """The other side of the door, and a smarthost that answers as it is told."""

    letters: list[list[Letter]]
    answers: list[str]
    away: int = 0  # how many of the next questions find nobody
    asked: list[tuple[str, Any]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, operation: str, arguments: Mapping[str, object]) -> Any:
        if self.away:
            self.away -= 1
            raise MistakeError("no bccd runs here")
        if operation == "outbox.take":
            self.asked.append(("take", arguments["fresh"]))
            if not self.letters:
                self.stopping.set()
                return []
            return msgspec.to_builtins(self.letters.pop(0))
        results: Any = arguments["results"]
        self.asked += [(result["outcome"], result["mail_id"]) for result in results]
        return None

    async def send(self, to: str, octets: bytes) -> Sending:
        assert b"\r\n\r\n" in octets
        self.sent.append(to)
        return Sending(self.answers.pop(0), "")

    async def close(self) -> None:
        self.sent.append("closed")


def run(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> Filer:
    """Let a worker run until nothing is left."""
    for name in ("_POLL_SECONDS", "_FIRST_PAUSE", "_LONGEST_PAUSE"):
        monkeypatch.setattr(module, name, 0.001)
    relay: Any = filer
    asyncio.run(Worker(filer.ask, composer(), relay, "here", lambda: NOON).run(filer.stopping))
    return filer


def test_each_letter_is_sent_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, and only the first question says that the worker is new."""
    filer = Filer([[letter(id=5), letter(id=6)], [letter(id=7)]], ["sent", "failed", "later"])
    run(filer, monkeypatch)
    assert filer.asked == [
        ("take", True), ("sent", 5), ("failed", 6), ("take", False), ("later", 7), ("take", False),
    ]  # fmt: skip
    assert filer.sent == ["anna@seller.example"] * 3 + ["closed"]


def test_a_smarthost_that_is_away_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken with it goes back untried, and waits as long."""
    filer = run(Filer([[letter(id=5), letter(id=6), letter(id=7)]], ["sent", "away"]), monkeypatch)
    assert filer.asked[1:4] == [("sent", 5), ("away", 6), ("away", 7)]
    assert len(filer.sent) == 3


def test_a_letter_that_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that no mail can have has failed; what is a mistake of ours is tried again."""
    odd = letter(id=5, to="a\r\nb@x.example")
    filer = run(Filer([[odd, letter(id=6)]], ["sent"]), monkeypatch)
    assert filer.asked[1:3] == [("failed", 5), ("sent", 6)]
    monkeypatch.setattr(Composer, "compose", lambda *_: 1 / 0)
    filer = run(Filer([[letter(id=7)]], []), monkeypatch)
    assert filer.asked[1] == ("later", 7)


def test_a_fault_of_ours_is_not_met_again_at_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how far the mail came: it is sent again later, and what is behind it goes out."""
    filer = Filer([[letter(id=5), letter(id=6)]], ["sent"])
    send = filer.send

    async def fail(to: str, octets: bytes) -> Sending:
        monkeypatch.setattr(filer, "send", send)
        raise KeyError(to, octets)

    monkeypatch.setattr(filer, "send", fail)
    run(filer, monkeypatch)
    assert filer.asked[1:3] == [("unknown", 5), ("sent", 6)]


def test_a_filer_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of a letter is told until somebody hears it."""
    filer = Filer([[letter(id=5)]], ["sent"])

    async def send(to: str, octets: bytes) -> Sending:
        del to, octets
        filer.away = 3
        return Sending("sent")

    monkeypatch.setattr(filer, "send", send)
    filer.away = 1
    run(filer, monkeypatch)
    assert filer.asked == [("take", True), ("sent", 5), ("take", False)]


def test_a_worker_that_is_told_to_stop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has begun it ends, the rest goes back; a filer that is gone is not waited for for ever."""
    filer = Filer([[letter(id=5), letter(id=6)]], ["sent"])

    async def send(to: str, octets: bytes) -> Sending:
        del to, octets
        filer.stopping.set()
        return Sending("sent")

    monkeypatch.setattr(filer, "send", send)
    run(filer, monkeypatch)
    assert filer.asked == [("take", True), ("sent", 5), ("away", 6)]
    filer = Filer([[letter(id=5)]], ["sent"])

    async def vanish(to: str, octets: bytes) -> Sending:
        del to, octets
        filer.stopping.set()
        filer.away = 99
        return Sending("sent")

    monkeypatch.setattr(filer, "send", vanish)
    run(filer, monkeypatch)
    assert filer.asked == [("take", True)] and filer.away == 99 - 5


def test_what_a_server_says_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words, which may quote the mail, are kept for the user; the log has the codes, or what we say."""
    said = {
        "550 5.1.1 <{}>: Recipient address rejected: {}": "550 5.1.1",
        "554 Your mail 'Offer' looks like spam": "554",
        "it offers no TLS": "it offers no TLS",
    }
    for answer, logged in said.items():
        filer = Filer([[letter(id=5)]], [])

        async def send(to: str, octets: bytes, answer: str = answer) -> Sending:
            del octets
            return Sending("failed", answer.format(to, to.upper()))

        monkeypatch.setattr(filer, "send", send)
        with capture_logs() as lines:
            run(filer, monkeypatch)
        (line,) = (line for line in lines if line["event"] == "notice")
        assert line["error"] == logged
