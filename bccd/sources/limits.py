"""How much one host and one session may ask for (smtp-and-auth.md 7)."""

import ipaddress

from bccd.meters.families import CONNECTED, CONNECTIONS
from bccd.model.reply import SHUTTING_DOWN, TOO_MANY_CONNECTIONS, Reply
from bccd.sources.census import Census, Seat
from bccd.sources.clock import Clock
from bccd.sources.replies import TOO_MANY_LOGINS
from bccd.sources.room import Room
from bccd.sources.turns import Turns

TOO_MANY_ARRIVALS = Reply(421, "4.7.0", "too many new connections, try again later")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "too many errors, closing")
TOO_MUCH_IDLING = Reply(421, "4.7.0", "too many commands without a mail, closing")

DELAYED_ERRORS = 10
MAX_ERRORS = 20
MAX_UNKNOWN = 5
MAX_JUNK = 100
MAX_FAILED_LOGINS = 3
BUSY_SHARE = 0.8
_OURS = 10  # of so many connections the last is for mail servers and programs of one's own


def peer_ip(peername: object) -> str | None:
    """Return the peer's address as text, an IPv4 one also where a dual-stack socket wraps it; "" for UNIX.

    None where the system does not know it: the peer has reset the connection before it was taken. What it
    sent can be read all the same, and must not pass for a program's on this host.
    """
    if peername is None:
        return None
    if not isinstance(peername, tuple):
        return ""
    text = str(peername[0]).partition("%")[0]
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def host_key(ip: str) -> str:
    """Return what counts as one host: an IPv4 address, or the /64 that one IPv6 customer gets."""
    if ":" not in ip:
        return ip
    return str(ipaddress.IPv6Network((ip, 64), strict=False))


class Connections:
    """Lets peers in, as far as all fronts together have room for them."""

    def __init__(
        self,
        total: int,
        per_host: int,
        relays: tuple[str, ...] = (),
        *,
        networks: tuple[str, ...] = (),
        per_minute: int = 0,
        in_flight: int = 0,
        seat: Seat | None = None,
    ) -> None:
        self._total = total
        self._per_host = per_host
        self._per_minute = per_minute
        self._relays = tuple(ipaddress.ip_network(relay, strict=False) for relay in relays)
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)
        self.seat = seat or Census().seat()
        self.room = Room(in_flight, self.seat)
        self.turns, self.clock = Turns(), Clock()
        self.stopping = False

    def exempt(self, ip: str) -> bool:
        """Tell whether the peer speaks for many: a listed relay, or a program on this host by UNIX socket."""
        return not ip or any(ipaddress.ip_address(ip) in relay for relay in self._relays)

    def enter(self, ip: str, *, paced: bool = True) -> Reply | None:
        """Count a connection in; return the reply to turn it away with where there is no room.

        One that is not `paced` is a mail server's of one's own, which begins as many as it has mails.
        """
        refusal = self._enter(ip, paced=paced)
        CONNECTED.add("turned_away" if refusal else "accepted")
        CONNECTIONS.add(amount=refusal is None)
        return refusal

    def _enter(self, ip: str, *, paced: bool) -> Reply | None:
        if self.stopping:
            return SHUTTING_DOWN
        host = self.host(ip)
        stranger = host != "" and paced and not self._trusted(ip)
        most = self._total - self._total // _OURS if stranger else self._total
        if self.seat.connections >= most:
            return TOO_MANY_CONNECTIONS
        if host and self.seat.open_of(host) >= self._per_host:
            return TOO_MANY_CONNECTIONS
        if stranger and self._per_minute:
            if self.seat.arrivals(host) >= self._per_minute:
                return TOO_MANY_ARRIVALS
            self.seat.arrive(host)
        self.seat.enter(host)
        return None

    def leave(self, ip: str) -> None:
        """Count a connection out that was counted in."""
        CONNECTIONS.add(amount=-1)
        self.seat.leave(self.host(ip))

    def _trusted(self, ip: str) -> bool:
        return any(ipaddress.ip_address(ip) in network for network in self._networks)

    def host(self, ip: str) -> str:
        """Return as which host a peer is counted, "" for one that is exempt."""
        return "" if self.exempt(ip) else host_key(ip)

    @property
    def busy(self) -> bool:
        """Tell whether idle connections should make room for others."""
        return self.seat.connections > self._total * BUSY_SHARE


class Budget:
    """One session's mistakes since its last accepted mail.

    Only permanent refusals count as errors: a 4xx is our trouble, or an invitation to split the mail up (452
    4.5.3), which whoever asks on and on has not understood.
    """

    def __init__(self, *, patient: bool) -> None:
        self._patient = patient  # a relay's refused mails are not the relay's mistakes
        self._errors = 0
        self._unknown = 0
        self._junk = 0
        self._failed_logins = 0

    def mail_accepted(self) -> None:
        """Forget mistakes: the peer has shown that it is a mail client."""
        self._errors = self._junk = 0

    def refused(self) -> None:
        """Count a permanent refusal."""
        self._errors += 1

    def deferred(self) -> None:
        """Count a recipient that belongs into another transaction."""
        if not self._patient:
            self._junk += 1

    def unknown(self) -> None:
        """Count a command that does not exist."""
        self._unknown += 1

    def junk(self) -> None:
        """Count a command that brings no mail nearer."""
        self._junk += 1

    def login_failed(self) -> None:
        """Count a wrong name or password."""
        self._failed_logins += 1

    @property
    def strained(self) -> bool:
        """Tell whether the session may have to wait or to end; else neither of these need be asked."""
        return bool(
            self._failed_logins or self._unknown or self._errors > DELAYED_ERRORS or self._junk > MAX_JUNK
        )

    @property
    def slow_down(self) -> bool:
        """Tell whether the peer should wait for its next reply."""
        return self._errors > DELAYED_ERRORS and not self._patient

    @property
    def spent(self) -> Reply | None:
        """Return the reply to close with, once the peer has used its budget up."""
        if self._failed_logins >= MAX_FAILED_LOGINS:
            return TOO_MANY_LOGINS
        if self._unknown >= MAX_UNKNOWN or (self._errors >= MAX_ERRORS and not self._patient):
            return TOO_MANY_ERRORS
        if self._junk > MAX_JUNK:
            return TOO_MUCH_IDLING
        return None
