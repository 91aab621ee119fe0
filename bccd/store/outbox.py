"""The outbox: what users are to be told, for as long as somebody may want to know."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Engine, delete, or_, select, update

from bccd.model.command import CommandState
from bccd.model.plan import NewNotice
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.notices import write
from bccd.store.uow import Clocked, clocked, transaction

KEPT = timedelta(days=90)  # how long a row is kept once it is settled
WAITS = timedelta(days=30)  # how long a row may wait to be sent at all
REHEARSAL = "rehearsal"
FORGOTTEN = {"args": "{}", "about": ""}  # what is left of an answer to a rehearsal, which stores nothing


def put(work: Clocked, notice: NewNotice, *, address: str = "") -> int:
    """Write a notice within a transaction that holds the clock; returns the row's id.

    It goes to the user's login address unless another is given.
    """
    id_ = work.take_id()
    write(work.connection, work.company_id, [(id_, notice)], address=address)
    return id_


def listed(engine: Engine, states: Collection[str], limit: int) -> list[dict[str, Any]]:
    """Return notices in these states, the newest first; not what they say, which is their users' alone."""
    out, user, company = t.outbox.c, t.app_user.c, t.company.c
    wanted = (
        select(
            company.slug.label("company"), out.id.label("notice"), user.name.label("user"), out.reason,
            out.state, out.created_at, out.due_at, out.attempts, out.sent_at, out.error,
        )
        .join_from(t.outbox, t.app_user, (user.company_id == out.company_id) & (user.id == out.user_id))
        .join(t.company, company.id == out.company_id)
        .where(out.state.in_(sorted(states)))
        .order_by(out.created_at.desc(), out.id.desc())
        .limit(limit)
    )  # fmt: skip
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def retry(engine: Engine, now: datetime) -> int:
    """Have everything sent again that has failed, as though it had just been written; returns how many."""
    outbox = t.outbox.c
    failed = (outbox.company_id.in_(select(t.company.c.id)), outbox.state == "failed")
    anew = {"state": "pending", "mail_id": None, "due_at": now, "created_at": now, "attempts": 0, "error": ""}
    with transaction(engine) as connection:
        return connection.execute(update(t.outbox).where(*failed).values(anew)).rowcount


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
    told = (outbox.company_id == company_id, outbox.reason == REHEARSAL, outbox.state == "dropped")
    with clocked(engine, company_id) as work:
        work.connection.execute(update(t.outbox).where(*told).values(FORGOTTEN))
        work.connection.execute(_answers(company_id, now - KEPT))
        dropped = work.connection.execute(late.values(state="dropped", claimed_until=None, claimed_by=None))
        return dropped.rowcount + work.connection.execute(gone).rowcount


def _answers(company_id: int, before: datetime) -> Delete:
    """Delete the commands that answers and links have given, whose notices are gone."""
    command = t.command.c
    ours = or_(*(command.idempotency_key.startswith(prefix) for prefix in ("answer:", "link:")))
    over = (command.state != CommandState.PENDING.value, command.created_at < before)
    return delete(t.command).where(command.company_id == company_id, ours, *over)
