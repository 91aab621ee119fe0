"""What a user has not seen, and what waits, as mail comes in and is looked at."""

from datetime import timedelta

import pytest
from msgspec import structs
from sqlalchemy import insert

from bccd.model.plan import Direction
from bccd.store import audiences
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.uow import clocked
from bccd.testing import fill, rows
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import ANNA, BERT, Filed, filed, world
from tests.store.test_reading import apply

pytestmark = on_every_database


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Return stores with the small world in them."""
    fill(stores, world())
    return stores


def mail(number: int, minute: int, *, owner: int = ANNA, direction: Direction = Direction.INCOMING) -> Filed:
    """Return a shared mail of one conversation."""
    got, plan = filed(
        number, 1000 + 10 * number, conversation=None if number == 1 else 1010, owner=owner,
        at=NOON + timedelta(minutes=minute),
    )  # fmt: skip
    assert plan.message is not None
    return got, structs.replace(plan, message=structs.replace(plan.message, direction=direction))


def column(stores: Stores, name: str) -> dict[int, object]:
    """Return a column of the conversation by audience."""
    return {
        row["audience_id"]: row[name]
        for row in rows(stores, "conversation_audience")["conversation_audience"]
    }


def see(stores: Stores, user: int, message: int) -> None:
    """Mark a message as seen, as a command does."""
    with clocked(stores.database, 1) as work:
        state = {"company_id": 1, "user_id": user, "message_id": message, "seen_at": NOON}
        work.connection.execute(insert(t.message_user_state), state)
        audiences.work_out(work.connection, 1, [1010])


def test_who_joins_has_not_seen_what_he_did_not_look_at(filled: Stores) -> None:
    """Bert's first copy gives him a row of his own: one of three mails he has seen, one he filed."""
    apply(filled, mail(1, 1), mail(2, 2), mail(3, 3))
    see(filled, BERT, 1021)
    apply(filled, mail(4, 4, owner=BERT))
    assert column(filled, "unseen") == {0: 0, ANNA: 1, BERT: 2}
    see(filled, ANNA, 1041)
    assert column(filled, "unseen") == {0: 0, ANNA: 0, BERT: 2}


def test_an_answer_out_of_order_is_put_in_its_place(filled: Stores) -> None:
    """It came last and stands between two questions: the later one waits on."""
    apply(filled, mail(1, 1), mail(2, 5))
    first, second = (f"2026-11-20T12:0{minute}:00.000000Z" for minute in (1, 5))
    assert column(filled, "waiting_since") == {0: first, ANNA: first}
    apply(filled, mail(3, 3, owner=BERT, direction=Direction.OUTGOING))
    assert column(filled, "waiting_since") == {0: second, ANNA: second, BERT: second}
    assert column(filled, "last_at") == {0: second, ANNA: second, BERT: second}
