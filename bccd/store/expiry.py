"""Held mail comes to its end: its user is warned, then its octets go; once a day, and again after a crash."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import and_, delete, or_, select, update

from bccd.model.delivery import DeliveryState
from bccd.model.events import EventKind
from bccd.model.plan import NewNotice
from bccd.model.policy import Policy
from bccd.store import outbox
from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.entries import clear
from bccd.store.erasing import forget_rows
from bccd.store.uow import Clocked, clocked

EXPIRED = "expired"  # the reason of mail that is being deleted: nobody sees it any more, or can release it
_AT_ONCE = 200  # mails in one transaction
_WEEK = 7  # days of warning, where mail is kept for two weeks or more
_CLAIMS_KEPT = timedelta(days=30)

_d = t.delivery.c
_HELD = (_d.state == DeliveryState.HELD.value, _d.state != DeliveryState.FILED.value, _d.message_id.is_(None))


def expire(stores: Stores, now: datetime) -> int:
    """Warn users of held mail whose end is near, delete what is over; returns how many mails were deleted."""
    with reading(stores.database) as connection:
        rows = connection.execute(select(t.company.c.id, t.company.c.settings).order_by(t.company.c.id)).all()
    deleted = 0
    for company_id, settings in rows:
        kept = msgspec.json.decode(settings, type=Policy).held_days
        while _warn(stores, company_id, kept, now):
            pass
        while gone := _mark(stores, company_id, now):
            _delete(stores, company_id, gone)
            deleted += len(gone)
        _forget_claims(stores, company_id, now)
    return deleted


def _warn(stores: Stores, company_id: int, kept: int, now: datetime) -> bool:
    """Warn of some mails, and give each the time that the warning names; returns whether there may be more.

    A daemon that was down for long, or a shorter time of keeping, takes no week from anybody.
    """
    days = min(_WEEK, max(1, kept // 2))
    soon = now + timedelta(days=days)
    due = or_(_d.expires_at <= soon, _d.expires_at.is_(None))  # none: of before there was an end
    with clocked(stores.database, company_id) as work:
        wanted = select(t.delivery).where(
            _d.company_id == company_id, *_HELD, _d.reason != EXPIRED, _d.warned_at.is_(None), due,
            or_(_d.user_id.is_not(None), _d.expires_at.is_(None)),
        )  # fmt: skip
        rows = work.connection.execute(wanted.order_by(_d.id).limit(_AT_ONCE)).all()
        named: defaultdict[int, list[Any]] = defaultdict(list)
        for row in rows:
            if row.expires_at is None:
                _set(work, row.id, {"expires_at": now + timedelta(days=kept)})
            else:
                named[row.user_id].append(row)
                _set(work, row.id, {"warned_at": now, "expires_at": max(row.expires_at, soon)})
        for user_id, mails in sorted(named.items()):
            for reader in _readers(work, user_id):
                args = {"days": days, "deliveries": [mail.id for mail in mails]}
                outbox.put(work, NewNotice(reader, "held_expiring", now, args=args))
    return len(rows) == _AT_ONCE


def _set(work: Clocked, id_: int, values: dict[str, Any]) -> None:
    of = (_d.company_id == work.company_id, _d.id == id_)
    work.connection.execute(update(t.delivery).where(*of).values(values))


def _readers(work: Clocked, user_id: int) -> Sequence[int]:
    """Return who is to be told of a user's mail: he himself, of a team's its active members."""
    u, m = t.app_user.c, t.team_member.c
    members = select(m.user_id).where(m.company_id == work.company_id, m.team_id == user_id)
    of = (u.company_id == work.company_id, u.active, ~u.is_team, or_(u.id == user_id, u.id.in_(members)))
    return work.connection.execute(select(u.id).where(*of).order_by(u.id)).scalars().all()


def _mark(stores: Stores, company_id: int, now: datetime) -> list[tuple[int, bytes]]:
    """Take from its users' sight what is over; return it with what an earlier run did not finish."""
    with clocked(stores.database, company_id) as work:
        over = and_(_d.expires_at <= now, or_(_d.user_id.is_(None), _d.warned_at.is_not(None)))
        wanted = select(_d.id, _d.raw_sha256, _d.user_id, _d.reason).where(
            _d.company_id == company_id, *_HELD, _d.expires_at.is_not(None), or_(_d.reason == EXPIRED, over)
        )
        rows = work.connection.execute(wanted.order_by(_d.id).limit(_AT_ONCE)).all()
        fresh = [row for row in rows if row.reason != EXPIRED]
        for row in fresh:
            _set(work, row.id, {"reason": EXPIRED, "updated_at": now})
            if row.user_id is not None:
                work.announce(EventKind.DELIVERY_DELETED, now, [row.id], audience_id=row.user_id)
    return [(row.id, row.raw_sha256) for row in rows]


def _delete(stores: Stores, company_id: int, gone: Sequence[tuple[int, bytes]]) -> None:
    """Delete the octets, then what the database knows: in this order, so that a crash leaves a trace."""
    for delivery_id, sha256 in gone:
        clear(stores, company_id, delivery_id, sha256)
    with clocked(stores.database, company_id) as work:
        for delivery_id, _ in gone:
            forget_rows(work.connection, company_id, delivery_id)
            of = (_d.company_id == company_id, _d.id == delivery_id, _d.reason == EXPIRED)
            work.connection.execute(delete(t.delivery).where(*of))


def _forget_claims(stores: Stores, company_id: int, now: datetime) -> None:
    """Forget what was mailed long ago, and addresses that a user has asked for and never confirmed."""
    c, a = t.confirmation.c, t.user_address.c
    with clocked(stores.database, company_id) as work:
        old = (c.company_id == company_id, c.created_at < now - _CLAIMS_KEPT)
        work.connection.execute(delete(t.confirmation).where(*old))
        asked = select(c.address).where(c.company_id == a.company_id, c.address == a.address)
        left = (
            a.company_id == company_id, a.origin == "user", a.kind == "alternative",
            a.confirmed_at.is_(None), ~asked.exists(),
        )  # fmt: skip
        users = work.connection.execute(select(a.user_id).where(*left).distinct()).scalars().all()
        if users:
            work.connection.execute(delete(t.user_address).where(*left))
            work.announce(EventKind.USER_CHANGED, now, sorted(users))
            work.directory_version += 1
