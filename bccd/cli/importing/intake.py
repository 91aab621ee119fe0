"""From a mail in a file to what the spool takes: whose it is, when it came in, or why it is passed over."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from bccd.config import Config
from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Intake
from bccd.model.envelope import Peer, Protocol, Raw, Target
from bccd.observe import read_key
from bccd.rules.ownmail import own_mark
from bccd.rules.signing import Signer
from bccd.sources.mailbox.found import Found, Skip
from bccd.sources.mailbox.stored import opened, received_at

_PEER = Peer("", protocol=Protocol.IMPORT)
_UNPROVEN = AuthReport()


@dataclass(frozen=True)
class Owner:
    """The user whose mailbox is read, and what is wished for all of its mail."""

    company_id: int
    user_id: int
    address: str  # by which his deliveries are known; so two users may import the same octets
    wishes: tuple[Target, ...] = ()

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """What each of his deliveries is for."""
        wishes = self.wishes or (Target(self.address, self.company_id),)
        return tuple(replace(wish, address=self.address) for wish in wishes)

    @cached_property
    def sender(self) -> Sender:
        """Who each of them is from: himself, by the administrator's word."""
        return Sender(self.user_id, self.address, AuthMethod.IMPORT)


@dataclass(frozen=True, slots=True)
class Span:
    """The time whose mail is wanted; None: without an end on that side."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


def signer(config: Config) -> Signer:
    """Return what the addresses and notices of this installation are signed with."""
    return Signer(read_key(Path(config.secret_file)))


def intake(found: Found, owner: Owner, span: Span, signer: Signer, now: datetime) -> Intake | Skip:
    """Return what is to be spooled, or why it is not."""
    if found.skip is not None:
        return found.skip
    if found.octets is None:
        return Skip.TOO_LARGE
    mail = opened(found.octets)
    if mail.skip is not None or not mail.octets.strip():
        return mail.skip or Skip.EMPTY
    moment = received_at(mail.header, found.stored_at, now)
    if not span.holds(moment):
        return Skip.OUT_OF_RANGE
    if own_mark(mail.header, signer, now):
        return Skip.OWN_NOTICE
    return Intake(
        company_id=owner.company_id,
        targets=owner.targets,
        mail_from="",
        peer=_PEER,
        received_at=moment,
        auth=_UNPROVEN,
        raw=Raw(hashlib.sha256(mail.octets).digest(), len(mail.octets), mail.header, mail.octets),
        sender=owner.sender,
    )
