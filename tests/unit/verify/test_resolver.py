"""The resolver, asked through a real DNS server on loopback, and the fake that stands for it."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import dns.resolver
import pytest

from bccd.testing import FakeResolver, Zone
from bccd.verify.cache import Cache
from bccd.verify.dns import Answer, DnsTemporaryError, Resolver
from bccd.verify.resolver import DnsResolver
from tests.nameserver import Mode, NameServer, name_server

LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(40)) + " -all"
ZONE: Zone = {
    "a.example": {"TXT": ["v=spf1 -all", LONG], "A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]},
    "mail.example": {"MX": ["20 mx2.mail.example", "10 MX1.mail.example"]},
    "none.example": {"MX": ["0 ."]},
    "alias.example": {"CNAME": ["a.example"]},
    "loop.example": {"CNAME": ["loop.example"]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["a.example"]},
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": {"PTR": ["six.example"]},
    "raw.example": {"TXT": [b"\xff\x00v"]},
    "huge.example": {"TXT": ["x" * 3000]},
    "back\\slash.example": {"TXT": ["as it is"]},
    "silent.example": {"TXT": None},
    "deep.er.example": {"A": ["192.0.2.9"]},
}


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server(ZONE) as running:
        yield running


@pytest.fixture(autouse=True)
def quiet(server: NameServer) -> None:
    server.mode = "answer"
    server.modes.clear()
    server.asked.clear()
    server.by_tcp.clear()


def real(server: NameServer, seconds: float = 30) -> DnsResolver:
    """Return a resolver with patience for a busy machine, but where the answer does not come."""
    return DnsResolver([server.address], query_seconds=seconds, mail_seconds=60)


class Clock:
    """The running loop's clock, to be set ahead."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        true = loop.time
        self.ahead = 0.0
        patch.setattr(loop, "time", lambda: true() + self.ahead)

    async def jump(self, seconds: float, asked: list[tuple[str, str]], count: int) -> None:
        """Let so many seconds pass at once, as soon as so many questions were asked."""
        for _ in range(20_000):
            if len(asked) >= count:
                break
            await asyncio.sleep(0.001)
        self.ahead += seconds


async def _all(resolver: Resolver) -> list[Answer[Any]]:
    return [
        await resolver.txt("a.example"),
        await resolver.txt("A.Example."),
        await resolver.addresses("a.example", v6=False),
        await resolver.addresses("a.example", v6=True),
        await resolver.addresses("alias.example", v6=False),
        await resolver.mx("mail.example"),
        await resolver.mx("none.example"),
        await resolver.ptr("192.0.2.1"),
        await resolver.ptr("2001:db8::1"),
        await resolver.ptr("192.0.2.77"),
        await resolver.txt("raw.example"),
        await resolver.txt("huge.example"),
        await resolver.txt("back\\slash.example"),
        await resolver.txt("mail.example"),
        await resolver.txt("er.example"),
        await resolver.txt("nobody.example"),
        await resolver.txt(f"{'l' * 64}.example"),
        await resolver.txt("a..example"),
        await resolver.txt("żółw.example"),
        await resolver.txt(""),
    ]


def test_the_fake_answers_as_the_real_one(server: NameServer) -> None:
    """Each kind of answer is the same from memory and from a server, and is what the zone says."""
    found = asyncio.run(_all(real(server)))
    fake = asyncio.run(_all(FakeResolver(ZONE)))
    assert [(a.exists, set(a.records)) for a in found] == [(a.exists, set(a.records)) for a in fake]
    assert (
        found[5] == fake[5] == Answer(((10, "mx1.mail.example"), (20, "mx2.mail.example")))
    )  # by preference
    assert [set(answer.records) for answer in found[:13]] == [
        {LONG.encode(), b"v=spf1 -all"},
        {LONG.encode(), b"v=spf1 -all"},
        {"192.0.2.1", "192.0.2.2"},
        {"2001:db8::1"},
        {"192.0.2.1", "192.0.2.2"},
        {(10, "mx1.mail.example"), (20, "mx2.mail.example")},
        {(0, "")},
        {"a.example"},
        {"six.example"},
        set(),
        {b"\xff\x00v"},
        {b"x" * 3000},
        {b"as it is"},
    ]
    assert not any(answer.records for answer in found[13:])
    assert [answer.exists for answer in found[13:]] == [True, True, False, False, False, False, False]
    assert server.by_tcp == [("huge.example", "TXT")]


async def _fails(asked: Awaitable[object]) -> None:
    with pytest.raises(DnsTemporaryError):
        await asked


def test_a_failure_is_told_from_no_answer(server: NameServer) -> None:
    """Dead, failing and babbling servers raise, in the fake too; a slow or truncating one answers."""

    async def ask(mode: Mode, seconds: float = 30) -> Answer[bytes]:
        server.mode = mode
        return await real(server, seconds).txt("a.example")

    server.delay = 0.1
    answering: tuple[Mode, ...] = ("slow", "truncated")
    for mode in answering:
        assert b"v=spf1 -all" in asyncio.run(ask(mode)).records
    assert asyncio.run(ask("nxdomain")) == Answer(exists=False)
    failing: tuple[Mode, ...] = ("dead", "servfail", "refused", "garbage")
    for mode in failing:
        asyncio.run(_fails(ask(mode, 0.1)))
    server.mode = "answer"
    for resolver in (real(server), FakeResolver(ZONE)):
        asyncio.run(_fails(resolver.txt("silent.example")))
        asyncio.run(_fails(resolver.txt("loop.example")))
    asyncio.run(_fails(FakeResolver(ZONE, failing=["a.example"]).txt("a.example")))


def test_a_dead_server_is_passed_over(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next of several answers within the time of one query, in its second quarter if one is dead."""

    async def ask(first: NameServer, *, dead: bool) -> Answer[bytes]:
        clock = Clock(monkeypatch)
        resolver = DnsResolver([first.address, server.address], query_seconds=60)
        answer = asyncio.create_task(resolver.txt("a.example"))
        if dead:
            await clock.jump(16, first.asked, 1)
        return await answer

    modes: tuple[Mode, ...] = ("dead", "servfail")
    for mode in modes:
        with name_server(mode=mode) as first:
            assert b"v=spf1 -all" in asyncio.run(ask(first, dead=mode == "dead")).records


def test_an_answer_is_kept_as_long_as_it_says(server: NameServer) -> None:
    """Records, "no such record" and "no such name" are each asked for once until their TTL is over."""
    now = [0.0]

    async def ask() -> None:
        cache = Cache(clock=lambda: now[0])
        resolver = DnsResolver([server.address], query_seconds=30, cache=cache)
        for moment in (0, 299, 301):
            now[0] = moment
            for name in ("a.example", "mail.example", "nobody.example"):
                await resolver.txt(name)
        server.mode = "servfail"
        await _fails(resolver.txt("b.example"))
        server.mode = "answer"
        assert await resolver.txt("b.example") == Answer(exists=False)

    asyncio.run(ask())
    assert server.asked[:6] == [(n, "TXT") for n in ("a.example", "mail.example", "nobody.example")] * 2


def test_who_asks_alike_waits_together(server: NameServer) -> None:
    """A hundred askers are one query, and one of them leaving stops none of the others."""

    async def ask() -> list[object]:
        server.mode, server.delay = "slow", 0.1
        resolver = real(server)
        leaver = asyncio.create_task(resolver.txt("a.example"))
        await asyncio.sleep(0)
        others = [asyncio.create_task(resolver.txt("a.example")) for _ in range(99)]
        await asyncio.sleep(0)
        leaver.cancel()
        return await asyncio.gather(*others, return_exceptions=True)

    answers = asyncio.run(ask())
    assert len(set(answers)) == 1
    assert len(server.asked) == 1


def test_one_mail_has_its_time(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is spent while something is asked, in parallel once; when it is over, nothing is asked."""

    async def ask() -> int:
        clock = Clock(monkeypatch)
        server.mode = "dead"
        resolver = real(server).for_mail()
        assert resolver.for_mail() is resolver
        silent = [_fails(resolver.txt(f"{number}.example")) for number in range(5)]
        await asyncio.gather(*silent, clock.jump(31, server.asked, 5))
        clock.ahead += 100  # the mail is still coming in
        server.mode = "answer"
        assert (await resolver.txt("a.example")).records
        server.mode = "dead"
        count = len(server.asked) + 1
        await asyncio.gather(_fails(resolver.txt("6.example")), clock.jump(31, server.asked, count))
        server.mode = "answer"
        asked = len(server.asked)
        for question in (resolver.txt, resolver.mx, resolver.ptr):
            await _fails(question("192.0.2.1"))
        await _fails(resolver.addresses("a.example", v6=False))
        return len(server.asked) - asked

    assert asyncio.run(ask()) == 0


def test_what_is_kept_is_bounded() -> None:
    """However much is asked for, the cache stays within its octets, and forgets what was idle longest."""
    cache = Cache(octets=10_000)
    keep: Callable[[int], None] = lambda number: cache.put(  # noqa: E731
        (str(number), "TXT"), Answer((b"x" * 200,)), 60
    )
    for number in range(1000):
        keep(number)
        cache.get(("0", "TXT"))
    assert len(cache) < 20
    assert cache.get(("0", "TXT"))
    assert cache.get(("999", "TXT"))
    assert cache.get(("500", "TXT")) is None
    keep(999)
    cache.put(("999", "TXT"), Answer(), 0)
    assert cache.get(("999", "TXT")) is None


def test_the_systems_servers_are_asked_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """resolv.conf names them; where it is missing, the local machine is asked."""
    read = dns.resolver.Resolver.read_resolv_conf
    for text, expected in (("nameserver 127.0.0.53\nsearch corp.example\n", "127.0.0.53"), ("", "127.0.0.1")):
        conf = io.StringIO(text)
        monkeypatch.setattr(
            dns.resolver.BaseResolver, "read_resolv_conf", lambda self, _, conf=conf: read(self, conf)
        )
        assert DnsResolver()._servers == [(expected, 53)] * 2
