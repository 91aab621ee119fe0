"""The resolver of all checks: dnspython asks, a cache remembers, and every question has a limit of time."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Self, TypeVar, cast

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from bccd.verify.cache import Cache
from bccd.verify.dns import Answer, DnsTemporaryError, Resolver

T = TypeVar("T")

_PORT = 53
_TRIES = 4  # name servers that are asked, at most
_AT_ONCE = 256  # questions under way; each may hold a socket for each name server
_ANSWER = 0.25  # seconds of a mail's time that are left to answer the peer in
_EDNS_SIZE = 1232  # octets of an answer by UDP that no network takes apart (DNS flag day 2020)
_LONGEST_NAME = 253


def _host(name: dns.name.Name) -> str:
    """Return a name without its final dot; octets that no host name has are left as they are."""
    return b".".join(name.labels).decode("latin-1").rstrip(".").lower()


_READERS: dict[str, Callable[[list[Any]], tuple[object, ...]]] = {
    "TXT": lambda rdatas: tuple(b"".join(rdata.strings) for rdata in rdatas),
    "MX": lambda rdatas: tuple(sorted((rdata.preference, _host(rdata.exchange)) for rdata in rdatas)),
    "A": lambda rdatas: tuple(rdata.address for rdata in rdatas),
    "AAAA": lambda rdatas: tuple(rdata.address for rdata in rdatas),
    "PTR": lambda rdatas: tuple(_host(rdata.target) for rdata in rdatas),
}


def _name(text: str) -> dns.name.Name | None:
    """Return a name label by label, for a backslash in it is no escape; None if it cannot be one."""
    text = text.removesuffix(".")
    if not text or not text.isascii() or len(text) > _LONGEST_NAME:
        return None
    try:
        return dns.name.Name([*(label.encode("ascii") for label in text.split(".")), b""])
    except dns.exception.DNSException:
        return None


def nameserver(text: str) -> dns.nameserver.Nameserver:
    """Return the name server that a line of configuration means: ADDRESS, ADDRESS:PORT or [IPV6]:PORT."""
    try:
        return dns.nameserver.Do53Nameserver(str(ipaddress.ip_address(text.strip("[]"))), _PORT)
    except ValueError:
        host, _, port = text.rpartition(":")
        return dns.nameserver.Do53Nameserver(str(ipaddress.ip_address(host.strip("[]"))), int(port))


def _servers(nameservers: Sequence[str]) -> list[dns.nameserver.Nameserver | str]:
    """Return the name servers to ask: those that are named, or the system's."""
    if nameservers:
        return [nameserver(text) for text in nameservers]
    try:
        found = list(dns.asyncresolver.Resolver().nameservers)
    except dns.resolver.NoResolverConfiguration:
        found = []
    return found or ["127.0.0.1"]  # resolv.conf(5): the local machine


def _stub(server: dns.nameserver.Nameserver | str, seconds: float) -> dns.asyncresolver.Resolver:
    """Make a resolver that asks one name server, once."""
    stub = dns.asyncresolver.Resolver(configure=False)
    stub.nameservers = [server]
    stub.lifetime = stub.timeout = seconds
    stub.use_edns(0, 0, _EDNS_SIZE)
    return stub


class DnsResolver:
    """Asks name servers by UDP, and by TCP where an answer is too long; implements Resolver.

    An answer is kept as long as its TTL says, "there is none" too (RFC 2308); a failure is not kept. Who asks
    what is being asked already waits for the same answer. To be made and used within one event loop.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        *,
        query_seconds: float = 2,
        mail_seconds: float = 8,
        cache: Cache | None = None,
    ) -> None:
        servers = _servers(nameservers)[:_TRIES]
        self._stubs = [_stub(server, query_seconds) for server in servers] * (2 if len(servers) == 1 else 1)
        self._query_seconds = query_seconds
        self._mail_seconds = mail_seconds
        self._cache = cache if cache is not None else Cache()
        self._asked: dict[tuple[str, str], asyncio.Task[Answer[Any] | DnsTemporaryError]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def txt(self, name: str) -> Answer[bytes]:
        """Return the TXT records."""
        return cast("Answer[bytes]", await self._records(name, "TXT"))

    async def mx(self, name: str) -> Answer[tuple[int, str]]:
        """Return the mail exchangers, best first; "" is the null MX (RFC 7505)."""
        return cast("Answer[tuple[int, str]]", await self._records(name, "MX"))

    async def addresses(self, name: str, *, v6: bool = False) -> Answer[str]:
        """Return the IPv4 or IPv6 addresses."""
        return cast("Answer[str]", await self._records(name, "AAAA" if v6 else "A"))

    async def ptr(self, ip: str) -> Answer[str]:
        """Return the names of an IP address."""
        return cast("Answer[str]", await self._records(ipaddress.ip_address(ip).reverse_pointer, "PTR"))

    def for_mail(self) -> Resolver:
        """Return this resolver with the time of one mail."""
        return _Timed(self, self._mail_seconds)

    async def _records(self, name: str, kind: str) -> Answer[Any]:
        """Return what is kept, or wait for the one query for it, which goes on when its asker leaves."""
        question = (name.removesuffix(".").lower(), kind)
        known: Answer[Any] | None = self._cache.get(question)
        if known is not None:
            return known
        task = self._asked.get(question)
        if task is None:
            task = asyncio.create_task(self._query(question))
            self._asked[question] = task
            task.add_done_callback(lambda _: self._asked.pop(question, None))
        found = await asyncio.shield(task)
        if isinstance(found, DnsTemporaryError):
            raise DnsTemporaryError(*found.args)
        return found

    async def _query(self, question: tuple[str, str]) -> Answer[Any] | DnsTemporaryError:
        """Ask and keep the answer; a failure is returned and not raised, for several may wait or none."""
        text, kind = question
        name = _name(text)
        if name is None:
            return Answer(exists=False)
        answer: Answer[Any]
        try:
            async with self._slots, asyncio.timeout(self._query_seconds):
                found = await self._resolve(name, kind)
            answer, response = Answer(_READERS[kind](list(found.rrset or ()))), found.response
        except dns.resolver.NXDOMAIN as error:
            answer, response = Answer(exists=False), cast("Any", error).response(name)
        except (dns.exception.DNSException, OSError, EOFError, TimeoutError, ValueError) as error:
            return DnsTemporaryError(f"{kind} {text}: {type(error).__name__}")
        self._cache.put(question, answer, _ttl(response, answer))
        return answer

    async def _resolve(self, name: dns.name.Name, kind: str) -> dns.resolver.Answer:
        """Ask one name server after the other, each before those asked already have used up their time.

        So a server that is dead, or a datagram that is lost, costs a part of the time; one that is slow may
        still be the first to answer. A single server is asked twice.
        """
        pending: set[asyncio.Task[dns.resolver.Answer]] = set()
        failure: BaseException = TimeoutError()
        waiting = list(self._stubs)
        patience = self._query_seconds / len(waiting) / 2
        try:
            while waiting or pending:
                if waiting:
                    query = waiting.pop(0).resolve(name, kind, search=False, raise_on_no_answer=False)
                    pending.add(asyncio.create_task(query))
                done, pending = await asyncio.wait(
                    pending, timeout=patience if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    error = task.exception()
                    if error is None or isinstance(error, dns.resolver.NXDOMAIN):
                        return task.result()
                    failure = error
            raise failure
        finally:
            for task in pending:
                task.cancel()


def _ttl(response: dns.message.Message, answer: Answer[Any]) -> float:
    """Return how long an answer holds; "there is none" holds only if a SOA says how long (RFC 2308 5)."""
    if answer.records:
        return min((rrset.ttl for rrset in response.answer), default=0)
    negative = (
        min(rrset.ttl, rdata.minimum)
        for rrset in response.authority
        if rrset.rdtype == dns.rdatatype.SOA
        for rdata in rrset
    )
    return min((*negative, *(rrset.ttl for rrset in response.answer)), default=0) if response.authority else 0


class _Timed:
    """A resolver for one mail: its time runs while anything is asked, and not between two questions.

    So a mail that takes long to arrive has as much of it as another.
    """

    def __init__(self, resolver: Resolver, seconds: float) -> None:
        self._resolver = resolver
        self._left = seconds - min(_ANSWER, seconds / 10)
        self._waiting = 0
        self._since = 0.0

    async def _timed(self, asked: Callable[[], Awaitable[T]]) -> T:
        now = asyncio.get_running_loop().time
        if not self._waiting:
            self._since = now()
        left = self._left - (now() - self._since)
        if left <= 0:
            raise DnsTemporaryError("the time for one mail is over")
        self._waiting += 1
        try:
            async with asyncio.timeout(left):
                return await asked()
        except TimeoutError:
            raise DnsTemporaryError("the time for one mail is over") from None
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._left -= now() - self._since

    async def txt(self, name: str) -> Answer[bytes]:
        return await self._timed(partial(self._resolver.txt, name))

    async def mx(self, name: str) -> Answer[tuple[int, str]]:
        return await self._timed(partial(self._resolver.mx, name))

    async def addresses(self, name: str, *, v6: bool = False) -> Answer[str]:
        return await self._timed(partial(self._resolver.addresses, name, v6=v6))

    async def ptr(self, ip: str) -> Answer[str]:
        return await self._timed(partial(self._resolver.ptr, ip))

    def for_mail(self) -> Self:
        return self
