"""Whether a domain that a mail was proven to come from speaks for the domain of its author (RFC 9989 4.4)."""

from bccd.mail.domains import registered_domain
from bccd.model.auth import AuthReport


def aligned(report: AuthReport, method: str, proven: str, author: str) -> bool:
    """Tell whether a domain proven by a method ("dkim", "spf", ...) is the author's, or of his organisation.

    Where the record of the author's domain wants the method's domain exact, no other one will do. A single
    label is nobody's organisation, whatever stands in the DNS.
    """
    if not proven or not author:
        return False
    if proven == author:
        return True
    if method in report.exact:
        return False
    organisations = dict(report.organisations)
    mine, theirs = organisations.get(author, ""), organisations.get(proven, "")
    return mine == theirs and "." in mine


def one_holder(one: str, other: str) -> bool:
    """Tell whether two domains were registered as one, whatever records of a name above them say.

    Who lets others register below his name and says nothing of it in the DNS (psd=y) would make them one
    organisation.
    """
    return one == other or registered_domain(one) == registered_domain(other) != ""


def may_align(report: AuthReport, method: str, claimed: str, author: str) -> bool:
    """Tell whether a domain is aligned as far as the DNS has answered: what it left open counts as yes."""
    organisations = dict(report.organisations)
    home = organisations.get(author)
    if not claimed or claimed == author or claimed in organisations or method in report.exact:
        return aligned(report, method, claimed, author)
    return claimed.endswith(f".{home}") if home else claimed.split(".")[-2:] == author.split(".")[-2:]
