"""What somebody slips in behind STARTTLS, in clear, is never obeyed (RFC 3207 5, CVE-2024-34083)."""

from pathlib import Path

import pytest

from tests.unit.sources.dialogue import MAIL, Start
from tests.unit.sources.test_chunks import BEGIN, begin, chunk, last
from tests.unit.sources.test_data import SMUGGLED

ENVELOPE = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<drop@acme.example>\r\n"
INJECTED = {
    "greeting": b"EHLO evil.example\r\n",
    "mail by DATA": b"EHLO evil.example\r\n" + SMUGGLED,
    "mail by BDAT": b"EHLO evil.example\r\n" + ENVELOPE + last(MAIL),
    "DATA without an end": b"EHLO evil.example\r\n" + ENVELOPE + b"DATA\r\nSubject: x\r\n",
    "a chunk of the peer's octets": b"EHLO evil.example\r\n" + ENVELOPE + b"BDAT 1000 LAST\r\n",
    "a chunk and half another": b"EHLO evil.example\r\n" + ENVELOPE + chunk(MAIL) + b"BDAT 40 LAST\r\nX",
    "a chunk of no mail": b"BDAT 20 LAST\r\n",
    "half a command": b"MAIL FROM:<evil@exam",
    "a command without CR": b"EHLO evil.example\n",
    "a login": b"AUTH PLAIN AGEAYg==\r\n",
    "half a login": b"AUTH LOGIN\r\n",
    "a farewell": b"QUIT\r\n",
    "STARTTLS again": b"STARTTLS\r\n",
    "whose mail it is": b"XFORWARD ADDR=192.0.2.1 HELO=evil.example\r\n",
    "a balancer's header": b"PROXY TCP4 192.0.2.1 192.0.2.9 1 25\r\n",
    "a line without end": b"X" * 5000,
    "nothing but ends": b"\r\n.\r\n" * 500,
}


@pytest.mark.parametrize("injected", INJECTED.values(), ids=INJECTED)
def test_what_is_injected_before_tls_is_forgotten(
    start: Start, pair: tuple[Path, Path], injected: bytes
) -> None:
    """Within TLS the session begins anew, whatever came in clear: no greeting, no mail, no half a line."""
    desk = start(certificate=pair[0], key=pair[1], relays=("127.0.0.0/8",))
    client = begin(desk.connect(), "EHLO x")
    client.send(b"STARTTLS\r\n" + injected)
    assert client.reply() == "220 2.0.0 go ahead"
    client.secure()
    assert client.ask("NOOP") == "250 2.0.0 ok"
    assert client.ask("MAIL FROM:<u@example.org>") == "503 5.5.1 greet first"
    [session] = desk.sessions()
    assert (session.peer.login, session.peer.client_ip, session.peer.ip) == (None, "", "127.0.0.1")
    begin(client)
    client.send(last(MAIL))
    assert client.reply()[:3] == "250"
    assert desk.recorder.octets == [MAIL]
    assert desk.recorder.asked == [("u@example.org", "drop@acme.example")]


def test_tls_does_not_begin_within_a_mail(start: Start, pair: tuple[Path, Path]) -> None:
    """Between two chunks STARTTLS is refused, and the mail goes on in clear."""
    desk = start(certificate=pair[0], key=pair[1])
    client = begin(desk.connect(), *BEGIN)
    client.send(chunk(MAIL[:9]) + b"STARTTLS\r\n" + last(MAIL[9:]))
    assert [client.reply()[:3] for _ in range(3)] == ["250", "503", "250"]
    assert desk.recorder.octets == [MAIL]
