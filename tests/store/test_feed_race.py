"""Many write and many read at once: the feed misses nothing, where a counter without the clock does."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bccd.directory.records import read_json
from bccd.model.envelope import Target
from bccd.model.events import EventKind
from bccd.model.message import Content, Mailbox, Message
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store import directory
from bccd.store.engine import Stores, open_engine, reading
from bccd.store.uow import SqlWorks, clocked, transaction
from bccd.testing import Seed, fill
from bccd.testing.build import NOON
from tests.feed import Follower
from tests.properties.test_pipeline_properties import Draft, Fixed, mail

ANNA = 1
COMPANIES = (1, 2)


def seed() -> Seed:
    """Return two companies with a user and a contact each."""
    made = Seed()
    for company in COMPANIES:
        made.company(company, f"crm@drop{company}.example").user(ANNA, "anna@seller.example", company=company)
        made.contact(10, "jan@customer.example", company=company)
    return made


def file(engine: Engine, company: int, numbers: range) -> None:
    """File mails that answer each other across batches and writers, so that conversations merge."""
    ports = DeliverPorts(SqlWorks(engine), Fixed())
    for number in numbers:
        content = Content(
            Mailbox("", "anna@seller.example"), 1, to=(Mailbox("", "jan@customer.example"),), date=NOON,
            subject="Offer", message_id=f"{number}@x", references=(f"{number // 3}@x",), text=f"{number}",
        )  # fmt: skip
        drop = Target(f"crm@drop{company}.example", company)
        made = mail(1_000 * company + number, Draft(ANNA, drop, Message(content), held=False))
        deliver(company, [replace(made, delivery=replace(made.delivery, company_id=company))], ports)


def load(engine: Engine, company: int, numbers: range) -> None:
    """Load contacts, one after the other."""
    for number in numbers:
        contact = {"external_id": f"k{number}", "name": "K", "addresses": [f"k{number}@else.example"]}
        directory.load(engine, read_json(json.dumps({"contacts": [contact]})), NOON, f"company-{company}")


class Recorder:
    """The reference reader, with the number of each event that it was given."""

    def __init__(self, engine: Engine, company: int) -> None:
        self.follower = Follower(engine, company, ANNA, page=7)
        self.numbers: list[int] = []
        self.company = company
        rows = self.follower.bccd.rows

        def noted(view: str, *more: Any) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = rows(view, *more)
            if view == "v1_change":
                self.numbers += [row["seq"] for row in found]
            return found

        self.follower.bccd.rows = noted

    def run(self, started: Callable[[], object], ended: Event) -> None:
        """Follow until the writers have ended, then to the end of the feed."""
        self.follower.step()
        started()
        while not ended.is_set():
            self.follower.step()
        self.follower.catch_up()

    def check(self) -> int:
        """Make sure that it was given every event once, in order, and holds what is there."""
        (feed,) = self.follower.bccd.rows("v1_feed")
        assert self.numbers == list(range(1, feed["change_seq"] + 1))
        assert self.follower.held() == self.follower.truth()
        return len(self.numbers)


def follow(engine: Engine, company: int, started: Callable[[], object], ended: Event) -> int:
    """Follow in a thread of one's own; returns how many events there were."""
    recorder = Recorder(engine, company)
    try:
        recorder.run(started, ended)
        return recorder.check()
    finally:
        recorder.follower.close()


@contextmanager
def followed(engine: Engine, *companies: int) -> Iterator[list[Future[int]]]:
    """Have readers follow these companies, all from before the block until after it."""
    ended = Event()
    with ThreadPoolExecutor(len(companies)) as pool:
        ready = [Event() for _ in companies]
        readers = [
            pool.submit(follow, engine, company, begun.set, ended)
            for company, begun in zip(companies, ready, strict=True)
        ]
        try:
            for begun, reader in zip(ready, readers, strict=True):
                while not (begun.wait(0.05) or reader.done()):
                    pass
            yield readers
        finally:
            ended.set()


@pytest.mark.db
def test_eight_writers_lose_no_reader_an_event(postgresql: Stores) -> None:
    """Filers of two nodes and directory loads, two companies: every event once, in order, as it happens."""
    fill(postgresql, seed())
    other = open_engine(postgresql.database.url.render_as_string(hide_password=False))
    nodes = (postgresql.database, other)
    with followed(other, *COMPANIES) as readers, ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(work, nodes[number % 2], company, range(10 * number, 10 * number + 10))
            for number, work in enumerate((file, file, file, load))
            for company in COMPANIES
        ]
        for job in jobs:
            job.result()
    assert all(reader.result() >= 40 for reader in readers)
    other.dispose()


def test_readers_beside_the_one_writer_of_sqlite_miss_nothing(sqlite: Stores) -> None:
    """Three who read the file while it is written."""
    fill(sqlite, seed())
    with followed(sqlite.database, 1, 1, 2) as readers:
        for start in (0, 10, 20):
            file(sqlite.database, 1, range(start, start + 10))
            file(sqlite.database, 2, range(start, start + 5))
            load(sqlite.database, 1, range(start, start + 3))
    assert [reader.result() >= 15 for reader in readers] == [True] * 3


NAIVE = "SELECT id FROM naive WHERE id > :cursor ORDER BY id"
FEED = "SELECT seq FROM v1_change WHERE company_id = 1 AND viewer_user_id = 1 AND seq > :cursor ORDER BY seq"


class Poller:
    """A reader that remembers the highest number it has seen."""

    def __init__(self, engine: Engine, sql: str) -> None:
        self._engine, self._sql = engine, sql
        self.seen: list[int] = []

    def look(self) -> None:
        """Read what is new."""
        with reading(self._engine) as connection:
            given = {"cursor": max(self.seen, default=0)}
            self.seen += connection.execute(text(self._sql), given).scalars()


@pytest.mark.db
def test_numbers_taken_without_the_clock_lose_what_commits_late(postgresql: Stores) -> None:
    """The first of two to begin is the last to commit: a sequence passes it over, the feed waits for it."""
    fill(postgresql, seed())
    engine = postgresql.database
    naive, feed = Poller(engine, NAIVE), Poller(engine, FEED)
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE naive (id bigserial PRIMARY KEY)"))

    def announce() -> None:
        with clocked(engine, 1) as work:
            work.announce(EventKind.COMPANY_CHANGED, NOON, [1])

    with ThreadPoolExecutor(1) as pool, ExitStack() as first:
        slow = first.enter_context(transaction(engine))
        slow.execute(text("INSERT INTO naive DEFAULT VALUES"))
        held = first.enter_context(clocked(engine, 1))
        held.announce(EventKind.COMPANY_CHANGED, NOON, [1])
        with transaction(engine) as fast:
            fast.execute(text("INSERT INTO naive DEFAULT VALUES"))
        second = pool.submit(announce)
        _until_somebody_waits(engine)
        naive.look()
        feed.look()
        assert (naive.seen, feed.seen) == ([2], [])
        first.close()
        second.result()
        naive.look()
        feed.look()
    assert naive.seen == [2], "number 1 came too late, and is lost for good"
    assert feed.seen == [1, 2]


def _until_somebody_waits(engine: Engine) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while True:
        with transaction(engine) as connection:
            if connection.execute(waiting).scalar_one():
                return
