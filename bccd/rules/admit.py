"""Whether a recipient exists and a mail may be read at all: everything that can be refused before a 250."""

import re
from collections.abc import Sequence

from bccd.mail.addresses import normalise
from bccd.mail.headers import HeaderScan
from bccd.model.directory import Directory
from bccd.model.envelope import Protocol, Tag, Target
from bccd.model.reply import (
    BAD_HEADER,
    MAIL_LOOP,
    NO_SUCH_ADDRESS,
    NULL_SENDER,
    OTHER_COMPANY,
    TAG_NOT_SUPPORTED,
    Reply,
)

MAX_FIELDS = 1_000  # decisions.md 8
MAX_FIELD = 64 * 1024  # octets, smtp-and-auth.md 3.3
MAX_HOPS = 50  # Postfix hopcount_limit

_PLAIN = frozenset({Tag.PRIVATE, Tag.NOTE})  # take no argument
_DEAL = re.compile(r"deal([a-z0-9]{1,64})\Z")


def recipient(address: str, directory: Directory) -> Target | Reply:
    """Find the company address that a RCPT TO names (rules.md 1.2), or the reply that refuses it."""
    normal = normalise(address)
    company = directory.company_addresses.get(normal)
    if company is not None:
        return Target(normal, company)
    local, _, domain = normal.rpartition("@")
    base, plus, wish = local.partition("+")
    company = directory.company_addresses.get(f"{base}@{domain}") if plus else None
    if company is None:
        return NO_SUCH_ADDRESS
    return _tagged(normal, company, wish)


def _tagged(address: str, company: int, wish: str) -> Target | Reply:
    if wish in _PLAIN:
        return Target(address, company, Tag(wish))
    if deal := _DEAL.match(wish):
        return Target(address, company, Tag.DEAL, deal[1])
    return TAG_NOT_SUPPORTED


def transaction(target: Target, mail_from: str, protocol: Protocol, so_far: Sequence[Target]) -> Reply | None:
    """Refuse a recipient that exists but cannot take part in this transaction (decisions.md 7.1, 7.2)."""
    if not mail_from:
        return NULL_SENDER
    # An SMTP DATA has one verdict, so one company; LMTP answers each recipient (RFC 2033 4.2).
    if protocol is Protocol.SMTP and so_far and so_far[0].company_id != target.company_id:
        return OTHER_COMPANY
    return None


def header(scan: HeaderScan) -> Reply | None:
    """Refuse a header section that loops, overflows or could be read in two ways."""
    if scan.received > MAX_HOPS:
        return MAIL_LOOP
    if scan.bare_line_ends or scan.nul or scan.fields > MAX_FIELDS or scan.longest_field > MAX_FIELD:
        return BAD_HEADER
    return None
