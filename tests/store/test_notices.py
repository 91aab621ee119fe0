"""Notices as rows: written with what gives reason to them, and shown to their user alone."""

from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import text

from bccd.model.plan import NewNotice
from bccd.store import outbox
from bccd.store.engine import Stores, reading
from bccd.store.notices import WORDING
from bccd.store.published import FIRST_PAGE, QUERIES
from bccd.store.uow import clocked
from bccd.testing import fill
from bccd.testing.build import NOON
from tests.store.conftest import Bench, on_every_database
from tests.store.plans import ANNA, BERT, filed, world

SEEN = next(it.sql for it in QUERIES if it.name == "notices")


def seen(stores: Stores, viewer: int) -> list[tuple[str, str, str]]:
    """Return what a viewer is shown: reason, about and state."""
    given = {"company": 1, "viewer": viewer, "limit": 9, "before_id": FIRST_PAGE["before_id"]}
    with reading(stores.database) as connection:
        return [(row.reason, row.about, row.state) for row in connection.execute(text(SEEN), given)]


def test_a_plan_writes_its_notices(bench: Bench) -> None:
    """Every store writes the same row, with the sentence in it, and an id for what has none."""
    bench.fill(world())
    mail, plan = filed(1, 1000)
    args = {"about": "Offer\0 \ud800", "address": "a\nb"}
    notices = (
        NewNotice(ANNA, "exposed_address", NOON, 1, args=args, id=2000),
        NewNotice(BERT, "failed", NOON),
    )
    bench.apply([(mail, replace(plan, notices=notices))], NOON)
    first, second = bench.rows("outbox")["outbox"]
    assert (first["id"], first["about"], first["state"], first["attempts"]) == (2000, "Offer ?", "pending", 0)
    assert first["args"] == '{"address":"a\\nb"}'
    assert first["text"] == "Your customer could see the drop address: it stood in To or Cc."
    assert first["advice"].startswith("Write the drop address into Bcc")
    assert (second["id"], second["user_id"], second["delivery_id"]) == (2001, BERT, None)
    assert bench.column("company_clock", "next_id") == [2002]


@on_every_database
def test_a_notice_is_shown_to_its_user(stores: Stores) -> None:
    """Nobody else sees it; what went to an address that is not proven is not shown at all."""
    fill(stores, world())
    with clocked(stores.database, 1) as work:
        outbox.put(work, NewNotice(ANNA, "no_visible_recipient", NOON, args={"about": "Offer"}))
        outbox.put(work, NewNotice(ANNA, "needs_choice", NOON))
        outbox.put(work, NewNotice(ANNA, "failed", NOON), address="claimed@else.example")
    assert seen(stores, ANNA) == [
        ("needs_choice", "", "pending"),
        ("no_visible_recipient", "Offer", "pending"),
    ]
    assert seen(stores, BERT) == []


def test_a_notice_speaks_its_users_language(stores: Stores) -> None:
    """Whoever opens the database says how; the user's own language goes before the company's."""
    fill(stores, world())
    stores.database.update_execution_options(
        **{WORDING: lambda reason, _, language: (f"{language}:{reason}", "")}
    )
    with stores.database.connect() as connection, connection.begin():
        connection.execute(text("UPDATE app_user SET language = 'pl' WHERE id = 1"))
    with clocked(stores.database, 1) as work:
        outbox.put(work, NewNotice(ANNA, "failed", NOON))
        outbox.put(work, NewNotice(BERT, "failed", NOON))
    with reading(stores.database) as connection:
        said = connection.execute(text("SELECT text FROM outbox ORDER BY id")).scalars().all()
    assert said == ["pl:failed", "en:failed"]


@on_every_database
def test_old_notices_go(stores: Stores) -> None:
    """What could not be sent for a month is dropped, what is settled goes after three."""
    fill(stores, world())
    days = timedelta(days=1)
    with clocked(stores.database, 1) as work:
        for age in (1, 31, 91):
            outbox.put(work, NewNotice(ANNA, "failed", NOON - age * days, args={"about": str(age)}))
    assert outbox.purge(stores.database, NOON) == 3
    assert seen(stores, ANNA) == [("failed", "31", "dropped"), ("failed", "1", "pending")]
    assert outbox.purge(stores.database, NOON) == 0
