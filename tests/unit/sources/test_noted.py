"""What is refused before there is a mail stands in the journal, found by whatever was told until then."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bccd.cli.advice import advice
from bccd.journal import Attempt, Journal, find, needles
from bccd.model.envelope import Peer
from bccd.model.errors import StoreUnavailableError
from bccd.sources.handler import Handler
from bccd.sources.kept import MEMORY
from bccd.sources.replies import LOGIN_LATER, NO_ROOM_NOW
from tests.unit.sources.dialogue import MAIL, Desk, Recorder, Start
from tests.unit.sources.test_chunks import begin, chunk
from tests.unit.sources.test_room import filled

SINCE = datetime(2000, 1, 1, tzinfo=UTC)


def attempts(desk: Desk, said: str = "ann@acme.example") -> list[Attempt]:
    """End the listener, which writes its journal; return what is found by an address or an id."""
    for client in desk.clients:
        client.close()
    desk.join()
    assert desk.settings.attempts is not None
    found = list(find(desk.settings.attempts, needles(said), SINCE))
    assert all(advice(one.reply) for one in found)
    return found


@pytest.mark.parametrize(
    ("kind", "command", "reply"),
    [
        ("smtp", "MAIL FROM:<ann@acme.example> SIZE=99999999", "552 5.3.4 message too big"),
        ("lmtp", "MAIL FROM:<Ann@ACME.example> size=99999999", "552 5.3.4 message too big"),
        ("smtp", "MAIL FROM:<ann@acme.example> HOLDFOR=9", "555 5.5.4 a parameter is not supported"),
        ("submission", "MAIL FROM:<ann@acme.example>", "530 5.7.0 send STARTTLS first"),
    ],
)
def test_a_mail_refused_at_its_first_command_is_found_by_its_sender(
    start: Start, tmp_path_factory: pytest.TempPathFactory, kind: str, command: str, reply: str
) -> None:
    """A server that tells the size first, as all do, never comes to the recipients of a mail too large."""
    desk = start(attempts=tmp_path_factory.mktemp("kept") / "attempts")
    client = desk.connect(kind)
    client.ask("LHLO relay.example" if kind == "lmtp" else "EHLO relay.example")
    assert client.ask(command) == reply
    (attempt,) = attempts(desk)
    assert (attempt.step, attempt.peer, attempt.reply) == ("from", "127.0.0.1", reply)


def test_it_is_found_by_its_relays_id_too(start: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The relay's log has that id, and its user asks with what the bounce says."""
    desk = start(attempts=tmp_path_factory.mktemp("kept") / "attempts", relays=("127.0.0.1/32",))
    client = begin(desk.connect(), "EHLO relay.example", "XFORWARD IDENT=4XyZ12abcZ")
    answered = client.ask("MAIL FROM:<a@b.example> SIZE=99999999")
    (attempt,) = attempts(desk, "4XyZ12abcZ")
    assert (attempt.step, attempt.reply) == ("from", answered)


def test_a_recipient_that_no_directory_is_asked_about_is_found(
    start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One too many, and one that is malformed."""
    desk = start(attempts=tmp_path_factory.mktemp("kept") / "attempts", recipients=1)
    client = desk.connect()
    client.ask("EHLO relay.example")
    client.ask("MAIL FROM:<ann@acme.example>")
    for address in ("drop@acme.example", "crm@acme.example", "crm@@acme.example"):
        client.ask(f"RCPT TO:<{address}>")
    found = attempts(desk)
    assert [(one.step, one.reply[:9]) for one in found] == [("rcpt", "452 4.5.3"), ("rcpt", "501 5.1.3")]
    assert attempts(desk, "crm@acme.example") == found[:1]


@pytest.mark.parametrize("how", ["DATA", "BDAT"])
def test_a_mail_that_there_is_no_room_for_is_found(
    start: Start, tmp_path_factory: pytest.TempPathFactory, how: str
) -> None:
    """It is put off before its first octet, or with its first chunk."""
    desk = start(attempts=tmp_path_factory.mktemp("kept") / "attempts", in_flight=MEMORY)
    first = filled(desk, MEMORY)
    client = begin(desk.connect())
    client.send(b"DATA\r\n" if how == "DATA" else chunk(MAIL))
    assert client.reply() == str(NO_ROOM_NOW)
    first.close()
    (attempt,) = attempts(desk, "drop@acme.example")
    assert (attempt.step, attempt.reply) == ("mail", str(NO_ROOM_NOW))


def test_a_login_that_cannot_be_checked_is_found(tmp_path: Path) -> None:
    """While the database is away a user asks why he cannot send."""
    recorder = Recorder()
    recorder.login_error = StoreUnavailableError("away")

    async def main() -> None:
        kept = Journal(tmp_path)
        handler = Handler(recorder, journal=kept)
        assert await handler.login(Peer("192.0.2.1"), "Ann@acme.example", "x", "s") is LOGIN_LATER
        kept.close()

    asyncio.run(main())
    (attempt,) = find(tmp_path, needles("ann@acme.example"), SINCE)
    assert (attempt.step, attempt.reply) == ("login", str(LOGIN_LATER))
