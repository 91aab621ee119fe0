"""What SQLite is asked for, and what is answered when it cannot do it."""

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import Connection, Table, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bccd.model.delivery import DeliveryState, Intake, Receipt
from bccd.model.envelope import Raw, Target
from bccd.model.errors import LostWriteError, StorageFullError, StoreUnavailableError
from bccd.model.plan import Outcome
from bccd.store import entries, ids
from bccd.store import spool as spool_module
from bccd.store.direct import execute
from bccd.store.engine import PRAGMAS, UNSYNCED, Stores, open_engine, open_engines, reading
from bccd.store.inserts import insert_rows
from bccd.store.marks import FORGIVEN
from bccd.store.place import refuse_network_folder
from bccd.store.plain import put_rows
from bccd.store.rawfiles import IN_TABLE, SyncError, sweep, sweep_incoming
from bccd.store.spool import GroupSpool, SqlQueue, forgive
from bccd.store.spoolrows import Key, Waiting, standing_keys
from bccd.store.uow import SqlWorks
from bccd.testing import fill, intake_of, rows
from bccd.testing.build import NOON
from tests.store.conftest import config_of
from tests.store.plans import world

DROP = Target("crm@drop.example", 1)
LATER = NOON + timedelta(hours=1)  # when all of this mail is due


@pytest.fixture
def spool(stores: Stores) -> Iterator[GroupSpool]:
    """Return a spool on a fresh file."""
    made = GroupSpool(stores.spool, stores.folder)
    yield made
    made.close()


def small(number: int = 1) -> Intake:
    """Return a mail that the table holds."""
    moment = NOON + timedelta(seconds=number)
    return intake_of(b"Subject: %d\r\n\r\nHello\r\n" % number, DROP, received_at=moment)


def large(folder: Path, fill: bytes = b"x", size: int = IN_TABLE + 1) -> Intake:
    """Return a mail in a temporary file, as the listener hands over what does not fit in memory."""
    octets = fill * size
    path = folder / "incoming"
    path.write_bytes(octets)
    return replace(small(), raw=Raw(sha256(octets).digest(), size, b"", path=path))


def put(spool: GroupSpool, *intakes: Intake) -> list[Receipt | BaseException]:
    """Put mails all at once and return each one's answer or exception."""

    async def all_at_once() -> list[Receipt | BaseException]:
        waiting = (spool.put(intake) for intake in intakes)
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    return asyncio.run(all_at_once())


def kept(stores: Stores) -> int:
    """Return how many mails stand in the queue."""
    return len(rows(stores, "spool")["spool"])


# ---- the engine ------------------------------------------------------------------------------------------


def test_pragmas_hold_on_every_connection(stores: Stores) -> None:
    """Write-ahead log, a sync at every commit, foreign keys."""
    for engine in (stores.database, stores.spool):
        with reading(engine) as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
        assert found == PRAGMAS
        assert (found["journal_mode"], found["synchronous"]) == ("wal", 2)


def test_only_who_files_keeps_many_pages(sqlite: Stores) -> None:
    """Connections that read keep few: a process may hold several, and there are several processes.

    Who files also lets more of them gather in the log before they are copied.
    """
    fill(sqlite, world())
    work = SqlWorks(sqlite.database)
    for kept, logged in ((-16_000, 1_000), (-64_000, 4_000)):
        with reading(sqlite.database) as connection:  # SQLite's pool has one for a thread
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == kept
            assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == logged
        with work(1):
            pass
    with reading(sqlite.spool) as connection:
        assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -16_000


def test_only_what_says_so_is_not_synced(stores: Stores) -> None:
    """A transaction that may be undone by a power cut leaves no trace: the next one is synced again."""
    unsynced = stores.spool.execution_options(**{UNSYNCED: True})
    for engine, level in ((stores.spool, 2), (unsynced, 1), (unsynced, 1), (stores.spool, 2)):
        with engine.begin() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level


def test_claims_and_clearings_are_not_synced_and_nothing_else(stores: Stores, spool: GroupSpool) -> None:
    """What the filer gives back is synced, as all mail that is taken in."""
    put(spool, small(1), small(2))
    levels: list[int] = []

    def note(connection: Connection) -> None:
        levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    event.listen(stores.spool, "commit", note)
    queue = SqlQueue(stores.spool, stores.folder)
    one, two = queue.claim(2, LATER)
    queue.finish([Outcome(one.id, DeliveryState.FILED)])
    queue.postpone([two.id], LATER, "later", counted=True)
    assert levels == [2, 1, 1, 2]


def test_mail_is_synced_beside_what_is_not(sqlite: Stores, spool: GroupSpool) -> None:
    """A front's transaction undoes what a filer has set on the same connection before."""
    with sqlite.spool.execution_options(**{UNSYNCED: True}).begin():
        pass
    assert [type(answer) for answer in spool.put_all([small()])] == [Receipt]
    with sqlite.spool.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_new_mail_is_written_without_a_look_at_what_stands(
    sqlite: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that knows nothing of a group is not asked about it; of one that it knows, it is."""
    asked: list[int] = []
    look = standing_keys

    def watched(connection: Connection, group: list[Waiting]) -> dict[Key, int]:
        asked.append(len(group))
        return look(connection, group)

    monkeypatch.setattr(spool_module, "standing_keys", watched)
    first = put(spool, small(1), small(1), small(2))
    assert asked == []
    assert [isinstance(each, Receipt) and each.duplicate for each in first] == [False, True, False]
    again = put(spool, small(2), small(3))
    assert asked == [2]
    assert [isinstance(each, Receipt) and each.duplicate for each in again] == [True, False]
    assert kept(sqlite) == 3


def test_a_database_without_a_log_is_refused() -> None:
    """Memory cannot have a write-ahead log, so it stands for every file system that cannot."""
    with (
        pytest.raises(StoreUnavailableError, match="refuses PRAGMA journal_mode"),
        reading(open_engine("sqlite://")),
    ):
        pass


def test_a_write_waits_for_its_turn_from_the_start(stores: Stores) -> None:
    """A transaction that first reads and then writes is not thrown out by a writer that came between."""
    order: list[str] = []
    began = threading.Event()

    def other() -> None:
        with stores.database.begin() as connection:
            began.set()
            connection.execute(text("INSERT INTO company VALUES (2, 'b', 'B', '{}', '')"))
            order.append("other")

    thread = threading.Thread(target=other)
    with stores.database.begin() as connection:
        connection.execute(text("SELECT * FROM company")).all()
        thread.start()
        assert not began.wait(0.1)
        connection.execute(text("INSERT INTO company VALUES (1, 'a', 'A', '{}', '')"))
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_readers_take_no_lock(stores: Stores) -> None:
    """A snapshot can be read while a write transaction is open."""
    with stores.database.begin(), reading(stores.database) as connection:
        assert connection.execute(text("SELECT count(*) FROM company")).scalar() == 0


def test_failures_are_told_apart(stores: Stores, tmp_path: Path) -> None:
    """A store that is away raises ours; a mistake of the program or of a plan does not."""
    with stores.database.begin() as connection:
        with pytest.raises(OperationalError, match="syntax"):
            connection.execute(text("SELEC 1"))
        with pytest.raises(IntegrityError):
            connection.execute(text("INSERT INTO company_clock VALUES (9, 0, 0, 0, 0)"))
        connection.rollback()
    (tmp_path / "noise.db").write_bytes(os.urandom(8192))
    with pytest.raises(StoreUnavailableError), reading(open_engine(f"sqlite:///{tmp_path}/noise.db")):
        pass


def test_a_key_that_another_wrote_meanwhile_is_no_failure(
    stores: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database refuses a key, as the driver tells it, the group is looked at anew."""
    (first,) = put(spool, small())
    insert, refusals = insert_rows, iter([True, False])

    def refuse_once(connection: Connection, table: Table, *rest: Any, **options: Any) -> None:
        if table.name == "delivery_key" and next(refusals):
            execute(connection, "INSERT INTO spool (seq) VALUES (NULL)", ())
        insert(connection, table, *rest, **options)

    monkeypatch.setattr(spool_module, "insert_rows", refuse_once)
    again, other = put(spool, small(), small(2))
    assert isinstance(first, Receipt) and again == replace(first, duplicate=True)
    assert isinstance(other, Receipt) and not other.duplicate
    assert next(refusals, None) is None and kept(stores) == 2


# ---- large mail -----------------------------------------------------------------------------------------


def test_large_mail_waits_for_no_health_check(spool: GroupSpool, tmp_path: Path) -> None:
    """It is kept while all threads of the loop are taken by what asks the database, the disk or the filer."""
    over = threading.Event()

    async def keep() -> Receipt:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as threads:
            loop.set_default_executor(threads)
            asked = loop.run_in_executor(None, over.wait, 60)
            try:
                return await asyncio.wait_for(spool.put(large(tmp_path)), 30)
            finally:
                over.set()
                await asked

    assert not asyncio.run(keep()).duplicate


def test_large_mail_is_a_file_named_by_its_content(stores: Stores, spool: GroupSpool, tmp_path: Path) -> None:
    """It comes back whole, and the row names the file below the data folder."""
    intake = large(tmp_path)
    assert isinstance(put(spool, intake)[0], Receipt)
    (row,) = rows(stores, "raw_mail")["raw_mail"]
    name = intake.raw.sha256.hex()
    assert (row["data"], row["path"]) == (None, f"raw/1/{name[:2]}/{name}")
    queue = SqlQueue(stores.spool, stores.folder)
    (claimed,) = queue.claim(1, LATER)
    intake.raw.path.unlink()  # type: ignore[union-attr]
    assert queue.raw(claimed) == b"x" * (IN_TABLE + 1)


def test_a_small_mail_in_a_file_goes_into_the_table(
    stores: Stores, spool: GroupSpool, tmp_path: Path
) -> None:
    """The listener spools to disk at 256 KiB already."""
    put(spool, large(tmp_path, size=300_000))
    (row,) = rows(stores, "raw_mail")["raw_mail"]
    assert (row["path"], row["data"]) == (None, b"x" * 300_000)


def test_large_mail_in_memory_is_a_file_too(stores: Stores, spool: GroupSpool) -> None:
    """An import may hand over octets of any size."""
    octets = b"y" * (IN_TABLE + 1)
    put(spool, replace(small(), raw=Raw(sha256(octets).digest(), len(octets), b"", octets)))
    (row,) = rows(stores, "raw_mail")["raw_mail"]
    assert (stores.folder / row["path"]).read_bytes() == octets
    assert [path.name for path in (stores.folder / row["path"]).parent.iterdir()] == [
        sha256(octets).hexdigest()
    ]


def test_two_companies_may_keep_the_same_file(stores: Stores, spool: GroupSpool, tmp_path: Path) -> None:
    """LMTP hands the same octets over once for each company; the listener's file is not taken away."""
    intake = large(tmp_path)
    other = replace(intake, company_id=2, targets=(Target("crm@other.example", 2),))
    answers = put(spool, intake, other)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert len({row["path"] for row in rows(stores, "raw_mail")["raw_mail"]}) == 2


def test_the_file_is_durable_before_its_row(
    stores: Stores, spool: GroupSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The octets are synced, then named, then the folder is synced, and only then a row speaks of them."""
    order: list[str] = []
    fsync, link, transact = os.fsync, Path.hardlink_to, GroupSpool._transact

    def watched_sync(descriptor: int) -> None:
        order.append("sync " + ("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file"))
        fsync(descriptor)

    def watched_link(self: Path, target: Path) -> None:
        order.append("name")
        link(self, target)

    def watched_transact(self: GroupSpool, group: list[Waiting]) -> list[Receipt]:
        order.append("row")
        return transact(self, group)

    intake = large(tmp_path)
    (stores.folder / "raw" / "1" / intake.raw.sha256.hex()[:2]).mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", watched_sync)
    monkeypatch.setattr(Path, "hardlink_to", watched_link)
    monkeypatch.setattr(GroupSpool, "_transact", watched_transact)
    put(spool, intake)
    assert order == ["sync file", "name", "sync folder", "row"]


def test_octets_that_are_gone_are_told(stores: Stores, spool: GroupSpool, tmp_path: Path) -> None:
    """A missing file is a failure of the store, not of the mail."""
    put(spool, large(tmp_path), small())
    for path in (stores.folder / "raw").rglob("*"):
        if path.is_file():
            path.unlink()
    queue = SqlQueue(stores.spool, stores.folder)
    claimed = queue.claim(2, LATER)
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        queue.raw(max(claimed, key=lambda delivery: delivery.size))
    with pytest.raises(StoreUnavailableError, match="are gone"):
        queue.raw(replace(claimed[0], raw_sha256=b"?" * 32))


def test_a_file_that_is_there_serves_again(stores: Stores, spool: GroupSpool, tmp_path: Path) -> None:
    """The same octets for another recipient are kept once."""
    first = large(tmp_path)
    other = replace(first, targets=(Target("old@drop.example", 1),))
    assert all(isinstance(answer, Receipt) for answer in (*put(spool, first), *put(spool, other)))
    assert kept(stores) == 2
    assert len([path for path in (stores.folder / "raw").rglob("*") if path.is_file()]) == 1


def test_a_file_deleted_meanwhile_refuses_the_mail(
    stores: Stores, spool: GroupSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large mail whose file was deleted between keeping and committing is not confirmed."""
    given = large(tmp_path)
    keep_file = GroupSpool._keep

    def deleted(self: GroupSpool, intake: Intake) -> str:
        path = keep_file(self, intake)
        (stores.folder / path).unlink()
        return path

    monkeypatch.setattr(GroupSpool, "_keep", deleted)
    (answer,) = put(spool, given)
    assert isinstance(answer, StoreUnavailableError)
    assert kept(stores) == 0


def test_a_temporary_file_that_is_gone_is_told(spool: GroupSpool, tmp_path: Path) -> None:
    """What cannot be kept is not confirmed, and later mail is taken."""
    intake = large(tmp_path)
    (tmp_path / "incoming").unlink()
    assert isinstance(put(spool, intake)[0], StoreUnavailableError)
    assert isinstance(put(spool, small())[0], Receipt)


def test_files_that_no_mail_speaks_of_are_swept(stores: Stores, spool: GroupSpool, tmp_path: Path) -> None:
    """Drafts and files without a row go once they are old; a mail's file, and what is not ours, stays."""
    put(spool, large(tmp_path))
    (kept_file,) = (path for path in (stores.folder / "raw").rglob("*") if path.is_file())
    orphan = kept_file.with_name(kept_file.name[:2] + "0" * 62)
    draft, foreign = kept_file.with_name(f".{kept_file.name}.ab12"), kept_file.with_name("README")
    fresh = kept_file.with_name(kept_file.name[:2] + "1" * 62)
    for path in (orphan, draft, foreign, fresh):
        path.write_bytes(b"left")
    day = timedelta(days=1)
    for path in (kept_file, orphan, draft, foreign):
        os.utime(path, (path.stat().st_mtime - 2 * day.total_seconds(),) * 2)
    now = datetime.now(UTC)
    assert sweep(stores.spool, stores.folder, now - day) == 2
    assert sorted(kept_file.parent.iterdir()) == sorted((kept_file, foreign, fresh))
    assert sweep(stores.spool, stores.folder, now + day) == 1
    assert not fresh.exists()


def test_what_killed_fronts_left_is_swept(tmp_path: Path) -> None:
    """Mail that is still on its way in stays, however slow it is."""
    folder = tmp_path / "tmp" / "front-1"
    folder.mkdir(parents=True)
    left, coming = folder / "data-left", folder / "data-coming"
    for path in (left, coming):
        path.write_bytes(b"half a mail")
    os.utime(left, (0, 0))
    assert sweep_incoming(tmp_path, datetime.now(UTC) - timedelta(days=1)) == 1
    assert list(folder.iterdir()) == [coming]
    assert sweep_incoming(tmp_path / "nowhere", datetime.now(UTC)) == 0


# ---- faults ---------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_heals(stores: Stores, spool: GroupSpool) -> None:
    """SQLITE_FULL answers StorageFullError, keeps nothing, and later mail is taken again (F10)."""
    with stores.spool.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    stores.spool.dispose()
    limit = _limit_pages(stores, int(pages or 0) + 1)
    big = intake_of(b"z" * 200_000, DROP)
    (answer,) = put(spool, big)
    assert isinstance(answer, StorageFullError)
    assert kept(stores) == 0
    limit()
    assert isinstance(put(spool, big)[0], Receipt)


def _limit_pages(stores: Stores, pages: int) -> Callable[[], None]:
    """Cap the size of every connection opened from now on; returns what lifts the cap."""
    from sqlalchemy import event  # noqa: PLC0415  (only here)

    def cap(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(stores.spool, "connect", cap)

    def lift() -> None:
        event.remove(stores.spool, "connect", cap)
        stores.spool.dispose()

    return lift


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_under_a_file_is_told(
    spool: GroupSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """No room for a large mail is StorageFullError, and no reason to give up."""

    def full(_: int) -> None:
        raise OSError(code, "no room")

    monkeypatch.setattr(os, "fsync", full)
    (answer,) = put(spool, large(tmp_path))
    assert isinstance(answer, StorageFullError)
    monkeypatch.undo()
    assert isinstance(put(spool, large(tmp_path))[0], Receipt)


def test_after_a_failed_sync_nothing_is_accepted(
    stores: Stores, spool: GroupSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may have dropped what it could not write: a second sync proves nothing (F11)."""

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", broken)
    (answer,) = put(spool, large(tmp_path))
    assert isinstance(answer, SyncError)
    monkeypatch.undo()
    (later,) = put(spool, small())
    assert isinstance(later, StoreUnavailableError)
    assert kept(stores) == 0
    with pytest.raises(LostWriteError, match="start bccd anew"):  # which /readyz and bccd status tell
        spool.answers()


def test_after_a_failed_write_of_sqlite_nothing_is_accepted(
    spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is when SQLite reports that it could not write or sync its log."""
    cause = sqlite3.OperationalError("disk I/O error")
    cause.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    lost = StoreUnavailableError("the store cannot be used: disk I/O error")
    lost.__cause__ = cause
    with monkeypatch.context() as patch:
        patch.setattr(GroupSpool, "_transact", Mock(side_effect=lost))
        assert isinstance(put(spool, small())[0], StoreUnavailableError)
    assert isinstance(put(spool, small(2))[0], StoreUnavailableError)


def test_a_commit_that_is_refused_leaves_nothing_locked(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transaction 2 is undone at once, so that the next one can begin."""
    fill(stores, world())
    work = SqlWorks(stores.database)
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    with monkeypatch.context() as patch, work(1) as refused:
        patch.setattr(stores.database.dialect, "do_commit", Mock(side_effect=busy))
        with pytest.raises(StoreUnavailableError):
            refused.commit()
    with closing(sqlite3.connect(stores.folder / "bccd.db", timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
    with work(1) as again:
        again.commit()


def test_a_store_that_is_away_heals_by_itself(
    stores: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked or missing file is no lost write: the next mail is tried (F7)."""
    with monkeypatch.context() as patch:
        patch.setattr(GroupSpool, "_transact", Mock(side_effect=StoreUnavailableError("locked")))
        assert isinstance(put(spool, small())[0], StoreUnavailableError)
    assert isinstance(put(spool, small())[0], Receipt)
    assert kept(stores) == 1


def test_one_bad_mail_does_not_spoil_its_group(
    stores: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that no row can hold is refused alone."""
    monkeypatch.setattr(ids, "new_id", lambda moment: 2**70 if moment.hour > 12 else int(moment.timestamp()))
    odd = replace(small(9), received_at=NOON + timedelta(hours=1))
    answers = put(spool, small(1), odd, small(2))
    assert [type(answer) for answer in answers] == [Receipt, StoreUnavailableError, Receipt]
    assert kept(stores) == 2
    assert [type(answer) for answer in spool.put_all([small(3), odd])] == [Receipt, StoreUnavailableError]


def test_mails_that_are_handed_in_together_need_no_thread(stores: Stores, tmp_path: Path) -> None:
    """They are durable when the call returns, large ones too, and the filer is woken once."""
    woken: list[int] = []
    made = GroupSpool(stores.spool, stores.folder, lambda: woken.append(kept(stores)))
    answers = made.put_all([small(1), large(tmp_path), small(2), small(1)])
    assert [isinstance(each, Receipt) and each.duplicate for each in answers] == [False, False, False, True]
    assert woken == [3]
    made.close()
    assert [type(each) for each in made.put_all([small(4)])] == [StoreUnavailableError]
    assert kept(stores) == 3


@pytest.mark.parametrize("gone", [False, True], ids=["waits", "was filed"])
def test_an_id_that_is_taken_is_not_given_again(
    stores: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    """However chance falls, no two mails ever have one id, though the first has left the queue."""
    monkeypatch.setattr(ids, "new_id", lambda _: 5)
    first = put(spool, small(1))
    if gone:
        queue = SqlQueue(stores.spool, stores.folder)
        queue.finish([Outcome(it.id, DeliveryState.FILED) for it in queue.claim(9, LATER)])
    answers = [*first, *put(spool, small(2), small(3)), *put(spool, small(4))]
    assert [answer.delivery_id for answer in answers if isinstance(answer, Receipt)] == [5, 6, 7, 8]


def test_what_waits_shares_a_transaction(
    stores: Stores, spool: GroupSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred mails at once are committed in a few groups of at most 64, and waked for after each."""
    sizes: list[int] = []
    transact = GroupSpool._transact

    def counted(self: GroupSpool, group: list[Waiting]) -> list[Receipt]:
        sizes.append(len(group))
        return transact(self, group)

    monkeypatch.setattr(GroupSpool, "_transact", counted)
    assert all(isinstance(a, Receipt) for a in put(spool, *(small(n) for n in range(200))))
    assert sum(sizes) == 200
    assert max(sizes) <= 64
    assert len(sizes) < 100
    assert kept(stores) == 200


def test_the_filer_is_woken_after_the_commit(stores: Stores) -> None:
    """When the hook is called the mail can be seen; a filer that is gone harms nobody."""
    seen: list[int] = []

    def wake() -> None:
        seen.append(kept(stores))
        raise BrokenPipeError

    made = GroupSpool(stores.spool, stores.folder, wake)
    assert isinstance(put(made, small())[0], Receipt)
    made.close()
    assert seen == [1]


def test_a_closed_spool_finishes_and_then_refuses(stores: Stores) -> None:
    """What was put before the end is kept, what comes later is refused."""
    made = GroupSpool(stores.spool, stores.folder)

    async def both() -> list[Receipt | BaseException]:
        before = [asyncio.ensure_future(made.put(small(n))) for n in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(made.close)
        return [
            *await asyncio.gather(*before),
            *await asyncio.gather(made.put(small(99)), return_exceptions=True),
        ]

    *before, after = asyncio.run(both())
    assert all(isinstance(answer, Receipt) for answer in before)
    assert isinstance(after, StoreUnavailableError)
    assert kept(stores) == 20


def test_a_cancelled_put_keeps_its_mail(stores: Stores, spool: GroupSpool) -> None:
    """A client that leaves does not stop the thread, and its mail stands."""

    async def leave() -> None:
        task = asyncio.ensure_future(spool.put(small(1)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await spool.put(small(2))

    asyncio.run(leave())
    assert kept(stores) == 2


# ---- the queue over restarts -----------------------------------------------------------------------------


def test_a_new_filer_takes_over_what_a_dead_one_claimed(stores: Stores, spool: GroupSpool) -> None:
    """Its death is counted, not as a failure of the mail, and the old one's outcome comes too late."""
    put(spool, small())
    dead = SqlQueue(stores.spool, stores.folder)
    (claimed,) = dead.claim(1, LATER)
    alive = SqlQueue(stores.spool, stores.folder)
    (again,) = alive.claim(1, LATER)
    assert (again.id, again.attempts) == (claimed.id, 1)
    assert [row["deaths"] for row in rows(stores, "spool")["spool"]] == [1]
    dead.finish([Outcome(claimed.id, DeliveryState.FILED)])
    assert kept(stores) == 1


def die(stores: Stores, *, times: int, whole: bool = False) -> SqlQueue:
    """Let filers, or whole daemons, die with all in hand that they could get; return the next one's queue."""
    queue = SqlQueue(stores.spool, stores.folder)
    for _ in range(times):
        queue.claim(9, LATER)
        if whole:
            forgive(stores.spool, stores.folder)
        queue = SqlQueue(stores.spool, stores.folder)
    return queue


def test_suspects_are_given_out_one_at_a_time(stores: Stores, spool: GroupSpool) -> None:
    """After two deaths each mail that was there both times is claimed apart; other mail flows beside it."""
    ids = [receipt.delivery_id for receipt in put(spool, small(1), small(2)) if isinstance(receipt, Receipt)]
    queue = die(stores, times=2)
    put(spool, small(3), small(4))
    first = [delivery.id for delivery in queue.claim(9, LATER)]
    assert ids[0] in first and ids[1] not in first and len(first) == 3
    assert queue.claim(9, LATER) == []
    queue.finish([Outcome(ids[0], DeliveryState.FILED)])
    assert [delivery.id for delivery in queue.claim(9, LATER)] == [ids[1]]


def test_a_mail_that_fails_by_itself_is_no_suspect(stores: Stores, spool: GroupSpool) -> None:
    """Any number of failures that a filer survived leaves a mail among its neighbours."""
    put(spool, small(1), small(2))
    queue = SqlQueue(stores.spool, stores.folder)
    for attempt in range(1, 6):
        claimed = queue.claim(9, LATER)
        assert [delivery.attempts for delivery in claimed] == [attempt, attempt]
        queue.postpone([it.id for it in claimed], NOON, "parser_timeout", counted=True)


def test_a_mail_that_killed_filer_after_filer_is_condemned(stores: Stores, spool: GroupSpool) -> None:
    """After three more deaths as the only suspect it is claimed no more, and handed out to be given up."""
    put(spool, small(1), small(2))
    assert die(stores, times=4).condemned() == []
    queue = die(stores, times=1)
    (condemned,) = queue.condemned()
    assert [delivery.id != condemned.id for delivery in queue.claim(9, LATER)] == [True]
    queue.finish([Outcome(condemned.id, DeliveryState.FAILED, "killed_its_filer")])
    assert SqlQueue(stores.spool, stores.folder).condemned() == []


def test_a_retry_acquits(stores: Stores, spool: GroupSpool) -> None:
    """What is put back by hand starts anew."""
    put_rows(stores, world().rows)
    put(spool, small(1))
    queue = die(stores, times=5)
    (condemned,) = queue.condemned()
    queue.finish([Outcome(condemned.id, DeliveryState.FAILED, "killed_its_filer")])
    entries.retry(stores, condemned.id, NOON)
    assert SqlQueue(stores.spool, stores.folder).condemned() == []
    assert [row["deaths"] for row in rows(stores, "spool")["spool"]] == [0]


def test_a_daemon_that_died_as_a_whole_counts_against_no_mail(stores: Stores, spool: GroupSpool) -> None:
    """A few power cuts or kills of everything say nothing about the mail that was in hand."""
    put(spool, small(1), small(2))
    claimed = die(stores, times=FORGIVEN, whole=True).claim(9, LATER)
    assert [delivery.attempts for delivery in claimed] == [1, 1]


def test_a_mail_that_ends_every_daemon_does_not_do_so_for_ever(stores: Stores, spool: GroupSpool) -> None:
    """After a few daemons it is claimed apart, and after three more it is given up."""
    put(spool, small(1), small(2))
    assert len(die(stores, times=FORGIVEN + 1, whole=True).claim(9, LATER)) == 1
    forgive(stores.spool, stores.folder)
    assert die(stores, times=1, whole=True).condemned() == []
    assert len(die(stores, times=1, whole=True).condemned()) == 1


@pytest.mark.parametrize(
    ("mounts", "refused"),
    [
        ("/dev/a / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0", True),
        ("server:/x / nfs rw 0 0\n/dev/a /srv/bccd ext4 rw 0 0", False),
        ("/dev/a / ext4 rw 0 0\nserver:/x /srv/bc cifs rw 0 0", False),
        ("/dev/a /srv ext4 rw 0 0\n//server/x /srv cifs rw 0 0", True),
        ("", False),
    ],
    ids=["network", "local below network", "another folder", "mounted over", "unknown"],
)
def test_a_network_folder_is_refused(tmp_path: Path, mounts: str, refused: bool) -> None:
    """SQLite's locks hold on one machine only; the deepest mount counts, and of those the last."""
    (tmp_path / "mounts").write_text(mounts, encoding="utf-8")
    with pytest.raises(StoreUnavailableError, match="use a local disk") if refused else nullcontext():
        refuse_network_folder(Path("/srv/bccd/data"), tmp_path / "mounts")
    refuse_network_folder(Path("/srv/bccd/data"), tmp_path / "missing")


def test_opening_needs_files_that_can_be_used(tmp_path: Path) -> None:
    """A folder that is not there is a store that is away."""
    with pytest.raises(StoreUnavailableError):
        open_engines(config_of(tmp_path / "nowhere"))


def test_a_foreign_file_system_gets_a_copy(
    stores: Stores, spool: GroupSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the temporary file cannot get a second name, its octets are copied."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another file system", str(self), None, str(target))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    intake = large(tmp_path)
    assert isinstance(put(spool, intake)[0], Receipt)
    (row,) = rows(stores, "raw_mail")["raw_mail"]
    assert (stores.folder / row["path"]).read_bytes() == b"x" * (IN_TABLE + 1)
