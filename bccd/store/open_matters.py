"""Whether what a notice speaks of is still so: mail that waits, a choice that nobody has made."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, text

from bccd.model.delivery import DeliveryState
from bccd.rules.reasons import Kind, reason_of
from bccd.store import tables as t

CHOICE = "needs_choice"
EXPIRING = "held_expiring"
_WAITS = {DeliveryState.HELD.value, DeliveryState.SET_ASIDE.value, DeliveryState.FAILED.value}
_ABOUT_MESSAGES = frozenset({Kind.FILED, Kind.REMARK})
_ABOUT_DELIVERIES = frozenset({Kind.ASKS, Kind.REFUSED})

_ids: Any = bindparam("ids", expanding=True)
# What waits in the conversation of a message now, for one who has a copy there.
_SUGGESTED = text(
    """
    SELECT m.id AS asked, n.conversation_id, n.contact_id, n.deal_id
    FROM message m
    JOIN v1_needs_choice n ON n.company_id = m.company_id AND n.conversation_id = m.conversation_id
        AND n.viewer_user_id = :viewer
    WHERE m.company_id = :company AND m.id IN :ids AND m.erased_at IS NULL
    GROUP BY m.id, n.conversation_id, n.contact_id, n.deal_id
    ORDER BY m.id, max(n.score) DESC, min(n.link_id)
    """
).bindparams(_ids)
_TOLD = text(
    """
    SELECT o.id FROM outbox o
    JOIN outbox e ON e.company_id = o.company_id AND e.delivery_id = o.delivery_id AND e.id < o.id
        AND e.user_id = o.user_id AND e.reason = o.reason AND e.delivery_id IS NOT NULL
        AND coalesce(e.conversation_id, 0) = coalesce(o.conversation_id, 0)
        AND e.state IN ('pending', 'sent', 'merged')
    WHERE o.company_id = :company AND o.id IN :ids
    """
).bindparams(_ids)


def suggested(
    connection: Connection, company_id: int, viewer: int, message_ids: Collection[int]
) -> dict[int, list[Any]]:
    """Return by message what waits for this viewer's answer in its conversation, the most likely first."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    if message_ids:
        given = {"company": company_id, "viewer": viewer, "ids": sorted(message_ids)}
        for row in connection.execute(_SUGGESTED, given):
            found[row.asked].append(row)
    return found


def settled(connection: Connection, company_id: int, rows: Mapping[int, Any]) -> set[int]:
    """Return which of these notices speak of what is no longer so, or was told before."""
    listed = list(rows.values())
    return {
        *_answered(connection, company_id, [row for row in listed if row.reason == CHOICE]),
        *_released(connection, company_id, [row for row in listed if _kind(row) in _ABOUT_DELIVERIES]),
        *_decided(connection, company_id, listed),
        *_erased(connection, company_id, [row for row in listed if _kind(row) in _ABOUT_MESSAGES]),
        *_told(connection, company_id, [row for row in listed if not reason_of(row.reason).direct]),
    }


def _kind(row: Any) -> Kind | None:
    return None if row.reason == CHOICE else reason_of(row.reason).kind


def _answered(connection: Connection, company_id: int, rows: list[Any]) -> set[int]:
    """Find questions that wait no more; of several about one conversation the first counts."""
    gone: set[int] = set()
    seen: set[tuple[int, int]] = set()
    for user_id in sorted({row.user_id for row in rows}):
        mine = [row for row in rows if row.user_id == user_id]
        found = suggested(connection, company_id, user_id, {row.message_id for row in mine if row.message_id})
        for row in mine:
            waits = found.get(row.message_id or 0, [])
            asked = {(user_id, one.conversation_id) for one in waits}
            if not asked or asked <= seen:
                gone.add(row.id)
            seen |= asked
    return gone


def _released(connection: Connection, company_id: int, rows: list[Any]) -> set[int]:
    delivery = t.delivery.c
    ids = {row.delivery_id for row in rows if row.delivery_id is not None}
    if not ids:
        return set()
    wanted = select(delivery.id).where(
        delivery.company_id == company_id, delivery.id.in_(sorted(ids)), delivery.state.in_(_WAITS)
    )
    waiting = set(connection.execute(wanted).scalars())
    return {row.id for row in rows if row.delivery_id is not None and row.delivery_id not in waiting}


def still_held(connection: Connection, company_id: int, ids: Collection[int]) -> Sequence[Any]:
    """Return those of these deliveries that still wait for their user's word, the oldest first."""
    d = t.delivery.c
    wanted = select(d.id, d.received_at, d.from_address, d.subject).where(
        d.company_id == company_id,
        d.id.in_(sorted(ids)),
        d.state == DeliveryState.HELD.value,
        d.reason != "expired",
    )
    return connection.execute(wanted.order_by(d.id)).all()


def _decided(connection: Connection, company_id: int, rows: list[Any]) -> set[int]:
    """Find warnings of mails of which none waits any more."""
    warnings = {row.id: msgspec.json.decode(row.args) for row in rows if row.reason == EXPIRING}
    return {
        id_
        for id_, args in warnings.items()
        if not still_held(connection, company_id, args.get("deliveries", ()))
    }


def _erased(connection: Connection, company_id: int, rows: list[Any]) -> set[int]:
    """Find notices of messages of which their user has no copy any more."""
    copy = t.message_copy.c
    ids = {row.message_id for row in rows if row.message_id is not None}
    if not ids:
        return set()
    wanted = select(copy.message_id, copy.owner_id).where(
        copy.company_id == company_id, copy.message_id.in_(sorted(ids))
    )
    owned = {(row.message_id, row.owner_id) for row in connection.execute(wanted)}
    return {
        row.id for row in rows if row.message_id is not None and (row.message_id, row.user_id) not in owned
    }


def _told(connection: Connection, company_id: int, rows: list[Any]) -> set[int]:
    """Find repetitions: a mail that was tried again is spoken of once for each reason."""
    ids = [row.id for row in rows if row.delivery_id is not None]
    given = {"company": company_id, "ids": ids}
    return set(connection.execute(_TOLD, given).scalars()) if ids else set()
