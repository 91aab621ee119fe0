"""Transaction 2: one company's clock locked, facts read, plans written, committed once."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, RootTransaction, bindparam, insert, select, update

from bccd.model.delivery import Mail
from bccd.model.directory import Company
from bccd.model.errors import MistakeError
from bccd.model.events import EventKind
from bccd.model.facts import Facts, Query
from bccd.model.plan import Change, Plan
from bccd.store import tables as t
from bccd.store.apply import Applier
from bccd.store.direct import Statement
from bccd.store.engine import ROOMY
from bccd.store.gather import Gatherer
from bccd.store.inserts import stamp_for
from bccd.store.master import Master, load_master
from bccd.store.moved import refuse_moved
from bccd.store.rows import Batch
from bccd.store.statistics import look_again

# FOR UPDATE where rows are locked one by one; on SQLite BEGIN IMMEDIATE has locked everything already.
_LOCK_CLOCK = Statement(
    select(t.company_clock.c.next_id, t.company_clock.c.change_seq, t.company_clock.c.directory_version)
    .where(t.company_clock.c.company_id == bindparam("company"))
    .with_for_update()
)
# Execution option of an engine: called after each commit that wrote events, with company and last event.
AFTER_COMMIT = "bccd_after_commit"
_MOVED = "bccd_moved"  # what a transaction notes of the clocks that it moves, until it is committed

_LOOK_FROM = 8  # transactions, and whenever they have doubled


Fence = Callable[[Connection, Collection[int]], None]


class SqlWorks:
    """Opens transactions 2; implements ports.WorkOpener.

    `fence` is asked in each before anything is written, with the connection and the deliveries to be filed;
    it raises ClaimLostError where they are no longer this process's to file.
    """

    def __init__(self, engine: Engine, fence: Fence | None = None) -> None:
        self._engine = engine
        self._fence = fence
        self._masters: dict[int, Master] = {}
        self._opened = 0

    def __call__(self, company_id: int) -> "SqlWork":
        """Return the transaction; it begins when entered."""
        self._opened += 1
        if self._opened >= _LOOK_FROM and self._opened.bit_count() == 1:
            with transaction(self._engine) as connection:
                look_again(connection)
        return SqlWork(self._engine, company_id, self._masters, self._fence)


class SqlWork:
    """One transaction 2; implements ports.UnitOfWork."""

    def __init__(
        self,
        engine: Engine,
        company_id: int,
        masters: dict[int, Master] | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._engine = engine
        self._company_id = company_id
        self._masters = {} if masters is None else masters
        self._fence = fence
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None
        self._clock = (0, 0)
        self._moved = False

    def __enter__(self) -> Self:
        self._connection = self._engine.connect().execution_options(**{ROOMY: True})
        try:
            refuse_moved(self._connection.info)
            self._transaction = self._connection.begin()
            next_id, change_seq, version = lock_clock(self._connection, self._company_id)
            self._clock = (next_id, change_seq)
            self._load_master(version)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @property
    def company(self) -> Company:
        """The company as of the locked clock."""
        return self._masters[self._company_id].company

    def gather(self, query: Query) -> Facts:
        """Read all that the query names, as of the locked clock."""
        return Gatherer(self._open(), self._masters[self._company_id]).gather(query, self._clock)

    def apply(self, mails: Sequence[Mail], plans: Sequence[Plan], now: datetime) -> None:
        """Write the plans' rows, in order, and move the clock beyond their ids and events.

        Raises ClaimLostError where another filer has taken over some of the mails.
        """
        connection = self._open()
        if self._fence is not None:
            self._fence(connection, [mail.delivery.id for mail in mails])
        batch = Batch(self._company_id, *self._clock, now, stamp_for(connection.dialect))
        for mail, plan in zip(mails, plans, strict=True):
            batch.add(mail, plan)
        Applier(connection, self._company_id).apply(batch)
        self._moved |= batch.change_seq > self._clock[1]
        self._clock = (batch.next_id, batch.change_seq)

    def commit(self) -> None:
        """Make everything applied durable; raises FileMovedError where it stands in a file that is gone."""
        if self._transaction is None:
            raise RuntimeError("the unit of work is not open")
        self._transaction.commit()
        refuse_moved(self._open().info)
        if self._moved:
            _tell(self._open(), {self._company_id: self._clock[1]})

    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the unit of work is not open")
        return self._connection

    def _close(self) -> None:
        connection, self._connection, self._transaction = self._connection, None, None
        if connection is not None:
            connection.close()  # rolls back what was not committed

    def _load_master(self, version: int) -> None:
        known = self._masters.get(self._company_id)
        if known is None or known.version != version:
            self._masters[self._company_id] = load_master(self._open(), self._company_id, version)


def lock_clock(connection: Connection, company_id: int) -> tuple[int, int, int]:
    """Lock the company's clock and return (next id, last event, directory version); raises MistakeError."""
    rows = _LOCK_CLOCK.rows(connection, {"company": company_id})
    if not rows:
        raise MistakeError(f"there is no company {company_id}")
    next_id, change_seq, version = rows[0]
    return next_id, change_seq, version


@dataclass(slots=True)
class Clocked:
    """A write transaction that holds a company's clock, for writers other than the filer."""

    connection: Connection
    company_id: int
    next_id: int
    change_seq: int
    directory_version: int

    def take_id(self) -> int:
        """Return the next id."""
        self.next_id += 1
        return self.next_id - 1

    def announce(
        self, kind: EventKind, now: datetime, entities: Sequence[int], *, audience_id: int = 0
    ) -> None:
        """Write an event for each of these records into the change feed."""
        self.tell([Change(kind, audience_id, entity_id=id_) for id_ in entities], now)

    def tell(self, changes: Sequence[Change], now: datetime) -> None:
        """Write these events into the change feed, in order."""
        rows = [
            {
                "company_id": self.company_id, "seq": seq, "at": now, "kind": change.kind.value,
                "audience_id": change.audience_id, "conversation_id": change.conversation_id,
                "message_id": change.message_id, "entity_id": change.entity_id,
                "actor_id": change.actor_id,
            }
            for seq, change in enumerate(changes, self.change_seq + 1)
        ]  # fmt: skip
        if not rows:
            return
        self.connection.execute(insert(t.change), rows)
        self.change_seq += len(rows)
        self.connection.info.setdefault(_MOVED, {})[self.company_id] = self.change_seq

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run a part of the transaction that an exception undoes alone, ids and events included."""
        stood = self.next_id, self.change_seq
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self.next_id, self.change_seq = stood
            raise

    def save(self) -> None:
        """Put the clock where it now stands."""
        if self.company_id in self.connection.info.get(_MOVED, {}):  # perhaps by what was undone since
            self.connection.info[_MOVED][self.company_id] = self.change_seq
        self.connection.execute(
            update(t.company_clock)
            .where(t.company_clock.c.company_id == self.company_id)
            .values(
                next_id=self.next_id, change_seq=self.change_seq, directory_version=self.directory_version
            )
        )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run a write transaction: committed at the end, rolled back by an exception.

    Raises FileMovedError where it was committed to a file that is no longer in its place.
    """
    with engine.connect() as connection:
        connection.info.pop(_MOVED, None)  # of a transaction that was rolled back
        with connection.begin():
            yield connection
        refuse_moved(connection.info)
        _tell(connection, connection.info.pop(_MOVED, {}))


def _tell(connection: Connection, moved: Mapping[int, int]) -> None:
    """Let whoever asked know which companies' feeds go on; what was committed must be there for them."""
    tell = connection.engine.get_execution_options().get(AFTER_COMMIT)
    if tell is not None:
        for company_id, seq in moved.items():
            tell(company_id, seq)


def clock(connection: Connection, company_id: int) -> Clocked:
    """Lock a company's clock within a write transaction; raises MistakeError where there is no company."""
    return Clocked(connection, company_id, *lock_clock(connection, company_id))


@contextmanager
def clocked(engine: Engine, company_id: int) -> Iterator[Clocked]:
    """Run a write transaction under a company's clock."""
    with transaction(engine) as connection:
        work = clock(connection, company_id)
        yield work
        work.save()
