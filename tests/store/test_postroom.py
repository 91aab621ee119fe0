"""Taking letters under a lease and settling them: what goes out, when, and what it offers."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, text, update

from bccd.model.delivery import DeliveryState
from bccd.model.notice import Letter
from bccd.model.plan import LinkState, NewNotice
from bccd.store import outbox, postroom
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.letters import own_id
from bccd.store.plain import all_rows
from bccd.store.postroom import LEASE, MAYBE, Result, operations, settle, take
from bccd.store.uow import SqlWorks, clocked, transaction
from bccd.testing import fill
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, CLEO, OTHER, WON, Filed, ended, filed, world

pytestmark = on_every_database
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def company(stores: Stores) -> None:
    """Let there be users and deals."""
    fill(stores, world())


def notice(stores: Stores, reason: str, at: datetime = NOON, **more: Any) -> int:
    """Put a notice to Anna into the outbox."""
    address = more.pop("address", "")
    with clocked(stores.database, 1) as work:
        made = replace(NewNotice(ANNA, reason, at), **more)
        return outbox.put(work, made, address=address)


def file(stores: Stores, *steps: Filed) -> None:
    """File mails."""
    with SqlWorks(stores.database)(1) as work:
        work.apply([mail for mail, _ in steps], [plan for _, plan in steps], NOON)
        work.commit()


def asking(number: int, first: int, *deals: int, owner: int = ANNA) -> Filed:
    """Return a mail to which several deals fit, and the notice that asks for one."""
    mail, plan = filed(number, first, deal=deals[0], state=LinkState.SUGGESTED, owner=owner)
    link = replace(
        plan.links[-1], score=1.0, reason="one of 2 open deals; it is his own; its name shares: a, b"
    )
    offers = [
        replace(link, id=first + 10 + place, deal_id=deal, score=1 - place / 10)
        for place, deal in enumerate(deals)
    ]
    about = NewNotice(owner, "needs_choice", NOON, number, first, first + 1, {"about": f"Offer {number}"})
    return mail, replace(plan, links=(*plan.links[:-1], *offers), notices=(about,))


def rows(stores: Stores) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in all_rows(stores, "outbox")["outbox"]}


def states(stores: Stores) -> list[str]:
    return [row["state"] for row in rows(stores).values()]


def taken(stores: Stores, now: datetime = NOON, worker: str = "here", **more: Any) -> list[Letter]:
    return take(stores, worker, now, more.pop("limit", 10), **more)


def end(stores: Stores, letters: Sequence[Letter], outcome: str, now: datetime = NOON, **more: Any) -> None:
    results = [Result(it.company_id, it.id, outcome, **more) for it in letters]
    settle(stores, more.get("worker", "here"), now, results)


def test_a_letter_has_all_that_is_to_be_written(stores: Stores) -> None:
    """To the login address, from the company, in the user's language; args and subject as they were given."""
    id_ = notice(stores, "exposed_address", args={"about": "Offer", "address": "crm@drop.example"})
    (letter,) = taken(stores)
    assert (letter.id, letter.to, letter.user_id, letter.reason) == (
        id_,
        "anna@seller.example",
        ANNA,
        "exposed_address",
    )
    assert (letter.company, letter.drop, letter.language, letter.time_zone) == (
        "Company 1", "crm@drop.example", "en", "UTC",
    )  # fmt: skip
    (item,) = letter.items
    assert (item.about, item.args, item.at) == ("Offer", {"address": "crm@drop.example"}, NOON)


def test_a_letter_is_taken_once(stores: Stores) -> None:
    """Two hosts never send one mail twice; whose lease is over has lost it, and it goes out as it was."""
    notice(stores, "failed")
    first = taken(stores, worker="here")
    assert taken(stores, worker="there") == []
    later = NOON + LEASE
    again = taken(stores, later, worker="there")
    assert [it.id for it in again] == [it.id for it in first]
    end(stores, first, "failed", later)  # not this worker's to say any more
    assert states(stores) == ["pending"]
    end(stores, first, "sent", later)  # but that it was sent is true whoever says it
    assert states(stores) == ["sent"]


def test_two_hosts_take_at_once_and_each_letter_is_taken_by_one(stores: Stores) -> None:
    """However their questions meet, no notice is in two letters, and none is left."""
    ids = {
        notice(stores, reason, user_id=user)
        for user in (ANNA, BERT)
        for reason in ("failed", "internal_only")
    }
    start = Barrier(2)

    def work(worker: str) -> list[int]:
        start.wait()
        found: list[int] = []
        while letters := taken(stores, worker=worker, limit=1):
            found += [item.notice_id for letter in letters for item in letter.items]
        return found

    with ThreadPoolExecutor(2) as hosts:
        here, there = hosts.map(work, ("here", "there"))
    assert sorted([*here, *there]) == sorted(ids)


def test_what_a_dead_worker_held_is_taken_at_once(stores: Stores) -> None:
    """A worker that starts again frees its own, as it was, and nobody else's."""
    first, second = notice(stores, "failed"), notice(stores, "no_visible_recipient")
    taken(stores, worker="there", limit=1)
    taken(stores, worker="here")
    assert taken(stores, worker="here") == []
    assert [it.id for it in taken(stores, worker="here", fresh=True)] == [second]
    assert rows(stores)[second]["error"] == MAYBE
    assert rows(stores)[first]["claimed_by"] == "there"


def test_further_ones_go_out_together_when_the_day_is_over(stores: Stores) -> None:
    """At most one mail a day for a user and reason, listing all that still hold."""
    file(stores, *(ended(n, DeliveryState.HELD, "no_visible_recipient") for n in (1, 2, 3, 4)))
    notice(stores, "no_visible_recipient", delivery_id=1)
    first = taken(stores)
    end(stores, first, "sent")
    for number in (2, 3, 4):
        notice(stores, "no_visible_recipient", delivery_id=number)
    assert [len(it.items) for it in first] == [1]
    assert taken(stores, NOON + DAY - MINUTE) == []
    with transaction(stores.database) as connection:
        connection.execute(text("UPDATE delivery SET state = 'filed' WHERE id = 3"))
    (letter,) = taken(stores, NOON + DAY)
    assert [item.delivery_id for item in letter.items] == [2, 4]
    end(stores, [letter], "sent", NOON + DAY)
    assert states(stores) == ["sent", "sent", "dropped", "merged"]
    assert rows(stores)[letter.items[1].notice_id]["mail_id"] == letter.id


def test_a_mail_that_is_tried_again_is_told_once(stores: Stores) -> None:
    """A retry that ends as before gives no reason for another notice."""
    file(stores, ended(1, DeliveryState.FAILED, "parser_timeout"))
    notice(stores, "failed", delivery_id=1)
    end(stores, taken(stores), "sent")
    notice(stores, "failed", delivery_id=1)
    assert taken(stores, NOON + 2 * DAY) == []
    assert states(stores) == ["sent", "dropped"]


def test_open_deals_are_numbered_through_all_conversations(stores: Stores) -> None:
    """As the rules rank them; what each number means is written down before it is sent."""
    file(stores, asking(1, 1000, OTHER, WON), asking(2, 1100, WON, OTHER))
    (letter,) = taken(stores)
    told = [[(c.number, c.title or c.deal, c.deal) for c in item.choices] for item in letter.items]
    assert told == [[(1, "Deal 8", "8"), (2, "Deal 9", "9")], [(3, "Deal 9", "9"), (4, "Deal 8", "8")]]
    choice = letter.items[0].choices[0]
    assert (choice.contacts, choice.own, choice.words) == (("Contact 11",), False, ("a", "b"))
    assert [item.about for item in letter.items] == ["Offer 1", "Offer 2"]
    assert rows(stores)[letter.id]["offered"] == (
        '{"questions":[{"conversation_id":1000,"message_id":1001,"deals":[22,23]},'
        '{"conversation_id":1100,"message_id":1101,"deals":[23,22]}],"of":0}'
    )


def test_a_choice_that_was_made_is_asked_no_more(stores: Stores) -> None:
    """What is settled before the mail goes out is dropped; a mail that may have arrived keeps its numbers."""
    file(stores, asking(1, 1000, OTHER, WON), asking(2, 1100, WON, OTHER))
    first = taken(stores)
    end(stores, first, "unknown", NOON, error="cut")
    with transaction(stores.database) as connection:
        connection.execute(text("UPDATE link SET state = 'rejected' WHERE conversation_id = 1000"))
        connection.execute(
            text("UPDATE conversation_audience SET needs_choice = false WHERE conversation_id = 1000")
        )
    again = taken(stores, NOON + MINUTE)
    assert [[c.number for c in item.choices] for item in again[0].items] == [[1, 2], [3, 4]]
    assert again[0].id == first[0].id
    end(stores, again, "later", NOON + MINUTE, error="450")  # this time not; the time before nobody knows
    assert rows(stores)[first[0].id]["mail_id"] == first[0].id
    end(stores, taken(stores, NOON + DAY), "sent", NOON + DAY)
    assert states(stores) == ["sent", "merged"]


def test_what_surely_did_not_arrive_is_put_together_anew(stores: Stores) -> None:
    """A server that was away for days gets one mail with what still holds, and what came meanwhile."""
    file(stores, asking(1, 1000, OTHER, WON), asking(2, 1100, WON, OTHER))
    end(stores, taken(stores), "away", error="refused", seconds=60.0)
    assert {row["offered"] for row in rows(stores).values()} == {""}
    assert [row["attempts"] for row in rows(stores).values()] == [0, 0]
    with transaction(stores.database) as connection:
        connection.execute(text("UPDATE link SET state = 'rejected' WHERE conversation_id = 1000"))
        connection.execute(
            text("UPDATE conversation_audience SET needs_choice = false WHERE conversation_id = 1000")
        )
    file(stores, asking(3, 1200, OTHER, WON))
    (letter,) = taken(stores, NOON + 5 * DAY)
    assert [[c.number for c in item.choices] for item in letter.items] == [[1, 2], [3, 4]]
    end(stores, [letter], "sent", NOON + 5 * DAY)
    assert states(stores) == ["dropped", "sent", "merged"]


def test_a_mail_is_put_off_ever_longer(stores: Stores) -> None:
    """A minute, two, four, up to an hour; after two weeks it has failed, for all to see."""
    notice(stores, "failed")
    now, waits = NOON, []
    for _ in range(8):
        end(stores, taken(stores, now), "later", now, error="450 come back")
        (row,) = rows(stores).values()
        waits.append((row["due_at"] - now) // MINUTE)
        now = row["due_at"]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    end(stores, taken(stores, NOON + 15 * DAY), "later", NOON + 15 * DAY, error="450 come back")
    (row,) = rows(stores).values()
    assert (row["state"], row["error"]) == ("failed", "450 come back")


def test_a_digest_counts_from_its_own_row(stores: Stores) -> None:
    """All of a user's notices go out as one mail, which is a row; where it did not arrive that row goes."""
    with transaction(stores.database) as connection:
        connection.execute(text("UPDATE app_user SET notices = 'digest' WHERE id = 1"))
    yesterday = NOON - DAY
    file(stores, filed(1, 1000), ended(2, DeliveryState.HELD, "no_visible_recipient"))
    notice(stores, "filed", yesterday, delivery_id=1, message_id=1001)
    notice(stores, "no_visible_recipient", yesterday, delivery_id=2)
    end(stores, taken(stores), "away", error="refused")
    assert states(stores) == ["pending", "pending"]
    (letter,) = taken(stores)
    assert (letter.reason, [item.reason for item in letter.items]) == (
        "digest",
        ["filed", "no_visible_recipient"],
    )
    assert letter.items[0].filed_with == ("Contact 11", "Deal 7")
    end(stores, [letter], "sent")
    assert states(stores) == ["merged", "merged", "sent"]
    notice(stores, "failed", NOON)
    assert taken(stores, NOON + MINUTE) == []
    assert len(taken(stores, NOON + DAY)) == 1


def test_however_many_wait_a_user_gets_one_mail(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users are looked at some at a time, and each with all that is due for him."""
    monkeypatch.setattr(postroom, "AT_ONCE", 1)
    for number in range(30):
        notice(stores, "failed", user_id=BERT if number % 2 else ANNA)
    first = taken(stores)
    second = taken(stores)
    assert [(it.user_id, len(it.items)) for it in (*first, *second)] == [(ANNA, 15), (BERT, 15)]


def test_mail_goes_where_it_may(stores: Stores) -> None:
    """To an address that is given, else to the login; never to a drop address, nor to who has left."""
    notice(stores, "digest", user_id=BERT)
    notice(stores, "failed", user_id=CLEO)
    with transaction(stores.database) as connection:
        connection.execute(
            text("UPDATE user_address SET address = 'old@drop.example' WHERE address = 'bert@seller.example'")
        )
    first = notice(stores, "failed", user_id=BERT)
    second = notice(stores, "no_visible_recipient", address="new@else.example")
    assert [(it.id, it.to) for it in taken(stores)] == [(second, "new@else.example")]
    assert states(stores) == ["dropped", "dropped", "failed", "pending"]
    assert "no login address" in rows(stores)[first]["error"]


def test_what_may_have_arrived_is_not_sent_for_ever(stores: Stores) -> None:
    """A server that takes each mail and never says so has sent its user five, and no more."""
    notice(stores, "failed")
    now = NOON
    for _ in range(5):
        assert states(stores) == ["pending"]
        end(stores, taken(stores, now), "unknown", now, error="cut")
        now += DAY
    assert states(stores) == ["failed"] and taken(stores, now) == []


def test_of_a_rehearsal_nothing_is_left_once_it_was_told(stores: Stores) -> None:
    """Nor of one that nobody could be told of."""
    said = {"about": "Offer", "would": "filed", "steps": [["deal", "", "linked", "why"]]}
    for user in (ANNA, CLEO):
        notice(stores, "rehearsal", user_id=user, args=said, address="user@seller.example")
    end(stores, taken(stores), "sent")
    outbox.purge(stores.database, NOON)
    assert sorted(states(stores)) == ["dropped", "sent"]
    assert {(row["args"], row["about"]) for row in rows(stores).values()} == {("{}", "")}


def test_what_answers_and_links_have_given_goes_with_their_notices(stores: Stores) -> None:
    """Settled commands of our own alone: those of a front end are its own to delete."""
    old = NOON - outbox.KEPT - DAY
    own = {"company_id": 1, "actor_id": ANNA, "kind": "choice.answer", "args": "{}", "created_at": old}
    keys = ("answer:1:a", "link:choose:1-1:yes:a", "mine", "answer:2:a", "answer:3:a")
    with transaction(stores.database) as connection:
        for key in keys:
            connection.execute(insert(t.command), own | {"idempotency_key": key, "state": "done"})
        of = t.command.c.idempotency_key
        connection.execute(update(t.command).where(of == "answer:2:a").values(state="pending"))
        connection.execute(update(t.command).where(of == "answer:3:a").values(created_at=NOON))
    outbox.purge(stores.database, NOON)
    left = {row["idempotency_key"] for row in all_rows(stores, "command")["command"]}
    assert left == {"mine", "answer:2:a", "answer:3:a"}


def test_the_door_speaks_json(stores: Stores) -> None:
    """What the worker asks for and says is made of JSON's types."""
    notice(stores, "failed")
    ask = operations(stores, lambda: NOON)
    letters: Any = ask["outbox.take"]({"worker": "w", "limit": 5, "fresh": True})
    (letter,) = letters
    assert letter["to"] == "anna@seller.example"
    result = {"company_id": 1, "mail_id": letter["id"], "outcome": "sent"}
    assert ask["outbox.settle"]({"worker": "w", "results": [result]}) is None
    assert states(stores) == ["sent"]


def test_a_message_id_is_named_as_it_was_written(stores: Stores) -> None:
    """Programs compare ids with their case; what could be two ids, or another field, is none."""
    del stores
    assert (
        own_id(b"From: a\r\nMessage-ID: <AbC.1@Ex.Example>\r\n\r\nMessage-ID: <no@x>\r\n")
        == "<AbC.1@Ex.Example>"
    )
    for odd in (
        b"<a@x> <b@x>",
        b"<a b@x>",
        b"<a@x>\r\nMessage-ID: <b@x>",
        b"a@x",
        b"<a\x00@x>",
        b"<\xc3\xa4@x>",
    ):
        assert own_id(b"Message-ID: " + odd + b"\r\n\r\n") == ""
