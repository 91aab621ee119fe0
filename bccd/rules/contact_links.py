"""Matches to links of contacts: the best, all, or suggestions that wait for the user (rules.md 6.3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from bccd.model.plan import LinkState
from bccd.rules.match import Match


@dataclass(frozen=True, slots=True)
class ContactLink:
    """A contact to link, or to offer when state is suggested."""

    contact_id: int
    state: LinkState
    rule: str
    score: float | None = None


def contact_links(matches: Iterable[Match]) -> list[ContactLink]:
    """Return one link a contact, the active ones first; nobody is suggested who is linked anyway.

    A suggestion's score grows with its rank, from above 0 to 1.
    """
    matches = list(matches)
    linked = dict.fromkeys(contact.id for match in matches for contact in match.contacts)
    offered: dict[int, float] = {}
    for match in matches:
        for place, contact in enumerate(match.others if match.ask else ()):
            score = round(1 - place / len(match.others), 3)
            offered[contact.id] = max(score, offered.get(contact.id, 0))
    return [
        *(ContactLink(id_, LinkState.ACTIVE, "address") for id_ in linked),
        *(
            ContactLink(id_, LinkState.SUGGESTED, "several_contacts", score)
            for id_, score in offered.items()
            if id_ not in linked
        ),
    ]
