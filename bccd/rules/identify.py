"""Who submitted a mail: evidence and directory in, one verdict out (smtp-and-auth.md 2.4).

The same function judges a mail that comes in and a held one that is tried again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bccd.mail.addresses import domain_of
from bccd.mail.fromfield import StrictFrom
from bccd.mail.rewritten import originals
from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.directory import Directory, User, UserAddress
from bccd.model.policy import Mode
from bccd.rules.align import aligned, may_align, one_holder

# A relay's results that prove a From domain, strongest first.
_RELAY_PROOFS = (
    ("dmarc", AuthMethod.RELAY_DMARC),
    ("dkim", AuthMethod.RELAY_DKIM),
    ("spf", AuthMethod.RELAY_SPF),
)
_PROOFS = (("dkim", AuthMethod.DKIM), ("spf", AuthMethod.SPF))
_PATH_METHODS = frozenset(
    {"spf"}
)  # they prove a server, which may serve many: the envelope must name the user

SPF_UNKNOWN, DNS_UNKNOWN = "spf_temporary", "dns_temporary"
FORGED = frozenset({"reject", "quarantine"})  # what a domain asks for that takes mail like this for forged


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be judged: the author as the strict reader found him, the envelope, and all evidence."""

    address: str
    mail_from: str
    report: AuthReport
    mode: Mode
    company_id: int
    find: Callable[[str], UserAddress | None]

    @property
    def domain(self) -> str:
        """The author's domain."""
        return domain_of(self.address)


def identify(
    sender: StrictFrom, mail_from: str, report: AuthReport, directory: Directory, company_id: int
) -> Sender | HeldSender:
    """Decide whose mail this is; a HeldSender names the reason why that is not proven (rules.md 2)."""
    if sender.defect:
        return HeldSender("no_single_from")

    def find(address: str) -> UserAddress | None:
        return directory.user_addresses.get((company_id, address))

    return judge(Claim(sender.address, mail_from, report, _mode(directory, company_id), company_id, find))


def _mode(directory: Directory, company_id: int) -> Mode:
    """Return what a company takes for a proof."""
    company = directory.companies.get(company_id)
    return company.policy.mode if company else Mode.STANDARD


def judge(claim: Claim) -> Sender | HeldSender:
    """Decide a claim. What the DNS could not tell is asked before the directory: both answer alike then."""
    entry = claim.find(claim.address)
    method = proof(claim)
    if method is None and (unknown := _unknown(claim)):
        return HeldSender(unknown, claim.address)
    if entry is None:
        return HeldSender("unknown_sender", claim.address)
    user = entry.user
    if method is None:
        lenient = claim.mode is Mode.LENIENT and not forged(claim.report)
        return HeldSender("unverified_sender", claim.address, user.id, lenient)
    if not user.active:
        return HeldSender("user_inactive", claim.address, user.id)
    if not entry.confirmed:
        return HeldSender("unconfirmed_address", claim.address, user.id)
    return Sender(user.id, claim.address, method)


def proof(claim: Claim) -> AuthMethod | None:
    """Return the first evidence, in the order of AuthMethod, that the mail is its author's; None for none."""
    report = claim.report
    if report.trusted_network:
        return AuthMethod.TRUSTED_NETWORK
    if report.login is not None:  # whoever logs in is who he is, and nobody else
        mine = report.login.company_id == claim.company_id and _is(claim, report.login.user_id)
        return AuthMethod.LOGIN if mine else None
    relayed = _relayed(claim)
    if relayed is not None:
        return relayed
    if not _failed((*_said(report), *report.checks)):
        for name, method in _PROOFS:
            if any(_proves(claim, result, name) for result in report.checks):
                return method
    chain = any(result.method == "arc" and result.result == "pass" for result in report.checks)
    if chain and claim.mode is not Mode.STRICT and any(_vouches(claim, result) for result in report.checks):
        return AuthMethod.ARC
    return None


def _relayed(claim: Claim) -> AuthMethod | None:
    """Return what a listed relay's results prove; what fails DMARC is not its author's (RFC 9989)."""
    said = _said(claim.report)
    if any(_logged_in(claim, result) for result in said):
        return AuthMethod.RELAY_AUTH
    if _failed(said):
        return None
    for name, method in _RELAY_PROOFS:
        if any(_proves(claim, result, name) for result in said):
            return method
    return None


def _said(report: AuthReport) -> tuple[AuthResult, ...]:
    """Return a relay's results, if it is a listed one and its id, too."""
    return report.results if report.relay and report.authserv_id else ()


def _failed(results: tuple[AuthResult, ...]) -> bool:
    return any(result.method == "dmarc" and result.result == "fail" for result in results)


def _proves(claim: Claim, result: AuthResult, method: str) -> bool:
    """Tell whether a result is a pass that counts for the author."""
    return (
        result.result == "pass"
        and _speaks(claim, result, method)
        and (method not in _PATH_METHODS or names_user(claim))
    )


def _speaks(claim: Claim, result: AuthResult, method: str) -> bool:
    if result.method != method or (method in _PATH_METHODS and claim.mode is Mode.STRICT):
        return False
    domain = _domain(result)
    return aligned(claim.report, method, domain, claim.domain) and one_holder(domain, claim.domain)


def _domain(result: AuthResult) -> str:
    return result.domain.rpartition("@")[2]


def _vouches(claim: Claim, result: AuthResult) -> bool:
    """Tell whether a listed sealer saw DMARC pass for this very author's domain (RFC 8617).

    "arc" alone says that the chain holds and who sealed it, not what he had found.
    """
    return result.method == "arc.dmarc" and result.result == "pass" and result.domain == claim.domain


def _logged_in(claim: Claim, result: AuthResult) -> bool:
    """Tell whether the relay knows the user by his password, under an address of his (RFC 8601 2.7.4)."""
    if result.method != "auth" or result.result != "pass":
        return False
    entry = claim.find(result.domain)
    return entry is not None and entry.confirmed and _acts_for(claim, entry.user)


def names_user(claim: Claim) -> bool:
    """Tell whether the envelope's sender is an address of the author, or one that servers make of it.

    An address of his at another domain, told by SRS, came to the server from outside, where nobody proved it.
    """
    own = (domain_of(claim.mail_from), claim.domain)
    senders = [sender for sender in originals(claim.mail_from) if domain_of(sender) in own]
    if claim.address in senders:
        return True
    entries = (claim.find(sender) for sender in senders)
    return any(entry is not None and entry.confirmed and _acts_for(claim, entry.user) for entry in entries)


def _acts_for(claim: Claim, user: User) -> bool:
    """Tell whether the author is this user, or a team that he, who has not left, is in."""
    author = claim.find(claim.address)
    return _is(claim, user.id) and (user.active or (author is not None and author.user.id == user.id))


def _is(claim: Claim, user_id: int) -> bool:
    """Tell whether the author is this user, or a team that he is in."""
    entry = claim.find(claim.address)
    return entry is not None and _may_write_as(entry.user, user_id)


def _may_write_as(user: User, user_id: int) -> bool:
    return user.id == user_id or (user.is_team and user_id in user.members)


def _unknown(claim: Claim) -> str:
    """Name what the DNS did not tell though it could have proven the author, whoever he is; or nothing.

    The directory must not be asked here: an answer that told users from others would tell who is one.
    """
    report = claim.report
    open_ = [result for result in report.checks if result.result == "temperror"]
    dmarc = any(result.method == "dmarc" for result in open_)
    asked = (*_said(report), *report.checks) if dmarc else open_
    doubtful = [result for result in asked if _might_pass(claim, result)]
    if not doubtful:
        return ""
    spf = all(result.method == "spf" and result.result == "temperror" for result in doubtful)
    return SPF_UNKNOWN if spf else DNS_UNKNOWN


def _might_pass(claim: Claim, result: AuthResult) -> bool:
    if result.result not in ("pass", "temperror"):
        return False
    if result.method == "arc":
        return claim.mode is not Mode.STRICT and result.result == "temperror"
    if result.method not in ("dkim", "spf") or _failed(_said(claim.report)):
        return False
    if result.method in _PATH_METHODS and claim.mode is Mode.STRICT:
        return False
    return may_align(claim.report, result.method, _domain(result), claim.domain)


def forged(report: AuthReport) -> bool:
    """Tell whether the author's domain asks to keep such mail away: its user is not even asked then."""
    return _failed(report.checks) and report.policy in FORGED


def vouched(report: AuthReport, domain: str) -> bool:
    """Tell whether the server that sent the mail is the domain's, whoever wrote it.

    DMARC is left out: it speaks of the author, whose mail a redirection breaks.
    """
    if report.trusted_network:
        return True
    results = (*_said(report), *report.checks)
    return any(
        result.method == name
        and result.result == "pass"
        and aligned(report, name, _domain(result), domain)
        and one_holder(_domain(result), domain)
        for result in results
        for name in ("dkim", "spf")
    )


def signed(report: AuthReport, domain: str) -> bool:
    """Tell whether what proves the author outlives that others send the mail on: a signature, or ARC.

    DMARC's pass may rest on SPF, which speaks for whoever sent it on.
    """
    passed = [result for result in (*_said(report), *report.checks) if result.result == "pass" and domain]
    if any(it.method == "arc" for it in passed) and any(
        it.method == "arc.dmarc" and it.domain == domain for it in passed
    ):
        return True
    signers = [_domain(it) for it in passed if it.method == "dkim"]
    if passes_dmarc(report, domain) and any(
        one.endswith(f".{domain}") or domain.endswith(f".{one}") for one in signers
    ):
        return True  # of what a relay has found nobody was asked whose the signer is
    return any(aligned(report, "dkim", one, domain) and one_holder(one, domain) for one in signers)


def passes_dmarc(report: AuthReport, domain: str) -> bool:
    """Tell whether the mail was found to be its author's, by a listed relay or here (RFC 9989)."""
    return any(
        result.method == "dmarc" and result.result == "pass" and result.domain == domain
        for result in (*_said(report), *report.checks)
        if domain
    )
