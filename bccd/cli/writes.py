"""What the commands change: asked of the running daemon, or done here where none runs."""

import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bccd import bootstrap, door
from bccd.cli.looks import company, open_stores
from bccd.config import Config
from bccd.directory.records import Record, RecordsError
from bccd.door import FolderHeldError
from bccd.model.errors import MistakeError, StoreUnavailableError
from bccd.store import listing
from bccd.store.engine import Stores
from bccd.store.reads import directory_snapshot

_PATIENCE = 5.0  # for a daemon that starts or ends and has no door
_COMMAND_PATIENCE = 60.0  # while somebody else writes to the database
_PAUSE = 0.5


def do(config: Config, operation: str, arguments: Mapping[str, object]) -> Any:
    """Have an operation of bootstrap.make_operations done, and return its answer."""

    def here(given: Mapping[str, object]) -> object:
        with open_stores(config) as stores:
            return bootstrap.make_operations(config, stores)[operation](given)

    if config.database.url:  # a server has its own locks: no daemon needs to stand aside
        with suppress(door.DoorClosedError):
            return door.ask(config.data_dir, operation, arguments)
        return here(arguments)
    return door.do(config.data_dir, operation, arguments, here, _PATIENCE)


def command(config: Config, slug: str, wish: Mapping[str, object]) -> Mapping[str, Any]:
    """Have done what a user wants: actor, kind and args, with a key or a new one; return what became of it.

    While somebody else holds the database it is asked again, with the same key: so it is done once.
    """
    with open_stores(config) as stores:
        request = {"key": secrets.token_hex(16), **wish}
        request["company"] = company(directory_snapshot(stores.database), slug).id
    if isinstance(actor := wish["actor"], str) and actor.isdecimal():
        request["actor"] = int(actor)
    until = time.monotonic() + _COMMAND_PATIENCE
    while True:
        try:
            (answer,) = do(config, "command", {"commands": [request]})
        except StoreUnavailableError:
            if time.monotonic() > until:
                raise
        else:
            found: Mapping[str, Any] = answer
            return found
        time.sleep(_PAUSE)


def load_records(config: Config, slug: str, records: Sequence[Record]) -> dict[str, int]:
    """Load records, all or none; returns how many of each kind were new or different.

    Raises RecordsError with every mistake that only the store can see.
    """
    arguments = {
        "company": slug,
        "records": [
            {"kind": record.kind, "row": record.row, "values": dict(record.values)} for record in records
        ],
    }
    try:
        changed: dict[str, int] = do(config, "directory.load", arguments)
    except FolderHeldError:
        raise
    except MistakeError as error:
        lines = str(error).splitlines()
        if not all(line.startswith(tuple(f"{record.row}: " for record in records)) for line in lines):
            raise
        raise RecordsError(lines) from error
    return changed


def listed(stores: Stores, slug: str, kind: str) -> Sequence[Mapping[str, Any]]:
    """List the records of one kind of the company that is meant."""
    if kind == "company":
        return listing.companies(stores.database)
    known = directory_snapshot(stores.database)
    found = company(known, slug)
    rows = listing.records(stores.database, found.id, kind)
    if kind == "user":
        numbers = known.user_addresses
        return [{"number": numbers[found.id, row["login"]].user.id, **row} for row in rows]
    return rows
