"""The PROXY protocol: who is believed, what is read of it, and that it says who the peer is (A19)."""

import contextlib
import gc
import struct
import threading
from ipaddress import ip_address
from pathlib import Path

import pytest

from bccd.model.envelope import Protocol
from bccd.sources.introduced import Introduction
from bccd.sources.proxy import LONGEST_V2, ProxyError, ProxyHeader
from tests.unit.sources.dialogue import MAIL, Start, until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = ("127.0.0.0/8",)


def v1(source: str = "192.0.2.7", family: str = "TCP4", target: str = "192.0.2.1") -> bytes:
    return f"PROXY {family} {source} {target} 56324 25\r\n".encode()


def v2(
    source: str = "192.0.2.7", *, command: int = 0x21, family: int | None = None, more: bytes = b""
) -> bytes:
    ip = ip_address(source)
    octets = ip.packed * 2 + struct.pack("!HH", 56324, 25) + more
    told = (0x11 if ip.version == 4 else 0x21) if family is None else family
    return SIGNATURE + struct.pack("!BBH", command, told, len(octets)) + octets


GOOD = {
    "v1": (v1(), "192.0.2.7"),
    "v1 of IPv6": (v1("2001:DB8::7", "TCP6", "::1"), "2001:db8::7"),
    "v1 of IPv4 in IPv6": (v1("::ffff:192.0.2.7", "TCP6", "::1"), "192.0.2.7"),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", ""),
    "v1 unknown with words": (b"PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n", ""),
    "v1 longest": (b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", ""),
    "v2": (v2(), "192.0.2.7"),
    "v2 of IPv6": (v2("2001:db8::7"), "2001:db8::7"),
    "v2 of IPv4 in IPv6": (v2("::ffff:192.0.2.7"), "192.0.2.7"),
    "v2 with TLVs": (v2(more=b"\x04\0\x01x" * 900), "192.0.2.7"),
    "v2 local": (v2(command=0x20), ""),
    "v2 local, bare": (SIGNATURE + b"\x20\0\0\0", ""),
    "v2 unspecified": (SIGNATURE + b"\x21\0\0\x02xx", ""),
    "v2 of a UNIX socket": (SIGNATURE + struct.pack("!BBH", 0x21, 0x31, 216) + bytes(216), ""),
}
BAD = {
    "a command": b"EHLO client.example\r\n",
    "almost": b"PROXX TCP4",
    "in small letters": b"proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
    "no family": b"PROXY 192.0.2.7 192.0.2.1 1 2\r\n",
    "no address": b"PROXY TCP4 192.0.2.777 192.0.2.1 1 2\r\n",
    "the other family": b"PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
    "two families": b"PROXY TCP4 192.0.2.7 ::1 1 2\r\n",
    "no port": b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
    "no such port": b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n",
    "spaces": b"PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n",
    "a scope": b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "too long": b"PROXY UNKNOWN " + b"x" * 93,
    "unknown, almost": b"PROXY UNKNOWNS\r\n",
    "another signature": b"\r\n\r\n\0\r\nQUIX\n\x21\x11\0\x0c",
    "another version": v2(command=0x11),
    "another command": v2(command=0x22),
    "datagrams": v2(family=0x12),
    "another family": v2(family=0x41),
    "too short": SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 11) + bytes(11),
    "too many TLVs": SIGNATURE + struct.pack("!BBH", 0x21, 0x11, LONGEST_V2 + 1),
}


@pytest.mark.parametrize("step", [1, 5, 16, 10_000])
@pytest.mark.parametrize(("header", "ip"), GOOD.values(), ids=GOOD)
def test_a_header_is_read(header: bytes, ip: str, step: int) -> None:
    """A header tells the client's address, in whatever pieces it comes; what follows is given back."""
    reader, wire = ProxyHeader(), header + b"EHLO x\r\n"
    rest = None
    while rest is None:
        rest, wire = reader.feed(wire[:step]), wire[step:]
    assert (reader.ip, rest + wire) == (ip, b"EHLO x\r\n")


@pytest.mark.parametrize(("header", "ip"), GOOD.values(), ids=GOOD)
def test_no_octet_too_many_is_wanted(header: bytes, ip: str) -> None:
    """Whoever reads as many octets as are wanted reads the header and nothing behind it."""
    reader, rest, left = ProxyHeader(), None, header
    while rest is None:
        wanted = reader.wants
        assert 0 < wanted <= len(left)
        rest, left = reader.feed(left[:wanted]), left[wanted:]
    assert (reader.ip, rest, left) == (ip, b"", b"")


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_what_is_no_header_is_told_at_once(header: bytes, step: int) -> None:
    """What is no header is found out by what has come of it, at any cut."""
    reader = ProxyHeader()
    found = False
    for start in range(0, len(header), step):
        try:
            assert reader.feed(header[start : start + step]) is None
        except ProxyError:
            found = True
            break
    assert found


@pytest.mark.parametrize("kind", [Protocol.SMTP, "submission"])
@pytest.mark.parametrize(("header", "ip"), GOOD.values(), ids=GOOD)
def test_a19_a_listed_source_says_whose_connection_it_is(
    start: Start, header: bytes, ip: str, kind: str
) -> None:
    """The address of the header is the peer's for everything; where it tells none, the socket's is."""
    desk = start(proxies=LOCAL)
    client = desk.connect(kind, greeted=False)
    client.send(header + b"EHLO client.example\r\n")
    assert client.reply()[:3] == "220"
    assert client.reply()[:3] == "250"
    assert [session.peer.ip for session in desk.sessions()] == [ip or "127.0.0.1"]


def test_a19_the_told_address_goes_with_the_mail(start: Start) -> None:
    """SPF and the log are asked about the address that the header tells."""
    desk = start(proxies=LOCAL)
    client = desk.connect(greeted=False)
    client.send(v2("2001:db8::7"))
    assert client.reply()[:3] == "220"
    assert client.deliver(MAIL)[:3] == "250"
    assert desk.recorder.envelopes[0].peer.ip == desk.recorder.peers[0].ip == "2001:db8::7"


@pytest.mark.parametrize("header", [v1(), v2()], ids=["v1", "v2"])
def test_a19_the_word_of_others_is_none(start: Start, header: bytes) -> None:
    """From a peer that is not listed the header is no command, and the address is the socket's."""
    desk = start(proxies=("192.0.2.0/24",))
    client = desk.connect()
    client.send(header + b"\r\nNOOP\r\n")
    replies = [client.reply()]
    while not replies[-1].startswith("250"):
        assert replies[-1][:3] == "500"
        replies.append(client.reply())
    assert [session.peer.ip for session in desk.sessions()] == ["127.0.0.1"]


def test_a19_a_second_header_is_no_command(start: Start) -> None:
    """What the client itself says behind the balancer's header is the client's, and unknown."""
    desk = start(proxies=LOCAL)
    client = desk.connect(greeted=False)
    client.send(v1("192.0.2.7") + v1("192.0.2.8"))
    assert client.reply()[:3] == "220"
    assert client.reply() == "500 5.5.1 command unknown"
    assert [session.peer.ip for session in desk.sessions()] == ["192.0.2.7"]


@pytest.mark.parametrize(
    "said", [b"EHLO x\r\n", b"", b"PROXY TCP4 ", SIGNATURE], ids=["EHLO", "", "v1", "v2"]
)
@pytest.mark.parametrize("kind", [Protocol.SMTP, "smtps"])
def test_a19_a_listed_source_must_say_it(
    start: Start, said: bytes, kind: str, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a header in time, or with something else, the connection is cut, not greeted, and logged."""
    desk = start(proxies=LOCAL, proxy_seconds=0.2, certificate=pair[0], key=pair[1])
    client = desk.connect(kind, greeted=False)
    client.send(said)
    reply = ""
    with contextlib.suppress(ConnectionError):
        reply = client.reply()
    assert reply == ""
    assert desk.sessions() == []
    desk.join()
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "proxy_refused" in line]
    assert ("no header came" in line) == (said != b"EHLO x\r\n")
    assert "127.0.0.1" in line


def test_a19_caps_count_the_told_addresses(start: Start) -> None:
    """Clients behind one balancer have a cap each, and one client has one behind it too."""
    desk = start(proxies=LOCAL, connections_per_ip=2)
    greetings = []
    for source in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"):
        client = desk.connect(greeted=False)
        client.send(v1(source, "TCP6", "::1"))
        greetings.append(client.reply()[:9])
    assert greetings[2] == "421 4.7.0"
    assert {greetings[0][:3], greetings[1][:3], greetings[3][:3]} == {"220"}


@pytest.mark.parametrize(
    "header", [v1(), v2(more=b"\x05\0\x02ab"), v2(command=0x20)], ids=["v1", "v2", "local"]
)
def test_a19_before_tls(start: Start, header: bytes, pair: tuple[Path, Path]) -> None:
    """On a port of implicit TLS the header comes first, in clear, and TLS begins behind it."""
    desk = start(proxies=LOCAL, certificate=pair[0], key=pair[1])
    client = desk.connect("smtps", greeted=False)
    for octet in header[:-1]:
        client.send(bytes([octet]))
    client.send(header[-1:])
    client.secure()
    assert client.reply()[:3] == "220"
    assert client.ask("EHLO x")[:3] == "250"
    ip = "127.0.0.1" if header[12:13] == b"\x20" else "192.0.2.7"
    assert [session.peer.ip for session in desk.sessions()] == [ip]
    client.ask("QUIT")
    assert until(lambda: desk.sessions() == [])


def test_a19_lmtp_has_no_header(start: Start) -> None:
    """LMTP is spoken by a mail server of one's own, on this host perhaps as the balancer: no header there."""
    desk = start(proxies=LOCAL)
    assert desk.lmtp().ask("LHLO x")[:3] == "250"


def test_a19_a_stop_waits_for_no_header(start: Start) -> None:
    """A connection that has not said whose it is does not hold a stop up."""
    desk = start(proxies=LOCAL, proxy_seconds=20, drain_seconds=5)
    client = desk.connect(greeted=False)
    client.send(b"PROXY ")
    assert until(lambda: any(isinstance(one, Introduction) and one._transport for one in gc.get_objects()))
    desk.join()
    with contextlib.suppress(ConnectionError):
        assert client.reply() == ""


def test_a19_a_stop_cuts_what_was_accepted_with_it(start: Start) -> None:
    """Nor does one that is accepted in the turn of the loop in which the stop comes: it is cut."""
    desk = start(proxies=LOCAL, proxy_seconds=20, drain_seconds=5)
    asleep, awake = threading.Event(), threading.Event()

    def sleep() -> None:
        asleep.set()
        awake.wait(20)

    desk.loop.call_soon_threadsafe(sleep)
    assert asleep.wait(20)
    clients = [desk.connect(greeted=False) for _ in range(5)]
    desk.stop()
    awake.set()
    desk.join()
    for client in clients:
        with contextlib.suppress(ConnectionError):
            assert client.reply() == ""
