"""The way of one mail: receive() while the peer waits, deliver() whenever it is due. Read this first.

    receive:  admit -> verify -> identify -> spool, durable -> only now 250
    deliver:  (parsed apart) lookups -> gather -> ruled -> decide -> apply -> commit, one transaction a batch

docs/explanation/flow.md tells the same story with a picture and is held equal to this file by a test.
"""

from collections.abc import Sequence
from dataclasses import replace

from bccd.mail.addresses import domain_of
from bccd.mail.fromfield import StrictFrom, strict_from
from bccd.mail.headers import scan
from bccd.model.auth import AuthMethod, AuthReport, HeldSender, Login, Sender
from bccd.model.delivery import Delivery, Intake, Mail, Receipt, show_id
from bccd.model.envelope import Envelope, Peer, Tag, Target
from bccd.model.errors import FloodError, StorageFullError, StoreUnavailableError
from bccd.model.message import Content, Message
from bccd.model.plan import Outcome, Plan
from bccd.model.reply import (
    ACCEPTED,
    DISK_FULL,
    LOCAL_ERROR,
    NO_SUCH_ADDRESS,
    NO_SUCH_DEAL,
    SWALLOWED,
    TOO_MANY_STRANGERS,
    TOO_MUCH_MAIL,
    Reply,
)
from bccd.ports import DeliverPorts, Examination, ReceivePorts, UnitOfWork
from bccd.rules import admit
from bccd.rules.addressed import addressed
from bccd.rules.answers import is_bounce_of_notice
from bccd.rules.decide import decide, failed
from bccd.rules.identify import identify
from bccd.rules.lookups import lookups
from bccd.rules.outsider import handed_on, outsider
from bccd.rules.overlay import Overlay
from bccd.rules.ownmail import OWN_MAIL, own_mark
from bccd.rules.refuse import PLAIN, keeps, refusal
from bccd.rules.rehearsal import failed_rehearsal, is_rehearsal, rehearsed
from bccd.rules.ruled import ruled
from bccd.rules.scope import bounded
from bccd.rules.strangers import acquainted, is_stranger, mark_of
from bccd.rules.trusted import matching


class Receiving:
    """What runs while the peer waits; implements ports.Receiver."""

    def __init__(self, ports: ReceivePorts) -> None:
        self._ports = ports

    async def login(self, name: str, password: str) -> Login | None:
        """Return whose name and password this is, None where it is nobody's."""
        logins = self._ports.logins
        return await logins.check(name, password) if logins is not None else None

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        """Begin to gather evidence about a mail, at MAIL FROM; about a stranger's once it is let in."""
        ports = self._ports
        guard, directory = ports.guard, ports.directory.at_hand()
        if guard is None or guard.proven_by_place(peer):
            return ports.verifier.examine(peer, mail_from)
        if directory is not None and acquainted(mail_from, directory):
            return ports.verifier.examine(peer, mail_from)
        return guard.postponed(peer, lambda: ports.verifier.examine(peer, mail_from))

    async def recipient(
        self, peer: Peer, mail_from: str, address: str, so_far: Sequence[Target]
    ) -> Target | Reply:
        """Check one RCPT TO against the directory (rules.md 1); raises StoreUnavailableError."""
        ports = self._ports
        found = admit.recipient(address, await ports.directory.current(), ports.signer, ports.clock.now())
        if isinstance(found, Reply):
            # No 5xx from a stale snapshot: the address may have been added a moment ago.
            found = admit.recipient(address, await ports.directory.fresh(), ports.signer, ports.clock.now())
        if isinstance(found, Reply):
            return found
        refused = admit.transaction(found, mail_from, peer.protocol, so_far)
        refused = refused or self._put_off(peer, mail_from, found, so_far)
        return refused or await self._with_deals(found)

    def _put_off(self, peer: Peer, mail_from: str, target: Target, so_far: Sequence[Target]) -> Reply | None:
        """Put a mail off that comes in a flood, once for each company, before anything is asked about it."""
        guard, directory, company_id = self._ports.guard, self._ports.directory.at_hand(), target.company_id
        if guard is None or directory is None or guard.proven_by_place(peer):
            return None
        if any(other.company_id == company_id for other in so_far):
            return None
        if is_stranger(mail_from, target, directory):
            return None if guard.stranger(peer, company_id) else TOO_MANY_STRANGERS
        return None if guard.acquaintance(peer) else TOO_MUCH_MAIL

    async def _with_deals(self, target: Target) -> Target | Reply:
        """Make sure that the deals exist that an address names, if that can be told now."""
        if target.tag is Tag.NONE:  # nor has it further wishes
            return target
        found: list[Target] = []
        for wish in target.wishes:
            if wish.tag is Tag.DEAL and wish.number:  # by a signature that holds
                name = await self._ports.directory.deal_numbered(wish.company_id, wish.number)
                if name is None:
                    return NO_SUCH_ADDRESS
                found += [replace(wish, argument=name, number=0)]
                continue
            if wish.tag is Tag.DEAL:
                known = await self._ports.directory.deal_exists(wish.company_id, wish.argument)
                if known is False:  # None: cannot be told now, so accepted
                    return NO_SUCH_DEAL
            found += [wish]
        return replace(found[0], more=tuple(found[1:]))

    async def message(self, envelope: Envelope, examination: Examination) -> list[Reply]:
        """Take a whole mail: one reply for each target, in order.

        Raises StoreUnavailableError where it is one company's and cannot be kept.
        """
        refused = admit.header(scan(envelope.raw.header))
        if refused:
            return [refused] * len(envelope.targets)
        sender = strict_from(envelope.raw.header)
        try:
            auth = await examination.report(envelope, domain_of(sender.address))
        except FloodError:
            return [TOO_MANY_STRANGERS] * len(envelope.targets)
        companies = dict.fromkeys(target.company_id for target in envelope.targets)
        verdicts: dict[int, Reply] = {}
        for company_id in companies:
            try:
                verdicts[company_id] = await self._take(envelope, company_id, sender, auth)
            except StoreUnavailableError as error:
                if len(companies) == 1:
                    raise
                # What is durable for another company is said to be so (RFC 2033 4.2).
                verdicts[company_id] = DISK_FULL if isinstance(error, StorageFullError) else LOCAL_ERROR
        return [verdicts[target.company_id] for target in envelope.targets]

    async def _verdict(
        self, envelope: Envelope, company_id: int, sender: StrictFrom, auth: AuthReport
    ) -> Sender | HeldSender:
        """Say whose mail it is; nobody is refused by a stale snapshot."""
        header, mail_from = envelope.raw.header, envelope.mail_from
        verdict = identify(sender, mail_from, auth, await self._ports.directory.current(), company_id)
        if isinstance(verdict, Sender):
            return verdict
        directory = await self._ports.directory.fresh()
        verdict = identify(sender, mail_from, auth, directory, company_id)
        if isinstance(verdict, Sender) or verdict.reason in PLAIN:
            return verdict
        # The same is asked about a user: what an answer costs must not tell him from a stranger.
        for_user = handed_on(header, sender.address, mail_from, auth, directory, company_id)
        someone = outsider(header, sender.address, auth)
        known = await self._ports.directory.acquaintance(company_id, someone) if someone else None
        if verdict.reason != "unknown_sender":
            return verdict
        if for_user is not None:
            return for_user
        return HeldSender("customer_reply", sender.address, known.user_id) if known else verdict

    async def _take(self, envelope: Envelope, company_id: int, sender: StrictFrom, auth: AuthReport) -> Reply:
        """Prove one company's share of the mail and make it durable: TRANSACTION 1."""
        if mark := own_mark(envelope.raw.header, self._ports.signer, self._ports.clock.now()):
            return await self._set_aside(envelope, company_id, auth, mark)
        verdict = await self._verdict(envelope, company_id, sender, auth)
        directory = await self._ports.directory.current()
        verdict = addressed(verdict, envelope, auth, directory, company_id)
        if isinstance(verdict, HeldSender) and is_bounce_of_notice(envelope, company_id):
            return SWALLOWED
        rehearses = is_rehearsal([it for it in envelope.targets if it.company_id == company_id])
        if rehearses and isinstance(verdict, HeldSender) and verdict.reason not in PLAIN:
            verdict = HeldSender("rehearsal", verdict.address)  # nobody is asked to let it in
        if isinstance(verdict, HeldSender) and not keeps(envelope.peer, auth, verdict):
            rows = directory.trusted.get((company_id, verdict.address), ())
            if not matching(verdict, auth, envelope.mail_from, rows):  # whether that is enough, filing says
                return refusal(envelope, verdict, self._ports.help_url)
        if rehearses and isinstance(verdict, HeldSender):
            return ACCEPTED  # nobody is proven: nothing is kept, and nobody answered
        if isinstance(verdict, Sender) and self._is_over(verdict, company_id, envelope.raw.header):
            return TOO_MUCH_MAIL
        receipt = await self._ports.spool.put(_intake(envelope, company_id, verdict, auth))
        return _accepted(receipt)

    async def _set_aside(self, envelope: Envelope, company_id: int, auth: AuthReport, mark: bytes) -> Reply:
        """Keep a notice of ours that came back, a few times, whatever its address wishes."""
        guard = self._ports.guard
        if guard is not None and not guard.returned(mark):
            return SWALLOWED
        own = _intake(envelope, company_id, HeldSender(OWN_MAIL), auth)
        wishless = tuple(Target(target.address, target.company_id) for target in own.targets)
        return _accepted(await self._ports.spool.put(replace(own, targets=wishless)))

    def _is_over(self, sender: Sender, company_id: int, header: bytes) -> bool:
        """Tell whether a user's quota is used up; only what is his counts, or anybody could use it up."""
        guard = self._ports.guard
        if guard is None or sender.method is AuthMethod.TRUSTED_NETWORK:
            return False
        if sender.method is AuthMethod.SECRET:
            return not guard.forwarded(company_id, sender.user_id)
        return not guard.proven(company_id, sender.user_id, mark_of(header, sender.method))


def _intake(envelope: Envelope, company_id: int, verdict: Sender | HeldSender, auth: AuthReport) -> Intake:
    return Intake(
        company_id=company_id,
        targets=tuple(
            wish for target in envelope.targets if target.company_id == company_id for wish in target.wishes
        ),
        mail_from=envelope.mail_from,
        peer=envelope.peer,
        received_at=envelope.received_at,
        auth=auth,
        raw=envelope.raw,
        sender=verdict if isinstance(verdict, Sender) else None,
        held=verdict if isinstance(verdict, HeldSender) else None,
        defects=envelope.defects,
    )


def _accepted(receipt: Receipt) -> Reply:
    seen = ", seen before" if receipt.duplicate else ""
    return ACCEPTED.because(f"{ACCEPTED.text} as {show_id(receipt.delivery_id)}{seen}")


def _alike(mails: Sequence[Mail]) -> Sequence[Mail]:
    """Return the mails up to the first rehearsal, or that alone: what it plans must not be seen by others."""
    first = next((place for place, mail in enumerate(mails) if is_rehearsal(mail.delivery.targets)), None)
    return mails[: max(first, 1)] if first is not None else mails


def _plan_some(mails: Sequence[Mail], work: UnitOfWork) -> tuple[list[Mail], list[Plan], list[Outcome]]:
    """Decide mails one after the other over facts gathered once; returns what is to be written, and outcomes.

    It ends early where a mail changes more than it adds (conversations are put together anew, a message gets
    a further owner): what comes next must see all that follows from it.
    """
    mails = [bounded(mail) for mail in _alike(mails)]
    policy = work.company.policy
    query = lookups(mails, policy)
    overlay = Overlay(work.gather(query))
    said = [ruled(mail, overlay) for mail in mails]
    if any(mail is not before for mail, before in zip(said, mails, strict=True)):
        mails = said  # what users have named since must be known too, under the same lock
        query = lookups(mails, policy)
        overlay = Overlay(work.gather(query))
    rehearses = is_rehearsal(mails[0].delivery.targets)
    plans: list[Plan] = []
    fresh: list[Mail] = []
    outcomes: list[Outcome] = []
    for mail in mails:
        ended = overlay.delivered(mail.delivery.id)
        if ended is not None:  # the last run died between this commit and clearing the spool
            outcomes.append(ended)
            continue
        plan = decide(mail, overlay)
        if rehearses:
            plan = rehearsed(mail, plan)
        fresh.append(mail)
        plans.append(plan)
        outcomes.append(plan.outcome)
        if any(part.regroup or part.update for part in (plan, *plan.more)):
            break
    return fresh, plans, outcomes


def deliver(company_id: int, mails: Sequence[Mail], ports: DeliverPorts) -> list[Outcome]:
    """File one company's parsed mails in one transaction: TRANSACTION 2; re-runnable at any time.

    Raises StoreUnavailableError when the database is away; any other exception is the fault of a mail.
    """
    outcomes: list[Outcome] = []
    size = len(mails)
    with ports.open_work(company_id) as work:
        while len(outcomes) < len(mails):
            fresh, plans, ended = _plan_some(mails[len(outcomes) :][:size], work)
            work.apply(fresh, plans, ports.clock.now())
            outcomes += ended
            # What ended early may do so again: no more is asked than is likely to be decided.
            size = 2 * len(ended)
        work.commit()
    return outcomes


def give_up(delivery: Delivery, reason: str, ports: DeliverPorts) -> Outcome:
    """Record a mail that cannot be filed as failed; its octets and envelope stay in the spool for a retry."""
    rehearses = is_rehearsal(delivery.targets)
    plan = failed_rehearsal(delivery, reason) if rehearses else failed(delivery, reason)
    with ports.open_work(delivery.company_id) as work:
        work.apply([Mail(delivery, Message(Content()))], [plan], ports.clock.now())
        work.commit()
    return plan.outcome
