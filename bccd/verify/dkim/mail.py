"""A mail on its way in, as those see it who check signatures: fed octet by octet, asked at its end.

Nothing of the body is kept. Once the header section is complete its signatures are read, and from then on the
body is hashed in the canonical forms that they name, at most two. Where nobody will ask, UnreadMail takes its
place.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from datetime import datetime

from bccd.mail.headers import SECTION_CAP
from bccd.model.auth import AuthResult
from bccd.verify.dkim.body import RelaxedBody, SimpleBody
from bccd.verify.dkim.check import check
from bccd.verify.dkim.faults import PERMERROR, FaultError
from bccd.verify.dkim.header import Header
from bccd.verify.dkim.signature import RELAXED, Signature, claims, read_canon, read_signature, tags_of
from bccd.verify.dns import Resolver

LOOKED_AT = 5  # signatures of one mail, from the top
_MESSAGE_SIGNATURES = 50  # the sets that an ARC chain may have (RFC 8617 4.2.1)
_SIGNED = re.compile(rb"-signature", re.IGNORECASE).search
_SIGNED_BY = re.compile(rb"-signature|arc-", re.IGNORECASE).search
_BLANK = b"\r\n\r\n"


class SignedMail:
    """What the signatures of one mail need of it; `arc` tells whether ARC will be asked for."""

    def __init__(self, *, arc: bool = False) -> None:
        self.header = Header(b"")
        self._arc = arc
        self._section: bytearray | None = bytearray()  # None once it is complete
        self._found: list[Signature | AuthResult] = []
        self._bodies: dict[bool, SimpleBody] = {}
        self._hashes: dict[bool, bytes] = {}

    def feed(self, octets: bytes) -> None:
        """Take the next octets; the work goes with their number, whatever came before."""
        if self._section is not None:
            octets = self._collect(self._section, octets)
        for body in self._bodies.values():
            body.feed(octets)

    def _collect(self, section: bytearray, octets: bytes) -> bytes:
        """Add to the header section; return what follows it."""
        start = max(len(section) - len(_BLANK) + 1, 0)
        section += octets
        blank = section.find(_BLANK, start, SECTION_CAP + len(_BLANK))
        if section.startswith(b"\r\n"):  # no field at all
            end, body = 0, 2
        elif blank >= 0:
            end, body = blank + 2, blank + 4
        elif len(section) > SECTION_CAP + len(_BLANK):  # refused by whoever feeds us, and proof of nothing
            end, body = 0, len(section)
        else:
            return b""
        rest = bytes(section[body:])
        self._begin_body(bytes(section[:end]))
        return rest

    def _begin_body(self, section: bytes) -> None:
        """Read the signatures, and prepare for the body as they saw it."""
        self._section = None
        if not (_SIGNED_BY if self._arc else _SIGNED)(section):
            return
        self.header = Header(section)
        self._found = [_read(self.header, at) for at in self.header.named(b"dkim-signature")[:LOOKED_AT]]
        forms = {found.canon.body for found in self._found if isinstance(found, Signature)}
        forms |= set(_sealed_forms(self.header)) if self._arc else set()
        self._bodies = {relaxed: RelaxedBody() if relaxed else SimpleBody() for relaxed in forms}

    def finish(self) -> None:
        """Note that there are no more octets."""
        if self._section is not None:
            self._begin_body(bytes(self._section))
        self._hashes = {relaxed: body.digest() for relaxed, body in self._bodies.items()}
        self._bodies = {}

    def body_hash(self, *, relaxed: bool) -> bytes:
        """Return the hash of the whole body in a form that a signature has named; after finish()."""
        return self._hashes.get(relaxed, b"")

    async def dkim(self, resolver: Resolver, now: datetime) -> tuple[AuthResult, ...]:
        """Say what each DKIM signature proves, from the top; after finish()."""
        if self.header.defect:
            return (AuthResult("dkim", PERMERROR, "", self.header.defect),)
        if not self._found:
            return (AuthResult("dkim", "none", ""),)
        if len(self._found) == 1:  # as nearly always
            return (await self._check(self._found[0], resolver, now),)
        results = await asyncio.gather(*(self._check(found, resolver, now) for found in self._found))
        unread = len(self.header.named(b"dkim-signature")) - len(self._found)
        more = (AuthResult("dkim", "neutral", "", f"{unread} more signatures are not looked at"),)
        return (*results, *(more if unread else ()))

    async def _check(self, found: Signature | AuthResult, resolver: Resolver, now: datetime) -> AuthResult:
        if isinstance(found, AuthResult):
            return found
        return await check(found, self.header, self.body_hash(relaxed=found.canon.body), resolver, now)


class UnreadMail(SignedMail):
    """A mail whose signatures nobody asks for: it is neither kept nor hashed."""

    def feed(self, octets: bytes) -> None:
        """Take octets."""

    async def dkim(self, resolver: Resolver, now: datetime) -> tuple[AuthResult, ...]:
        """Say nothing."""
        del resolver, now
        return ()


def _read(header: Header, at: int) -> Signature | AuthResult:
    """Read a signature, or say why it proves nothing."""
    field = header.field(at)
    try:
        return read_signature(at, field)
    except FaultError as fault:
        domain, about = claims(field)
        return AuthResult("dkim", fault.result, domain, f"{about}: {fault.why}" if about else fault.why)


def _sealed_forms(header: Header) -> Iterator[bool]:
    """Tell how the message signatures of ARC saw the body."""
    for at in header.named(b"arc-message-signature")[:_MESSAGE_SIGNATURES]:
        with contextlib.suppress(FaultError):
            yield read_canon(tags_of(header.field(at)), RELAXED).body
