"""What PostgreSQL is asked for, and what is answered when it cannot do it."""

import asyncio
import json
import select
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import ProgrammingError

from bccd.bootstrap import tell_front_ends
from bccd.config import Log
from bccd.model.delivery import Intake, Receipt
from bccd.model.envelope import Raw, Target
from bccd.model.errors import ConfigError, StorageFullError, StoreUnavailableError
from bccd.model.events import EventKind
from bccd.observe import configure
from bccd.store import bell as bell_module
from bccd.store import entries
from bccd.store.bell import Listening, Ringer
from bccd.store.direct import execute
from bccd.store.engine import UNSYNCED, Stores, open_engine, open_engines, reading
from bccd.store.postgresql import _refuse, normal_url, open_postgresql
from bccd.store.rawfiles import IN_TABLE
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks, clocked, transaction
from bccd.testing import intake_of, rows
from bccd.testing.build import NOON, Seed
from bccd.testing.rows import fill
from tests.canary import CANARY
from tests.feed import place_of
from tests.server import Server
from tests.store.conftest import config_of
from tests.store.plans import filed, world

pytestmark = pytest.mark.db

DROP = Target("crm@drop.example", 1)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def spool(postgresql: Stores) -> Iterator[GroupSpool]:
    """Return a spool."""
    made = GroupSpool(postgresql.spool, postgresql.folder)
    yield made
    made.close()


def small(number: int = 1, company: int = 1) -> Intake:
    """Return a mail."""
    raw = b"Subject: %d\r\n\r\nHello\r\n" % number
    return intake_of(raw, replace(DROP, company_id=company), received_at=NOON + timedelta(seconds=number))


def put(spool: GroupSpool, *intakes: Intake) -> list[Receipt | BaseException]:
    """Put mails all at once and return each one's answer or exception."""

    async def all_at_once() -> list[Receipt | BaseException]:
        waiting = (spool.put(intake) for intake in intakes)
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    return asyncio.run(all_at_once())


def setting(stores: Stores, name: str) -> str:
    """Return what holds for a connection."""
    with stores.database.connect() as connection:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())


# ---- the engine ------------------------------------------------------------------------------------------


def test_a_commit_is_durable_whatever_the_server_does_by_itself(
    server: Server, migrated: str, tmp_path: Path
) -> None:
    """Where a commit may be forgotten by default, ours is not; nor is another isolation taken over."""
    with server.database(migrated) as name:
        server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        server.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        stores = open_engines(config_of(tmp_path, server.url(name)))
        assert setting(stores, "synchronous_commit") == "on"
        assert setting(stores, "transaction_isolation") == "read committed"
        assert setting(stores, "TimeZone") == "UTC"
        stores.close()


def test_only_what_says_so_is_not_synced(server: Server, migrated: str, tmp_path: Path) -> None:
    """A transaction that may be undone by a crash of the server leaves no trace: the next one is synced."""
    with server.database(migrated) as name:
        stores = open_engines(config_of(tmp_path, server.url(name)))
        unsynced = stores.spool.execution_options(**{UNSYNCED: True})
        for engine, level in ((stores.spool, "on"), (unsynced, "off"), (stores.spool, "on")):
            with engine.begin() as connection:
                assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == level
        stores.close()


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (("on", 140_012, "UTF8", "on", "on"), "this is PostgreSQL 14; bccd needs 15 or newer"),
        (("on", 150_000, "SQL_ASCII", "on", "on"), "encoding is SQL_ASCII"),
        (("on", 150_000, "UTF8", "off", "on"), "fsync = off"),
        (("on", 150_000, "UTF8", "on", "off"), "full_page_writes = off"),
        (("off", 150_000, "UTF8", "on", "on"), "synchronous_commit = off"),
    ],
)
def test_a_server_that_may_forget_is_refused(found: tuple[Any, ...], sentence: str) -> None:
    """Nothing is confirmed on the word of a server that is too old or does not sync."""
    with pytest.raises(StoreUnavailableError, match=sentence):
        _refuse(*found)
    _refuse("remote_apply", 150_000, "UTF8", "on", "on")


def test_a_refused_connection_is_not_used(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal reaches whoever opens the store."""
    monkeypatch.setattr("bccd.store.postgresql.OLDEST", 99)
    with pytest.raises(StoreUnavailableError, match="bccd needs 99 or newer"):
        open_engines(config_of(tmp_path, server.url("postgres")))


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A url without the extra that it needs says what to install."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"see docs/howto/postgresql\.md"):
        open_engines(config_of(tmp_path, "postgresql://localhost/bccd"))


def test_the_url_may_say_how_the_server_is_reached(server: Server) -> None:
    """What the url sets wins; the rest has limits, so that no dead host holds a process."""
    engine = open_postgresql(open_engine(normal_url(server.url("postgres") + "&application_name=x")).url)
    with engine.connect() as connection:
        found: Any = connection.connection.driver_connection
        assert found.info.get_parameters()["application_name"] == "x"
        assert found.info.get_parameters()["connect_timeout"] == "5"
    engine.dispose()


def test_a_standby_is_not_connected_to(server: Server) -> None:
    """It would answer all questions and keep no mail; the driver looks at that, unless the url forbids it."""
    for more, wanted in (("", "primary"), ("&target_session_attrs=any", "any")):
        engine = open_postgresql(open_engine(normal_url(server.url("postgres") + more)).url)
        with engine.connect() as connection:
            found: Any = connection.connection.driver_connection
            assert found.info.get_parameters().get("target_session_attrs", "any") == wanted
        engine.dispose()


def test_hosts_without_their_ports_are_a_mistake_in_the_url() -> None:
    """The driver cannot tell whose port it is, and no program is at fault."""
    with pytest.raises(ConfigError, match=r"\?host=A:5432&host=B:5432"):
        open_engine(normal_url("postgresql://bccd@/bccd?host=a&host=b&port=5433"))


RAISE = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '%s'; END $$"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", StorageFullError),
        ("53300", StoreUnavailableError),
        ("57P01", StoreUnavailableError),
        ("08006", StoreUnavailableError),
        ("40001", StoreUnavailableError),
        ("40P01", StoreUnavailableError),
        ("55P03", StoreUnavailableError),
        ("25006", StoreUnavailableError),
        ("42501", StoreUnavailableError),
        ("58030", StoreUnavailableError),
    ],
)
def test_failures_are_told_apart(postgresql: Stores, state: str, kind: type[Exception]) -> None:
    """A full disk is told from what passes by itself; both are no mail's fault."""
    with pytest.raises(StoreUnavailableError) as caught, transaction(postgresql.database) as connection:
        connection.exec_driver_sql(RAISE % state)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)


def test_a_mistake_in_sql_is_no_absence(postgresql: Stores) -> None:
    """A second try would not help."""
    with pytest.raises(ProgrammingError), transaction(postgresql.database) as connection:
        connection.execute(text("SELECT nonsense"))


def terminate(stores: Stores) -> None:
    """End every other connection, as a server does that shuts down."""
    with transaction(stores.database) as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_commit_that_is_not_answered_is_no_commit(
    postgresql: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it happened is not known: the sender is told to come again, and his mail is known then."""
    dialect = postgresql.spool.dialect
    commit = dialect.do_commit

    def lose(connection: Any) -> None:
        commit(connection)
        monkeypatch.undo()
        terminate(postgresql)
        connection.execute("SELECT 1")  # what waits for the answer gets this one's failure

    monkeypatch.setattr(dialect, "do_commit", lose)
    (answer,) = put(spool, small())
    assert isinstance(answer, StoreUnavailableError)
    assert len(rows(postgresql, "spool")["spool"]) == 1
    (again,) = put(spool, small())
    assert isinstance(again, Receipt)
    assert again.duplicate


def test_a_connection_that_was_closed_already_is_a_loss_too(postgresql: Stores) -> None:
    """psycopg says so when it is asked for a cursor, before any statement; the next connection is another."""
    with postgresql.database.connect() as connection:
        close_below(connection)
        with pytest.raises(StoreUnavailableError):
            execute(connection, "SELECT 1", {})
    with postgresql.database.connect() as connection:
        assert execute(connection, "SELECT 1", {}) == [(1,)]


@pytest.mark.parametrize("gone", [True, False])
def test_what_the_pool_says_of_a_lost_connection_is_no_error(
    postgresql: Stores, gone: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as the loss that it is; a mistake of the program in the same place stays an error."""

    def mistake(_connection: Any) -> None:
        raise ValueError(CANARY)

    pooled = postgresql.database.raw_connection()
    if gone:
        pooled.driver_connection.close()  # type: ignore[union-attr]
    else:
        monkeypatch.setattr(postgresql.database.pool._dialect, "do_rollback", mistake)
    configure(Log(), "filer")
    pooled.close()
    (line,) = (json.loads(said) for said in capsys.readouterr().out.splitlines())
    assert CANARY not in str(line)
    assert line["library"] == "sqlalchemy.pool.impl.QueuePool"
    if gone:
        assert (line["event"], line["level"]) == ("database_away", "warning")
        assert line["exception"].startswith("OperationalError at ")
    else:
        assert (line["event"], line["level"]) == ("Exception during reset or similar", "error")
        assert line["exception"].startswith("ValueError at ")


def close_below(connection: Connection) -> None:
    """Close what the pool has, without its knowing."""
    connection.connection.driver_connection.close()  # type: ignore[union-attr]


def test_lost_connections_cost_nothing(postgresql: Stores, spool: GroupSpool) -> None:
    """Those at rest are found to be dead before they are used."""
    put(spool, small(1))
    terminate(postgresql)
    (answer,) = put(spool, small(2))
    assert isinstance(answer, Receipt)


def test_readers_see_one_state(postgresql: Stores) -> None:
    """What is committed between two statements of a reader shows in neither."""
    fill(postgresql, Seed().company(1))
    count = text("SELECT count(*) FROM company")
    with reading(postgresql.database) as connection:
        assert connection.execute(count).scalar_one() == 1
        fill(postgresql, Seed().company(2))
        assert connection.execute(count).scalar_one() == 1
        with pytest.raises(StoreUnavailableError, match="read-only"):
            connection.execute(text("DELETE FROM company_clock"))


def test_a_clock_is_waited_for_by_its_company_alone(postgresql: Stores) -> None:
    """Whoever holds a company's clock holds up no other company."""
    fill(postgresql, Seed().company(1).company(2))
    works = SqlWorks(postgresql.database)
    entered: list[str] = []

    def second() -> None:
        with works(1):
            entered.append("second")

    with works(1):
        waiting = threading.Thread(target=second)
        waiting.start()
        with works(2):
            entered.append("other")
        time.sleep(0.1)
        entered.append("first")
    waiting.join(10)
    assert entered == ["other", "first", "second"]


# ---- transaction 1 ---------------------------------------------------------------------------------------


def test_large_mail_stands_in_the_table(postgresql: Stores, spool: GroupSpool, tmp_path: Path) -> None:
    """Every node must be able to read it, so no node keeps it to itself."""
    octets = b"x" * (3 * IN_TABLE)
    (tmp_path / "incoming").write_bytes(octets)
    raw = Raw(sha256(octets).digest(), len(octets), b"", path=tmp_path / "incoming")
    put(spool, replace(small(), raw=raw))
    ((row),) = rows(postgresql, "raw_mail")["raw_mail"]
    assert (bytes(row["data"]), row["path"]) == (octets, None)
    (tmp_path / "elsewhere").mkdir()
    queue = SqlQueue(postgresql.spool, tmp_path / "elsewhere")
    (claimed,) = queue.claim(1, LATER)
    assert queue.raw(claimed) == octets


def test_fronts_that_get_the_same_mail_keep_it_once(postgresql: Stores) -> None:
    """In whatever order it comes to them, none blocks another, and all give it one id."""
    spools = [GroupSpool(postgresql.spool, postgresql.folder) for _ in range(4)]
    mails = [small(number) for number in range(40)]
    orders = [mails, mails[::-1], mails[20:] + mails[:20], mails[::3] + mails[1::3] + mails[2::3]]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda pair: put(pair[0], *pair[1]), zip(spools, orders, strict=True)))
    given: dict[bytes, set[int]] = {}
    for order, found in zip(orders, answers, strict=True):
        for intake, answer in zip(order, found, strict=True):
            assert isinstance(answer, Receipt), answer
            given.setdefault(intake.raw.sha256, set()).add(answer.delivery_id)
    assert {len(ids) for ids in given.values()} == {1}
    assert len(rows(postgresql, "spool")["spool"]) == 40
    for spool in spools:
        spool.close()


def test_octets_are_not_deleted_under_a_mail_that_comes_in(postgresql: Stores) -> None:
    """A mail is deleted by the operator again and again while another front takes the same octets in."""
    fill(postgresql, Seed().company(1, DROP.address))
    spool = GroupSpool(postgresql.spool, postgresql.folder)
    other = GroupSpool(postgresql.spool, postgresql.folder)
    second = Target("crm+private@drop.example", 1)
    octets = small().raw.data
    for _ in range(10):
        (receipt,) = put(spool, small())
        assert isinstance(receipt, Receipt)
        with transaction(postgresql.spool) as connection:
            connection.exec_driver_sql("UPDATE spool SET state = 'kept', error = 'held: x'")
        with ThreadPoolExecutor() as pool:
            removing = pool.submit(entries.remove, postgresql, receipt.delivery_id, NOON)
            (answer,) = put(other, intake_of(octets, second))
            removing.result(20)
        assert isinstance(answer, Receipt)
        left = rows(postgresql, "spool", "raw_mail")
        assert [row["delivery_id"] for row in left["spool"]] == [answer.delivery_id]
        assert [bytes(row["data"]) for row in left["raw_mail"]] == [octets]
        with transaction(postgresql.spool) as connection:
            connection.exec_driver_sql("UPDATE spool SET state = 'kept', error = 'held: x'")
        entries.remove(postgresql, answer.delivery_id, NOON)
        assert rows(postgresql, "raw_mail")["raw_mail"] == []
    spool.close()
    other.close()


# ---- waking up -------------------------------------------------------------------------------------------


def rung(bell: Listening, seconds: float) -> bool:
    """Tell whether it rings within that time."""
    fileno = bell.fileno()
    assert fileno is not None
    ready, _, _ = select.select([fileno], [], [], seconds)
    bell.heard()
    return bool(ready)


def test_filers_elsewhere_are_woken_after_the_commit(postgresql: Stores) -> None:
    """Much mail rings seldom; a connection that is lost is made anew."""
    ringer, bell = Ringer(postgresql.spool), Listening(postgresql.spool)
    bell.fileno()
    asked: list[str] = []
    event.listen(
        postgresql.spool, "before_cursor_execute", lambda *arguments: asked.append(str(arguments[2]))
    )
    spool = GroupSpool(postgresql.spool, postgresql.folder, ringer.ring)
    begun = time.monotonic()
    for number in range(50):
        put(spool, small(number))
    seconds = time.monotonic() - begun
    assert rung(bell, 30)
    most = 2 + seconds / bell_module._QUIET_SECONDS
    assert 1 <= sum("pg_notify" in statement for statement in asked) <= most
    time.sleep(0.2)
    bell.heard()
    assert not rung(bell, 0.1)
    terminate(postgresql)
    bell.heard()
    bell._try_at = 0.0
    assert bell.fileno() is not None
    ringer.ring()
    assert rung(bell, 5)
    for each in (spool, ringer, bell):
        each.close()


def test_front_ends_are_told_after_the_commit(postgresql: Stores) -> None:
    """Which company's feed goes how far, from a connection of its own; one ring stands for many events."""
    fill(postgresql, world().company(2))
    ringer = tell_front_ends(postgresql)
    assert ringer is not None
    with psycopg.connect(place_of(postgresql.database), autocommit=True) as front_end:
        front_end.execute("LISTEN bccd_change")
        with suppress(ZeroDivisionError), clocked(postgresql.database, 2) as work:
            work.announce(EventKind.COMPANY_CHANGED, NOON, [2])
            raise ZeroDivisionError
        with clocked(postgresql.database, 2):
            pass
        for _ in range(20):
            with clocked(postgresql.database, 1) as work:
                work.announce(EventKind.COMPANY_CHANGED, NOON, [1, 1])
        heard = [note.payload for note in front_end.notifies(timeout=5, stop_after=1)]
        while heard[-1] != "1:40":
            heard += [note.payload for note in front_end.notifies(timeout=5, stop_after=1)]
        mail, plan = filed(1, 1000)
        with SqlWorks(postgresql.database)(1) as work:
            work.apply([mail], [plan], NOON)
            assert list(front_end.notifies(timeout=0.2)) == []
            work.commit()
        assert [note.payload for note in front_end.notifies(timeout=5, stop_after=1)] == ["1:41"]
    ringer.close()
    assert len(heard) < 20
    assert all(payload.startswith("1:") for payload in heard)


def test_a_server_that_is_away_rings_no_bell(tmp_path: Path) -> None:
    """Neither side fails; the queue is looked at in any case."""
    engine = open_engine(normal_url(f"postgresql://bccd@/bccd?host={tmp_path}"))
    ringer, bell = Ringer(engine), Listening(engine)
    ringer.ring()
    assert bell.fileno() is None
    bell.heard()
    bell.close()
    ringer.close()


def test_reading_keeps_what_is_prepared(postgresql: Stores) -> None:
    """A transaction that reads leaves the statements that psycopg has prepared on its connection."""
    prepared = "SELECT count(*) FROM pg_prepared_statements"
    kept = 0
    for _ in range(8):
        with reading(postgresql.database) as connection:
            kept = connection.exec_driver_sql(prepared).scalar_one()
    assert kept > 0
