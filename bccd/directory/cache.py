"""Keeps one frozen snapshot of the directory in memory, and knows how old it is."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from bccd.model.directory import Acquaintance, Directory, Outsider
from bccd.model.errors import StoreUnavailableError

T = TypeVar("T")

_THREADS = 2
_NEVER = float("-inf")


class CachedDirectory:
    """A DirectorySource over blocking callables, each of which may raise StoreUnavailableError.

    `load_version` is cheap and is asked at most once a second by current() and at each miss by fresh(); the
    snapshot is loaded again only when the version has moved.
    """

    def __init__(
        self,
        load_snapshot: Callable[[], Directory],
        load_version: Callable[[], int],
        deal_exists: Callable[[int, str], bool],
        acquaintance: Callable[[int, Outsider], Acquaintance | None],
        deal_numbered: Callable[[int, int], str | None],
        *,
        max_age: float = 1.0,
        patience: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load_snapshot = load_snapshot
        self._load_version = load_version
        self._deal_exists = deal_exists
        self._acquaintance = acquaintance
        self._deal_numbered = deal_numbered
        self._max_age = max_age
        self._patience = patience
        self._monotonic = monotonic
        self._snapshot: Directory | None = None
        self._asked_at = _NEVER  # when the last check began
        self._answered = False  # whether it succeeded
        self._lock = asyncio.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="directory")

    def at_hand(self) -> Directory | None:
        """Return the snapshot at hand without a look at its age; None before the first."""
        return self._snapshot

    async def current(self) -> Directory:
        """Return the snapshot at hand, at most a second behind; while the database is away, the last one."""
        if self._snapshot is None:
            return await self.fresh()
        # A database that does not answer is asked once a second, not once a recipient.
        if self._monotonic() - self._asked_at > self._max_age:
            with suppress(StoreUnavailableError):
                return await self.fresh()
        return self._snapshot

    async def fresh(self) -> Directory:
        """Return a snapshot no older than this call; raises StoreUnavailableError."""
        called_at = self._monotonic()
        async with self._lock:
            # Those who waited here share the answer to a question that was put after they came.
            if self._asked_at < called_at:
                await self._ask()
            if self._snapshot is None or not self._answered:
                raise StoreUnavailableError("the directory cannot be read now")
            return self._snapshot

    async def _ask(self) -> None:
        self._asked_at, self._answered = self._monotonic(), False
        with suppress(StoreUnavailableError):
            self._snapshot = await self._in_thread(self._checked)
            self._answered = True

    async def deal_exists(self, company_id: int, external_id: str) -> bool | None:
        """Tell whether the company has that deal; None when it cannot be told now."""
        try:
            return await self._in_thread(lambda: self._deal_exists(company_id, external_id))
        except StoreUnavailableError:
            return None

    async def deal_numbered(self, company_id: int, number: int) -> str | None:
        """Return the external id of a deal as an address writes it, in lower case; None where it is gone.

        Raises StoreUnavailableError.
        """
        return await self._in_thread(lambda: self._deal_numbered(company_id, number))

    async def acquaintance(self, company_id: int, outsider: Outsider) -> Acquaintance | None:
        """Tell whether an outsider is known; raises StoreUnavailableError."""
        return await self._in_thread(lambda: self._acquaintance(company_id, outsider))

    def close(self) -> None:
        """Let the threads end; a call that hangs in one is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _checked(self) -> Directory:
        known = self._snapshot
        if known is not None and self._load_version() == known.version:
            return known
        return self._load_snapshot()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.wait_for(running, self._patience)
        except TimeoutError as error:
            raise StoreUnavailableError("the directory does not answer") from error
