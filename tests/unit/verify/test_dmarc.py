"""DMARC by RFC 9989: every case of the table, with the DNS in memory and through a real one on loopback."""

import asyncio
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bccd.model.auth import AuthReport, AuthResult
from bccd.rules.align import aligned
from bccd.testing import FakeResolver
from bccd.verify.dmarc import DmarcFindings, Walker, evaluate
from bccd.verify.dns import Resolver
from bccd.verify.resolver import DnsResolver
from tests.nameserver import NameServer, name_server


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    author: str
    result: str
    zone: Mapping[str, list[str]] = field(default_factory=dict)
    exists: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    organisation: str = ""
    policy: str | None = None
    asked: tuple[str, ...] | None = None
    fallback: bool = False
    aligned: tuple[str, ...] = ()  # which of the found domains count without a record

    def records(self) -> dict[str, dict[str, list[str]]]:
        """Return the zone by name and type."""
        return {name: {"TXT": txt} for name, txt in self.zone.items()} | {
            name: {"A": ["192.0.2.1"]} for name in self.exists
        }

    def results(self) -> list[AuthResult]:
        """Return what SPF and DKIM found."""
        parts = [line.split() for line in self.found]
        return [AuthResult(p[0], p[2] if p[2:] else "pass", p[1]) for p in parts]


def _cases() -> list[Case]:
    rows: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("dmarc.toml").read_text())["case"]
    return [Case(**row) for row in rows]


CASES = _cases()


def findings(case: Case, resolver: Resolver) -> DmarcFindings:
    async def run() -> DmarcFindings:
        return await evaluate(Walker(resolver, public_suffixes=case.fallback), case.author, case.results())

    return asyncio.run(run())


def check(case: Case, found: DmarcFindings) -> None:
    """Hold what was found against the row."""
    assert (found.result.method, found.result.result, found.result.domain) == (
        "dmarc",
        case.result,
        case.author,
    )
    if case.organisation:
        assert dict(found.organisations)[case.author] == case.organisation
    if case.policy is not None:
        assert found.policy == case.policy
    report = AuthReport(organisations=found.organisations, exact=found.exact)
    passed = [one for one in case.results() if one.result == "pass"]
    counting = [one for one in passed if aligned(report, one.method, one.domain, case.author)]
    if case.result == "pass":
        assert counting
    elif case.result == "fail":
        assert not counting
    for domain in case.aligned:
        assert domain in {one.domain for one in counting}


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server({}) as running:
        yield running


def test_the_table_is_long_enough() -> None:
    """Sixty cases or more, each under a name of its own."""
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case_with_the_dns_in_memory(case: Case) -> None:
    """The walk asks what the RFC says, each name once, and never more than eight for one domain."""
    fake = FakeResolver(case.records(), case.failing)
    check(case, findings(case, fake))
    asked = [name.removeprefix("_dmarc.") for name, _ in fake.asked if name.startswith("_dmarc.")]
    assert len(asked) == len(set(asked)) <= 8 * (1 + len(case.found))
    if case.asked is not None:
        assert asked == list(case.asked)


def test_every_case_through_a_real_server(server: NameServer) -> None:
    """A time-out is SERVFAIL here, so that no case has to wait for one."""
    for case in CASES:
        server.zone.clear()
        server.add(case.records())
        server.modes = {f"_dmarc.{name}": "answer" for name in case.failing}
        server.modes |= dict.fromkeys(case.failing, "servfail")  # and all below it

        async def run(case: Case = case) -> DmarcFindings:
            resolver = DnsResolver([server.address], query_seconds=30, mail_seconds=60).for_mail()
            walker = Walker(resolver, public_suffixes=case.fallback)
            return await evaluate(walker, case.author, case.results())

        check(case, asyncio.run(run()))


def test_what_cannot_be_a_name_is_not_asked_about() -> None:
    """A domain of the greatest length leaves no room for the label in front of it."""
    fake = FakeResolver({})
    author = ".".join(["a" * 60] * 4) + ".example"
    found = asyncio.run(_evaluate(fake, author))
    assert found.result.result == "none"
    assert all(len(name) <= 253 for name, _ in fake.asked)


def test_a_walk_that_is_given_up_leaves_nothing_behind() -> None:
    """What was begun for a mail may be cancelled, or fail unheard."""

    async def run() -> None:
        for failing in ((), ("_dmarc.a.example",)):
            walker = Walker(FakeResolver({}, failing))
            walker.look_ahead("a.example")
            await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        next(iter(others)).cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(run())


async def _evaluate(resolver: Resolver, author: str) -> DmarcFindings:
    return await evaluate(Walker(resolver), author, ())
