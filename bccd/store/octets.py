"""The octets of mail that is to be filed, out of the table or the file that holds them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bccd.model.delivery import Delivery
from bccd.model.errors import StoreUnavailableError
from bccd.store import marks as q
from bccd.store.direct import Statement
from bccd.store.engine import reading

_SMALL = 64 * 1024  # octets of a mail that is fetched with its batch
# Fronts fill the table ahead of the filer.
_RAWS_OF = Statement(q.RAWS_OF, planned_anew=True)
_RAW_OF = Statement(q.RAW_OF, planned_anew=True)


class Octets:
    """Fetches a batch's small mail at once and large mail when it is asked for."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._at_hand: dict[tuple[int, bytes], bytes] = {}

    def of(self, delivery: Delivery) -> bytes:
        """Return a delivery's octets; raises StoreUnavailableError."""
        key = (delivery.company_id, delivery.raw_sha256)
        found = self._at_hand.pop(key, None)
        return read_raw(self._engine, self._folder, *key) if found is None else found

    def fetch(self, claimed: Sequence[Any]) -> None:
        """Read the octets of small mail in one statement a company: one by one they cost 0.3 ms each."""
        if len(self._at_hand) > 2 * len(claimed):
            self._at_hand.clear()  # claimed, then given back
        wanted: dict[int, list[bytes]] = {}
        for row in claimed:
            if row.size <= _SMALL:
                wanted.setdefault(row.company_id, []).append(row.raw_sha256)
        # What is claimed is claimed: a store that fails now is met again by of().
        with suppress(StoreUnavailableError), reading(self._engine) as connection:
            for company_id, digests in wanted.items():
                found = _RAWS_OF.rows(connection, {"company": company_id, "digests": digests})
                self._at_hand |= {(company_id, digest): data for digest, data in found if data is not None}


def read_raw(engine: Engine, folder: Path, company_id: int, sha256: bytes) -> bytes:
    """Return the octets of a stored mail; raises StoreUnavailableError where they cannot be found."""
    with reading(engine) as connection:
        rows = _RAW_OF.rows(connection, {"company": company_id, "sha256": sha256})
    if not rows:
        raise StoreUnavailableError(f"the octets of mail {sha256.hex()} are gone")
    ((data, path),) = rows
    if data is not None:
        return bytes(data)
    try:
        return Path(folder, path).read_bytes()
    except OSError as error:
        raise StoreUnavailableError(f"the octets of mail {sha256.hex()} cannot be read: {error}") from error
