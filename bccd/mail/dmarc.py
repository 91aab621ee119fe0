"""DMARC records, and what they say of whose a domain is (RFC 9989): no question is asked here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WALK_LABELS = 7  # a longer name is cut to so many after its first question (RFC 9989 4.10, step 4)

# The first tag, its value exact in case; nothing may stand before it (RFC 9989 4.7, 4.8).
_VERSION = re.compile(rb"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_TAG = re.compile(rb"[ \t]*([A-Za-z]++)[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e](?:[\t\x20-\x3a\x3c-\x7e]*))")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,]+", re.IGNORECASE)
_REQUESTS = frozenset({"none", "quarantine", "reject"})
_POLICIES = ("p", "sp", "np")


@dataclass(frozen=True, slots=True)
class Record:
    """One DMARC policy record; what it does not say in a valid way has its default."""

    p: str = ""  # "none", "quarantine", "reject"; empty: the record asks for no DMARC processing
    sp: str = ""  # for subdomains; empty: as p
    np: str = ""  # for subdomains that do not exist; empty: as sp
    strict_dkim: bool = False  # adkim=s
    strict_spf: bool = False  # aspf=s
    psd: str = "u"  # "y" a public suffix, "n" an organisational domain, "u" neither is said
    testing: bool = False  # t=y: what it asks for is to be lowered by one step


Walk = Sequence[tuple[str, Record]]  # what a walk found: (domain, its record), the longest name first


def record(txt: Sequence[bytes]) -> Record | None:
    """Return the DMARC record of a name's TXT records; None for none, and for several (4.10, step 2)."""
    found = [one for one in txt if _VERSION.match(one)]
    return _read(found[0]) if len(found) == 1 else None


def _read(octets: bytes) -> Record:
    """Read the tags behind the version; a broken one counts as absent, a policy that is broken breaks all."""
    tags: dict[str, str] = {}
    twice: set[str] = set()
    for part in octets.split(b";")[1:]:
        tag = _TAG.fullmatch(part)
        if tag is None:
            continue
        name = tag[1].decode("ascii").lower()
        if name in tags:
            twice.add(name)  # RFC 6376 3.2: no tag may occur twice, so neither value is the record's
        tags[name] = tag[2].decode("ascii").strip(" \t")
    said = {name: "" if name in twice else value.lower() for name, value in tags.items()}
    p, sp, np = _policies(said, tags.get("rua", "") if "rua" not in twice else "")
    return Record(
        p,
        sp,
        np,
        strict_dkim=said.get("adkim") == "s",
        strict_spf=said.get("aspf") == "s",
        psd=said.get("psd", "u") if said.get("psd") in ("y", "n") else "u",
        testing=said.get("t") == "y",
    )


def _policies(said: dict[str, str], rua: str) -> tuple[str, str, str]:
    """Return (p, sp, np); with a report address a broken policy counts as p=none (RFC 9989 4.10.1)."""
    if said.get("p") in _REQUESTS and all(said[name] in _REQUESTS for name in _POLICIES if name in said):
        return said["p"], said.get("sp", ""), said.get("np", "")
    wants_reports = any(_URI.fullmatch(uri.strip()) for uri in rua.split(","))
    return ("none", "", "") if wants_reports else ("", "", "")


def steps(domain: str) -> tuple[str, ...]:
    """Return the domains a walk asks about, in order: at most eight (RFC 9989 4.10)."""
    labels = domain.split(".")
    rest = labels[1:] if len(labels) <= _WALK_LABELS else labels[-_WALK_LABELS:]
    return (domain, *(".".join(rest[at:]) for at in range(len(rest))))


def ends_walk(found: Record | None) -> bool:
    """Tell whether nothing further up needs to be asked (RFC 9989 4.10, steps 2 and 6)."""
    return found is not None and found.psd != "u"


def organisational(domain: str, walk: Walk) -> str:
    """Return the organisational domain that a walk from `domain` shows (RFC 9989 4.10.2)."""
    for name, found in walk:
        if found.psd == "n":
            return name
        if found.psd == "y" and name != domain:
            return ".".join(domain.split(".")[-name.count(".") - 2 :])  # one label below the suffix
    return walk[-1][0] if walk else domain


def applicable(domain: str, walk: Walk) -> tuple[str, Record] | None:
    """Return whose record applies to mail of `domain`: its own, its organisation's, its suffix's (4.10.1)."""
    organisation = organisational(domain, walk)
    records = dict(walk)
    for name in (domain, organisation):
        if name in records:
            return name, records[name]
    last = walk[-1] if walk else None
    return last if last is not None and last[1].psd == "y" else None


def asked_for(found: Record, *, inherited: bool, exists: bool) -> str:
    """Return what is to be done with mail that fails; t=y lowers it by one step (RFC 9989 4.7)."""
    policy = found.p
    if inherited:
        policy = found.sp or found.p
        if not exists:
            policy = found.np or policy
    return {"reject": "quarantine", "quarantine": "none"}.get(policy, policy) if found.testing else policy
