"""PostgreSQL's NOTIFY as a wake-up: what it says is never needed, for whoever listens also polls.

A NOTIFY takes a lock on the whole database while its transaction commits, so it has one of its own, after the
one that it tells of, and one stands for all that happened in a moment.
"""

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, text

from bccd.model.errors import StoreUnavailableError
from bccd.store.engine import failure

SPOOL = "bccd_spool"  # filers listen: mail waits
COMMANDS = "bccd_command"  # on which front ends may say that they have given a command
CHANGE = "bccd_change"  # front ends listen: "company:seq", as far as the feed of that company goes now
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")
_QUIET_SECONDS = 0.05  # between two calls
_AWAY_SECONDS = 5.0  # between two tries to listen


class Ringer:
    """Rings on a channel for whoever listens, in this daemon and others, from a thread of its own."""

    def __init__(self, engine: Engine, channel: str = SPOOL) -> None:
        self._engine = engine
        self._channel = channel
        self._lock = threading.Lock()
        self._about: dict[tuple[int, ...], str] = {}  # by its first number: the newest that was said
        self._asked = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
        self._thread.start()

    def ring(self, *about: int) -> None:
        """Have it told soon; never waits. Of several rings about the same first number the last is told."""
        with self._lock:
            self._about[about[:1]] = ":".join(map(str, about))
        self._asked.set()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._asked.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            if self._closed.is_set():
                return
            self._asked.clear()
            with self._lock:
                about, self._about = self._about, {}
            with suppress(StoreUnavailableError):  # who listens looks by himself
                self._notify(about.values())
            self._closed.wait(_QUIET_SECONDS)

    def _notify(self, payloads: Iterable[str]) -> None:
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            for payload in payloads:
                connection.execute(_NOTIFY, {"channel": self._channel, "payload": payload})


class Listening:
    """Hears the ringing over a connection of its own, made anew when it is lost; implements ports.Bell."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._driver: Any = None  # psycopg's connection, which has the descriptor
        self._try_at = 0.0

    def fileno(self) -> int | None:
        """Return what becomes readable when it rings; None while the database is away."""
        if self._connection is None and time.monotonic() >= self._try_at:
            self._try_at = time.monotonic() + _AWAY_SECONDS
            with suppress(StoreUnavailableError):
                self._listen()
        return None if self._driver is None else int(self._driver.fileno())

    def heard(self) -> None:
        """Read what was sent; a connection that broke is dropped."""
        if self._driver is None:
            return
        try:
            for _ in self._driver.notifies(timeout=0):
                pass
        except Exception as error:
            if failure(error) is None:
                raise
            self.close()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            connection.invalidate()  # it listens, so nobody else may have it
            connection.close()

    def _listen(self) -> None:
        self._connection = self._engine.connect()
        try:
            self._connection.execution_options(isolation_level="AUTOCOMMIT")
            for channel in (SPOOL, COMMANDS):
                self._connection.exec_driver_sql(f"LISTEN {channel}")
            self._driver = self._connection.connection.driver_connection
        except BaseException:
            self.close()
            raise
