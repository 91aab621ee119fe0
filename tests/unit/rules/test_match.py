"""Rules 5, 6 and 3.6: who an address of the mail is, and what becomes of one that is nobody's."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bccd.model.crm import Organisation
from bccd.model.directory import Sharing
from bccd.model.message import AutoKind, Message
from bccd.model.plan import LinkState, Plan
from bccd.model.policy import Policy, SeveralContacts

World = Any
Make = Any


def contacts(plan: Plan, state: LinkState = LinkState.ACTIVE) -> list[int]:
    return [link.contact_id for link in plan.links if link.contact_id is not None and link.state is state]


def organisations(plan: Plan) -> list[int]:
    return [link.organisation_id for link in plan.links if link.organisation_id is not None]


def told(plan: Plan, rule: str = "match") -> dict[str, tuple[str, str]]:
    return {step.about: (step.verdict, step.reason) for step in plan.steps if step.rule == rule}


def verdict(world: World, make: Make, address: str, *lists: str) -> str:
    """The verdict on one address beside a customer's."""
    world.contact(5, "jan@customer.example")
    world.contact(6, address)
    content = make.outgoing("jan@customer.example", cc=(make.box(address),))
    (plan,) = world.decide(world.mail(Message(content, list_addresses=lists)))
    row = next(who for who in plan.participants if who.address == address)
    assert (6 in contacts(plan)) is (row.contact_id == 6)
    return str(row.verdict)


# ---- rule 5: addresses excluded from matching


@pytest.mark.parametrize(
    "address",
    ["crm@drop.example", "crm+deal7@drop.example", "crm+x+y@drop.example", "r+0t0k3n@drop.example"],
)
def test_service_addresses(world: World, make: Make, address: str) -> None:
    """Rule 5: drop addresses with any tag and reply addresses are no contact's, even where one has them."""
    assert verdict(world, make, address) == "service"


@pytest.mark.parametrize("address", ["r@drop.example", "r+t@other.example", "xcrm@drop.example"])
def test_what_is_no_service_address(world: World, make: Make, address: str) -> None:
    """Rule 5: a neighbour of the drop address may be a customer's."""
    assert verdict(world, make, address) == "contact"


def test_a_drop_address_that_has_a_plus_itself(world: World, make: Make) -> None:
    """Rule 5: an address is itself, whatever stands before its plus sign."""
    world.service = frozenset({"crm@drop.example", "team+crm@mail.example"})
    assert verdict(world, make, "team+crm@mail.example") == "service"


@pytest.mark.parametrize("active", [True, False])
def test_users_active_or_not(world: World, make: Make, active: bool) -> None:
    """Rule 5: a colleague, present or former, who is also stored as a contact is still no counterparty."""
    world.user(3, "carl@seller.example", active=active)
    assert verdict(world, make, "carl@seller.example") == "user"


@pytest.mark.parametrize("address", ["x@own.example", "x@mail.own.example"])
def test_internal_domains(world: World, make: Make, address: str) -> None:
    """Rule 5: whoever is below an internal domain is ours."""
    world.policy = Policy(internal_domains=frozenset({"own.example"}))
    assert verdict(world, make, address) == "internal"


@pytest.mark.parametrize("entry", ["x@bank.example", "@bank.example", "@example"])
def test_never_log(world: World, make: Make, entry: str) -> None:
    """Rule 5: the list names addresses and whole domains; one label is no domain of anybody."""
    world.never_log = frozenset({entry})
    assert verdict(world, make, "x@bank.example") == ("contact" if entry == "@example" else "never_log")


@pytest.mark.parametrize(
    "address",
    ["postmaster@x.example", "bounces+jan=customer.example@x.example", "srs0=ab=cd=y.example=j@x.example"],
)
def test_machines(world: World, make: Make, address: str) -> None:
    """Rule 5: a machine's address is never matched."""
    assert verdict(world, make, address) == "excluded"


@pytest.mark.parametrize(
    "address", ["sales@lists.example", "sales-owner@lists.example", "sales-request@lists.example"]
)
def test_mailing_lists(world: World, make: Make, address: str) -> None:
    """Rule 5: a list that the mail names is nobody, nor are the mailboxes beside it."""
    assert verdict(world, make, address, "sales@lists.example") == "excluded"


def test_a_mailing_list_never_becomes_a_contact(world: World, make: Make) -> None:
    """Rule 5: decisions.md 7.6 says the same of creation."""
    mail = Message(make.outgoing("fans@lists.example"), list_addresses=("fans@lists.example",))
    (plan,) = world.decide(world.mail(mail))
    assert (plan.contacts, told(plan)["fans@lists.example"][1]) == ((), "the address of a mailing list")


@pytest.mark.parametrize("address", ["noreply@shop.example", "info@customer.example"])
def test_roles_are_matched_and_not_created(world: World, make: Make, address: str) -> None:
    """Rule 5: where the CRM has such a contact it is the one."""
    (plan,) = world.decide(world.mail(make.outgoing(address)))
    assert plan.contacts == ()
    world.contact(5, address)
    (plan,) = world.decide(world.mail(make.outgoing(address)))
    assert contacts(plan) == [5]


def test_role_contacts_by_choice(world: World, make: Make) -> None:
    """Rule 5: a company may want info@ as a contact; an address that nobody reads still is none."""
    world.policy = Policy(create_role_contacts=True)
    (plan,) = world.decide(world.mail(make.outgoing("info@customer.example", "no-reply@customer.example")))
    assert [made.address for made in plan.contacts] == ["info@customer.example"]
    assert told(plan, "contact")["no-reply@customer.example"] == (
        "not created",
        "nobody reads what is sent to it",
    )


# ---- rule 6.3: several contacts on one address


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({}, {"active": False, "owner_id": 1}, "the active one"),
        ({"owner_id": 1}, {"owner_id": 2, "last_activity": "2026-01"}, "the submitter's own"),
        ({"last_activity": "2026-02"}, {"last_activity": "2026-01"}, "the most recently active"),
    ],
)
def test_each_tie_breaker_is_named(world: World, make: Make, better: Any, worse: Any, reason: str) -> None:
    """Rule 6.3: the stated order decides, each before all later ones, and says so."""
    world.contact(5, "x@customer.example", **worse)
    world.contact(6, "x@customer.example", **better)
    (plan,) = world.decide(world.mail(make.outgoing("x@customer.example")))
    assert told(plan)["x@customer.example"] == (
        "contact 6, contact 6", f"{reason}, of 2 contacts with this address",
    )  # fmt: skip


def test_an_open_deal_breaks_a_tie_and_age_comes_last(world: World, make: Make) -> None:
    """Rule 6.3: a deal in work tells more than activity; where nothing tells the oldest is taken."""
    world.contact(5, "x@customer.example", last_activity="2026-02")
    world.contact(6, "x@customer.example")
    world.deal(9, 6)
    world.contact(8, "y@customer.example")
    world.contact(7, "y@customer.example")
    (plan,) = world.decide(world.mail(make.outgoing("x@customer.example", "y@customer.example")))
    assert contacts(plan) == [6, 7]
    assert told(plan)["x@customer.example"][1].startswith("the one with an open deal, ")
    assert told(plan)["y@customer.example"][1].startswith("the oldest, ")


def several(world: World, make: Make, how: SeveralContacts, **more: Any) -> Plan:
    world.policy = Policy(several_contacts=how)
    world.contact(5, "x@customer.example", active=False)
    world.contact(6, "x@customer.example")
    world.contact(7, "x@customer.example", owner_id=1)
    for contact in (6, 7):
        world.deal(10 + contact, contact)
    plans: list[Plan] = world.decide(world.mail(make.outgoing("x@customer.example", **more)))
    return plans[0]


def test_all_are_linked_by_choice(world: World, make: Make) -> None:
    """Rule 6.3, all: every contact on the address is linked, and all of them bring their deals."""
    plan = several(world, make, SeveralContacts.ALL)
    assert contacts(plan) == [7, 6, 5]
    assert plan.message is not None and plan.message.linked
    assert [who.contact_id for who in plan.participants if who.role == "to"] == [7]
    offered = {link.deal_id for link in plan.links if link.state is LinkState.SUGGESTED}
    assert offered == {16, 17}
    verdicts = [
        step.verdict for step in plan.steps if step.rule == "match" and step.about == "x@customer.example"
    ]
    assert verdicts == [
        "contact 7, contact 7",
        "contact 6, contact 6: linked, too",
        "contact 5, contact 5: linked, too",
    ]


def test_the_user_is_asked_by_choice(world: World, make: Make) -> None:
    """Rule 6.3, ask: none is linked, all are suggested in order with a score, and none brings a deal."""
    plan = several(world, make, SeveralContacts.ASK)
    assert contacts(plan) == []
    links = [(link.contact_id, link.state, link.rule, link.score) for link in plan.links]
    assert plan.links[0].reason == "in use; the submitter's own; has an open deal"
    assert links == [
        (7, LinkState.SUGGESTED, "several_contacts", 1.0),
        (6, LinkState.SUGGESTED, "several_contacts", 0.667),
        (5, LinkState.SUGGESTED, "several_contacts", 0.333),
    ]
    assert plan.message is not None and not plan.message.linked
    assert plan.contacts == ()
    assert [(who.verdict, who.contact_id) for who in plan.participants if who.role == "to"] == [
        ("contact", None)
    ]
    steps = [(step.verdict, step.reason) for step in plan.steps if step.rule == "match"]
    assert ("several contacts", "one of 3 contacts with this address: the user chooses") in steps
    assert ("contact 7, contact 7: suggested", "in use; the submitter's own; has an open deal") in steps
    assert ("contact 5, contact 5: suggested", "nothing speaks for it") in steps


def test_nobody_is_suggested_who_is_linked_anyway(world: World, make: Make) -> None:
    """Rule 6.3, ask: a second address that only one of them has settles it for him alone."""
    world.contact(6, "six@customer.example")
    plan = several(world, make, SeveralContacts.ASK, cc=(make.box("six@customer.example"),))
    assert contacts(plan) == [6]
    assert contacts(plan, LinkState.SUGGESTED) == [7, 5]


def test_a_contact_offered_twice_keeps_its_better_score(world: World, make: Make) -> None:
    """Rule 6.3, ask: two addresses offer him, and he is one suggestion."""
    for address in ("x@customer.example", "y@customer.example"):
        world.contact(6, address, owner_id=1)
    world.contact(7, "x@customer.example")
    world.contact(7, "y@customer.example")
    world.contact(8, "y@customer.example", owner_id=1, last_activity="2026-01")
    world.policy = Policy(several_contacts=SeveralContacts.ASK)
    for to in (("x@customer.example", "y@customer.example"), ("y@customer.example", "x@customer.example")):
        (plan,) = world.decide(world.mail(make.outgoing(*to)))
        assert {link.contact_id: link.score for link in plan.links} == {6: 1.0, 7: 0.5, 8: 1.0}


def test_the_last_activity_of_a_suggestion_is_told(world: World, make: Make) -> None:
    """Rule 6.3, ask: what ranks a suggestion is shown with it."""
    world.policy = Policy(several_contacts=SeveralContacts.ASK)
    world.contact(5, "x@customer.example", active=False, last_activity="2026-01-02T00:00:00Z")
    world.contact(6, "x@customer.example", active=False)
    (plan,) = world.decide(world.mail(make.outgoing("x@customer.example")))
    steps = [(step.verdict, step.reason) for step in plan.steps if step.rule == "match"]
    assert ("contact 5, contact 5: suggested", "last active 2026-01-02") in steps


# ---- rule 6.4: organisation by registered domain


@pytest.mark.parametrize(
    ("address", "stored", "found"),
    [
        ("x@customer.example", "customer.example", True),
        ("x@a.b.customer.example", "customer.example", True),
        ("x@a.firm.co.uk", "firm.co.uk", True),
        ("x@firm.co.uk", "co.uk", False),
        ("x@gmail.com", "gmail.com", False),
        ("x@mail.wp.pl", "wp.pl", False),
        ("x@mailinator.com", "mailinator.com", False),
        ("x@klub.example", "klub.example", False),
        ("x@customer.example", "mail.customer.example", False),
    ],
)
def test_organisation_by_registered_domain(
    world: World, make: Make, address: str, stored: str, found: bool
) -> None:
    """Rule 6.4: from the domain up to the registered one; never by free mail or a suffix, even if stored."""
    world.policy = Policy(auto_create_contact=False, free_mail=frozenset({"klub.example"}))
    world.organisations[stored] = (Organisation(7, "Customer"),)
    (plan,) = world.decide(world.mail(make.outgoing(address)))
    assert organisations(plan) == ([7] if found else [])


def test_the_nearest_domain_wins_and_then_the_oldest_organisation(world: World, make: Make) -> None:
    """Rule 6.4: a subsidiary with a domain of its own is not its parent; the choice is never by chance."""
    world.policy = Policy(auto_create_contact=False)
    world.organisations["pl.customer.example"] = (Organisation(9, "Pl"), Organisation(8, "Pl old"))
    world.organisations["customer.example"] = (Organisation(7, "Customer"),)
    (plan,) = world.decide(world.mail(make.outgoing("x@mail.pl.customer.example")))
    assert organisations(plan) == [8]


# ---- rule 6.5: auto-creation


def test_a_new_contact_is_named_and_given_its_organisation(world: World, make: Make) -> None:
    """Rule 6.5: name from the display name, organisation from the domain, source this mail and its user."""
    world.organisations["customer.example"] = (Organisation(7, "Customer"),)
    content = make.outgoing("x@y.example", to=(make.box("new@customer.example", "'Nina Nowak' via List"),))
    mail = world.mail(content)
    (plan,) = world.decide(mail)
    (made,) = plan.contacts
    assert (made.name, made.organisation_id, made.created_by) == ("Nina Nowak", 7, make.anna)
    assert (made.delivery_id, made.created_at) == (mail.delivery.id, make.now)
    assert told(plan, "contact")["new@customer.example"] == (f"contact {made.id}", "created, to be checked")


def test_only_the_main_counterparty_is_created(world: World, make: Make) -> None:
    """Rule 6.5: To of outgoing and From of incoming mail, never Cc (complaint 16)."""
    copied = (make.box("cc@customer.example"),)
    (plan,) = world.decide(world.mail(make.outgoing("to@customer.example", cc=copied)))
    assert [made.address for made in plan.contacts] == ["to@customer.example"]
    original = make.incoming("from@customer.example", cc=copied)
    (plan,) = world.decide(world.mail(make.forward(original)))
    assert [made.address for made in plan.contacts] == ["from@customer.example"]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("off", "the company creates no contacts by itself"),
        ("private", "the mail is private"),
        ("list", "the mail is automatic: list"),
        ("many", "11 unknown parties are too many for one mail"),
    ],
)
def test_why_none_is_created(world: World, make: Make, case: str, reason: str) -> None:
    """Rule 6.5: whatever forbids it is said for each address."""
    if case == "off":
        world.policy = Policy(auto_create_contact=False)
    if case == "private":
        world.user(make.anna, "anna@seller.example", "anna@home.example", sharing=Sharing.PRIVATE)
    content = make.outgoing(*(f"p{n}@customer.example" for n in range(11 if case == "many" else 1)))
    (plan,) = world.decide(world.mail(replace(content, auto=AutoKind.LIST) if case == "list" else content))
    assert plan.contacts == ()
    assert set(told(plan, "contact").values()) == {("not created", reason)}


def test_the_cap_counts_only_who_would_be_created(world: World, make: Make) -> None:
    """Rule 6.5: ten are made beside a role; an eleventh person stops all."""
    people = [f"p{n}@customer.example" for n in range(10)]
    (plan,) = world.decide(world.mail(make.outgoing(*people, "info@customer.example")))
    assert len(plan.contacts) == 10


# ---- rule 3.6: the rate guard


def test_the_rate_guard_stops_creation_and_nothing_else(world: World, make: Make) -> None:
    """Rule 3.6: after twenty contacts in two hours the submitter's mail makes no more, and is still filed."""
    world.created = {make.anna: (make.now - timedelta(minutes=119),) * 20}
    (plan,) = world.decide(world.mail(make.outgoing("new@customer.example")))
    assert plan.contacts == ()
    reason = "20 contacts were created for the user within 120 minutes"
    assert told(plan, "contact")["new@customer.example"] == ("not created", reason)
    assert plan.message is not None


@pytest.mark.parametrize(
    ("policy", "before", "made"),
    [
        (Policy(), (1, 120), 2),  # long enough ago
        (Policy(), (1, -120), 2),  # and long enough after
        (Policy(), (2, 5), 2),  # another user's
        (Policy(max_new_contacts=0), (1, 5), 2),  # off
        (Policy(max_new_contacts=21), (1, 5), 1),  # room for one
        (Policy(), (1, -119), 0),  # mail that came later was filed before
    ],
)
def test_what_the_rate_guard_counts(
    world: World, make: Make, policy: Policy, before: tuple[int, int], made: int
) -> None:
    """Rule 3.6: contacts of this user's mail received within two hours of this one, up to the limit."""
    world.policy = policy
    user, minutes = before
    world.created = {user: (make.now - timedelta(minutes=minutes),) * 20}
    (plan,) = world.decide(world.mail(make.outgoing("a@customer.example", "b@customer.example")))
    assert len(plan.contacts) == made


def test_the_rate_guard_counts_earlier_mail_of_the_batch(world: World, make: Make) -> None:
    """Rule 3.6: three mails of ten new people each make twenty contacts, in one batch as in three."""
    mails = [
        world.mail(
            make.outgoing(*(f"p{n}{m}@customer.example" for n in range(10)), message_id=f"{m}@seller.example")
        )
        for m in range(3)
    ]
    assert [len(plan.contacts) for plan in world.decide(*mails)] == [10, 10, 0]


# ---- rule 6.6 and 6.7


@pytest.mark.parametrize("more", [{"owner_id": 2}, {"active": False}, {"owner_id": 2, "active": False}])
def test_another_users_or_archived_contact_is_the_match(world: World, make: Make, more: Any) -> None:
    """Rule 6.6: it is linked and never made again, whoever owns it, archived or not."""
    world.contact(5, "jan@customer.example", **more)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    assert (contacts(plan), plan.contacts) == ([5], ())


def test_what_is_left_out_is_counted(world: World, make: Make) -> None:
    """Rule 6.7: fifty outside addresses, our own not counted; the record says how many were left out."""
    people = [f"p{n}@customer.example" for n in range(60)]
    for number, address in enumerate(people):
        world.contact(100 + number, address)
    (plan,) = world.decide(world.mail(make.outgoing("bert@seller.example", *people)))
    assert contacts(plan) == list(range(100, 150))
    assert told(plan)[""] == ("left out", "10 addresses beyond the first 50 outside were not looked up")


# ---- rule 4: From first, Reply-To where From is nobody


def test_reply_to_stands_in_for_an_unknown_author(world: World, make: Make) -> None:
    """Rule 4: a form mailer writes for a known customer: his is the deal, and the mailer is no contact."""
    world.contact(5, "jan@customer.example")
    world.deal(9, 5)
    original = make.incoming("form@shop.example", reply_to=(make.box("jan@customer.example"),))
    (plan,) = world.decide(world.mail(make.forward(original)))
    assert (contacts(plan), plan.contacts) == ([5], ())
    assert [link.deal_id for link in plan.links if link.deal_id] == [9]
    step = ("main counterparty", "form@shop.example asks for answers there")
    assert step in [(found.verdict, found.reason) for found in plan.steps]


def test_a_known_author_comes_before_his_reply_to(world: World, make: Make) -> None:
    """Rule 4: a contact who wants answers at another contact's address is himself."""
    world.contact(5, "jan@customer.example")
    world.contact(6, "ewa@customer.example")
    world.deal(9, 5)
    world.deal(10, 6)
    original = make.incoming("jan@customer.example", reply_to=(make.box("ewa@customer.example"),))
    (plan,) = world.decide(world.mail(make.forward(original)))
    assert [link.deal_id for link in plan.links if link.deal_id] == [9]


@pytest.mark.parametrize("known", [False, True])
def test_a_list_that_wrote_its_address_over_the_authors(world: World, make: Make, known: bool) -> None:
    """Rule 4: the author is the one in Reply-To, and may become a contact; the list never does."""
    if known:
        world.contact(5, "jan@customer.example")
    replies = (make.box("jan@customer.example", "Jan Nowak"), make.box("fans@lists.example"))
    original = make.incoming("fans@lists.example", reply_to=replies)
    mail = replace(make.forward(original), list_addresses=("fans@lists.example",))
    (plan,) = world.decide(world.mail(mail))
    assert [made.name for made in plan.contacts] == ([] if known else ["Jan Nowak"])
    assert contacts(plan) == ([5] if known else [plan.contacts[0].id])


def test_two_strangers_in_from_and_reply_to(world: World, make: Make) -> None:
    """Rule 4: with nobody known the author is whom the mail is from."""
    original = make.incoming("jan@customer.example", reply_to=(make.box("office@customer.example"),))
    (plan,) = world.decide(world.mail(make.forward(original)))
    assert [made.address for made in plan.contacts] == ["jan@customer.example"]


# ---- what users of other systems complain about (behaviours.md, part 2)


def test_complaint_10_a_reply_makes_no_second_record(world: World, make: Make) -> None:
    """Complaint 10: the first mail makes the contact and is linked to it, the reply finds it."""
    offer = make.outgoing("new@customer.example")
    reply = make.forward(make.incoming("new@customer.example", in_reply_to=("offer@seller.example",)))
    first, second = world.decide(world.mail(offer), world.mail(reply))
    (made,) = first.contacts
    assert (contacts(first), contacts(second), second.contacts) == ([made.id], [made.id], ())


def test_complaint_11_all_addresses_of_a_person_are_one(world: World, make: Make) -> None:
    """Complaint 11: whichever address he writes from, and with several in one mail, he is linked once."""
    world.contact(5, "jan@customer.example", "jan@home.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan@home.example", "jan@customer.example")))
    assert (contacts(plan), plan.contacts) == ([5], ())


@pytest.mark.parametrize("near", ["jan+crm@customer.example", "j.an@customer.example"])
def test_an_address_that_only_looks_alike_is_another(world: World, make: Make, near: str) -> None:
    """Rule 6.2: no tag is taken off and no dot folded, for that is not the same mailbox everywhere."""
    world.contact(5, "jan@customer.example")
    (plan,) = world.decide(world.mail(make.outgoing(near)))
    assert 5 not in contacts(plan)
    assert [made.address for made in plan.contacts] == [near]


def test_complaint_14_colleagues_are_never_filed_as_customers(world: World, make: Make) -> None:
    """Complaint 14: mail among colleagues is set aside; beside a customer they are told as what they are."""
    world.policy = Policy(internal_domains=frozenset({"seller.example"}))
    (plan,) = world.decide(world.mail(make.outgoing("boss@seller.example")))
    assert (plan.message, plan.contacts) == (None, ())


def test_complaint_16_a_long_cc_list_makes_no_contacts(world: World, make: Make) -> None:
    """Complaint 16: only To makes contacts, and a contact that is a colleague's is never doubled."""
    world.contact(5, "jan@customer.example", owner_id=2)
    copied = tuple(make.box(f"cc{n}@customer.example") for n in range(30))
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", cc=copied)))
    assert (contacts(plan), plan.contacts) == ([5], ())
