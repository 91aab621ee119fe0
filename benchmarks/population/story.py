"""What one conversation is about, settled before its first message: who, when, which deal, how private."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bccd.mail.subject import base_subject
from benchmarks.population.rows import Row
from benchmarks.population.world import END, SPAN, Person, User, World
from benchmarks.words import ENGLISH, POLISH, Tongue

_PRIVATE = 0.1  # conversations that their owner keeps to himself
_TWO_OWNERS = 0.1
_UNKNOWN, _ROLE = 0.06, 0.12  # counterparties that are no contacts: made one by filing, or a firm's office
_TAGGED = 0.06  # filed to +deal<ID>
_SETTLED = 0.75  # choices that the user has made
_MERGED = 0.02  # conversations that began as two
_MEAN_GAP = timedelta(days=1.5)


@dataclass(slots=True)
class Story:
    """The plan of a conversation, and how far it has been told."""

    customer: Person
    address: str
    owner: User
    second: User | None
    private: bool
    tongue: Tongue
    subject: str
    base: str
    also: Person | None  # in copy
    colleague: User | None  # in copy
    offered: tuple[int, ...]  # deals of which the user must choose
    chosen: int | None  # the deal that all of it is linked to
    origin: str  # of the deal's link on the first message
    decided_at: datetime | None
    unseen_parent: str  # a mail that was never filed, which the first message answers
    merged: bool
    times: list[datetime]
    conversation_id: int = 0
    loser_id: int = 0
    apart: Row = ()  # the message that began the other part, until that is merged
    ids: list[str] = field(default_factory=list)  # Message-IDs so far


def make_story(world: World, number: int, length: int) -> Story:
    """Settle what a conversation is about."""
    chance = world.chance
    owner = chance.choice(world.users)
    customer = _customer(world, number)
    tongue = chance.choice((ENGLISH, POLISH))
    subject = f"{chance.choice(tongue.subjects)} {chance.randrange(10_000)}"
    others = [user for user in world.users if user is not owner]
    times = _times(chance, length)
    offered, chosen, origin = _deals(chance, customer)
    return Story(
        customer=customer,
        address=chance.choice(customer.addresses),
        owner=owner,
        second=chance.choice(others) if others and chance.random() < _TWO_OWNERS else None,
        private=owner.private or chance.random() < _PRIVATE,
        tongue=tongue,
        subject=subject,
        base=base_subject(subject),
        also=_also(world, customer),
        colleague=chance.choice(others) if others and chance.random() < 0.2 else None,  # noqa: PLR2004
        offered=offered,
        chosen=chosen,
        origin=origin,
        decided_at=min(END, times[0] + timedelta(days=1)) if offered and chosen else None,
        unseen_parent=f"unseen.{number}@{customer.addresses[0].rpartition('@')[2]}"
        if chance.random() < 0.2  # noqa: PLR2004 - a fifth
        else "",
        merged=length > 2 and chance.random() < _MERGED,  # noqa: PLR2004 - two parts, and what ties them
        times=times,
    )


def _customer(world: World, number: int) -> Person:
    draw = world.chance.random()
    if draw < _UNKNOWN:
        return Person(world.name(), (f"new{number}@newcomer-{number}.example",))
    if draw < _UNKNOWN + _ROLE:
        firm = world.chance.choice(world.firms)
        return Person(firm.name, (f"office@{firm.domain}",), firm=firm)
    return world.customer()


def _also(world: World, customer: Person) -> Person | None:
    if world.chance.random() > 0.25:  # noqa: PLR2004 - a quarter
        return None
    found = world.customer()
    return None if found is customer else found


def _deals(chance: Random, customer: Person) -> tuple[tuple[int, ...], int | None, str]:
    """Return the deals to choose from, the one it is linked to, and who linked it (rules.md 7)."""
    alive = [id_ for id_, status in customer.deals if status != "deleted"]
    opened = customer.open_deals()
    if alive and chance.random() < _TAGGED:
        return (), chance.choice(alive), "tag"
    if len(opened) > 1:
        settled = chance.random() < _SETTLED
        return tuple(opened), chance.choice(opened) if settled else None, "manual"
    return (), opened[0] if opened else None, "auto"


def _times(chance: Random, length: int) -> list[datetime]:
    """Return when its messages were sent: more conversations began of late."""
    start = END - SPAN * chance.random() ** 1.3
    last = min(END - start, _MEAN_GAP * length * (0.2 + chance.expovariate(1)))
    return [start, *sorted(start + last * chance.random() for _ in range(length - 1))]
