"""Participants to contacts: every address gets a verdict and a reason (rules.md 5 and 6)."""

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum, unique

from msgspec import Struct

from bccd.mail.addresses import domain_of
from bccd.mail.domains import telling_domains
from bccd.model.crm import Contact, DealStatus, Organisation
from bccd.model.message import Mailbox
from bccd.model.policy import SeveralContacts
from bccd.rules.overlay import Overlay
from bccd.rules.roles import is_machine, is_no_reply, is_role
from bccd.rules.side import Side

MAX_ADDRESSES = 50  # rules.md 6.7
MAX_NEW_CONTACTS = 10  # a mail, rules.md 6.5

# What list managers put behind a list's name for the mailboxes beside it.
_BESIDE_LIST = ("-owner", "-request", "-help", "-confirm", "-join", "-leave", "-subscribe", "-unsubscribe")


@unique
class Verdict(StrEnum):
    """What an address of the mail turned out to be."""

    CONTACT = "contact"
    USER = "user"
    SERVICE = "service"
    INTERNAL = "internal"
    NEVER_LOG = "never_log"
    EXCLUDED = "excluded"  # a machine's or a mailing list's address
    UNKNOWN = "unknown"  # external, no contact
    NO_ADDRESS = "no_address"  # a name alone


_KEPT_OUT = {
    Side.SERVICE: (Verdict.SERVICE, "a drop address of the company"),
    Side.INTERNAL: (Verdict.INTERNAL, "an internal domain"),
    Side.NEVER_LOG: (Verdict.NEVER_LOG, "on the never-log list"),
}


class Match(Struct, frozen=True):
    """One address with its verdict; `reason` is what an explanation shows."""

    address: str
    verdict: Verdict
    reason: str
    contact: Contact | None = None  # none while `ask`
    user_id: int | None = None
    organisation: Organisation | None = None
    others: tuple[Contact, ...] = ()  # linked like `contact`, or offered where `ask`, ranked
    hints: tuple[str, ...] = ()  # what speaks for each of the others
    ask: bool = False  # which contact it is, the user must say (rules.md 6.3)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The contacts that the mail is linked to by this address, the best first; none while `ask`."""
        return () if self.ask or self.contact is None else (self.contact, *self.others)


def match_all(
    boxes: Iterable[Mailbox], overlay: Overlay, submitter: int, lists: Collection[str] = ()
) -> tuple[dict[str, Match], tuple[str, ...]]:
    """Give every distinct address its verdict; beyond 50 outside parties contacts are not looked up.

    `lists` are the addresses of mailing lists that the mail names. The second value lists the addresses that
    were left out.
    """
    matches: dict[str, Match] = {}
    left_out: list[str] = []
    outside = 0
    for address in dict.fromkeys(box.address for box in boxes if box.address):
        excluded = exclusion(address, overlay, lists)
        if excluded:
            matches[address] = excluded
        elif outside < MAX_ADDRESSES:
            outside += 1
            matches[address] = match(address, overlay, submitter)
        else:
            left_out.append(address)
    return matches, tuple(left_out)


def match(address: str, overlay: Overlay, submitter: int) -> Match:
    """Match an outside party to its contacts, else to an organisation (rules.md 6)."""
    if overlay.sides.is_never_log(address, submitter):  # to others who file this mail he may be a contact
        return Match(address, Verdict.UNKNOWN, "on the user's own never-log list")
    candidates = overlay.contacts(address)
    if not candidates:
        found = organisation_of(address, overlay)
        claimed = overlay.user_address(address) is not None
        reason = "a user's address, not confirmed yet" if claimed else "no contact has this address"
        return Match(address, Verdict.UNKNOWN, reason, organisation=found)
    ranked, reason = rank(candidates, overlay, submitter)
    if len(ranked) == 1:
        return Match(address, Verdict.CONTACT, reason, contact=ranked[0])
    several = f"of {len(ranked)} contacts with this address"
    how = overlay.company.policy.several_contacts
    hints = tuple(_hints(contact, overlay, submitter) for contact in ranked)
    if how is SeveralContacts.ASK:
        reason = f"one {several}: the user chooses"
        return Match(address, Verdict.CONTACT, reason, others=ranked, hints=hints, ask=True)
    if how is SeveralContacts.ALL:
        reason, best = f"all {several}; first {reason}", ranked[0]
        return Match(address, Verdict.CONTACT, reason, best, others=ranked[1:], hints=hints[1:])
    return Match(address, Verdict.CONTACT, f"{reason}, {several}", contact=ranked[0])


def exclusion(address: str, overlay: Overlay, lists: Collection[str] = ()) -> Match | None:
    """Tell whether the address is kept out of matching (rules.md 5)."""
    side, entry = overlay.sides[address], overlay.user_address(address)
    if side is Side.USER and entry is not None:
        reason = "a user of the company" if entry.user.active else "a former user of the company"
        return Match(address, Verdict.USER, reason, user_id=entry.user.id)
    if side is not Side.OUTSIDE:
        return Match(address, *_KEPT_OUT[side])
    if lists and is_list(address, lists):
        return Match(address, Verdict.EXCLUDED, "the address of a mailing list")
    if is_machine(address.rpartition("@")[0]):
        return Match(address, Verdict.EXCLUDED, "the address of a machine")
    return None


def rank(
    candidates: tuple[Contact, ...], overlay: Overlay, submitter: int
) -> tuple[tuple[Contact, ...], str]:
    """Order the contacts on one address as rules.md 6.3 states; the reason says what put the first there."""
    if len(candidates) == 1:
        return candidates, "the only contact with this address"
    order = _tie_breakers(overlay, submitter)
    ranked = sorted(candidates, key=lambda contact: tuple(key(contact) for _, key in order), reverse=True)
    first, second = ranked[:2]
    return tuple(ranked), next(reason for reason, key in order if key(first) != key(second))


def _hints(contact: Contact, overlay: Overlay, submitter: int) -> str:
    """Say what speaks for a contact among others."""
    speaks = (
        ("in use", contact.active),
        ("the submitter's own", contact.owner_id == submitter),
        ("has an open deal", _has_open_deal(contact, overlay)),
        (f"last active {contact.last_activity[:10]}", bool(contact.last_activity)),
    )
    return "; ".join(hint for hint, holds in speaks if holds) or "nothing speaks for it"


def _tie_breakers(
    overlay: Overlay, submitter: int
) -> tuple[tuple[str, Callable[[Contact], bool | str | int]], ...]:
    """Return the stated order; the last one, the oldest id, always decides."""
    return (
        ("the active one", lambda contact: contact.active),
        ("the submitter's own", lambda contact: contact.owner_id == submitter),
        ("the one with an open deal", lambda contact: _has_open_deal(contact, overlay)),
        ("the most recently active", lambda contact: contact.last_activity),
        ("the oldest", lambda contact: -contact.id),
    )


def _has_open_deal(contact: Contact, overlay: Overlay) -> bool:
    return any(deal.status is DealStatus.OPEN for deal in overlay.deals_of(contact.id))


def organisation_of(address: str, overlay: Overlay) -> Organisation | None:
    """Return the organisation with the address's domain or the nearest above it (rules.md 6.4).

    It goes no higher than the registered domain, and a domain at which anybody gets a mailbox tells nothing.
    """
    for domain in telling_domains(domain_of(address), overlay.company.policy.free_mail):
        found = overlay.organisations(domain)
        if found:
            return min(found, key=lambda organisation: organisation.id)
    return None


def may_not_create(address: str, overlay: Overlay, submitter: int) -> str:
    """Say why no contact is made from this address, empty where one may be (rules.md 5)."""
    local = address.rpartition("@")[0]
    if overlay.user_address(address) is not None:
        return "it is a user's address, not confirmed yet"
    if overlay.sides.is_never_log(address, submitter):
        return "it is on the user's own never-log list"
    if is_no_reply(local):
        return "nobody reads what is sent to it"
    if is_role(local) and not overlay.company.policy.create_role_contacts:
        return "it is the address of a role"
    return ""


def is_list(address: str, lists: Collection[str]) -> bool:
    """Tell whether the address is one of these mailing lists, or a mailbox beside one, like list-request@."""
    local, _, domain = address.rpartition("@")
    beside = (local.removesuffix(ending) for ending in _BESIDE_LIST if local.endswith(ending))
    return address in lists or any(f"{name}@{domain}" in lists for name in beside)
