"""What the rules would do with a mail that lies in a file: the real pipeline, and nothing is written."""

import hashlib
from datetime import UTC, datetime

from bccd.cli.base import NotFoundError
from bccd.mail.addresses import normalise
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import header_section
from bccd.mail.parse import parse
from bccd.model.auth import AuthReport, HeldSender, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.directory import Directory, UserAddress
from bccd.model.envelope import Peer, Protocol, Target
from bccd.model.errors import MistakeError
from bccd.model.plan import Plan
from bccd.model.reply import Reply
from bccd.ports import WorkOpener
from bccd.rules import admit
from bccd.rules.decide import decide
from bccd.rules.identify import identify
from bccd.rules.lookups import lookups
from bccd.rules.overlay import Overlay

_NOT_STORED = 0  # the delivery's id; the store gives out none below 1


def dry_run(raw: bytes, directory: Directory, open_work: WorkOpener, submitter: str, recipient: str) -> Plan:
    """Decide a mail as if `submitter` (empty: its From, taken as proven) had sent it to `recipient` now."""
    target = _target(directory, recipient)
    verdict = _verdict(raw, directory, target.company_id, submitter)
    delivery = Delivery(
        id=_NOT_STORED,
        company_id=target.company_id,
        targets=(target,),
        mail_from=verdict.address,
        peer=Peer("", protocol=Protocol.IMPORT),
        received_at=datetime.now(UTC),
        auth=AuthReport(),
        raw_sha256=hashlib.sha256(raw).digest(),
        size=len(raw),
        sender=verdict if isinstance(verdict, Sender) else None,
        held=verdict if isinstance(verdict, HeldSender) else None,
    )
    mail = Mail(delivery, parse(raw))
    with open_work(target.company_id) as work:  # never committed, so nothing of it stays
        query = lookups(mail, split_on_subject=work.company.policy.split_on_subject)
        return decide(mail, Overlay(work.gather(query)))


def _target(directory: Directory, recipient: str) -> Target:
    if not recipient:
        if len(directory.company_addresses) != 1:
            known = ", ".join(sorted(directory.company_addresses)) or "none"
            raise MistakeError(f"say to which company address with --to (there are: {known})")
        recipient = next(iter(directory.company_addresses))
    found = admit.recipient(normalise(recipient), directory)
    if isinstance(found, Reply):
        raise NotFoundError(f"{recipient}: {found.text}")
    return found


def _verdict(raw: bytes, directory: Directory, company_id: int, submitter: str) -> Sender | HeldSender:
    sender = strict_from(header_section(raw))
    if submitter:
        address = find_user(directory, company_id, submitter).address
        sender = type(sender)(address, sender.name, "")
    assumed = AuthReport(trusted_network="dry run")
    return identify(sender, assumed, directory, company_id)


def find_user(directory: Directory, company_id: int, said: str) -> UserAddress:
    """Find a user by an address or by number; raises NotFoundError."""
    wanted = normalise(said)
    for (company, address), entry in sorted(directory.user_addresses.items()):
        if company == company_id and (address == wanted or str(entry.user.id) == said):
            return entry
    raise NotFoundError(f"{said}: no such user; name an address or a number of `bccd directory list user`")
