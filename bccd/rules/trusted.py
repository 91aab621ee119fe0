"""What a user has let in for good: mail that shows again what the mail showed which he said was his.

His word alone lets nobody in: a spoofer can write every line of a mail but those that a signature or an SPF
pass stands for. So what is kept is the evidence of that one mail: who signed it, or for which domain its
sender stood; never a domain where anybody can have an account.
"""

from collections.abc import Iterable

from bccd.mail.addresses import domain_of
from bccd.mail.domains import is_disposable, is_free_mail, parent_domains, registered_domain
from bccd.mail.senders import is_shared_sender, tenant_of
from bccd.model.auth import AuthMethod, AuthReport, HeldSender, Sender
from bccd.model.delivery import Delivery
from bccd.model.directory import TrustedSender
from bccd.model.policy import Mode, Policy
from bccd.rules.identify import forged, passes_dmarc
from bccd.rules.overlay import Overlay
from bccd.rules.ruled import is_his_own

REDIRECTED = "redirected"  # the same user is proven to have sent it on
AUTHOR = "author"  # somebody outside, who is proven to be its author


def shown(report: AuthReport, mail_from: str) -> tuple[str, ...]:
    """Return what a mail shows of who sent it, signers first: "dkim:mailer.example", "spf:mailer.example"."""
    stood = report.results if report.relay and report.authserv_id else ()
    passed = [it for it in (*report.checks, *stood) if it.result == "pass" and it.domain]
    signers = {it.domain.rpartition("@")[2] for it in passed if it.method == "dkim"}
    envelope = domain_of(mail_from)
    senders = {it.domain.rpartition("@")[2] for it in passed if it.method == "spf"} & {envelope}
    found = (*(f"dkim:{one}" for one in sorted(signers)), *(f"spf:{one}" for one in sorted(senders)))
    return tuple(one for one in found if not one.endswith(":"))


def matching(held: HeldSender, report: AuthReport, mail_from: str, rows: Iterable[TrustedSender]) -> str:
    """Return what a mail shows of all that the user it waits for has let in; empty where it is nothing."""
    his = {row.evidence for row in rows if row.user_id == held.user_id}
    return next((one for one in _evidence(held, report, mail_from) if one in his), "") if his else ""


def _evidence(held: HeldSender, report: AuthReport, mail_from: str) -> tuple[str, ...]:
    """Return what could be let in for good, as the mail was held."""
    match held.reason:
        case "unverified_sender":
            return shown(report, mail_from)
        case "redirected":
            return (REDIRECTED,)
        case "customer_reply":
            return (AUTHOR,) if passes_dmarc(report, domain_of(held.address)) else ()
        case _:
            return ()


def lasting(held: HeldSender, report: AuthReport, mail_from: str, policy: Policy) -> str:
    """Return what later mail must show to be let in like this one; empty where nothing would be enough."""
    if held.user_id is None or (held.reason == "unverified_sender" and forged(report)):
        return ""
    return next((one for one in _evidence(held, report, mail_from) if is_enough(one, policy)), "")


def is_enough(evidence: str, policy: Policy) -> bool:
    """Tell whether nobody but the one meant can show this."""
    method, _, domain = evidence.partition(":")
    if not domain:
        return True
    if method == "spf" and policy.mode is Mode.STRICT:
        return False
    if tenant_of(domain):
        return True
    anybodys = is_free_mail(domain) or is_disposable(domain) or is_shared_sender(domain)
    listed = not policy.free_mail.isdisjoint(parent_domains(domain))
    return bool(registered_domain(domain)) and not anybodys and not listed


def let_in(delivery: Delivery, overlay: Overlay) -> tuple[Sender, str] | None:
    """Return the user, or team, whose held mail comes in by what was let in for good, and what it shows."""
    held = delivery.held
    if held is None or held.user_id is None:
        return None
    found = matching(held, delivery.auth, delivery.mail_from, overlay.trusted(held.address))
    if not found or not is_enough(found, overlay.company.policy):
        return None
    if held.reason == "unverified_sender" and (forged(delivery.auth) or not is_his_own(held, overlay)):
        return None
    return Sender(held.user_id, held.address, AuthMethod.TRUSTED), found
