"""A DNS in memory, and the form in which tests write a zone."""

import asyncio
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from bccd.verify.dns import Answer, DnsTemporaryError

# name -> type -> records, as a zone file writes them but for a TXT's quotes: {"a.example": {"TXT":
# ["v=spf1 -all"], "MX": ["10 mx.a.example"], "A": ["192.0.2.1"]}, "1.2.0.192.in-addr.arpa": {"PTR": [...]}}.
# None in place of the records: the question fails, as it does with SERVFAIL.
Zone = Mapping[str, Mapping[str, Sequence[str | bytes] | None]]


@dataclass
class FakeResolver:
    """Answers from a zone; `failing` names fail whatever is asked; `asked` lists all questions in order."""

    zone: Zone = field(default_factory=dict)
    failing: Iterable[str] = ()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._zone = {name.lower().removesuffix("."): dict(types) for name, types in self.zone.items()}
        self._failing = {name.lower() for name in self.failing}

    async def txt(self, name: str) -> Answer[bytes]:
        """Return the TXT records."""
        found = await self._look(name, "TXT")
        return Answer(tuple(r if isinstance(r, bytes) else r.encode() for r in found.records), found.exists)

    async def mx(self, name: str) -> Answer[tuple[int, str]]:
        """Return the mail exchangers, best first."""
        found = await self._look(name, "MX")
        pairs = sorted(
            (int(number), _host(host)) for number, host in (_text(r).split() for r in found.records)
        )
        return Answer(tuple(pairs), found.exists)

    async def addresses(self, name: str, *, v6: bool = False) -> Answer[str]:
        """Return the addresses."""
        found = await self._look(name, "AAAA" if v6 else "A")
        return Answer(tuple(map(_text, found.records)), found.exists)

    async def ptr(self, ip: str) -> Answer[str]:
        """Return the names of an address."""
        found = await self._look(ipaddress.ip_address(ip).reverse_pointer, "PTR")
        return Answer(tuple(_host(_text(r)) for r in found.records), found.exists)

    def for_mail(self) -> Self:
        """Return itself: it takes no time."""
        return self

    async def _look(self, name: str, kind: str) -> Answer[str | bytes]:
        await asyncio.sleep(0)  # as any real one, it lets others run
        name = name.lower().removesuffix(".")
        self.asked.append((name, kind))
        for _ in range(8):
            types = self._zone.get(name, {})
            if name in self._failing or types.get(kind, ()) is None:
                raise DnsTemporaryError(f"{kind} {name}: told to fail")
            alias = None if kind in types else types.get("CNAME")
            if not alias:
                return Answer(tuple(types.get(kind) or ()), self._exists(name))
            name = _host(_text(alias[0]))
        raise DnsTemporaryError(f"{kind} {name}: aliases without end")

    def _exists(self, name: str) -> bool:
        """Tell whether a name is there, be it only as the parent of another (RFC 8020)."""
        below = "." + name
        return any(known == name or known.endswith(below) for known in self._zone)


def _text(record: str | bytes) -> str:
    return record.decode("latin-1") if isinstance(record, bytes) else record


def _host(name: str) -> str:
    return name.removesuffix(".").lower()
