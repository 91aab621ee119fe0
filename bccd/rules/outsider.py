"""Mail of somebody outside that is no stranger's: handed on by a user, or written by one whom we know."""

from bccd.mail.addresses import domain_of
from bccd.mail.auto import kind_of
from bccd.mail.domains import is_free_mail
from bccd.mail.forwarders import named_by_envelope, same_mailbox
from bccd.mail.fromfield import strict_mailbox
from bccd.mail.headers import fields
from bccd.mail.msgid import answered
from bccd.model.auth import AuthReport, HeldSender
from bccd.model.directory import Directory, Outsider
from bccd.model.message import AutoKind
from bccd.rules.addressed import spf_passes
from bccd.rules.identify import passes_dmarc, vouched
from bccd.rules.thread import id_names

_HANDED_ON_BY = (b"resent-from", b"sender")  # RFC 5322 3.6.6, 3.6.2


def handed_on(  # noqa: PLR0917 - what is known of one mail
    header: bytes, author: str, mail_from: str, report: AuthReport, directory: Directory, company_id: int
) -> HeldSender | None:
    """Hold a redirected mail or invitation for the user who is proven to have sent it (decisions.md 7.5).

    The mail is not his, so it is filed only if he says that it was he.
    """
    for field in _HANDED_ON_BY:
        address = strict_mailbox(header, field).address
        entry = directory.user_addresses.get((company_id, address))
        if entry is None or not entry.confirmed or not entry.user.active or entry.user.is_team:
            continue
        if _sent_on(address, entry.user.id, mail_from, report, company_id):
            return HeldSender("redirected", author, entry.user.id)
    return None


def _sent_on(address: str, user_id: int, mail_from: str, report: AuthReport, company_id: int) -> bool:
    """Tell whether it is proven that this address of a user sent a mail on.

    Where anybody can have a mailbox at the domain the envelope must name it, for a neighbour could write the
    field, and would learn by the answer who is a user.
    """
    if report.login is not None:
        return (report.login.company_id, report.login.user_id) == (company_id, user_id)
    domain = domain_of(address)
    if not vouched(report, domain):
        return False
    if report.trusted_network or not is_free_mail(domain):
        return True
    return spf_passes(report, domain_of(mail_from)) and same_mailbox(named_by_envelope(mail_from), address)


def outsider(header: bytes, author: str, report: AuthReport) -> Outsider | None:
    """Return what to ask about an author who is no user (decisions.md 7.4); None where nothing can help.

    An automatic mail is no person's answer.
    """
    found = fields(header)
    names = id_names(answered(found))
    proven = passes_dmarc(report, domain_of(author))
    if kind_of(found) is not AutoKind.NONE or not (names or proven):
        return None
    return Outsider(author, names, proven)
