"""What aiosmtpd 1.4.6 does not withstand, fault by fault (A1 to A9), against a real listener."""

import contextlib
import resource
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Self

import pytest
from aiosmtpd.smtp import SMTP

from bccd.model.envelope import Protocol
from bccd.model.errors import StorageFullError
from bccd.model.reply import LOCAL_ERROR, Reply
from bccd.sources.kept import MEMORY
from bccd.sources.stream import MAX_COMMAND
from tests.unit.sources.dialogue import MAIL, Client, Desk, Start, until

MIB = 2**20


def rss() -> int:
    """The memory of this process now, in octets."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


class Peak:
    """The highest memory of this process within a block, above what it had at the start."""

    def __enter__(self) -> Self:
        self.start = self.highest = rss()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            self.highest = max(self.highest, rss())

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.highest - self.start


def pour(client: Client, piece: bytes, times: int) -> None:
    for _ in range(times):
        client.send(piece)


@pytest.mark.slow
def test_a1_data_without_line_ends_is_bounded_in_memory(start: Start) -> None:
    """50 MB without one CRLF are accepted within a few MiB of memory, and go to a file."""
    desk = start(message_size=64 * MIB)
    client = desk.connect()
    client.begin()
    client.send(b"Subject: x\r\n\r\n")
    with Peak() as peak:
        pour(client, b"x" * MIB, 50)
    assert peak.growth < 8 * MIB
    client.send(b"\r\n.\r\n")
    assert client.reply().startswith("250 2.0.0")
    assert desk.recorder.envelopes[0].raw.path is not None
    assert len(desk.recorder.octets[0]) == 50 * MIB + 16
    desk.recorder.octets.clear()


@pytest.mark.slow
def test_a1_data_beyond_the_limit_is_not_kept(start: Start) -> None:
    """Data far beyond the size limit is neither kept in memory nor on disk, and ends in 421."""
    desk = start(message_size=MIB)
    client = desk.connect()
    client.begin()
    with Peak() as peak, contextlib.suppress(ConnectionError):
        pour(client, b"x" * MIB, 50)
    assert peak.growth < 8 * MIB
    assert client.reply() == "421 4.7.0 message far too big, closing"
    assert desk.leftovers() == []
    assert desk.recorder.envelopes == []


@pytest.mark.slow
def test_a2_short_lines_cost_no_more_than_long_ones(start: Start) -> None:
    """10 MB of empty lines need a few MiB of memory, and other clients are answered meanwhile."""
    desk = start()
    client, other = desk.connect(), desk.connect()
    client.begin()
    client.send(b"Subject: x\r\n")
    pauses = []
    with Peak() as peak:
        for _ in range(10):
            pour(client, b"\r\n" * (MIB // 20), 10)
            asked = time.monotonic()
            assert other.ask("NOOP")[:3] == "250"
            pauses.append(time.monotonic() - asked)
        client.send(b".\r\n")
        assert client.reply()[:3] == "250"
    desk.recorder.octets.clear()
    assert peak.growth < 24 * MIB  # the recorder reads the mail back whole
    assert max(pauses) < 1


def test_a3_slow_data_is_not_cut_while_octets_flow(start: Start) -> None:
    """A DATA that takes several idle times is taken, since each pause in it is shorter."""
    desk = start(idle_seconds=0.5, data_idle_seconds=0.5)
    client = desk.connect()
    client.begin()
    for line in MAIL.splitlines(keepends=True) * 3:
        time.sleep(0.1)
        client.send(line)
    client.send(b".\r\n")
    assert client.reply()[:3] == "250"


def test_a3_no_timer_runs_while_a_mail_is_stored(start: Start) -> None:
    """A commit that takes longer than every timer is waited for and answered."""
    desk = start(idle_seconds=0.2, data_idle_seconds=0.2, data_seconds=0.2, session_seconds=0.2)
    desk.recorder.seconds = 0.7
    assert desk.connect().deliver(MAIL).startswith("250 2.0.0")


def test_a4_half_close_after_the_dot_still_commits(desk: Desk) -> None:
    """A client that sends EOF behind its final dot gets its 250, for one commit."""
    desk.recorder.seconds = 0.1
    client = desk.connect()
    client.begin()
    client.send(MAIL + b".\r\n")
    client.sock.shutdown(socket.SHUT_WR)
    assert client.reply()[:3] == "250"
    assert client.reply() == ""
    assert desk.recorder.octets == [MAIL]


def test_a4_reset_during_the_commit_does_not_stop_it(desk: Desk) -> None:
    """A client that resets the connection in mid-commit does not undo it; the listener serves on."""
    desk.recorder.seconds = 0.2
    client = desk.connect()
    client.begin()
    client.send(MAIL + b".\r\n")
    assert desk.recorder.started.wait(5)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert desk.recorder.finished.wait(5)
    assert desk.recorder.octets == [MAIL]
    assert desk.connect().deliver(MAIL)[:3] == "250"


def test_a4_half_a_mail_is_no_mail(desk: Desk) -> None:
    """A client that leaves within DATA has sent nothing, and its temporary file goes."""
    client = desk.connect()
    client.begin()
    client.send(b"Subject: x\r\n\r\n" + b"x" * (MEMORY + 100_000))
    assert until(lambda: desk.leftovers() != [])
    client.close()
    assert until(lambda: desk.leftovers() == [])
    assert desk.recorder.envelopes == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("NOOP", "250"),
        ("RSET", "250"),
        ("EHLO x", "250"),
        ("HELO x", "250"),
        ("VRFY x", "252"),
        ("HELP", "214"),
    ],
)
def test_a5_commands_without_a_mail_are_counted(desk: Desk, command: str, code: str) -> None:
    """A session kept alive by what brings no mail nearer ends with 421 after a hundred of it."""
    client = desk.connect()
    client.send(f"{command}\r\n".encode() * 150)
    assert {client.reply()[:3] for _ in range(101)} == {code}
    assert client.reply() == "421 4.7.0 too many commands without a mail, closing"
    assert client.reply() == ""


def test_a5_connections_are_counted(start: Start) -> None:
    """One host has its share of connections and gets it back by leaving."""
    desk = start(connections_per_ip=2)
    first, _second = desk.connect(), desk.connect()
    third = desk.connect(greeted=False)
    assert third.reply() == "421 4.7.0 too many connections, try again later"
    assert third.reply() == ""
    first.ask("QUIT")
    first.close()
    assert until(lambda: desk.connect(greeted=False).reply()[:3] == "220")


def test_a5_arrivals_are_counted(start: Start) -> None:
    """One host begins so many connections within a minute, though none of them stays open."""
    desk = start(connections_per_minute=3)
    for _ in range(3):
        client = desk.connect()
        assert client.ask("QUIT")[:3] == "221"
        client.close()
    late = desk.connect(greeted=False)
    assert late.reply() == "421 4.7.0 too many new connections, try again later"
    assert late.reply() == ""


def test_a5_listed_relays_are_exempt(start: Start) -> None:
    """A listed relay may open more connections than one host, but not more than there are."""
    desk = start(connections_per_ip=1, connections=3, relays=("127.0.0.0/8",))
    for _ in range(3):
        desk.connect()
    assert desk.connect(greeted=False).reply()[:9] == "421 4.7.0"


def test_a5_a_session_ends(start: Start) -> None:
    """A session that goes on and on is closed between two mails."""
    desk = start(session_seconds=0.3)
    client = desk.connect()
    assert client.deliver(MAIL)[:3] == "250"
    assert client.reply() == "421 4.4.2 session too long, closing"


def test_a5_a_session_ends_within_a_transaction(start: Start) -> None:
    """So is one that never comes to DATA, whether it keeps talking or falls silent."""
    desk = start(session_seconds=0.3)
    talker, mute = desk.connect(), desk.connect()
    for client in (talker, mute):
        client.ask("EHLO x")
        assert client.ask("MAIL FROM:<a@b.example>")[:3] == "250"
    begun = time.monotonic()
    reply = ""
    while not reply.startswith("421") and time.monotonic() - begun < 5:
        reply = talker.ask("RCPT TO:<drop@acme.example>")
        time.sleep(0.01)
    assert reply == mute.reply() == "421 4.4.2 session too long, closing"
    assert time.monotonic() - begun < 2


def test_a5_recipients_without_end_are_cut_off(start: Start) -> None:
    """A peer that goes on naming recipients after 452 is told to go; a relay's recipients are not its own."""
    desk = start(recipients=1)
    client, relay = desk.connect(), desk.lmtp()
    for one, hello in ((client, "EHLO x"), (relay, "LHLO x")):
        one.ask(hello)
        one.ask("MAIL FROM:<a@b.example>")
    codes = {one: [one.ask("RCPT TO:<drop@acme.example>")[:3] for _ in range(100)] for one in (client, relay)}
    assert codes[client] == codes[relay] == ["250", *["452"] * 99]
    assert client.ask("RCPT TO:<drop@acme.example>")[:3] == "452"
    assert client.reply() == "421 4.7.0 too many commands without a mail, closing"
    assert relay.ask("RCPT TO:<drop@acme.example>")[:3] == "452"
    assert relay.ask("NOOP")[:3] == "250"


def test_a6_an_exception_is_temporary_and_keeps_its_text(desk: Desk) -> None:
    """An exception is answered 451 4.3.0; its text, CR LF and all, goes nowhere."""
    desk.recorder.error = RuntimeError("database password=hunter2\r\n250 injected")
    client = desk.connect()
    assert client.deliver(MAIL) == str(LOCAL_ERROR)
    assert client.ask("NOOP") == "250 2.0.0 ok"


def test_a6_a_text_with_line_ends_stays_one_reply(desk: Desk) -> None:
    """Even a reply whose text holds CR LF is one line on the wire."""
    desk.recorder.replies["drop@acme.example"] = Reply(550, "5.7.1", "no\r\n250 injected\x00é")
    client = desk.connect()
    assert client.deliver(MAIL) == "550 5.7.1 no  250 injected ?"
    assert client.ask("NOOP")[:3] == "250"


def test_a6_an_exception_at_rcpt_is_temporary(desk: Desk) -> None:
    """A recipient that cannot be checked is answered 451, and the transaction stands."""
    client = desk.connect()
    client.ask("EHLO x")
    client.ask("MAIL FROM:<u@example.org>")
    desk.recorder.rcpt_error = RuntimeError("secret")
    assert client.ask("RCPT TO:<drop@acme.example>") == str(LOCAL_ERROR)
    desk.recorder.rcpt_error = None
    assert client.ask("RCPT TO:<drop@acme.example>") == "250 2.1.5 recipient ok"


def test_a6_a_full_disk_says_so(desk: Desk) -> None:
    """Lack of room is answered 452 4.3.1."""
    desk.recorder.error = StorageFullError("spool")
    assert desk.connect().deliver(MAIL)[:9] == "452 4.3.1"


def test_a7_after_an_exception_the_next_mail_works(desk: Desk) -> None:
    """An exception in DATA ends its transaction: the next MAIL is not nested."""
    client = desk.connect()
    desk.recorder.error = RuntimeError("x")
    assert client.deliver(MAIL)[:3] == "451"
    desk.recorder.error = None
    assert client.ask("MAIL FROM:<v@example.org>") == "250 2.1.0 sender ok"
    assert client.ask("RCPT TO:<drop@acme.example>")[:3] == "250"
    assert client.ask("DATA")[:3] == "354"
    client.send(MAIL + b".\r\n")
    assert client.reply()[:3] == "250"
    assert desk.recorder.envelopes[0].mail_from == "v@example.org"


def test_a8_command_limits_belong_to_one_session(desk: Desk) -> None:
    """Neither thirty EHLO nor a new connection changes how long a command may be, for anyone."""
    before = dict(SMTP.command_size_limits)  # other tests have servers of aiosmtpd's own
    first = desk.connect()
    for _ in range(30):
        assert first.ask("EHLO x")[:3] == "250"
    desk.connect().ask("EHLO y")
    envid = "e" * (MAX_COMMAND - len("MAIL FROM:<u@example.org> ENVID=\r\n"))
    assert first.ask(f"MAIL FROM:<u@example.org> ENVID={envid}") == "250 2.1.0 sender ok"
    assert first.ask("RSET")[:3] == "250"
    assert first.ask(f"MAIL FROM:<u@example.org> ENVID={envid}e") == "500 5.5.2 command line too long"
    assert before == SMTP.command_size_limits


LMTP_TARGETS = ("a@acme.example", "nobody@acme.example", "b@other.example", "c@acme.example")


def test_a9_lmtp_answers_each_recipient(desk: Desk) -> None:
    """LMTP answers 250, 451 and 550 for three recipients of two companies, in the order of RCPT."""
    desk.recorder.replies = {
        "b@other.example": Reply(451, "4.3.0", "later"),
        "c@acme.example": Reply(550, "5.7.1", "no"),
    }
    client = desk.lmtp()
    client.begin(*LMTP_TARGETS, helo="LHLO")
    client.send(MAIL + b".\r\n")
    assert [client.reply()[:9] for _ in range(3)] == ["250 2.0.0", "451 4.3.0", "550 5.7.1"]
    assert client.ask("NOOP") == "250 2.0.0 ok"
    assert [target.company_id for target in desk.recorder.envelopes[0].targets] == [1, 2, 1]
    assert desk.recorder.envelopes[0].peer.protocol is Protocol.LMTP


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"Subject: x\r\n\r\n" + b"x" * 70_000 + b"\r\n.\r\n", "552 5.3.4"),
        (b"Subject: x\r\n\r\n" + b"x" * 50_000 + b"\n.\r\n", "550 5.5.2"),
        (b"Subject: x\rFrom: y\r\n\r\nx\r\n.\r\n", "554 5.6.0"),
        (b"x" * 140_000, "421 4.7.0"),
    ],
    ids=["oversize", "lone-dot", "bad-header", "far-too-big"],
)
def test_a9_lmtp_answers_each_recipient_of_a_refused_mail(start: Start, octets: bytes, answer: str) -> None:
    """A mail that the listener itself refuses has one reply for each recipient too."""
    desk = start(message_size=64 * 1024)
    client = desk.lmtp()
    client.begin(*LMTP_TARGETS, helo="LHLO")
    client.send(octets)
    assert [client.reply()[:9] for _ in range(3)] == [answer] * 3
    assert desk.recorder.envelopes == []


def test_a9_lmtp_answers_each_recipient_after_an_exception(desk: Desk) -> None:
    """An exception is answered 451 for each recipient, and the next transaction works."""
    desk.recorder.error = RuntimeError("x")
    client = desk.lmtp()
    client.begin(*LMTP_TARGETS, helo="LHLO")
    client.send(MAIL + b".\r\n")
    assert [client.reply() for _ in range(3)] == [str(LOCAL_ERROR)] * 3
    desk.recorder.error = None
    client.begin("a@acme.example", helo="LHLO")
    client.send(MAIL + b".\r\n")
    assert client.reply()[:3] == "250"


def test_a9_lmtp_without_recipients_takes_no_data(desk: Desk) -> None:
    """Where no RCPT got 250, DATA is refused with one 503 (RFC 2033 4.2)."""
    client = desk.lmtp()
    client.ask("LHLO x")
    client.ask("MAIL FROM:<u@example.org>")
    assert client.ask("RCPT TO:<nobody@acme.example>")[:9] == "550 5.1.1"
    assert client.ask("DATA") == "503 5.5.1 no valid recipients"


def test_a9_lmtp_answers_a_recipient_named_twice_twice(desk: Desk) -> None:
    """Two RCPT of one address are two replies and one target."""
    client = desk.lmtp()
    client.begin("a@acme.example", "a@acme.example", helo="LHLO")
    client.send(MAIL + b".\r\n")
    assert [client.reply()[:3] for _ in range(2)] == ["250", "250"]
    assert client.ask("NOOP")[:3] == "250"
    assert len(desk.recorder.envelopes[0].targets) == 1


def test_a9_a_receiver_that_miscounts_is_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few replies from the Receiver are no reason to leave a recipient without one."""

    async def message(_envelope: object) -> list[Reply]:
        return []

    monkeypatch.setattr(desk.recorder, "message", message)
    client = desk.lmtp()
    client.begin("a@acme.example", "b@acme.example", helo="LHLO")
    client.send(MAIL + b".\r\n")
    assert [client.reply() for _ in range(2)] == [str(LOCAL_ERROR)] * 2
