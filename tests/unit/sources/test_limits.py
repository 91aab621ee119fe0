"""How connections and mistakes are counted."""

import pytest

from bccd.model.reply import SHUTTING_DOWN, TOO_MANY_CONNECTIONS
from bccd.sources.limits import Connections, peer_ip


@pytest.mark.parametrize(
    ("peername", "ip"),
    [
        (("192.0.2.1", 25), "192.0.2.1"),
        (("::ffff:192.0.2.1", 25, 0, 0), "192.0.2.1"),
        (("2001:DB8::1", 25, 0, 0), "2001:db8::1"),
        (("fe80::1%eth0", 25, 0, 2), "fe80::1"),
        ("", ""),
        ("/run/x", ""),
        (None, ""),
    ],
)
def test_a_peer_has_one_address(peername: object, ip: str) -> None:
    """Whatever the socket calls its peer, the address is the plain one; empty for UNIX."""
    assert peer_ip(peername) == ip


def test_a_v6_host_is_its_network() -> None:
    """Addresses of one /64 share the cap of one host, those of another do not."""
    connections = Connections(10, 2)
    assert [connections.enter(f"2001:db8::{n}") for n in range(3)] == [None, None, TOO_MANY_CONNECTIONS]
    assert connections.enter("2001:db8:0:1::1") is None
    connections.leave("2001:db8::9")
    assert connections.enter("2001:db8::3") is None


def test_unix_sockets_count_in_all_only() -> None:
    """Programs on this host have no cap of one host, but fill the process like others."""
    connections = Connections(3, 1)
    assert [connections.enter("") for _ in range(4)] == [None, None, None, TOO_MANY_CONNECTIONS]


def test_relays_of_both_families() -> None:
    """A listed network exempts its hosts, of either family."""
    connections = Connections(10, 1, ("192.0.2.0/24", "2001:db8::/32"))
    assert [connections.enter("192.0.2.1") for _ in range(2)] == [None, None]
    assert [connections.enter("2001:db8::1") for _ in range(2)] == [None, None]
    assert [connections.enter("198.51.100.1") for _ in range(2)] == [None, TOO_MANY_CONNECTIONS]


def test_nobody_enters_while_stopping() -> None:
    """A stopping listener turns everyone away, and says why."""
    connections = Connections(10, 10)
    connections.stopping = True
    assert connections.enter("192.0.2.1") == SHUTTING_DOWN


def test_hosts_that_left_are_forgotten() -> None:
    """The count of a host that left takes no memory."""
    connections = Connections(2, 2)
    for n in range(1000):
        ip = f"192.0.2.{n % 256}"
        assert connections.enter(ip) is None
        connections.leave(ip)
    assert not connections._hosts
