"""What a mail domain says of whose it is: its registered part, and whether it is anybody's.

The lists are read once, when first asked: the parsers never ask.
"""

from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path

from publicsuffixlist import PublicSuffixList

_DATA = Path(__file__).with_name("data")


def registered_domain(domain: str) -> str:
    """Return the part of a domain that somebody has registered, "firm.co.uk" of "mail.firm.co.uk".

    Empty for a public suffix and for what has no dot; what a suffix's owner lets others register below it,
    such as github.io, is a public suffix, too (publicsuffix.org, both sections).
    """
    return _suffixes().privatesuffix(domain) or ""


def parent_domains(domain: str) -> tuple[str, ...]:
    """Return the domain and its parents of at least two labels, nearest first."""
    labels = domain.split(".")
    return tuple(".".join(labels[i:]) for i in range(max(len(labels) - 1, 1))) if domain else ()


def is_free_mail(domain: str) -> bool:
    """Tell whether anybody can get a mailbox at this domain."""
    return not _listed("free-mail").isdisjoint(parent_domains(domain))


def is_disposable(domain: str) -> bool:
    """Tell whether the domain's mailboxes live for minutes."""
    return not _listed("disposable").isdisjoint(parent_domains(domain))


def telling_domains(domain: str, more_free_mail: Collection[str] = ()) -> tuple[str, ...]:
    """Return the domains that can tell an organisation by this one, nearest first (rules.md 6.4).

    From the domain itself up to the registered one, never a public suffix; none where it is anybody's.
    """
    telling = _telling(domain)
    return () if any(parent in more_free_mail for parent in telling) else telling


@lru_cache(maxsize=10_000)  # the same few domains write day after day
def _telling(domain: str) -> tuple[str, ...]:
    top = registered_domain(domain)
    if not top or is_free_mail(domain) or is_disposable(domain):
        return ()
    return tuple(parent for parent in parent_domains(domain) if parent.endswith(top))


@cache
def _listed(name: str) -> frozenset[str]:
    lines = (_DATA / f"{name}.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
