"""Whom the change feed tells of a filing, and whose name it carries."""

from typing import Any

from msgspec.structs import replace

from bccd.model.envelope import Tag
from bccd.model.message import ForwardKind
from bccd.model.plan import Plan

World = Any
Make = Any

ANNA, BERT, EVERYONE = 1, 2, 0
PRIVATE = (Tag.PRIVATE, "")


def told(plan: Plan) -> list[tuple[str, int, int | None]]:
    """Return each event's kind, audience and actor."""
    return [(change.kind.value, change.audience_id, change.actor_id) for change in plan.changes]


def twice(world: World, make: Make, *second: tuple[Tag, str], first: tuple[Tag, str] = PRIVATE) -> list[Plan]:
    """File one customer's mail for Anna, with the tag `first`, then for Bert."""
    forward = make.forward(make.incoming("jan@customer.example"), kind=ForwardKind.ATTACHED)
    plans: list[Plan] = world.decide(world.mail(forward, first), world.mail(forward, *second, user=BERT))
    return plans


def test_an_open_message_is_told_to_everyone_and_a_private_one_to_its_owner(world: World, make: Make) -> None:
    """So is one that is shared and linked to nobody."""
    world.contact(5, "jan@customer.example")
    (opened,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    (private,) = world.decide(world.mail(make.outgoing("jan@customer.example"), PRIVATE))
    (unlinked,) = world.decide(world.mail(make.outgoing("noreply@customer.example")))
    assert told(opened) == [("message.added", EVERYONE, ANNA)]
    assert told(private) == [("message.added", ANNA, ANNA)]
    assert told(unlinked) == [("message.added", ANNA, ANNA)]


def test_a_further_owner_is_nobody_elses_business(world: World, make: Make) -> None:
    """Two who keep the same mail private do not learn of each other."""
    world.contact(5, "jan@customer.example")
    _, second = twice(world, make, PRIVATE)
    assert told(second) == [("message.added", BERT, BERT)]


def test_a_copy_that_names_more_mail_is_told(world: World, make: Make) -> None:
    """The ids that a message names are shown: who saw fewer of them is told, and not through whom."""
    world.contact(5, "jan@customer.example")
    first = make.forward(make.incoming("jan@customer.example"), kind=ForwardKind.ATTACHED)
    more = replace(first, content=replace(first.content, references=("earlier@customer.example",)))
    _, second = world.decide(world.mail(first, PRIVATE), world.mail(more, PRIVATE, user=BERT))
    assert told(second) == [("message.updated", ANNA, None), ("message.added", BERT, BERT)]


def test_who_shares_what_others_kept_private_opens_it_in_his_name(world: World, make: Make) -> None:
    """Everyone may see the message from then on, and whose copy it is."""
    world.contact(5, "jan@customer.example")
    _, second = twice(world, make)
    assert told(second) == [("message.added", EVERYONE, BERT)]


def test_a_link_made_by_a_private_copy_names_nobody(world: World, make: Make) -> None:
    """Those who saw the message before are told that it differs, and not through whom."""
    world.contact(5, "jan@customer.example")
    world.deal(7, 5)
    world.deal(8)
    opened, second = twice(world, make, PRIVATE, (Tag.DEAL, "d8"), first=(Tag.DEAL, "d7"))
    assert told(opened) == [("message.added", EVERYONE, ANNA)]
    assert told(second) == [("message.updated", EVERYONE, None), ("message.added", BERT, BERT)]
    _, second = twice(world, make, PRIVATE, (Tag.DEAL, "d8"))
    assert told(second) == [("message.updated", ANNA, None), ("message.added", BERT, BERT)]


def test_a_shared_mail_that_a_private_copy_links_names_nobody(world: World, make: Make) -> None:
    """It opens to everyone, who may not learn that he has a copy."""
    world.deal(8)
    forward = make.forward(make.incoming("noreply@customer.example"), kind=ForwardKind.ATTACHED)
    first, second = world.decide(
        world.mail(forward), world.mail(forward, PRIVATE, (Tag.DEAL, "d8"), user=BERT)
    )
    assert told(first) == [("message.added", ANNA, ANNA)]
    assert told(second) == [("message.added", EVERYONE, None)]


def test_the_same_mail_again_is_told_to_nobody(world: World, make: Make) -> None:
    """Nothing that anyone can see is different."""
    _, again = world.decide(*[world.mail(make.outgoing("jan@customer.example")) for _ in range(2)])
    assert told(again) == []
