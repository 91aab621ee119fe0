"""Deals of a mail: what a conversation hands on, what users said, what the company wants (rules.md 7)."""

from typing import Any

import pytest
from msgspec import structs

from bccd.model.crm import DealStatus
from bccd.model.envelope import Tag
from bccd.model.facts import CarriedDeal, Verdict
from bccd.model.message import AutoKind, ForwardKind
from bccd.model.plan import Direction, LinkOrigin, LinkState, Plan, Provenance
from bccd.model.policy import MultiDeal, Policy
from bccd.rules.direction import Reading
from bccd.rules.thread import strand, tokens

World = Any
Make = Any
JAN, HOME = "jan@customer.example", 500
ACTIVE, SUGGESTED, REJECTED = LinkState.ACTIVE, LinkState.SUGGESTED, LinkState.REJECTED


def deals(plan: Plan, state: LinkState = ACTIVE) -> list[int]:
    return sorted(link.deal_id for link in plan.links if link.deal_id is not None and link.state is state)


def verdicts(plan: Plan) -> set[str]:
    return {step.verdict for step in plan.steps if step.rule == "deal"}


def answer(make: Make, number: int = 2, to: str = JAN, parent: str = "offer@seller.example") -> Any:
    """Return a mail that answers the offer."""
    return make.outgoing(to, message_id=f"{number}@s", in_reply_to=(parent,), text=f"number {number}")


def stands(world: World, make: Make, home: int, parent: str = "offer@seller.example") -> None:
    """Let a conversation hold the mail that answers name."""
    content = make.outgoing(JAN, message_id=parent)
    reading = Reading(content, Direction.OUTGOING, content.to, (), Provenance.BCC, "1a")
    world.tokens |= dict.fromkeys(tokens(strand(reading), split_on_subject=True), home)


def carries(world: World, home: int, *deal_ids: int, status: DealStatus = DealStatus.OPEN) -> None:
    """Let a conversation hand on deals through Jan, to everyone."""
    world.carried[home] = frozenset(CarriedDeal(deal_id, status, 0, JAN) for deal_id in deal_ids)


def said(world: World, home: int, *what: Verdict) -> None:
    world.verdicts[home] = what


@pytest.fixture
def jan(world: World) -> World:
    """Return a company whose customer Jan has two open deals."""
    world.contact(5, JAN, organisation_id=31)
    world.deal(8, 5, updated_at="2026-01-01")
    world.deal(9, 5, updated_at="2026-02-01")
    return world


@pytest.mark.parametrize(
    ("several", "linked", "offered"),
    [(MultiDeal.ASK, [], [8, 9]), (MultiDeal.LATEST, [9], []), (MultiDeal.ALL, [8, 9], [])],
)
def test_the_company_says_what_several_open_deals_mean(
    jan: World, make: Make, several: MultiDeal, linked: list[int], offered: list[int]
) -> None:
    """Rule 7.5 and data.md 2.3: ask by default, the latest or all by choice."""
    jan.policy = Policy(multi_deal=several)
    (plan,) = jan.decide(jan.mail(make.outgoing(JAN)))
    assert (deals(plan), deals(plan, SUGGESTED)) == (linked, offered)


def test_a_suggestion_says_what_speaks_for_it(jan: World, make: Make) -> None:
    """Data.md 2.3: each candidate has its score and its reason."""
    (plan,) = jan.decide(jan.mail(make.outgoing(JAN)))
    offered = [link for link in plan.links if link.state is SUGGESTED]
    assert sorted(link.score for link in offered) == [0.5, 1.0]
    assert all("one of 2 open deals" in link.reason for link in offered)


@pytest.mark.parametrize(("counts", "linked"), [(False, []), (True, [40])])
def test_an_organisations_deals_count_where_the_company_wants_it(
    world: World, make: Make, counts: bool, linked: list[int]
) -> None:
    """Rule 7.4: "and their organisation if the company says so"."""
    world.contact(5, JAN, organisation_id=31)
    deal = world.deal(40)
    world.firm_deals = {31: (deal,)} if counts else {}
    world.policy = Policy(organisation_deals=counts)
    (plan,) = world.decide(world.mail(make.outgoing(JAN)))
    assert deals(plan) == linked


def test_a_rejected_deal_never_comes_back(jan: World, make: Make) -> None:
    """Data.md 2.2: a tombstone forbids inheritance and offers; the one deal left is taken."""
    stands(jan, make, HOME)
    carries(jan, HOME, 8)
    said(jan, HOME, Verdict(1, 2, "2026-03-01", 0, REJECTED, deal_id=8))
    (plan,) = jan.decide(jan.mail(answer(make)))
    assert (deals(plan), deals(plan, SUGGESTED)) == ([9], [])
    assert "not a candidate" in verdicts(plan)


def test_of_two_words_on_a_deal_the_later_counts(jan: World, make: Make) -> None:
    """Data.md 2.5: from here on another deal, and perhaps the first one again later."""
    stands(jan, make, HOME)
    carries(jan, HOME, 8)
    no = Verdict(1, 2, "2026-03-01", 0, REJECTED, deal_id=8)
    yes = Verdict(2, 2, "2026-04-01", 0, ACTIVE, deal_id=8)
    said(jan, HOME, no, yes)
    assert deals(jan.decide(jan.mail(answer(make)))[0]) == [8]
    said(jan, HOME, structs.replace(no, decided_at="2026-05-01"), yes)
    assert deals(jan.decide(jan.mail(answer(make)))[0]) == [9]


def test_what_was_said_of_a_colleagues_private_mail_counts_for_him_alone(jan: World, make: Make) -> None:
    """Rule 10: nobody's mail is filed otherwise for what he may not see."""
    stands(jan, make, HOME)
    carries(jan, HOME, 8)
    said(jan, HOME, Verdict(1, 2, "2026-03-01", 2, REJECTED, deal_id=8))
    assert deals(jan.decide(jan.mail(answer(make)))[0]) == [8]


def test_what_was_said_of_a_conversation_goes_with_it_into_another(jan: World, make: Make) -> None:
    """Decisions.md 4: the next mail of the same batch sees what the merge brought together."""
    stands(jan, make, HOME)
    stands(jan, make, 600, "other@seller.example")
    said(jan, 600, Verdict(1, 2, "2026-03-01", 0, REJECTED, deal_id=8))
    ties = structs.replace(answer(make), references=("other@seller.example",))
    merging, later = jan.decide(jan.mail(ties), jan.mail(answer(make, 3)))
    assert merging.merge is not None
    assert merging.merge.losers == (600,)
    assert deals(merging) == [9]
    assert "not a candidate" in verdicts(later)


def test_a_question_that_waits_is_asked_again(jan: World, make: Make) -> None:
    """Rule 7.5: a choice is pending for the conversation; nothing is taken over while it waits."""
    stands(jan, make, HOME)
    carries(jan, HOME, 8, 9)
    said(jan, HOME, *(Verdict(n, 2, "", 1, SUGGESTED, deal_id=n) for n in (8, 9)))
    (plan,) = jan.decide(jan.mail(answer(make)))
    assert (deals(plan), deals(plan, SUGGESTED)) == ([], [8, 9])


def test_conversations_that_become_one_with_different_deals_raise_a_choice(jan: World, make: Make) -> None:
    """Data.md 1.6, decisions.md 5: both stay, the user is asked, none is guessed."""
    stands(jan, make, HOME)
    stands(jan, make, 600, "other@seller.example")
    carries(jan, HOME, 8)
    carries(jan, 600, 70)
    mail = structs.replace(answer(make), references=("other@seller.example",))
    (plan,) = jan.decide(jan.mail(mail))
    assert plan.merge is not None
    assert (deals(plan), deals(plan, SUGGESTED)) == ([], [8, 70])


def test_closed_deals_keep_their_conversation_unless_a_new_one_is_open(world: World, make: Make) -> None:
    """Rule 7: a won deal is inherited; beside a newly open one the user is asked, not passed over."""
    world.contact(5, JAN)
    stands(world, make, HOME)
    carries(world, HOME, 3, status=DealStatus.WON)
    assert deals(world.decide(world.mail(answer(make)))[0]) == [3]
    world.deal(9, 5)
    (plan,) = world.decide(world.mail(answer(make)))
    assert (deals(plan), deals(plan, SUGGESTED)) == ([], [9])


def test_a_deal_named_in_the_address_answers_what_was_asked(jan: World, make: Make) -> None:
    """Data.md 2.1: the submitter's own earlier suggestions of the conversation are settled."""
    first, tagged, later = jan.decide(
        jan.mail(make.outgoing(JAN)), jan.mail(answer(make), (Tag.DEAL, "d8")), jan.mail(answer(make, 3))
    )
    offered = {link.id: link.deal_id for link in first.links if link.state is SUGGESTED}
    assert {(offered[it.link_id], it.state) for it in tagged.settled} == {(8, ACTIVE), (9, REJECTED)}
    assert {it.actor_id for it in tagged.settled} == {1}
    assert deals(later) == [8]


def test_a_colleagues_question_is_not_answered_for_him(jan: World, make: Make) -> None:
    """Only the submitter's own questions are settled by what he writes into an address."""
    _, tagged = jan.decide(
        jan.mail(make.outgoing(JAN), (Tag.PRIVATE, "")),
        jan.mail(answer(make), (Tag.DEAL, "d8"), user=2),
    )
    assert not tagged.settled


def test_a_contact_that_was_taken_away_is_not_linked_again(world: World, make: Make) -> None:
    """Data.md 2.2 holds for contacts and organisations as for deals."""
    world.contact(5, JAN)
    stands(world, make, HOME)
    said(world, HOME, Verdict(1, 2, "2026-03-01", 0, REJECTED, contact_id=5))
    (plan,) = world.decide(world.mail(answer(make)))
    assert not plan.links
    assert any(step.verdict == "not linked" for step in plan.steps)


def test_a_mass_mails_deal_goes_on_through_those_who_take_part_in_it(world: World, make: Make) -> None:
    """Decisions.md 7.6: one of six recipients answers; only who takes part in the deal inherits it."""
    people = [f"p{number}@customer.example" for number in range(6)]
    for number, address in enumerate(people):
        world.contact(50 + number, address)
    world.deal(9, 50)
    mass = make.outgoing(*people)
    sent, his, hers = world.decide(
        world.mail(mass, (Tag.DEAL, "d9")),
        world.mail(answer(make, 2, people[0])),
        world.mail(answer(make, 3, people[1])),
    )
    assert deals(sent) == deals(his) == [9]
    assert deals(hers) == []


@pytest.mark.parametrize("kind", [AutoKind.AUTO_REPLY, AutoKind.DSN])
def test_a_machines_answer_chooses_no_deal(jan: World, make: Make, kind: AutoKind) -> None:
    """Rules 3.2 and 3.3: what a user files of a machine's words raises no question."""
    content = structs.replace(make.incoming(JAN), auto=kind)
    (plan,) = jan.decide(jan.mail(make.forward(content, kind=ForwardKind.ATTACHED)))
    assert deals(plan) == deals(plan, SUGGESTED) == []


def test_several_tags_are_several_links(jan: World, make: Make) -> None:
    """Data.md 2.7: two deals named, two links."""
    (plan,) = jan.decide(jan.mail(make.outgoing(JAN), (Tag.DEAL, "d8"), (Tag.DEAL, "d9")))
    assert deals(plan) == [8, 9]
    assert {link.origin for link in plan.links if link.deal_id} == {LinkOrigin.TAG}
