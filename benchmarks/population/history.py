"""The rows of one company, mail by mail in the order of filing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from benchmarks.population.joining import Filing
from benchmarks.population.letters import Letter, letters
from benchmarks.population.message import file_message
from benchmarks.population.paper import add_waiting
from benchmarks.population.rows import Rows
from benchmarks.population.scale import Scale, lengths
from benchmarks.population.story import Story, make_story
from benchmarks.population.world import World, stamp
from benchmarks.words import ENGLISH, POLISH

_AT_ONCE = 10_000  # mails whose rows are handed on together
_NOT_FILED = 0.02  # mails that wait for a person, or never will be filed
_SECOND_COPY = 0.7  # messages that the second owner sent in, too
_OTHERWISE = 0.04  # copies that are private though the conversation is not
_SEEN = 0.2  # messages that some colleague has marked as seen


def history(company_id: int, scale: Scale) -> Iterator[Rows]:
    """Yield all rows of a company, piece by piece."""
    world = World(company_id, scale)
    chance = world.chance
    counts = lengths(chance, scale.conversations, scale.messages)
    stories = [make_story(world, number, length) for number, length in enumerate(counts, 1)]
    pool = {tongue.code: letters(Random(scale.seed), tongue) for tongue in (ENGLISH, POLISH)}
    order = sorted(
        (at, number, place) for number, story in enumerate(stories) for place, at in enumerate(story.times)
    )
    for count, (at, number, place) in enumerate(order, 1):
        story = stories[number]
        _one_mail(world, _filing(chance, story, place, chance.choice(pool[story.tongue.code]), at))
        if count % _AT_ONCE == 0:
            yield world.taken()
    world.close()
    yield world.taken()


def _filing(chance: Random, story: Story, place: int, letter: Letter, at: datetime) -> Filing:
    owners = [story.owner]
    if story.second is not None and chance.random() < _SECOND_COPY:
        owners.append(story.second)
    private = tuple((user, story.private or chance.random() < _OTHERWISE) for user in owners)
    return Filing(story, place, letter, at, at + timedelta(minutes=chance.randrange(1, 60)), private)


def _one_mail(world: World, filing: Filing) -> None:
    """File one mail, and now and then one that must wait."""
    chance, at = world.chance, stamp(filing.received_at)
    message_id = file_message(world, filing)
    if chance.random() < _NOT_FILED:
        add_waiting(world, chance.choice(world.users), at)
    if chance.random() < _SEEN:
        world.rows["message_user_state"].append((world.id, chance.choice(world.users).id, message_id, at))
