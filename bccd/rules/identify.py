"""Who submitted a mail: evidence and directory in, one verdict out."""

from bccd.mail.addresses import domain_of
from bccd.mail.fromfield import StrictFrom
from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.directory import Directory

# A relay's results that prove a From domain, strongest first (smtp-and-auth.md 2.4).
_PROOFS = (("dmarc", AuthMethod.RELAY_DMARC), ("dkim", AuthMethod.RELAY_DKIM), ("spf", AuthMethod.RELAY_SPF))
_MIN_LABELS = 2


def identify(
    sender: StrictFrom, report: AuthReport, directory: Directory, company_id: int
) -> Sender | HeldSender:
    """Decide whose mail this is; a HeldSender names the reason why that is not proven (rules.md 2)."""
    if sender.defect:
        return HeldSender("no_single_from")
    entry = directory.user_addresses.get((company_id, sender.address))
    method = proof(report, domain_of(sender.address))
    if entry is None:
        return HeldSender("unknown_sender", sender.address)
    user = entry.user
    if method is None:
        return HeldSender("unverified_sender", sender.address, user.id)
    if not user.active:
        return HeldSender("user_inactive", sender.address, user.id)
    if not entry.confirmed:
        return HeldSender("unconfirmed_address", sender.address, user.id)
    return Sender(user.id, sender.address, method)


def vouched(report: AuthReport, domain: str) -> bool:
    """Tell whether the server that sent the mail is the domain's, whoever wrote it.

    DMARC is left out: it speaks of the author, whose mail a redirection breaks.
    """
    if report.trusted_network:
        return True
    if not report.relay or not report.authserv_id:
        return False
    return any(_passes(result, name, domain) for result in report.results for name in ("dkim", "spf"))


def passes_dmarc(report: AuthReport, domain: str) -> bool:
    """Tell whether a trusted relay found that the mail is its author's (RFC 9989)."""
    known = bool(report.relay and report.authserv_id and domain)
    return known and any(_passes(result, "dmarc", domain) for result in report.results)


def _passes(result: AuthResult, method: str, domain: str) -> bool:
    signer = result.domain.rpartition("@")[2]
    return result.method == method and result.result == "pass" and aligned(signer, domain)


def proof(report: AuthReport, domain: str) -> AuthMethod | None:
    """Return the strongest evidence that the mail comes from this domain, or None."""
    if report.trusted_network:
        return AuthMethod.TRUSTED_NETWORK
    if not report.relay or not report.authserv_id:
        return None
    # What fails DMARC is not its author's, whatever else passed (RFC 9989).
    if any(r.method == "dmarc" and r.result == "fail" for r in report.results):
        return None
    for name, method in _PROOFS:
        if any(_passes(result, name, domain) for result in report.results):
            return method
    return None


def aligned(signer: str, domain: str) -> bool:
    """Tell whether a signer speaks for a From domain: the domain itself or a parent of it.

    Relaxed alignment between siblings needs the tree walk of RFC 9989 and comes with the Verifier.
    """
    if signer.count(".") + 1 < _MIN_LABELS:
        return False
    return signer == domain or domain.endswith("." + signer)
