"""Held mail comes to its end: warned of, deleted with its octets, and once, whatever dies in between."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bccd.model.delivery import DeliveryState
from bccd.model.errors import MistakeError
from bccd.store import entries, expiry, postroom
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.uow import transaction
from bccd.testing import Seed, fill
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, ended
from tests.store.test_waiting import Post

pytestmark = on_every_database

TEAM = 9


class Attic(Post):
    """A desk whose held mail grows old."""

    def hold(self, *users: int | None) -> list[int]:
        """Have mails held for these, to be deleted in thirty days."""
        end = self.clock.now() + timedelta(days=30)
        ids = self.decide(
            *(
                ended(number, DeliveryState.HELD, "unverified_sender", user=user)
                for number, user in enumerate(users, 1)
            )
        )
        with transaction(self.stores.database) as connection:
            connection.execute(update(t.delivery).values(expires_at=end, subject="Offer"))
        return ids

    def days(self, number: int) -> int:
        """Let days pass and sweep; return how many mails were deleted."""
        self.clock.tick(number * 86_400)
        return expiry.expire(self.stores, self.clock.now())

    def warned(self) -> list[tuple[int, int, int]]:
        """Return who was warned, how many days he has, and of how many mails."""
        found = self.column("outbox", "user_id", "args")
        return [(who, json.loads(args)["days"], len(json.loads(args)["deliveries"])) for who, args in found]


@pytest.fixture
def attic(stores: Stores) -> Iterator[Attic]:
    made = Attic(stores)
    fill(stores, Seed().team(TEAM, "sales@seller.example", ANNA, BERT))
    yield made
    made.spool.close()


def test_a_week_before_the_end_its_user_is_warned_once(attic: Attic) -> None:
    """A team's members each; nobody is told of a stranger's mail. Then the octets go, and all are told."""
    mine, ours, stranger = attic.hold(ANNA, TEAM, None)
    assert (attic.days(22), attic.warned()) == (0, [])
    assert attic.days(1) == 0
    assert attic.warned() == [(ANNA, 7, 1), (ANNA, 7, 1), (BERT, 7, 1)]
    assert (attic.days(1), len(attic.warned())) == (0, 3)
    attic.events()
    assert attic.days(6) == 3
    assert set(attic.events()) == {
        ("delivery.deleted", ANNA, None, mine, None),
        ("delivery.deleted", TEAM, None, ours, None),
    }
    left = (
        attic.spooled(),
        attic.octets(),
        attic.column("delivery", "id"),
        attic.column("decision", "steps"),
    )
    assert left == ([], set(), [], [])
    assert stranger not in attic.guarded()


def test_nobody_loses_his_week(attic: Attic) -> None:
    """A daemon that was down for months warns first, and deletes a week later; old rows get an end."""
    first, second = attic.hold(ANNA, ANNA)
    with transaction(attic.stores.database) as connection:
        connection.execute(update(t.delivery).where(t.delivery.c.id == second).values(expires_at=None))
    assert (attic.days(90), attic.warned()) == (0, [(ANNA, 7, 1)])
    assert attic.days(6) == 0
    assert attic.days(1) == 1
    assert attic.column("delivery", "id") == [(second,)]
    assert attic.days(23) == 0 and attic.days(7) == 1
    assert first not in attic.guarded()


def test_whoever_decides_in_time_keeps_it(attic: Attic) -> None:
    """A released mail is no more deleted, nor is one that somebody releases while it is warned of."""
    (mine,) = attic.hold(ANNA)
    attic.days(25)
    attic.do(ANNA, "held.release", delivery=mine)
    assert attic.days(60) == 0
    assert attic.spooled() == [(mine, "received")]


def test_a_sweep_that_died_is_brought_to_its_end(attic: Attic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is marked nobody sees or releases it; the next sweep finishes, and tells nobody twice."""
    (mine,) = attic.hold(ANNA)
    attic.days(25)

    def die(*_: object) -> None:
        raise OSError("power")

    monkeypatch.setattr(expiry, "clear", die)
    with pytest.raises(OSError, match="power"):
        attic.days(30)
    assert attic.refused(ANNA, "held.release", delivery=mine) == "not_found"
    with pytest.raises(MistakeError, match="its time is over"):
        entries.retry(attic.stores, mine, attic.clock.now())
    monkeypatch.undo()
    attic.events()
    assert attic.days(0) == 1
    assert (attic.events(), attic.spooled(), attic.column("delivery", "id")) == ([], [], [])


def test_an_address_that_nobody_confirms_is_forgotten(attic: Attic) -> None:
    """A month after the last mail to it; what the directory lists as unconfirmed stays."""
    attic.do(ANNA, "address.add", address="anna@club.example")
    attic.days(29)
    assert ("anna@club.example",) in attic.column("user_address", "address")
    attic.events()
    attic.days(2)
    listed = attic.column("user_address", "address")
    assert ("anna@club.example",) not in listed and ("a@pending.example",) in listed
    assert attic.events() == [("user.changed", 0, None, ANNA, None)]
    assert attic.column("confirmation", "id") == []


def test_a_warning_names_what_still_waits_and_keeps_no_copy(attic: Attic) -> None:
    """It is written from the mails as they stand: of one that was deleted nothing is left in the outbox."""
    gone, kept = attic.hold(ANNA, ANNA)
    attic.days(25)
    assert not [
        row for row in attic.column("outbox", "args", "about", "text", "advice") if "Offer" in str(row)
    ]
    attic.do(ANNA, "held.delete", delivery=gone)
    (letter,) = postroom.take(attic.stores, "here", attic.clock.now(), 10)
    args: Any = letter.items[0].args
    (line,) = args["lines"]
    assert line.endswith(": Offer") and "deliveries" not in args
    away = postroom.Result(1, letter.id, "away")
    postroom.settle(attic.stores, "here", attic.clock.now(), [away])
    attic.do(ANNA, "held.release", delivery=kept)
    assert postroom.take(attic.stores, "here", attic.clock.now(), 10) == []
    assert attic.column("outbox", "state") == [("dropped",)]
