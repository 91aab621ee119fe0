"""A database file that is moved, deleted or replaced while it is open: no promise goes with it."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bccd.model.delivery import Intake, Receipt
from bccd.model.envelope import Target
from bccd.model.errors import FileMovedError, StoreUnavailableError
from bccd.store import spool as spool_module
from bccd.store.engine import Stores, open_engines, reading
from bccd.store.moved import refuse_if_moved
from bccd.store.spool import GroupSpool
from bccd.store.uow import SqlWorks, transaction
from bccd.store.vitals import vitals
from bccd.testing import fill, intake_of, rows
from bccd.testing.build import NOON
from tests.store.conftest import config_of
from tests.store.plans import world

DROP = Target("crm@drop.example", 1)


@pytest.fixture
def spool(sqlite: Stores) -> Iterator[GroupSpool]:
    """Return a spool on a fresh file."""
    made = GroupSpool(sqlite.spool, sqlite.folder)
    yield made
    made.close()


def mail(number: int) -> Intake:
    """Return a mail of its own."""
    moment = NOON + timedelta(seconds=number)
    return intake_of(b"Subject: %d\r\n\r\nHello\r\n" % number, DROP, received_at=moment)


def put(spool: GroupSpool, intake: Intake) -> Receipt | BaseException:
    """Put a mail; return its receipt, or what was raised."""

    async def one() -> list[Receipt | BaseException]:
        return list(await asyncio.gather(spool.put(intake), return_exceptions=True))

    return asyncio.run(one())[0]


def move(path: Path) -> None:
    """Rename a file, and leave its log."""
    path.rename(path.with_name("aside"))


def replace(path: Path) -> None:
    """Put a copy in its place, as a restore would."""
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


def drop_log(path: Path) -> None:
    """Delete what is not in the file yet."""
    path.with_name(f"{path.name}-wal").unlink()


def rename_folder(path: Path) -> None:
    """Move all of it."""
    path.parent.rename(path.parent.with_name("old"))


WAYS = [move, Path.unlink, replace, drop_log, rename_folder]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("sure", [0.0, 60.0], ids=["at rest", "under load"])
def test_mail_that_would_go_with_a_file_is_not_taken(
    sqlite: Stores,
    spool: GroupSpool,
    way: Callable[[Path], None],
    sure: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether it is seen before the commit or behind it; /readyz asks the same, and names the file."""
    monkeypatch.setattr(spool_module, "_SURE_SECONDS", sure)
    assert isinstance(put(spool, mail(1)), Receipt) and spool.answers()
    way(sqlite.folder / "spool.db")
    assert isinstance(put(spool, mail(2)), FileMovedError)
    with pytest.raises(FileMovedError, match=r"spool\.db(-wal)? was moved"):
        spool.answers()
    with pytest.raises(StoreUnavailableError):
        vitals(sqlite)
    if way is not rename_folder:
        refuse_if_moved(sqlite.database)  # which is another's
    assert isinstance(put(spool, mail(3)), FileMovedError)


def test_a_mail_that_is_known_is_not_told_so_either(sqlite: Stores, spool: GroupSpool) -> None:
    """Who sends again what the moved file knows hears 250 only when that is back; then it heals."""
    first = put(spool, mail(1))
    move(sqlite.folder / "spool.db")
    assert isinstance(put(spool, mail(1)), FileMovedError)
    (sqlite.folder / "aside").rename(sqlite.folder / "spool.db")
    again = put(spool, mail(1))
    assert isinstance(first, Receipt) and isinstance(again, Receipt)
    assert (again.delivery_id, again.duplicate) == (first.delivery_id, True)
    assert spool.answers()
    assert isinstance(put(spool, mail(2)), Receipt)
    with closing(sqlite3.connect(sqlite.folder / "spool.db")) as found:
        assert found.execute("SELECT count(*) FROM spool").fetchone() == (2,)


@pytest.mark.parametrize("when", ["before", "within"])
def test_what_is_filed_into_a_moved_file_is_not_filed(sqlite: Stores, when: str) -> None:
    """The transaction says so at its beginning, or at its commit: the spool keeps the mail."""
    fill(sqlite, world())
    path = sqlite.folder / "bccd.db"
    works = SqlWorks(sqlite.database)
    if when == "before":
        with works(1) as work:
            work.commit()
        move(path)
        with pytest.raises(FileMovedError), works(1):
            pass
    else:
        with works(1) as work:
            move(path)
            with pytest.raises(FileMovedError):
                work.commit()
    (sqlite.folder / "aside").rename(path)
    with works(1) as work:
        work.commit()


def test_a_command_that_went_into_a_moved_file_is_not_told_as_done(sqlite: Stores) -> None:
    """Every write of the program ends in the same look."""
    with pytest.raises(FileMovedError), transaction(sqlite.database):
        (sqlite.folder / "bccd.db").unlink()


def test_no_empty_file_is_made_where_one_is_gone(sqlite: Stores) -> None:
    """Neither by a further connection nor by a process that starts then; a copy is not opened beside it."""
    path = sqlite.folder / "bccd.db"
    with reading(sqlite.database), reading(sqlite.database):
        pass
    sqlite.database.dispose()
    replace(path)
    with pytest.raises(FileMovedError), reading(sqlite.database):
        pass
    path.unlink()
    with pytest.raises(FileMovedError), reading(sqlite.database):
        pass
    with pytest.raises(StoreUnavailableError, match=r"there is no .*bccd\.db"):
        open_engines(config_of(sqlite.folder))
    assert not path.exists()


def test_files_that_stay_are_no_reason_to_refuse(sqlite: Stores, spool: GroupSpool) -> None:
    """A log that is copied into the file, or begun anew by the next connection, is the right one."""
    for number in range(3):
        assert isinstance(put(spool, mail(number)), Receipt)
        with closing(sqlite3.connect(sqlite.folder / "spool.db")) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if number == 1:
            sqlite.spool.dispose()  # the last connection: SQLite deletes the log
            assert not (sqlite.folder / "spool.db-wal").exists()
    assert len(rows(sqlite, "spool")["spool"]) == 3
