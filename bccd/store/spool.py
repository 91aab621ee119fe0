"""Transaction 1 and the filer's marks in the spool; with uow.py the only place that commits."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    select,
    union_all,
)

from bccd.model.delivery import Delivery, DeliveryState, Intake, Receipt
from bccd.model.envelope import Target
from bccd.model.errors import StoreUnavailableError
from bccd.model.plan import Outcome
from bccd.store import envelopes
from bccd.store import marks as q
from bccd.store import tables as t
from bccd.store.engine import is_lost_write, reading
from bccd.store.inserts import insert_rows, stamp_for
from bccd.store.rawfiles import IN_TABLE, SyncError, keep

GROUP = 64  # mails in one transaction
_SMALL = 64 * 1024  # octets of a mail that is fetched with its batch
_RAW = ("company_id", "sha256", "size", "data", "path", "stored_at")
_QUEUE = (
    "delivery_id",
    "company_id",
    "state",
    "envelope",
    "raw_sha256",
    "size",
    "attempts",
    "due_at",
    "error",
)
_KEY = ("company_id", "raw_sha256", "recipient", "delivery_id")

_ids: Any = bindparam("ids", expanding=True)
_STANDING = select(
    t.delivery_key.c.company_id,
    t.delivery_key.c.raw_sha256,
    t.delivery_key.c.recipient,
    t.delivery_key.c.delivery_id,
).where(
    t.delivery_key.c.company_id.in_(bindparam("companies", expanding=True)),
    t.delivery_key.c.raw_sha256.in_(bindparam("digests", expanding=True)),
)

_TAKEN = union_all(
    select(t.delivery_key.c.delivery_id).where(t.delivery_key.c.delivery_id.in_(_ids)),
    select(t.queue.c.delivery_id).where(t.queue.c.delivery_id.in_(_ids)),
)

Key = tuple[int, bytes, str]  # company, sha256 of the octets, recipient


@dataclass(slots=True)
class _Waiting:
    """An intake on its way into a group."""

    intake: Intake
    data: bytes | None
    path: str | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Receipt]

    def key(self, target: Target) -> Key:
        return (self.intake.company_id, self.intake.raw.sha256, target.address)


@dataclass(slots=True)
class _Group:
    """The rows of one transaction."""

    ids: list[int]  # one for each mail, in order
    receipts: list[Receipt] = field(default_factory=list)
    raws: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    keys: list[tuple[Any, ...]] = field(default_factory=list)


class GroupSpool:
    """Takes all mail that waits into one transaction, in a thread of its own; implements ports.Spool.

    `wake` is called after each commit, in that thread. After a failed sync nothing is accepted any more: the
    system may then have dropped what it could not write, and a second sync would not tell.
    """

    def __init__(self, engine: Engine, folder: Path, wake: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._folder = folder
        self._wake = wake
        self._stamp = stamp_for(engine.dialect)
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._broken: str | None = None
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    async def put(self, intake: Intake) -> Receipt:
        """Make the mail durable, then return its receipt.

        Raises StorageFullError or StoreUnavailableError; then nothing is kept.
        """
        self._refuse_if_broken()
        data, path = intake.raw.data, None
        if intake.raw.path is not None or intake.raw.size > IN_TABLE:
            data, path = await asyncio.to_thread(self._keep, intake)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.put(_Waiting(intake, None if path else data, path, loop, future))
        return await future

    def close(self) -> None:
        """Finish what waits, then end the thread; mail put in later is refused."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()
        self._broken = self._broken or "the spool is closed"

    def answers(self) -> bool:
        """Tell whether the spool can be read and lost no write; blocks, raises StoreUnavailableError."""
        with reading(self._engine) as connection:
            connection.execute(q.DUE, {"now": datetime.now(UTC), "limit": 1}).first()
        return self._broken is None

    def _refuse_if_broken(self) -> None:
        if self._broken:
            raise StoreUnavailableError(self._broken)

    def _keep(self, intake: Intake) -> tuple[bytes, str | None]:
        """Bring the octets to where they will stay, unless the table holds them."""
        if intake.raw.size <= IN_TABLE:
            return intake.raw.read(), None
        try:
            return b"", keep(intake.raw, intake.company_id, self._folder)
        except SyncError as error:
            self._broken = str(error)
            raise

    def _run(self) -> None:
        going = True
        while going:
            group = [self._waiting.get()]
            with suppress(Empty):
                while len(group) < GROUP and group[-1] is not None:
                    group.append(self._waiting.get_nowait())
            going = group[-1] is not None
            self._take([waiting for waiting in group if waiting is not None])

    def _take(self, group: list[_Waiting]) -> None:
        """Write a group and answer all of it; if one mail spoils it, each is written on its own."""
        if not group:
            return
        try:
            receipts = self._write(group)
        except Exception as error:  # noqa: BLE001  the thread must outlive whatever a driver raises
            if len(group) > 1 and not isinstance(error, StoreUnavailableError):
                for waiting in group:
                    self._take([waiting])
                return
            if is_lost_write(error.__cause__):
                self._broken = str(error)
            self._answer(group, [_unavailable(error)] * len(group))
        else:
            with suppress(OSError):  # a filer that is gone looks by itself when it is back
                self._wake()
            self._answer(group, receipts)

    def _write(self, group: list[_Waiting]) -> list[Receipt]:
        self._refuse_if_broken()
        return self._transact(group)

    def _transact(self, group: list[_Waiting]) -> list[Receipt]:
        """TRANSACTION 1: every mail of the group, or none."""
        now = self._stamp(datetime.now(UTC))
        with self._engine.begin() as connection:
            standing = _standing(connection, group)
            rows = _Group(ids=_fresh_ids(connection, group))
            for waiting, id_ in zip(group, rows.ids, strict=True):
                self._add(rows, id_, waiting, standing, now)
            insert_rows(connection, t.raw_mail, _RAW, rows.raws, "DO NOTHING")
            insert_rows(connection, t.queue, _QUEUE, rows.entries)
            insert_rows(connection, t.delivery_key, _KEY, rows.keys)
        return rows.receipts

    def _add(self, rows: _Group, id_: int, waiting: _Waiting, standing: dict[Key, int], now: Any) -> None:
        """Add a mail's rows for the recipients that have not got these octets yet."""
        intake, raw = waiting.intake, waiting.intake.raw
        missing = tuple(target for target in intake.targets if waiting.key(target) not in standing)
        if not missing:
            first = standing[waiting.key(intake.targets[0])]
            rows.receipts.append(Receipt(first, duplicate=True))
            return
        if waiting.path and not (self._folder / waiting.path).exists():
            raise FileNotFoundError(waiting.path)  # deleted since it was kept: whoever sent it comes again
        envelope = envelopes.write(intake, missing)
        rows.raws.append((intake.company_id, raw.sha256, raw.size, waiting.data, waiting.path, now))
        rows.entries.append((
            id_, intake.company_id, "received", envelope, raw.sha256, raw.size, 0,
            self._stamp(intake.received_at), "",
        ))  # fmt: skip
        rows.keys += [(*key, id_) for key in dict.fromkeys(map(waiting.key, missing))]
        standing.update((waiting.key(target), id_) for target in missing)
        rows.receipts.append(Receipt(id_))

    def _answer(self, group: list[_Waiting], answers: Sequence[Receipt | StoreUnavailableError]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipt], Any]]] = {}
        for waiting, answer in zip(group, answers, strict=True):
            by_loop.setdefault(waiting.loop, []).append((waiting.future, answer))
        for loop, answered in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, answered)


def new_id(moment: datetime) -> int:
    """Return a delivery id: 43 bits of milliseconds, so that ids sort by time, and 20 of chance."""
    return (int(moment.timestamp() * 1000) << 20) | secrets.randbits(20)


def _unavailable(error: BaseException) -> StoreUnavailableError:
    if isinstance(error, StoreUnavailableError):
        return error
    # Not its text, which may quote the mail.
    made = StoreUnavailableError(f"the spool cannot keep this mail: {type(error).__name__}")
    made.__cause__ = error
    return made


def _standing(connection: Connection, group: list[_Waiting]) -> dict[Key, int]:
    lists = {
        "companies": list({waiting.intake.company_id for waiting in group}),
        "digests": list({waiting.intake.raw.sha256 for waiting in group}),
    }
    rows = connection.execute(_STANDING, lists)
    return {(company_id, digest, recipient): id_ for company_id, digest, recipient, id_ in rows}


def _fresh_ids(connection: Connection, group: list[_Waiting]) -> list[int]:
    """Draw an id for each mail that no mail has had before, filed ones included.

    A filed mail leaves the queue, but its keys stay: a second mail with its id would be taken for filed. The
    write lock is held, so that no other process draws at the same time.
    """
    drawn = [new_id(waiting.intake.received_at) for waiting in group]
    taken: set[int] = set()
    while True:
        ids: list[int] = []
        for id_ in drawn:
            while id_ in taken or id_ in ids:
                id_ += 1  # noqa: PLW2901 - the next that is free
            ids.append(id_)
        found = connection.execute(_TAKEN, {"ids": ids}).scalars().all()
        if not found:
            return ids
        taken.update(found)


def _resolve(answered: list[tuple[asyncio.Future[Receipt], Any]]) -> None:
    for future, answer in answered:
        if future.done():  # whoever asked was cancelled; the mail stands all the same
            continue
        if isinstance(answer, Receipt):
            future.set_result(answer)
        else:
            future.set_exception(answer)


def forgive(engine: Engine) -> None:
    """Give back what a daemon had claimed that is gone as a whole: most likely the fault of no mail.

    One that was in hand every time is suspected in the end, lest it end daemon after daemon for ever.
    """
    with engine.begin() as connection:
        connection.execute(q.FORGIVE)


class SqlQueue:
    """The filer's side of the spool; implements ports.Queue.

    On opening, claims of an earlier filer that died by itself are given back, and its death is counted: one
    of those mails may have killed it. On SQLite there is only ever one filer.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._name = secrets.token_hex(8)
        self._at_hand: dict[tuple[int, bytes], bytes] = {}
        with engine.begin() as connection:
            connection.execute(q.COUNT_DEATHS)
            # Deaths are counted nowhere else, so without suspects now there are none as long as this lives.
            self._suspects = connection.execute(q.SUSPECTS).first() is not None

    def claim(self, limit: int, now: datetime) -> list[Delivery]:
        """Take the oldest due deliveries; their attempts are counted and committed before this returns.

        Of those that may have killed filers only one is given out at a time, until it is finished or given
        back: so if a filer dies again, it is known of which.
        """
        when = {"now": now}
        with reading(self._engine) as connection:
            waits = connection.execute(q.DUE, when | {"limit": 1}).first()
            suspect = (
                connection.execute(q.DUE_SUSPECT, when | {"limit": 1}).first() if self._suspects else None
            )
        if waits is None and suspect is None:
            return []  # an idle filer disturbs no front
        rows: list[Any] = []
        with self._engine.begin() as connection:
            if suspect is not None:
                rows += connection.execute(q.CLAIM_SUSPECT, when | {"me": self._name, "limit": 1}).all()
            if limit > len(rows):
                rest = {"me": self._name, "limit": limit - len(rows)}
                rows += connection.execute(q.CLAIM, when | rest).all()
        self._fetch(rows)
        return _deliveries(rows)

    def condemned(self) -> list[Delivery]:
        """Take the mails with which filer after filer died; they are to be given up."""
        with self._engine.begin() as connection:
            return _deliveries(connection.execute(q.CONDEMN, {"me": self._name}).all())

    def raw(self, delivery: Delivery) -> bytes:
        """Return the octets of a claimed delivery."""
        key = (delivery.company_id, delivery.raw_sha256)
        found = self._at_hand.pop(key, None)
        return read_raw(self._engine, self._folder, *key) if found is None else found

    def _fetch(self, claimed: Sequence[Any]) -> None:
        """Read the octets of small mail in one statement a company: one by one they cost 0.3 ms each."""
        if len(self._at_hand) > 2 * len(claimed):
            self._at_hand.clear()  # claimed, then given back
        wanted: dict[int, list[bytes]] = {}
        for row in claimed:
            if row.size <= _SMALL:
                wanted.setdefault(row.company_id, []).append(row.raw_sha256)
        # What is claimed is claimed: a store that fails now is met again by raw().
        with suppress(StoreUnavailableError), reading(self._engine) as connection:
            for company_id, digests in wanted.items():
                found = connection.execute(q.RAWS_OF, {"company": company_id, "digests": digests})
                self._at_hand |= {(company_id, digest): data for digest, data in found if data is not None}

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Clear filed mail from the queue; keep what a retry of other mail needs."""
        with self._engine.begin() as connection:
            self._finish(connection, outcomes)

    def postpone(self, delivery_ids: Sequence[int], until: datetime, error: str, *, counted: bool) -> None:
        """Give claimed mail back; an attempt that was not the mail's own fault is not counted."""
        back = 0 if counted else 1
        rows = [
            {"id": id_, "me": self._name, "until": until, "why": error, "back": back} for id_ in delivery_ids
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(q.POSTPONE, rows)

    def _finish(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        filed = [o for o in outcomes if o.state is DeliveryState.FILED]
        kept = [o for o in outcomes if o.state is not DeliveryState.FILED]
        failed = [o for o in kept if o.state is DeliveryState.FAILED]
        if filed:
            connection.execute(q.CLEAR, [{"id": o.delivery_id, "me": self._name} for o in filed])
        if kept:
            rows = [{"id": o.delivery_id, "me": self._name, "why": f"{o.state}: {o.reason}"} for o in kept]
            connection.execute(q.KEEP, rows)
        if failed:  # the same mail sent once more is no duplicate of a failure
            connection.execute(q.FORGET, [{"id": o.delivery_id} for o in failed])


def _deliveries(rows: Sequence[Any]) -> list[Delivery]:
    return [
        envelopes.delivery(r.delivery_id, r.company_id, r.envelope, (r.raw_sha256, r.size), r.attempts)
        for r in sorted(rows, key=lambda row: row.seq)
    ]


def read_raw(engine: Engine, folder: Path, company_id: int, sha256: bytes) -> bytes:
    """Return the octets of a stored mail; raises StoreUnavailableError where they cannot be found."""
    with reading(engine) as connection:
        row: Any = connection.execute(q.RAW_OF, {"company": company_id, "sha256": sha256}).one_or_none()
    if row is None:
        raise StoreUnavailableError(f"the octets of mail {sha256.hex()} are gone")
    if row.data is not None:
        return bytes(row.data)
    try:
        return Path(folder, row.path).read_bytes()
    except OSError as error:
        raise StoreUnavailableError(f"the octets of mail {sha256.hex()} cannot be read: {error}") from error
