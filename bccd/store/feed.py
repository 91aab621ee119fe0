"""Keeps the change feed short: what is older than any reader waits for goes, and what is left has no gap."""

from datetime import datetime
from itertools import takewhile

from sqlalchemy import Engine, delete, select, update

from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.uow import clocked

BATCH = 1_000  # events in one transaction, so that no mail waits for long


def purge(engine: Engine, before: datetime) -> int:
    """Delete the events of all companies that were written before a moment; returns how many.

    Oldest first, up to the first that stays: where the clocks of several hosts differ, an event may wait for
    the one before it.
    """
    with reading(engine) as connection:
        companies = connection.execute(select(t.company.c.id).order_by(t.company.c.id)).scalars().all()
    total = 0
    for company_id in companies:
        while gone := _purge_some(engine, company_id, before):
            total += gone
    return total


def _purge_some(engine: Engine, company_id: int, before: datetime) -> int:
    """Delete the oldest events of a company, and let its readers know, all in one short transaction."""
    change, clock = t.change, t.company_clock
    oldest = (
        select(change.c.seq, change.c.at)
        .where(change.c.company_id == company_id)
        .order_by(change.c.seq)
        .limit(BATCH)
    )
    with clocked(engine, company_id) as work:
        gone = [row.seq for row in takewhile(lambda row: row.at < before, work.connection.execute(oldest))]
        if gone:
            mine, last = change.c.company_id == company_id, gone[-1]
            work.connection.execute(delete(change).where(mine, change.c.seq <= last))
            moved = update(clock).where(clock.c.company_id == company_id).values(min_seq=last)
            work.connection.execute(moved)
    return len(gone)
