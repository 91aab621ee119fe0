"""The SPF suites of others: every case holds, from memory and through a real DNS server on loopback."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are not worth a package

from bccd.testing import FakeResolver
from bccd.verify.dns import Resolver
from bccd.verify.resolver import DnsResolver
from bccd.verify.spf import check_spf
from tests.nameserver import name_server

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
OPENSPF = CORPORA / "spf" / "rfc7208-tests.yml"
STALWART = CORPORA / "auth" / "stalwart-mail-auth" / "resources" / "spf"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="BCCD_CORPORA names no collection of mail"),
]
KINDS = ("A", "AAAA", "MX", "PTR", "TXT")
Records = dict[str, dict[str, Any]]


@dataclass
class Case:
    name: str
    zone: Records
    allowed: tuple[str, ...]
    check: Callable[[Resolver], Awaitable[str]]


def _record(kind: str, value: Any) -> str | bytes:
    if kind == "MX":
        return f"{value[0]} {value[1] or '.'}"
    if kind == "TXT":
        return "".join(value if isinstance(value, list) else [value or ""]).encode("latin-1")
    return str(value)


def _openspf_zone(data: dict[str, list[Any]]) -> Records:
    """SPF records are the TXT records too where a name has none; TIMEOUT holds for what is not listed."""
    zone: Records = {}
    for name, entries in data.items():
        pairs = [next(iter(one.items())) for one in entries if isinstance(one, dict)]
        types: dict[str, Any] = {}
        for kind, value in pairs:
            if value != "NONE":
                types.setdefault(kind, []).append(_record("TXT" if kind == "SPF" else kind, value))
        spf = types.pop("SPF", None)
        if spf and not any(kind == "TXT" for kind, _ in pairs):
            types["TXT"] = spf
        if "TIMEOUT" in entries:
            types = dict.fromkeys(KINDS) | types
        zone[name] = types
    return zone


def _openspf() -> Iterator[Case]:
    for suite in yaml.safe_load_all(OPENSPF.read_text(encoding="utf-8")):
        zone = _openspf_zone(suite["zonedata"])
        for name, test in suite["tests"].items():
            allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]

            async def check(resolver: Resolver, test: Any = test) -> str:
                found = await check_spf(resolver, test["host"], test["mailfrom"] or "", test["helo"])
                return found.result

            yield Case(f"{suite['description']}: {name}", zone, tuple(allowed), check)


# What that suite expects and RFC 7208 does not: the case's number, and the result that is right.
DIFFERENT = {
    "all 0": ("permerror", "what stands behind `all` is held to the grammar too (4.6)"),
    "basic 8": ("permerror", "ten names that do not exist are beyond the limit of two (4.6.4)"),
    "basic 13": ("permerror", "more than ten mail exchangers are an error (4.6.4)"),
    "basic 17": ("pass", "the HELO name is asked about for the null sender only (2.4)"),
    "exists 1": ("fail", "`exists` asks for IPv4 addresses only (5.7)"),
    "macro 3": ("fail", "`exists` asks for IPv4 addresses only (5.7)"),
    "ip 10": ("fail", "`ip6` matches no IPv4 client (5.6)"),
}


def _stalwart_record(zone: Records, kind: str, name: str, value: str) -> None:
    """Add a line of the suite to a zone; its MX records name addresses, each of which gets a host."""
    values = re.split(r"[\s,]+", value.strip())
    if kind in ("spf", "exp"):
        zone.setdefault(name, {})["TXT"] = [value]
    elif kind == "ptr":
        zone[ip_address(name).reverse_pointer] = {"PTR": values}
    elif kind == "mx":
        zone.setdefault(name, {})["MX"] = [f"{at} mx{at}.{name}" for at in range(len(values))]
        for at, address in enumerate(values):
            zone[f"mx{at}.{name}"] = {"AAAA" if ":" in address else "A": [address]}
    else:
        zone.setdefault(name, {})[kind.upper()] = values


def _stalwart() -> Iterator[Case]:
    """A line changes what those below it mean: the zone, the sender, the client."""
    for path in sorted(STALWART.glob("*.yml")):
        number = 0
        for part in path.read_text(encoding="utf-8").split("---\n"):
            zone: Records = {name: dict.fromkeys(KINDS) for name in ("_dns_error.org", "_dns_error.test.org")}
            test: dict[str, str] = {}
            for line in part.splitlines():
                key, _, value = line.strip().removeprefix("- ").partition(":")
                value = value.strip()
                if key in ("spf", "exp", "a", "aaaa", "mx", "ptr"):
                    _stalwart_record(zone, key, *value.partition(" ")[::2])
                elif key in ("domain", "sender", "ip"):
                    test[key] = value
                elif key == "expect":
                    known = dict(test)

                    async def check(resolver: Resolver, known: dict[str, str] = known) -> str:
                        found = await check_spf(resolver, known["ip"], known["sender"], known["domain"])
                        return found.result

                    name = f"{path.stem} {number}"
                    number += 1
                    right = DIFFERENT[name][0] if name in DIFFERENT else value.split()[0]
                    yield Case(f"{name}: {known}", deepcopy(zone), (right,), check)


async def _wrong(cases: list[Case], resolver: Callable[[Records], Resolver]) -> list[str]:
    wrong = []
    for case in cases:
        found = await case.check(resolver(case.zone))
        if found not in case.allowed:
            wrong.append(f"{case.name}: {found} and not {case.allowed}")
    return wrong


@pytest.mark.parametrize(("suite", "count"), [(_openspf, 203), (_stalwart, 163)], ids=["openspf", "stalwart"])
def test_every_case_holds(suite: Callable[[], Iterator[Case]], count: int) -> None:
    """Each case gives its result, from memory and over the wire alike."""
    cases = list(suite())
    assert len(cases) == count
    assert asyncio.run(_wrong(cases, FakeResolver)) == []
    with name_server() as server:

        def real(zone: Records) -> Resolver:
            server.zone.clear()
            server.add(zone)
            return DnsResolver([server.address], query_seconds=30, mail_seconds=60)

        assert asyncio.run(_wrong(cases, real)) == []
        assert server.asked
