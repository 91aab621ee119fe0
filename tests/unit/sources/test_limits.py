"""How connections and mistakes are counted."""

import pytest

from bccd.model.reply import SHUTTING_DOWN, TOO_MANY_CONNECTIONS
from bccd.sources.census import Census
from bccd.sources.limits import TOO_MANY_ARRIVALS, Connections, peer_ip
from bccd.sources.pace import Pace
from bccd.sources.room import Room


@pytest.mark.parametrize(
    ("peername", "ip"),
    [
        (("192.0.2.1", 25), "192.0.2.1"),
        (("::ffff:192.0.2.1", 25, 0, 0), "192.0.2.1"),
        (("2001:DB8::1", 25, 0, 0), "2001:db8::1"),
        (("fe80::1%eth0", 25, 0, 2), "fe80::1"),
        ("", ""),
        ("/run/x", ""),
        (None, None),
    ],
)
def test_a_peer_has_one_address(peername: object, ip: str | None) -> None:
    """Whatever the socket calls its peer, the address is the plain one; empty for UNIX, None if unknown."""
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


def test_fronts_count_together() -> None:
    """Caps hold for all fronts of a daemon; a front that starts anew has none of its dead self's peers."""
    census = Census(2)
    one, two = (Connections(3, 2, seat=census.seat(number)) for number in range(2))
    assert one.enter("192.0.2.1") is two.enter("192.0.2.1") is None
    assert one.enter("192.0.2.1") == two.enter("192.0.2.1") == TOO_MANY_CONNECTIONS
    assert one.enter("192.0.2.2") is None
    assert two.enter("192.0.2.3") == TOO_MANY_CONNECTIONS
    assert two.busy
    one.leave("192.0.2.1")
    assert two.enter("192.0.2.1") is None
    again = Connections(3, 2, seat=census.seat(0))
    assert again.seat.connections == 2
    assert [again.enter("192.0.2.2"), again.enter("192.0.2.2")] == [None, TOO_MANY_CONNECTIONS]


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        return self.now


def arriving(census: Census, clock: Clock, number: int = 0) -> Connections:
    seat, networks = census.seat(number, clock), ("203.0.113.0/24",)
    return Connections(1000, 1000, ("192.0.2.0/24",), networks=networks, per_minute=3, seat=seat)


def test_arrivals_of_a_host_are_counted() -> None:
    """A host begins so many connections within a minute, in whichever fronts; then 421, for a while."""
    clock, census = Clock(), Census(2)
    one, two = (arriving(census, clock, number) for number in range(2))
    ips = [f"2001:db8::{n}" for n in range(3)]
    assert [one.enter(ips[0]), two.enter(ips[1]), one.enter(ips[2])] == [None] * 3
    for each in (one, two):
        assert each.enter("2001:db8::9") == TOO_MANY_ARRIVALS
        assert each.enter("2001:db8:0:1::9") is None
    clock.now += 61  # into the next minute: all but a second's part of the last one counts
    assert [two.enter("2001:db8::9"), two.enter("2001:db8::9")] == [None, TOO_MANY_ARRIVALS]
    clock.now += 120
    assert [one.enter("2001:db8::9") for _ in range(4)] == [None, None, None, TOO_MANY_ARRIVALS]


def test_one_s_own_hosts_may_arrive_as_they_like() -> None:
    """Relays, trusted networks, LMTP and UNIX sockets begin as many connections as they have mails."""
    connections = arriving(Census(), Clock())
    assert {connections.enter("192.0.2.1") for _ in range(9)} == {None}
    assert {connections.enter("203.0.113.1") for _ in range(9)} == {None}
    assert {connections.enter("") for _ in range(9)} == {None}
    assert {connections.enter("198.51.100.1", paced=False) for _ in range(9)} == {None}
    assert connections.enter("198.51.100.1") is None


def test_no_limit_on_arrivals() -> None:
    """0 is any number."""
    connections = Connections(1000, 1000, per_minute=0)
    assert {connections.enter("192.0.2.1") for _ in range(99)} == {None}


def test_room_is_shared_by_all_fronts() -> None:
    """Mail in flight counts in all fronts; the last eighth of the room is for mail that fits into memory."""
    census = Census(2)
    one, two = (Room(800, census.seat(number)) for number in range(2))
    assert one.take(600, filed=True)
    assert not two.take(101, filed=True)
    assert two.take(100, filed=True)
    assert not one.holds(1, filed=True)
    assert one.take(100, filed=False)
    assert not two.take(1, filed=False)
    one.give_back(600)
    assert two.holds(600, filed=False)
    assert Room(0, census.seat(0)).take(10**15, filed=True)


def test_a_pace_tells_of_the_last_seconds() -> None:
    """A slow start is overlooked for its time; a fast beginning does not pay for a trickle, only a pause."""
    slow = Pace(500, 30, 60, 0.0)
    assert [slow.enough(1, now) for now in (10, 29.9, 30.1)] == [True, True, False]
    steady = Pace(500, 30, 60, 0.0)
    assert all(steady.enough(500, float(now)) for now in range(1, 5000))
    fast = Pace(500, 30, 60, 0.0)
    assert fast.enough(30_000_000, 1)
    assert fast.enough(1, 60.9)
    assert not fast.enough(1, 61.1)
    assert Pace(0, 0, 0, 0.0).enough(0, 10**9)
