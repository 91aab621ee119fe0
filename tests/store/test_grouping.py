"""conversation.merge and conversation.split: what goes where, what later mail joins, what others learn."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from bccd.mail.parse import parse
from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Peer, Target
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store.uow import SqlWorks
from bccd.testing import raw_mail
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, DROP
from tests.store.test_commands import Desk, desk

__all__ = ["desk"]

pytestmark = on_every_database

LOGIN = {ANNA: "anna@seller.example", BERT: "bert@seller.example"}


def send(
    desk: Desk,
    name: str,
    *parents: str,
    user: int = ANNA,
    to: str = "jan@customer.example",
    subject: str = "Offer",
    more: Mapping[str, str] | None = None,
) -> int:
    """File a mail of this name that answers others; return the message."""
    count = len(desk.column("delivery", "id"))
    fields = {"References": " ".join(f"<{parent}@x>" for parent in parents)} if parents else {}
    raw = raw_mail(
        LOGIN[user], to, message_id=f"{name}@x", text=f"text of {name}", more=fields | dict(more or {}),
        date=NOON + timedelta(minutes=count), subject=subject,
    )  # fmt: skip
    return file(desk, raw, user)


def file(desk: Desk, raw: bytes, user: int = ANNA) -> int:
    """File a mail of this user; return the message."""
    count = len(desk.column("delivery", "id"))
    sender = Sender(user, LOGIN[user], AuthMethod.TRUSTED_NETWORK)
    delivery = Delivery(
        count + 1, 1, (Target(DROP, 1),), LOGIN[user], Peer("127.0.0.1"), NOON, AuthReport("127.0.0.0/8"),
        sha256(raw).digest(), len(raw), sender=sender, attempts=1,
    )  # fmt: skip
    ports = DeliverPorts(SqlWorks(desk.stores.database), desk.clock)
    (outcome,) = deliver(1, [Mail(delivery, parse(raw))], ports)
    assert outcome.message_id is not None, outcome
    return outcome.message_id


def homes(desk: Desk) -> dict[int, int]:
    """Return the conversation of each message."""
    return dict(desk.column("message", "id", "conversation_id"))


def together(desk: Desk, *messages: int) -> bool:
    """Tell whether these are of one conversation, and no other is."""
    at = homes(desk)
    home = at[messages[0]]
    return {id_ for id_, its in at.items() if its == home} == set(messages)


@pytest.fixture
def two(desk: Desk) -> tuple[int, int]:
    """Two conversations, of Anna's and of Bert's, both open to all."""
    one, other = send(desk, "one"), send(desk, "other", user=BERT)
    desk.do(BERT, "message.share", message=other)
    desk.events()
    return one, other


def test_merged_conversations_are_one(desk: Desk, two: tuple[int, int]) -> None:
    """The older id stays, the other resolves to it, and mail that answers either joins it."""
    one, other = two
    before = homes(desk)
    made = desk.do(ANNA, "conversation.merge", conversations=[before[other], before[one]])
    assert made == {"conversation": before[one]}
    assert together(desk, one, other)
    assert (before[other], before[one]) in desk.column("conversation", "id", "merged_into")
    assert desk.events() == [
        ("message.updated", 0, other, None, ANNA),
        ("conversation.merged", 0, None, before[other], ANNA),
    ]
    assert desk.audiences(before[one]) == [0, ANNA, BERT]
    assert desk.audiences(before[other]) == []
    assert together(desk, one, other, send(desk, "late", "other", user=BERT))
    merged = [before[other], before[one]]
    assert desk.refused(ANNA, "conversation.merge", conversations=merged) == "nothing_to_do"


def test_a_merge_shows_nothing_to_anybody(desk: Desk, two: tuple[int, int]) -> None:
    """Private mail stays its owner's wherever it now stands; whoever sees none of it cannot name it."""
    one, _ = two
    secret = send(desk, "secret", user=BERT)
    at = homes(desk)
    assert desk.refused(ANNA, "conversation.merge", conversations=[at[one], at[secret]]) == "not_found"
    desk.do(BERT, "conversation.merge", conversations=[at[one], at[secret]])
    assert ("message.updated", BERT, secret, None, BERT) in desk.events()
    counts = dict(desk.column("conversation_audience", "audience_id", "message_count"))
    assert desk.audiences(at[one]) == [0, ANNA, BERT]
    assert desk.refused(ANNA, "message.share", message=secret) == "not_found"
    assert counts[0] == 1


def test_split_messages_stand_apart_with_what_answers_them(desk: Desk) -> None:
    """Whatever ids they share; the rest keeps the conversation's id."""
    first, second = send(desk, "first"), send(desk, "second", "first")
    third, fourth = send(desk, "third", "first"), send(desk, "fourth", "first", "third")
    before = homes(desk)[first]
    assert together(desk, first, second, third, fourth)
    desk.events()
    made = desk.do(ANNA, "conversation.split", messages=[third])
    assert together(desk, first, second)
    assert together(desk, third, fourth)
    assert homes(desk)[first] == before
    assert made == {"conversation": homes(desk)[third]}
    assert ("conversation.split", 0, None, homes(desk)[third], ANNA) in desk.events()
    assert together(desk, third, fourth, send(desk, "fifth", "first", "third"))
    assert together(desk, first, second, send(desk, "sixth", "second"))


def test_what_is_split_off_together_stays_together(desk: Desk) -> None:
    """Though nothing ties the two but the conversation that they left."""
    first, second, third = send(desk, "first"), send(desk, "second", "first"), send(desk, "third", "second")
    other = send(desk, "other")
    at = homes(desk)
    desk.do(ANNA, "conversation.merge", conversations=[at[first], at[other]])
    desk.do(ANNA, "conversation.split", messages=[other, third])
    assert together(desk, first, second)
    assert together(desk, other, third)


def test_a_merge_can_be_split_and_merged_again(desk: Desk, two: tuple[int, int]) -> None:
    """Of what users said about a message the latest counts."""
    one, other = two
    before = homes(desk)
    desk.do(ANNA, "conversation.merge", conversations=[before[one], before[other]])
    desk.do(BERT, "conversation.split", messages=[other])
    assert together(desk, one)
    assert together(desk, other)
    answer = send(desk, "answer", "other", user=BERT)
    assert together(desk, other, answer)
    desk.do(BERT, "conversation.merge", conversations=[homes(desk)[one], homes(desk)[other]])
    assert together(desk, one, other, answer)
    desk.do(BERT, "conversation.split", messages=[answer])
    assert together(desk, one, other)


def test_what_cannot_be_split(desk: Desk, two: tuple[int, int]) -> None:
    """All of a conversation, or messages of several."""
    one, other = two
    answer = send(desk, "answer", "one")
    assert desk.refused(ANNA, "conversation.split", messages=[one, other]) == "bad_arguments"
    assert desk.refused(ANNA, "conversation.split", messages=[one, answer]) == "nothing_to_do"
    assert desk.refused(ANNA, "conversation.split", messages=[one, 7]) == "not_found"
    assert desk.refused(ANNA, "conversation.merge", conversations=[homes(desk)[one]]) == "bad_arguments"


def test_links_go_with_their_messages(desk: Desk) -> None:
    """And a deal is handed on where the message that carries it is."""
    first, second = send(desk, "first"), send(desk, "second", "first")
    desk.do(ANNA, "link.reject", conversation=homes(desk)[first], deal="7")
    desk.do(ANNA, "link.set", message=second, deal="8")
    desk.do(ANNA, "conversation.split", messages=[second])
    at = homes(desk)
    placed: list[Any] = desk.column("link", "message_id", "conversation_id")
    assert all(at[message] == home for message, home in placed)
    assert desk.audiences(at[second]) == [0, ANNA]
