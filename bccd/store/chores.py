"""What is swept once a day: rows and files that have had their time."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bccd import journal
from bccd.config import Feed
from bccd.failures import place
from bccd.store import outbox
from bccd.store import rethread as conversations
from bccd.store.engine import Stores
from bccd.store.expiry import expire
from bccd.store.feed import purge
from bccd.store.rawfiles import sweep, sweep_incoming

_DAY = timedelta(days=1)
_PIECE_PAUSE = 0.2  # seconds between two pieces of a long look at the database, for the filer


def sweep_daily(stores: Stores, ended: threading.Event, feed: Feed, clock: Callable[[], datetime]) -> None:
    """Do now and daily what many rows and files make long, beside the filer, whom it would stop."""
    chores: dict[str, Callable[[datetime], int]] = {
        "files": lambda now: sweep(stores.spool, stores.folder, now - _DAY),  # that no mail speaks of
        "incoming": lambda now: sweep_incoming(stores.folder, now - _DAY),
        "expired": lambda now: expire(stores, now),  # held mail
        "attempts": lambda now: journal.sweep(stores.folder / journal.FOLDER, now),
        "events": lambda now: purge(stores.database, now - feed.keep_days * _DAY),
        "notices": lambda now: outbox.purge(stores.database, now),
        "differing": lambda _: conversations.check_conversations(stores, lambda: ended.wait(_PIECE_PAUSE)),
    }
    log = structlog.get_logger()
    while not ended.is_set():
        for what, chore in chores.items():
            try:
                log.debug("swept", **{what: chore(clock())})
            except Exception as error:  # noqa: BLE001 - one chore must not end the others for good
                log.warning("sweep_failed", what=what, error=place(error))
        ended.wait(_DAY.total_seconds())
