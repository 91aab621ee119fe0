"""Domains in whose name anybody can have mail sent: services that sign or send for all their customers.

No such list is ever complete. It stands behind a user's own word whose mail it was, and is asked for nothing
else; free-mail providers are listed apart (bccd.mail.domains).
"""

from functools import cache
from pathlib import Path

from bccd.mail.domains import parent_domains

# Below these each customer has a name of his own, with so many labels in front, for which he alone can sign.
_TENANTS = {"onmicrosoft.com": 1, "gappssmtp.com": 2}


def tenant_of(domain: str) -> str:
    """Return the domain where it is a customer's own name below a service's, else nothing."""
    for service, labels in _TENANTS.items():
        if domain.endswith(f".{service}"):
            before = domain.removesuffix(f".{service}").count(".") + 1
            return domain if before >= labels else ""
    return ""


def is_shared_sender(domain: str) -> bool:
    """Tell whether a service sends in this domain's name for whoever has an account."""
    return not tenant_of(domain) and not _services().isdisjoint(parent_domains(domain))


@cache
def _services() -> frozenset[str]:
    listed = Path(__file__).with_name("data").joinpath("shared-senders.txt")
    lines = listed.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#")).union(_TENANTS)
