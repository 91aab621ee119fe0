"""Where a message belongs: it starts a conversation, joins one, or ties two together."""

from dataclasses import dataclass
from datetime import datetime

from bccd.model.strand import Strand
from bccd.rules.thread import tokens
from benchmarks.population.letters import Letter
from benchmarks.population.rows import Row
from benchmarks.population.story import Story
from benchmarks.population.world import User, World

_MAX_REFERENCES = 20  # clients cut them, too


@dataclass(frozen=True, slots=True)
class Filing:
    """One message of a conversation, its text, and the users who send it in, each with what is private."""

    story: Story
    place: int
    letter: Letter
    sent_at: datetime
    received_at: datetime
    owners: tuple[tuple[User, bool], ...]

    @property
    def stands_apart(self) -> bool:
        """Tell whether it begins the second part of a conversation that is merged later."""
        return self.story.merged and self.place == 1

    @property
    def merges(self) -> bool:
        """Tell whether it ties the two parts together."""
        return self.story.merged and self.place == 2  # noqa: PLR2004 - the third message

    def parents(self) -> list[str]:
        """Return the ids that it names, the oldest first."""
        story = self.story
        if self.stands_apart:
            return []
        unseen = [story.unseen_parent] if story.unseen_parent else []
        return [*unseen, *story.ids[-_MAX_REFERENCES:]]


def join(world: World, filing: Filing, msgid: str, at: str) -> int:
    """Write the conversation and the tokens that are new; returns what the message is part of for now."""
    story = filing.story
    if filing.place == 0:
        story.conversation_id = home = world.take_id()
        world.rows["conversation"].append((world.id, home, None, at))
    elif filing.stands_apart:
        story.loser_id = home = world.take_id()
        world.rows["conversation"].append((world.id, home, story.conversation_id, at))
    else:
        home = story.conversation_id
    unseen = (story.unseen_parent,) if story.unseen_parent and filing.place == 0 else ()
    strand = Strand(0, home, (msgid,), unseen, parties=(story.address,), base=story.base)
    world.rows["conversation_token"] += [
        (world.id, *token, home) for token in tokens(strand, split_on_subject=True)
    ]
    if filing.merges:
        world.announce(at, "conversation.merged", 0, home, None, None, story.loser_id)
    return home


def put_message(world: World, filing: Filing, row: Row) -> None:
    """Write a message's row, but for its last column, the last event.

    The row of one that stands apart waits for the mail that merges, which moves it.
    """
    story, rows = filing.story, world.rows["message"]
    if filing.stands_apart:
        story.apart = row
        return
    if filing.merges:
        rows.append((*story.apart, world.change_seq))
    rows.append((*row, world.change_seq))
