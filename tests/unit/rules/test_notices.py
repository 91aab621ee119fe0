"""What a mail's outcome gives reason to tell its user, and to whom nothing is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from bccd.model.auth import HeldSender
from bccd.model.crm import DealStatus
from bccd.model.delivery import Mail
from bccd.model.directory import Notices
from bccd.model.envelope import Tag, Target
from bccd.model.message import AutoKind
from bccd.model.plan import Plan
from bccd.model.policy import Policy
from bccd.rules.decide import failed
from bccd.rules.match import MAX_NEW_CONTACTS

World = Any
Make = Any


def codes(plan: Plan) -> list[str]:
    return [notice.reason for notice in plan.notices]


def wants(world: World, notices: Notices) -> None:
    """Let Anna want to hear so much."""
    user = replace(world.users[1], notices=notices)
    world.users[1] = user
    for address, entry in world.user_addresses.items():
        if entry.user.id == 1:
            world.user_addresses[address] = replace(entry, user=user)


@pytest.mark.parametrize(
    ("notices", "told"), [("problems", []), ("none", []), ("all", ["filed"]), ("digest", ["filed"])]
)
def test_what_was_filed_is_told_to_who_wants_all(
    world: World, make: Make, notices: str, told: list[str]
) -> None:
    """A user who wants to hear of problems hears nothing of a mail that was filed as it should be."""
    wants(world, Notices(notices))
    world.contact(5, "jan@customer.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    assert codes(plan) == told


def test_several_open_deals_are_asked_once_a_conversation(world: World, make: Make) -> None:
    """The question names mail, conversation and message, and the subject on one line."""
    world.contact(5, "jan@customer.example")
    for deal in (7, 8):
        world.deal(deal, 5)
    mail = world.mail(
        make.outgoing("jan@customer.example", subject="Offer\r\nBcc: x@evil.example " + "x" * 300)
    )
    (plan,) = world.decide(mail)
    (notice,) = plan.notices
    assert plan.message is not None
    assert (notice.reason, notice.user_id, notice.delivery_id) == ("needs_choice", 1, mail.delivery.id)
    assert (notice.conversation_id, notice.message_id) == (plan.message.conversation_id, plan.message.id)
    about = notice.args["about"]
    assert isinstance(about, str) and about.startswith("Offer Bcc: x@evil.example xxx") and len(about) == 200
    assert notice.id > max(link.id for link in plan.links)


def test_remarks_on_what_was_filed(world: World, make: Make) -> None:
    """A deal that there is not, a closed one, and a drop address that the customer saw are told of."""
    world.contact(5, "jan@customer.example")
    world.deal(7, 5, status=DealStatus.WON)
    to = ("jan@customer.example", make.drop)
    first, second = world.decide(
        world.mail(make.outgoing(*to), (Tag.DEAL, "d7")),
        world.mail(make.outgoing("jan@customer.example", message_id="b@x"), (Tag.DEAL, "d9")),
    )
    assert sorted(codes(first)) == ["deal_closed", "exposed_address"]
    assert codes(second) == ["no_such_deal"]


def test_contacts_that_were_not_made_are_told_of(world: World, make: Make) -> None:
    """More unknown parties than a mail may make contacts of, or a user within two hours."""
    many = [f"p{number}@c{number}.example" for number in range(MAX_NEW_CONTACTS + 1)]
    (plan,) = world.decide(world.mail(make.outgoing(*many)))
    assert codes(plan) == ["contacts_not_created"]
    world.policy = Policy(max_new_contacts=1)
    world.created = {1: (make.now - timedelta(minutes=5),)}
    (plan,) = world.decide(world.mail(make.outgoing("new@customer.example")))
    assert codes(plan) == ["contacts_not_created"]
    world.policy = Policy(auto_create_contact=False)
    (plan,) = world.decide(world.mail(make.outgoing("new@customer.example")))
    assert codes(plan) == []


def test_a_proven_user_hears_why_his_mail_waits(world: World, make: Make) -> None:
    """No recipient, no author of a forward, nobody outside."""
    nobody = world.mail(make.outgoing())
    unknown = world.mail(
        make.forward(structs.replace(make.incoming("x@y.example"), sender=None, from_count=0))
    )
    inside = world.mail(make.outgoing("bert@seller.example", message_id="c@x"))
    found = [codes(plan) for plan in world.decide(nobody, unknown, inside)]
    assert found == [["no_visible_recipient"], ["original_sender_unknown"], ["internal_only"]]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("unknown_sender", []),
        ("unverified_sender", []),
        ("no_single_from", []),
        ("user_inactive", []),
        ("unconfirmed_address", ["unconfirmed_address"]),
        ("redirected", ["redirected"]),
        ("customer_reply", ["customer_reply"]),
    ],
)
def test_who_is_not_proven_hears_nothing(world: World, make: Make, reason: str, told: list[str]) -> None:
    """A forged author is no reason to write to him; a user is told of mail that waits for him."""
    held = HeldSender(reason, "someone@else.example", 1)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example"), held=held))
    assert codes(plan) == told
    link = [plan.outcome.delivery_id, 1] if reason in ("redirected", "customer_reply") else None
    assert all(notice.args.get("link") == link for notice in plan.notices)
    assert all(notice.args["from"] == "someone@else.example" for notice in plan.notices)


def machines(world: World, make: Make) -> list[Mail]:
    """Mails that nobody may answer, each with something to say about it."""
    plain = [world.mail(make.outgoing(auto=kind)) for kind in AutoKind if kind is not AutoKind.NONE]
    bounce = world.mail(make.outgoing())
    empty = replace(bounce, delivery=replace(bounce.delivery, mail_from=""))
    apart = [
        replace(bounce, delivery=replace(bounce.delivery, id=number, targets=(Target("x", 1, tag),)))
        for number, tag in enumerate((Tag.TEST, Tag.REPLY), 70_000)
    ]
    return [*plain, empty, *apart]


def test_no_machine_is_told_anything(world: World, make: Make) -> None:
    """Bounces, automatic mail and lists are never answered; rehearsals and answers are, but not from here."""
    for mail in machines(world, make):
        (plan,) = world.decide(mail)
        assert codes(plan) == [], mail


def test_who_sent_on_behalf_is_told(world: World, make: Make) -> None:
    """The mail is the author's, the notice is his who sent it (decisions.md 7.7)."""
    world.contact(5, "jan@customer.example")
    for deal in (7, 8):
        world.deal(deal, 5)
    content = make.outgoing("jan@customer.example", actual_sender=make.box("bert@seller.example"))
    (plan,) = world.decide(world.mail(content))
    assert [(n.reason, n.user_id) for n in plan.notices] == [("needs_choice", 2)]


def test_a_failure_is_told_once_its_sender_is_proven(world: World, make: Make) -> None:
    """All failures are one reason to its user; of unproven mail nobody hears."""
    mail = world.mail(make.outgoing("jan@customer.example"))
    assert codes(failed(mail.delivery, "parser_timeout")) == ["failed"]
    held = world.mail(make.outgoing("jan@customer.example"), held=HeldSender("unknown_sender", "x@y.example"))
    assert codes(failed(held.delivery, "parser_timeout")) == []


def test_our_own_mail_is_set_aside_in_silence(world: World, make: Make) -> None:
    """Whatever it says, it is filed nowhere, waits for nobody and is never answered (rules.md 3.1)."""
    mail = world.mail(make.outgoing("jan@customer.example"), held=HeldSender("own_mail"))
    (plan,) = world.decide(mail)
    assert (plan.outcome.state, plan.outcome.reason, plan.outcome.user_id) == ("set_aside", "own_mail", None)
    assert (plan.notices, plan.changes, plan.message) == ((), (), None)
