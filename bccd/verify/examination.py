"""All that is found out about the sender of one mail, while it comes in: evidence, never a verdict.

From MAIL FROM on the DNS is asked for SPF, every piece of the mail goes to its signatures, and at the end it
is asked whose the domains are that passed. A peer in a trusted network, or who has logged in, costs nothing
of that; neither does a mail of which a listed relay says what DMARC says.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bccd.config import Trust, Verify
from bccd.mail.domains import registered_domain
from bccd.mail.headers import SECTION_CAP
from bccd.model.auth import AuthReport, AuthResult
from bccd.model.envelope import Envelope, Peer
from bccd.ports import Examination
from bccd.verify.arc import check_arc
from bccd.verify.dkim.mail import SignedMail, UnreadMail
from bccd.verify.dmarc import Walker, evaluate
from bccd.verify.dns import Resolver
from bccd.verify.spf import check_spf
from bccd.verify.trust import Trusted

_BLANK = b"\r\n\r\n"


class MailVerifier:
    """Begins an examination for each mail; implements ports.Verifier."""

    def __init__(self, trust: Trust, verify: Verify, resolver: Resolver, now: Callable[[], datetime]) -> None:
        self.trusted = Trusted(trust)
        self.sealers = frozenset(name.lower() for name in verify.arc_sealers)
        self.public_suffixes = verify.public_suffix_fallback
        registered_domain("a.example")  # reads the public suffix list now, and not while sessions wait
        self.resolver = resolver
        self.now = now

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        """Begin at MAIL FROM, inside a running loop."""
        standing = self.trusted.standing(peer)
        if standing.trusted_network or standing.login:
            return PlainExamination(self, standing)
        return FullExamination(self, standing, peer, mail_from)


class PlainExamination:
    """An Examination of mail that its peer alone proves: nothing is asked and nothing hashed."""

    def __init__(self, verifier: MailVerifier, standing: AuthReport) -> None:
        self._verifier = verifier
        self._standing = standing

    def feed(self, octets: bytes) -> None:
        """Take octets, which say nothing here."""

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Return the evidence."""
        del from_domain  # alignment is the rules' business
        return self._verifier.trusted.told(self._standing, envelope.raw.header)

    def abandon(self) -> None:
        """Stop: nothing is under way."""


class FullExamination:
    """An Examination of mail that has to be proven."""

    def __init__(self, verifier: MailVerifier, standing: AuthReport, peer: Peer, mail_from: str) -> None:
        self._verifier = verifier
        self._standing = standing
        self._resolver = verifier.resolver.for_mail()
        self._mail = SignedMail(arc=bool(verifier.sealers))
        # Until it is complete a relay's header section is kept, for it may make the rest needless.
        self._section: bytearray | None = bytearray() if standing.relay else None
        self._client = verifier.trusted.client(peer)
        self._spf: asyncio.Task[AuthResult] | None = None
        if self._client[0]:
            ip, helo = self._client
            self._spf = asyncio.create_task(check_spf(self._resolver, ip, mail_from, helo))

    def feed(self, octets: bytes) -> None:
        """Hash the next octets as the signatures want them."""
        if self._section is not None:
            self._section += octets
            if _BLANK in self._section or len(self._section) > SECTION_CAP:
                header = bytes(self._section).partition(_BLANK)[0] + b"\r\n"
                self._section = None
                if _settled(self._verifier.trusted.told(self._standing, header)):
                    self._mail = UnreadMail()
        self._mail.feed(octets)

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Return the evidence; what the DNS does not tell in time is "temperror"."""
        standing = self._verifier.trusted.told(self._standing, envelope.raw.header)
        if not from_domain or _settled(standing):
            self.abandon()
            return standing
        self._mail.finish()
        walker = Walker(self._resolver, public_suffixes=self._verifier.public_suffixes)
        walker.look_ahead(from_domain)
        dkim, arc, spf = await asyncio.gather(
            self._mail.dkim(self._resolver, self._verifier.now()),
            check_arc(self._mail, self._verifier.sealers, self._resolver),
            self._spf_results(),
        )
        dmarc = await evaluate(walker, from_domain, (*dkim, *spf, *_relayed(standing)))
        return replace(
            standing,
            checks=(*spf, *dkim, dmarc.result, *arc),
            organisations=dmarc.organisations,
            exact=dmarc.exact,
            policy=dmarc.policy,
            client_ip=self._client[0],
            client_helo=self._client[1],
        )

    async def _spf_results(self) -> tuple[AuthResult, ...]:
        return (await self._spf,) if self._spf is not None else ()

    def abandon(self) -> None:
        """Ask no further: there is no report to come, or it needs no more."""
        if self._spf is not None:
            self._spf.cancel()


def _settled(report: AuthReport) -> bool:
    """Tell whether a relay has said what our own checks could only repeat."""
    passed = [result for result in report.results if result.result == "pass"]
    return any(one.method == "dmarc" or (one.method == "auth" and "@" in one.domain) for one in passed)


def _relayed(report: AuthReport) -> tuple[AuthResult, ...]:
    """Return what passed at the relay, by domain, to be told whose that is."""
    return tuple(
        replace(result, domain=result.domain.rpartition("@")[2])
        for result in report.results
        if result.result == "pass"
    )
