"""What is left of a plan that was only rehearsed."""

from dataclasses import replace
from typing import Any

from msgspec import structs

from bccd.model.auth import HeldSender
from bccd.model.envelope import Tag, Target
from bccd.rules.rehearsal import failed_rehearsal, is_rehearsal, rehearsed

World = Any
Make = Any
TEST = Target("crm+test@drop.example", 1, Tag.TEST)


def test_a_rehearsal_is_told_by_any_of_its_wishes() -> None:
    """+deal7+test is one, too, spelt out or behind another wish."""
    deal = Target("crm+deal7+test@drop.example", 1, Tag.DEAL, "7")
    assert is_rehearsal([TEST]) and is_rehearsal([deal, TEST]) and is_rehearsal([replace(deal, more=(TEST,))])
    assert not is_rehearsal([deal])


def test_the_answer_tells_what_was_read_as_forwarded(world: World, make: Make) -> None:
    """Whose mail it is and by what it was known; of what would be new no number is told."""
    mail = world.mail(make.forward(make.incoming("new@customer.example")), (Tag.TEST, ""))
    (plan,) = world.decide(mail)
    answer = rehearsed(mail, plan)
    (notice,) = answer.notices
    assert answer == structs.replace(
        answer, steps=(), contacts=(), message=None, changes=(), conversation=None
    )
    assert (notice.id, notice.user_id, notice.args["would"]) == (mail.delivery.id, 1, "filed")
    steps: Any = notice.args["steps"]
    assert ["original", "Question", "new@customer.example", "labels:en"] in steps
    assert ["contact", "new@customer.example", "would be created", ""] in steps
    assert [step[1] for step in steps if step[0] == "conversation"] == [""]
    nameless = structs.replace(make.incoming("x@y.example"), sender=None)
    mail = world.mail(make.forward(nameless), (Tag.TEST, ""))
    (plan,) = world.decide(mail)
    (notice,) = rehearsed(mail, plan).notices
    assert notice.args["would"] == "held: original_sender_unknown"
    assert ["original", "Question", "nobody", "labels:en"] in notice.args["steps"]  # type: ignore[operator]


def test_nobody_unproven_hears_of_a_rehearsal_that_failed(world: World, make: Make) -> None:
    """Its sender might be anybody; and one without a return path is a machine."""
    proven = world.mail(make.outgoing("jan@customer.example"), (Tag.TEST, "")).delivery
    assert failed_rehearsal(proven, "parser_died").notices
    unproven = replace(proven, sender=None, held=HeldSender("unknown_sender"))
    for delivery in (unproven, replace(proven, mail_from="")):
        plan = failed_rehearsal(delivery, "parser_died")
        assert plan.outcome.vanishes and not plan.notices
