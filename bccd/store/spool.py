"""Transaction 1 and the filer's marks in the spool; with uow.py the only place that commits."""

import asyncio
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Engine

from bccd.meters.families import SPOOL, SPOOL_FAILED
from bccd.model.delivery import Delivery, Intake, Receipt
from bccd.model.errors import LostWriteError, StoreUnavailableError
from bccd.model.plan import Outcome
from bccd.store import envelopes
from bccd.store import marks as q
from bccd.store import tables as t
from bccd.store.claims import Claimed, Claims
from bccd.store.engine import UNSYNCED, is_lost_write, reading, writing
from bccd.store.entries import vanish
from bccd.store.ids import fresh_ids, new_ids
from bccd.store.inserts import insert_rows, stamp_for
from bccd.store.moved import refuse_if_moved, refuse_moved
from bccd.store.octets import Octets
from bccd.store.postgresql import is_postgresql
from bccd.store.rawfiles import IN_TABLE, SyncError, keep
from bccd.store.spoolrows import KEY, QUEUE, RAW, Key, Rows, Texts, Waiting, standing_keys
from bccd.store.uow import Fence, transaction

GROUP = 64  # mails in one transaction
_CLOSED = "the spool is closed"
_GROUP_OCTETS = 64 * 2**20  # and when no further mail joins them
_SURE_SECONDS = 1.0  # how long after a commit another is begun without a look at where the file is
_PLACERS = 4  # large mails that are read, or brought to their place and synced, at once
_TRIES = 3  # where another process wrote the same keys at the same time


class _KnownError(Exception):
    """A mail of the group has an id that another has had."""


class GroupSpool:
    """Takes all mail that waits into one transaction, in a thread of its own; implements ports.Spool.

    `wake` is called after each commit, in that thread. After a failed sync nothing is accepted any more: the
    system may then have dropped what it could not write, and a second sync would not tell. Nor is anything as
    long as the file is not where it was opened: who restarts bccd would not find that mail.
    """

    def __init__(self, engine: Engine, folder: Path, wake: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._folder = folder
        self._wake = wake
        self._stamp = stamp_for(engine.dialect)
        self._texts = None if is_postgresql(engine) else Texts(engine.dialect)
        self._conflict: type[BaseException] = (
            engine.dialect.loaded_dbapi.IntegrityError
        )  # as the driver tells it
        # What another node may have to file stands where all nodes find it.
        self._in_table = sys.maxsize if is_postgresql(engine) else IN_TABLE
        self._waiting: deque[Waiting] = deque()
        # Its own: the loop's threads may all wait for an answer to /readyz or /metrics.
        self._placers = ThreadPoolExecutor(_PLACERS, "placer")
        self._bell: SimpleQueue[bool] = SimpleQueue()  # True for each mail, False at the end
        self._broken: str | None = None
        self._sure_until = 0.0  # until when the file is taken to be in its place
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    async def put(self, intake: Intake) -> Receipt:
        """Make the mail durable, then return its receipt.

        Raises StorageFullError or StoreUnavailableError; then nothing is kept.
        """
        self._refuse_if_broken()
        loop = asyncio.get_running_loop()
        if intake.raw.path is None and intake.raw.size <= self._in_table:
            where: tuple[bytes | None, str | None] = (intake.raw.data, None)
        else:
            where = await loop.run_in_executor(self._placers, self._place, intake)
        future: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.append(Waiting(intake, *where, future))
        # Behind all that the loop has at hand, so that mail which came together goes into one transaction.
        loop.call_soon(self._bell.put, True)
        return await future

    def put_all(self, intakes: Sequence[Intake]) -> list[Receipt | StoreUnavailableError]:
        """Make at most GROUP mails durable in the caller's thread, in one transaction; tells of each."""
        try:
            return self._answers([Waiting(intake, *self._place(intake)) for intake in intakes])
        except StoreUnavailableError as error:
            return [error] * len(intakes)

    def close(self) -> None:
        """Finish what waits, then end the thread; mail put in later is refused."""
        if self._thread.is_alive():
            self._bell.put(False)
            self._thread.join()
        self._broken = self._broken or _CLOSED
        self._placers.shutdown()

    def answers(self) -> bool:
        """Tell whether the spool can be read; blocks, raises StoreUnavailableError, also for a lost write."""
        with reading(self._engine) as connection:
            connection.execute(q.DUE, {"now": datetime.now(UTC), "limit": 1}).first()
            refuse_moved(connection.info)
        if self._broken not in {None, _CLOSED}:
            raise LostWriteError
        return self._broken is None

    def _refuse_if_broken(self) -> None:
        if self._broken:
            raise StoreUnavailableError(self._broken)

    def _place(self, intake: Intake) -> tuple[bytes | None, str | None]:
        """Return the octets that the table will hold, or bring them to the file where they will stay."""
        if intake.raw.size > self._in_table:
            return None, self._keep(intake)
        if intake.raw.path is not None and intake.raw.size <= IN_TABLE:
            return intake.raw.read(), None
        return intake.raw.data or None, None  # a larger one is read when it is written

    def _keep(self, intake: Intake) -> str:
        """Bring the octets to where they will stay."""
        try:
            return keep(intake.raw, intake.company_id, self._folder)
        except SyncError as error:
            self._broken = str(error)
            raise

    def _run(self) -> None:
        going = True
        while going:
            going = self._bell.get()
            while group := self._next_group():
                self._take(group)

    def _next_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        octets = 0
        while self._waiting and len(group) < GROUP and octets <= _GROUP_OCTETS:
            group.append(self._waiting.popleft())
            octets += group[-1].intake.raw.size
        return group

    def _take(self, group: list[Waiting]) -> None:
        self._answer(group, self._answers(group))

    def _answers(self, group: list[Waiting]) -> list[Receipt | StoreUnavailableError]:
        """Write a group and say what became of each; if one mail spoils it, each is written on its own."""
        begun = time.monotonic()
        try:
            if begun > self._sure_until:
                refuse_if_moved(self._engine)
            receipts = self._write(group)
            SPOOL.observe((ended := time.monotonic()) - begun)
            self._sure_until = ended + _SURE_SECONDS
        except Exception as error:  # noqa: BLE001  the thread must outlive whatever a driver raises
            if len(group) > 1 and not isinstance(error, StoreUnavailableError):
                return [answer for waiting in group for answer in self._answers([waiting])]
            SPOOL_FAILED.add()
            self._sure_until = 0.0
            if is_lost_write(error.__cause__):
                self._broken = str(error)
            return [_unavailable(error)] * len(group)
        with suppress(OSError):  # a filer that is gone looks by itself when it is back
            self._wake()
        return list(receipts)

    def _write(self, group: list[Waiting]) -> list[Receipt]:
        self._refuse_if_broken()
        for _ in range(_TRIES - 1):
            with suppress(self._conflict):
                return self._transact(group)
        return self._transact(group)

    def _transact(self, group: list[Waiting]) -> list[Receipt]:
        """TRANSACTION 1: every mail of the group, or none."""
        if self._texts is not None:
            # Nearly all mail is new: to look whether it is took as long as to write it.
            with suppress(self._conflict, _KnownError):
                return self._insert(group, self._texts)
        with transaction(self._engine) as connection:
            ids = fresh_ids(connection, [waiting.intake.received_at for waiting in group])
            rows = self._rows(group, ids, standing_keys(connection, group))
            # In one order everywhere, so that fronts with the same mail wait, and never for each other.
            raws = sorted(rows.raws, key=itemgetter(0, 1))
            insert_rows(connection, t.raw_mail, RAW, raws, "DO NOTHING", large=True)
            insert_rows(connection, t.queue, QUEUE, rows.entries)
            insert_rows(connection, t.delivery_key, KEY, sorted(rows.keys))
        return rows.receipts

    def _insert(self, group: list[Waiting], texts: Texts) -> list[Receipt]:
        """Write mail as if all of it were new; raises _KnownError, or the driver's error, where it is not."""
        rows = self._rows(group, new_ids(waiting.intake.received_at for waiting in group), {})
        with writing(self._engine) as connection:
            connection.executemany(texts.raw, rows.raws)
            written = connection.executemany(texts.entry, [(*entry, entry[0]) for entry in rows.entries])
            if written.rowcount < len(rows.entries):
                raise _KnownError
            connection.executemany(texts.key, rows.keys)
        return rows.receipts

    def _rows(self, group: list[Waiting], ids: list[int], standing: dict[Key, int]) -> Rows:
        return Rows(group, ids, standing, self._folder, self._stamp)

    def _answer(self, group: list[Waiting], answers: Sequence[Receipt | StoreUnavailableError]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipt], Any]]] = {}
        for waiting, answer in zip(group, answers, strict=True):
            if waiting.future is not None:
                by_loop.setdefault(waiting.future.get_loop(), []).append((waiting.future, answer))
        for loop, answered in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, answered)


def _unavailable(error: BaseException) -> StoreUnavailableError:
    if isinstance(error, StoreUnavailableError):
        return error
    # Not its text, which may quote the mail.
    made = StoreUnavailableError(f"the spool cannot keep this mail: {type(error).__name__}")
    made.__cause__ = error
    return made


def _resolve(answered: list[tuple[asyncio.Future[Receipt], Any]]) -> None:
    for future, answer in answered:
        if future.done():  # whoever asked was cancelled; the mail stands all the same
            continue
        if isinstance(answer, Receipt):
            future.set_result(answer)
        else:
            future.set_exception(answer)


def forgive(engine: Engine, folder: Path) -> None:
    """Give back what this node's daemon had claimed that is gone as a whole: most likely no mail's fault.

    One that was in hand every time is suspected in the end, lest it end daemon after daemon for ever.
    """
    with engine.begin() as connection:
        Claims.of(engine, folder).forgive(connection)


class SqlQueue:
    """The filer's side of the spool; implements ports.Queue.

    On opening, claims of this node's earlier filer that died by itself are given back, and its death is
    counted: one of those mails may have killed it. Where filers share a queue, `fence` keeps this one from
    filing mail that another has taken over; it is called in transaction 2. `needed` tells whether stored mail
    has some octets; where nobody can tell, those of a rehearsal are kept.
    """

    def __init__(
        self, engine: Engine, folder: Path, needed: Callable[[int, bytes], bool] = lambda *_: True
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._needed = needed
        # What a power cut undoes is done again: a claim is made, and what was filed is known as filed.
        self._unsynced = engine.execution_options(**{UNSYNCED: True})
        self._claims = Claims.of(engine, folder)
        self._octets = Octets(engine, folder)
        self.fence: Fence | None = self._claims.hold if self._claims.shared else None
        with engine.begin() as connection:
            self._claims.count_deaths(connection)
            # Deaths are counted when claims are freed: without suspects now there are none until then.
            self._suspects = self._claims.suspects(connection)

    def claim(self, limit: int, now: datetime) -> list[Delivery]:
        """Take the oldest due deliveries; their attempts are counted and committed before this returns.

        Of those that may have killed filers only one is given out at a time, until it is finished or given
        back: so if a filer dies again, it is known of which.
        """
        claims = self._claims
        with reading(self._engine) as connection:
            expired = claims.expired(connection)
            waits = claims.due(connection, now)
            suspect = self._suspects and claims.due(connection, now, suspect=True)
        if not (expired or waits or suspect):
            return []  # an idle filer disturbs no front
        rows: list[Claimed] = []
        with self._unsynced.begin() as connection:
            if expired:
                claims.release_expired(connection)
                self._suspects = claims.suspects(connection)
            if self._suspects:
                rows += claims.take(connection, 1, now, suspect=True)
            if limit > len(rows):
                rows += claims.take(connection, limit - len(rows), now)
        self._octets.fetch(rows)
        return _deliveries(rows)

    def condemned(self) -> list[Delivery]:
        """Take the mails with which filer after filer died; they are to be given up."""
        with self._engine.begin() as connection:
            return _deliveries(self._claims.condemn(connection))

    def renew(self, delivery_ids: Sequence[int]) -> frozenset[int]:
        """Hold on to claimed mail; returns what still is this filer's."""
        opened = self._engine.begin() if self._claims.shared else reading(self._engine)
        with opened as connection:
            return self._claims.renew(connection, delivery_ids)

    def raw(self, delivery: Delivery) -> bytes:
        """Return the octets of a claimed delivery."""
        return self._octets.of(delivery)

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Clear filed mail from the queue; keep what a retry of other mail needs, nothing of a rehearsal."""
        with self._unsynced.begin() as connection:
            self._claims.finish(connection, [one for one in outcomes if not one.vanishes])
        for one in outcomes:
            if one.vanishes:
                vanish(self._engine, self._folder, one.delivery_id, self._needed)

    def postpone(self, delivery_ids: Sequence[int], until: datetime, error: str, *, counted: bool) -> None:
        """Give claimed mail back; an attempt that was not the mail's own fault is not counted."""
        with self._engine.begin() as connection:
            self._claims.postpone(connection, delivery_ids, until, error, counted=counted)


def _deliveries(rows: Sequence[Claimed]) -> list[Delivery]:
    return [
        envelopes.delivery(r.delivery_id, r.company_id, r.envelope, (r.raw_sha256, r.size), r.attempts)
        for r in sorted(rows, key=lambda row: row.seq)
    ]
