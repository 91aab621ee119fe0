"""The table of rules.md 4, branch by branch, and what is set aside before it (rules.md 3)."""

from typing import Any

import pytest
from msgspec.structs import replace

from bccd.mail.parse import parse
from bccd.model.auth import AuthMethod, HeldSender
from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.envelope import Tag
from bccd.model.message import (
    AutoKind,
    Content,
    FailedRecipient,
    Forward,
    ForwardKind,
    Mailbox,
    Message,
    Reported,
)
from bccd.model.plan import Direction, LinkState, Plan, Provenance
from bccd.model.policy import Policy, SeveralContacts
from bccd.model.ruling import Ruling
from bccd.rules.direction import Reading, Sides, Unread, read_directions, read_incoming

World = Any
Make = Any

JAN, EVE, SECRET = "jan@customer.example", "eve@other.example", "doc@secret.example"
ANNA, BERT, BOSS = "anna@seller.example", "bert@seller.example", "boss@seller.example"
DROP = "crm@drop.example"

SIDES = Sides(
    ours=lambda address: address.endswith(("@seller.example", "@drop.example")),
    service=lambda address: address.endswith("@drop.example"),
    never_log=lambda address: address.endswith("@secret.example"),
)


def boxes(*addresses: str) -> tuple[Mailbox, ...]:
    return tuple(Mailbox("", address) for address in addresses)


def content(author: str, *to: str, cc: tuple[str, ...] = (), auto: AutoKind = AutoKind.NONE) -> Content:
    sender = Mailbox("", author) if author else None
    return Content(sender=sender, from_count=1 if author else 0, to=boxes(*to), cc=boxes(*cc), auto=auto)


def forward(*hops: Content, kind: ForwardKind = ForwardKind.ATTACHED) -> Forward:
    """Return a forward of the first mail, which forwards the second, and so on."""
    inner = (forward(*hops[1:], kind=kind),) if hops[1:] else ()
    return Forward(kind, hops[0], ("test",), 1.0, inner)


def shown(reading: Reading | Unread) -> str:
    """Write a reading as one line: rule, direction, main parties, others; or rule, state, reason."""
    if isinstance(reading, Unread):
        return f"{reading.rule} {reading.state} {reading.reason}"
    sides = (",".join(box.address for box in boxes) or "-" for boxes in (reading.main, reading.others))
    return " ".join((reading.rule, str(reading.direction), *sides))


OWN = content(ANNA, DROP)
TABLE: list[tuple[str, Message, bool, str]] = [
    # rule 1a: somebody outside is written to
    ("to a customer", Message(content(ANNA, JAN)), False, f"1a outgoing {JAN} -"),
    ("to a customer and a colleague", Message(content(ANNA, JAN, BERT)), False, f"1a outgoing {JAN} -"),
    ("to a customer, cc another", Message(content(ANNA, JAN, cc=(EVE,))), False, f"1a outgoing {JAN} {EVE}"),
    ("to a colleague, cc a customer", Message(content(ANNA, BERT, cc=(EVE,))), False, f"1a outgoing {EVE} -"),
    ("to a name alone", Message(content(ANNA, "", JAN)), False, f"1a outgoing {JAN} -"),
    ("a party in To and Cc", Message(content(ANNA, JAN, cc=(JAN,))), False, f"1a outgoing {JAN} -"),
    ("+note to a customer", Message(content(ANNA, JAN)), True, f"1a outgoing {JAN} -"),
    (
        "a forward to a third party",
        Message(content(ANNA, EVE), (forward(content(JAN, ANNA)),)),
        False,
        f"1a outgoing {EVE} -",
    ),
    ("a customer beside never-log", Message(content(ANNA, JAN, SECRET)), False, f"1a outgoing {JAN} -"),
    # rule 1b: a filing forward
    ("of a customer", Message(OWN, (forward(content(JAN, ANNA)),)), False, f"1b incoming {JAN} -"),
    (
        "of a customer who wrote to others too",
        Message(OWN, (forward(content(JAN, ANNA, EVE)),)),
        False,
        f"1b incoming {JAN} {EVE}",
    ),
    ("with no To", Message(content(ANNA), (forward(content(JAN, ANNA)),)), False, f"1b incoming {JAN} -"),
    ("to a colleague", Message(content(ANNA, BERT), (forward(content(JAN)),)), False, f"1b incoming {JAN} -"),
    ("late, from Sent", Message(OWN, (forward(content(ANNA, JAN)),)), False, f"1b outgoing {JAN} -"),
    ("late, a colleague's", Message(OWN, (forward(content(BERT, JAN)),)), False, f"1b outgoing {JAN} -"),
    (
        "of an unreadable author",
        Message(OWN, (forward(content("", ANNA)),)),
        False,
        "1b held original_sender_unknown",
    ),
    (
        "of a name without an address",
        Message(OWN, (forward(replace(content(JAN), sender=Mailbox("Jan", ""))),)),
        False,
        "1b held original_sender_unknown",
    ),
    (
        "of several authors",
        Message(OWN, (forward(replace(content(JAN), from_count=2)),)),
        False,
        "1b held original_sender_unknown",
    ),
    (
        "over one hop: the customer to the boss, the boss to me",
        Message(OWN, (forward(content(BOSS, ANNA), content(JAN, BOSS)),)),
        False,
        f"1b incoming {JAN} -",
    ),
    (
        "over two hops",
        Message(OWN, (forward(content(BOSS, ANNA), content(BERT, BOSS), content(BERT, JAN)),)),
        False,
        f"1b outgoing {JAN} -",
    ),
    (
        "among our own people all the way",
        Message(OWN, (forward(content(BOSS, ANNA), content(BERT, BOSS)),)),
        False,
        "1b held internal_only",
    ),
    (
        "a hop, then an unreadable author",
        Message(OWN, (forward(content(BOSS, ANNA), content("")),)),
        False,
        "1b held original_sender_unknown",
    ),
    ("from never-log", Message(OWN, (forward(content(SECRET, ANNA)),)), False, "3.5 set_aside never_log"),
    (
        "from a never-log party to others too",
        Message(OWN, (forward(content(SECRET, ANNA, JAN)),)),
        False,
        f"1b incoming - {JAN}",
    ),
    ("late, to never-log", Message(OWN, (forward(content(ANNA, SECRET)),)), False, "3.5 set_aside never_log"),
    # rule 1c: nobody outside, and no forward
    ("to a colleague, no forward", Message(content(ANNA, BERT)), False, "1c set_aside internal_only"),
    ("to a colleague with a wish", Message(content(ANNA, BERT)), True, "1c internal - -"),
    ("to the drop address alone", Message(OWN), False, "1c held no_visible_recipient"),
    ("to nobody", Message(content(ANNA)), False, "1c held no_visible_recipient"),
    ("to nobody with a wish", Message(content(ANNA)), True, "1c internal - -"),
    ("to never-log alone", Message(content(ANNA, SECRET)), False, "3.5 set_aside never_log"),
    ("to never-log with a wish", Message(content(ANNA, SECRET)), True, "3.5 set_aside never_log"),
    (
        "sent again, of a mail to a customer",  # Resent-* is no filing forward: the mail itself is ours
        Message(content(ANNA, JAN), (forward(content(ANNA, JAN), kind=ForwardKind.RESENT),)),
        False,
        f"1a outgoing {JAN} -",
    ),
    # rules.md 3.2: a forwarded bounce tells of a mail and has no parties
    (
        "of a bounce",
        Message(OWN, (forward(content("mailer-daemon@mx.example", ANNA, auto=AutoKind.DSN)),)),
        False,
        "3.2 incoming - -",
    ),
    (
        "of a bounce of our own server",
        Message(OWN, (forward(content("mailer-daemon@seller.example", ANNA)),)),
        False,
        "3.2 incoming - -",
    ),
    ("of a bounce without an author", Message(OWN, (forward(content("", ANNA, auto=AutoKind.DSN)),)), False,
     "3.2 incoming - -"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "targeted", "line"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_rules_4_every_branch(message: Message, targeted: bool, line: str) -> None:
    """The table of rules.md 4: which way a mail went, between whom, or why that cannot be told."""
    (reading,) = read_directions(message, SIDES, targeted=targeted)
    assert shown(reading) == line


@pytest.mark.parametrize(
    ("mail", "line"),
    [
        (content(JAN, ANNA, DROP), f"2 incoming {JAN} -"),
        (content(JAN, ANNA, cc=(EVE,)), f"2 incoming {JAN} {EVE}"),
        (content(SECRET, ANNA), "3.5 set_aside never_log"),
        (content("", ANNA), "1b held original_sender_unknown"),
    ],
)
def test_rules_4_2_an_outsider_who_was_let_in(mail: Content, line: str) -> None:
    """Rule 2: it is incoming, from its own author."""
    assert shown(read_incoming(mail, SIDES)) == line


def test_1a_a_forward_to_a_third_party_is_an_ordinary_mail(world: World, make: Make) -> None:
    """Its own id ties later mail to it, for he may answer it (decisions.md 5)."""
    message = make.forward(make.incoming(JAN))
    wrapper = replace(message.content, to=boxes(EVE))
    sent, answer = world.decide(
        world.mail(replace(message, content=wrapper)),
        world.mail(make.forward(make.incoming(EVE, message_id="a@o", in_reply_to=("fwd@seller.example",),
                                              subject="Re: Fwd: Question"))),
    )  # fmt: skip
    assert (sent.message.provenance, sent.message.direction) == (Provenance.BCC, Direction.OUTGOING)
    assert answer.message.conversation_id == sent.message.conversation_id


# ---- notes and wishes


def test_1c_a_note_is_the_submitters_own(world: World, make: Make) -> None:
    """+note files what goes to nobody outside: internal, linked to nothing, for its owner alone to see."""
    (plan,) = world.decide(world.mail(make.outgoing(DROP), (Tag.NOTE, "")))
    assert (plan.message.direction, plan.message.provenance) == (Direction.INTERNAL, Provenance.BCC)
    assert (plan.links, plan.message.linked) == ((), False)
    assert {change.audience_id for change in plan.changes} == {make.anna}


def test_several_wishes_are_fulfilled_together(world: World, make: Make) -> None:
    """company+deal7@, company+deal8@ and company+private@ in one transaction: two links, and private."""
    world.deal(7)
    world.deal(8)
    tags = ((Tag.DEAL, "d7"), (Tag.DEAL, "d8"), (Tag.PRIVATE, ""), (Tag.NOTE, ""))
    (plan,) = world.decide(world.mail(make.outgoing(DROP), *tags))
    assert sorted(link.deal_id for link in plan.links if link.state is LinkState.ACTIVE) == [7, 8]
    assert [copy.sharing for copy in plan.copies] == [Sharing.PRIVATE]
    assert plan.message.direction is Direction.INTERNAL


def test_s11_a_forward_needs_no_to_at_all(world: World, make: Make) -> None:
    """S-11: only the drop address in Bcc, so the mail names nobody; the envelope suffices."""
    message = make.forward(make.incoming(JAN))
    bare = replace(message, content=replace(message.content, to=(), cc=()))
    (plan,) = world.decide(world.mail(bare))
    assert (plan.message.direction, plan.message.from_address) == (Direction.INCOMING, JAN)


@pytest.mark.parametrize("seen", [True, False])
def test_a_visible_drop_address_is_noted(world: World, make: Make, seen: bool) -> None:
    """The decision record says where the customer could read our address, and so may answer to it."""
    more = {"cc": boxes("crm+deal9@drop.example")} if seen else {}
    (plan,) = world.decide(world.mail(make.outgoing(JAN, **more)))
    noted = [step.reason for step in plan.steps if step.verdict == "visible"]
    assert noted == (["the customer could see the drop address"] if seen else [])


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("> Cc: Anna; CRM@Drop.Example\n> yes", ["crm@drop.example"]),
        ("To: jan@customer.example, <crm+u.1@drop.example>", ["crm+u.1@drop.example"]),
        ("Cc: crm@drop.example\nCc: crm@drop.example", ["crm@drop.example"]),
        (f"Cc: crm+u{'a' * 26}@drop.example", ["crm+u@drop.example"]),  # a record is read by others, too
        ("see drop.example, crm@drop.example.evil.example, other@drop.example", []),
        ("@drop.example " + "a" * 100_000, []),
    ],
)
def test_a_drop_address_in_the_text_is_noted(world: World, make: Make, text: str, seen: list[str]) -> None:
    """In a quoted header the customer can read it as well; each address is noted once."""
    (plan,) = world.decide(world.mail(make.outgoing(JAN, text=text)))
    assert [step.about for step in plan.steps if step.verdict == "visible"] == seen
    assert [notice.reason for notice in plan.notices] == ["exposed_address"] * bool(seen)


@pytest.mark.parametrize("signs", [1, 150])
@pytest.mark.parametrize(
    "written", ["CRM@Drop.Example", "crm@DROP.example.", "@drop.example", "crm@drop.exampl"]
)
def test_an_exposed_address_is_found_among_any_number_of_others(
    world: World, make: Make, written: str, signs: int
) -> None:
    """Whatever its case, and however many addresses stand before it."""
    text = f"{'me@home.example, ' * signs}{written}"
    (plan,) = world.decide(world.mail(make.outgoing(JAN, text=text)))
    visible = [step.about for step in plan.steps if step.verdict == "visible"]
    assert visible == [DROP] * written.lower().startswith(DROP)


def test_a_secret_that_was_shown_is_not_shown_on(world: World, make: Make) -> None:
    """A secret address in Cc was shown to the customer; colleagues do not learn it as well."""
    secret = f"crm+u{'a' * 26}+private@drop.example"
    (plan,) = world.decide(world.mail(make.outgoing(JAN, cc=boxes(secret, "x+ub@other.example"))))
    shown = [who.address for who in plan.participants if who.role == "cc"]
    assert shown == ["crm+u+private@drop.example", "x+ub@other.example"]


def test_nobody_outside_sees_what_stays_inside(world: World, make: Make) -> None:
    """A note among our own people exposes nothing."""
    (plan,) = world.decide(world.mail(make.outgoing(DROP, text="crm@drop.example"), (Tag.NOTE, "")))
    assert not [step for step in plan.steps if step.verdict == "visible"]


# ---- what is set aside


def test_a_lists_mail_is_filed_only_deliberately(world: World, make: Make) -> None:
    """What reached us through a list is set aside; forwarded by the user it is filed, but makes nobody."""
    listed = make.outgoing(JAN, auto=AutoKind.LIST)
    through, copied, forwarded = world.decide(
        world.mail(Message(listed, list_id="dev.lists.example")),
        world.mail(make.outgoing(JAN, auto=AutoKind.LIST, message_id="2@s")),
        world.mail(make.forward(make.incoming(EVE, auto=AutoKind.LIST))),
    )
    assert (through.outcome.state, through.outcome.reason) == (DeliveryState.SET_ASIDE, "list")
    assert copied.outcome.state is forwarded.outcome.state is DeliveryState.FILED
    assert forwarded.contacts == ()


def test_never_log_of_a_user_is_his_own(world: World, make: Make) -> None:
    """What Anna never logs Bert does; it is told party by party (rules.md 3.5)."""
    world.own_never_log = {make.anna: frozenset({"@customer.example"})}
    anna, both, bert = world.decide(
        world.mail(make.outgoing(JAN)),
        world.mail(make.outgoing(JAN, EVE, message_id="2@s")),
        world.mail(make.outgoing(JAN, message_id="3@s"), user=2),
    )
    assert (anna.outcome.state, anna.outcome.reason) == (DeliveryState.SET_ASIDE, "never_log")
    assert [contact.address for contact in both.contacts] == [EVE]
    assert {p.verdict for p in both.participants if p.address == JAN} == {"unknown"}, "to others he may be"
    assert [link.contact_id for link in both.links] == [both.contacts[0].id]
    assert [contact.address for contact in bert.contacts] == [JAN]


def test_whom_a_user_never_logs_takes_part_all_the_same(world: World, make: Make) -> None:
    """Which mails hang together must not depend on who forwards them: parties are those of the company."""
    world.own_never_log = {make.anna: frozenset({EVE})}
    mine = world.mail(make.forward(make.incoming(JAN, cc=boxes(EVE))))
    theirs = world.mail(make.forward(make.incoming(EVE, cc=boxes(JAN), message_id="2@c")))
    note = world.mail(make.outgoing(DROP, message_id="3@s"), (Tag.NOTE, ""))
    first, second, inside = world.decide(mine, theirs, note)
    assert first.message.parties == JAN
    assert second.message.parties == EVE, "the author, though the user never logs him"
    assert [contact.address for contact in (*first.contacts, *second.contacts)] == [JAN]
    assert inside.message.direction is Direction.INTERNAL


# ---- bounces and automatic answers that a user forwards


def failed(address: str, action: str = "failed", status: str = "5.1.1") -> FailedRecipient:
    return FailedRecipient(address, action, status, "")


def bounce(make: Make, *recipients: FailedRecipient, **more: object) -> Message:
    """Return Anna's forward of a report on her offer."""
    told = Reported("offer@seller.example", "Offer", (), recipients)
    content = make.incoming(
        "mailer-daemon@mx.example", auto=AutoKind.DSN, reported=told, message_id="d@mx", **more
    )
    message: Message = make.forward(content, kind=ForwardKind.ATTACHED)
    return message


def test_a_forwarded_bounce_makes_and_asks_nothing(world: World, make: Make) -> None:
    """It joins the conversation of the mail it reports, as incoming and automatic (rules.md 3.2).

    No contact, no deal, no suggestion comes of it, though a contact has the address and it names a customer.
    """
    world.contact(5, "mailer-daemon@mx.example", JAN)
    world.deal(7, 5)
    offer, plan = world.decide(
        world.mail(make.outgoing(JAN), (Tag.DEAL, "d7")),
        world.mail(bounce(make, failed(JAN), cc=boxes(JAN))),
    )
    assert (plan.message.direction, plan.message.auto_kind) == (Direction.INCOMING, "dsn")
    assert plan.message.conversation_id == offer.message.conversation_id
    assert (plan.links, plan.contacts) == ((), ())


@pytest.mark.parametrize(
    ("recipient", "hard"),
    [
        (failed(JAN), True),
        (failed(JAN, status="5.4.1"), True),
        (failed(JAN, status="5.2.2"), False),  # the mailbox is full
        (failed(JAN, status=""), False),
        (failed(JAN, action="delayed", status="4.4.1"), False),
        (failed(JAN, action="delivered", status="2.0.0"), None),
        (failed(ANNA), None),  # one of us
        (failed(""), None),
    ],
)
def test_a_forwarded_bounce_marks_who_was_not_reached(
    world: World, make: Make, recipient: FailedRecipient, hard: bool | None
) -> None:
    """For good, or for now; not who was reached after all, and none of us."""
    (plan,) = world.decide(world.mail(bounce(make, recipient)))
    assert [(b.address, b.hard) for b in plan.bounces] == ([] if hard is None else [(JAN, hard)])


def test_a_bounce_filed_again_tells_nothing_new(world: World, make: Make) -> None:
    """The second owner's copy is no second report."""
    _, again = world.decide(
        world.mail(bounce(make, failed(JAN))), world.mail(bounce(make, failed(JAN)), user=2)
    )
    assert (again.outcome.reason, again.bounces) == ("owner_added", ())


@pytest.mark.parametrize(
    ("auto", "cleared"), [(AutoKind.NONE, (JAN,)), (AutoKind.AUTO_REPLY, ()), (AutoKind.BULK, ())]
)
def test_a_good_mail_clears_what_was_told(
    world: World, make: Make, auto: AutoKind, cleared: tuple[str, ...]
) -> None:
    """Its author's mailbox works; an automatic answer proves less, and an outgoing mail nothing."""
    incoming, outgoing = world.decide(
        world.mail(make.forward(make.incoming(JAN, auto=auto))), world.mail(make.outgoing(EVE))
    )
    assert (incoming.arrived, outgoing.arrived) == (cleared, ())


@pytest.mark.parametrize("auto", [AutoKind.AUTO_REPLY, AutoKind.MDN])
def test_a_forwarded_automatic_answer_asks_nothing(world: World, make: Make, auto: AutoKind) -> None:
    """Linked to the contact that exists; it makes none, takes no deal, raises no choice (rules.md 3.3)."""
    world.contact(5, JAN)
    world.deal(7, 5)
    world.deal(8, 5)
    known, unknown, tagged = world.decide(
        world.mail(make.forward(make.incoming(JAN, auto=auto))),
        world.mail(make.forward(make.incoming(EVE, auto=auto, message_id="2@o"))),
        world.mail(make.forward(make.incoming(JAN, auto=auto, message_id="3@o")), (Tag.DEAL, "d7")),
    )
    assert [(link.contact_id, link.deal_id) for link in known.links] == [(5, None)]
    assert (unknown.links, unknown.contacts) == ((), ())
    assert [link.deal_id for link in tagged.links if link.deal_id] == [7], "the user has said so"


def test_an_automatic_answer_of_one_of_several_asks_nothing(world: World, make: Make) -> None:
    """Where the company asks which contact is meant, nobody is asked about a machine's answer."""
    world.policy = Policy(several_contacts=SeveralContacts.ASK)
    world.contact(5, JAN)
    world.contact(6, JAN)
    (plan,) = world.decide(world.mail(make.forward(make.incoming(JAN, auto=AutoKind.AUTO_REPLY))))
    assert plan.links == ()


# ---- what a user says of mail that waited for him


def unread(make: Make, **more: object) -> Message:
    """Return Anna's forward of a mail whose author cannot be read."""
    message: Message = make.forward(
        replace(make.incoming(JAN, **more), sender=Mailbox("Jan", ""), from_count=0)
    )
    return message


def test_the_submitter_confirms_an_unsure_author(world: World, make: Make) -> None:
    """original.set settles who wrote what was forwarded, whatever the reader had guessed."""
    message = make.forward(make.incoming("other@customer.example"))
    mail = world.mail(replace(message, forwards=(replace(message.forwards[0], confidence=0.5),)))
    world.contact(5, JAN)
    world.rulings[mail.delivery.id] = Ruling(1, author=Mailbox("Jan", JAN))
    (plan,) = world.decide(mail)
    assert (plan.message.from_address, plan.message.direction) == (JAN, Direction.INCOMING)


@pytest.mark.parametrize(("actor", "filed"), [(1, True), (2, False)])
def test_the_submitter_names_the_author(world: World, make: Make, actor: int, filed: bool) -> None:
    """original.set: then it is incoming from him; nobody else's word counts."""
    mail = world.mail(unread(make))
    world.contact(5, JAN)
    world.rulings[mail.delivery.id] = Ruling(actor, author=Mailbox("Jan", JAN))
    (plan,) = world.decide(mail)
    if not filed:
        assert plan.outcome.reason == "original_sender_unknown"
        return
    assert (plan.message.from_address, plan.message.direction) == (JAN, Direction.INCOMING)
    assert [link.contact_id for link in plan.links] == [5]


def test_the_submitter_names_whom_he_wrote_to(world: World, make: Make) -> None:
    """A mail all in Bcc is outgoing to those; they stand in Bcc, which is his secret."""
    mail = world.mail(make.outgoing(DROP))
    world.contact(5, JAN)
    world.rulings[mail.delivery.id] = Ruling(make.anna, recipients=boxes(JAN, BERT))
    (plan,) = world.decide(mail)
    assert plan.message.direction is Direction.OUTGOING
    assert [link.contact_id for link in plan.links] == [5]
    secret = [p.copy_id for p in plan.participants if p.address in (JAN, BERT)]
    assert secret == [plan.copies[0].id] * 2


def test_naming_only_our_own_people_is_answered(world: World, make: Make) -> None:
    """The mail waits on, and says that it was heard."""
    mail = world.mail(make.outgoing(DROP))
    world.rulings[mail.delivery.id] = Ruling(make.anna, recipients=boxes(BERT))
    (plan,) = world.decide(mail)
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "no_visible_recipient")
    assert "whom the user named is nobody outside" in plan.steps[-1].reason


def test_a_ruling_reaches_the_outermost_unreadable_original(world: World, make: Make) -> None:
    """Over an internal hop it is the inner one that is named."""
    inner = Forward(ForwardKind.INLINE, replace(make.incoming(JAN), sender=None, from_count=0), (), 1.0)
    mail = world.mail(make.forward(make.incoming(BERT), inner))
    world.rulings[mail.delivery.id] = Ruling(make.anna, author=Mailbox("Jan", JAN))
    (plan,) = world.decide(mail)
    assert plan.message.from_address == JAN


def held(
    world: World, message: Message | Content, reason: str, address: str, user: int | None = 1, *tags: Any
) -> Any:
    return world.mail(message, *tags, held=HeldSender(reason, address, user))


@pytest.mark.parametrize("reason", ["redirected", "customer_reply"])
@pytest.mark.parametrize("user", [1, None])
def test_a_released_strangers_mail_is_incoming(
    world: World, make: Make, reason: str, user: int | None
) -> None:
    """rules.md 4, 2: from its own author, with a copy for who released it alone."""
    world.contact(5, JAN)
    world.deal(7)
    mail = held(world, make.incoming(JAN, cc=boxes(DROP)), reason, JAN, user, (Tag.DEAL, "d7"))
    world.rulings[mail.delivery.id] = Ruling(make.anna, release=True)
    (plan,) = world.decide(mail)
    assert (plan.outcome.state, plan.message.direction) == (DeliveryState.FILED, Direction.INCOMING)
    assert [(copy.owner_id, copy.filed_by) for copy in plan.copies] == [(make.anna, None)]
    assert plan.steps[0].reason == AuthMethod.RULING
    assert plan.message.provenance is Provenance.DIRECT
    assert [link.deal_id for link in plan.links if link.deal_id] == [], "he chooses none of our deals"


@pytest.mark.parametrize(
    ("reason", "user", "ruling"),
    [
        ("customer_reply", 1, None),
        ("customer_reply", 1, Ruling(1)),  # something else was said
        ("customer_reply", 1, Ruling(2, release=True)),  # by somebody else
        ("unknown_sender", None, Ruling(1, release=True)),  # nobody knows him
        ("no_single_from", None, Ruling(1, release=True)),
    ],
)
def test_what_nobody_may_release_stays_held(
    world: World, make: Make, reason: str, user: int | None, ruling: Ruling | None
) -> None:
    """Only the user it waits for, only what can be his."""
    mail = held(world, make.incoming(JAN), reason, JAN, user)
    if ruling:
        world.rulings[mail.delivery.id] = ruling
    (plan,) = world.decide(mail)
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, reason)


@pytest.mark.parametrize("reason", ["unverified_sender", "unconfirmed_address"])
def test_a_user_may_say_that_unproven_mail_is_his(world: World, make: Make, reason: str) -> None:
    """Then it is filed as his own mail."""
    mail = held(world, make.outgoing(JAN), reason, ANNA)
    world.rulings[mail.delivery.id] = Ruling(make.anna, release=True)
    (plan,) = world.decide(mail)
    assert (plan.outcome.state, plan.message.direction) == (DeliveryState.FILED, Direction.OUTGOING)


def test_a_released_automatic_mail_is_filed_and_makes_nobody(world: World, make: Make) -> None:
    """The user has seen it; it still creates no contact (rules.md 3.3)."""
    mail = held(world, make.incoming(JAN, auto=AutoKind.AUTO_REPLY), "redirected", JAN)
    world.rulings[mail.delivery.id] = Ruling(make.anna, release=True)
    (plan,) = world.decide(mail)
    assert (plan.outcome.state, plan.contacts) == (DeliveryState.FILED, ())


@pytest.mark.parametrize(
    ("ruling", "filed"),
    [(Ruling(1, release=True), True), (Ruling(1), False), (Ruling(2, release=True), False)],
)
def test_a_forward_among_our_own_may_be_wanted(world: World, make: Make, ruling: Ruling, filed: bool) -> None:
    """Its user says so: then it is his note (decisions.md 7.3)."""
    mail = world.mail(make.forward(make.incoming(BERT)))
    world.rulings[mail.delivery.id] = ruling
    (plan,) = world.decide(mail)
    if filed:
        assert (plan.message.direction, plan.message.linked) == (Direction.INTERNAL, False)
    else:
        assert plan.outcome.reason == "internal_only"


def test_a_wanted_mail_that_is_something_else_stays_what_it_is(world: World, make: Make) -> None:
    """What goes to a customer is outgoing, what names nobody still waits."""
    sent, nobody = world.mail(make.outgoing(JAN)), world.mail(make.outgoing(DROP, message_id="2@s"))
    for mail in (sent, nobody):
        world.rulings[mail.delivery.id] = Ruling(make.anna, release=True)
    outgoing, waiting = world.decide(sent, nobody)
    assert outgoing.message.direction is Direction.OUTGOING
    assert waiting.outcome.reason == "no_visible_recipient"


# ---- teams and delegates (decisions.md 7.7)

TEAM, SALES = 9, "sales@seller.example"


def sent_by(content: Content, author: str, sender: str = "") -> Content:
    return replace(content, sender=Mailbox("", author), actual_sender=Mailbox("", sender) if sender else None)


@pytest.mark.parametrize(
    ("sender", "first", "filed_by"),
    [("", 1, {None}), (BERT, 2, {None, 2}), ("cleo@seller.example", 1, {None}), (JAN, 1, {None})],
)
def test_a_teams_mail_belongs_to_its_members(
    world: World, make: Make, sender: str, first: int, filed_by: set[int | None]
) -> None:
    """A copy for each, as the team shares; who sent it is told if he is a member."""
    world.user(3, "cleo@seller.example")
    world.user(TEAM, SALES, members=(1, 2), sharing=Sharing.PRIVATE)
    (plan,) = world.decide(world.mail(sent_by(make.outgoing(JAN), SALES, sender), user=TEAM))
    assert {copy.owner_id for copy in plan.copies} == {1, 2}
    assert (plan.copies[0].owner_id, plan.outcome.user_id) == (first, first)
    assert {copy.filed_by for copy in plan.copies} == filed_by
    assert {copy.sharing for copy in plan.copies} == {Sharing.PRIVATE}
    assert {change.audience_id for change in plan.changes} == {1, 2}


def test_a_team_without_members_files_nothing(world: World, make: Make) -> None:
    """It would be nobody's mail."""
    world.user(TEAM, SALES, members=())
    (plan,) = world.decide(world.mail(sent_by(make.outgoing(JAN), SALES), user=TEAM))
    assert (plan.outcome.state, plan.outcome.reason) == (DeliveryState.HELD, "user_inactive")


def test_a_members_earlier_copy_is_no_hindrance(world: World, make: Make) -> None:
    """The members who have the mail already keep their copy, the others get one."""
    world.user(TEAM, SALES, members=(1, 2))
    original = make.incoming(JAN)
    _, again = world.decide(
        world.mail(make.forward(original, kind=ForwardKind.ATTACHED)),
        world.mail(make.forward(original, kind=ForwardKind.ATTACHED), user=TEAM),
    )
    assert [copy.owner_id for copy in again.copies] == [2]


def test_mail_on_behalf_of_a_user_is_his_and_the_senders(world: World, make: Make) -> None:
    """From is whose mail it is, Sender who sent it: each has a copy, shared as the first one's is."""
    world.user(3, "chief@seller.example", sharing=Sharing.PRIVATE)
    mail = world.mail(sent_by(make.outgoing(JAN), "chief@seller.example", BERT), user=3)
    (plan,) = world.decide(mail)
    assert [(copy.owner_id, copy.filed_by, copy.sharing) for copy in plan.copies] == [
        (3, 2, Sharing.PRIVATE),
        (2, None, Sharing.PRIVATE),
    ]
    assert plan.outcome.user_id == 3


@pytest.mark.parametrize("named", ["self", "unconfirmed", "left", "team", "stranger"])
def test_a_sender_field_grants_nothing(world: World, make: Make, named: str) -> None:
    """Only another active user's confirmed address gets a copy."""
    world.user(3, "pending@home.example", confirmed=False)
    world.user(4, "left@seller.example", active=False)
    world.user(TEAM, SALES, members=(2,))
    sender = {
        "self": "anna@home.example",
        "unconfirmed": "pending@home.example",
        "left": "left@seller.example",
        "team": SALES,
        "stranger": EVE,
    }[named]
    (plan,) = world.decide(world.mail(sent_by(make.outgoing(JAN), ANNA, sender)))
    assert [copy.owner_id for copy in plan.copies] == [make.anna]


def test_a_team_inherits_no_deal_that_a_member_may_not_see(world: World, make: Make) -> None:
    """What Anna filed privately hands no deal to a mail that Bert will see."""
    world.user(TEAM, SALES, members=(1, 2))
    world.contact(5, JAN)
    world.deal(7)
    answer = {"in_reply_to": ("offer@seller.example",)}

    def deals(plan: Plan) -> list[int | None]:
        return [link.deal_id for link in plan.links if link.deal_id]

    _, teams, own = world.decide(
        world.mail(make.outgoing(JAN), (Tag.DEAL, "d7"), (Tag.PRIVATE, "")),
        world.mail(make.outgoing(JAN, message_id="2@s", text="2", **answer), user=TEAM),
        world.mail(make.outgoing(JAN, message_id="3@s", text="3", **answer)),
    )
    assert (deals(teams), deals(own)) == ([], [7])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---------- Forwarded message ---------\n\nHello\n", ()),
        (
            f"---------- Forwarded message ---------\nFrom: Jan\nSubject: Offer\nTo: {ANNA}\n\nHello\n",
            ("Jan",),
        ),
        (
            f"From: Jan <{JAN}>\nDate: Mon, 25 Mar 2024 15:07:21 +0100\nTo: {ANNA}\nSubject: S\n\nHi\n",
            ("Jan",),
        ),
    ],
)
def test_a_forward_of_nobody_sure_asks_its_user(text: str, expected: tuple[str, ...]) -> None:
    """A marker without a header, a name without an address, a raw header: the candidates are named."""
    message = parse(f"From: {ANNA}\nTo: {DROP}\nSubject: About this\n\n{text}".encode())
    (unread,) = read_directions(message, SIDES, targeted=False)
    assert isinstance(unread, Unread)
    assert shown(unread) == "1b held original_sender_unknown"
    assert tuple(box.name for box in unread.candidates) == expected
