"""The grammar of an SPF record (RFC 7208 4.5, 4.6, 12), read as a whole before any of it is evaluated."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from bccd.verify.spf.macros import Spec, SpfSyntaxError, read, read_domain

_LONGEST_RECORD = 8 * 1024  # octets; the RFC advises 450, the longest seen have some thousands
_LONGEST_KEPT = (
    2 * 1024
)  # octets of a record that is kept as it was read: a stranger must not fill the memory
_QUALIFIERS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(r"(?P<sign>[+\-~?]?)(?P<name>[a-z][a-z0-9_.-]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_NUMBER = "0|[1-9][0-9]{0,2}"
_CIDR = re.compile(rf"(?:/({_NUMBER}))?(?://({_NUMBER}))?\Z")
_V4_BITS, _V6_BITS = 32, 128


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism: if it matches, its result is the record's."""

    name: str
    result: str
    text: str  # as it was written
    domain: Spec | None = None  # None: the domain that is being checked
    v4_bits: int = _V4_BITS
    v6_bits: int = _V6_BITS
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a domain says of its mail."""

    mechanisms: tuple[Mechanism, ...] = ()
    redirect: Spec | None = None


def is_spf(octets: bytes) -> bool:
    """Tell whether a TXT record is an SPF record (RFC 7208 4.5)."""
    return octets[:6].lower() == b"v=spf1" and octets[6:7] in (b"", b" ")


def parse(octets: bytes) -> Record:
    """Read an SPF record; raises SpfSyntaxError."""
    return _kept(octets) if len(octets) <= _LONGEST_KEPT else _parse(octets)


@lru_cache(maxsize=512)
def _kept(octets: bytes) -> Record:
    return _parse(octets)


def _parse(octets: bytes) -> Record:
    if len(octets) > _LONGEST_RECORD:
        raise SpfSyntaxError("the record is too long")
    if not octets.isascii():
        raise SpfSyntaxError("the record has letters beyond ASCII")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, Spec] = {}
    for text in octets.decode("ascii").split(" ")[1:]:
        if not text:
            continue
        found = _TERM.fullmatch(text)
        if found is None:
            raise SpfSyntaxError(f"{text[:80]} is no term")
        if found["rest"].startswith("="):
            _modify(found, modifiers)
        else:
            mechanisms.append(_mechanism(found))
    return Record(tuple(mechanisms), modifiers.get("redirect"))


def _modify(found: re.Match[str], modifiers: dict[str, Spec]) -> None:
    """Note a modifier; those that are not known are only held to the grammar (RFC 7208 6)."""
    name, value = found["name"].lower(), found["rest"][1:]
    if found["sign"]:
        raise SpfSyntaxError(f"{found[0][:80]} is no term")
    if name not in ("redirect", "exp"):
        _ = read(_without_others(value))
    elif name in modifiers:
        raise SpfSyntaxError(f"{name} twice")
    else:
        modifiers[name] = read_domain(value)


def _without_others(value: str) -> str:
    """Return a macro-string without the letters that only an explanation may use."""
    return re.sub(r"%\{[crtCRT]", "%{d", value)


def _mechanism(found: re.Match[str]) -> Mechanism:
    name = found["name"].lower()
    read_rest = _READERS.get(name)
    if read_rest is None:
        raise SpfSyntaxError(f"{found[0][:80]} is no mechanism")
    return read_rest(Mechanism(name, _QUALIFIERS[found["sign"]], found[0]), found["rest"])


def _bare(one: Mechanism, rest: str) -> Mechanism:
    if rest:
        raise SpfSyntaxError(f"{one.text[:80]} takes no argument")
    return one


def _named(one: Mechanism, rest: str) -> Mechanism:
    """Read what needs a domain."""
    if not rest.startswith(":"):
        raise SpfSyntaxError(f"{one.text[:80]} lacks a domain")
    return Mechanism(one.name, one.result, one.text, read_domain(rest[1:]))


def _perhaps_named(one: Mechanism, rest: str) -> Mechanism:
    return _named(one, rest) if rest else one


def _hosts(one: Mechanism, rest: str) -> Mechanism:
    """Read [":" domain-spec] [dual-cidr-length]."""
    found = _CIDR.search(rest)
    v4, v6 = (found[1], found[2]) if found else (None, None)
    v4_bits, v6_bits = int(v4 or _V4_BITS), int(v6 or _V6_BITS)
    if v4_bits > _V4_BITS or v6_bits > _V6_BITS:
        raise SpfSyntaxError(f"{one.text[:80]} has too long a prefix")
    if found:
        rest = rest[: found.start()]
    domain = _named(one, rest).domain if rest else None
    return Mechanism(one.name, one.result, one.text, domain, v4_bits, v6_bits)


def _network(one: Mechanism, rest: str) -> Mechanism:
    """Read an ip4 or ip6 network; host bits may be set."""
    address, slash, bits = rest.removeprefix(":").partition("/")
    kind, most = (ipaddress.IPv4Network, _V4_BITS) if one.name == "ip4" else (ipaddress.IPv6Network, _V6_BITS)
    number = bits if slash else str(most)
    if not rest.startswith(":") or not re.fullmatch(_NUMBER, number) or "%" in address:
        raise SpfSyntaxError(f"{one.text[:80]} is no network")
    try:
        network = kind(f"{address}/{number}", strict=False)
    except ValueError:
        raise SpfSyntaxError(f"{one.text[:80]} is no network") from None
    return Mechanism(one.name, one.result, one.text, network=network)


_READERS = {
    "all": _bare,
    "include": _named,
    "a": _hosts,
    "mx": _hosts,
    "ptr": _perhaps_named,
    "ip4": _network,
    "ip6": _network,
    "exists": _named,
}
