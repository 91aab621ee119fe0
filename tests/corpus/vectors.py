"""The DKIM and ARC vectors of other projects: mails with the keys that the DNS had for them."""

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bccd.model.auth import AuthResult
from bccd.testing import Zone
from bccd.verify.dkim.mail import SignedMail
from bccd.verify.dns import Resolver

CORPORA = Path(os.environ.get("BCCD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
CHASQUID = CORPORA / "dkim/chasquid/internal/dkim/testdata"
RFC = CORPORA / "dkim/rfc"
STALWART = CORPORA / "auth/stalwart-mail-auth/resources"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
_LINK = re.compile(r"[\w.-]+\.(?:msg|dns|result)")


def wire(octets: bytes) -> bytes:
    """Return a mail with the line ends that it has in SMTP."""
    return re.sub(rb"\r?\n", b"\r\n", octets)


def read(folder: Path, name: str) -> str:
    """Read a file that may hold only the name of another."""
    text = (folder / name).read_text(encoding="utf-8")
    return read(folder, text.strip()) if _LINK.fullmatch(text.strip()) else text


def signed_mail(octets: bytes, *, arc: bool = False, step: int = 65_536) -> SignedMail:
    """Feed a whole mail."""
    mail = SignedMail(arc=arc)
    for start in range(0, len(octets), step):
        mail.feed(octets[start : start + step])
    mail.finish()
    return mail


def dkim(octets: bytes, resolver: Resolver, now: datetime = NOW) -> tuple[AuthResult, ...]:
    """Say what each DKIM signature of a mail proves."""
    return asyncio.run(signed_mail(octets).dkim(resolver, now))


def chasquid_zone(text: str) -> Zone:
    """Read chasquid's form of a zone: "name: record", long ones on several lines."""
    zone: dict[str, Mapping[str, list[str] | None]] = {}
    for line in text.replace("\\\n", "").splitlines():
        name, colon, record = line.partition(":")
        if not colon or record.strip() == "PERMERROR":
            continue
        records = (zone.get(name, {}).get("TXT") or []) + [record.strip()]
        zone[name] = {"TXT": None if record.strip() == "TEMPERROR" else records}
    return zone


def stalwart(folder: str) -> Iterator[tuple[str, Zone, bytes]]:
    """Give the mails of a folder, each with the zone that stands above it."""
    for path in sorted((STALWART / folder).glob("*.txt")):
        head, _, mail = path.read_bytes().partition(b"\n\n")
        lines = [line.decode().partition(" ") for line in head.splitlines()]
        yield path.name, {name: {"TXT": [record]} for name, _, record in lines}, wire(mail)
