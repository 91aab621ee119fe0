"""Hands mail to the spool in groups, never more than the filer works off soon: live mail waits behind little.

Whatever is in flight is known by its id, and its outcome is asked of the database; so memory and the queue
stay small however much is imported.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice

from bccd.cli.importing.tally import Tally
from bccd.model.delivery import Intake, Receipt
from bccd.model.errors import StoreUnavailableError
from bccd.ports import Spool
from bccd.store.became import Became

GROUP = 64  # mails in one transaction of the spool
GROUP_OCTETS = 4 * 2**20
WINDOW = 192  # mails in flight: two batches with the parsers and one that waits for them
_PAUSE, _LONGEST_PAUSE = 0.01, 0.1  # seconds between two looks at what became of them
_PATIENCE, _AGAIN = 60.0, 1.0  # seconds for a spool that cannot keep mail now, and between two tries
_SLOW = 1.0  # seconds without any outcome after which all in flight are asked about
_DOUBT = 5.0  # seconds without any outcome after which it is asked whether anybody files
_STILL = 30.0  # seconds without any outcome after which the rest is left to the daemon


class Feeder:
    """One import's mail on its way.

    `wake` is called where the filer may be idle, `alive` where nothing is filed for some seconds; it raises
    what ends the import where nobody is left who files.
    """

    def __init__(
        self,
        spool: Spool,
        became: Callable[[Collection[int]], Became],
        tally: Tally,
        wake: Callable[[], object],
        alive: Callable[[], None],
    ) -> None:
        self._spool, self._became, self._tally = spool, became, tally
        self._wake, self._alive = wake, alive
        self._in_flight: dict[int, None] = {}  # the oldest first
        self._moved = time.monotonic()
        self._pause = _PAUSE

    async def feed(self, group: Sequence[Intake]) -> None:
        """Make a group durable as soon as there is room for it; raises StoreUnavailableError."""
        while self._in_flight and len(self._in_flight) + len(group) > WINDOW:
            await self._look()
        idle = not self._in_flight
        for receipt in await self._put(group):
            if receipt.duplicate:
                self._tally.known += 1
            else:
                self._in_flight[receipt.delivery_id] = None
        self._tally.waiting = len(self._in_flight)
        if idle and self._in_flight:
            await asyncio.to_thread(self._wake)

    async def finish(self) -> None:
        """Wait until all is decided, or nothing is for a while: what failed once is tried again later."""
        self._moved = time.monotonic()
        while self._in_flight and time.monotonic() - self._moved < _STILL:
            await self._look()

    async def _put(self, group: Sequence[Intake]) -> list[Receipt]:
        """Hand mail in; what the spool cannot keep now is tried again for a while."""
        until = time.monotonic() + _PATIENCE
        receipts: list[Receipt] = []
        left = list(group)
        while left:
            done = await asyncio.gather(*map(self._spool.put, left), return_exceptions=True)
            receipts += [each for each in done if isinstance(each, Receipt)]
            for failure in done:
                if isinstance(failure, BaseException) and not _passes(failure, until):
                    raise failure
            left = [mail for mail, each in zip(left, done, strict=True) if not isinstance(each, Receipt)]
            await asyncio.sleep(_AGAIN if left else 0)
        return receipts

    async def _look(self) -> None:
        """Count what is decided, or wait a moment where nothing new is."""
        still = time.monotonic() - self._moved
        # Nearly always they are filed in the order in which they were handed in.
        asked = list(islice(self._in_flight, GROUP)) if still < _SLOW else self._in_flight
        found = self._became(asked)
        for id_, (state, reason) in found.items():
            self._tally.became(id_, state, reason)
            del self._in_flight[id_]
        self._tally.waiting = len(self._in_flight)
        if found:
            # A look costs the machine something, and before the next batch is filed there is nothing to see.
            self._pause = min(max(still / 4, _PAUSE), _LONGEST_PAUSE)
            self._moved = time.monotonic()
            return
        if still > _DOUBT:
            await asyncio.to_thread(self._alive)
        await asyncio.sleep(self._pause)


def _passes(failure: BaseException, until: float) -> bool:
    return isinstance(failure, StoreUnavailableError) and time.monotonic() < until
