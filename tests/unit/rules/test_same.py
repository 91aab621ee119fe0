"""When two mails are one, whichever way they came. Data.md 1.7 and decisions.md 5."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from bccd.model.envelope import Tag
from bccd.model.message import Content, ForwardKind, Mailbox
from bccd.model.plan import Plan, Provenance

World = Any
Make = Any
JAN = "jan@customer.example"
WEAK = b"sixteen octets.."


def sent(make: Make) -> datetime:
    """Return the minute in which the mail was written, some days ago."""
    moment: datetime = make.now - timedelta(days=3)
    return moment


def captured(make: Make, **more: Any) -> Content:
    """Return a customer's mail as it is, with the seconds of its date."""
    content = structs.replace(make.incoming(JAN), weak_text=WEAK, message_id="real@customer.example", **more)
    found: Content = structs.replace(content, date=sent(make) + timedelta(seconds=42))
    return found


def quoted(make: Make, **more: Any) -> Content:
    """Return the same mail as a header block in a text tells of it: to the minute, without an id."""
    content = captured(make)
    return structs.replace(content, message_id="", date=sent(make), **more)


def inline(world: World, make: Make, content: Content, user: int = 2) -> Any:
    return world.mail(make.forward(content, kind=ForwardKind.INLINE), user=user)


def attached(world: World, make: Make, content: Content, user: int = 1) -> Any:
    return world.mail(make.forward(content, kind=ForwardKind.ATTACHED), user=user)


def owners(*plans: Plan) -> set[tuple[int | None, int]]:
    return {(plan.outcome.message_id, copy.owner_id) for plan in plans for copy in plan.copies}


@pytest.mark.parametrize("quoted_first", [False, True])
def test_a_forward_in_a_text_of_a_captured_mail_is_that_mail(
    world: World, make: Make, quoted_first: bool
) -> None:
    """One message with two owners, in either order, under the id and the date of the mail itself."""
    mails = [attached(world, make, captured(make)), inline(world, make, quoted(make))]
    first, second = world.decide(*(mails[::-1] if quoted_first else mails))
    assert first.message is not None
    assert second.message is None
    assert owners(first, second) == {(first.message.id, 1), (first.message.id, 2)}
    named = second.update.named if second.update else None
    if quoted_first:
        assert named is not None
        assert (named.msgid, named.sent_at) == ("real@customer.example", captured(make).date)
        assert named.provenance is Provenance.FORWARD_ATTACHED
    else:
        assert named is None


@pytest.mark.parametrize("hours", [0, 1, -9, 14])
def test_the_zone_of_a_header_block_does_not_matter(world: World, make: Make, hours: int) -> None:
    """Clients print local time, often without its zone."""
    late = structs.replace(quoted(make), date=sent(make) + timedelta(hours=hours))
    _, second = world.decide(attached(world, make, captured(make)), inline(world, make, late))
    assert second.message is None


@pytest.mark.parametrize(
    "change",
    [
        {"date": None},
        {"text": "give me access, please"},
        {"to": (Mailbox("", "other@customer.example"),)},
        {"to": (Mailbox("Somebody", ""), Mailbox("Else", ""))},
        {"subject": "Something else"},
        {"weak_text": b""},
    ],
    ids=["no date", "text", "recipient", "names alone", "subject", "too little"],
)
def test_what_differs_is_another_mail(world: World, make: Make, change: dict[str, Any]) -> None:
    """Whoever quotes a mail must say all that he then sees of it; none of its octets becomes his."""
    mail = captured(make, to=(Mailbox("", "x@partner.example"),))
    first, second = world.decide(
        attached(world, make, mail),
        inline(world, make, structs.replace(quoted(make, to=mail.to), **change)),
    )
    assert first.message is not None
    assert second.message is not None
    assert owners(second) == {(second.message.id, 2)}


SHOWN_BY_TEXT = [
    {"subject": "Question [margin 40 %]"},
    {"reply_to": (Mailbox("", "secret@partner.example"),)},
    {"actual_sender": Mailbox("", "assistant@partner.example")},
]
SHOWN_BY_HEADER = [
    *SHOWN_BY_TEXT,
    {"in_reply_to": ("thread@partner.example",)},
    {"to": (Mailbox("Anna the Great", "anna@seller.example"),)},
]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        # A text names neither parents nor, in many clients, the names of our own people.
        *((ForwardKind.INLINE, change) for change in SHOWN_BY_TEXT),
        *((ForwardKind.ATTACHED, change) for change in SHOWN_BY_HEADER),
    ],
)
def test_who_forges_what_identifies_a_mail_sees_nothing_else_of_it(
    world: World, make: Make, kind: ForwardKind, change: dict[str, Any]
) -> None:
    """Same id, author, date and text, and not all that is shown of the mail: then it is another one."""
    forged = captured(make) if kind is ForwardKind.ATTACHED else quoted(make)
    _, second = world.decide(
        attached(world, make, structs.replace(captured(make), **change)),
        world.mail(make.forward(forged, kind=kind), user=2),
    )
    assert second.message is not None
    assert owners(second) == {(second.message.id, 2)}


def test_minutes_must_agree(world: World, make: Make) -> None:
    """No two zones are seven minutes apart."""
    other = structs.replace(quoted(make), date=sent(make) + timedelta(minutes=7))
    _, second = world.decide(attached(world, make, captured(make)), inline(world, make, other))
    assert second.message is not None


def test_our_own_people_may_stand_there_by_name_alone(world: World, make: Make) -> None:
    """Outlook prints names; a colleague's address is no secret."""
    mail = captured(make, to=(Mailbox("Anna", "anna@seller.example"),))
    by_name = quoted(make, to=(Mailbox("Anna", ""),))
    _, second = world.decide(attached(world, make, mail), inline(world, make, by_name))
    assert second.message is None


def test_an_outsiders_address_is_not_given_away(world: World, make: Make) -> None:
    """Who knows only the name of a recipient does not learn his address."""
    mail = captured(make, cc=(Mailbox("Eve", "eve@partner.example"),))
    by_name = quoted(make, cc=(Mailbox("Eve", ""),))
    _, second = world.decide(attached(world, make, mail), inline(world, make, by_name))
    assert second.message is not None


def test_of_two_that_it_could_be_none_is_taken(world: World, make: Make) -> None:
    """Data.md 1.7: several candidates are kept apart, and the decision says so."""
    days = [
        structs.replace(captured(make), message_id=f"{n}@x", date=sent(make) + timedelta(hours=n))
        for n in (-1, 1)
    ]
    *_, last = world.decide(*(attached(world, make, day) for day in days), inline(world, make, quoted(make)))
    assert last.message is not None
    assert any(step.verdict == "related" for step in last.steps)


def test_the_very_minute_comes_before_another_zone(world: World, make: Make) -> None:
    """A daily report quoted today is today's."""
    today, yesterday = captured(make), structs.replace(captured(make), message_id="y@x")
    yesterday = structs.replace(yesterday, date=today.date - timedelta(days=1) if today.date else None)
    first, _, quote = world.decide(
        attached(world, make, today), attached(world, make, yesterday), inline(world, make, quoted(make))
    )
    assert quote.outcome.message_id == first.outcome.message_id


def test_an_id_that_a_provider_rewrote_is_an_alias(world: World, make: Make) -> None:
    """The sender's Bcc and what his customer received are one message under two ids."""
    sent = structs.replace(make.outgoing(JAN), weak_text=WEAK)
    got = structs.replace(sent, message_id="rewritten@provider.example")
    first, second, answer = world.decide(
        world.mail(sent),
        attached(world, make, got, user=2),
        world.mail(
            structs.replace(
                make.outgoing(JAN, message_id="3@s"), in_reply_to=("rewritten@provider.example",), text="3"
            )
        ),
    )
    assert first.message is not None
    assert second.aliases == (("rewritten@provider.example", first.message.id),)
    assert answer.message is not None
    assert answer.message.conversation_id == first.message.conversation_id


def test_a_private_original_shows_in_nobody_elses_decision(world: World, make: Make) -> None:
    """That there is much the same mail is told only to who sees it."""
    mail = captured(make, to=(Mailbox("", "x@partner.example"),))
    private = make.forward(mail, kind=ForwardKind.ATTACHED)
    _, second = world.decide(
        world.mail(private, (Tag.PRIVATE, "")), inline(world, make, structs.replace(quoted(make), to=()))
    )
    assert second.message is not None
    assert not any(step.verdict == "related" for step in second.steps)
