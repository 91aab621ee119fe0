"""Participants to contacts: every address gets a verdict and a reason (rules.md 5 and 6)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from bccd.mail.addresses import domain_of
from bccd.model.crm import Contact, DealStatus, Organisation
from bccd.model.message import Mailbox
from bccd.rules.overlay import Overlay

MAX_ADDRESSES = 50  # rules.md 6.7
MAX_NEW_CONTACTS = 10  # a mail, rules.md 6.5

# Machines: never matched, never created (rules.md 5).
_MACHINE = re.compile(
    r"(?:mailer-daemon|postmaster|bounces?|bounces?[+=-].+|srs[01][+=-].+|prvs=.+|.+\+caf_=.+|msprvs1=.+)\Z"
)
# Roles: matched where the CRM has such a contact, never created.
_ROLES = frozenset(
    """no-reply noreply no_reply donotreply do-not-reply info office contact sales support help helpdesk team
    admin administrator webmaster hostmaster abuse billing accounts accounting invoices orders service
    newsletter notifications marketing hr jobs careers biuro kontakt sekretariat faktury""".split()  # noqa: SIM905
)


@unique
class Verdict(StrEnum):
    """What an address of the mail turned out to be."""

    CONTACT = "contact"
    USER = "user"
    SERVICE = "service"
    INTERNAL = "internal"
    NEVER_LOG = "never_log"
    EXCLUDED = "excluded"  # a machine's address
    UNKNOWN = "unknown"  # external, no contact
    NO_ADDRESS = "no_address"  # a name alone


@dataclass(frozen=True, slots=True)
class Match:
    """One address with its verdict; `reason` is what an explanation shows."""

    address: str
    verdict: Verdict
    reason: str
    contact: Contact | None = None
    user_id: int | None = None
    organisation: Organisation | None = None


def match_all(
    boxes: Iterable[Mailbox], overlay: Overlay, submitter: int
) -> tuple[dict[str, Match], tuple[str, ...]]:
    """Give every distinct address its verdict; beyond 50 outside parties contacts are not looked up.

    The second value lists the addresses that were left out so.
    """
    matches: dict[str, Match] = {}
    left_out: list[str] = []
    outside = 0
    for address in dict.fromkeys(box.address for box in boxes if box.address):
        excluded = exclusion(address, overlay)
        if excluded:
            matches[address] = excluded
        elif outside < MAX_ADDRESSES:
            outside += 1
            matches[address] = match(address, overlay, submitter)
        else:
            left_out.append(address)
    return matches, tuple(left_out)


def match(address: str, overlay: Overlay, submitter: int) -> Match:
    """Match an outside party to a contact, else to an organisation."""
    candidates = overlay.contacts(address)
    if not candidates:
        found = organisation_of(address, overlay)
        claimed = overlay.user_address(address) is not None
        reason = "a user's address, not confirmed yet" if claimed else "no contact has this address"
        return Match(address, Verdict.UNKNOWN, reason, organisation=found)
    best, reason = choose(candidates, overlay, submitter)
    return Match(address, Verdict.CONTACT, reason, contact=best)


def exclusion(address: str, overlay: Overlay) -> Match | None:
    """Tell whether the address is kept out of matching (rules.md 5)."""
    if overlay.is_service(address):
        return Match(address, Verdict.SERVICE, "a drop address of the company")
    entry = overlay.user_address(address)
    if entry is not None and entry.confirmed:
        return Match(address, Verdict.USER, "a user of the company", user_id=entry.user.id)
    if is_internal(address, overlay):
        return Match(address, Verdict.INTERNAL, "an internal domain")
    if is_never_log(address, overlay):
        return Match(address, Verdict.NEVER_LOG, "on the never-log list")
    if _MACHINE.match(address.rpartition("@")[0]):
        return Match(address, Verdict.EXCLUDED, "the address of a machine")
    return None


def choose(candidates: tuple[Contact, ...], overlay: Overlay, submitter: int) -> tuple[Contact, str]:
    """Break a tie between contacts on one address by the stated order (rules.md 6.3)."""
    if len(candidates) == 1:
        return candidates[0], "the only contact with this address"
    left = list(candidates)
    for reason, key in _tie_breakers(overlay, submitter):
        best = max(key(contact) for contact in left)
        kept = [contact for contact in left if key(contact) == best]
        if len(kept) == 1:
            return kept[0], f"{reason}, of {len(candidates)} contacts with this address"
        left = kept
    return left[0], "the only contact with this address"


def _tie_breakers(
    overlay: Overlay, submitter: int
) -> tuple[tuple[str, Callable[[Contact], tuple[bool | str | int, ...]]], ...]:
    """Return the stated order; the last one, the oldest id, always decides."""
    return (
        ("the active one", lambda contact: (contact.active,)),
        ("the submitter's own", lambda contact: (contact.owner_id == submitter,)),
        ("the one with an open deal", lambda contact: (_has_open_deal(contact, overlay),)),
        ("the most recently active", lambda contact: (contact.last_activity,)),
        ("the oldest", lambda contact: (-contact.id,)),
    )


def _has_open_deal(contact: Contact, overlay: Overlay) -> bool:
    return any(deal.status is DealStatus.OPEN for deal in overlay.deals_of(contact.id))


def organisation_of(address: str, overlay: Overlay) -> Organisation | None:
    """Return the organisation registered for the address's domain or its nearest parent (rules.md 6.4)."""
    for domain in parent_domains(domain_of(address)):
        found = overlay.organisations(domain)
        if found:
            return min(found, key=lambda organisation: organisation.id)
    return None


def parent_domains(domain: str) -> tuple[str, ...]:
    """Return the domain and its parents of at least two labels, nearest first."""
    labels = domain.split(".")
    return tuple(".".join(labels[i:]) for i in range(max(len(labels) - 1, 1))) if domain else ()


def may_not_create(address: str, overlay: Overlay) -> str:
    """Say why no contact is made from this address, empty where one may be (rules.md 5)."""
    if overlay.user_address(address) is not None:
        return "it is a user's address, not confirmed yet"
    return "it is the address of a role" if address.rpartition("@")[0].partition("+")[0] in _ROLES else ""


def is_internal(address: str, overlay: Overlay) -> bool:
    """Tell whether the address belongs to one of the company's own domains, or below one."""
    internal = overlay.company.policy.internal_domains
    return bool(internal) and not internal.isdisjoint(parent_domains(domain_of(address)))


def is_never_log(address: str, overlay: Overlay) -> bool:
    """Tell whether the address, its domain or a parent of it is on the never-log list (rules.md 3.5)."""
    domains = ("@" + domain for domain in parent_domains(domain_of(address)))
    return not overlay.never_log.isdisjoint((address, *domains))


def is_ours(address: str, overlay: Overlay) -> bool:
    """Tell whether an address is a confirmed user's, a drop address or of an internal domain (rules.md 4)."""
    if overlay.is_service(address) or is_internal(address, overlay):
        return True
    entry = overlay.user_address(address)
    return entry is not None and entry.confirmed
