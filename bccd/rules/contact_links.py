"""Matches to links of contacts: the best, all, or suggestions that wait for the user (rules.md 6.3)."""

from collections.abc import Iterable

from msgspec import Struct

from bccd.model.plan import LinkState
from bccd.rules.match import Match


class ContactLink(Struct, frozen=True):
    """A contact to link, or to offer when state is suggested."""

    contact_id: int
    state: LinkState
    rule: str
    score: float | None = None
    reason: str = ""  # what speaks for a suggestion


def contact_links(matches: Iterable[Match]) -> list[ContactLink]:
    """Return one link a contact, the active ones first; nobody is suggested who is linked anyway.

    A suggestion's score grows with its rank, from above 0 to 1.
    """
    matches = list(matches)
    linked = dict.fromkeys(contact.id for match in matches for contact in match.contacts)
    offered: dict[int, ContactLink] = {}
    for link in (link for match in matches if match.ask for link in _offers(match)):
        known = offered.get(link.contact_id)
        if link.contact_id not in linked and (known is None or (known.score or 0) < (link.score or 0)):
            offered[link.contact_id] = link
    return [*(ContactLink(id_, LinkState.ACTIVE, "address") for id_ in linked), *offered.values()]


def _offers(match: Match) -> Iterable[ContactLink]:
    for place, (contact, hint) in enumerate(zip(match.others, match.hints, strict=True)):
        score = round(1 - place / len(match.others), 3)
        yield ContactLink(contact.id, LinkState.SUGGESTED, "several_contacts", score, hint)
