"""Commands about mail that waits, and about copies: what becomes of rows, octets and keys."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import update

from bccd.model.command import CommandState
from bccd.model.delivery import DeliveryState, show_id
from bccd.model.envelope import Target
from bccd.model.errors import StoreUnavailableError
from bccd.model.plan import NewNotice, Plan
from bccd.rules.codes import code_of
from bccd.store import commands, entries, outbox
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.errands import Errands
from bccd.store.reads import directory_snapshot
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks, clocked, transaction
from bccd.testing import Seed, fill, intake_of, raw_mail
from bccd.testing.build import NOON, SIGNER
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, CLEO, DROP, Filed, ended, filed, with_file
from tests.store.test_commands import DAN, Desk

pytestmark = on_every_database

TEAM = 9


class Post(Desk):
    """A desk whose mail comes in through the spool."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        self.spool = GroupSpool(stores.spool, stores.folder)
        self.queue = SqlQueue(stores.spool, stores.folder)

    def receive(self, *texts: str) -> list[int]:
        """Spool a mail of each text; returns the deliveries."""
        made = []
        for text in texts:
            intake = intake_of(
                raw_mail("anna@seller.example", "jan@customer.example", text=text), Target(DROP, 1)
            )
            made.append(asyncio.run(self.spool.put(intake)).delivery_id)
        return made

    def decide(self, *got: Filed) -> list[int]:
        """Spool as many mails, decide them so, and clear or keep them; returns the deliveries."""
        ids = self.receive(*(f"text of {mail.delivery.id}" for mail, _ in got))
        claimed = {delivery.id: delivery for delivery in self.queue.claim(99, NOON)}
        plans = [self._of(plan, claimed[id_]) for id_, (_, plan) in zip(ids, got, strict=True)]
        with SqlWorks(self.stores.database)(1) as work:
            work.apply(
                [replace(mail, delivery=claimed[id_]) for id_, (mail, _) in zip(ids, got, strict=True)],
                plans,
                NOON,
            )
            work.commit()
        self.queue.finish([plan.outcome for plan in plans])
        self.events()
        return ids

    def _of(self, plan: Plan, delivery: Any) -> Plan:
        raw = delivery.raw_sha256
        return structs.replace(
            plan,
            outcome=structs.replace(plan.outcome, delivery_id=delivery.id),
            copies=tuple(
                structs.replace(copy, delivery_id=delivery.id, raw_sha256=raw) for copy in plan.copies
            ),
            attachments=tuple(structs.replace(file, raw_sha256=raw) for file in plan.attachments),
        )

    def spooled(self) -> list[tuple[int, str]]:
        """Return what is in the queue: delivery and state."""
        return self.column("spool", "delivery_id", "state")

    def octets(self) -> set[bytes]:
        """Return the digests of the mails whose octets stand."""
        return {digest for (digest,) in self.column("raw_mail", "sha256")}

    def guarded(self) -> list[int]:
        """Return the deliveries that mail is told a duplicate of."""
        return [id_ for (id_,) in self.column("delivery_key", "delivery_id")]


@pytest.fixture
def post(stores: Stores) -> Iterator[Post]:
    made = Post(stores)
    yield made
    made.spool.close()


# ---- mail that waits ---------------------------------------------------------------------------------------


def test_released_mail_goes_back_into_the_queue(post: Post) -> None:
    """What the user said stands beside it; he alone is told."""
    (held,) = post.decide(ended(1, DeliveryState.HELD, "unverified_sender"))
    assert post.spooled() == [(held, "kept")]
    assert post.do(ANNA, "held.release", delivery=show_id(held)) == {"delivery": show_id(held)}
    assert post.spooled() == [(held, "received")]
    assert post.column("delivery", "state", "reason") == [("received", "released")]
    assert post.events() == [("delivery.released", ANNA, None, held, ANNA)]
    ((actor, args),) = post.column("ruling", "actor_id", "args")
    assert (actor, args) == (ANNA, f'{{"actor_id":{ANNA},"release":true,"author":null,"recipients":[]}}')
    assert post.refused(ANNA, "held.release", delivery=held) == "conflict"


def test_what_a_user_names_is_kept(post: Post) -> None:
    """Recipients of mail that shows none, the author of a forward that does not tell him."""
    blind, unknown = post.decide(
        ended(1, DeliveryState.HELD, "no_visible_recipient"),
        ended(2, DeliveryState.HELD, "original_sender_unknown"),
    )
    assert post.refused(ANNA, "held.release", delivery=blind) == "bad_arguments"
    assert post.refused(ANNA, "held.release", delivery=unknown) == "conflict"
    assert post.refused(ANNA, "original.set", delivery=blind, address="x@y.example") == "conflict"
    recipients = ["Jan@Customer.example", {"address": "eve@customer.example", "name": "Eve"}]
    post.do(ANNA, "held.release", delivery=blind, recipients=recipients)
    post.do(ANNA, "original.set", delivery=unknown, name="Jan", address="jan@customer.example")
    named = dict(post.column("ruling", "delivery_id", "args"))
    assert named[blind].endswith(
        '"recipients":[{"name":"","address":"jan@customer.example"},{"name":"Eve","address":"eve@customer.example"}]}'
    )
    assert '"author":{"name":"Jan","address":"jan@customer.example"}' in named[unknown]


def test_mail_that_waits_is_nobody_elses(post: Post) -> None:
    """A colleague cannot name it; what nobody is known to have sent, no user can."""
    held, stranger = post.decide(
        ended(1, DeliveryState.HELD, "unverified_sender"),
        ended(2, DeliveryState.HELD, "unknown_sender", user=None),
    )
    for kind in ("held.release", "held.delete"):
        assert post.refused(BERT, kind, delivery=held) == "not_found"
        assert post.refused(ANNA, kind, delivery=stranger) == "not_found"


def test_a_teams_waiting_mail_is_each_members(post: Post) -> None:
    """Any member releases or deletes it, and all are told; a colleague who is none cannot name it."""
    fill(post.stores, Seed().team(TEAM, "sales@seller.example", ANNA, BERT))
    one, two = post.decide(
        ended(1, DeliveryState.HELD, "unverified_sender", user=TEAM),
        ended(2, DeliveryState.HELD, "unverified_sender", user=TEAM),
    )
    assert post.refused(DAN, "held.release", delivery=one) == "not_found"
    post.do(BERT, "held.release", delivery=one)
    post.do(ANNA, "held.delete", delivery=two)
    assert post.events() == [
        ("delivery.released", TEAM, None, one, BERT),
        ("delivery.deleted", TEAM, None, two, ANNA),
    ]


def test_a_release_that_was_interrupted_is_completed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database says received, the spool keeps it: whoever looks puts it back, and nothing else."""
    held, other = post.decide(
        ended(1, DeliveryState.HELD, "unverified_sender"), ended(2, DeliveryState.HELD, "unverified_sender")
    )
    monkeypatch.setattr(commands, "requeue", lambda *_: None)
    post.do(ANNA, "held.release", delivery=held)
    assert post.spooled() == [(held, "kept"), (other, "kept")]
    errands = Errands(post.stores, post.commands, post.clock.now)
    assert errands() is False
    assert post.spooled() == [(held, "received"), (other, "kept")]
    assert [it.id for it in post.queue.claim(9, post.clock.now())] == [held]
    entries.requeue(post.stores, [held, 99], NOON)
    assert post.spooled() == [(held, "received"), (other, "kept")]


def test_deleted_mail_is_gone_everywhere(post: Post) -> None:
    """Rows, octets and keys: the same mail sent once more is new."""
    held, aside = post.decide(
        ended(1, DeliveryState.HELD, "unverified_sender"), ended(2, DeliveryState.SET_ASIDE, "never_log")
    )
    post.do(ANNA, "held.delete", delivery=held)
    assert post.events() == [("delivery.deleted", ANNA, None, held, ANNA)]
    assert post.column("delivery", "id") == [(aside,)]
    assert post.spooled() == [(aside, "kept")]
    assert post.guarded() == [aside]
    assert len(post.octets()) == 1
    assert post.refused(ANNA, "held.delete", delivery=held) == "not_found"
    (again,) = post.receive("text of 1")
    assert again != held
    assert post.refused(ANNA, "held.release", delivery=aside) == "conflict"
    assert post.do(ANNA, "held.delete", delivery=aside)


def test_filed_mail_is_not_deleted_as_held(post: Post) -> None:
    """Its copy is what a user may delete."""
    (id_,) = post.decide(filed(1, 1000))
    assert post.refused(ANNA, "held.delete", delivery=id_) == "conflict"
    assert post.refused(ANNA, "held.release", delivery=id_) == "conflict"


def test_a_deletion_that_was_interrupted_is_completed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is pending until the spool has followed, and needs nobody to be given again."""
    (held,) = post.decide(ended(1, DeliveryState.HELD, "unverified_sender"))

    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(commands, "clear", away)
        with pytest.raises(StoreUnavailableError):
            post.say(ANNA, "held.delete", key="k", delivery=held)
    assert post.column("command", "state") == [("pending",)]
    assert post.column("delivery", "id") == []
    assert post.spooled() == [(held, "kept")]
    post.commands.work_off()
    assert (post.spooled(), post.octets()) == ([], set())
    assert post.column("command", "state", "error") == [("done", "")]
    answer = post.say(ANNA, "held.delete", key="k", delivery=held)
    assert (answer.state, answer.result) == (CommandState.DONE, {"delivery": show_id(held)})


# ---- copies ------------------------------------------------------------------------------------------------


def test_the_last_copy_takes_the_message_with_it(post: Post) -> None:
    """Only what ties conversations together is left; who saw it is told, without content."""
    (id_,) = post.decide(with_file(filed(1, 1000)))
    post.do(BERT, "state.set", message=1001, seen=True)
    with clocked(post.stores.database, 1) as work:
        told = NewNotice(ANNA, "exposed_address", NOON, message_id=1001, args={"about": "Offer 1"})
        outbox.put(work, told)
        outbox.put(work, structs.replace(told, user_id=BERT))  # who sent it in for her, or a team's member
    post.events()
    assert post.do(ANNA, "copy.delete", message=1001) == {"erased": True}
    assert post.events() == [("message.erased", 0, None, 1001, None)]
    assert rows_of(post, "outbox") == []
    (row,) = rows_of(post, "message")
    assert row["erased_at"] is not None
    kept = {"msgid": "m1@seller.example", "base_subject": "offer", "conversation_id": 1000}
    assert {name: row[name] for name in kept} == kept
    blank = ("subject", "from_address", "from_name", "snippet", "body_text", "new_text")
    assert {row[name] for name in blank} == {""}
    assert (row["shared"], row["linked"], row["content_digest"]) == (False, False, b"")
    gone = (
        "message_copy",
        "participant",
        "attachment",
        "link",
        "message_user_state",
        "conversation_audience",
    )
    more = (
        "conversation_deal",
        "delivery",
        "decision",
        "delivery_recipient",
        "spool",
        "delivery_key",
        "raw_mail",
    )
    assert [name for name in (*gone, *more) if rows_of(post, name)] == []
    assert post.refused(ANNA, "message.share", message=1001) == "not_found"
    (again,) = post.decide(filed(1, 2000))
    assert again != id_
    assert [row["id"] for row in rows_of(post, "message")] == [1001, 2001], "the same mail is another message"


def rows_of(post: Post, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    found: list[dict[str, Any]] = post.but_commands()[table]
    return found


def second(number: int, owner: int, copy_id: int) -> Filed:
    """Return a mail that brings the same message to a second owner."""
    mail, plan = filed(number, copy_id - 2, owner=owner)
    (copy,) = plan.copies
    bcc = tuple(structs.replace(who, message_id=1001) for who in plan.participants if who.copy_id)
    outcome = structs.replace(plan.outcome, message_id=1001)
    copies = (structs.replace(copy, message_id=1001),)
    return mail, Plan(outcome, plan.steps, participants=bcc, copies=copies)


def test_one_of_two_copies_leaves_the_message(post: Post) -> None:
    """With the octets that its files stand in; the other owner's copy, note and Bcc are his."""
    first = with_file(filed(1, 1000))
    one, two = post.decide(first, second(2, BERT, 3002))
    digest = sha256(raw_mail("anna@seller.example", "jan@customer.example", text="text of 1")).digest()
    assert post.do(ANNA, "copy.delete", message=1001) == {"erased": False}
    assert post.events() == [("message.updated", ANNA, 1001, None, ANNA)], "it is open, so she sees it still"
    assert post.column("message_copy", "owner_id") == [(BERT,)]
    assert post.column("participant", "role", "copy_id") == [("bcc", 3002), ("from", 0), ("to", 0)]
    assert post.column("delivery", "id") == [(two,)]
    assert post.guarded() == [two]
    assert digest in post.octets()
    assert post.refused(ANNA, "copy.delete", message=1001) == "not_owner"
    assert one not in post.guarded()
    assert post.do(BERT, "copy.delete", message=1001) == {"erased": True}
    assert post.column("delivery", "id") == []


def test_a_private_copy_hides_nothing_from_others_when_it_goes(post: Post) -> None:
    """Its owner loses sight of it; nobody else is told anything."""
    first = filed(1, 1000, shared=False)
    post.decide(first, second(2, BERT, 3002))
    post.do(BERT, "message.private", message=1001)
    post.events()
    post.do(ANNA, "copy.delete", message=1001)
    assert post.events() == [("message.hidden", ANNA, None, 1001, None)]
    assert post.audiences() == [BERT]


def test_a_mail_that_brought_two_messages_keeps_its_record(post: Post) -> None:
    """Until both copies are gone; octets stay while either needs them, keys do not."""
    mail, plan = filed(1, 1000)
    _, other = filed(7, 2000)
    (id_,) = post.decide((mail, plan))
    with SqlWorks(post.stores.database)(1) as work:
        digest = next(iter(post.octets()))
        copies = tuple(structs.replace(copy, delivery_id=id_, raw_sha256=digest) for copy in other.copies)
        delivery = replace(filed(8, 3000)[0].delivery, id=777)
        ending = structs.replace(other.outcome, delivery_id=777)
        work.apply(
            [replace(mail, delivery=delivery)], [structs.replace(other, outcome=ending, copies=copies)], NOON
        )
        work.commit()
    post.do(ANNA, "copy.delete", message=1001)
    assert (id_, None) in post.column("delivery", "id", "message_id")
    assert post.octets() == {digest}
    assert post.guarded() == []
    post.do(ANNA, "copy.delete", message=2001)
    assert post.octets() == set()


def test_copies_of_others_are_not_deleted(post: Post) -> None:
    """Nor those that one does not see."""
    post.decide(filed(1, 1000), filed(2, 2000, shared=False))
    assert post.refused(BERT, "copy.delete", message=1001) == "not_owner"
    assert post.refused(BERT, "copy.delete", message=2001) == "not_found"
    assert post.refused(CLEO, "copy.delete", message=1001) == "no_such_user"


# ---- it was me ---------------------------------------------------------------------------------------------


def shows(post: Post, *evidence: str) -> list[int]:
    """Have mails of Anna held that show so much each."""
    ids = post.decide(
        *(ended(number, DeliveryState.HELD, "unverified_sender") for number, _ in enumerate(evidence, 1))
    )
    with transaction(post.stores.database) as connection:
        for id_, always in zip(ids, evidence, strict=True):
            new = update(t.delivery).where(t.delivery.c.id == id_)
            connection.execute(new.values(always=always, from_address="anna@seller.example"))
    return ids


def test_always_keeps_the_evidence_and_lets_in_what_waits(post: Post) -> None:
    """The user's own word, bound to what the mail showed; other mail that shows the same comes in with it."""
    one, alike, other, nothing, over = shows(
        post, "dkim:m.example", "dkim:m.example", "spf:x.example", "", "dkim:m.example"
    )
    with transaction(post.stores.database) as connection:  # its octets are being deleted
        connection.execute(update(t.delivery).where(t.delivery.c.id == over).values(reason="expired"))
    assert post.refused(ANNA, "held.release", delivery=nothing, always=True) == "conflict"
    done = post.do(ANNA, "held.release", delivery=one, always=True)
    assert done["always"] == "dkim:m.example"
    assert {id_ for id_, state in post.spooled() if state == "received"} == {one, alike}
    assert post.column("trusted_sender", "address", "evidence", "user_id") == [
        ("anna@seller.example", "dkim:m.example", ANNA)
    ]
    rows = directory_snapshot(post.stores.database).trusted[1, "anna@seller.example"]
    assert [row.evidence for row in rows] == ["dkim:m.example"]
    post.do(ANNA, "held.release", delivery=other)
    assert len(post.column("trusted_sender", "address")) == 1
    assert post.refused(BERT, "trust.remove", address="anna@seller.example") == "nothing_to_do"
    post.do(ANNA, "trust.remove", address="anna@seller.example")
    assert directory_snapshot(post.stores.database).trusted == {}


def test_a_code_says_that_it_was_he(post: Post) -> None:
    """Mailed to the login address; a wrong one counts, five end it, and it works once."""
    (mine,) = shows(post, "")
    assert post.say(ANNA, "held.release", delivery=mine, code="000000").error == "expired"
    assert post.do(ANNA, "held.ask", delivery=mine)["sent_to"] == "anna@seller.example"
    assert post.refused(BERT, "held.ask", delivery=mine) == "not_found"
    assert post.refused(ANNA, "held.ask", delivery=mine) == "too_often"
    ((address, reason, args),) = post.column("outbox", "address", "reason", "args")
    assert (address, reason) == ("", "confirm_held")
    code = code_of(SIGNER, 1, json.loads(args)["confirmation"])
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(4):
        assert post.say(ANNA, "held.release", delivery=mine, code=wrong).error == "wrong_code"
    post.do(ANNA, "held.release", delivery=mine, code=code)
    assert post.spooled() == [(mine, "received")]
    assert [used is not None for (used,) in post.column("confirmation", "used_at")] == [True]


def test_what_needs_words_needs_no_code(post: Post) -> None:
    """Whom it went to, and who wrote it, no yes can tell; nor can anybody be trusted for it."""
    blind, unknown = post.decide(
        ended(1, DeliveryState.HELD, "no_visible_recipient"),
        ended(2, DeliveryState.HELD, "unconfirmed_address"),
    )
    assert post.refused(ANNA, "held.ask", delivery=blind) == "conflict"
    recipients = ["jan@customer.example"]
    assert (
        post.refused(ANNA, "held.release", delivery=blind, recipients=recipients, always=True) == "conflict"
    )
    answer = post.say(ANNA, "held.release", delivery=unknown, always=True)
    assert (answer.error, "Confirm the address" in str(answer.result["sentence"])) == ("conflict", True)
