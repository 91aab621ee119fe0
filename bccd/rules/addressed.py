"""What a user's secret address asks of a mail, and what it lets in that no author's proof would."""

from collections.abc import Collection, Iterable

from bccd.mail.addresses import domain_of
from bccd.mail.confirmation import asks_from
from bccd.mail.domains import is_free_mail
from bccd.mail.forwarders import is_rewritten, named_by_envelope, named_by_fields, same_mailbox
from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.directory import Directory
from bccd.model.envelope import Envelope, Tag, Target
from bccd.rules.align import aligned, one_holder
from bccd.rules.identify import SPF_UNKNOWN, signed, vouched

# Reasons that no proof of the author mends: the mail was sent to an address that is not for it.
MISADDRESSED = frozenset({"other_users_address", "secret_address_needed"})


def addressed(
    verdict: Sender | HeldSender,
    envelope: Envelope,
    report: AuthReport,
    directory: Directory,
    company_id: int,
) -> Sender | HeldSender:
    """Judge once more by the secret addresses that a company's share of a mail went to (rules.md 2.6)."""
    wishes = [
        wish for target in envelope.targets if target.company_id == company_id for wish in target.wishes
    ]
    forward = next((wish for wish in wishes if wish.tag is Tag.FORWARD), None)
    if forward is not None:
        return _forwarded(verdict, forward, envelope, report, directory)
    if isinstance(verdict, HeldSender):
        return verdict
    company = directory.companies.get(company_id)
    demanded = company is not None and company.policy.secret_address
    if not demanded and all(wish.tag is Tag.NONE for wish in wishes):
        return verdict
    reason = misaddressed(verdict, wishes, _identities(verdict, directory, company_id), demanded=demanded)
    return HeldSender(reason, verdict.address, verdict.user_id) if reason else verdict


def misaddressed(
    sender: Sender, targets: Iterable[Target], identities: Collection[int], *, demanded: bool
) -> str:
    """Return why a proven user may not use these addresses, empty where he may.

    `identities` are the users that he may act for: himself, of a team its members.
    """
    targets = tuple(targets)
    owners = {target.user_id for target in targets if target.tag is Tag.USER}
    answers = any(target.tag is Tag.REPLY for target in targets)  # by an address that is as secret
    if owners and not owners.issubset(identities):
        return "other_users_address"
    if demanded and not (owners or answers) and sender.method is not AuthMethod.RULING:
        return "secret_address_needed"
    return ""


def _identities(sender: Sender, directory: Directory, company_id: int) -> frozenset[int]:
    entry = directory.user_addresses.get((company_id, sender.address))
    return frozenset({sender.user_id, *(entry.user.members if entry else ())})


def _forwarded(
    verdict: Sender | HeldSender,
    target: Target,
    envelope: Envelope,
    report: AuthReport,
    directory: Directory,
) -> Sender | HeldSender:
    """Judge what came to a user's forwarding address: his own mail as ever, a customer's as his if proven."""
    if isinstance(verdict, Sender) and verdict.user_id == target.user_id and _wrote(verdict, report):
        return verdict
    if isinstance(verdict, HeldSender) and not verdict.address:  # it has no single author
        return verdict
    assert target.user_id is not None  # noqa: S101 - admit names the user of every secret address
    author = verdict.address
    if asks_from(author) and vouched(report, domain_of(author)):
        return Sender(target.user_id, author, AuthMethod.SECRET)
    for mailbox in _mailboxes_of(target, directory):
        if _came_from(mailbox, author, envelope, report):
            return Sender(target.user_id, mailbox, AuthMethod.SECRET)
    if any(check.method == "spf" and check.result == "temperror" for check in report.checks):
        return HeldSender(SPF_UNKNOWN, author)
    return HeldSender("forward_unproven", author, target.user_id)


def _wrote(sender: Sender, report: AuthReport) -> bool:
    """Tell whether the user is proven to have written what came to his forwarding address.

    His server's SPF proves nothing there: it sends on whatever anybody writes to him, in his own name, too.
    """
    by_path = sender.method in (AuthMethod.SPF, AuthMethod.RELAY_SPF, AuthMethod.RELAY_DMARC)
    return not by_path or signed(report, domain_of(sender.address))


def _mailboxes_of(target: Target, directory: Directory) -> list[str]:
    """Return the user's confirmed addresses."""
    return sorted(
        address
        for (company_id, address), entry in directory.user_addresses.items()
        if company_id == target.company_id
        and entry.user.id == target.user_id
        and entry.confirmed
        and entry.user.active
    )


def _came_from(mailbox: str, author: str, envelope: Envelope, report: AuthReport) -> bool:
    """Tell whether it is proven that this mailbox's own server sent the mail on.

    Where anybody can have a mailbox at the domain, a field that names this one is any neighbour's to write:
    there the envelope must name it, which the server writes. A signature counts only where it is not the
    author's, for that one was made before the mail was sent on, and can be sent again by whoever has it.
    """
    if report.trusted_network:
        return True
    domain, sent_by = domain_of(mailbox), domain_of(envelope.mail_from)
    vouches = spf_passes(report, sent_by)
    if vouches and same_mailbox(named_by_envelope(envelope.mail_from), mailbox):
        return True
    if is_free_mail(domain):
        return False
    ours = vouches and aligned(report, "spf", sent_by, domain) and one_holder(sent_by, domain)
    if ours and is_rewritten(envelope.mail_from):
        return True
    ours = ours or (domain_of(author) != domain and vouched(report, domain))
    return ours and any(same_mailbox(named, mailbox) for named in named_by_fields(envelope.raw.header))


def spf_passes(report: AuthReport, domain: str) -> bool:
    """Tell whether the envelope's domain is proven to have sent the mail, by us or by a trusted relay."""
    told: tuple[AuthResult, ...] = report.results if report.relay and report.authserv_id else ()
    return bool(domain) and any(
        result.method == "spf" and result.result == "pass" and result.domain.rpartition("@")[2] == domain
        for result in (*report.checks, *told)
    )
