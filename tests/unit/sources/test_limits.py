"""How connections and mistakes are counted."""

import pytest

from bccd.config import Config
from bccd.front import listener_settings
from bccd.model import reply as told
from bccd.model.reply import SHUTTING_DOWN, TOO_MANY_CONNECTIONS, Reply
from bccd.sources import kept, limits, replies, stream
from bccd.sources.census import Census
from bccd.sources.limits import TOO_MANY_ARRIVALS, Connections, peer_ip
from bccd.sources.pace import Pace
from bccd.sources.room import Room
from bccd.sources.settings import ListenerSettings

MIB = 2**20
DEFAULTS = {
    "connections": 200,
    "connections_per_ip": 20,
    "connections_per_minute": 60,
    "in_flight": 1024 * MIB,
    "first_seconds": 30,
    "idle_seconds": 300,
    "busy_idle_seconds": 10,
    "data_idle_seconds": 60,
    "data_rate": 500,
    "data_rate_after": 30,
    "data_seconds": 30 * 60,
    "session_seconds": 60 * 60,
    "error_delay": 1,
    "login_failures_per_hour": 10,
    "handshake_seconds": 30,
    "recipients": 100,
    "message_size": 36 * MIB,
}
FIXED = {
    "the share of connections above which idle ones make room": (limits.BUSY_SHARE, 0.8),
    "errors until a pause": (limits.DELAYED_ERRORS, 10),
    "errors until the end": (limits.MAX_ERRORS, 20),
    "unknown commands": (limits.MAX_UNKNOWN, 5),
    "commands without a mail": (limits.MAX_JUNK, 100),
    "failed logins": (limits.MAX_FAILED_LOGINS, 3),
    "octets of a command": (stream.MAX_COMMAND, 2048),
    "times the size that is read": (kept.DRAIN, 2),
}
CODES = {
    "a place that is taken": ("421 4.7.0", [TOO_MANY_CONNECTIONS, TOO_MANY_ARRIVALS]),
    "a session that is used up": ("421 4.7.0", [limits.TOO_MANY_ERRORS, limits.TOO_MUCH_IDLING]),
    "guessing": ("421 4.7.0", [replies.TOO_MANY_LOGINS]),
    "silence": ("421 4.4.2", [told.IDLE_TOO_LONG, replies.TOO_SLOW, replies.SESSION_TOO_LONG]),
    "a stop": ("421 4.3.2", [SHUTTING_DOWN]),
    "twice the size": ("421 4.7.0", [replies.FAR_TOO_BIG]),
    "the size": ("552 5.3.4", [told.TOO_BIG]),
    "too many recipients": ("452 4.5.3", [told.TOO_MANY_RECIPIENTS, told.OTHER_COMPANY]),
    "HTTP": ("502 5.7.0", [replies.WRONG_PROTOCOL]),
    "an error of ours": ("451 4.3.0", [told.LOCAL_ERROR]),
    "a full disk": ("452 4.3.1", [told.DISK_FULL, replies.NO_ROOM_NOW]),
    "a rate": ("450 4.7.1", [told.TOO_MANY_STRANGERS, told.TOO_MUCH_MAIL]),
    "no login": ("530 5.7.0", [replies.LOGIN_FIRST, replies.TLS_FIRST]),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_limit_has_its_default(name: str) -> None:
    """What nobody has configured is as RFC 5321 asks and other servers have it."""
    assert getattr(listener_settings(Config()), name) == DEFAULTS[name]
    assert ListenerSettings.__dataclass_fields__[name].default == DEFAULTS[name]


@pytest.mark.parametrize(("found", "wanted"), FIXED.values(), ids=FIXED)
def test_a_limit_that_nobody_configures(found: float, wanted: float) -> None:
    """What is no option has the value that the documents name."""
    assert found == wanted


@pytest.mark.parametrize(("code", "answers"), CODES.values(), ids=CODES)
def test_a_limit_has_its_reply(code: str, answers: list[Reply]) -> None:
    """Each limit is answered with one code, by which senders know whether to come again (RFC 3463)."""
    assert {str(reply)[:9] for reply in answers} == {code}


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


def test_strangers_leave_a_tenth_of_the_places() -> None:
    """However many hosts fill the listener up, mail servers and programs of one's own find room."""
    ours = (("192.0.2.1", True), ("203.0.113.1", True), ("", True), ("198.51.100.1", False))
    for ip, paced in ours:
        connections = Connections(20, 20, ("192.0.2.0/24",), networks=("203.0.113.0/24",))
        assert {connections.enter(f"198.51.100.{n}") for n in range(18)} == {None}
        assert connections.enter("198.51.100.99") == TOO_MANY_CONNECTIONS
        entered = [connections.enter(ip, paced=paced) for _ in range(3)]
        assert entered == [None, None, TOO_MANY_CONNECTIONS]
        for number in range(2):
            connections.leave(f"198.51.100.{number}")
        assert connections.enter("198.51.100.99") == TOO_MANY_CONNECTIONS
        assert connections.enter(ip, paced=paced) is None


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
