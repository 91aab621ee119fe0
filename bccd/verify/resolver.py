"""The resolver of all checks: name servers are asked in turn, in limited time, and a cache remembers."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Self, TypeVar, cast

import dns.resolver

from bccd.meters.board import OTHER
from bccd.meters.families import DNS, DNS_FAILED
from bccd.verify.cache import Cache
from bccd.verify.dns import Answer, DnsTemporaryError, Resolver
from bccd.verify.transport import Server, ServerFailureError, ask
from bccd.verify.wire import NO_NAME, Name, Reply, WireError, name

T = TypeVar("T")

_PORT = 53
_TRIES = 4  # name servers that are asked, at most
_AT_ONCE = 256  # questions under way; each may hold a socket for each name server
_ANSWER = 0.25  # seconds of a mail's time that are left to answer the peer in


def nameserver(text: str) -> Server:
    """Return the name server that a line of configuration means: ADDRESS, ADDRESS:PORT or [IPV6]:PORT."""
    try:
        return str(ipaddress.ip_address(text.strip("[]"))), _PORT
    except ValueError:
        host, _, port = text.rpartition(":")
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def nameservers(named: Sequence[str]) -> list[Server]:
    """Return the name servers to ask: those that are named, or the system's."""
    if named:
        return [nameserver(text) for text in named]
    try:
        found = [(str(server), _PORT) for server in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        found = []
    return found or [("127.0.0.1", _PORT)]  # resolv.conf(5): the local machine


def _kind(error: BaseException) -> str:
    """Say how a question failed, in the words of the metric."""
    if isinstance(error, TimeoutError):  # which is an OSError, too
        return "timeout"
    if isinstance(error, ServerFailureError):
        return "refused"
    return "network" if isinstance(error, OSError) else OTHER


class DnsResolver:
    """Asks name servers by UDP, and by TCP where an answer is too long; implements Resolver.

    An answer is kept as long as its TTL says, "there is none" too (RFC 2308); a failure is not kept. Who asks
    what is being asked already waits for the same answer. To be made and used within one event loop.
    """

    def __init__(
        self,
        named: Sequence[str] = (),
        *,
        query_seconds: float = 2,
        mail_seconds: float = 8,
        cache: Cache | None = None,
    ) -> None:
        servers = nameservers(named)[:_TRIES]
        self._servers = servers * 2 if len(servers) == 1 else servers
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
        asked = name(text)
        if asked is None:
            return Answer(exists=False)
        DNS.add()
        try:
            async with self._slots, asyncio.timeout(self._query_seconds):
                reply = await self._ask(asked, kind)
        except (ServerFailureError, WireError, OSError, EOFError, TimeoutError) as error:
            DNS_FAILED.add(_kind(error))
            return DnsTemporaryError(f"{kind} {text}: {type(error).__name__}")
        records = sorted(reply.records) if kind == "MX" else reply.records  # type: ignore[type-var]
        answer: Answer[Any] = Answer(tuple(records), reply.rcode != NO_NAME)
        self._cache.put(question, answer, reply.ttl)
        return answer

    async def _ask(self, asked: Name, kind: str) -> Reply:
        """Ask one name server after the other, each before those asked already have used up their time.

        So a server that is dead, or a datagram that is lost, costs a part of the time; one that is slow may
        still be the first to answer. A single server is asked twice.
        """
        pending: set[asyncio.Task[Reply]] = set()
        failure: BaseException = TimeoutError()
        waiting = list(self._servers)
        patience = self._query_seconds / len(waiting) / 2
        try:
            while waiting or pending:
                if waiting:
                    pending.add(asyncio.create_task(ask(waiting.pop(0), asked, kind)))
                done, pending = await asyncio.wait(
                    pending, timeout=patience if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    error = task.exception()
                    if error is None:
                        return task.result()
                    failure = error
            raise failure
        finally:
            for task in pending:
                task.cancel()


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
