"""How the stores are: what waits, for how long, and how fast they answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, Executable, and_, func, select

from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.moved import refuse_moved

_ID_BITS = 20  # of chance behind the milliseconds of a delivery's id
_WAITS = (t.queue.c.state == "received", t.queue.c.claimed_by.is_(None))
_LENGTH = select(func.count()).select_from(t.queue).where(*_WAITS)
_OLDEST = select(t.queue.c.delivery_id).where(*_WAITS).order_by(t.queue.c.seq).limit(1)
_UNFILED = (
    select(t.delivery.c.state, func.count()).where(t.delivery.c.state != "filed").group_by(t.delivery.c.state)
)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What waits in the stores."""

    queued: int  # mails that no filer has claimed
    oldest: datetime | None  # when the first of them came in
    unfiled: Mapping[str, int]  # by state: held, set_aside, failed
    seconds: float  # how long it took to find out


def vitals(stores: Stores) -> Vitals:
    """Look; blocks, raises StoreUnavailableError."""
    begun = time.monotonic()
    with reading(stores.spool) as connection:
        queued = connection.execute(_LENGTH).scalar_one()
        oldest = connection.execute(_OLDEST).scalar()
        refuse_moved(connection.info)
    with reading(stores.database) as connection:
        unfiled = {row[0]: row[1] for row in connection.execute(_UNFILED)}
        refuse_moved(connection.info)
    since = None if oldest is None else moment_of(oldest)
    return Vitals(queued, since, unfiled, time.monotonic() - begun)


def moment_of(delivery_id: int) -> datetime:
    """Return when a delivery was received, by its id."""
    return datetime.fromtimestamp((delivery_id >> _ID_BITS) / 1000, UTC)


def outcomes_since(engine: Engine, moment: datetime) -> dict[str, int]:
    """Count the mails received since a moment, by state."""
    first = int(moment.timestamp() * 1000) << _ID_BITS
    with reading(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(_since(first))}


def _since(first: int) -> Executable:
    """By company, of which the key of deliveries begins: else all of them would be gone through."""
    of = and_(t.delivery.c.company_id == t.company.c.id, t.delivery.c.id >= first)
    joined = t.company.join(t.delivery, of)
    return select(t.delivery.c.state, func.count()).select_from(joined).group_by(t.delivery.c.state)
