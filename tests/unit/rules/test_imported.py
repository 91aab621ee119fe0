"""What an administrator reads out of a user's mailbox: filed by its author, as old mail that asks nobody."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Mail
from bccd.model.envelope import Peer, Protocol, Tag, Target
from bccd.model.message import AutoKind, Content, ForwardKind, Message
from bccd.model.plan import Direction, LinkState, Plan, Provenance
from bccd.model.ruling import Ruling
from bccd.rules.lookups import lookups

if TYPE_CHECKING:
    from tests.unit.rules.conftest import Makers, World

CUSTOMER = "jan@customer.example"
ANNA = "anna@seller.example"
LONG_AGO = datetime(2019, 3, 1, 12, 0, tzinfo=UTC)


def imported(world: "World", message: Message | Content, *wishes: Target) -> Mail:
    """Return a mail that lay in Anna's mailbox."""
    mail = world.mail(message)
    delivery = replace(
        mail.delivery,
        targets=wishes or (Target(ANNA, 1),),
        mail_from="",
        peer=Peer("", protocol=Protocol.IMPORT),
        auth=AuthReport(),
        received_at=LONG_AGO,
        sender=Sender(1, ANNA, AuthMethod.IMPORT),
    )
    return replace(mail, delivery=delivery)


def outcome(plan: Plan) -> tuple[str, str]:
    """Return what became of it."""
    return str(plan.outcome.state), plan.outcome.reason


def test_a_customers_mail_is_incoming_and_hers(world: "World", make: "Makers") -> None:
    """Nobody asks what proves its author: it lay in her mailbox; its time is that of the mail."""
    world.contact(7, CUSTOMER)
    plan = world.decide(imported(world, make.incoming(CUSTOMER, date=LONG_AGO)))[0]
    assert outcome(plan) == ("filed", "")
    assert plan.message is not None
    assert (plan.message.direction, plan.message.provenance) == (Direction.INCOMING, Provenance.IMPORT)
    assert (plan.message.received_at, plan.message.sort_at) == (LONG_AGO, LONG_AGO)
    assert [copy.owner_id for copy in plan.copies] == [1]
    assert [link.contact_id for link in plan.links] == [7]


@pytest.mark.parametrize("author", [ANNA, "bert@seller.example"])
def test_our_own_peoples_mail_is_outgoing_and_hers(world: "World", make: "Makers", author: str) -> None:
    """Her own mail, and a colleague's that she had a copy of, went to the customer; it makes a contact."""
    content = make.outgoing(CUSTOMER, sender=make.box(author))
    plan = world.decide(imported(world, content))[0]
    assert plan.message is not None
    assert plan.message.direction is Direction.OUTGOING
    assert [copy.owner_id for copy in plan.copies] == [1]
    assert [contact.address for contact in plan.contacts] == [CUSTOMER]


def test_who_wrote_to_her_becomes_no_contact(world: "World", make: "Makers") -> None:
    """A mailbox holds mail of anybody; only whom she wrote to is made a contact."""
    plan = world.decide(imported(world, make.incoming("stranger@shop.example")))[0]
    assert outcome(plan) == ("filed", "")
    assert not plan.contacts
    assert ("not created", "an import makes contacts only of those whom the user wrote to") in [
        (step.verdict, step.reason) for step in plan.steps
    ]


def test_years_of_mail_make_as_many_contacts_as_there_are(world: "World", make: "Makers") -> None:
    """The guard against a flood of new contacts is for live mail, and nothing is looked up for it."""
    world.policy = replace(world.policy, max_new_contacts=1)
    mails = [
        imported(world, make.outgoing(f"a{number}@customer.example", message_id=f"{number}@seller.example"))
        for number in range(3)
    ]
    assert [len(plan.contacts) for plan in world.decide(*mails)] == [1, 1, 1]
    assert lookups(mails, world.policy).received is None


def test_a_sent_mail_shows_whom_it_went_to_in_bcc(world: "World", make: "Makers") -> None:
    """The sender's own copy names those in Bcc, so nobody need be asked; others do not see them named."""
    content = make.outgoing("crm@drop.example", bcc=(make.box(CUSTOMER),))
    plan = world.decide(imported(world, content))[0]
    assert plan.message is not None
    assert plan.message.direction is Direction.OUTGOING
    assert [row.role for row in plan.participants if row.address == CUSTOMER] == ["bcc"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"auto": AutoKind.AUTO_REPLY}, "auto_reply"),
        ({"auto": AutoKind.BULK}, "bulk"),
        ({"auto": AutoKind.DSN}, "dsn"),
        ({"sender": None}, "no_single_from"),
        ({"from_count": 2}, "no_single_from"),
    ],
)
def test_what_no_person_wrote_is_set_aside(
    world: "World", make: "Makers", more: dict[str, object], reason: str
) -> None:
    """It waits for nobody, has no end that has passed already, and counts for no loop of hers."""
    plan = world.decide(imported(world, make.incoming(CUSTOMER, **more)))[0]
    assert outcome(plan) == ("set_aside", reason)
    assert plan.waits is not None
    assert plan.waits.expires_at is None
    assert plan.outcome.automatic_of is None


def test_a_mailing_lists_mail_is_set_aside(world: "World", make: "Makers") -> None:
    """Nobody has filed it deliberately."""
    message = Message(make.incoming(CUSTOMER), list_id="list.example")
    assert outcome(world.decide(imported(world, message))[0]) == ("set_aside", "list")


def test_an_accepted_invitation_is_a_persons_answer(world: "World", make: "Makers") -> None:
    """It is automatic by its form, and filed all the same."""
    content = make.incoming(CUSTOMER, auto=AutoKind.AUTO_REPLY, auto_reason="calendar: accepted")
    assert outcome(world.decide(imported(world, content))[0]) == ("filed", "")


def test_mail_among_our_own_people_is_set_aside_and_filed_when_let_in(world: "World", make: "Makers") -> None:
    """What she let in since is filed as a note, as it is of any other mail of hers."""
    mail = imported(world, make.outgoing("bert@seller.example"))
    assert outcome(world.decide(mail)[0]) == ("set_aside", "internal_only")
    world.rulings[mail.delivery.id] = Ruling(1, release=True)
    plan = world.decide(mail)[0]
    assert outcome(plan) == ("filed", "")
    assert plan.message is not None
    assert plan.message.direction is Direction.INTERNAL


def test_what_she_let_in_of_a_list_is_filed(world: "World", make: "Makers") -> None:
    """Automatic mail is filed by its author once its owner wants it."""
    mail = imported(world, Message(make.incoming(CUSTOMER), list_id="list.example"))
    world.rulings[mail.delivery.id] = Ruling(1, release=True)
    assert outcome(world.decide(mail)[0]) == ("filed", "")


@pytest.mark.parametrize("party", ["to", "author"])
def test_who_is_never_logged_is_set_aside(world: "World", make: "Makers", party: str) -> None:
    """Mail with parties on the never-log list alone is not filed."""
    world.never_log = frozenset({"@customer.example"})
    content = make.outgoing(CUSTOMER) if party == "to" else make.incoming(CUSTOMER)
    assert outcome(world.decide(imported(world, content))[0]) == ("set_aside", "never_log")


def test_a_filing_forward_in_the_mailbox_is_no_filing(world: "World", make: "Makers") -> None:
    """What she once forwarded to the drop address was filed then."""
    message = make.forward(make.incoming(CUSTOMER), kind=ForwardKind.INLINE)
    assert outcome(world.decide(imported(world, message))[0]) == ("set_aside", "internal_only")


def test_old_mail_is_not_put_to_a_deal_of_today(world: "World", make: "Makers") -> None:
    """Neither the one open deal is linked nor several offered: the mail may be older than all of them."""
    world.contact(7, CUSTOMER)
    world.deal(70, 7)
    plan = world.decide(imported(world, make.incoming(CUSTOMER)))[0]
    assert not [link for link in plan.links if link.deal_id]
    world.deal(71, 7)
    plan = world.decide(imported(world, make.incoming(CUSTOMER)))[0]
    assert all(link.state is LinkState.ACTIVE and link.contact_id for link in plan.links)


def test_a_deal_that_the_import_names_is_linked(world: "World", make: "Makers") -> None:
    """--to company+deal7 is as good as the address of a mail."""
    world.contact(7, CUSTOMER)
    world.deal(70, 7)
    wish = Target(ANNA, 1, Tag.DEAL, "d70")
    plan = world.decide(imported(world, make.incoming(CUSTOMER), wish))[0]
    assert [link.deal_id for link in plan.links if link.deal_id] == [70]


def test_nobody_is_sent_a_notice(world: "World", make: "Makers") -> None:
    """However an imported mail ends, and even of a user who wants to hear of everything."""
    mails = (
        make.incoming(CUSTOMER),
        make.outgoing("bert@seller.example"),
        make.incoming(CUSTOMER, auto=AutoKind.AUTO_REPLY),
    )
    for content in mails:
        assert not world.decide(imported(world, content))[0].notices


def test_a_user_who_is_gone_has_it_held_without_end(world: "World", make: "Makers") -> None:
    """The days after which held mail is deleted have passed long ago for old mail."""
    world.user(1, ANNA, active=False)
    plan = world.decide(imported(world, make.incoming(CUSTOMER)))[0]
    assert outcome(plan) == ("held", "user_inactive")
    assert plan.waits is not None
    assert plan.waits.expires_at is None
