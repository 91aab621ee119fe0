"""What users say of waiting mail, and teams, through the whole of transaction 2 on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Peer, Target
from bccd.model.message import Content, Forward, ForwardKind, Mailbox, Message
from bccd.model.plan import Outcome
from bccd.model.ruling import Ruling
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store.engine import Stores, reading
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import Seed, fill, rows
from bccd.testing.build import NOON, FixedClock
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, CLEO, DROP, JAN, world

pytestmark = on_every_database

TEAM, SALES = 9, "sales@seller.example"


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Return stores with the small world and a team in them."""
    fill(stores, world().team(TEAM, SALES, ANNA, BERT, CLEO))
    return stores


def mail(number: int, message: Message, sender: Sender | HeldSender) -> Mail:
    """Return a mail of a sender."""
    delivery = Delivery(
        number, 1, (Target(DROP, 1),), "x@y.example", Peer("127.0.0.1"), NOON + timedelta(minutes=number),
        AuthReport(), number.to_bytes(32), 100,
        sender=sender if isinstance(sender, Sender) else None,
        held=sender if isinstance(sender, HeldSender) else None,
    )  # fmt: skip
    return Mail(delivery, message)


def own(address: str = "anna@seller.example", user: int = ANNA) -> Sender:
    return Sender(user, address, AuthMethod.TRUSTED_NETWORK)


def written(author: str, *to: str, **more: object) -> Content:
    people = tuple(Mailbox("", address) for address in to)
    content = Content(Mailbox("", author), 1, to=people, subject="Offer", message_id="1@x", text="Hello")
    return structs.replace(content, **more)


def file(stores: Stores, *mails: Mail) -> list[Outcome]:
    return deliver(1, mails, DeliverPorts(SqlWorks(stores.database), FixedClock()))


def say(stores: Stores, number: int, ruling: Ruling) -> None:
    """Let a user say something of a mail that waits, and put it back, as commands do."""
    fill(stores, Seed().ruling(number, ruling))
    with transaction(stores.database) as connection:
        connection.exec_driver_sql(f"UPDATE delivery SET state = 'received' WHERE id = {number}")  # noqa: S608


def test_who_was_named_is_looked_up_and_linked(filled: Stores) -> None:
    """The author of a forward that could not be read, beside a mail of which nothing was said."""
    original = Content(Mailbox("Jan", ""), 0, subject="Hi", text="How much?")
    unread = mail(
        1, Message(written("anna@seller.example"), (Forward(ForwardKind.INLINE, original, (), 1.0),)), own()
    )
    assert [ended.reason for ended in file(filled, unread)] == ["original_sender_unknown"]
    say(filled, 1, Ruling(ANNA, author=Mailbox("Jan", "jan@home.example")))
    other = mail(
        2, Message(written("anna@seller.example", "maria@customer.example", message_id="2@x")), own()
    )
    assert [ended.state for ended in file(filled, unread, other)] == [DeliveryState.FILED] * 2
    (incoming,) = (row for row in rows(filled, "message")["message"] if row["direction"] == "incoming")
    linked = [
        row["contact_id"] for row in rows(filled, "link")["link"] if row["message_id"] == incoming["id"]
    ]
    assert (incoming["from_address"], [i for i in linked if i]) == ("jan@home.example", [JAN])


def test_a_mail_in_bcc_goes_to_whom_its_user_names(filled: Stores) -> None:
    """Found by his address, though the mail does not hold it."""
    blind = mail(1, Message(written("anna@seller.example", DROP)), own())
    assert [ended.reason for ended in file(filled, blind)] == ["no_visible_recipient"]
    say(filled, 1, Ruling(ANNA, recipients=(Mailbox("", "jan@home.example"),)))
    file(filled, blind)
    assert [row["contact_id"] for row in rows(filled, "link")["link"] if row["contact_id"]] == [JAN]


def test_a_customer_who_answered_all_is_let_in(filled: Stores) -> None:
    """By the user it waited for; his mail is incoming, the user's copy alone."""
    answer = mail(
        1,
        Message(written("jan@customer.example", "anna@seller.example", DROP)),
        HeldSender("customer_reply", "jan@customer.example", BERT),
    )
    assert [ended.reason for ended in file(filled, answer)] == ["customer_reply"]
    say(filled, 1, Ruling(BERT, release=True))
    file(filled, answer)
    (message,) = rows(filled, "message")["message"]
    assert (message["direction"], message["provenance"]) == ("incoming", "direct")
    assert [(row["owner_id"], row["filed_by"]) for row in rows(filled, "message_copy")["message_copy"]] == [
        (BERT, None)
    ]


def test_a_teams_mail_is_each_members(filled: Stores) -> None:
    """Cleo has left; Bert has sent it."""
    content = written(SALES, "jan@customer.example", actual_sender=Mailbox("", "bert@seller.example"))
    (ended,) = file(filled, mail(1, Message(content), own(SALES, TEAM)))
    copies = sorted(
        (row["owner_id"], row["filed_by"]) for row in rows(filled, "message_copy")["message_copy"]
    )
    assert (ended.user_id, copies) == (BERT, [(ANNA, BERT), (BERT, None)])
    seen = {row["audience_id"] for row in rows(filled, "conversation_audience")["conversation_audience"]}
    assert seen == {0, ANNA, BERT}, "the team itself is no viewer"


def test_a_members_word_lets_a_teams_mail_in(filled: Stores) -> None:
    """Each active member gets a copy, the one who let it in has filed it; who is no member has no say."""
    unproven = mail(
        1, Message(written(SALES, "jan@customer.example")), HeldSender("unverified_sender", SALES, TEAM)
    )
    assert [ended.reason for ended in file(filled, unproven)] == ["unverified_sender"]
    say(filled, 1, Ruling(CLEO, release=True))
    assert [ended.reason for ended in file(filled, unproven)] == ["unverified_sender"]
    with transaction(filled.database) as connection:
        connection.exec_driver_sql("DELETE FROM ruling")
    say(filled, 1, Ruling(BERT, release=True))
    (ended,) = file(filled, unproven)
    copies = sorted(
        (row["owner_id"], row["filed_by"]) for row in rows(filled, "message_copy")["message_copy"]
    )
    assert (ended.user_id, copies) == (BERT, [(ANNA, BERT), (BERT, None)])


def unproven(
    number: int, *results: AuthResult, sender: str = "anna@seller.example", user: int = ANNA
) -> Mail:
    """Return a mail in a user's name that a relay has found out something about."""
    made = mail(
        number,
        Message(written(sender, "jan@customer.example", subject=f"Offer {number}", message_id=f"{number}@x")),
        HeldSender("unverified_sender", sender, user),
    )
    report = AuthReport(relay="10.0.0.1", authserv_id="mx.seller.example", results=results)
    return replace(made, delivery=replace(made.delivery, auth=report))


SIGNED = AuthResult("dkim", "pass", "mailer.example")


def test_held_mail_shows_its_user_what_he_needs(filled: Stores) -> None:
    """Him alone, or each member of the team: what it is, why, what to do, until when."""
    file(filled, unproven(1, SIGNED), unproven(2, sender=SALES, user=TEAM))
    with reading(filled.database) as connection:
        rows_ = connection.exec_driver_sql(
            "SELECT viewer_user_id, delivery_id, from_address, subject, settled_by, needs, always,"
            " expires_at, sentence, advice FROM v1_held ORDER BY viewer_user_id, delivery_id"
        ).all()
    assert [tuple(row)[:7] for row in rows_] == [
        (ANNA, 1, "anna@seller.example", "Offer 1", "held.release", "", "dkim:mailer.example"),
        (ANNA, 2, SALES, "Offer 2", "held.release", "", ""),
        (BERT, 2, SALES, "Offer 2", "held.release", "", ""),
    ]
    ends = [row["expires_at"] for row in rows(filled, "delivery")["delivery"]]
    assert ends == ["2026-12-20T12:01:00.000000Z", "2026-12-20T12:02:00.000000Z"]
    assert all(row.sentence.endswith(".") and row.advice.endswith(".") for row in rows_)


def test_what_was_let_in_for_good_is_filed(filled: Stores) -> None:
    """The same evidence for the same user; a spoofer's mail waits, and so does a colleague's."""
    trusted = {"company_id": 1, "address": "anna@seller.example", "evidence": "dkim:mailer.example"}
    seed = Seed()
    seed.rows["trusted_sender"].append(trusted | {"user_id": ANNA, "created_at": NOON})
    fill(filled, seed)
    forged = replace(SIGNED, domain="evil.example")
    outcomes = file(
        filled,
        unproven(1, SIGNED),
        unproven(2, forged),
        unproven(3),
        unproven(4, SIGNED, sender="bert@seller.example", user=BERT),
    )
    assert [it.state for it in outcomes] == [DeliveryState.FILED, *[DeliveryState.HELD] * 3]
    steps = next(row["steps"] for row in rows(filled, "decision")["decision"] if row["delivery_id"] == 1)
    assert "trusted: dkim:mailer.example" in steps
    shown = [row for row in rows(filled, "delivery")["delivery"] if row["id"] == 1]
    assert [(row["subject"], row["sentence"], row["expires_at"]) for row in shown] == [("", "", None)]


def test_a_claim_shows_and_gives_nothing(filled: Stores) -> None:
    """Of mail from an address that a user only claims he sees that it came; no word of his files it."""
    claimed = unproven(1, SIGNED, sender="a@pending.example")
    file(filled, claimed)
    (row,) = rows(filled, "delivery")["delivery"]
    assert (row["from_address"], row["subject"], row["from_name"]) == ("a@pending.example", "", "")
    say(filled, 1, Ruling(ANNA, release=True))
    assert [it.state for it in file(filled, claimed)] == [DeliveryState.HELD]
