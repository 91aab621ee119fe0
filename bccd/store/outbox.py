"""The outbox: what users are to be told, for as long as somebody may want to know."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_, select, update

from bccd.model.plan import NewNotice
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.notices import write
from bccd.store.uow import Clocked, clocked

KEPT = timedelta(days=90)  # how long a row is kept once it is settled
WAITS = timedelta(days=30)  # how long a row may wait to be sent at all


def put(work: Clocked, notice: NewNotice, *, address: str = "") -> int:
    """Write a notice within a transaction that holds the clock; returns the row's id.

    It goes to the user's login address unless another is given.
    """
    id_ = work.take_id()
    write(work.connection, work.company_id, [(id_, notice)], address=address)
    return id_


def purge(engine: Engine, now: datetime) -> int:
    """Delete rows that are long settled, and drop those that nobody could send for long; returns how many."""
    with reading(engine) as connection:
        companies = connection.execute(select(t.company.c.id).order_by(t.company.c.id)).scalars().all()
    return sum(_purge(engine, company_id, now) for company_id in companies)


def _purge(engine: Engine, company_id: int, now: datetime) -> int:
    outbox = t.outbox.c
    mine = (outbox.company_id == company_id, outbox.created_at < now - WAITS)
    over = or_(outbox.claimed_until.is_(None), outbox.claimed_until < now)
    late = update(t.outbox).where(*mine, outbox.state == "pending", over)
    gone = delete(t.outbox).where(
        outbox.company_id == company_id, outbox.created_at < now - KEPT, outbox.state != "pending"
    )
    with clocked(engine, company_id) as work:
        dropped = work.connection.execute(late.values(state="dropped", claimed_until=None, claimed_by=None))
        return dropped.rowcount + work.connection.execute(gone).rowcount
