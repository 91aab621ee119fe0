"""F18: a migration while the spool holds mail that nobody has filed yet."""

import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, select
from sqlalchemy.exc import SAWarning

from bccd.store import migrate
from bccd.store.engine import open_engine, urls
from tests.e2e.harness import wait_for
from tests.e2e.nursery import nursery
from tests.faults.conftest import MakeFailing
from tests.faults.failing import Failing
from tests.faults.senders import LARGE, plain
from tests.store.conftest import config_of

pytestmark = pytest.mark.e2e

OLD = {"database": "0001_pre_companies_and_crm", "spool": "0001_pre_spool"}
MAILS = [plain(number) for number in (1, 2, 3, LARGE - 1)]


@pytest.fixture
def full(failing: MakeFailing) -> Failing:
    """A stopped daemon whose spool holds mail."""
    daemon = failing()
    daemon.start()
    wait_for(daemon.whole, 30, daemon.tail)
    os.kill(daemon.role("filer")[0], signal.SIGSTOP)
    daemon.deliver(*MAILS)
    daemon.kill()
    assert daemon.waiting() == len(MAILS)
    return daemon


def url_of(daemon: Failing) -> str:
    return str(daemon.options.get("database", {}).get("url", ""))


@contextmanager
def opened(folder: Path, url: str) -> Iterator[list[Connection]]:
    """Open both schemas, which are one database on PostgreSQL."""
    with ExitStack() as stack:
        engines = [open_engine(each) for each in dict.fromkeys(urls(config_of(folder, url)))]
        for engine in engines:
            stack.callback(engine.dispose)
        yield [stack.enter_context(engine.begin()) for engine in engines]


def go_back(daemon: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the databases anew as the first version had them, with the rows that it could hold."""
    url, upgrade = url_of(daemon), command.upgrade

    def to_old(settings: Config, _: str) -> None:
        script = settings.get_main_option("script_location")
        assert script is not None
        upgrade(settings, OLD[Path(script).name])

    with opened(daemon.data, url) as new:
        rows = [_read(connection) for connection in new]
    if url:
        with psycopg.connect(url) as server:
            server.execute(b"DROP SCHEMA public CASCADE")
            server.execute(b"CREATE SCHEMA public")
    else:
        for file in ("bccd.db", "spool.db"):
            (daemon.data / file).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", to_old)
        migrate.upgrade(config_of(daemon.data, url))
    with opened(daemon.data, url) as old:
        for connection, standing in zip(old, rows, strict=True):
            _write(connection, standing)


def _tables(connection: Connection) -> list[Table]:
    tables = MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of an index that it cannot read
        tables.reflect(connection)
    return [table for table in tables.sorted_tables if not table.name.endswith("_revision")]


def _read(connection: Connection) -> dict[str, list[dict[str, object]]]:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in _tables(connection)
    }


def _write(connection: Connection, rows: dict[str, list[dict[str, object]]]) -> None:
    """Write what the tables of the time have columns for; of events there were none yet."""
    for table in _tables(connection):
        found = [{name: row[name] for name in row if name in table.c} for row in rows.get(table.name, [])]
        if found and table.name != "change":
            without = {"change_seq": 0} if "change_seq" in table.c else {}
            connection.execute(table.insert(), [row | without for row in found])


def test_f18_a_full_spool_of_the_first_version(full: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail that waits while all migrations run, are killed and run again, is filed by the new program."""
    go_back(full, monkeypatch)
    assert full.waiting() == len(MAILS)
    assert "bccd migrate" in full.call("serve").stderr
    for point in ("migrate.before", "migrate.after"):
        full.faults.arm(point, "kill")
        killed = nursery().run(full.words("migrate"), full.folder, full.environment(), 60)
        assert killed.returncode == -signal.SIGKILL
    done = full.call("migrate")
    assert done.returncode == 0, done.stderr
    full.start()
    assert full.check()["filed"] == len(MAILS)


def test_f18_a_migration_beside_a_running_daemon(failing: MakeFailing) -> None:
    """It is refused, and the daemon goes on."""
    daemon = failing()
    daemon.start()
    daemon.deliver(MAILS[0])
    done = daemon.call("migrate")
    assert done.returncode != 0 and len(done.stderr.splitlines()) == 1
    daemon.deliver(MAILS[1])
    assert daemon.check()["filed"] == 2
