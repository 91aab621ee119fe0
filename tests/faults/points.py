"""Points at which a test has a daemon fail. None of this is part of bccd: tests/e2e/nursery.py installs it.

A point is armed by a file of its name, which holds what is to happen: `kill`, `sleep 3`, `eio`, `full`. The
first process that comes by takes the file away, so it happens once; with a `!` in front it happens each time.
A step that commits has two points: `STEP.before` and `STEP.after`, of the commit. Steps are `take`
(transaction 1), `claim`, `work` (transaction 2), `finish` and `migrate`.
"""

import errno
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from typing import Any

KILLER = "kills its filer"  # the subject of a mail that ends whoever files it
_UNLIMITED = 2**30  # pages
_step = threading.local()


class Faults:
    """The tests' side: arms points."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def arm(self, point: str, deed: str) -> None:
        """Have this happen at a point."""
        draft = self._folder / f".{point}"
        draft.write_text(deed, encoding="ascii")
        draft.rename(self._folder / point)

    def disarm(self, point: str) -> None:
        """Let nothing happen there any more."""
        (self._folder / point).unlink(missing_ok=True)

    def happened(self, point: str) -> bool:
        """Tell whether what was armed once has happened."""
        return not (self._folder / point).exists()


def install(folder: Path) -> None:
    """Make this process, and all that it forks, fail where points are armed."""
    _Points(folder).install()


def _named(step: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def stepping(*arguments: Any, **options: Any) -> Any:
        _step.name = step
        try:
            return method(*arguments, **options)
        finally:
            _step.name = ""

    return stepping


class _Points:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._capped = False

    def at(self, point: str) -> None:
        """Do what the point is armed with."""
        path = self._folder / point
        try:
            deed = path.read_text(encoding="ascii")
            if not deed.startswith("!"):
                path.unlink()
        except FileNotFoundError:
            return
        word, _, value = deed.removeprefix("!").partition(" ")
        getattr(self, f"_{word}")(value)

    def install(self) -> None:
        """Put the points into the program."""
        # Only a daemon that is to fail pays for them.
        from sqlalchemy.engine.default import DefaultDialect  # noqa: PLC0415

        from bccd import filer  # noqa: PLC0415
        from bccd.daemon import supervisor  # noqa: PLC0415
        from bccd.store import migrate, spool, spoolrows  # noqa: PLC0415
        from bccd.store.uow import SqlWork  # noqa: PLC0415

        kinds: Any = DefaultDialect
        kinds.do_commit = self._committing(kinds.do_commit)
        kinds.do_execute = self._beginning(kinds.do_execute)
        for kind, name, step in (
            (spool.GroupSpool, "_transact", "take"),
            (spool.SqlQueue, "claim", "claim"),
            (spool.SqlQueue, "finish", "finish"),
            (SqlWork, "commit", "work"),
            (migrate, "upgrade", "migrate"),
        ):
            setattr(kind, name, _named(step, getattr(kind, name)))
        vars(spool)["writing"] = self._writing(vars(spool)["writing"])
        rows: Any = spoolrows.Rows
        rows._add = self._adding(rows._add)
        vars(filer)["deliver"] = self._delivering(vars(filer)["deliver"])
        vars(os)["fsync"] = self._syncing(os.fsync)
        # A test that kills often must not wait ever longer.
        vars(supervisor).update(_FIRST_PAUSE=0.05, _LONGEST_PAUSE=0.05)
        self._shift_clocks()
        self._poison_parsers()

    # ---- where -------------------------------------------------------------------------------------------

    def _committing(self, commit: Callable[..., None]) -> Callable[..., None]:
        def do_commit(dialect: Any, connection: Any) -> None:
            step = getattr(_step, "name", "")
            if step:
                self.at(f"{step}.before")
            commit(dialect, connection)
            if step:
                self.at(f"{step}.after")

        return do_commit

    def _beginning(self, execute: Callable[..., None]) -> Callable[..., None]:
        def do_execute(
            dialect: Any, cursor: Any, statement: str, parameters: Any, context: Any = None
        ) -> None:
            if statement.startswith("BEGIN"):
                self._cap(cursor.connection)
                self.at("begin")
            execute(dialect, cursor, statement, parameters, context)

        return do_execute

    def _cap(self, connection: Any) -> None:
        """Let an SQLite file grow no more while the point `pages` is armed."""
        full = (self._folder / "pages").exists()
        if full or self._capped:
            connection.execute(f"PRAGMA max_page_count = {1 if full else _UNLIMITED}")
            self._capped = True

    def _writing(self, writing: Callable[..., Any]) -> Callable[..., Any]:
        """The spool's transaction on SQLite, which goes by SQLAlchemy's way."""

        @contextmanager
        def step(engine: Any) -> Iterator[Any]:
            with writing(engine) as connection:
                self._cap(connection)
                self.at("begin")
                yield connection
                self.at("take.before")
            self.at("take.after")

        return step

    def _adding(self, add: Callable[..., None]) -> Callable[..., None]:
        def _add(rows: Any, waiting: Any, *rest: Any) -> None:
            self.at(f"company-{waiting.intake.company_id}")
            add(rows, waiting, *rest)

        return _add

    def _delivering(self, deliver: Callable[..., Any]) -> Callable[..., Any]:
        def delivering(company_id: int, mails: Any, ports: Any) -> Any:
            if any(mail.message.content.subject.startswith(KILLER) for mail in mails):
                self._kill()
            return deliver(company_id, mails, ports)

        return delivering

    def _syncing(self, fsync: Callable[[int], None]) -> Callable[[int], None]:
        def syncing(descriptor: int) -> None:
            self.at("fsync")
            fsync(descriptor)

        return syncing

    def _shift_clocks(self) -> None:
        """Have all clocks of the program go wrong by the seconds that the file `clock` holds."""
        from bccd import bootstrap  # noqa: PLC0415
        from bccd.sources import transfer  # noqa: PLC0415
        from bccd.store import spool, spoolrows  # noqa: PLC0415

        path = self._folder / "clock"

        class Wrong(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                try:
                    wrong_by = float(path.read_text(encoding="ascii"))
                except FileNotFoundError:
                    wrong_by = 0.0
                return datetime.fromtimestamp(time.time(), tz) + timedelta(seconds=wrong_by)

        for module in (bootstrap, transfer, spool, spoolrows):
            assert vars(module)["datetime"] is datetime, module  # or nothing would go wrong
            vars(module)["datetime"] = Wrong

    def _poison_parsers(self) -> None:
        """Have mail read by a parser that dies of some, where the file `poison` is."""
        from bccd.cage.pool import Pool  # noqa: PLC0415

        if (self._folder / "poison").exists():
            os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
            defaults = Pool.__init__.__kwdefaults__
            assert defaults is not None
            defaults["parser"] = "tests.faults.poison:to_file"

    # ---- what --------------------------------------------------------------------------------------------

    def _kill(self, _: str = "") -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _sleep(self, seconds: str) -> None:
        time.sleep(float(seconds))

    def _eio(self, _: str) -> None:
        raise OSError(errno.EIO, "injected")

    def _sqlite(self, code: str) -> None:
        """Fail as SQLite does with this code, such as SQLITE_IOERR_FSYNC."""
        error = sqlite3.OperationalError("injected")
        error.sqlite_errorname = code
        error.sqlite_errorcode = getattr(sqlite3, code)
        raise error

    def _odd(self, _: str) -> None:
        raise ValueError("injected")
