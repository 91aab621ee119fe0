"""The guard against machines that write in circles (rules.md 3.6, decisions.md 7.2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from bccd.model.auth import AuthMethod, HeldSender, Sender
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.envelope import Tag
from bccd.model.facts import AutomaticMail
from bccd.model.message import AutoKind
from bccd.model.plan import Plan
from bccd.model.policy import Policy
from bccd.model.ruling import Ruling
from bccd.rules.loops import loop_notice

World = Any
Make = Any
REPLY = {"auto": AutoKind.AUTO_REPLY, "auto_reason": "header:auto-submitted"}


def machine(world: World, make: Make, **more: Any) -> Mail:
    mail: Mail = world.mail(make.outgoing("jan@customer.example", **(REPLY | more)))
    return mail


def before(world: World, make: Make, *minutes: int, user: int = 1, looped: bool = False) -> None:
    """Let a machine have written so many minutes ago."""
    mails = tuple(
        AutomaticMail(n, make.now - timedelta(minutes=ago), looped) for n, ago in enumerate(minutes)
    )
    world.automatic[user] = (*world.automatic.get(user, ()), *mails)


def fates(plans: list[Plan]) -> list[str]:
    return [plan.outcome.reason for plan in plans]


def told(plans: list[Plan]) -> list[str]:
    return [notice.reason for plan in plans for notice in plan.notices]


def test_the_twenty_first_automatic_mail_is_a_loops(world: World, make: Make) -> None:
    """Twenty within two hours are what they are; further ones are set aside, and the user is told once."""
    plans = world.decide(*(machine(world, make) for _ in range(25)))
    assert fates(plans) == ["auto_reply"] * 20 + ["loop"] * 5
    assert {plan.outcome.state for plan in plans} == {DeliveryState.SET_ASIDE}
    assert {plan.outcome.automatic_of for plan in plans} == {1}
    assert told(plans) == ["loop"]
    assert plans[20].notices[0].user_id == 1
    step = next(step for step in plans[24].steps if step.rule == "loop")
    assert step.reason == "24 other automatic mails of the user within 120 minutes"


@pytest.mark.parametrize(
    ("policy", "earlier", "fate"),
    [
        (Policy(), {"minutes": [119] * 20}, "loop"),
        (Policy(), {"minutes": [120] * 20}, "auto_reply"),  # long enough ago
        (Policy(), {"minutes": [-119] * 20}, "loop"),  # mail that came later was decided before
        (Policy(), {"minutes": [5] * 19}, "auto_reply"),
        (Policy(), {"minutes": [5] * 20, "user": 2}, "auto_reply"),  # another user's
        (Policy(max_automatic=0), {"minutes": [5] * 50}, "auto_reply"),  # off
        (Policy(max_automatic=2), {"minutes": [5] * 2}, "loop"),
    ],
)
def test_what_counts(world: World, make: Make, policy: Policy, earlier: dict[str, Any], fate: str) -> None:
    """Automatic mails in the name of this user within two hours of this one, up to the company's limit."""
    world.policy = policy
    before(world, make, *earlier.pop("minutes"), **earlier)
    assert fates(world.decide(machine(world, make))) == [fate]


@pytest.mark.parametrize(
    "more",
    [
        {"auto": AutoKind.NONE},
        {"auto": AutoKind.BULK, "auto_reason": "header:precedence"},
        {"auto": AutoKind.LIST, "auto_reason": "header:list-id"},
        {"auto": AutoKind.AUTO_REPLY, "auto_reason": "calendar:reply"},
    ],
)
def test_a_busy_persons_own_mail_never_counts(world: World, make: Make, more: dict[str, Any]) -> None:
    """However much a user writes, sends to many or accepts by a click: it is filed, and not counted."""
    world.policy = Policy(max_automatic=2)
    before(world, make, 1, 1, 1)
    plans = world.decide(*(machine(world, make, **more) for _ in range(5)))
    assert {plan.outcome.state for plan in plans} == {DeliveryState.FILED}
    assert {plan.outcome.automatic_of for plan in plans} == {None}


def test_what_a_rule_forwards_counts(world: World, make: Make) -> None:
    """Forwards that a server's rule sends are filed, and counted; beyond the limit they are set aside."""
    world.policy = Policy(max_automatic=2)
    forwards = []
    for n in range(4):
        message = make.forward(make.incoming("jan@customer.example", message_id=f"{n}@customer.example"))
        forwards.append(
            world.mail(structs.replace(message, content=structs.replace(message.content, **REPLY)))
        )
    plans = world.decide(*forwards)
    assert [plan.outcome.state for plan in plans] == [DeliveryState.FILED] * 2 + [DeliveryState.SET_ASIDE] * 2
    assert fates(plans)[2:] == ["loop", "loop"]


def test_forwarding_addresses_are_not_counted(world: World, make: Make) -> None:
    """What comes to a user's secret forwarding address is other people's mail."""
    world.policy = Policy(max_automatic=1)
    before(world, make, 1, 1)
    mail = world.mail(make.incoming("jan@customer.example", **REPLY), (Tag.FORWARD, ""))
    sender = Sender(1, "anna@seller.example", AuthMethod.SECRET)
    (plan,) = world.decide(replace(mail, delivery=replace(mail.delivery, sender=sender)))
    assert (plan.outcome.reason, plan.outcome.automatic_of) == ("auto_reply", None)


def test_mail_of_nobody_is_not_counted(world: World, make: Make) -> None:
    """Held mail has no submitter whose machine it could be."""
    held = HeldSender("unverified_sender", "anna@seller.example", 1)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", **REPLY), held=held))
    assert plan.outcome.automatic_of is None


def test_the_user_is_told_once(world: World, make: Make) -> None:
    """While a loop goes on nothing is said a second time; nobody is told for a team or for one who left."""
    world.policy = Policy(max_automatic=1)
    before(world, make, 1, 1, looped=True)
    plans = world.decide(machine(world, make))
    assert (fates(plans), told(plans)) == (["loop"], [])
    world.automatic = {}
    for more in ({"active": False}, {"members": (1,)}):
        world.user(7, "seven@seller.example", **more)
        assert loop_notice(world.mail(make.outgoing("x@y.example", **REPLY), user=7), world.overlay()) == ()


def test_answers_to_the_notice_are_dropped(world: World, make: Make) -> None:
    """Whatever answers the notice about a loop, marked as automatic or not, is set aside without a word."""
    notice = "notice.1.77.0123456789abcdef0123.loop@drop.example"
    for more in (REPLY, {"in_reply_to": (notice,)}):
        content = make.outgoing("crm@drop.example", **({"references": ("x@y.example", notice)} | more))
        (plan,) = world.decide(world.mail(content))
        assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.SET_ASIDE, "loop")
        assert told([plan]) == []
    for other in (notice.replace(".1.", ".2."), notice.replace(".loop", ""), "x" + notice):
        answer = make.outgoing("jan@customer.example", in_reply_to=(other,), message_id=other)
        (plan,) = world.decide(world.mail(answer))
        assert plan.outcome.state is DeliveryState.FILED


def test_a_mail_does_not_count_against_itself(world: World, make: Make) -> None:
    """A mail that is decided again is one mail, not two; what its user lets in is filed all the same."""
    world.policy = Policy(max_automatic=1)
    mail = machine(world, make)
    world.automatic[1] = (AutomaticMail(mail.delivery.id, make.now, looped=False),)
    assert fates(world.decide(mail)) == ["auto_reply"]
    before(world, make, 1)
    assert fates(world.decide(mail)) == ["loop"]
    world.rulings = {mail.delivery.id: Ruling(1, release=True)}
    assert fates(world.decide(mail)) != ["loop"]
