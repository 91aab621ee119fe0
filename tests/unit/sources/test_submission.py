"""STARTTLS, implicit TLS and AUTH: dialogues with a real listener."""

import smtplib
import socket
import ssl
import time
from base64 import b64encode
from pathlib import Path

import pytest

from bccd.model.envelope import Protocol
from bccd.model.errors import StoreUnavailableError
from tests.unit.sources.dialogue import LOGIN, MAIL, PASSWORD, Client, Desk, Start, until

GO_ON = "235 2.7.0 logged in"
WRONG = "535 5.7.8 name or password is wrong"
MALFORMED = "501 5.5.2 the response is malformed"


def coded(*parts: str) -> str:
    return b64encode("\0".join(parts).encode()).decode()


RIGHT = coded("", "u@example.org", PASSWORD)


@pytest.fixture
def desk(start: Start, pair: tuple[Path, Path]) -> Desk:
    """A running listener that has a certificate."""
    return start(certificate=pair[0], key=pair[1])


def secured(desk: Desk, kind: str = "submission") -> Client:
    """Return a client that has greeted within TLS."""
    client = desk.connect(kind, greeted=kind != "smtps")
    if kind != "smtps":
        client.ask("EHLO client.example")
        assert client.ask("STARTTLS") == "220 2.0.0 go ahead"
    client.secure()
    if kind == "smtps":
        assert client.reply() == "220 mx.acme.example ESMTP bccd"
    assert client.ask("EHLO client.example")[:3] == "250"
    return client


def test_each_listener_offers_what_is_its_own(desk: Desk) -> None:
    """STARTTLS is offered in clear by SMTP and submission, AUTH within TLS by submission alone."""
    offers = {
        "smtp": desk.connect().ask("EHLO x"),
        "lmtp": desk.lmtp().ask("LHLO x"),
        "submission": desk.connect("submission").ask("EHLO x"),
        "smtp in TLS": secured(desk, Protocol.SMTP).ask("EHLO x"),
        "submission in TLS": secured(desk).ask("EHLO x"),
        "smtps": secured(desk, "smtps").ask("EHLO x"),
    }
    tls = {name for name, offer in offers.items() if "STARTTLS" in offer}
    auth = {name for name, offer in offers.items() if "250 AUTH PLAIN LOGIN" in offer}
    assert tls == {"smtp", "submission"}
    assert auth == {"submission in TLS", "smtps"}
    assert {name for name, offer in offers.items() if "AUTH" in offer} == auth


def test_without_a_certificate_there_is_no_tls(start: Start) -> None:
    """STARTTLS is neither offered nor understood."""
    client = start().connect()
    assert "STARTTLS" not in client.ask("EHLO x")
    assert client.ask("STARTTLS") == "502 5.5.1 command not implemented"


def test_mail_within_tls(desk: Desk) -> None:
    """A mail that came through STARTTLS says so, and its greeting is the one given within TLS."""
    client = desk.connect()
    client.ask("EHLO before.example")
    client.ask("STARTTLS")
    client.secure()
    assert client.ask("MAIL FROM:<u@example.org>") == "503 5.5.1 greet first"
    assert client.deliver(MAIL)[:3] == "250"
    [envelope] = desk.recorder.envelopes
    assert (envelope.peer.tls, envelope.peer.helo, envelope.peer.login) == (True, "client.example", None)
    assert client.ask("STARTTLS") == "503 5.5.1 TLS is active already"
    assert client.ask("QUIT")[:3] == "221"
    assert client.reply() == ""


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        (["STARTTLS"], "503 5.5.1 greet first"),
        (["EHLO x", "STARTTLS now"], "501 5.5.4 this command takes no argument"),
        (["EHLO x", "MAIL FROM:<u@x>", "STARTTLS"], "503 5.5.1 not while a transaction is open"),
        (["EHLO x", "AUTH PLAIN " + RIGHT], "502 5.5.1 command not implemented"),
    ],
)
def test_starttls_in_and_out_of_order(desk: Desk, commands: list[str], reply: str) -> None:
    """STARTTLS stands after the greeting, alone and outside a transaction; the SMTP listener has no AUTH."""
    client = desk.connect()
    assert [client.ask(command) for command in commands][-1] == reply


@pytest.mark.parametrize("kind", [Protocol.SMTP, "submission"])
def test_what_was_injected_before_tls_is_not_obeyed(desk: Desk, kind: str) -> None:
    """Commands sent in clear in one segment with STARTTLS are thrown away (RFC 3207 5, CVE-2024-34083)."""
    client = desk.connect(kind)
    client.ask("EHLO x")
    client.send(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@example.org>\r\n" + b"X" * 3000)
    assert client.reply()[:3] == "220"
    client.secure()
    assert client.ask("NOOP") == "250 2.0.0 ok"
    assert client.ask("MAIL FROM:<u@example.org>") == "503 5.5.1 greet first"
    assert desk.recorder.asked == []


def test_a_client_named_before_tls_is_forgotten(start: Start, pair: tuple[Path, Path]) -> None:
    """XFORWARD said in clear is no more known within TLS: whoever stands between could have said it."""
    desk = start(certificate=pair[0], key=pair[1], relays=("127.0.0.1/32",))
    client = desk.connect()
    client.ask("EHLO x")
    assert client.ask("XFORWARD ADDR=192.0.2.1")[:3] == "250"
    assert client.ask("STARTTLS")[:3] == "220"
    client.secure()
    assert client.deliver(MAIL)[:3] == "250"
    assert (desk.recorder.peers[0].client_ip, desk.recorder.peers[0].tls) == ("", True)


def test_clear_text_where_tls_is_awaited_ends_the_session(desk: Desk) -> None:
    """Whoever talks on in clear, after STARTTLS or on the port of implicit TLS, is hung up on unheard."""
    for kind in ("submission", "smtps"):
        client = desk.connect(kind, greeted=kind != "smtps")
        if kind != "smtps":
            client.ask("EHLO x")
            client.ask("STARTTLS")
        client.send(b"EHLO x\r\nMAIL FROM:<u@example.org>\r\n")
        with _ends():
            client.sock.settimeout(10)
            while client.sock.recv(4096):
                pass
    assert until(lambda: not desk.sessions())


class _ends:  # noqa: N801 - reads as a word in a `with`
    """A peer may be hung up on with or without a reset."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, ConnectionError)


def test_old_tls_is_refused(desk: Desk) -> None:
    """TLS 1.1 is not spoken, TLS 1.2 is."""
    for version, works in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1") if not works else _ends():
            context.minimum_version = context.maximum_version = version
        client = desk.connect("smtps", greeted=False)
        try:
            client.sock = context.wrap_socket(client.sock)
        except OSError:
            assert not works
        else:
            assert works and client.sock.recv(100)[:3] == b"220"


def test_handshakes_that_never_end_are_ended(start: Start, pair: tuple[Path, Path]) -> None:
    """A handshake has its time; peers that do not begin or end it take up places, and no more than that."""
    desk = start(certificate=pair[0], key=pair[1], handshake_seconds=1, connections_per_ip=5)
    idle = [desk.connect("smtps", greeted=False) for _ in range(5)]
    idle[0].send(b"\x16\x03\x01")  # the beginning of a ClientHello
    assert desk.connect("smtps", greeted=False).sock.recv(10) == b""  # the sixth is turned away at once
    for client in idle:
        with _ends():
            assert client.sock.recv(10) == b""
    assert until(lambda: not desk.sessions())
    assert secured(desk).ask("NOOP")[:3] == "250"


def test_a_stop_does_not_wait_for_handshakes(desk: Desk) -> None:
    """A process that drains cuts who is in the middle of a handshake."""
    client = desk.connect("submission")
    client.ask("EHLO x")
    client.ask("STARTTLS")
    client.send(b"\x16\x03\x01")
    begun = time.monotonic()
    assert until(lambda: any(each._securing for each in desk.sessions()))
    desk.join()
    assert time.monotonic() - begun < 4  # of five in which transactions may end


# ---- AUTH --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["submission", "smtps"])
def test_a_mail_of_one_who_logged_in(desk: Desk, kind: str) -> None:
    """Submission asks for a login before MAIL, and the envelope says whose it was."""
    client = secured(desk, kind)
    assert client.ask("MAIL FROM:<u@example.org>") == "530 5.7.0 log in first, with AUTH"
    assert client.ask(f"AUTH PLAIN {RIGHT}") == GO_ON
    assert client.deliver(MAIL)[:3] == "250"  # with another EHLO, which changes nothing
    assert client.ask(f"AUTH PLAIN {RIGHT}") == "503 5.5.1 logged in already"
    [envelope] = desk.recorder.envelopes
    assert (envelope.peer.tls, envelope.peer.login, envelope.peer.protocol) == (True, LOGIN, Protocol.SMTP)


def test_nothing_before_tls(desk: Desk) -> None:
    """In clear neither AUTH nor MAIL is taken on submission, and the password is not looked at."""
    client = desk.connect("submission")
    client.ask("EHLO x")
    assert client.ask("MAIL FROM:<u@example.org>") == "530 5.7.0 send STARTTLS first"
    assert client.ask(f"AUTH PLAIN {RIGHT}") == "530 5.7.0 send STARTTLS first"
    assert client.ask("AUTH LOGIN") == "530 5.7.0 send STARTTLS first"
    assert desk.recorder.guesses == []


@pytest.mark.parametrize(
    ("lines", "replies"),
    [
        ([f"AUTH PLAIN {RIGHT}"], [GO_ON]),
        ([f"auth plain {RIGHT}"], [GO_ON]),
        (["AUTH PLAIN", RIGHT], ["334 ", GO_ON]),
        ([f"AUTH PLAIN {coded('U@Example.org', 'u@example.org', PASSWORD)}"], [GO_ON]),
        (
            ["AUTH LOGIN", coded("u@example.org"), coded(PASSWORD)],
            ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", GO_ON],
        ),
        ([f"AUTH login {coded('u@example.org')}", coded(PASSWORD)], ["334 UGFzc3dvcmQ6", GO_ON]),
        (["AUTH"], ["501 5.5.4 a mechanism must follow"]),
        (["AUTH CRAM-MD5"], ["504 5.5.4 only PLAIN and LOGIN are known here"]),
        (["AUTH SCRAM-SHA-256 biwsbg=="], ["504 5.5.4 only PLAIN and LOGIN are known here"]),
        (["AUTH PLAIN", "*"], ["334 ", "501 5.7.0 the login is cancelled"]),
        (["AUTH LOGIN", "*"], ["334 VXNlcm5hbWU6", "501 5.7.0 the login is cancelled"]),
        (
            ["AUTH LOGIN", coded("u@example.org"), "*"],
            ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "501 5.7.0 the login is cancelled"],
        ),
        (["AUTH PLAIN *"], [MALFORMED]),
        (["AUTH PLAIN ="], [MALFORMED]),
        (["AUTH PLAIN !!!!"], [MALFORMED]),
        (["AUTH PLAIN YQ"], [MALFORMED]),
        (["AUTH PLAIN \u017cYQ="], [MALFORMED]),
        ([f"AUTH PLAIN {RIGHT} {RIGHT}"], [MALFORMED]),
        (["AUTH PLAIN", "EHLO x"], ["334 ", MALFORMED]),  # pipelined, and read as the response it is not
        ([f"AUTH PLAIN {coded('u@example.org', PASSWORD)}"], [MALFORMED]),
        ([f"AUTH PLAIN {coded('', 'u@example.org', PASSWORD, '')}"], [MALFORMED]),
        ([f"AUTH PLAIN {coded('', '', PASSWORD)}"], [MALFORMED]),
        ([f"AUTH PLAIN {coded('', 'u@example.org', '')}"], [MALFORMED]),
        ([f"AUTH PLAIN {b64encode(b'%c%cu%c%cx' % (0, 255, 0, 254)).decode()}"], [MALFORMED]),
        ([f"AUTH PLAIN {coded('', 'x' * 513, 'x')}"], [MALFORMED]),
        (["AUTH PLAIN", "Q" * 5000], ["334 ", "500 5.5.6 the response is too long"]),
        (["AUTH PLAIN " + "Q" * 5000], ["500 5.5.2 command line too long"]),
        ([f"AUTH LOGIN {coded('u@example.org')}", coded("a", "b")], ["334 UGFzc3dvcmQ6", MALFORMED]),
        ([f"AUTH PLAIN {coded('boss@example.org', 'u@example.org', PASSWORD)}"], [WRONG]),
        ([f"AUTH PLAIN {coded('', 'u@example.org', 'wrong')}"], [WRONG]),
        ([f"AUTH PLAIN {coded('', 'nobody@example.org', PASSWORD)}"], [WRONG]),
        (["RSET", f"AUTH PLAIN {RIGHT}"], ["250 2.0.0 ok", GO_ON]),
        (
            [f"AUTH PLAIN {RIGHT}", "RSET", "EHLO x", "MAIL FROM:<u@x> AUTH=<>"],
            [GO_ON, "250 2.0.0 ok", "EHLO", "250 2.1.0 sender ok"],
        ),
        (
            [f"AUTH PLAIN {RIGHT}", "MAIL FROM:<u@x> AUTH=u+40x", f"AUTH PLAIN {RIGHT}"],
            [GO_ON, "250 2.1.0 sender ok", "503 5.5.1 logged in already"],
        ),
    ],
)
def test_dialogues(desk: Desk, lines: list[str], replies: list[str]) -> None:
    """Each line of AUTH has the answer of RFC 4954 and RFC 4616, and the session goes on after it."""
    client = secured(desk, "smtps")
    said = [client.ask(line) for line in lines]
    assert ["EHLO" if reply.startswith("250-") else reply for reply in said] == replies
    assert client.ask("NOOP") == "250 2.0.0 ok"


def test_three_failures_end_the_session(desk: Desk) -> None:
    """The third wrong password is answered and the connection closed; mistakes of grammar are none."""
    client = secured(desk)
    wrong = f"AUTH PLAIN {coded('', 'u@example.org', 'wrong')}"
    replies = [client.ask(line) for line in (wrong, "AUTH PLAIN !", wrong, wrong)]
    assert replies == [WRONG, MALFORMED, WRONG, WRONG]
    assert client.reply() == "421 4.7.0 too many failed logins, closing"
    assert client.reply() == ""


def test_ten_failures_an_hour(start: Start, pair: tuple[Path, Path]) -> None:
    """After ten failures of one host nothing it sends is checked, right or wrong; relays are exempt."""
    wrong = f"AUTH PLAIN {coded('', 'u@example.org', 'wrong')}"
    desk = start(certificate=pair[0], key=pair[1])
    for _ in range(5):
        client = secured(desk)
        assert [client.ask(wrong) for _ in range(2)] == [WRONG, WRONG]
        client.close()
    client = secured(desk)
    assert client.ask(f"AUTH PLAIN {RIGHT}") == "421 4.7.0 too many failed logins, closing"
    assert client.reply() == ""
    assert len(desk.recorder.guesses) == 10
    listed = start(certificate=pair[0], key=pair[1], relays=("127.0.0.1/32",), login_failures_per_hour=1)
    for line, reply in ((wrong, WRONG), (wrong, WRONG), (f"AUTH PLAIN {RIGHT}", GO_ON)):
        assert secured(listed).ask(line) == reply


def test_a_right_password_is_no_failure(start: Start, pair: tuple[Path, Path]) -> None:
    """However often one logs in, and whatever fails on our side, a host's failures are not used up."""
    desk = start(certificate=pair[0], key=pair[1], login_failures_per_hour=1)
    desk.recorder.login_error = StoreUnavailableError("away")
    for _ in range(3):
        reply = secured(desk).ask(f"AUTH PLAIN {RIGHT}")
        assert reply == "454 4.7.0 logins cannot be checked now, try again later"
    desk.recorder.login_error = None
    for _ in range(3):
        assert secured(desk).ask(f"AUTH PLAIN {RIGHT}") == GO_ON


def test_slow_loris(start: Start, pair: tuple[Path, Path]) -> None:
    """A response has its time as a whole, however its octets trickle."""
    desk = start(certificate=pair[0], key=pair[1], login_seconds=1)
    client = secured(desk)
    client.ask("AUTH PLAIN")
    begun = time.monotonic()
    client.sock.settimeout(0.05)
    heard = b""
    while not heard and time.monotonic() - begun < 10:
        client.send(b"Q")
        try:
            heard = client.sock.recv(100)
        except TimeoutError:
            continue
    assert heard[:9] == b"421 4.4.2"


def test_who_does_not_log_in_is_not_waited_for(start: Start, pair: tuple[Path, Path]) -> None:
    """Before a login silence is cut short; after it a client may be silent like any other."""
    desk = start(certificate=pair[0], key=pair[1], login_seconds=1)
    known, unknown = secured(desk), secured(desk)
    assert known.ask(f"AUTH PLAIN {RIGHT}") == GO_ON
    assert unknown.reply()[:9] == "421 4.4.2"
    assert known.ask("NOOP")[:3] == "250"


def test_what_smtplib_does(desk: Desk, pair: tuple[Path, Path]) -> None:
    """Python's own client logs in by STARTTLS and by implicit TLS, with each mechanism, and hands mail in."""
    context = ssl.create_default_context(cafile=pair[0])
    context.check_hostname = False
    with smtplib.SMTP("127.0.0.1", desk.ports["submission"], timeout=20) as client:
        client.starttls(context=context)
        client.login("u@example.org", PASSWORD)
        client.sendmail("u@example.org", ["drop@acme.example"], MAIL)
    with smtplib.SMTP_SSL("127.0.0.1", desk.ports["smtps"], timeout=20, context=context) as ssl_client:
        ssl_client.ehlo()
        ssl_client.user, ssl_client.password = "u@example.org", PASSWORD
        assert ssl_client.auth("LOGIN", ssl_client.auth_login)[0] == 235
        ssl_client.sendmail("u@example.org", ["drop@acme.example"], MAIL)
    assert [envelope.peer.login for envelope in desk.recorder.envelopes] == [LOGIN, LOGIN]


def test_a_large_mail_within_tls(desk: Desk) -> None:
    """Megabytes come through TLS whole, whatever records they are cut into."""
    client = secured(desk)
    client.ask(f"AUTH PLAIN {RIGHT}")
    mail = MAIL + b"".join(b"%070d\r\n" % n for n in range(40_000))
    assert client.deliver(mail)[:3] == "250"
    assert desk.recorder.octets == [mail]


def test_a_session_in_tls_may_break_anywhere(desk: Desk) -> None:
    """A peer that goes without a word, in TLS or within its handshake, leaves nothing behind."""
    for octets in (b"", b"\x16\x03\x01\x02\x00\x01"):
        client = desk.connect("smtps", greeted=False)
        client.send(octets)
        client.sock.shutdown(socket.SHUT_RDWR)
    secured(desk).close()
    assert until(lambda: not desk.sessions())
