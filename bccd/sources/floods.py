"""Floods: how much mail is taken in from one host, one user, one company, and from strangers in all.

Users' quotas are used up by proven mail alone, so that nobody can use them up in a user's name; strangers
have quotas of their own. What is beyond a limit is put off and not refused: an honest sender comes again.
"""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import structlog

from bccd.model.auth import AuthReport
from bccd.model.envelope import Envelope, Peer
from bccd.model.errors import FloodError
from bccd.ports import Examination
from bccd.sources.limits import host_key
from bccd.sources.rates import HOUR, KEYS, MINUTE, Buckets, Window

_SHARE = 0.8  # of the room for strangers' examinations, that one host may take up
_RETURNS = 20  # of one notice within an hour that are kept
_TELL_SECONDS = 60.0  # between two lines of the log about one kind of flood


class FloodLimits(Protocol):
    """How much may come, each 0 for any number; read from the configuration."""

    @property
    def strangers_per_minute(self) -> int: ...
    @property
    def strangers_per_ip_minute(self) -> int: ...
    @property
    def strangers_at_once(self) -> int: ...
    @property
    def mails_per_ip_hour(self) -> int: ...
    @property
    def mails_per_user_hour(self) -> int: ...
    @property
    def mails_per_company_hour(self) -> int: ...


@dataclass(slots=True)
class _Told:
    """Refusals of one kind since the log last told of them."""

    count: int = 0
    at: float = float("-inf")


class Floods:
    """Counts for one process; implements ports.Guard."""

    def __init__(
        self,
        limits: FloodLimits,
        networks: tuple[str, ...] = (),
        relays: tuple[str, ...] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        def buckets(limit: int, seconds: float, keys: int = KEYS) -> Buckets:
            return Buckets(limit, seconds, keys, monotonic)

        self._monotonic = monotonic
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._relays = [ipaddress.ip_network(relay, strict=False) for relay in relays]
        self._strangers = buckets(limits.strangers_per_minute, MINUTE)
        self._strange_hosts = buckets(limits.strangers_per_ip_minute, MINUTE)
        self._hosts = buckets(limits.mails_per_ip_hour, HOUR)
        self._users = buckets(limits.mails_per_user_hour, HOUR)
        self._companies = buckets(limits.mails_per_company_hour, HOUR)
        self._forwards = buckets(limits.mails_per_user_hour, HOUR)
        self._replays = buckets(limits.mails_per_user_hour, HOUR)
        self._marks = buckets(1, HOUR)
        self._returns = Window(_RETURNS, HOUR, KEYS, monotonic)
        self._at_once = limits.strangers_at_once
        self._examined = 0
        self._examined_of: Counter[str] = Counter()
        self._told: dict[str, _Told] = {}
        self._standing = lru_cache(maxsize=4096)(self._stand)

    def proven_by_place(self, peer: Peer) -> bool:
        """Tell whether the peer stands in a trusted network or has logged in: he is no stranger."""
        return peer.login is not None or self._standing(peer.ip)[0]

    def stranger(self, peer: Peer, company_id: int) -> bool:
        """Count a stranger's mail to a company in, if there is room for it."""
        host = self._host(peer)
        if self._full(host):
            return self._put_off("strangers_at_once")
        # In this order: who is over his own limit uses up nothing of the company's.
        if host and not self._strange_hosts.take(host):
            return self._put_off("strangers_per_ip_minute")
        return self._strangers.take(company_id) or self._put_off("strangers_per_minute")

    def acquaintance(self, peer: Peer) -> bool:
        """Count a mail in that may be a user's, if its host has room for it."""
        host = self._host(peer)
        return not host or self._hosts.take(host) or self._put_off("mails_per_ip_hour")

    def proven(self, company_id: int, user_id: int, mark: bytes = b"") -> bool:
        """Count a user's own mail in, if he and his company have room for it.

        Mail of one mark, which whoever has it can send again, is counted once for them; what comes after has
        room of its own, for it is a signature that is replayed, and no user.
        """
        if mark and not self._marks.take((company_id, mark)):
            return self._replays.take((company_id, mark)) or self._put_off("mails_per_user_hour")
        if not self._users.take((company_id, user_id)):
            return self._put_off("mails_per_user_hour")
        return self._companies.take(company_id) or self._put_off("mails_per_company_hour")

    def returned(self, mark: bytes) -> bool:
        """Count a notice of ours in that came back; false where it goes round and round."""
        return self._returns.take(mark)

    def forwarded(self, company_id: int, user_id: int) -> bool:
        """Count in what a user's server has forwarded: it has room of its own, for strangers wrote it."""
        return self._forwards.take((company_id, user_id)) or self._put_off("mails_per_user_hour")

    def postponed(self, peer: Peer, begin: Callable[[], Examination]) -> Examination:
        """Examine a stranger's mail only once its octets come: his recipients may all be put off."""
        return _Postponed(self, self._host(peer), begin)

    def enter(self, host: str) -> bool:
        """Count an examination of a stranger in, if there is room for it."""
        if self._full(host):
            return self._put_off("strangers_at_once")
        self._examined += 1
        self._examined_of[host] += 1
        return True

    def leave(self, host: str) -> None:
        """Count an examination out."""
        self._examined -= 1
        self._examined_of[host] -= 1
        if not self._examined_of[host]:
            del self._examined_of[host]

    def _full(self, host: str) -> bool:
        """Tell whether there is no room to examine a stranger's mail; a host has a part of it.

        Its octets may come as slowly as it likes, so few of them could else keep all others out.
        """
        most = max(1, int(self._at_once * _SHARE)) if host else self._at_once
        return bool(self._at_once) and (self._examined >= self._at_once or self._examined_of[host] >= most)

    def _host(self, peer: Peer) -> str:
        """Return what counts as the peer's host: behind a listed relay its client, if the relay names him."""
        if not self._standing(peer.ip)[1]:
            return host_key(peer.ip)
        return host_key(peer.client_ip) if peer.client_ip else ""

    def _stand(self, ip: str) -> tuple[bool, bool]:
        """Tell whether an address is in a trusted network, and whether it is a listed relay's."""
        if not ip:
            return False, True
        address = ipaddress.ip_address(ip)
        return tuple(any(address in net for net in nets) for nets in (self._networks, self._relays))  # type: ignore[return-value]

    def _put_off(self, limit: str) -> bool:
        """Tell the log of it, now and then; return false."""
        told, now = self._told.setdefault(limit, _Told()), self._monotonic()
        told.count += 1
        if now - told.at >= _TELL_SECONDS:
            structlog.get_logger().warning("flood", limit=limit, put_off=told.count)
            told.count, told.at = 0, now
        return False


class _Postponed:
    """An Examination that begins with the first octets; implements ports.Examination."""

    def __init__(self, floods: Floods, host: str, begin: Callable[[], Examination]) -> None:
        self._floods = floods
        self._host = host
        self._begin = begin
        self._begun: Examination | None = None
        self._turned_away = False

    def feed(self, octets: bytes) -> None:
        """Begin, if that is to be, and pass the octets on."""
        if self._begun is None and not self._turned_away:
            if self._floods.enter(self._host):
                self._begun = self._begin()
            else:
                self._turned_away = True
        if self._begun is not None:
            self._begun.feed(octets)

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Return the evidence; raises FloodError where there was no room to look for it."""
        self.feed(b"")
        if self._begun is None:
            raise FloodError("too many strangers' mails are being examined")
        try:
            return await self._begun.report(envelope, from_domain)
        finally:
            self._end()

    def abandon(self) -> None:
        """Stop asking."""
        if self._begun is not None:
            self._begun.abandon()
            self._end()

    def _end(self) -> None:
        if self._begun is not None:
            self._begun, self._turned_away = None, True
            self._floods.leave(self._host)
