"""Evidence that a test sets, in place of asking the DNS."""

from dataclasses import dataclass, field

from bccd.model.auth import AuthReport
from bccd.model.envelope import Envelope, Peer

KEPT = 2**21  # octets: a test of memory must not count what is kept for it


@dataclass
class SetExamination:
    """An Examination that keeps what it was fed, up to KEPT, and reports what it was given."""

    evidence: AuthReport = field(default_factory=AuthReport)
    octets: bytearray = field(default_factory=bytearray)
    from_domain: str | None = None  # once it was asked to report
    abandoned: bool = False

    def feed(self, octets: bytes) -> None:
        """Keep octets."""
        if len(self.octets) < KEPT:
            self.octets += octets

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Return the evidence that was set."""
        del envelope
        self.from_domain = from_domain
        return self.evidence

    def abandon(self) -> None:
        """Note that nobody wants the report."""
        self.abandoned = True


@dataclass
class SetVerifier:
    """A Verifier whose examinations all report the same; it keeps them."""

    evidence: AuthReport = field(default_factory=AuthReport)
    begun: list[tuple[Peer, str, SetExamination]] = field(default_factory=list)

    def examine(self, peer: Peer, mail_from: str) -> SetExamination:
        """Begin one."""
        examination = SetExamination(self.evidence)
        self.begun.append((peer, mail_from, examination))
        return examination
