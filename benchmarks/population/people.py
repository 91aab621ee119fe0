"""Who takes part in a message, and what filing makes of each."""

from dataclasses import dataclass

from bccd.model.message import Mailbox
from benchmarks.population.story import Story
from benchmarks.population.world import Person, User

_IN_COPY = 0.8  # of the messages of a conversation that has somebody in copy


@dataclass(frozen=True, slots=True)
class Party:
    """One mailbox of a message."""

    role: str
    pos: int
    box: Mailbox
    person: Person | None = None
    user: User | None = None

    @property
    def verdict(self) -> str:
        """Tell what it was found to be."""
        if self.user is not None:
            return "user"
        return "contact" if self.person is not None and self.person.contact_id is not None else "unknown"

    @property
    def contact_id(self) -> int | None:
        """Return the contact it is."""
        return self.person.contact_id if self.person is not None else None


def parties(story: Story, draw: float, *, incoming: bool) -> list[Party]:
    """Return sender, recipient and who is in copy; `draw` is from 0 to 1."""
    outside = Mailbox(story.customer.name, story.address)
    inside = Mailbox(story.owner.name, story.owner.address)
    roles = ("to", "from") if incoming else ("from", "to")
    found = [
        Party(roles[0], 0, inside, user=story.owner),
        Party(roles[1], 0, outside, person=story.customer),
    ]
    if draw < _IN_COPY:
        if story.also is not None:
            box = Mailbox(story.also.name, story.also.addresses[0])
            found.append(Party("cc", 0, box, person=story.also))
        if story.colleague is not None:
            box = Mailbox(story.colleague.name, story.colleague.address)
            found.append(Party("cc", len(found) - 2, box, user=story.colleague))
    return found
