"""What is a user's own, as the command line lists it: waiting mail, addresses, what he let in for good."""

from typing import Any

from sqlalchemy import ColumnElement, Engine, func, or_, select

from bccd.model.delivery import DeliveryState, show_id
from bccd.model.people import ClaimPurpose
from bccd.store import tables as t
from bccd.store.engine import reading

Listed = list[dict[str, Any]]

_WAITS = (DeliveryState.HELD.value, DeliveryState.SET_ASIDE.value, DeliveryState.FAILED.value)


def waiting(engine: Engine, company_id: int, user_id: int) -> Listed:
    """Return his mail and his teams' that is not filed, oldest first, with what he needs to decide."""
    d = t.delivery.c
    wanted = select(t.delivery).where(
        d.company_id == company_id,
        _his(d.user_id, company_id, user_id),
        d.state.in_(_WAITS),
        d.state != DeliveryState.FILED.value,
        d.reason != "expired",
    )
    with reading(engine) as connection:
        rows = connection.execute(wanted.order_by(d.id)).all()
    return [
        {
            "delivery": show_id(row.id),
            "state": row.state,
            "reason": row.reason,
            "from": row.from_address,
            "name": row.from_name,
            "subject": row.subject,
            "received_at": row.received_at,
            "expires_at": row.expires_at,
            "size": row.size,
            "of_team": row.user_id != user_id,
            "sentence": row.sentence,
            "advice": row.advice,
            "always": row.always,
        }
        for row in rows
    ]


def addresses(engine: Engine, company_id: int, user_id: int) -> Listed:
    """Return his addresses and his teams', the login first, and which of them are not confirmed."""
    a, c = t.user_address.c, t.confirmation.c
    wanted = select(t.user_address).where(a.company_id == company_id, _his(a.user_id, company_id, user_id))
    open_ = (
        select(c.user_id, c.address, func.max(c.expires_at, type_=t.Instant).label("until"))
        .where(c.company_id == company_id, c.used_at.is_(None), c.purpose != ClaimPurpose.HELD.value)
        .group_by(c.user_id, c.address)
    )
    with reading(engine) as connection:
        rows = connection.execute(wanted).all()
        until = {(row.user_id, row.address): row.until for row in connection.execute(open_)}
    found = [
        {
            "address": row.address,
            "kind": row.kind,
            "confirmed": row.kind == "login" or row.confirmed_at is not None,
            "of_team": row.user_id != user_id,
            "added_by": row.origin,
            "asked_until": until.get((row.user_id, row.address)),
        }
        for row in rows
    ]
    return sorted(found, key=lambda it: (it["of_team"], it["kind"] != "login", it["address"]))


def trusted(engine: Engine, company_id: int, user_id: int) -> Listed:
    """Return what he has let in for good."""
    s = t.trusted_sender.c
    wanted = select(t.trusted_sender).where(s.company_id == company_id, _his(s.user_id, company_id, user_id))
    with reading(engine) as connection:
        rows = connection.execute(wanted.order_by(s.address, s.evidence)).all()
    return [{"address": row.address, "evidence": row.evidence, "since": row.created_at} for row in rows]


def _his(column: ColumnElement[Any], company_id: int, user_id: int) -> ColumnElement[bool]:
    m = t.team_member.c
    teams = select(m.team_id).where(m.company_id == company_id, m.user_id == user_id)
    return or_(column == user_id, column.in_(teams))
