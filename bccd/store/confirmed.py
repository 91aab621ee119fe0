"""What waited for an address to be confirmed, let go when it is (decisions.md 7.8)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import literal, select, update

from bccd.model.delivery import DeliveryState
from bccd.model.events import EventKind
from bccd.store import tables as t
from bccd.store.rows import Evidence
from bccd.store.uow import Clocked

_HELD = literal(DeliveryState.HELD.value, literal_execute=True)  # said outright, for the index


def release(work: Clocked, addresses: Collection[str], now: datetime) -> list[int]:
    """Set held mail of these addresses back to received; the filer then judges it anew.

    Returns which: the spool is to follow, and finds them later where that fails.
    """
    table = t.delivery
    waiting = select(table.c.id, table.c.user_id, table.c.evidence).where(
        table.c.company_id == work.company_id,
        table.c.state == _HELD,
        table.c.reason == "unconfirmed_address",
    )
    free: defaultdict[int, list[int]] = defaultdict(list)
    for id_, user_id, evidence in work.connection.execute(waiting) if addresses else ():
        held = msgspec.json.decode(evidence, type=Evidence).held
        if held is not None and held.address in addresses:
            free[user_id].append(id_)
    for user_id, ids in sorted(free.items()):
        work.connection.execute(
            update(table)
            .where(table.c.company_id == work.company_id, table.c.id.in_(ids))
            .values(state=DeliveryState.RECEIVED.value, reason="confirmed", updated_at=now)
        )
        work.announce(EventKind.DELIVERY_RELEASED, now, sorted(ids), audience_id=user_id)
    return sorted(id_ for ids in free.values() for id_ in ids)
