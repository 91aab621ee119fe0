"""Answers to notices on every database: settled, told of, taken back to the last column."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bccd.mail.parse import parse
from bccd.model.answer import Offered, Question
from bccd.model.auth import AuthMethod, Sender
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Tag, Target
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store import tables as t
from bccd.store.answers import OFTEN
from bccd.store.engine import Stores
from bccd.store.rows import to_json
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import rows
from bccd.testing.build import NOON, intake_of, raw_mail
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, OPEN, OTHER, WON, filed
from tests.store.test_commands import Desk, offered

pytestmark = on_every_database

NOTICE = 500
ACTIVE, REJECTED, SUGGESTED = "active", "rejected", "suggested"


@pytest.fixture
def desk(stores: Stores) -> Desk:
    """A company in which Anna has been asked about two conversations."""
    made = Desk(stores)
    made.file(offered(filed(1, 1000, deal=None), OPEN, OTHER), offered(filed(2, 2000, deal=None), OPEN, WON))
    asked = Offered((Question(1000, 1001, (OPEN, OTHER)), Question(2000, 2001, (OPEN, WON))))
    put_notice(made, NOTICE, ANNA, offered=to_json(asked), about="Chairs", message_id=1001)
    return made


def put_notice(desk: Desk, id_: int, user: int, **more: Any) -> None:
    """Write a notice as it stands once it was sent."""
    row = {"company_id": 1, "id": id_, "user_id": user, "reason": "needs_choice", "state": "sent"}
    with transaction(desk.stores.database) as connection:
        connection.execute(insert(t.outbox), row | {"created_at": NOON, "due_at": NOON} | more)


def standing(desk: Desk) -> Mapping[str, Any]:
    """Return all that an answer may change, but for commands, events and their counters."""
    found = rows(desk.stores)
    found["message"] = [row | {"change_seq": 0} for row in found["message"]]
    left_out = ("command", "change", "company_clock", "outbox")
    return {name: listed for name, listed in found.items() if name not in left_out}


def told(desk: Desk) -> list[tuple[int, str, Mapping[str, Any]]]:
    """Return what was written to whom, besides the notice itself."""
    listed = desk.column("outbox", "id", "user_id", "reason", "args")
    return [(user, reason, json.loads(args)) for id_, user, reason, args in listed if id_ != NOTICE]


def deals(desk: Desk) -> dict[tuple[int, int], str]:
    """Return the state of each link to a deal."""
    return {key: state for key, (state, *_) in desk.deals().items()}


def test_an_answer_settles_what_its_numbers_stand_for(desk: Desk) -> None:
    """One number a conversation, and nothing else; he is told, with the notice that he answered."""
    desk.events()
    done = desk.do(ANNA, "choice.answer", notice=NOTICE, numbers=[2, 3], tell=True)
    assert done["changed"] == 2 and done["refused"] == []
    assert done["settled"] == [{"conversation": 1000, "deal": OTHER}, {"conversation": 2000, "deal": OPEN}]
    assert deals(desk) == {
        (1001, OPEN): REJECTED, (1001, OTHER): ACTIVE, (2001, OPEN): ACTIVE, (2001, WON): REJECTED,
    }  # fmt: skip
    titles = dict(desk.column("deal", "id", "title"))
    chosen = f"{titles[OTHER]}; {titles[OPEN]}"
    assert told(desk) == [(ANNA, "answer_settled", {"chosen": chosen, "notice": NOTICE})]
    assert {kind for kind, *_ in desk.events()} == {"link.changed"}


@pytest.mark.parametrize(
    "given",
    [{"numbers": [2, 3]}, {"numbers": [2], "always": [2]}, {"none": True}, {"numbers": [4]}],
)
def test_taken_back_all_is_as_it_was(desk: Desk, given: Mapping[str, Any]) -> None:
    """Every row stands as it stood before the answer, and the same may be answered again."""
    before = standing(desk)
    desk.do(ANNA, "choice.answer", notice=NOTICE, **given)
    settled = standing(desk)
    assert settled != before
    assert desk.do(ANNA, "choice.reopen", notice=NOTICE)["changed"] >= 1
    assert standing(desk) == before
    assert desk.refused(ANNA, "choice.reopen", notice=NOTICE) == "nothing_to_do"
    desk.do(ANNA, "choice.answer", notice=NOTICE, **given)
    assert deals(desk) == {
        (row["message_id"], row["deal_id"]): row["state"] for row in settled["link"] if row["deal_id"]
    }


def test_links_that_an_answer_made_are_gone_again(desk: Desk) -> None:
    """A later mail of the conversation, linked by the answer alone, has no link after it is taken back."""
    desk.file(filed(3, 3000, conversation=1000, deal=None))
    before = standing(desk)
    desk.do(ANNA, "choice.answer", notice=NOTICE, numbers=[1])
    assert (3001, OPEN) in desk.deals()
    desk.events()
    desk.do(ANNA, "choice.reopen", notice=NOTICE)
    assert standing(desk) == before
    assert {kind for kind, *_ in desk.events()} == {"link.changed"}


def test_what_has_changed_since_is_not_taken_back(desk: Desk) -> None:
    """A colleague's word after the answer stands, and nothing at all is undone."""
    desk.do(ANNA, "choice.answer", notice=NOTICE, numbers=[2, 3])
    desk.do(BERT, "link.set", message=2001, deal=WON)
    assert desk.refused(ANNA, "choice.reopen", notice=NOTICE) == "conflict"
    assert deals(desk)[1001, OTHER] == ACTIVE
    desk.say(ANNA, "choice.reopen", notice=NOTICE, tell=True)
    assert [reason for _, reason, _ in told(desk)] == ["answer_not_undone"]


def test_the_first_answer_counts(desk: Desk) -> None:
    """Whether a colleague chose before or he himself: the second is refused, and says so."""
    desk.do(BERT, "choice.resolve", message=1001, deal=OPEN)
    assert desk.refused(ANNA, "choice.answer", notice=NOTICE, numbers=[2]) == "already_resolved"
    desk.say(ANNA, "choice.answer", notice=NOTICE, numbers=[2, 3], tell=True)
    desk.say(ANNA, "choice.answer", notice=NOTICE, numbers=[4], tell=True)
    assert [reason for _, reason, _ in told(desk)] == ["answer_partly", "answer_too_late"]
    assert deals(desk)[2001, OPEN] == ACTIVE


def test_an_answer_to_what_was_told_of_an_answer(desk: Desk) -> None:
    """It carries a number of its own, and means the notice that was answered first."""
    desk.do(ANNA, "choice.answer", notice=NOTICE, numbers=[1], tell=True)
    (second,) = [id_ for (id_,) in desk.column("outbox", "id") if id_ != NOTICE]
    desk.do(ANNA, "choice.reopen", notice=second, tell=True)
    (third,) = [id_ for (id_,) in desk.column("outbox", "id") if id_ not in (NOTICE, second)]
    desk.do(ANNA, "choice.answer", notice=third, numbers=[2])
    assert deals(desk)[1001, OTHER] == ACTIVE


def test_a_notice_is_its_users_alone(desk: Desk) -> None:
    """Whoever else names it is told that there is none, and learns nothing of it."""
    wishes: list[tuple[str, dict[str, Any]]] = [("choice.answer", {"numbers": [1]}), ("choice.reopen", {})]
    for kind, given in wishes:
        assert desk.refused(BERT, kind, notice=NOTICE, **given) == "not_found"
        desk.say(BERT, kind, notice=NOTICE, tell=True, **given)
    assert told(desk) == [(BERT, "answer_not_yours", {})] * 2
    assert desk.refused(ANNA, "choice.answer", notice=501, numbers=[1]) == "not_found"


def test_nothing_is_told_of_mail_that_he_may_no_longer_see(desk: Desk) -> None:
    """What became another's private mail since is gone for him, deal and all."""
    desk.file(offered(filed(4, 4000, owner=BERT, shared=False, deal=None), OPEN, OTHER))
    asked = Offered((Question(4000, 4001, (OPEN, OTHER)),))
    put_notice(desk, 501, ANNA, offered=to_json(asked))
    assert desk.refused(ANNA, "choice.answer", notice=501, numbers=[1]) == "not_found"


def test_a_deal_deleted_meanwhile(desk: Desk) -> None:
    """It takes no links; the others that were offered do."""
    with transaction(desk.stores.database) as connection:
        connection.execute(update(t.deal).where(t.deal.c.id == OTHER).values(status="deleted"))
    assert desk.refused(ANNA, "choice.answer", notice=NOTICE, numbers=[2]) == "conflict"
    desk.do(ANNA, "choice.answer", notice=NOTICE, numbers=[1])


def mailed(number: int, text: str, user: int = ANNA, notice: int = NOTICE) -> Mail:
    """Return a user's answer to a notice as the parser reads it."""
    raw = raw_mail(
        "anna@seller.example", "crm@drop.example", text=text, message_id=f"{number}@seller.example"
    )
    target = Target(f"crm+r{notice}@drop.example", 1, Tag.REPLY, number=notice)
    sender = Sender(user, "anna@seller.example", AuthMethod.TRUSTED_NETWORK)
    intake = intake_of(raw, target, sender=sender, received_at=NOON + timedelta(minutes=number))
    delivery = Delivery(
        9_000 + number, 1, intake.targets, intake.mail_from, intake.peer, intake.received_at, intake.auth,
        intake.raw.sha256, intake.raw.size, intake.sender,
    )  # fmt: skip
    return Mail(delivery, parse(raw))


@pytest.mark.parametrize("cuts", [(5,), (1, 1, 1, 1, 1), (2, 3), (4, 1)])
def test_answers_by_mail_in_any_batches(desk: Desk, cuts: tuple[int, ...]) -> None:
    """They are done in the order in which they were received, each once, however they are filed together."""
    mails = [mailed(1, "2"), mailed(2, "undo"), mailed(3, "1\n\nAnna"), mailed(1, "2"), mailed(5, "what?")]
    mails[3] = replace(mails[3], delivery=replace(mails[3].delivery, id=9_004))
    ports = DeliverPorts(SqlWorks(desk.stores.database), desk.clock)
    for size in cuts:
        some, mails = mails[:size], mails[size:]
        outcomes = deliver(1, some, ports)
        assert [(one.state, one.reason) for one in outcomes] == [(DeliveryState.SET_ASIDE, "answer")] * size
        assert deliver(1, some, ports) == outcomes  # a filer that died before it cleared the spool
        desk.commands.work_off()
    assert [reason for _, reason, _ in told(desk)] == [
        "answer_settled", "answer_undone", "answer_settled", "answer_unclear",
    ]  # fmt: skip
    assert deals(desk)[1001, OPEN] == ACTIVE and deals(desk)[2001, OPEN] == SUGGESTED
    assert {row["id"] for row in rows(desk.stores)["message"]} == {1001, 2001}


def test_a_colleagues_answer_by_mail(desk: Desk) -> None:
    """He is proven, and not the one who was asked: nothing is settled, and he alone is told."""
    deliver(1, [mailed(1, "2", BERT)], DeliverPorts(SqlWorks(desk.stores.database), desk.clock))
    desk.commands.work_off()
    assert told(desk) == [(BERT, "answer_not_yours", {})]
    assert set(deals(desk).values()) == {SUGGESTED}


def test_a_machine_that_answers_answers_is_not_answered_for_ever(desk: Desk) -> None:
    """The same refusal is told ten times a day; what is done is always told."""
    for _ in range(OFTEN + 3):
        desk.say(ANNA, "choice.answer", notice=NOTICE, tell=True)
    assert [reason for _, reason, _ in told(desk)] == ["answer_unclear"] * OFTEN
    desk.say(ANNA, "choice.answer", notice=NOTICE, numbers=[1], tell=True)
    assert [reason for _, reason, _ in told(desk)][OFTEN:] == ["answer_settled"]
    desk.clock.tick(86_400)
    desk.say(ANNA, "choice.answer", notice=NOTICE, tell=True)
    assert len(told(desk)) == OFTEN + 2
