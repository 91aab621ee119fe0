"""How the stores are, and where a mail is, as an operator asks."""

from datetime import timedelta

from sqlalchemy import delete, insert, select

from bccd.model.delivery import DeliveryState
from bccd.rules.thread import id_names
from bccd.store import tables as t
from bccd.store import tracing
from bccd.store.engine import Stores, reading
from bccd.store.settings import settings
from bccd.store.uow import transaction
from bccd.store.vitals import moment_of, outcomes_since, vitals
from bccd.testing.build import NOON
from tests.store.conftest import on_every_database
from tests.store.plans import SCOPE, ended, filed
from tests.store.test_waiting import Post

pytestmark = on_every_database


def test_what_waits_and_what_became(stores: Stores) -> None:
    """Mail in the queue is counted with its age, mail that is not filed by state, and both since a moment."""
    post = Post(stores)
    assert (vitals(stores).queued, vitals(stores).oldest, vitals(stores).unfiled) == (0, None, {})
    held, failed, done = post.decide(
        ended(1, DeliveryState.HELD, "unverified_sender"), ended(2, DeliveryState.FAILED, "x"), filed(3, 100)
    )
    post.receive("one", "another")
    seen = vitals(stores)
    assert (seen.queued, seen.oldest, seen.unfiled) == (2, NOON, {"held": 1, "failed": 1})
    assert 0 < seen.seconds < 60
    assert moment_of(held) == moment_of(done) == NOON
    assert outcomes_since(stores.database, NOON) == {"held": 1, "failed": 1, "filed": 1}
    assert outcomes_since(stores.database, NOON + timedelta(seconds=1)) == {}
    assert failed
    post.spool.close()


def test_a_mail_is_found_by_address_and_id(stores: Stores) -> None:
    """Of filed mail by whoever stands in it and by its ids, of other mail by its sender; newest first."""
    post = Post(stores)
    held, older, newer = post.decide(
        ended(1, DeliveryState.HELD, "unverified_sender"), filed(2, 100), filed(3, 200)
    )
    with reading(stores.database) as connection:
        m = t.message.c
        rows = connection.execute(select(m.company_id, m.id, m.msgid, m.conversation_id).order_by(m.id)).all()
    with transaction(stores.database) as connection:
        connection.execute(
            insert(t.conversation_token),
            [
                {
                    "company_id": row.company_id,
                    "conversation_id": row.conversation_id,
                    "scope": SCOPE,
                    "token": name,
                }
                for row in rows
                for name in id_names([row.msgid])
            ],
        )
        alias = {"company_id": rows[0].company_id, "msgid": "also@x.example", "message_id": rows[0].id}
        connection.execute(insert(t.message_alias), [alias])
    database = stores.database
    found = {older, newer}
    assert set(tracing.deliveries_of_address(database, "jan@customer.example", 0, 9)) == found
    assert len(tracing.deliveries_of_address(database, "jan@customer.example", 0, 1)) == 1
    assert tracing.deliveries_of_address(database, "jan@customer.example", 1 << 62, 9) == []
    assert held in tracing.deliveries_of_address(database, "user@seller.example", 0, 9)
    with transaction(database) as connection:  # whose address it is does not change who stands in the mail
        connection.execute(
            delete(t.contact_address).where(t.contact_address.c.address == "jan@customer.example")
        )
    assert set(tracing.deliveries_of_address(database, "jan@customer.example", 0, 9)) == found
    assert tracing.deliveries_of_message(database, rows[1].msgid, 9) == [newer]
    assert tracing.deliveries_of_message(database, "also@x.example", 9) == [older]
    assert tracing.deliveries_of_message(database, "none@x.example", 9) == []
    post.spool.close()


def test_settings_are_read_back(stores: Stores) -> None:
    """Each database tells of what must hold for it to forget nothing."""
    found = settings(stores.database)
    if found.kind == "sqlite":
        assert (found.values["journal_mode"], found.values["synchronous"]) == ("wal", 2)
    else:
        assert (found.values["fsync"], found.values["full_page_writes"]) == ("on", "on")
        assert found.now is not None and found.now.tzinfo is not None
