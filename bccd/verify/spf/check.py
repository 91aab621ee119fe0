"""The evaluation of SPF records (RFC 7208 4): check_host(), within its limits, never raising."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bccd.mail.addresses import ascii_domain
from bccd.model.auth import AuthResult
from bccd.verify.dns import DnsTemporaryError, Resolver
from bccd.verify.spf.macros import Spec, SpfSyntaxError, expand, uses
from bccd.verify.spf.record import Mechanism, Record, is_spf, parse

_MOST_TERMS = 10  # RFC 7208 4.6.4, for each of these three
_MOST_HOSTS = 10
_MOST_VOID = 2
_MOST_ADDRESSES = 200  # of one host; no limit of the RFC's, which leaves such to us (4.6.4)
_LONGEST_LABEL = 63
_LONGEST_NAME = 253

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


async def check_spf(resolver: Resolver, ip: str, mail_from: str, helo: str) -> AuthResult:
    """Return what a sender's domain says of the address that sends: evidence, method "spf"; never raises.

    `ip` is the client's address, empty where none is known (a UNIX socket): the result is then "none".
    `mail_from` is the envelope sender, empty for the null sender, whose identity is the HELO name (2.4).
    `domain` of the result is the domain that was asked, as A-labels; `detail` names the identity and what
    decided: the mechanism with the domain whose record has it, or why there is no answer. Only "pass" speaks
    for the domain; "temperror" and "permerror" say neither yes nor no. An explanation (exp=) is the domain's
    own text for strangers to read, so it is never fetched.
    """
    identity = "mailfrom" if mail_from else "helo"
    local, _, domain = mail_from.rpartition("@") if mail_from else ("", "", helo)
    name = ascii_domain(domain)
    result, why = await check_host(resolver, ip, name, f"{local}@{name}", helo)
    return AuthResult("spf", result, name, f"{identity}: {why}")


async def check_host(
    resolver: Resolver, ip: str, domain: str, sender: str, helo: str = ""
) -> tuple[str, str]:
    """Return (result, what decided), the function of RFC 7208 4; `domain` is in A-labels. Never raises."""
    address = _address(ip)
    if address is None:
        return "none", "no client address"
    if not _is_name(domain):
        return "none", "no domain to ask"
    local, _, sender_domain = sender.rpartition("@")
    mail = _Mail(resolver, address, local or "postmaster", sender_domain or domain, ascii_domain(helo))
    try:
        return await mail.check(domain)
    except DnsTemporaryError as error:
        return "temperror", str(error)
    except SpfSyntaxError as error:
        return "permerror", str(error)


def _address(ip: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped  # RFC 7208 5: such a client is an IPv4 client
    return address


def _is_name(name: str) -> bool:
    """Tell whether this can be looked up as the domain of mail: more than one label, none too long."""
    labels = name.split(".")
    return (
        len(labels) > 1
        and len(name) <= _LONGEST_NAME
        and all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    )


@dataclass(slots=True)
class _Mail:
    """One evaluation: whom it is about, and what it has used up."""

    resolver: Resolver
    ip: _Address
    local: str
    sender_domain: str
    helo: str
    terms: int = 0
    void: set[tuple[str, str]] = field(default_factory=set)
    validated: list[str] | None = None
    _matchers: dict[str, Callable[[Mechanism, str], Awaitable[bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._matchers = {
            "include": self._includes,
            "a": self._is_host,
            "mx": self._is_exchange,
            "ptr": self._is_named,
            "exists": self._exists,
        }

    async def check(self, domain: str) -> tuple[str, str]:
        """Return (result, what decided) for a domain: check_host() of RFC 7208 4."""
        await asyncio.sleep(0)  # what is at hand makes nobody wait, and a long record takes some milliseconds
        found = await self._record(domain)
        if found is None:
            return "none", f"{domain} has no record"
        for one in found.mechanisms:
            if await self._matches(one, domain):
                return one.result, f"{one.text[:200]} of {domain}"
        if found.redirect is None:
            return "neutral", f"nothing in the record of {domain} matches"
        self._count()
        target = await self._name(found.redirect, domain)
        result, why = await self.check(target) if target is not None else ("none", "")
        if result == "none":
            raise SpfSyntaxError(f"{domain} redirects to where no record is")
        return result, why

    async def _record(self, domain: str) -> Record | None:
        if not _is_name(domain):
            return None
        texts = [text for text in (await self.resolver.txt(domain)).records if is_spf(text)]
        if len(texts) > 1:
            raise SpfSyntaxError(f"{domain} has {len(texts)} records")
        return parse(texts[0]) if texts else None

    async def _matches(self, one: Mechanism, domain: str) -> bool:
        if one.name == "all":
            return True
        if one.network is not None:
            return self.ip in one.network
        self._count()
        target = domain if one.domain is None else await self._name(one.domain, domain)
        return target is not None and await self._matchers[one.name](one, target)

    def _count(self) -> None:
        """Count a term that asks the DNS."""
        self.terms += 1
        if self.terms > _MOST_TERMS:
            raise SpfSyntaxError(f"more than {_MOST_TERMS} terms that ask the DNS")

    def _note(self, kind: str, name: str, *, found: bool) -> None:
        """Count a question to which there is nothing; asked again it is the same one."""
        if not found:
            self.void.add((kind, name.lower()))
        if len(self.void) > _MOST_VOID:
            raise SpfSyntaxError(f"more than {_MOST_VOID} questions to which there is no answer")

    async def _name(self, spec: Spec, domain: str) -> str | None:
        """Return the name that a domain-spec means for this mail.

        None: the local part goes beyond ASCII and would be in it; such a term matches nothing (RFC 8616 4).
        """
        if not self.local.isascii() and uses(spec, "sl"):
            return None
        v4 = self.ip.version == 4  # noqa: PLR2004 - IPv4
        values = {
            "s": f"{self.local}@{self.sender_domain}",
            "l": self.local,
            "o": self.sender_domain,
            "d": domain,
            "i": str(self.ip) if v4 else ".".join(self.ip.exploded.replace(":", "")),
            "v": "in-addr" if v4 else "ip6",
            "h": self.helo,
        }
        if uses(spec, "p"):
            values["p"] = await self._own_name(domain)
        return expand(spec, values)

    async def _addresses(self, name: str) -> tuple[str, ...]:
        v6 = self.ip.version == 6  # noqa: PLR2004 - IPv6
        return (await self.resolver.addresses(name, v6=v6)).records

    async def _holds(self, one: Mechanism, name: str) -> bool:
        """Tell whether a host's network, as wide as the mechanism says, holds the client."""
        addresses = await self._addresses(name)
        self._note("host", name, found=bool(addresses))
        if len(addresses) > _MOST_ADDRESSES:
            raise SpfSyntaxError(f"{name[:80]} has more than {_MOST_ADDRESSES} addresses")
        wide = 32 - one.v4_bits if self.ip.version == 4 else 128 - one.v6_bits  # noqa: PLR2004 - IPv4
        mine = int(self.ip) >> wide
        return any(int(ipaddress.ip_address(text)) >> wide == mine for text in addresses)

    async def _includes(self, one: Mechanism, name: str) -> bool:
        result, _ = await self.check(name)
        if result == "none":
            raise SpfSyntaxError(f"{one.text[:80]}: {name[:80]} has no record")
        return result == "pass"

    async def _is_host(self, one: Mechanism, name: str) -> bool:
        return await self._holds(one, name)

    async def _is_exchange(self, one: Mechanism, name: str) -> bool:
        exchanges = (await self.resolver.mx(name)).records
        self._note("mx", name, found=bool(exchanges))
        if len(exchanges) > _MOST_HOSTS:
            raise SpfSyntaxError(f"{name[:80]} has more than {_MOST_HOSTS} mail exchangers")
        for _, host in exchanges:
            if host and await self._holds(one, host):
                return True
        return False

    async def _exists(self, one: Mechanism, name: str) -> bool:
        del one
        found = bool((await self.resolver.addresses(name, v6=False)).records)  # IPv4 for every client (5.7)
        self._note("A", name, found=found)
        return found

    async def _is_named(self, one: Mechanism, name: str) -> bool:
        del one
        return any(_within(host, name.lower()) for host in await self._validated())

    async def _validated(self) -> list[str]:
        """Return the names of the client that lead back to it; what cannot be told is none (5.5)."""
        if self.validated is None:
            self.validated = []
            try:
                names = (await self.resolver.ptr(str(self.ip))).records[:_MOST_HOSTS]
            except DnsTemporaryError:
                return self.validated
            self._note("PTR", "", found=bool(names))
            for name in names:
                try:
                    found = await self._addresses(name)
                except DnsTemporaryError:
                    continue
                if any(ipaddress.ip_address(text) == self.ip for text in found):
                    self.validated.append(name)
        return self.validated

    async def _own_name(self, domain: str) -> str:
        """Return the client's name for the macro "p": the domain itself, one within it, or any (7.3)."""
        names = await self._validated()
        inside = [name for name in names if _within(name, domain)]
        return next(iter([n for n in inside if n == domain] + inside + names), "unknown")


def _within(name: str, domain: str) -> bool:
    return name == domain or name.endswith("." + domain)
