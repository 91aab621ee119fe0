"""A running daemon behind a load balancer: who may say whose a connection is, and what that decides (A19)."""

import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, Daemon, mail

pytestmark = pytest.mark.e2e

BALANCER, STRANGER = "127.0.0.5", "127.0.0.6"
OURS = "192.0.2.1"  # who is trusted, behind the balancer
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(source: str) -> bytes:
    family, target = ("TCP6", "2001:db8::25") if ":" in source else ("TCP4", "192.0.2.25")
    return f"PROXY {family} {source} {target} 4025 25\r\n".encode()


def v2(source: str) -> bytes:
    ip = ip_address(source)
    octets = ip.packed * 2 + struct.pack("!HH", 4025, 25)
    return SIGNATURE + struct.pack("!BBH", 0x21, 0x11 if ip.version == 4 else 0x21, len(octets)) + octets


Connect = Callable[..., socket.socket]


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A daemon of two fronts with a listed balancer; behind it one address is trusted."""
    made = make_daemon(
        trust={"proxies": [f"{BALANCER}/32"], "networks": [f"{OURS}/32"]},
        limits={"connections_per_ip": 2, "connections_per_minute": 0},
        processes={"fronts": 2},
    )
    return made.start()


@pytest.fixture
def connect(daemon: Daemon) -> Iterator[Connect]:
    """Connect to it from an address."""
    made: list[socket.socket] = []

    def connect(address: str, header: bytes = b"") -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", daemon.smtp), 30, source_address=(address, 0))
        made.append(sock)
        sock.sendall(header)
        return sock

    yield connect
    for sock in made:
        sock.close()


def line(sock: socket.socket) -> str:
    """Read one reply of one line; "" at the end."""
    octets = b""
    while not octets.endswith(b"\n"):
        piece = sock.recv(1)
        if not piece:
            break
        octets += piece
    return octets.decode().rstrip()


def hand_in(sock: socket.socket, raw: bytes) -> str:
    """Hand a mail in on a connection that has not been greeted; returns the last reply."""
    assert line(sock)[:3] == "220"
    for said, code in (
        (b"HELO client.example", "250"),
        (f"MAIL FROM:<{USERS[0]}>".encode(), "250"),
        (f"RCPT TO:<{DROP}>".encode(), "250"),
        (b"DATA", "354"),
    ):
        sock.sendall(said + b"\r\n")
        assert line(sock)[:3] == code
    sock.sendall(raw + b".\r\n")
    return line(sock)


def test_the_balancer_s_word_decides(daemon: Daemon, connect: Connect) -> None:
    """By either version, trust and log go by the address that is told; who is not listed tells nothing."""
    assert hand_in(connect(BALANCER, v1(OURS)), mail("one"))[:3] == "250"
    assert hand_in(connect(BALANCER, v2(OURS)), mail("two"))[:3] == "250"
    assert hand_in(connect(BALANCER, v1("192.0.2.2")), mail("three"))[:9] == "550 5.7.1"
    assert [row.state for row in daemon.wait_filed(2)] == ["filed"] * 2
    assert [event["peer"] for event in daemon.events("receive")] == [OURS, OURS, "192.0.2.2"]
    for header in (v1(OURS), v2(OURS)):
        sock = connect(STRANGER, header + b"\r\nQUIT\r\n")
        replies = [line(sock)]
        while replies[-1][:3] != "221":
            replies.append(line(sock))
        assert replies[0][:3] == "220"
        assert {reply[:3] for reply in replies[1:-1]} == {"500"}
    assert hand_in(connect(STRANGER), mail("four"))[:9] == "550 5.7.1"
    assert daemon.events("receive")[-1]["peer"] == STRANGER


def test_the_caps_count_whom_the_balancer_names(daemon: Daemon, connect: Connect) -> None:
    """In all fronts together a client has its share, behind one balancer; the balancer itself has none."""
    with suppress(ConnectionResetError):
        assert connect(BALANCER, b"EHLO x\r\n").recv(1) == b""
    assert len(daemon.events("proxy_refused")) == 1
    clients = [f"2001:db8::{number}" for number in range(6)] + [f"192.0.2.{number}" for number in range(6)]
    told = {}
    for number, source in enumerate(clients):
        sock = connect(BALANCER, (v1 if number % 2 else v2)(source))
        told[source] = line(sock)[:9]
    assert Counter(told[source][:3] for source in clients[:6]) == {"220": 2, "421": 4}
    assert Counter(told[source][:3] for source in clients[6:]) == {"220": 6}
    assert {reply for reply in told.values() if reply.startswith("421")} == {"421 4.7.0"}
