"""Mail to the address of a notice: one command of its proven author, and never correspondence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from bccd.model.auth import AuthMethod, HeldSender, Sender
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.envelope import Tag, Target
from bccd.model.events import EventKind
from bccd.model.message import AutoKind, Content, Mailbox
from bccd.model.plan import NewNotice, NewRequest, Plan
from bccd.model.ruling import Ruling
from bccd.rules.addressed import misaddressed
from bccd.rules.reasons import REASONS

NOTICE = 41
TO = Target("crm+rtoken@drop.example", 1, Tag.REPLY, number=NOTICE)
ANNA = 1


def answer(world: Any, text: str, *, user: int = ANNA, to: Target = TO, **more: Any) -> Mail:
    """Return an answer of a user."""
    held = more.pop("held", None)
    more = {"message_id": "1@seller.example"} | more
    content = Content(
        sender=Mailbox("Anna", "anna@seller.example"),
        from_count=1,
        to=(Mailbox("", TO.address),),
        subject="Re: Which one is it?",
        text=text,
        new_text=text,
    )
    mail: Mail = world.mail(structs.replace(content, **more), user=user, held=held)
    return replace(mail, delivery=replace(mail.delivery, targets=(to,)))


def decided(world: Any, mail: Mail) -> Plan:
    """Decide an answer; whatever it is, nothing of it is filed."""
    (plan,) = world.decide(mail)
    assert isinstance(plan, Plan)
    assert plan.message is None and plan.conversation is None
    assert not (*plan.copies, *plan.links, *plan.contacts, *plan.more, *plan.settled)
    return plan


SAID: dict[str, tuple[str, dict[str, object]]] = {
    "2": ("choice.answer", {"numbers": [2]}),
    "2 always": ("choice.answer", {"numbers": [2], "always": [2]}),
    "1, 4": ("choice.answer", {"numbers": [1, 4]}),
    "none": ("choice.answer", {"none": True}),
    "undo": ("choice.reopen", {}),
    "Which chairs?": ("choice.answer", {}),
    "0": ("choice.answer", {}),
    "": ("choice.answer", {}),
}


@pytest.mark.parametrize("text", SAID)
def test_an_answer_is_one_command(world: Any, text: str) -> None:
    """It names the notice and what was said; one that cannot be read asks to be told so."""
    kind, args = SAID[text]
    mail = answer(world, text)
    plan = decided(world, mail)
    (asked,) = plan.requests
    assert (asked.actor_id, asked.kind) == (ANNA, kind)
    assert asked.args == {"notice": NOTICE, "tell": True, **args}
    assert asked.at == mail.delivery.received_at
    outcome = plan.outcome
    assert (outcome.state, outcome.reason, outcome.user_id) == (DeliveryState.SET_ASIDE, "answer", ANNA)
    assert outcome.reason in REASONS  # else it would be told as an error of ours
    assert [step.about for step in plan.steps if step.rule == "answer"] == [f"notice {NOTICE}"]
    assert [change.kind for change in plan.changes] == [EventKind.DELIVERY_SET_ASIDE]
    assert plan.notices == ()


@pytest.mark.parametrize(
    ("text", "subject", "said"),
    [
        ("", "2", {"numbers": [2]}),
        ("\n\nSent from my iPhone\n", "2 zawsze", {"numbers": [2], "always": [2]}),
        ("", "Re: 2", {}),  # the mail that was asked about may be called so
        ("Which?", "2", {}),
    ],
)
def test_an_empty_mail_answers_by_its_subject(
    world: Any, text: str, subject: str, said: dict[str, object]
) -> None:
    """Where nothing is written in it, and the subject is an answer as a whole."""
    (asked,) = decided(world, answer(world, text, subject=subject)).requests
    assert asked.args == {"notice": NOTICE, "tell": True, **said}


def _key(world: Any, mail: Mail) -> str:
    (asked,) = decided(world, mail).requests
    assert isinstance(asked, NewRequest)
    return asked.key


def test_the_same_answer_is_the_same_command(world: Any) -> None:
    """However it came, and whenever; another mail or another word is another command."""
    first = answer(world, "2")
    again = answer(world, "2\n\nSent from my iPhone")
    later = first.delivery.received_at + timedelta(1)
    again = replace(again, delivery=replace(again.delivery, received_at=later))
    assert _key(world, first) == _key(world, again)
    others = [
        answer(world, "3"),
        answer(world, "2", message_id="2@seller.example"),
        answer(world, "2", to=replace(TO, number=42)),
        answer(world, "2", message_id=""),
        answer(world, "2", message_id=""),  # of no id, the octets tell
    ]
    assert len({_key(world, mail) for mail in (first, *others)}) == 6


@pytest.mark.parametrize("auto", [kind for kind in AutoKind if kind])
def test_what_a_machine_answers_is_dropped_quietly(world: Any, auto: AutoKind) -> None:
    """It asks for nothing and is told nothing."""
    plan = decided(world, answer(world, "2", auto=auto))
    assert plan.requests == () and plan.notices == ()
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.SET_ASIDE, str(auto))


def test_unproven_it_waits_and_does_nothing(world: Any) -> None:
    """Until its user says that it was he; the token is no proof."""
    held = HeldSender("unverified_sender", "anna@seller.example", ANNA)
    mail = answer(world, "2", held=held)
    plan = decided(world, mail)
    assert plan.outcome.state is DeliveryState.HELD and plan.requests == ()
    world.rulings[mail.delivery.id] = Ruling(ANNA, release=True)
    (asked,) = decided(world, mail).requests
    assert asked.actor_id == ANNA


def test_from_an_address_not_confirmed_it_waits_with_it(world: Any) -> None:
    """Its user is told so at his login; nobody is told of what a machine wrote, or what is not proven."""
    held = HeldSender("unconfirmed_address", "anna@home.example", ANNA)
    plan = decided(world, answer(world, "2", held=held))
    assert plan.requests == () and [one.reason for one in plan.notices] == ["unconfirmed_address"]
    assert decided(world, answer(world, "2", held=held, auto=AutoKind.AUTO_REPLY)).notices == ()
    unproven = HeldSender("unverified_sender", "anna@seller.example", ANNA)
    assert decided(world, answer(world, "2", held=unproven)).notices == ()


def test_what_a_stranger_sends_there_is_no_answer(world: Any) -> None:
    """Let in, it is a customer's mail like any other; it never settles anything."""
    world.contact(10, "jan@customer.example")
    mail = answer(
        world, "2", held=HeldSender("customer_reply", "jan@customer.example", ANNA),
        sender=Mailbox("Jan", "jan@customer.example"),
    )  # fmt: skip
    world.rulings[mail.delivery.id] = Ruling(ANNA, release=True)
    (plan,) = world.decide(mail)
    assert plan.requests == ()


def test_a_team_answers_nothing(world: Any) -> None:
    """Its members answer from their own addresses, and are told so."""
    world.user(7, "team@seller.example", members=(ANNA, 2))
    plan = decided(world, answer(world, "2", user=7))
    assert plan.requests == ()
    assert [(notice.user_id, notice.reason) for notice in plan.notices] == [(ANNA, "answer_not_yours")]
    assert all(isinstance(notice, NewNotice) for notice in plan.notices)


def test_a_users_own_secret_is_not_asked_for() -> None:
    """Where a company takes mail at secret addresses only, a notice's address is one."""
    sender = Sender(ANNA, "anna@seller.example", AuthMethod.TRUSTED_NETWORK)
    assert misaddressed(sender, [TO], {ANNA}, demanded=True) == ""
    assert misaddressed(sender, [replace(TO, tag=Tag.NONE)], {ANNA}, demanded=True) == "secret_address_needed"
