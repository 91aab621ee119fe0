"""decide(): what each kind of mail becomes. Rule numbers are those of the design's rules."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from bccd.model.auth import AuthReport, AuthResult, HeldSender, Login
from bccd.model.crm import DealStatus, Organisation
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.envelope import Tag
from bccd.model.message import AutoKind, ForwardKind, Mailbox, Message
from bccd.model.plan import Direction, LinkOrigin, LinkState, Plan, Provenance
from bccd.model.policy import Policy

World = Any
Make = Any


def filed(plan: Plan) -> Any:
    """Return the plan's message; it must have one."""
    assert plan.outcome.state is DeliveryState.FILED
    assert plan.message is not None
    return plan.message


def deals(plan: Plan, state: LinkState) -> list[int]:
    return [link.deal_id for link in plan.links if link.deal_id is not None and link.state is state]


def contacts(plan: Plan) -> list[int]:
    return [link.contact_id for link in plan.links if link.contact_id is not None]


def reasons(plan: Plan, rule: str) -> list[tuple[str, str]]:
    return [(step.about, step.reason) for step in plan.steps if step.rule == rule]


# ---- rules.md 4: direction


def test_1a_mail_to_a_customer_is_outgoing(world: World, make: Make) -> None:
    """Any external recipient makes a user's mail outgoing to him."""
    world.contact(5, "jan@customer.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", make.drop)))
    message = filed(plan)
    assert (message.direction, message.provenance) == (Direction.OUTGOING, Provenance.BCC)
    assert contacts(plan) == [5]


def test_1a_a_forward_to_a_third_party_is_outgoing_to_him(world: World, make: Make) -> None:
    """A forward with an external recipient is an ordinary mail; its original stays quoted history."""
    message = make.forward(make.incoming("eva@supplier.example"))
    to = (make.box("jan@customer.example"),)
    mail = world.mail(Message(make.outgoing("jan@customer.example", to=to), forwards=message.forwards))
    (plan,) = world.decide(mail)
    assert filed(plan).direction is Direction.OUTGOING
    assert filed(plan).msgid == "offer@seller.example"


@pytest.mark.parametrize(
    ("kind", "way"),
    [(ForwardKind.INLINE, Provenance.FORWARD_INLINE), (ForwardKind.ATTACHED, Provenance.FORWARD_ATTACHED)],
)
def test_1b_a_filing_forward_is_incoming_from_its_original_author(
    world: World, make: Make, kind: ForwardKind, way: Provenance
) -> None:
    """The customer wrote it, whoever carried it; the forwarder's words are his copy's alone."""
    world.contact(5, "jan@customer.example")
    mail = world.mail(make.forward(make.incoming("jan@customer.example"), kind=kind, note="please log"))
    (plan,) = world.decide(mail)
    message = filed(plan)
    assert (message.direction, message.from_address) == (Direction.INCOMING, "jan@customer.example")
    assert (message.provenance, message.subject) == (way, "Question")
    assert plan.copies[0].comment_text == "please log"
    assert "please log" not in message.body_text


def test_1b_a_forwarded_own_mail_is_outgoing(world: World, make: Make) -> None:
    """Late filing from Sent: the inner author is ours, so it is outgoing to the inner recipients."""
    (plan,) = world.decide(world.mail(make.forward(make.outgoing("jan@customer.example"))))
    assert filed(plan).direction is Direction.OUTGOING


def test_1b_an_internal_hop_is_descended(world: World, make: Make) -> None:
    """Customer to boss to me to the drop address files the customer's mail (decisions.md 7.3)."""
    customer = make.forward(make.incoming("jan@customer.example")).forwards[0]
    hop = make.outgoing(
        "anna@seller.example", sender=make.box("bert@seller.example"), subject="Fwd: Question"
    )
    (plan,) = world.decide(world.mail(make.forward(hop, customer)))
    assert filed(plan).from_address == "jan@customer.example"


@pytest.mark.parametrize("sender", [None, Mailbox("Jan Kowalski", "")])
def test_1b_a_forward_without_an_author_waits_for_the_user(
    world: World, make: Make, sender: Mailbox | None
) -> None:
    """A name alone is never turned into a guess."""
    (plan,) = world.decide(world.mail(make.forward(make.incoming("x@y.example", sender=sender))))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "original_sender_unknown")


def test_1b_an_unsure_author_is_a_candidate_alone(world: World, make: Make) -> None:
    """Below the bar nobody is taken for the author; the record names those that it may be."""
    message = make.forward(make.incoming("jan@customer.example"))
    unsure = structs.replace(
        message.forwards[0], confidence=0.5, candidates=(Mailbox("", "eva@other.example"),)
    )
    (plan,) = world.decide(world.mail(structs.replace(message, forwards=(unsure,))))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "original_sender_unknown")
    assert [step.about for step in plan.steps if step.verdict == "candidate"] == [
        "Customer <jan@customer.example>",
        "eva@other.example",
    ]
    assert not plan.contacts


def test_1b_each_attached_original_is_filed_on_its_own(world: World, make: Make) -> None:
    """Two mails attached to one forward become two messages of one delivery."""
    first = make.forward(make.incoming("a@customer.example"), kind=ForwardKind.ATTACHED)
    second = make.forward(make.incoming("b@customer.example", message_id="b@c"), kind=ForwardKind.ATTACHED)
    mail = world.mail(Message(first.content, forwards=first.forwards + second.forwards))
    (plan,) = world.decide(mail)
    assert [filed(p).from_address for p in (plan, *plan.more)] == ["a@customer.example", "b@customer.example"]
    assert plan.steps
    assert not plan.more[0].steps


def test_1c_mail_among_colleagues_is_set_aside(world: World, make: Make) -> None:
    """Only our own people: kept, listed for its owner, not filed."""
    (plan,) = world.decide(world.mail(make.outgoing("bert@seller.example")))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.SET_ASIDE, "internal_only")


def test_1c_a_deal_tag_files_an_internal_mail(world: World, make: Make) -> None:
    """An explicit target makes a note of it."""
    world.deal(9)
    (plan,) = world.decide(world.mail(make.outgoing("bert@seller.example"), (Tag.DEAL, "d9")))
    assert filed(plan).direction is Direction.INTERNAL
    assert deals(plan, LinkState.ACTIVE) == [9]


@pytest.mark.parametrize("to", [(), ("crm@drop.example",), ("crm+deald9@drop.example",)])
def test_mail_that_names_nobody_is_held_with_advice(world: World, make: Make, to: tuple[str, ...]) -> None:
    """All recipients in Bcc: nobody to match, so it waits (decisions.md 7.6)."""
    (plan,) = world.decide(world.mail(make.outgoing(*to)))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "no_visible_recipient")
    assert "write the customer into To" in plan.steps[-1].reason


@pytest.mark.parametrize("kind", [AutoKind.DSN, AutoKind.MDN, AutoKind.AUTO_REPLY])
def test_automatic_mail_is_set_aside(world: World, make: Make, kind: AutoKind) -> None:
    """It creates nothing, links nothing and is kept."""
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", auto=kind)))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.SET_ASIDE, str(kind))


def test_a_server_rules_forward_is_filed(world: World, make: Make) -> None:
    """Automatic mail of a proven user that carries a forward is a forward (decisions.md 7.2)."""
    message = make.forward(make.incoming("jan@customer.example"))
    wrapper = structs.replace(message.content, auto=AutoKind.AUTO_REPLY)
    mail = world.mail(Message(wrapper, forwards=message.forwards))
    (plan,) = world.decide(mail)
    assert filed(plan).direction is Direction.INCOMING


# ---- who


def test_unproven_mail_is_held(world: World, make: Make) -> None:
    """A delivery without a proven sender writes nothing but its own state."""
    held = HeldSender("unknown_sender", "x@y.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example"), held=held))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "unknown_sender")
    assert (plan.message, plan.contacts, plan.changes) == (None, (), ())


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("unknown_sender", "no user's"),
        ("unverified_sender", "nothing proves"),
        ("unconfirmed_address", "not confirmed"),
        ("user_inactive", "no longer active"),
        ("no_single_from", "no author, or several"),
        ("redirected", "may let it in"),
        ("customer_reply", "may let it in"),
    ],
)
def test_why_mail_is_held_is_told_in_words(world: World, make: Make, reason: str, why: str) -> None:
    """The outcome has the code, the step says what it means."""
    held = HeldSender(reason, "x@y.example", 3)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example"), held=held))
    assert plan.outcome.reason == reason
    assert why in plan.steps[-1].reason


def test_held_mail_is_judged_again_when_it_is_retried(world: World, make: Make) -> None:
    """An alias confirmed since the 250 lets its mail in, if there was evidence; otherwise it stays held."""
    world.user(3, "cleo@home.example")
    held = HeldSender("unconfirmed_address", "cleo@home.example", 3)
    mail = world.mail(make.outgoing("jan@customer.example"), held=held)
    trusted = replace(mail, delivery=replace(mail.delivery, auth=AuthReport(trusted_network="127.0.0.0/8")))
    unproven, proven = world.decide(mail, trusted)
    assert (unproven.outcome.state, unproven.outcome.reason) == (DeliveryState.HELD, "unconfirmed_address")
    assert filed(proven)
    assert [copy.owner_id for copy in proven.copies] == [3]


def test_each_piece_of_evidence_is_a_step(world: World, make: Make) -> None:
    """What a relay said and what was found here stand before the verdict, of filed and of held mail."""
    auth = AuthReport(
        "",
        "192.0.2.0/24",
        "mx.seller.example",
        (AuthResult("spf", "pass", "seller.example"), AuthResult("dkim", "fail", "", "body changed")),
        login=Login(7, 3, "cleo"),
        checks=(AuthResult("dkim", "pass", "seller.example", "s1"), AuthResult("dmarc", "none", "")),
    )
    world.user(3, "cleo@seller.example")
    mail = world.mail(make.outgoing("jan@customer.example"), user=3)
    held = world.mail(make.outgoing("jan@customer.example"), held=HeldSender("unknown_sender", "x@y.example"))
    expected = [
        ("login cleo", "pass", "the password was given in SMTP AUTH"),
        ("spf seller.example", "pass", "mx.seller.example says so"),
        ("dkim", "fail", "mx.seller.example says so: body changed"),
        ("dkim seller.example", "pass", "s1"),
        ("dmarc", "none", "found here"),
    ]
    for plan in world.decide(*(replace(m, delivery=replace(m.delivery, auth=auth)) for m in (mail, held))):
        assert [(s.about, s.verdict, s.reason) for s in plan.steps[:5]] == expected
        assert {step.rule for step in plan.steps[:5]} == {"evidence"}
        assert plan.steps[5].rule == "submitter"


def test_held_mail_is_judged_by_the_same_rules_again(world: World, make: Make) -> None:
    """SPF counts once the envelope's sender is listed as the user's own, and not before."""
    auth = AuthReport(checks=(AuthResult("spf", "pass", "home.example"),))
    held = HeldSender("unverified_sender", "cleo@home.example", 3)

    def again() -> DeliveryState:
        mail = world.mail(make.outgoing("jan@customer.example"), held=held)
        delivery = replace(mail.delivery, auth=auth, mail_from="c.case@home.example")
        (plan,) = world.decide(replace(mail, delivery=delivery))
        return DeliveryState(plan.outcome.state)

    world.user(3, "cleo@home.example")
    assert again() is DeliveryState.HELD
    world.user(3, "cleo@home.example", "c.case@home.example")
    assert again() is DeliveryState.FILED


def test_a_user_who_left_since_the_250_files_nothing(world: World, make: Make) -> None:
    """Transaction 2 checks again that the user is active (decisions.md 3)."""
    world.user(3, "cleo@seller.example", active=False)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example"), user=3))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "user_inactive")


# ---- contacts


def test_every_address_of_a_contact_finds_him(world: World, make: Make) -> None:
    """Primary and secondary addresses are alike."""
    world.contact(5, "jan@customer.example", "jan.private@mail.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan.private@mail.example")))
    assert contacts(plan) == [5]


def test_an_unknown_main_counterparty_becomes_a_contact(world: World, make: Make) -> None:
    """Name from the display name, organisation from the domain; Cc is not created."""
    world.organisations["customer.example"] = (Organisation(7, "Customer"),)
    content = make.outgoing(
        to=(make.box("new@customer.example", "New Person"),), cc=(make.box("cc@other.example"),)
    )
    (plan,) = world.decide(world.mail(content))
    (made,) = plan.contacts
    assert (made.name, made.address, made.organisation_id) == ("New Person", "new@customer.example", 7)
    assert contacts(plan) == [made.id]


def test_the_next_mail_of_the_batch_finds_the_new_contact(world: World, make: Make) -> None:
    """The overlay knows what the mail before planned."""
    first, second = world.decide(
        world.mail(make.outgoing("new@customer.example")),
        world.mail(make.outgoing("new@customer.example", message_id="2@seller.example", text="another")),
    )
    assert second.contacts == ()
    assert contacts(second) == [first.contacts[0].id]


@pytest.mark.parametrize(
    "address", ["mailer-daemon@x.example", "bounces+1=a@x.example", "srs0=ab=cd=x@y.example"]
)
def test_machines_are_no_participants(world: World, make: Make, address: str) -> None:
    """Excluded addresses are neither matched nor created."""
    world.contact(5, address)
    (plan,) = world.decide(world.mail(make.outgoing(address, "jan@customer.example")))
    assert 5 not in contacts(plan)


def test_a_colleague_who_is_also_a_contact_stays_a_colleague(world: World, make: Make) -> None:
    """Addresses of users are excluded even where the CRM has them as contacts."""
    world.contact(5, "bert@seller.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", "bert@seller.example")))
    assert 5 not in contacts(plan)


def test_an_unconfirmed_alternative_address_is_a_strangers(world: World, make: Make) -> None:
    """Otherwise a user could keep a customer's mail out by claiming his address."""
    world.user(4, "jan@customer.example", confirmed=False)
    world.contact(5, "jan@customer.example")
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    assert contacts(plan) == [5]


def test_never_log_drops_the_party_not_the_mail(world: World, make: Make) -> None:
    """A listed participant is not matched; the others are."""
    world.never_log = frozenset({"@secret.example"})
    world.contact(5, "x@secret.example")
    world.contact(6, "jan@customer.example")
    (plan,) = world.decide(world.mail(make.outgoing("x@secret.example", "jan@customer.example")))
    assert contacts(plan) == [6]


def test_an_unmatched_address_links_its_organisation(world: World, make: Make) -> None:
    """No contact: the organisation registered for the domain or its parent (rules.md 6.4)."""
    world.policy = Policy(auto_create_contact=False)
    world.organisations["customer.example"] = (Organisation(7, "Customer"),)
    (plan,) = world.decide(world.mail(make.outgoing("x@mail.customer.example")))
    assert [link.organisation_id for link in plan.links] == [7]
    assert not filed(plan).linked, "an organisation alone shows nothing to colleagues (S-16)"


# ---- deals


def test_one_open_deal_is_linked(world: World, make: Make) -> None:
    """Won and lost deals are no candidates."""
    world.contact(5, "jan@customer.example")
    world.deal(9, 5)
    world.deal(10, 5, status=DealStatus.WON)
    world.deal(11, 5, status=DealStatus.LOST)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    assert deals(plan, LinkState.ACTIVE) == [9]
    assert ("deal d10, deal 10", "it is won") in reasons(plan, "deal")


def test_several_open_deals_are_offered_ranked(world: World, make: Make) -> None:
    """Nothing is guessed (S-20): the submitter's own and latest come first."""
    world.contact(5, "jan@customer.example")
    world.deal(9, 5, updated_at="2026-01")
    world.deal(10, 5, updated_at="2026-03")
    world.deal(11, 5, owner_id=1)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    assert deals(plan, LinkState.SUGGESTED) == [11, 10, 9]
    assert deals(plan, LinkState.ACTIVE) == []
    assert filed(plan).linked, "it is on the contact meanwhile"


def test_cc_does_not_choose_a_deal(world: World, make: Make) -> None:
    """Candidates come from main counterparties (decisions.md 7.10)."""
    world.contact(5, "jan@customer.example")
    world.contact(6, "eva@customer.example")
    world.deal(9, 6)
    content = make.outgoing("jan@customer.example", cc=(make.box("eva@customer.example"),))
    (plan,) = world.decide(world.mail(content))
    assert deals(plan, LinkState.ACTIVE) == []
    assert contacts(plan) == [5, 6]


@pytest.mark.parametrize("status", [DealStatus.OPEN, DealStatus.WON])
def test_a_deal_tag_beats_everything(world: World, make: Make, status: DealStatus) -> None:
    """+deal links that deal, closed or not, and says so."""
    world.contact(5, "jan@customer.example")
    world.deal(9, 5)
    world.deal(10, status=status)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d10")))
    assert deals(plan, LinkState.ACTIVE) == [10]
    assert [link.origin for link in plan.links if link.deal_id] == [LinkOrigin.TAG]


def test_an_unknown_or_deleted_tag_falls_back(world: World, make: Make) -> None:
    """The wish is recorded as not met, and the mail is linked as usual (rules.md 1.4)."""
    world.contact(5, "jan@customer.example")
    world.deal(9, 5)
    world.deal(10, status=DealStatus.DELETED)
    for tag in ("d10", "d77"):
        (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, tag)))
        assert deals(plan, LinkState.ACTIVE) == [9]
        assert (f"+deal{tag}", "the company has no such deal") in reasons(plan, "deal")


def test_a_conversation_hands_down_its_deal_to_a_common_counterparty(world: World, make: Make) -> None:
    """The second mail of the conversation inherits; a stranger who forges References does not."""
    world.contact(5, "jan@customer.example")
    world.deal(9)
    first, reply, forged = world.decide(
        world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d9")),
        world.mail(
            make.outgoing(
                "jan@customer.example", message_id="2@s", in_reply_to=("offer@seller.example",), text="2"
            )
        ),
        world.mail(
            make.outgoing(
                "eve@evil.example", message_id="3@s", in_reply_to=("offer@seller.example",), text="3"
            )
        ),
    )
    assert filed(first).conversation_id == filed(reply).conversation_id == filed(forged).conversation_id
    assert deals(reply, LinkState.ACTIVE) == [9]
    assert deals(forged, LinkState.ACTIVE) == []


def test_a_contacts_other_address_inherits_too(world: World, make: Make) -> None:
    """The counterparty in common is the contact, not the address he happens to write from."""
    world.contact(5, "jan@customer.example", "jan@home.example")
    world.deal(9)
    _, reply = world.decide(
        world.mail(make.outgoing("jan@customer.example"), (Tag.DEAL, "d9")),
        world.mail(
            make.outgoing(
                "jan@home.example", message_id="2@s", references=("offer@seller.example",), text="2"
            )
        ),
    )
    assert deals(reply, LinkState.ACTIVE) == [9]


def test_automatic_deal_links_can_be_switched_off(world: World, make: Make) -> None:
    """S-19: it is an option."""
    world.policy = Policy(auto_link_deal=False)
    world.contact(5, "jan@customer.example")
    world.deal(9, 5)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example")))
    assert deals(plan, LinkState.ACTIVE) == []


# ---- conversations and identity


def test_a_reply_before_its_parent_is_joined_when_the_parent_comes(world: World, make: Make) -> None:
    """An id that was never seen counts too."""
    reply = make.forward(
        make.incoming("jan@customer.example", subject="Re: Offer", in_reply_to=("offer@seller.example",))
    )
    first, parent = world.decide(world.mail(reply), world.mail(make.outgoing("jan@customer.example")))
    assert filed(first).conversation_id == filed(parent).conversation_id


def test_a_missing_link_merges_two_conversations_into_the_older(world: World, make: Make) -> None:
    """The oldest id survives."""
    one, two, link = world.decide(
        world.mail(make.outgoing("jan@customer.example", message_id="1@s")),
        world.mail(make.outgoing("jan@customer.example", message_id="2@s", text="two")),
        world.mail(
            make.outgoing("jan@customer.example", message_id="3@s", references=("1@s", "2@s"), text="3")
        ),
    )
    assert link.merge is not None
    assert (link.merge.winner, link.merge.losers) == (
        filed(one).conversation_id,
        (filed(two).conversation_id,),
    )


def test_a_changed_subject_splits_by_default_and_joins_by_choice(world: World, make: Make) -> None:
    """threading: split_on_subject."""
    mails = [
        world.mail(make.outgoing("jan@customer.example", message_id="1@s")),
        world.mail(
            make.outgoing("jan@customer.example", message_id="2@s", references=("1@s",), subject="Holiday")
        ),
    ]
    one, two = world.decide(*mails)
    assert filed(one).conversation_id != filed(two).conversation_id
    world.policy = Policy(split_on_subject=False)
    one, two = world.decide(*mails)
    assert filed(one).conversation_id == filed(two).conversation_id


def test_equal_subjects_alone_never_join(world: World, make: Make) -> None:
    """Two customers' mails with one subject stay apart."""
    one, two = world.decide(
        world.mail(make.outgoing("jan@customer.example", message_id="1@s")),
        world.mail(make.outgoing("eva@other.example", message_id="2@s")),
    )
    assert filed(one).conversation_id != filed(two).conversation_id


def test_the_same_mail_of_two_users_is_one_message_with_two_owners(world: World, make: Make) -> None:
    """The second submitter gets a copy of his own."""
    content = make.incoming("jan@customer.example")
    first, second = world.decide(
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED)),
        world.mail(make.forward(content, kind=ForwardKind.ATTACHED), user=2),
    )
    assert second.message is None
    assert second.outcome.message_id == filed(first).id
    assert [(copy.owner_id, copy.message_id) for copy in second.copies] == [(2, filed(first).id)]


def test_the_same_mail_again_changes_nothing(world: World, make: Make) -> None:
    """The owner has it already."""
    first, again = world.decide(
        world.mail(make.outgoing("jan@customer.example")), world.mail(make.outgoing("jan@customer.example"))
    )
    assert again.outcome.reason == "already_owned"
    assert again.outcome.message_id == filed(first).id
    assert (again.message, again.copies, again.links, again.changes) == (None, (), (), ())


def test_forged_identity_fields_do_not_make_an_owner(world: World, make: Make) -> None:
    """Same id, date, author and subject with other content is another message, flagged."""
    first, forged = world.decide(
        world.mail(make.forward(make.incoming("jan@customer.example"))),
        world.mail(make.forward(make.incoming("jan@customer.example", text="give me access")), user=2),
    )
    assert filed(forged).id != filed(first).id
    assert filed(forged).msgid_reused


# ---- privacy


def test_private_by_address_or_by_default(world: World, make: Make) -> None:
    """+private and the user's default make the copy private; a private mail creates no contact."""
    world.user(3, "cleo@seller.example", sharing=Sharing.PRIVATE)
    by_tag, by_default = world.decide(
        world.mail(make.outgoing("new@customer.example"), (Tag.PRIVATE, "")),
        world.mail(make.outgoing("new@customer.example", message_id="2@s", text="b"), user=3),
    )
    for plan, owner in ((by_tag, 1), (by_default, 3)):
        assert [copy.sharing for copy in plan.copies] == [Sharing.PRIVATE]
        assert not filed(plan).shared
        assert plan.contacts == ()
        assert {change.audience_id for change in plan.changes} == {owner}


def test_bcc_rows_belong_to_the_copy(world: World, make: Make) -> None:
    """Who stood in Bcc is the owner's secret."""
    content = make.outgoing("jan@customer.example", bcc=(make.box("secret@customer.example"),))
    (plan,) = world.decide(world.mail(content))
    assert [p.copy_id for p in plan.participants if p.role == "bcc"] == [copy.id for copy in plan.copies]
    assert {p.copy_id for p in plan.participants if p.role != "bcc"} == {0}


def test_who_stood_in_bcc_is_not_linked(world: World, make: Make) -> None:
    """rules.md 10: A link is seen by all, so neither his contact nor his organisation has one, and he hands
    no deal over; named in Cc as well, he has one."""
    world.contact(5, "jan@customer.example")
    world.contact(6, "eva@customer.example")
    world.organisations["other.example"] = (Organisation(8, "Other"),)
    world.deal(9)
    blind = (make.box("eva@customer.example"), make.box("new@other.example"))
    to_eva = make.outgoing("eva@customer.example")
    answer = make.outgoing(
        "jan@customer.example", bcc=blind, message_id="2@s", references=("offer@seller.example",), text="2"
    )
    open_too = structs.replace(answer, cc=blind[:1], message_id="3@s", text="3")
    _, hidden, shown = world.decide(
        world.mail(to_eva, (Tag.DEAL, "d9")), *map(world.mail, (answer, open_too))
    )
    assert [(link.contact_id, link.organisation_id, link.deal_id) for link in hidden.links] == [
        (5, None, None)
    ]
    assert "he stood in Bcc, and others would see it" in [step.reason for step in hidden.steps]
    assert [link.contact_id or link.deal_id for link in shown.links] == [5, 6, 9]


def test_nothing_tells_everyone_who_stood_in_bcc(world: World, make: Make) -> None:
    """All who see the message see its links, and when a contact was last active."""
    world.contact(5, "jan@customer.example")
    world.contact(6, "secret@other.example")
    world.organisations["firm.example"] = (Organisation(31, "Firm"),)
    hidden = (make.box("secret@other.example"), make.box("who@firm.example"))
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", bcc=hidden)))
    assert [(link.contact_id, link.organisation_id) for link in plan.links] == [(5, None)]
    assert plan.met() == {5}


def test_private_mail_that_comes_again_makes_no_contact(world: World, make: Make) -> None:
    """His copy stays private whatever the second address says, so nobody may learn whom it went to."""
    content = make.outgoing("new@customer.example")
    _, again = world.decide(world.mail(content, (Tag.PRIVATE, "")), world.mail(content))
    assert (again.outcome.reason, again.contacts, again.links) == ("already_owned", (), ())


def test_a_date_in_the_future_sorts_as_received(world: World, make: Make) -> None:
    """Dates are the sender's to set; order is not."""
    later = make.now.replace(year=2030)
    (plan,) = world.decide(world.mail(make.outgoing("jan@customer.example", date=later)))
    assert filed(plan).sort_at == make.now
