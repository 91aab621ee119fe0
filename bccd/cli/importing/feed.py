"""Hands mail to the spool in groups, never more than the filer works off soon: live mail waits behind little.

Whatever is in flight is known by its id, and its outcome is asked of the database; so memory and the queue
stay small however much is imported.
"""

import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Protocol

from bccd.cli.importing.tally import Tally
from bccd.model.delivery import Intake, Receipt
from bccd.model.errors import StoreUnavailableError
from bccd.store.became import Became

GROUP = 64  # mails in one transaction of the spool
GROUP_OCTETS = 4 * 2**20
WINDOW = 256  # mails in flight: three batches with the filer and one that waits, so that no parser does
WINDOW_OCTETS = 32 * 2**20  # and the most that these are, or one mail
_ASKED = 2 * GROUP  # how many of the oldest are asked about at once
_PAUSE = 0.1  # seconds between two looks at what became of them; half a batch is filed meanwhile
_LAST_PAUSE = 0.03  # the same where nothing more is handed in
_PATIENCE, _AGAIN = 60.0, 1.0  # seconds for a spool that cannot keep mail now, and between two tries
_SLOW = 1.0  # seconds without any outcome after which all in flight are asked about
_DOUBT = 5.0  # seconds without any outcome after which it is asked whether anybody files
_STILL = 30.0  # seconds without any outcome after which the rest is left to the daemon


class Spool(Protocol):
    """Takes a group of mails at once."""

    def put_all(self, intakes: Sequence[Intake], /) -> list[Receipt | StoreUnavailableError]:
        """Make them durable, and tell of each."""
        ...


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
        self._in_flight: dict[int, int] = {}  # id -> octets, the oldest first
        self._octets = 0
        self._moved = time.monotonic()

    def feed(self, group: Sequence[Intake]) -> None:
        """Make a group durable as soon as there is room for it; raises StoreUnavailableError."""
        octets = sum(mail.raw.size for mail in group)
        while self._in_flight and not self._has_room(len(group), octets):
            self._look(_PAUSE)
        idle = not self._in_flight
        self._put(group)
        self._tally.waiting = len(self._in_flight)
        if idle and self._in_flight:
            self._wake()

    def finish(self) -> None:
        """Wait until all is decided, or nothing is for a while: what failed once is tried again later."""
        self._moved = time.monotonic()
        while self._in_flight and time.monotonic() - self._moved < _STILL:
            self._look(_LAST_PAUSE)

    def _has_room(self, mails: int, octets: int) -> bool:
        return len(self._in_flight) + mails <= WINDOW and self._octets + octets <= WINDOW_OCTETS

    def _put(self, group: Sequence[Intake]) -> None:
        """Hand mail in; what the spool cannot keep now is tried again for a while."""
        until = time.monotonic() + _PATIENCE
        while group:
            left: list[Intake] = []
            for mail, answer in zip(group, self._spool.put_all(group), strict=True):
                if isinstance(answer, StoreUnavailableError):
                    if time.monotonic() > until:
                        raise answer
                    left.append(mail)
                elif answer.duplicate:
                    self._tally.known += 1
                else:
                    self._in_flight[answer.delivery_id] = mail.raw.size
                    self._octets += mail.raw.size
            group = left
            if left:
                time.sleep(_AGAIN)

    def _look(self, pause: float) -> None:
        """Count what is decided, or wait a moment where nothing new is."""
        still = time.monotonic() - self._moved
        # Nearly always they are filed in the order in which they were handed in.
        asked = list(islice(self._in_flight, _ASKED)) if still < _SLOW else self._in_flight
        found = self._became(asked)
        for id_, (state, reason) in found.items():
            self._tally.became(id_, state, reason)
            self._octets -= self._in_flight.pop(id_)
        self._tally.waiting = len(self._in_flight)
        if found:
            self._moved = time.monotonic()
            return
        if still > _DOUBT:
            self._alive()
        time.sleep(pause)
