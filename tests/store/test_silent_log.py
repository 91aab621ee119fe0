"""Nothing of a mail reaches the log, whatever goes wrong with it."""

import asyncio
import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import structlog
from sqlalchemy import text

from bccd.cage.pool import Parsed, Pool
from bccd.config import Filing, Log
from bccd.filer import Filer
from bccd.mail.parse import parse
from bccd.model.delivery import Intake
from bccd.model.envelope import Envelope, Target
from bccd.model.reply import Reply
from bccd.observe import configure
from bccd.ports import DeliverPorts, Examination
from bccd.sources.handler import Handler
from bccd.store.engine import Stores
from bccd.store.plain import put_rows
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks
from bccd.testing import FixedClock, intake_of
from bccd.testing.evidence import SetExamination
from tests.store.plans import world

DROP = Target("crm@drop.example", 1)
RAW = (
    b"From: Canary Anna <anna@seller.example>\r\nTo: canary@customer.example\r\nSubject: canary\r\n"
    b"Message-ID: <canary@seller.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\ncanary\r\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[io.StringIO]:
    """Everything that is logged."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure(Log(key_file=str(tmp_path / "key"), format="json"), "test", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def says_nothing(log: io.StringIO) -> bool:
    """Tell whether something is logged, and nothing of the mail."""
    said = log.getvalue()
    return bool(said) and not any(word in said for word in ("anary", "anna@", "customer.example", "crm@"))


class Spooling:
    """A Receiver that goes straight to the spool."""

    def __init__(self, spool: GroupSpool, intake: Intake) -> None:
        self._spool, self._intake = spool, intake

    async def message(self, envelope: Envelope, examination: Examination) -> list[Reply]:
        del examination
        await self._spool.put(self._intake)
        return [Reply(250, "2.0.0", "ok")] * len(envelope.targets)


def hand_in(stores: Stores) -> str:
    """Hand the mail in as a listener does, and return the reply."""
    intake = intake_of(RAW, DROP)
    spool = GroupSpool(stores.spool, stores.folder)
    envelope = Envelope(
        intake.peer, intake.mail_from, intake.targets, intake.raw, intake.received_at, "s1", ("bare_lf",)
    )
    try:
        handler = Handler(cast("object", Spooling(spool, intake)))  # type: ignore[arg-type]
        return str(asyncio.run(handler.message(envelope, SetExamination()))[0])
    finally:
        spool.close()


@pytest.mark.parametrize("table", ["raw_mail", "spool", "delivery_key"])
def test_a_row_that_the_spool_refuses(stores: Stores, log: io.StringIO, table: str) -> None:
    """An IntegrityError in transaction 1 is answered 451 and logged without its parameters."""
    with stores.spool.begin() as connection:
        stop = f"CREATE TRIGGER stop BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'stop'); END"
        connection.execute(text(stop))
    assert hand_in(stores).startswith("451")
    assert "IntegrityError" in log.getvalue()
    assert says_nothing(log)


class Unreadable:
    """A pool whose parser fails as it is told, or not at all."""

    def __init__(self, failure: str) -> None:
        self.failure = failure
        self.jobs: list[tuple[int, bytes]] = []
        self.ready = True
        self.occupied = False

    def filenos(self) -> list[int]:
        return []

    def patience(self) -> float:
        return 0.01

    def room(self, size: int, *, doubtful: bool = False) -> bool:
        del size, doubtful
        return True

    def submit(self, key: int, raw: bytes, *, doubtful: bool = False) -> None:
        del doubtful
        self.jobs.append((key, raw))

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def results(self) -> list[Parsed]:
        jobs, self.jobs = self.jobs, []
        if self.failure:
            return [Parsed(key, None, self.failure) for key, _ in jobs]
        return [Parsed(key, parse(raw)) for key, raw in jobs]


@pytest.mark.parametrize("failure", ["timeout", "ValueError", ""], ids=["hangs", "raises", "cannot be filed"])
def test_a_mail_that_cannot_be_read_or_filed(stores: Stores, log: io.StringIO, failure: str) -> None:
    """A mail that hangs its parser, that a parser raises on, or whose rows the database refuses."""
    put_rows(stores, world().rows)
    assert hand_in(stores).startswith("250")
    if not failure:
        with stores.database.begin() as connection:
            stop = "CREATE TRIGGER stop BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'stop'); END"
            connection.execute(text(stop))
    queue = SqlQueue(stores.spool, stores.folder)
    ports = DeliverPorts(SqlWorks(stores.database), FixedClock())
    settings = replace(Filing(), attempts=1)
    filer = Filer(queue, ports, cast("Pool", Unreadable(failure)), settings)
    try:
        for _ in range(9):
            filer.turn(0.01)
    finally:
        filer.close()
    assert '"state":"failed"' in log.getvalue()
    assert says_nothing(log)
