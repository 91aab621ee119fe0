"""What users and operators are shown, and how a kept mail is retried or deleted."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import event, text

from bccd.model.delivery import DeliveryState, Mail
from bccd.model.envelope import Target
from bccd.model.errors import MistakeError
from bccd.model.facts import Query
from bccd.model.message import Content, Message
from bccd.model.plan import LinkState, Merge, Outcome, Plan
from bccd.store import conversations, entries, outcomes
from bccd.store.engine import Stores
from bccd.store.rawfiles import IN_TABLE
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks
from bccd.testing import fill, intake_of, rows
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import (
    ANNA,
    BERT,
    CLEO,
    DROP,
    OTHER,
    Filed,
    ended,
    filed,
    key,
    with_file,
    world,
)

pytestmark = on_every_database


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Return stores with the small world in them."""
    fill(stores, world())
    return stores


def apply(stores: Stores, *steps: Filed) -> None:
    """File mails with their plans."""
    with SqlWorks(stores.database)(1) as work:
        work.apply([mail for mail, _ in steps], [plan for _, plan in steps], NOON)
        work.commit()


# ---- conversations ----------------------------------------------------------------------------------------


def test_a_conversation_is_shown_as_its_viewer_may_see_it(filled: Stores) -> None:
    """Anna sees what is shared and her own; comment and Bcc are shown to the copy's owner alone."""
    private = filed(
        2, 1010, conversation=1000, owner=BERT, shared=False, deal=OTHER, state=LinkState.SUGGESTED
    )
    apply(filled, with_file(filed(1, 1000)), private)
    anna = conversations.conversation(filled.database, 1, ANNA, 1000)
    bert = conversations.conversation(filled.database, 1, BERT, 1000)
    assert anna is not None and bert is not None
    assert (anna.message_count, anna.subject, anna.needs_choice) == (1, "Offer 1", False)
    assert (bert.message_count, bert.subject, bert.needs_choice) == (2, "Offer 2", True)
    assert [m.id for m in anna.messages] == [1001]
    assert [m.own_comment for m in bert.messages] == [None, f"comment of {BERT}"]
    assert [[p.role for p in m.participants] for m in bert.messages] == [
        ["from", "to"],
        ["bcc", "from", "to"],
    ]
    assert anna.messages[0].attachments == ("offer.pdf",)
    assert [(link.kind, link.name, link.state) for link in bert.messages[1].links] == [
        ("contact", "Contact 11", "active"),
        ("deal", "Deal 8", "suggested"),
    ]


def test_what_a_viewer_may_not_see_is_not_there(filled: Stores) -> None:
    """Private or unlinked mail of others, other companies and users who left see nothing."""
    apply(filled, filed(1, 1000, shared=False), filed(2, 1010, linked=False, deal=None), filed(3, 1020))
    assert [c.id for c in conversations.conversations(filled.database, 1, ANNA)] == [1020, 1010, 1000]
    assert [c.id for c in conversations.conversations(filled.database, 1, BERT)] == [1020]
    assert conversations.conversation(filled.database, 1, BERT, 1000) is None
    assert conversations.conversation(filled.database, 2, ANNA, 1020) is None
    assert conversations.conversations(filled.database, 1, CLEO) == []
    assert len(conversations.conversations(filled.database, 1, ANNA, limit=1)) == 1


def test_a_merged_id_finds_the_conversation(filled: Stores) -> None:
    """Old ids stay good."""
    got, plan = filed(3, 1020, conversation=1000)
    apply(filled, filed(1, 1000), filed(2, 1010), (got, replace(plan, merge=Merge(1000, (1010,)))))
    found = conversations.conversation(filled.database, 1, ANNA, 1010)
    assert found is not None
    assert (found.id, found.message_count) == (1000, 3)


# ---- outcomes ---------------------------------------------------------------------------------------------


def test_a_delivery_is_explained(filled: Stores) -> None:
    """The steps come back as they were decided, with the evidence of who sent it."""
    got, plan = filed(1, 1000)
    apply(filled, (got, plan))
    found = outcomes.explain(filled.database, 1)
    assert found is not None
    assert found.steps == plan.steps
    assert (found.delivery.state, found.delivery.recipients) == (DeliveryState.FILED, (DROP,))
    assert found.delivery.evidence.sender == got.delivery.sender
    assert outcomes.explain(filled.database, 2) is None
    assert outcomes.recorded(filled.database, 2) is None


def test_deliveries_are_listed_by_state_and_user(filled: Stores) -> None:
    """Held, set aside and failed mail unless other states are asked for; one user's where given."""
    apply(
        filled,
        filed(1, 1000),
        ended(2, DeliveryState.HELD, "unverified_sender", BERT),
        ended(3, DeliveryState.SET_ASIDE, "auto_reply"),
        ended(4, DeliveryState.FAILED, "parser_timeout", None),
    )
    listed = outcomes.deliveries(filled.database)
    assert [(it.id, it.reason) for it in listed] == [
        (2, "unverified_sender"),
        (3, "auto_reply"),
        (4, "parser_timeout"),
    ]
    assert [it.id for it in outcomes.deliveries(filled.database, user=BERT, company=1)] == [2]
    assert outcomes.deliveries(filled.database, company=2) == []
    assert [it.id for it in outcomes.deliveries(filled.database, states=[DeliveryState.FILED])] == [1]


def test_a_summary_tells_who_sees_a_mail(filled: Stores) -> None:
    """Owners come first, then colleagues who see what is shared; users who left see nothing."""
    apply(
        filled,
        filed(1, 1000, owner=BERT),
        filed(2, 1010, shared=False, deal=OTHER, state=LinkState.SUGGESTED),
        ended(3, DeliveryState.HELD, "unverified_sender"),
    )
    shared, private, held = (outcomes.summary(filled.database, number) for number in (1, 2, 3))
    assert shared is not None and private is not None and held is not None
    assert (shared.visible_to, private.visible_to) == (("User 2", "User 1"), ("User 1",))
    assert (shared.direction, shared.contacts, shared.conversation_id) == ("outgoing", ("Contact 11",), 1000)
    assert [(deal.external_id, deal.state) for deal in private.deals] == [("8", "suggested")]
    assert (held.state, held.reason, held.visible_to) == (DeliveryState.HELD, "unverified_sender", ())
    assert outcomes.summary(filled.database, 4) is None


# ---- the queue, for a person ------------------------------------------------------------------------------


@pytest.fixture
def spool(filled: Stores) -> Iterator[GroupSpool]:
    """Return the front's side."""
    made = GroupSpool(filled.spool, filled.folder)
    yield made
    made.close()


def keep(stores: Stores, spool: GroupSpool, state: DeliveryState, raw: bytes = b"Subject: x\r\n\r\n") -> int:
    """Spool a mail and end it in a state; return its id."""
    receipt = asyncio.run(spool.put(intake_of(raw, Target(DROP, 1))))
    queue = SqlQueue(stores.spool, stores.folder)
    (claimed,) = queue.claim(1, NOON)
    outcome = Outcome(claimed.id, state, "why", ANNA)
    apply(stores, (Mail(claimed, Message(Content())), Plan(outcome, ())))
    queue.finish([outcome])
    return receipt.delivery_id


@pytest.mark.parametrize("state", [DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED])
def test_a_kept_mail_is_retried_as_if_new(filled: Stores, spool: GroupSpool, state: DeliveryState) -> None:
    """It is claimed again, the database no longer takes it for decided, and it is a duplicate again."""
    id_ = keep(filled, spool, state)
    (listed,) = entries.entries(filled.spool, company=1)
    assert (listed.delivery.id, listed.state, listed.outcome) == (id_, "kept", state)
    entries.retry(filled, id_, NOON)
    waiting = entries.entry(filled.spool, id_)
    assert waiting is not None
    assert (waiting.outcome, waiting.delivery.attempts) == (DeliveryState.RECEIVED, 0)
    assert [each.delivery.id for each in entries.entries(filled.spool)] == [id_]
    with SqlWorks(filled.database)(1) as work:
        assert work.gather(Query(deliveries=frozenset({id_}))).delivered == {}
    again = asyncio.run(spool.put(intake_of(b"Subject: x\r\n\r\n", Target(DROP, 1))))
    assert (again.delivery_id, again.duplicate) == (id_, True)
    (claimed,) = SqlQueue(filled.spool, filled.folder).claim(9, NOON)
    assert (claimed.id, claimed.attempts) == (id_, 1)


def test_a_retry_takes_the_key_over_from_a_twin(filled: Stores, spool: GroupSpool) -> None:
    """A mail that failed, came again and is then retried is what its sender's next try is a duplicate of."""
    first = keep(filled, spool, DeliveryState.FAILED)
    asyncio.run(spool.put(intake_of(b"Subject: x\r\n\r\n", Target(DROP, 1))))
    entries.retry(filled, first, NOON)
    third = asyncio.run(spool.put(intake_of(b"Subject: x\r\n\r\n", Target(DROP, 1))))
    assert (third.delivery_id, third.duplicate) == (first, True)


@pytest.mark.parametrize("keyless", [False, True], ids=["the key says so", "only the database says so"])
def test_octets_of_a_filed_mail_are_never_deleted(
    filled: Stores, spool: GroupSpool, *, keyless: bool
) -> None:
    """A filed mail's octets stay when a twin of it, which came in while it stood as failed, is deleted."""
    first = keep(filled, spool, DeliveryState.FAILED)
    twin = keep(filled, spool, DeliveryState.HELD)
    entries.retry(filled, first, NOON)
    queue = SqlQueue(filled.spool, filled.folder)
    (claimed,) = queue.claim(9, NOON)
    message, plan = filed(1, 1000)
    plan = replace(
        plan,
        outcome=replace(plan.outcome, delivery_id=first),
        copies=(replace(plan.copies[0], delivery_id=first, raw_sha256=claimed.raw_sha256),),
    )
    apply(filled, (Mail(claimed, message.message), plan))
    queue.finish([plan.outcome])
    if keyless:
        with filled.spool.begin() as connection:
            connection.execute(text("DELETE FROM delivery_key"))
    entries.remove(filled, twin, NOON)
    assert rows(filled, "spool")["spool"] == []
    assert queue.raw(claimed) == b"Subject: x\r\n\r\n"


def test_a_list_of_some_states_is_not_cut_by_others(filled: Stores, spool: GroupSpool) -> None:
    """The limit counts what was asked for."""
    for number, state in enumerate((DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED)):
        keep(filled, spool, state, b"Subject: %d\r\n\r\n" % number)
    asyncio.run(spool.put(intake_of(b"Subject: waits\r\n\r\n", Target(DROP, 1))))
    for state in (DeliveryState.RECEIVED, DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED):
        (found,) = entries.entries(filled.spool, states=[state], limit=1)
        assert found.outcome is state
    assert len(entries.entries(filled.spool)) == 4


def test_a_kept_mail_is_deleted_with_its_octets(filled: Stores, spool: GroupSpool) -> None:
    """Nothing of it stays, in the database or on disk; its user is told, the same mail may come again."""
    raw = b"Subject: x\r\n\r\n" + b"y" * IN_TABLE
    id_ = keep(filled, spool, DeliveryState.HELD, raw)
    (path,) = [row["path"] for row in rows(filled, "raw_mail")["raw_mail"]]
    entries.remove(filled, id_, NOON)
    left = rows(filled)
    for table in ("spool", "delivery_key", "raw_mail", "delivery", "decision", "delivery_recipient"):
        assert left[table] == [], table
    assert path is None or not Path(filled.folder, path).exists()
    event_row = left["change"][-1]
    assert (event_row["kind"], event_row["audience_id"], event_row["entity_id"]) == (
        "delivery.deleted", ANNA, id_,
    )  # fmt: skip
    assert not asyncio.run(spool.put(intake_of(raw, Target(DROP, 1)))).duplicate


def test_octets_of_another_delivery_stay(filled: Stores, spool: GroupSpool) -> None:
    """The same mail for another recipient is not deleted along with this one."""
    id_ = keep(filled, spool, DeliveryState.HELD)
    other = Target("old@drop.example", 1)
    asyncio.run(spool.put(intake_of(b"Subject: x\r\n\r\n", other)))
    entries.remove(filled, id_, NOON)
    (left,) = entries.entries(filled.spool)
    assert left.delivery.targets == (other,)
    assert entries.raw_of(filled, left.delivery) == b"Subject: x\r\n\r\n"


def test_only_kept_mail_is_retried_or_deleted(filled: Stores, spool: GroupSpool) -> None:
    """Mail that waits, and mail that is not here, is refused in one sentence."""
    receipt = asyncio.run(spool.put(intake_of(b"Subject: x\r\n\r\n", Target(DROP, 1))))
    for act in (entries.retry, entries.remove):
        with pytest.raises(MistakeError, match="is still waiting to be filed"):
            act(filled, receipt.delivery_id, NOON)
        with pytest.raises(MistakeError, match="is not in the queue"):
            act(filled, 77, NOON)


# ---- how much is asked ------------------------------------------------------------------------------------


def query(size: int) -> Query:
    """Return a query of a batch of that many mails, each list of it long."""
    names = frozenset(f"p{n}@customer.example" for n in range(size)) | {"jan@customer.example"}
    return Query(
        addresses=names,
        domains=frozenset({"customer.example"}),
        tokens=frozenset(key(f"t{n}") for n in range(size)),
        id_keys=frozenset(key(f"id{n}") for n in range(size)),
        deal_tags=frozenset({"7"}),
        deliveries=frozenset(range(size)),
        users=frozenset({ANNA}),
        never_log=names | {"@customer.example"},
        received=(NOON, NOON),
    )


def test_a_batch_asks_at_most_twelve_statements(filled: Stores) -> None:
    """From the lock to the last fact, however many mails the batch holds (decisions.md 4)."""
    apply(filled, *(filed(n, 1000 + 10 * n, tokens=(f"t{n}",)) for n in range(1, 33)))
    asked: list[str] = []
    event.listen(filled.database, "before_cursor_execute", lambda *arguments: asked.append(str(arguments[2])))
    works = SqlWorks(filled.database)
    with works(1):
        pass  # reads the directory, and not once more until it changes
    asked.clear()
    with works(1) as work:
        found = work.gather(query(3_000))
    assert len(found.token_conversations) == 32
    assert len(asked) - asked.count("BEGIN IMMEDIATE") <= 12


def test_a_list_may_be_of_any_length(filled: Stores) -> None:
    """More values than a statement takes parameters (SQLite 32,766, PostgreSQL 65,535) find the same."""
    apply(filled, *(filed(n, 1000 + 10 * n, tokens=(f"t{n}",)) for n in range(1, 9)))
    with SqlWorks(filled.database)(1) as work:
        whole = work.gather(query(50))
        assert work.gather(query(70_000)) == whole
