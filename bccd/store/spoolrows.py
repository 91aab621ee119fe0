"""The rows that transaction 1 writes for a group of mails, and the keys of mail that stands already."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, exists, insert, select

from bccd.model.delivery import Intake, Receipt
from bccd.store import envelopes
from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.inserts import by_row
from bccd.store.lists import any_of

RAW = ("company_id", "sha256", "size", "data", "path", "stored_at")
QUEUE = (
    "delivery_id",
    "company_id",
    "state",
    "envelope",
    "raw_sha256",
    "size",
    "attempts",
    "due_at",
    "error",
)
KEY = ("company_id", "raw_sha256", "recipient", "delivery_id")

_STANDING = Statement(
    select(
        t.delivery_key.c.company_id,
        t.delivery_key.c.raw_sha256,
        t.delivery_key.c.recipient,
        t.delivery_key.c.delivery_id,
    ).where(
        any_of(t.delivery_key.c.company_id, "companies"),
        any_of(t.delivery_key.c.raw_sha256, "digests", 32),
    )
)
# A filed mail has left the queue, but its keys stay, and its id is its own for ever.
_UNLESS_TAKEN = insert(t.queue).from_select(
    QUEUE,
    select(*(bindparam(name, type_=t.queue.c[name].type) for name in QUEUE)).where(
        ~exists().where(t.delivery_key.c.delivery_id == bindparam("delivery_id"))
    ),
)
Key = tuple[int, bytes, str]  # company, sha256 of the octets, recipient


@dataclass(slots=True)
class Waiting:
    """An intake on its way into a group."""

    intake: Intake
    data: bytes | None  # the octets, if they are at hand
    path: str | None  # where they stand, if not in the table
    future: asyncio.Future[Receipt] | None = None  # where a loop waits for it


class Rows:
    """The rows of one transaction, and a receipt for each mail, in order.

    `stamp` writes a moment as the driver wants it; `standing` has the ids of the keys that stand.
    """

    def __init__(
        self,
        group: Sequence[Waiting],
        ids: Sequence[int],
        standing: dict[Key, int],
        folder: Path,
        stamp: Callable[[datetime], Any],
    ) -> None:
        self.receipts: list[Receipt] = []
        self.raws: list[tuple[Any, ...]] = []
        self.entries: list[tuple[Any, ...]] = []
        self.keys: dict[tuple[Any, ...], None] = {}
        self._standing, self._folder, self._stamp = standing, folder, stamp
        now = stamp(datetime.now(UTC))
        for waiting, id_ in zip(group, ids, strict=True):
            self._add(waiting, id_, now)

    def _add(self, waiting: Waiting, id_: int, now: Any) -> None:
        """Add a mail's rows for the recipients that have not got these octets yet."""
        intake, raw, standing = waiting.intake, waiting.intake.raw, self._standing
        company_id, digest = intake.company_id, raw.sha256
        keys = [(company_id, digest, target.address) for target in intake.targets]
        missing = tuple(each for each, key in zip(intake.targets, keys, strict=True) if key not in standing)
        if not missing:
            self.receipts.append(Receipt(standing[keys[0]], duplicate=True))
            return
        if waiting.path and not (self._folder / waiting.path).exists():
            raise FileNotFoundError(waiting.path)  # deleted since it was kept: whoever sent it comes again
        data = raw.read() if waiting.data is None and waiting.path is None else waiting.data
        self.raws.append((company_id, digest, raw.size, data, waiting.path, now))
        self.entries.append((
            id_, company_id, "received", envelopes.write(intake, missing), digest, raw.size, 0,
            self._stamp(intake.received_at), "",
        ))  # fmt: skip
        for key in keys:
            if standing.setdefault(key, id_) == id_:
                self.keys[(*key, id_)] = None
        self.receipts.append(Receipt(id_))


class Texts:
    """What inserts rows on SQLite, as its driver takes it."""

    def __init__(self, dialect: Dialect) -> None:
        self.raw = by_row(dialect, t.raw_mail, RAW, "DO NOTHING")
        self.key = by_row(dialect, t.delivery_key, KEY)
        self.entry = str(_UNLESS_TAKEN.compile(dialect=dialect))  # with the id once more in the end


def standing_keys(connection: Connection, group: Sequence[Waiting]) -> dict[Key, int]:
    """Return which keys of these mails stand already, and the ids that they have."""
    lists = {
        "companies": list({waiting.intake.company_id for waiting in group}),
        "digests": list({waiting.intake.raw.sha256 for waiting in group}),
    }
    rows = _STANDING.rows(connection, lists)
    return {(company_id, digest, recipient): id_ for company_id, digest, recipient, id_ in rows}
