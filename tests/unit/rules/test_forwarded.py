"""What a user's server forwarded by itself: filed as his, and a provider's question shown to him alone."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.delivery import Mail
from bccd.model.envelope import Tag, Target
from bccd.model.message import AutoKind, Content, Message
from bccd.model.plan import Plan
from bccd.model.ruling import Ruling
from bccd.rules.lookups import lookups

if TYPE_CHECKING:
    from tests.unit.rules.conftest import Makers, World

CUSTOMER = "jan@customer.example"
PASSED = AuthResult("dmarc", "pass", "customer.example")
PROVEN = AuthReport(checks=(AuthResult("dkim", "pass", "customer.example"), PASSED))
PATH = AuthReport(
    checks=(AuthResult("spf", "pass", "customer.example"), PASSED)
)  # who forwarded is there, too
TO_HER = Target("crm+fw.1@drop.example", 1, Tag.FORWARD, user_id=1)


def forwarded(
    world: "World",
    message: Message | Content,
    *,
    method: AuthMethod = AuthMethod.SECRET,
    auth: AuthReport | None = None,
    more: tuple[Target, ...] = (),
) -> Mail:
    """Return a mail that Anna's server sent on; unless said otherwise nothing proves its author."""
    mail = world.mail(message)
    sender = Sender(1, "anna@seller.example", method)
    delivery = replace(
        mail.delivery,
        targets=(TO_HER, *more),
        sender=sender,
        auth=auth or AuthReport(),
        mail_from="x@y.example",
    )
    return replace(mail, delivery=delivery)


def outcome(plan: Plan) -> tuple[str, str]:
    """Return what became of it."""
    return str(plan.outcome.state), plan.outcome.reason


def steps(plan: Plan, rule: str) -> list[tuple[str, str]]:
    """Return verdict and reason of each step of a rule."""
    return [(step.verdict, step.reason) for step in plan.steps if step.rule == rule]


def test_a_customers_mail_is_incoming_and_hers(world: "World", make: "Makers") -> None:
    """Its author is in From; it is hers, with the contact that was known, and nothing asks her anything."""
    world.contact(10, CUSTOMER)
    (plan,) = world.decide(forwarded(world, make.incoming(CUSTOMER)))
    assert outcome(plan) == ("filed", "")
    assert plan.message is not None
    assert (plan.message.direction, plan.message.from_address) == ("incoming", CUSTOMER)
    assert [copy.owner_id for copy in plan.copies] == [1]
    assert [link.contact_id for link in plan.links if link.contact_id] == [10]
    assert ("author not proven", "forwarding left nothing that proves the author") in steps(plan, "submitter")


@pytest.mark.parametrize(
    ("auth", "made"), [(PROVEN, 1), (PATH, 0), (AuthReport(), 0), (AuthReport("10.0.0.0/8"), 0)]
)
def test_only_a_proven_author_becomes_a_contact(
    world: "World", make: "Makers", auth: AuthReport, made: int
) -> None:
    """Whoever can write to her mailbox could else fill the records with people that do not exist."""
    (plan,) = world.decide(forwarded(world, make.incoming(CUSTOMER), auth=auth))
    assert outcome(plan) == ("filed", "")
    assert len(plan.contacts) == made
    if not made:
        assert ("not created", "a server forwarded the mail, and nothing proves its author") in steps(
            plan, "contact"
        )


def test_wishes_of_the_address_are_hers(world: "World", make: "Makers") -> None:
    """Her filter may name a deal and +private in the address that it forwards to."""
    world.deal(7)
    more = (Target("x@drop.example", 1, Tag.DEAL, "d7"), Target("x@drop.example", 1, Tag.PRIVATE))
    (plan,) = world.decide(forwarded(world, make.incoming(CUSTOMER), more=more))
    assert [link.deal_id for link in plan.links if link.deal_id] == [7]
    assert [str(copy.sharing) for copy in plan.copies] == ["private"]


@pytest.mark.parametrize(
    "kind", [AutoKind.LIST, AutoKind.BULK, AutoKind.AUTO_REPLY, AutoKind.DSN, AutoKind.MDN]
)
def test_what_nobody_filed_deliberately_is_set_aside(world: "World", make: "Makers", kind: AutoKind) -> None:
    """Newsletters, lists and machines come to every mailbox; she is not told of each."""
    (plan,) = world.decide(forwarded(world, make.incoming(CUSTOMER, auto=kind)))
    assert outcome(plan) == ("set_aside", str(kind))
    assert not plan.notices


def test_an_answer_to_an_invitation_is_a_persons(world: "World", make: "Makers") -> None:
    """It says what the person who clicked it will do."""
    answer = make.incoming(CUSTOMER, auto=AutoKind.AUTO_REPLY, auto_reason="calendar:reply")
    (plan,) = world.decide(forwarded(world, answer))
    assert outcome(plan) == ("filed", "")


def test_a_list_without_a_mark_is_a_list(world: "World", make: "Makers") -> None:
    """The list's own field says so where nothing else does."""
    (plan,) = world.decide(forwarded(world, Message(make.incoming(CUSTOMER), list_id="talk.lists.example")))
    assert outcome(plan) == ("set_aside", "list")


@pytest.mark.parametrize(
    ("to", "ended"), [(CUSTOMER, ("filed", "")), ("bert@seller.example", ("set_aside", "internal_only"))]
)
def test_her_sent_copies_are_outgoing(
    world: "World", make: "Makers", to: str, ended: tuple[str, str]
) -> None:
    """Where From is she herself it is her mail, and nobody asks her about what stays among colleagues."""
    (plan,) = world.decide(forwarded(world, make.outgoing(to), method=AuthMethod.DKIM))
    assert outcome(plan) == ended
    assert plan.message is None or plan.message.direction == "outgoing"
    assert not plan.notices


@pytest.mark.parametrize(
    ("auth", "ended"),
    [
        (AuthReport(), ("held", "unverified_sender")),
        (AuthReport(checks=(AuthResult("dkim", "pass", "seller.example"),)), ("filed", "")),
        # DMARC passes by the SPF of the server that forwards, whoever wrote the mail
        (
            AuthReport(
                checks=tuple(AuthResult(method, "pass", "seller.example") for method in ("spf", "dmarc"))
            ),
            ("held", "unverified_sender"),
        ),
        (AuthReport("10.0.0.0/8"), ("filed", "")),
    ],
)
def test_nobody_writes_in_a_colleagues_name(
    world: "World", make: "Makers", auth: AuthReport, ended: tuple[str, str]
) -> None:
    """Spam with a colleague's address in From comes to her mailbox too; only his proven mail is filed."""
    colleague = make.outgoing(CUSTOMER, sender=make.box("bert@seller.example"))
    (plan,) = world.decide(forwarded(world, colleague, auth=auth))
    assert outcome(plan) == ended
    assert [copy.owner_id for copy in plan.copies] == ([1] if plan.copies else [])


def test_she_may_let_in_what_was_held(world: "World", make: "Makers") -> None:
    """Her word is enough for a colleague's mail that nothing proves, and for a machine's."""
    held = forwarded(
        world, make.outgoing(CUSTOMER, sender=make.box("bert@seller.example"), auto=AutoKind.BULK)
    )
    world.rulings[held.delivery.id] = Ruling(1, release=True)
    (plan,) = world.decide(held)
    assert outcome(plan) == ("filed", "")


GMAIL = "forwarding-noreply@google.com"


def question(make: "Makers", account: str) -> Content:
    """Return Gmail's question whether an account may forward."""
    text = f"{account} has requested to forward to crm+fwx@drop.example.\nConfirmation code: 512203847\n"
    link = "https://mail-settings.google.com/mail/vf-%5Babc%5D-def"
    return make.incoming(GMAIL, text=text + link, subject=f"(#512203847) Gmail - Receive Mail from {account}")


def test_a_providers_question_is_shown_to_her_and_filed_nowhere(world: "World", make: "Makers") -> None:
    """Number and link stand in one notice to her; no step, no message and no event holds them."""
    (plan,) = world.decide(forwarded(world, question(make, "anna@home.example")))
    assert outcome(plan) == ("set_aside", "forwarding_request")
    (notice,) = plan.notices
    assert (notice.user_id, notice.reason) == (1, "forwarding_code")
    assert notice.args == {
        "provider": "Gmail",
        "account": "anna@home.example",
        "answer": "512203847, https://mail-settings.google.com/mail/vf-%5Babc%5D-def",
    }
    assert "512203847" not in repr(structs.replace(plan, notices=(), waits=None))
    assert {change.audience_id for change in plan.changes} == {1}


def test_a_question_writes_a_gmail_account_in_its_own_way(world: "World", make: "Makers") -> None:
    """Dots do not count there: it is hers, however she has written it down."""
    world.user(1, "anna@seller.example", "annak@gmail.com")
    mail = forwarded(world, question(make, "anna.k@gmail.com"))
    assert {"anna.k@gmail.com", "annak@gmail.com"} <= lookups([mail], world.policy).addresses
    (plan,) = world.decide(mail)
    assert [notice.reason for notice in plan.notices] == ["forwarding_code"]


@pytest.mark.parametrize("account", ["eve@gmail.com", "bert@seller.example"])
def test_a_question_for_somebody_else_is_no_way_in(world: "World", make: "Makers", account: str) -> None:
    """Who has learned the address gets no number for his own account, and she hears who tried."""
    (plan,) = world.decide(forwarded(world, question(make, account)))
    assert outcome(plan) == ("set_aside", "forwarding_request")
    (notice,) = plan.notices
    assert (notice.reason, notice.args) == ("forwarding_stranger", {"provider": "Gmail", "account": account})


def test_other_mail_of_a_provider_is_not_filed(world: "World", make: "Makers") -> None:
    """There is nothing to show, and no customer in it."""
    (plan,) = world.decide(forwarded(world, make.incoming(GMAIL, text="All is set up.", subject="Hello")))
    assert outcome(plan) == ("set_aside", "forwarding_request")
    assert not plan.notices


@pytest.mark.parametrize(
    ("tags", "demanded", "ended"), [((), False, "filed"), ((), True, "held"), ((Tag.USER,), True, "filed")]
)
def test_a_mail_that_is_proven_late_must_be_well_addressed_too(
    world: "World", make: "Makers", tags: tuple[Tag, ...], demanded: bool, ended: str
) -> None:
    """What was held for another reason does not slip past the demand for a secret address."""
    world.policy = replace(world.policy, secret_address=demanded)
    held = world.mail(
        make.outgoing(CUSTOMER), held=HeldSender("unconfirmed_address", "anna@seller.example", 1)
    )
    targets = (*held.delivery.targets, *(Target("crm+u.1@drop.example", 1, tag, user_id=1) for tag in tags))
    delivery = replace(held.delivery, targets=targets, auth=AuthReport("10.0.0.0/8"))
    (plan,) = world.decide(replace(held, delivery=delivery))
    assert str(plan.outcome.state) == ended
