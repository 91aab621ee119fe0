"""The links of a message to contacts, firms and deals, as they stand in the end."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.population.people import Party
from benchmarks.population.story import Story
from benchmarks.population.world import World, stamp


@dataclass(frozen=True, slots=True)
class DealLink:
    """A link to a deal."""

    deal_id: int
    state: str
    origin: str
    rule: str
    score: float | None = None
    by_hand: bool = False


def deal_links(story: Story, place: int, sent: str) -> list[DealLink]:
    """Return the deals of one message (rules.md 7): inherited, linked at once, offered, chosen since."""
    decided = stamp(story.decided_at) if story.decided_at else ""
    if story.offered and (story.chosen is None or sent <= decided):
        return [
            DealLink(
                deal_id,
                "suggested" if story.chosen is None else "active" if deal_id == story.chosen else "rejected",
                "auto" if story.chosen is None else "manual",
                "several_open_deals",
                round(1 - rank / len(story.offered), 3),
                by_hand=story.chosen is not None,
            )
            for rank, deal_id in enumerate(story.offered)
        ]
    if story.chosen is None:
        return []
    if place or story.offered:
        return [DealLink(story.chosen, "active", "inherited", "conversation")]
    return [
        DealLink(story.chosen, "active", story.origin, "tag" if story.origin == "tag" else "one_open_deal")
    ]


def add_links(
    world: World, story: Story, message_id: int, who: Iterable[Party], *, deals: Iterable[DealLink], at: str
) -> bool:
    """Write the links of a message; returns whether it counts as linked: to a contact or a deal."""
    rows, common = world.rows["link"], (story.conversation_id, message_id)
    contacts = dict.fromkeys(party.contact_id for party in who if party.contact_id is not None)
    for contact_id in contacts:
        rows.append((
            world.id, world.take_id(), *common, contact_id, None, None, "active", "auto", "address", None,
            at, None, None, "",
        ))  # fmt: skip
    for party in who:
        if party.person is not None and party.contact_id is None and party.person.firm is not None:
            rows.append((
                world.id, world.take_id(), *common, None, party.person.firm.id, None, "active", "auto",
                "domain", None, at, None, None, "",
            ))  # fmt: skip
    active = bool(contacts)
    for deal in deals:
        decided = stamp(story.decided_at) if deal.by_hand and story.decided_at else None
        rows.append((
            world.id, world.take_id(), *common, None, None, deal.deal_id, deal.state, deal.origin, deal.rule,
            deal.score, at, story.owner.id if deal.by_hand else None, decided, "",
        ))  # fmt: skip
        active = active or deal.state == "active"
    return active
