"""What stands in the spool, for the person who looks after it: list, show, retry, delete."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    delete,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from bccd.model.delivery import Delivery, DeliveryState, show_id
from bccd.model.errors import MistakeError
from bccd.model.events import EventKind
from bccd.store import envelopes
from bccd.store import tables as t
from bccd.store.engine import Stores, reading
from bccd.store.erasing import forget_rows
from bccd.store.octets import read_raw
from bccd.store.uow import clocked, transaction

_RECEIVED = literal(DeliveryState.RECEIVED.value, literal_execute=True)
_WAITS = t.delivery.c.state != literal(DeliveryState.FILED.value, literal_execute=True)  # for the index
_REQUEUE = (
    update(t.queue)
    .where(t.queue.c.delivery_id == bindparam("id"), t.queue.c.state == "kept")
    .values(
        state="received", attempts=0, deaths=0, forgiven=0, due_at=bindparam("now"), claimed_by=None, error=""
    )
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A mail that is not filed: it waits to be, or was decided otherwise and is kept for a retry."""

    delivery: Delivery
    state: str  # "received" or "kept"
    due_at: datetime
    claimed: bool
    error: str  # for kept mail its outcome and reason, "held: unverified_sender"

    @property
    def outcome(self) -> DeliveryState:
        """Where the delivery stands."""
        return DeliveryState(self.error.partition(":")[0]) if self.state == "kept" else DeliveryState.RECEIVED


def entries(
    engine: Engine,
    *,
    company: int | None = None,
    states: Collection[DeliveryState] = frozenset(DeliveryState),
    limit: int = 1_000,
) -> list[Entry]:
    """Return what stands in the spool in these states, oldest first."""
    wanted = select(t.queue).where(or_(*map(_stands_at, states))).order_by(t.queue.c.seq).limit(limit)
    if company is not None:
        wanted = wanted.where(t.queue.c.company_id == company)
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(wanted)]


def _stands_at(state: DeliveryState) -> ColumnElement[bool]:
    """Ask what Entry.outcome answers."""
    if state is DeliveryState.RECEIVED:
        return t.queue.c.state == "received"
    return and_(t.queue.c.state == "kept", t.queue.c.error.startswith(f"{state}:", autoescape=True))


def entry(engine: Engine, delivery_id: int) -> Entry | None:
    """Return one mail of the spool; None where it is filed or was never here."""
    with reading(engine) as connection:
        row = connection.execute(select(t.queue).where(t.queue.c.delivery_id == delivery_id)).one_or_none()
        return _entry(row) if row else None


def raw_of(stores: Stores, delivery: Delivery) -> bytes:
    """Return the octets of a mail in the spool."""
    return read_raw(stores.spool, stores.folder, delivery.company_id, delivery.raw_sha256)


def retry(stores: Stores, delivery_id: int, now: datetime) -> None:
    """Have a kept mail filed anew, as though it had just come in; raises MistakeError where it is not kept.

    The database forgets the old outcome first: were the order the other way round, the filer could find it
    and take the mail for decided.
    """
    found = _kept(stores.spool, delivery_id)
    with clocked(stores.database, found.delivery.company_id) as work:
        if _is_over(work.connection, work.company_id, delivery_id):
            raise MistakeError(f"{show_id(delivery_id)} is being deleted: its time is over")
        work.connection.execute(
            update(t.delivery)
            .where(
                t.delivery.c.company_id == work.company_id,
                t.delivery.c.id == delivery_id,
                t.delivery.c.state != DeliveryState.FILED.value,
            )
            .values(state=DeliveryState.RECEIVED.value, reason="retried", updated_at=now)
        )
    requeue(stores, [delivery_id], now)


def _is_over(connection: Connection, company: int, delivery_id: int) -> bool:
    of = (t.delivery.c.company_id == company, t.delivery.c.id == delivery_id)
    over = select(t.delivery.c.id).where(*of, t.delivery.c.reason == "expired")
    return connection.execute(over).first() is not None


def requeue(stores: Stores, delivery_ids: Collection[int], now: datetime) -> None:
    """Put kept mail back into the queue, as though it had just come in; what is not kept stays as it is."""
    for delivery_id in delivery_ids:
        found = entry(stores.spool, delivery_id)
        if found is None or found.state != "kept":
            continue
        with transaction(stores.spool) as connection:
            connection.execute(_REQUEUE, {"id": delivery_id, "now": now})
            _take_keys(connection, found.delivery)


def requeue_released(stores: Stores, now: datetime) -> None:
    """Put back what the database takes for received and the spool still keeps.

    Whoever releases mail writes that into the database first; this is done behind it, and again whenever the
    one was done and the other not.
    """
    released = select(t.delivery.c.id).where(
        t.delivery.c.company_id.in_(select(t.company.c.id)), t.delivery.c.state == _RECEIVED, _WAITS
    )
    with reading(stores.database) as connection:
        ids = list(connection.execute(released).scalars())
    requeue(stores, ids, now)


def remove(stores: Stores, delivery_id: int, now: datetime) -> None:
    """Delete a kept mail, and its octets unless another delivery has them; raises MistakeError."""
    found = _kept(stores.spool, delivery_id)
    company, sha256 = found.delivery.company_id, found.delivery.raw_sha256
    with clocked(stores.database, company) as work:
        gone = _forget(work.connection, company, delivery_id)
        if gone:
            work.announce(EventKind.DELIVERY_DELETED, now, [delivery_id], audience_id=gone)
    clear(stores, company, delivery_id, sha256)


def vanish(engine: Engine, folder: Path, delivery_id: int, needed: Callable[[int, bytes], bool]) -> None:
    """Delete what the spool has of a mail of which nothing is to be left; may be done again."""
    it = t.queue.c
    with reading(engine) as connection:
        row = connection.execute(
            select(it.company_id, it.raw_sha256).where(it.delivery_id == delivery_id)
        ).one_or_none()
    if row is not None:
        keep = needed(row.company_id, row.raw_sha256)
        with _orphan(engine, folder, (row.company_id, row.raw_sha256), needed=keep) as connection:
            _delete(connection, delivery_id)


def is_needed(engine: Engine, company_id: int, sha256: bytes) -> bool:
    """Tell whether stored mail has these octets."""
    with reading(engine) as connection:
        return _is_needed(connection, company_id, sha256)


def clear(stores: Stores, company_id: int, delivery_id: int, sha256: bytes) -> None:
    """Delete what the spool has of a delivery, and its octets unless something stored or sent needs them.

    For a delivery that the database has forgotten already; may be done again.
    """
    with reading(stores.database) as connection:
        needed = _is_needed(connection, company_id, sha256)
    with _orphan(stores.spool, stores.folder, (company_id, sha256), needed=needed) as connection:
        _delete(connection, delivery_id)


def _delete(connection: Connection, delivery_id: int) -> None:
    connection.execute(delete(t.queue).where(t.queue.c.delivery_id == delivery_id))
    connection.execute(delete(t.delivery_key).where(t.delivery_key.c.delivery_id == delivery_id))


def _kept(engine: Engine, delivery_id: int) -> Entry:
    found = entry(engine, delivery_id)
    if found is None:
        raise MistakeError(f"{show_id(delivery_id)} is not in the queue")
    if found.state != "kept":
        raise MistakeError(f"{show_id(delivery_id)} is still waiting to be filed")
    return found


def _entry(row: Any) -> Entry:
    delivery = envelopes.delivery(
        row.delivery_id, row.company_id, row.envelope, (row.raw_sha256, row.size), row.attempts
    )
    return Entry(delivery, row.state, row.due_at, row.claimed_by is not None, row.error)


def _take_keys(connection: Connection, delivery: Delivery) -> None:
    """Let the same octets count as a duplicate of this delivery again, also where they came in once more.

    The key also holds the octets: were it left with a twin, deleting that one would take them away.
    """
    mine = {
        "company_id": delivery.company_id,
        "raw_sha256": delivery.raw_sha256,
        "delivery_id": delivery.id,
    }
    for recipient in sorted({target.address for target in delivery.targets}):
        of = (
            t.delivery_key.c.company_id == delivery.company_id,
            t.delivery_key.c.raw_sha256 == delivery.raw_sha256,
            t.delivery_key.c.recipient == recipient,
        )
        connection.execute(delete(t.delivery_key).where(*of))
        connection.execute(insert(t.delivery_key), mine | {"recipient": recipient})


def _forget(connection: Connection, company: int, delivery_id: int) -> int | None:
    """Delete what the database has of a delivery that was not filed; return its user, if it has one."""
    of = (t.delivery.c.company_id == company, t.delivery.c.id == delivery_id)
    user = connection.execute(select(t.delivery.c.user_id).where(*of)).scalar_one_or_none()
    forget_rows(connection, company, delivery_id)
    connection.execute(delete(t.delivery).where(*of, t.delivery.c.state != DeliveryState.FILED.value))
    return user


def _is_needed(connection: Connection, company: int, sha256: bytes) -> bool:
    """Tell whether stored mail has these octets; mail that waits has a row in the spool."""
    spoken_of = union_all(
        *(
            select(literal(1)).where(table.c.company_id == company, table.c.raw_sha256 == sha256)
            for table in (t.message_copy, t.attachment)
        )
    )
    return connection.execute(spoken_of.limit(1)).first() is not None


@contextmanager
def _orphan(engine: Engine, folder: Path, octets: tuple[int, bytes], *, needed: bool) -> Iterator[Connection]:
    """Run a transaction on the spool that ends by deleting octets which no delivery speaks of any more.

    Their row is locked first: mail that wants to point at it waits, and finds it gone.
    """
    company, sha256 = octets
    of = (t.raw_mail.c.company_id == company, t.raw_mail.c.sha256 == sha256)
    with transaction(engine) as connection:
        locked = select(t.raw_mail.c.path).where(*of).with_for_update()
        path = connection.execute(locked).scalar_one_or_none()
        yield connection
        in_use = (
            select(t.delivery_key.c.delivery_id)
            .where(t.delivery_key.c.company_id == company, t.delivery_key.c.raw_sha256 == sha256)
            .union(
                select(t.queue.c.delivery_id).where(
                    t.queue.c.company_id == company, t.queue.c.raw_sha256 == sha256
                )
            )
        )
        if not needed and connection.execute(in_use).first() is None:
            connection.execute(delete(t.raw_mail).where(*of))
            if path is not None:  # under the lock, which a spool that wants to name the same file waits for
                (folder / path).unlink(missing_ok=True)
