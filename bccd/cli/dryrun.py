"""What the rules would do with a mail that lies in a file: the real pipeline, and nothing is written."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bccd.cli.base import NotFoundError
from bccd.cli.examined import Examined
from bccd.mail.addresses import domain_of, normalise
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import header_section
from bccd.mail.parse import parse
from bccd.model.auth import AuthReport, AuthResult, HeldSender, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.directory import Acquaintance, Directory, Outsider, UserAddress
from bccd.model.envelope import Envelope, Peer, Protocol, Raw, Tag, Target
from bccd.model.errors import MistakeError
from bccd.model.plan import Plan
from bccd.model.reply import Reply
from bccd.ports import WorkOpener
from bccd.rules import admit
from bccd.rules.addressed import addressed
from bccd.rules.decide import decide
from bccd.rules.identify import identify
from bccd.rules.lookups import lookups
from bccd.rules.outsider import handed_on, outsider
from bccd.rules.overlay import Overlay
from bccd.rules.signing import Signer

_PROVEN = "dry run"
_NOT_STORED = 0  # the delivery's id; the store gives out none below 1


@dataclass(frozen=True, slots=True)
class Wish:
    """As whose mail, to which address, a file is looked at; empty: its From, the only address there is."""

    submitter: str
    recipient: str
    find: Callable[[int, str], UserAddress]  # company, what was said of the submitter
    acquaintance: Callable[[int, Outsider], Acquaintance | None]
    signer: Signer
    deal_numbered: Callable[[int, int], str | None]  # company, number -> external id
    examined: Examined | None = None  # what is known of the sender; None: everything is taken as proven


def dry_run(raw: bytes, directory: Directory, open_work: WorkOpener, wish: Wish) -> Plan:
    """Decide a mail that lies in a file as if it came in now."""
    target = _target(directory, wish)
    address = wish.find(target.company_id, wish.submitter).address if wish.submitter else ""
    verdict = _verdict(header_section(raw), directory, target.company_id, address, wish)
    verdict = addressed(verdict, _envelope(raw, target, wish), _evidence(wish), directory, target.company_id)
    delivery = Delivery(
        id=_NOT_STORED,
        company_id=target.company_id,
        targets=target.wishes,
        mail_from=wish.examined.mail_from if wish.examined else verdict.address,
        peer=wish.examined.peer if wish.examined else Peer("", protocol=Protocol.IMPORT),
        received_at=datetime.now(UTC),
        auth=wish.examined.auth if wish.examined else AuthReport(),
        raw_sha256=hashlib.sha256(raw).digest(),
        size=len(raw),
        sender=verdict if isinstance(verdict, Sender) else None,
        held=verdict if isinstance(verdict, HeldSender) else None,
    )
    mail = Mail(delivery, parse(raw))
    with open_work(target.company_id) as work:  # never committed, so nothing of it stays
        query = lookups([mail], work.company.policy)
        return decide(mail, Overlay(work.gather(query)))


def _evidence(wish: Wish) -> AuthReport:
    """Return what is known of the server that sent the mail; what nobody looked into is taken as proven."""
    return wish.examined.auth if wish.examined else AuthReport(_PROVEN)


def _envelope(raw: bytes, target: Target, wish: Wish) -> Envelope:
    """Return as much of a transaction as secret addresses ask about."""
    header = Raw(b"", len(raw), header_section(raw))
    peer = wish.examined.peer if wish.examined else Peer("", protocol=Protocol.IMPORT)
    mail_from = wish.examined.mail_from if wish.examined else ""
    return Envelope(peer, mail_from, (target,), header, datetime.now(UTC))


def as_sent(raw: bytes) -> bytes:
    """Give a file with the line ends of Unix those of SMTP: a header section is refused over any other."""
    return raw if b"\r" in raw else raw.replace(b"\n", b"\r\n")


def _target(directory: Directory, wish: Wish) -> Target:
    recipient = wish.recipient
    if not recipient:
        lasting = sorted(directory.company_addresses.keys() - directory.retiring.keys())
        if len(lasting) != 1:
            known = ", ".join(lasting) or "none"
            raise MistakeError(f"say to which company address with --to (there are: {known})")
        recipient = lasting[0]
    found = admit.recipient(normalise(recipient), directory, wish.signer, datetime.now(UTC))
    if isinstance(found, Reply):
        raise NotFoundError(f"{recipient}: {found.text}")
    named = [_named(each, wish) for each in found.wishes]
    return replace(named[0], more=tuple(named[1:]))


def _named(target: Target, wish: Wish) -> Target:
    """Give a deal that a signature names the external id by which the rules look for it."""
    if not target.number or target.tag is not Tag.DEAL:
        return target
    name = wish.deal_numbered(target.company_id, target.number)
    if name is None:
        raise NotFoundError(f"{wish.recipient}: the deal is gone")
    return replace(target, argument=name, number=0)


def _verdict(
    header: bytes, directory: Directory, company_id: int, submitter: str, wish: Wish
) -> Sender | HeldSender:
    """Say whose mail it is as the pipeline would; what nobody looked into is taken as proven."""
    sender = strict_from(header)
    if submitter:
        sender = type(sender)(submitter, sender.name, "")
    results = (AuthResult("dmarc", "pass", domain_of(sender.address)),)
    assumed = AuthReport(_PROVEN, _PROVEN, _PROVEN, results)
    mail_from = sender.address
    if wish.examined is not None:
        assumed, mail_from = wish.examined.auth, wish.examined.mail_from
    verdict = identify(sender, mail_from, assumed, directory, company_id)
    if isinstance(verdict, Sender) or verdict.reason != "unknown_sender" or submitter:
        return verdict
    for_user = handed_on(header, sender.address, mail_from, assumed, directory, company_id)
    if for_user is not None:
        return for_user
    someone = outsider(header, sender.address, assumed)
    known = wish.acquaintance(company_id, someone) if someone else None
    return HeldSender("customer_reply", sender.address, known.user_id) if known else verdict
