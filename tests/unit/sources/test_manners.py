"""What else aiosmtpd 1.4.6 lacks or does too freely (A10 to A20), against a real listener."""

import logging
import socket
import time

import pytest

from bccd.model.envelope import Protocol
from bccd.sources import connection
from tests.unit.sources.dialogue import MAIL, Desk, Start

MIB = 2**20


@pytest.mark.parametrize(("protocol", "greeting"), [(Protocol.SMTP, "EHLO"), (Protocol.LMTP, "LHLO")])
def test_a10_extensions_are_offered_in_one_write(desk: Desk, protocol: Protocol, greeting: str) -> None:
    """EHLO and LHLO offer what is supported and nothing else, in one segment."""
    client = desk.connect(protocol)
    client.send(f"{greeting} client.example\r\n".encode())
    assert client.sock.recv(4096).decode().split("\r\n") == [
        "250-mx.acme.example",
        "250-PIPELINING",
        f"250-SIZE {36 * MIB}",
        "250-8BITMIME",
        "250-ENHANCEDSTATUSCODES",
        "250-SMTPUTF8",
        "250-CHUNKING",
        "250 LIMITS RCPTMAX=100",
        "",
    ]


def test_a11_parameters_that_real_clients_send_pass(desk: Desk) -> None:
    """AUTH=<>, which Exchange sends, and the parameters of DSN are taken; others are 555."""
    client = desk.connect()
    client.ask("EHLO x")
    options = "SIZE=100 BODY=8BITMIME AUTH=<> RET=HDRS ENVID=a+2Bb smtputf8"
    assert client.ask(f"MAIL FROM:<u@example.org> {options}")[:3] == "250"
    rcpt = "RCPT TO:<drop@acme.example>"
    assert client.ask(f"{rcpt} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b")[:3] == "250"
    assert client.ask(f"{rcpt} MT-PRIORITY=3")[:9] == "555 5.5.4"
    client.ask("RSET")
    assert client.ask("MAIL FROM:<u@example.org> MT-PRIORITY=3")[:9] == "555 5.5.4"
    assert client.ask("MAIL FROM:<u@example.org> BODY=BINARYMIME")[:9] == "501 5.5.4"


def test_a12_a_null_sender_is_empty(desk: Desk) -> None:
    """The null sender reaches the Receiver as an empty text."""
    client = desk.connect()
    client.begin(mail_from="")
    assert desk.recorder.asked == [("", "drop@acme.example")]


@pytest.mark.parametrize("path", ['<"', "<a@[>", "<a b@c>", "<a@b.c", "<(a@b.c>", "<a\0@b.c>", "<a\r@b.c>"])
def test_a12_a_broken_path_is_refused(desk: Desk, path: str) -> None:
    """What aiosmtpd takes or stumbles over is 50x, and the session goes on."""
    client = desk.connect()
    client.ask("EHLO x")
    assert client.ask(f"MAIL FROM:{path}")[:2] == "50"
    assert client.ask("NOOP")[:3] == "250"


def test_a13_aiosmtpd_logs_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Neither commands nor lines of mail reach aiosmtpd's logger."""
    with caplog.at_level(logging.DEBUG):
        desk.connect().deliver(MAIL)
    assert [record for record in caplog.records if record.name == "mail.log"] == []


def test_a14_no_name_is_looked_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection does not ask who this host is."""

    def getfqdn(name: str = "") -> str:
        raise AssertionError(name)

    monkeypatch.setattr(socket, "getfqdn", getfqdn)
    assert desk.connect(greeted=False).reply() == "220 mx.acme.example ESMTP bccd"


@pytest.mark.parametrize("command", ["AUTH PLAIN AGEAYg==", "auth plain", "STARTTLS", "EXPN staff"])
def test_a15_what_is_not_offered_is_not_done(desk: Desk, command: str) -> None:
    """AUTH and STARTTLS, which aiosmtpd brings along, are closed."""
    client = desk.connect()
    client.ask("EHLO x")
    assert client.ask(command) == "502 5.5.1 command not implemented"


def test_a16_commands_end_with_crlf(desk: Desk) -> None:
    """A command that ends with a bare LF, or holds a bare CR, is none."""
    client = desk.connect()
    for command in (b"EHLO x\n", b"EHLO x\ry\r\n", b"EHLO \0\r\n", b"\xff\r\n", b"\r\n"):
        client.send(command)
        assert client.reply()[:9] == "500 5.5.2"


def test_a17_long_lines_are_taken(desk: Desk) -> None:
    """A line of 100,000 octets, as real mail has them, passes unchanged."""
    mail = MAIL + b"y" * 100_000 + b"\r\n"
    assert desk.connect().deliver(mail)[:3] == "250"
    assert desk.recorder.octets == [mail]


def test_a18_a_stop_lets_a_running_transaction_end(desk: Desk) -> None:
    """A stop turns idle sessions and new ones away with 421 4.3.2 and waits for a commit."""
    idle, busy, within = desk.connect(), desk.connect(), desk.connect()
    desk.recorder.seconds = 0.3
    within.begin()
    busy.begin()
    busy.send(MAIL + b".\r\n")
    assert desk.recorder.started.wait(5)
    desk.stop()
    assert idle.reply()[:9] == "421 4.3.2"
    within.send(MAIL + b".\r\n")
    for client in (busy, within):
        assert client.reply()[:9] == "250 2.0.0"
        assert client.reply()[:9] == "421 4.3.2"
        assert client.reply() == ""
    desk.join()
    assert desk.recorder.octets == [MAIL, MAIL]


@pytest.mark.parametrize("said", ["MAIL", "BDAT"])
def test_a18_a_stop_waits_for_nobody_who_is_silent(
    start: Start, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """Whoever has begun a mail and says nothing hears 421 4.3.2 soon, and the listener ends early."""
    monkeypatch.setattr(connection, "LAST_SECONDS", 0.05)
    desk = start(drain_seconds=300)
    client = desk.connect()
    assert client.ask("EHLO x")[:3] == "250"
    assert client.ask("MAIL FROM:<u@example.org>")[:3] == "250"
    if said == "BDAT":
        assert client.ask("RCPT TO:<drop@acme.example>")[:3] == "250"
        client.send(b"BDAT 9\r\nSubject: ")
        assert client.reply()[:3] == "250"
    desk.stop()
    assert client.reply()[:9] == "421 4.3.2"
    desk.join()
    assert desk.recorder.octets == []


def test_a18_a_stop_lets_a_mail_go_on(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes on with a mail that he has begun is heard to its end, whatever command comes next."""
    monkeypatch.setattr(connection, "LAST_SECONDS", 30.0)
    desk = start(drain_seconds=60)
    client = desk.connect()
    for command in ("EHLO x", "MAIL FROM:<u@example.org>"):
        assert client.ask(command)[:3] == "250"
    desk.stop()
    assert client.ask("RCPT TO:<drop@acme.example>")[:3] == "250"
    assert client.ask("DATA")[:3] == "354"
    client.send(MAIL + b".\r\n")
    assert client.reply()[:3] == "250"
    assert client.reply()[:9] == "421 4.3.2"
    desk.join()


def test_a18_a_stop_does_not_wait_for_ever(start: Start) -> None:
    """After the time to drain, a session that does not end is cut."""
    desk = start(drain_seconds=0.2)
    client = desk.connect()
    client.begin()
    begun = time.monotonic()
    desk.join()
    assert time.monotonic() - begun < 3
    assert client.reply() == ""


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("EXPN staff", "502 5.5.1"),
        ("XFORWARD ADDR=192.0.2.1", "550 5.7.0"),
        ("XCLIENT ADDR=192.0.2.1", "500 5.5.1"),
        ("ETRN acme.example", "500 5.5.1"),
        ("TURN", "500 5.5.1"),
    ],
)
def test_a20_strangers_have_no_privileges(desk: Desk, command: str, reply: str) -> None:
    """Lists are not told, queues not run, and whose connection it is, a stranger cannot say."""
    client = desk.connect()
    client.ask("EHLO x")
    assert client.ask(command)[:9] == reply
    assert [session.peer.client_ip for session in desk.sessions()] == [""]


def test_a20_addresses_are_not_verified(desk: Desk) -> None:
    """VRFY tells nothing, for any argument, and HELP points to the standard."""
    client = desk.connect()
    assert (
        client.ask("VRFY drop@acme.example") == client.ask("VRFY nobody") == "252 2.0.0 send the mail and see"
    )
    assert client.ask("HELP")[:9] == "214 2.0.0"
