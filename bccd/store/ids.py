"""Ids of deliveries: drawn by the moment, so that they sort by it, and never one that was in use."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, union_all

from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.lists import any_of

_TAKEN = Statement(
    union_all(
        select(t.delivery_key.c.delivery_id).where(any_of(t.delivery_key.c.delivery_id, "ids")),
        select(t.queue.c.delivery_id).where(any_of(t.queue.c.delivery_id, "ids")),
    )
)


def new_id(moment: datetime) -> int:
    """Return a delivery id: 43 bits of milliseconds, so that ids sort by time, and 20 of chance."""
    return (int(moment.timestamp() * 1000) << 20) | secrets.randbits(20)


def new_ids(moments: Iterable[datetime], taken: Collection[int] = ()) -> list[int]:
    """Draw an id for the mail of each moment, no two alike and none of those that are taken."""
    ids: dict[int, None] = {}
    for moment in moments:
        id_ = new_id(moment)
        while id_ in taken or id_ in ids:
            id_ += 1  # the next that is free
        ids[id_] = None
    return list(ids)


def fresh_ids(connection: Connection, moments: Sequence[datetime]) -> list[int]:
    """Draw an id for the mail of each moment that no mail has had before, filed ones included.

    A filed mail leaves the queue, but its keys stay: a second mail with its id would be taken for filed. On
    SQLite the write lock is held, so that no other process draws at the same time; on PostgreSQL the second
    to write an id fails, and draws again.
    """
    taken: set[int] = set()
    while True:
        ids = new_ids(moments, taken)
        found = _TAKEN.rows(connection, {"ids": ids})
        if not found:
            return ids
        taken.update(id_ for (id_,) in found)
