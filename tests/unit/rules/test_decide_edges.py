"""decide(): what must not happen. Each test is a way in which mail was misfiled or gave itself away."""

from typing import Any

import pytest
from msgspec import structs

from bccd.model.crm import DealStatus, Organisation
from bccd.model.delivery import DeliveryState, Mail
from bccd.model.directory import Sharing
from bccd.model.envelope import Tag
from bccd.model.message import AutoKind, Content, Forward, ForwardKind, Mailbox, Message
from bccd.model.plan import Direction, LinkState, Plan
from bccd.model.policy import Policy
from bccd.rules.decide import failed
from bccd.rules.scope import bounded

World = Any
Make = Any


def deals(plan: Plan, state: LinkState = LinkState.ACTIVE) -> list[int]:
    return [link.deal_id for link in plan.links if link.deal_id is not None and link.state is state]


def ended(plan: Plan) -> tuple[DeliveryState, str]:
    return plan.outcome.state, plan.outcome.reason


# ---- never-log


@pytest.mark.parametrize("entry", ["@secret.example", "doc@secret.example"])
@pytest.mark.parametrize("tags", [(), ((Tag.DEAL, "d9"),)])
def test_mail_to_nobody_but_never_log_parties_is_set_aside(
    world: World, make: Make, entry: str, tags: Any
) -> None:
    """Nothing of it is filed, whatever the address asks for (rules.md 3.5)."""
    world.never_log = frozenset({entry})
    world.deal(9)
    (plan,) = world.decide(world.mail(make.outgoing("doc@secret.example"), *tags))
    assert ended(plan) == (DeliveryState.SET_ASIDE, "never_log")
    assert (plan.message, plan.contacts, plan.links) == (None, (), ())


def test_a_never_log_domain_covers_what_is_below_it(world: World, make: Make) -> None:
    """@secret.example means eu.secret.example too; so does an internal domain."""
    world.never_log = frozenset({"@secret.example"})
    world.policy = Policy(internal_domains=frozenset({"seller.example"}))
    (plan,) = world.decide(world.mail(make.outgoing("a@eu.secret.example", "b@shop.seller.example")))
    assert ended(plan) == (DeliveryState.SET_ASIDE, "never_log")


def test_a_forward_from_a_never_log_author_is_set_aside(world: World, make: Make) -> None:
    """Unless somebody else takes part: then it is filed without him."""
    world.never_log = frozenset({"@secret.example"})
    alone, together = world.decide(
        world.mail(make.forward(make.incoming("doc@secret.example"))),
        world.mail(make.forward(make.incoming("doc@secret.example", cc=(make.box("jan@customer.example"),)))),
    )
    assert ended(alone) == (DeliveryState.SET_ASIDE, "never_log")
    assert together.outcome.state is DeliveryState.FILED
    assert together.contacts == (), "Cc is no main counterparty"


def test_a_forward_to_a_never_log_party_is_a_filing_forward(world: World, make: Make) -> None:
    """ext(R) is R without ours and without never-log (rules.md 4)."""
    world.never_log = frozenset({"@secret.example"})
    message = make.forward(make.incoming("jan@customer.example"))
    wrapper = structs.replace(message.content, to=(make.box("doc@secret.example"),))
    (plan,) = world.decide(world.mail(structs.replace(message, content=wrapper)))
    assert plan.message is not None
    assert plan.message.direction is Direction.INCOMING


# ---- what private mail gives away


def test_the_deal_of_a_private_mail_is_not_handed_to_others(world: World, make: Make) -> None:
    """Its owner's next mail inherits it, a colleague's does not (decisions.md 6)."""
    world.contact(5, "jan@customer.example")
    world.deal(9)
    answer = {"in_reply_to": ("offer@seller.example",)}
    _, own, others = world.decide(
        world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d9"), (Tag.PRIVATE, "")),
        world.mail(make.outgoing("jan@customer.example", message_id="2@s", text="two", **answer)),
        world.mail(make.outgoing("jan@customer.example", message_id="3@s", text="three", **answer), user=2),
    )
    assert deals(own) == [9]
    assert deals(others) == [9], "Anna's second mail is shared and carries it now"
    _, others = world.decide(
        world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d9"), (Tag.PRIVATE, "")),
        world.mail(make.outgoing("jan@customer.example", message_id="3@s", text="three", **answer), user=2),
    )
    assert deals(others) == []


def test_a_deal_is_not_inherited_in_two_steps(world: World, make: Make) -> None:
    """An intruder's first mail carries no deal, so his second shares nobody with one that does."""
    world.contact(5, "jan@customer.example")
    world.contact(6, "eve@evil.example")
    world.deal(9)
    answer = {"in_reply_to": ("offer@seller.example",)}
    _, first, second = world.decide(
        world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d9")),
        world.mail(make.outgoing("eve@evil.example", message_id="2@s", text="2", **answer)),
        world.mail(make.outgoing("eve@evil.example", message_id="3@s", text="3", **answer)),
    )
    assert (deals(first), deals(second)) == ([], [])


def test_who_stood_in_bcc_hands_no_deal_on(world: World, make: Make) -> None:
    """In the same batch as in another: others cannot see that he took part."""
    world.contact(5, "jan@customer.example")
    world.contact(6, "eva@customer.example")
    world.deal(9)
    _, answer = world.decide(
        world.mail(
            make.outgoing("jan@customer.example", bcc=(make.box("eva@customer.example"),)), (Tag.DEAL, "d9")
        ),
        world.mail(
            make.outgoing(
                "eva@customer.example", message_id="2@s", references=("offer@seller.example",), text="2"
            )
        ),
    )
    assert deals(answer) == []


def test_a_private_copy_of_an_open_message_is_its_owners_business(world: World, make: Make) -> None:
    """Nobody else learns that, or by whom, the message was filed once more."""
    world.user(3, "cleo@seller.example", sharing=Sharing.PRIVATE)
    world.contact(5, "jan@customer.example")
    content = make.incoming("jan@customer.example")
    _, again = world.decide(
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED)),
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED), user=3),
    )
    assert again.outcome.reason == "owner_added"
    assert {change.audience_id for change in again.changes} == {3}


def test_a_probe_with_a_guessed_id_learns_nothing(world: World, make: Make) -> None:
    """The mark of a reused id speaks only of messages that the submitter may see."""
    content = make.incoming("jan@customer.example")
    _, probe = world.decide(
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED), (Tag.PRIVATE, "")),
        world.mail(make.forward(structs.replace(content, text="a guess"), kind=ForwardKind.ATTACHED), user=2),
    )
    assert probe.message is not None
    assert not probe.message.msgid_reused


@pytest.mark.parametrize(
    "forged",
    [
        {"to": (Mailbox("", "anna@seller.example"), Mailbox("", "else@customer.example"))},
        {"text": "?!"},
        {"text": "CAUTION: external mail, the price is 9,000"},
    ],
)
def test_a_forged_copy_makes_no_owner(world: World, make: Make, forged: Any) -> None:
    """Recipients and every sign of a short text are part of what must be equal (decisions.md 5)."""
    content = make.incoming("jan@customer.example", text="\N{THUMBS UP SIGN}")
    if "CAUTION" in forged.get("text", ""):
        content = structs.replace(content, text="CAUTION: external mail, the price is 5,000")
    first, second = world.decide(
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED), (Tag.PRIVATE, "")),
        world.mail(make.forward(structs.replace(content, **forged), kind=ForwardKind.ATTACHED), user=2),
    )
    assert first.message is not None
    assert second.message is not None
    assert second.outcome.message_id != first.outcome.message_id


def test_a_message_that_opens_is_announced_and_linked(world: World, make: Make) -> None:
    """A second owner who shares ties the contacts that are known since, in links and participants alike."""
    content = make.incoming("new@customer.example")
    first, second = world.decide(
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED), (Tag.PRIVATE, "")),
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED), user=2),
    )
    (made,) = second.contacts
    assert first.contacts == ()
    assert second.update is not None
    assert (second.update.shared, second.update.linked) == (True, True)
    assert second.update.contacts == (("new@customer.example", made.id),)
    assert ("message.added", 0) in {(change.kind, change.audience_id) for change in second.changes}


def test_private_asked_for_too_late_is_not_claimed(world: World, make: Make) -> None:
    """A copy that stands is changed by its owner's command, not by a second mail, and the record says so."""
    _, again = world.decide(
        world.mail(make.outgoing("jan@customer.example")),
        world.mail(make.outgoing("jan@customer.example"), (Tag.PRIVATE, "")),
    )
    assert [step.verdict for step in again.steps if step.rule == "sharing"] == ["as it was"]


# ---- hops, counts, automatic mail


def test_hops_between_our_own_people_are_descended_to_the_end(world: World, make: Make) -> None:
    """Customer, then Bert, then Anna twice: the customer's mail is filed, however deep it lies."""
    customer = make.forward(make.incoming("jan@customer.example"), kind=ForwardKind.ATTACHED).forwards[0]
    hop = make.outgoing("anna@seller.example", sender=make.box("bert@seller.example"))
    inner = make.forward(hop, customer, kind=ForwardKind.ATTACHED).forwards[0]
    (plan,) = world.decide(world.mail(make.forward(hop, inner, kind=ForwardKind.ATTACHED)))
    assert plan.message is not None
    assert plan.message.from_address == "jan@customer.example"


def test_a_forward_of_colleagues_mail_waits_for_its_user(world: World, make: Make) -> None:
    """He meant something by it; mail that is merely internal is set aside instead (decisions.md 7.3)."""
    hop = make.outgoing("anna@seller.example", sender=make.box("bert@seller.example"))
    (plan,) = world.decide(world.mail(make.forward(hop)))
    assert ended(plan) == (DeliveryState.HELD, "internal_only")


def test_one_mail_creates_at_most_ten_contacts(world: World, make: Make) -> None:
    """However many originals it carries."""
    originals = [
        make.incoming(f"p{n}@customer.example", message_id=f"{n}@c", text=f"text {n}") for n in range(15)
    ]
    forwards = tuple(make.forward(o, kind=ForwardKind.ATTACHED).forwards[0] for o in originals)
    mail = world.mail(Message(make.outgoing("crm@drop.example"), forwards=forwards))
    (plan,) = world.decide(mail)
    assert len(plan.more) == 14
    assert sum(len(p.contacts) for p in (plan, *plan.more)) == 10


def test_an_original_without_author_keeps_the_whole_delivery_waiting(world: World, make: Make) -> None:
    """The others are filed; the user is still asked about this one."""
    good = make.forward(make.incoming("jan@customer.example"), kind=ForwardKind.ATTACHED).forwards
    bad = make.forward(make.incoming("x@y.example", sender=None), kind=ForwardKind.ATTACHED).forwards
    (plan,) = world.decide(world.mail(Message(make.outgoing("crm@drop.example"), forwards=good + bad)))
    assert ended(plan) == (DeliveryState.HELD, "original_sender_unknown")
    assert plan.message is not None


def test_an_automatic_answer_that_quotes_is_set_aside(world: World, make: Make) -> None:
    """A vacation notice to a customer carries his mail as a quote; it makes no contact of him."""
    message = make.forward(make.incoming("spam@evil.example"))
    answer = structs.replace(message.content, to=(make.box("spam@evil.example"),), auto=AutoKind.AUTO_REPLY)
    (plan,) = world.decide(world.mail(structs.replace(message, content=answer)))
    assert ended(plan) == (DeliveryState.SET_ASIDE, "auto_reply")


@pytest.mark.parametrize("kind", [AutoKind.BULK, AutoKind.LIST, AutoKind.AUTO_REPLY])
def test_no_contact_is_made_of_an_automatic_original(world: World, make: Make, kind: AutoKind) -> None:
    """What a person forwards is judged by its own header section, not by the wrapper's."""
    content = make.incoming("news@shop.example", auto=kind)
    (plan,) = world.decide(world.mail(make.forward(content, kind=ForwardKind.ATTACHED)))
    assert plan.contacts == ()
    assert plan.message is not None
    assert plan.message.auto_kind == kind


def test_a_failed_mail_is_announced_to_its_owner(world: World, make: Make) -> None:
    """Its submitter may see that it failed; nobody else may."""
    plan = failed(world.mail(make.outgoing("jan@customer.example")).delivery, "parser_timeout")
    assert [(change.kind, change.audience_id) for change in plan.changes] == [("delivery.failed", 1)]


# ---- who is looked at


def test_our_own_people_are_known_beyond_fifty_parties(world: World, make: Make) -> None:
    """The cap is on contacts looked up, not on telling who is ours."""
    world.user(3, "cleo@seller.example")
    many = [f"p{n}@customer.example" for n in range(60)]
    (plan,) = world.decide(world.mail(make.outgoing(*many, "cleo@seller.example")))
    verdicts = {who.address: who.verdict for who in plan.participants}
    assert verdicts["cleo@seller.example"] == verdicts["anna@seller.example"] == "user"
    assert verdicts["p59@customer.example"] == "unknown"


def test_an_unconfirmed_address_of_a_user_never_becomes_a_contact(world: World, make: Make) -> None:
    """It is matched where the CRM has it, and not made (rules.md 5)."""
    world.user(4, "dan@home.example", confirmed=False)
    (plan,) = world.decide(world.mail(make.outgoing("dan@home.example")))
    assert plan.contacts == ()


def test_a_name_that_is_an_address_names_nobody(world: World, make: Make) -> None:
    """The new contact is named after his own address."""
    content = make.outgoing(to=(make.box("new@customer.example", "jan@other.example"),))
    (plan,) = world.decide(world.mail(content))
    assert [made.name for made in plan.contacts] == ["new"]


# ---- deals


def test_a_closed_deal_beside_a_new_one_is_a_question(world: World, make: Make) -> None:
    """New mail in its conversation is neither linked to the old deal nor silently to the new (rules.md 7)."""
    world.contact(5, "jan@customer.example")
    world.deal(9, status=DealStatus.LOST)
    first = world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d9"))
    reply = world.mail(
        make.outgoing(
            "jan@customer.example", message_id="2@s", references=("offer@seller.example",), text="2"
        )
    )
    _, alone = world.decide(first, reply)
    assert deals(alone) == [9], "with no open deal the conversation keeps its own"
    world.deal(10, 5)
    _, both = world.decide(first, reply)
    assert (deals(both), deals(both, LinkState.SUGGESTED)) == ([], [10])


def test_words_of_the_subject_rank_suggestions(world: World, make: Make) -> None:
    """Same submitter first, then words in common, then the latest activity; the record says which."""
    world.contact(5, "jan@customer.example")
    world.deal(9, 5, title="Globex office", updated_at="2026-03")
    world.deal(10, 5, title="Globex warehouse")
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", subject="the WAREHOUSE doors")))
    assert deals(plan, LinkState.SUGGESTED) == [10, 9]
    assert any("warehouse" in step.reason for step in plan.steps if step.rule == "deal")


def test_mass_mail_raises_no_choice(world: World, make: Make) -> None:
    """More than five external parties: contacts are linked, deals are not (decisions.md 7.6)."""
    for number in range(6):
        world.contact(10 + number, f"p{number}@customer.example")
        world.deal(20 + number, 10 + number)
    addresses = [f"p{number}@customer.example" for number in range(6)]
    six, five = world.decide(
        world.mail(make.outgoing(*addresses)),
        world.mail(make.outgoing(*addresses[:5], message_id="2@s", text="five")),
    )
    assert len([link for link in six.links if link.contact_id]) == 6
    assert (deals(six), deals(six, LinkState.SUGGESTED)) == ([], [])
    assert len(deals(five, LinkState.SUGGESTED)) == 5


def test_an_organisation_found_by_domain_is_in_the_record(world: World, make: Make) -> None:
    """Each link has its step."""
    world.organisations["customer.example"] = (Organisation(7, "Customer"),)
    (plan,) = world.decide(world.mail(make.outgoing("info@customer.example")))
    assert [step.verdict for step in plan.steps if step.rule == "organisation"] == [
        "organisation 7, Customer"
    ]


def test_an_internal_domain_is_nobody_outside(world: World, make: Make) -> None:
    """A colleague without an account is recorded as internal, neither matched nor made."""
    world.policy = Policy(internal_domains=frozenset({"seller.example"}))
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", "guard@seller.example")))
    verdicts = {who.address: who.verdict for who in plan.participants}
    assert verdicts["guard@seller.example"] == "internal"
    assert [made.address for made in plan.contacts] == ["jan@customer.example"]


def test_lists_nobody_writes_are_cut_in_forwards_too() -> None:
    """What is asked about and what is decided on are the same people."""
    crowd = tuple(Mailbox("", f"p{number}@customer.example") for number in range(1_500))
    original = Content(Mailbox("", "jan@customer.example"), 1, cc=crowd)
    inner = Forward(ForwardKind.INLINE, original, (), 1.0)
    outer = Forward(ForwardKind.INLINE, Content(), (), 1.0, (inner,))
    cut = bounded(Mail(delivery=None, message=Message(Content(), forwards=(outer,))))  # type: ignore[arg-type]
    assert len(cut.message.forwards[0].inner[0].original.cc) == 1_000
