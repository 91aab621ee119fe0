"""What the filer does for users between two batches: their commands, and mail that they released."""

import time

from bccd.store.commands import Commands, Now
from bccd.store.engine import Stores
from bccd.store.entries import requeue_released

_SWEEP_SECONDS = 60.0  # between two searches for released mail that is not in the queue


class Errands:
    """Called by the filer again and again; returns whether more waits."""

    def __init__(self, stores: Stores, commands: Commands, now: Now) -> None:
        self._stores = stores
        self._commands = commands
        self._now = now
        self._sweep_at = 0.0

    def __call__(self) -> bool:
        """Do what is pending; raises StoreUnavailableError."""
        if time.monotonic() >= self._sweep_at:
            requeue_released(self._stores, self._now())
            self._sweep_at = time.monotonic() + _SWEEP_SECONDS
        return self._commands.work_off()
