"""SMTP dialogues with a real listener."""

import select
import socket
import struct
import time
from datetime import UTC, datetime

import pytest

from bccd.model.envelope import Protocol
from bccd.model.reply import (
    LOCAL_ERROR,
    OTHER_COMPANY,
    TOO_BIG,
    TOO_MANY_RECIPIENTS,
    TOO_MANY_STRANGERS,
    Reply,
)
from bccd.sources import smtp
from bccd.sources.data import Body
from tests.unit.sources.dialogue import MAIL, Client, Desk, Start


def test_an_envelope_says_what_happened(desk: Desk) -> None:
    """The Receiver gets peer, sender, targets, octets, header, time and session of a mail."""
    before = datetime.now(UTC)
    assert desk.connect().deliver(MAIL, "drop@acme.example", "two@acme.example") == "250 2.0.0 accepted"
    [envelope] = desk.recorder.envelopes
    assert (envelope.peer.ip, envelope.peer.helo) == ("127.0.0.1", "client.example")
    assert (envelope.peer.protocol, envelope.peer.tls) == (Protocol.SMTP, False)
    assert envelope.mail_from == "u@example.org"
    assert [target.address for target in envelope.targets] == ["drop@acme.example", "two@acme.example"]
    assert envelope.raw.header == MAIL[: MAIL.index(b"\r\n\r\n") + 2]
    assert before <= envelope.received_at <= datetime.now(UTC)
    assert len(envelope.session_id) == 12
    assert desk.recorder.octets == [MAIL]


def test_the_sender_is_normalised(desk: Desk) -> None:
    """Addresses are compared without regard to case, and domains as A-labels."""
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<U@B\u00dcCHER.example> SMTPUTF8")
    client.ask("RCPT TO:<drop@acme.example>")
    assert desk.recorder.asked == [("u@xn--bcher-kva.example", "drop@acme.example")]


def test_smtputf8_addresses_pass(desk: Desk) -> None:
    """With SMTPUTF8 a recipient beyond ASCII is asked for, without it refused."""
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@example.org>")
    assert client.ask("RCPT TO:<j\u00f6rg@acme.example>")[:9] == "553 5.6.7"
    client.ask("RSET")
    client.ask("MAIL FROM:<\u00fc@example.org> SMTPUTF8")
    assert client.ask("RCPT TO:<j\u00f6rg@acme.example>")[:3] == "250"
    client.send(b"RCPT TO:<\xff@acme.example>\r\n")
    assert client.reply()[:9] == "501 5.1.3"


def test_commands_may_come_at_once(desk: Desk) -> None:
    """A peer may send a whole session in one segment; what follows a final dot is read as commands."""
    client = desk.connect()
    mail = b"MAIL FROM:<u@example.org>\r\nRCPT TO:<drop@acme.example>\r\nDATA\r\n" + MAIL + b".\r\n"
    client.send(b"EHLO x\r\n" + mail * 3 + b"NOOP\r\nMAIL FROM:<v@example.org>\r\nQUIT\r\n")
    codes = []
    while reply := client.reply():
        codes.append(reply[:3])
    assert codes == ["250", *["250", "250", "354", "250"] * 3, "250", "250", "221"]
    assert desk.recorder.octets == [MAIL] * 3


def test_pipelined_replies_leave_together(desk: Desk) -> None:
    """Replies to commands of one segment come in one segment (RFC 2920 3.2)."""
    client = desk.connect()
    client.ask("EHLO x")
    client.send(b"MAIL FROM:<u@example.org>\r\nRCPT TO:<drop@acme.example>\r\nDATA\r\n")
    assert client.sock.recv(4096).count(b"\r\n") == 3


def test_thousands_of_pipelined_commands_are_answered(desk: Desk) -> None:
    """A long pipeline in small and odd segments loses no command, also where the peer reads late."""
    client = desk.lmtp()
    client.send(b"LHLO x\r\nMAIL FROM:<u@example.org>\r\n")
    octets = b"RCPT TO:<drop@acme.example>\r\n" * 4000
    client.send(octets)
    codes = [client.reply()[:3] for _ in range(4002)]
    assert codes == ["250"] * 102 + ["452"] * 3900


def test_two_companies_are_two_transactions(desk: Desk) -> None:
    """The second company's recipient is answered 452 4.5.3, and the first one's mail goes through."""
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@example.org>")
    assert client.ask("RCPT TO:<drop@acme.example>")[:3] == "250"
    assert client.ask("RCPT TO:<drop@other.example>") == str(OTHER_COMPANY)
    assert client.ask("DATA")[:3] == "354"
    client.send(MAIL + b".\r\n")
    assert client.reply()[:3] == "250"
    assert client.deliver(MAIL, "drop@other.example")[:3] == "250"
    assert [[t.company_id for t in e.targets] for e in desk.recorder.envelopes] == [[1], [2]]


def test_smtp_answers_unlike_replies_with_the_worst(desk: Desk) -> None:
    """Of several replies the temporary one wins, then the refusal: the peer comes again."""
    no, later = Reply(550, "5.7.1", "no"), Reply(451, "4.3.0", "later")
    names = ("a@acme.example", "b@acme.example", "c@acme.example")
    client = desk.connect()
    desk.recorder.replies = {"b@acme.example": no}
    assert client.deliver(MAIL, *names) == str(no)
    desk.recorder.replies = {"b@acme.example": no, "c@acme.example": later}
    assert client.deliver(MAIL, *names) == str(later)


def test_strangers_make_room(start: Start) -> None:
    """A stranger who is put off may stay and ask on; where connections are scarce he is sent away with it."""
    desk = start(connections=2)
    desk.recorder.rcpt_replies["s@acme.example"] = TOO_MANY_STRANGERS
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@example.org>")
    assert client.ask("RCPT TO:<s@acme.example>") == str(TOO_MANY_STRANGERS)
    desk.connect()
    assert client.ask("RCPT TO:<s@acme.example>") == f"421 4.7.1 {TOO_MANY_STRANGERS.text}"
    assert client.reply() == ""


def test_a_recipient_may_be_named_twice(desk: Desk) -> None:
    """Two RCPT of one address are one target."""
    assert desk.connect().deliver(MAIL, "drop@acme.example", "drop@acme.example")[:3] == "250"
    assert len(desk.recorder.envelopes[0].targets) == 1


def test_recipients_are_limited(start: Start) -> None:
    """One recipient too many is answered 452 4.5.3; the accepted ones get the mail."""
    desk = start(recipients=2)
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@example.org>")
    replies = [client.ask(f"RCPT TO:<r{n}@acme.example>") for n in range(3)]
    assert replies[2] == str(TOO_MANY_RECIPIENTS)
    assert client.ask("DATA")[:3] == "354"
    client.send(MAIL + b".\r\n")
    assert client.reply()[:3] == "250"
    assert len(desk.recorder.envelopes[0].targets) == 2


def test_the_size_is_refused_at_once(start: Start) -> None:
    """A SIZE beyond the limit is refused at MAIL, one octet less is not."""
    client = start(message_size=5000).connect()
    client.ask("EHLO x")
    assert client.ask("MAIL FROM:<u@example.org> SIZE=5001") == str(TOO_BIG)
    assert client.ask("MAIL FROM:<u@example.org> SIZE=5000")[:3] == "250"


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        (["MAIL FROM:<u@example.org>"], "503 5.5.1 greet first"),
        (["EHLO"], "501 5.5.4 a host name must follow"),
        (["HELO x"], "250 mx.acme.example"),
        (["EHLO x", "RCPT TO:<drop@acme.example>"], "503 5.5.1 MAIL comes first"),
        (["EHLO x", "DATA"], "503 5.5.1 MAIL comes first"),
        (["EHLO x", "MAIL FROM:<u@x>", "MAIL"], "503 5.5.1 a transaction is open, send RSET first"),
        (["EHLO x", "MAIL FROM:<u@x>", "DATA"], "503 5.5.1 no valid recipients"),
        (["EHLO x", "MAIL FROM:<u@x>", "DATA now"], "501 5.5.4 this command takes no argument"),
        (["EHLO x", "MAIL FROM:<u@x>", "RSET", "DATA"], "503 5.5.1 MAIL comes first"),
        (["EHLO x", "MAIL FROM:<u@x>", "EHLO x", "DATA"], "503 5.5.1 MAIL comes first"),
        (["EHLO x", "MAIL FROM:<u@x>", "RCPT TO:<nobody@x>"], "550 5.1.1 no such company address here"),
        (["EHLO x", "mail from:<>", "rcpt to:<drop@acme.example>"], "250 2.1.5 recipient ok"),
        (["LHLO x"], "500 5.5.1 command unknown"),
        (["EHLO x", "BDAT 0 LAST"], "503 5.5.1 MAIL comes first"),
        (["EHLO x", "MAIL FROM:<u@x>", "BDAT 0"], "503 5.5.1 no valid recipients"),
        (["NOOP what ever"], "250 2.0.0 ok"),
        (["QUIT"], "221 2.0.0 bye"),
    ],
)  # fmt: skip
def test_commands_in_and_out_of_order(desk: Desk, commands: list[str], reply: str) -> None:
    """Each command is answered for where it stands."""
    client = desk.connect()
    assert [client.ask(command) for command in commands][-1] == reply


@pytest.mark.parametrize("command", ["HELO x", "EHLO x"])
def test_lmtp_has_its_own_greeting(desk: Desk, command: str) -> None:
    """SMTP's greetings are unknown in LMTP (RFC 2033 4.1)."""
    client = desk.lmtp()
    assert client.ask(command) == "500 5.5.1 command unknown"
    assert client.ask("MAIL FROM:<u@x>") == "503 5.5.1 greet first"


@pytest.mark.parametrize(
    "request_line",
    [
        "GET / HTTP/1.1",
        "GET /",
        "POST /x HTTP/1.0",
        "CONNECT a:25 HTTP/1.1",
        "TRACE / HTTP/1.1",
        "PROPFIND /x y HTTP/1.1",
        "QUERY * HTTP/2",
        "DESCRIBE rtsp://x RTSP/1.0",
    ],
)
def test_http_is_turned_away(desk: Desk, request_line: str) -> None:
    """A browser made to speak to this port gets no further than its request line."""
    client = desk.connect()
    client.send(f"{request_line}\r\nHost: x\r\n\r\nEHLO x\r\nMAIL FROM:<u@x>\r\n".encode())
    assert client.reply() == "502 5.7.0 this is a mail server"
    assert client.reply() == ""


def test_what_only_looks_like_http_is_unknown(desk: Desk) -> None:
    """A known command may end in whatever it likes, an unknown one in anything but a protocol's version."""
    client = desk.connect()
    assert client.ask("NOOP / HTTP/1.1") == "250 2.0.0 ok"
    for command in ("XYZZY", "XYZZY http/1.1", "XYZZY /HTTP/1.1x", "XYZZY HTTP/"):
        assert client.ask(command) == "500 5.5.1 command unknown"


def test_unknown_commands_are_counted(desk: Desk) -> None:
    """The fifth unknown command ends the session."""
    client = desk.connect()
    assert [client.ask("XYZZY")[:9] for _ in range(5)] == ["500 5.5.1"] * 5
    assert client.reply() == "421 4.7.0 too many errors, closing"
    assert client.reply() == ""


def test_mistakes_slow_down_and_end(start: Start) -> None:
    """Each refusal beyond the tenth costs time, the twentieth ends the session."""
    desk = start(error_delay=0.05)
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@x>")
    begun = time.monotonic()
    replies = [client.ask("RCPT TO:<nobody@acme.example>")[:3] for _ in range(20)]
    assert time.monotonic() - begun > 9 * 0.05
    assert replies == ["550"] * 20
    assert client.reply()[:9] == "421 4.7.0"


def test_an_accepted_mail_wipes_mistakes_out(desk: Desk) -> None:
    """A peer whose mails get through may make mistakes for ever."""
    client = desk.connect()
    for _ in range(4):
        assert client.deliver(MAIL, *["nobody@acme.example"] * 9, "drop@acme.example")[:3] == "250"


def test_a_relay_may_hand_in_refused_mail(start: Start) -> None:
    """What a listed relay passes on is not the relay's mistake."""
    client = start(relays=("127.0.0.1",)).connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@x>")
    assert {client.ask("RCPT TO:<nobody@acme.example>")[:3] for _ in range(40)} == {"550"}


def silent(client: Client) -> None:
    """Say nothing at all."""


def greeted(client: Client) -> None:
    """Fall silent after EHLO."""
    client.ask("EHLO x")


def within_a_command(client: Client) -> None:
    """Fall silent in the middle of a line."""
    client.ask("EHLO x")
    client.send(b"MAIL FR")


def within_data(client: Client) -> None:
    """Fall silent in the middle of a mail."""
    client.begin()
    client.send(b"Subject: x\r\n\r\nhel")


@pytest.mark.parametrize("step", [silent, greeted, within_a_command, within_data])
def test_an_idle_peer_is_cut(start: Start, step: object) -> None:
    """A peer that stays silent gets 421 4.4.2."""
    desk = start(idle_seconds=0.5, data_idle_seconds=0.5)
    client = desk.connect()
    assert callable(step)
    step(client)
    assert client.reply() == "421 4.4.2 idle for too long, closing"
    assert client.reply() == ""
    assert desk.recorder.envelopes == []


def test_the_first_command_must_come_soon(start: Start) -> None:
    """A peer that never speaks is not given the time of one that has."""
    desk = start(first_seconds=0.5)
    client, quick = desk.connect(), desk.connect()
    quick.ask("EHLO x")
    assert client.reply()[:9] == "421 4.4.2"
    assert quick.ask("NOOP")[:3] == "250"


def test_idle_peers_make_room_when_it_is_tight(start: Start) -> None:
    """With nearly all connections taken, the idle time is short."""
    desk = start(connections=5, busy_idle_seconds=0.3)
    clients = [desk.connect() for _ in range(5)]
    for client in clients:
        client.ask("EHLO x")
    assert clients[0].reply()[:9] == "421 4.4.2"


def test_whoever_has_mail_for_us_is_no_idler(start: Start) -> None:
    """Once a recipient is accepted the rest is waited for as within a mail, however tight it is."""
    desk = start(connections=1, data_idle_seconds=20)
    client = desk.connect()
    client.send(b"EHLO x\r\nMAIL FROM:<u@example.org>\r\nRCPT TO:<drop@acme.example>\r\n")
    assert [client.reply()[:3] for _ in range(3)] == ["250"] * 3
    (session,) = desk.sessions()
    assert session.patience() == 20
    assert client.ask("RSET")[:3] == "250"
    assert session.patience() == desk.settings.busy_idle_seconds


def trickle(client: Client) -> None:
    """Send an octet now and then until the peer answers, however late the listener came to look."""
    for _ in range(600):
        client.send(b"x")
        if select.select([client.sock], [], [], 0.05)[0]:
            return


def test_data_may_not_take_for_ever(start: Start) -> None:
    """A mail that keeps coming is cut after the whole time for DATA."""
    client = start(data_seconds=0.2).connect()
    client.begin()
    trickle(client)
    assert client.reply() == "421 4.4.2 data comes too slowly, closing"


def test_data_has_a_least_rate(start: Start) -> None:
    """A mail that trickles in far below the least rate is cut once a slow start is no excuse."""
    client = start(data_rate=100_000, data_rate_after=0.1).connect()
    client.begin()
    trickle(client)
    assert client.reply() == "421 4.4.2 data comes too slowly, closing"


@pytest.mark.parametrize("command", ["DATA", "BDAT 1000000000"])
def test_a_fast_beginning_pays_for_no_trickle(start: Start, command: str) -> None:
    """A mail of which much came at once, and then next to nothing, is cut: only the last seconds count."""
    desk = start(
        data_rate=100_000, data_rate_after=0.1, data_idle_seconds=0.3, message_size=10**9, in_flight=0
    )
    client = desk.connect()
    client.begin()
    client.send(b".\r\n")
    client.reply()
    for said in ("MAIL FROM:<u@example.org>", "RCPT TO:<drop@acme.example>"):
        client.ask(said)
    client.send(command.encode() + b"\r\n")
    if command == "DATA":
        client.reply()
    client.send(b"Subject: x\r\n\r\n" + b"y" * 2_000_000)
    trickle(client)
    assert client.reply() == "421 4.4.2 data comes too slowly, closing"


def test_an_error_of_ours_is_temporary_in_any_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a verb itself fail, it is answered 451, and the session goes on without its transaction."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    client = desk.connect()
    client.ask("EHLO x")
    with monkeypatch.context() as patch:
        patch.setattr(smtp, "read_mail", fail)
        assert client.ask("MAIL FROM:<u@example.org>") == str(LOCAL_ERROR)
    with monkeypatch.context() as patch:
        patch.setattr(Body, "refusal", fail)
        assert client.deliver(MAIL) == str(LOCAL_ERROR)
    assert client.deliver(MAIL)[:3] == "250"
    assert desk.recorder.octets == [MAIL]


def test_a_reset_within_data_is_no_error_of_ours(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A peer that resets the connection within DATA leaves no trace in the log."""
    client = desk.connect()
    client.begin()
    client.send(b"Subject: x\r\n")
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    desk.join()
    assert "receive_failed" not in capsys.readouterr().out


def test_an_endless_command_is_cut(desk: Desk) -> None:
    """A command without end is read so far and no further."""
    client = desk.connect()
    client.send(b"x" * 100_000)
    assert client.reply() == "500 5.5.2 command line too long"
    assert client.reply() == ""


def test_a_peer_that_does_not_read_is_cut(start: Start) -> None:
    """Replies that nobody reads do not pile up: the connection is reset."""
    desk = start(data_idle_seconds=0.2)
    client = desk.lmtp()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(b"LHLO x\r\nMAIL FROM:<u@x>\r\n")
    client.sock.settimeout(60)
    with pytest.raises(ConnectionError):
        client.send(b"RCPT TO:<drop@acme.example>\r\n" * 1_000_000)
