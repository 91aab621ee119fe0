"""DMARC as far as it is evidence (RFC 9989): whose a mail's domains are, and whether the author's passed.

What to do with mail that fails is not asked here: bccd wants a pass whatever the domain's record says.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bccd.mail.dmarc import Record, applicable, asked_for, ends_walk, organisational, record, steps
from bccd.mail.domains import registered_domain
from bccd.model.auth import AuthReport, AuthResult
from bccd.rules.align import aligned
from bccd.verify.dns import DnsTemporaryError, Resolver

_IDENTIFIERS = frozenset({"dkim", "spf"})  # what DMARC is built on
_LONGEST_NAME = 253 - len("_dmarc.")


@dataclass(frozen=True, slots=True)
class DmarcFindings:
    """What DMARC adds to the evidence about one mail."""

    result: AuthResult
    organisations: tuple[tuple[str, str], ...] = ()
    exact: tuple[str, ...] = ()  # the methods whose domains must be the author's own: "dkim", "spf"
    policy: str = ""  # what the author's domain wants done with mail that fails


class Walker:
    """Walks up the DNS for one mail; no name is asked about twice."""

    def __init__(self, resolver: Resolver, *, public_suffixes: bool = False) -> None:
        self._resolver = resolver
        self._public_suffixes = public_suffixes
        self._asked: dict[str, asyncio.Task[Record | None]] = {}

    def look_ahead(self, domain: str) -> None:
        """Ask for a record that will be wanted."""
        self._asked[domain] = self._task(domain)

    def _task(self, domain: str) -> "asyncio.Task[Record | None]":
        task = self._asked.get(domain)
        if task is None:
            self._asked[domain] = task = asyncio.create_task(self._ask(domain))
            task.add_done_callback(_heard)
        return task

    async def record(self, domain: str) -> Record | None:
        """Return the DMARC record of this very domain; raises DnsTemporaryError."""
        return await self._task(domain)

    async def _ask(self, domain: str) -> Record | None:
        if len(domain) > _LONGEST_NAME:
            return None
        return record((await self._resolver.txt(f"_dmarc.{domain}")).records)

    async def walk(self, domain: str) -> tuple[tuple[str, Record], ...]:
        """Return the records from a domain upwards, its own first (4.10); raises DnsTemporaryError."""
        found = []
        for name in steps(domain):
            one = await self.record(name)
            if one is not None:
                found.append((name, one))
            if ends_walk(one):
                break
        return tuple(found)

    async def organisation(self, domain: str) -> str:
        """Return a domain's organisational domain (RFC 9989 4.10.2); raises DnsTemporaryError."""
        found = await self.walk(domain)
        if found or not self._public_suffixes:
            return organisational(domain, found)
        return registered_domain(domain) or domain  # RFC 7489 3.2, for those who have it switched on

    async def exists(self, domain: str) -> bool:
        """Tell whether there is any such name (RFC 9989 4.10.1); raises DnsTemporaryError."""
        return (await self._resolver.txt(domain)).exists


def _heard(task: "asyncio.Task[Record | None]") -> None:
    """Take note of a failure that nobody may come to ask about."""
    if not task.cancelled():
        task.exception()


async def evaluate(walker: Walker, author: str, results: Sequence[AuthResult]) -> DmarcFindings:
    """Hold the author's domain against what SPF and DKIM have found; never raises for want of an answer."""
    results = [result for result in results if result.method in _IDENTIFIERS and _may_pass(result)]
    try:
        own = await walker.record(author)
        if own is not None and _settled(own, author, results):
            return await _judged(walker, author, (author, own), (), results)
        found = await walker.walk(author)
        home = await walker.organisation(author)
    except DnsTemporaryError as error:
        return DmarcFindings(AuthResult("dmarc", "temperror", author, str(error)))
    organisations, doubts = await _organisations(walker, author, home, [result.domain for result in results])
    findings = await _judged(walker, author, applicable(author, found), organisations, results)
    if doubts and findings.result.result == "fail":
        return replace(findings, result=AuthResult("dmarc", "temperror", author, doubts))
    return findings


def _may_pass(result: AuthResult) -> bool:
    return result.result in ("pass", "temperror")


def _settled(own: Record, author: str, results: Iterable[AuthResult]) -> bool:
    """Tell whether alignment needs no walk: each domain is the author's, or has to be (RFC 9989 4.10.2)."""
    return bool(own.p) and all(
        result.domain == author or (own.strict_dkim if result.method == "dkim" else own.strict_spf)
        for result in results
    )


async def _organisations(
    walker: Walker, author: str, home: str, domains: Iterable[str]
) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return whose the domains are that may be the author's, and why some could not be told.

    An organisational domain is the domain itself or above it, so others need not be asked about.
    """
    found = {author: home}
    doubts = ""
    for domain in domains:
        if domain not in found and (domain == home or domain.endswith(f".{home}")):
            try:
                found[domain] = await walker.organisation(domain)
            except DnsTemporaryError as error:
                doubts = str(error)
    return tuple(found.items()), doubts


async def _judged(
    walker: Walker,
    author: str,
    applied: tuple[str, Record] | None,
    organisations: tuple[tuple[str, str], ...],
    results: Sequence[AuthResult],
) -> DmarcFindings:
    """Say whether the author's domain passes under the record that applies to it."""
    if applied is None:
        return DmarcFindings(AuthResult("dmarc", "none", author, "no record"), organisations)
    name, found = applied
    exact = tuple(m for m, wanted in (("dkim", found.strict_dkim), ("spf", found.strict_spf)) if wanted)
    if not found.p:
        broken = AuthResult("dmarc", "permerror", author, f"the record of {name} has no valid policy")
        return DmarcFindings(broken, organisations, exact)
    report = AuthReport(organisations=organisations, exact=exact)
    speaking = [result for result in results if aligned(report, result.method, result.domain, author)]
    said = "pass" if any(result.result == "pass" for result in speaking) else ""
    said = said or ("temperror" if speaking else "fail")
    try:
        exists = name == author or not found.np or await walker.exists(author)
    except DnsTemporaryError:
        exists = True
    policy = asked_for(found, inherited=name != author, exists=exists)
    detail = f"{policy}, by the record of {name}{' in test mode' if found.testing else ''}"
    return DmarcFindings(AuthResult("dmarc", said, author, detail), organisations, exact, policy)
