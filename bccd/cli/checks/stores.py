"""The stores: schema, damage, settings, speed, and what has waited for too long."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bccd.cli.checks.finding import Finding, fail, ok, warn
from bccd.config import Config
from bccd.model.errors import BccdError
from bccd.store import migrate
from bccd.store.damage import refuse_damaged
from bccd.store.engine import PRAGMAS, Stores, open_engines
from bccd.store.reads import directory_snapshot
from bccd.store.settings import settings
from bccd.store.vitals import vitals

_SLOW_SECONDS = 0.2
_LATE, _TOO_LATE = 300.0, 3600.0  # seconds that mail waits to be filed
_APART = 5.0  # seconds between two clocks
_NO_SERVER = "see docs/howto/postgresql.md, and whether the server runs"
_NO_FILE = "if it was there before, restore it: docs/howto/backup.md; a new one: docs/howto/install.md"
_NOBODY = "bccd directory load, see docs/howto/load-your-directory.md; if there was one, restore a backup"
_WANTED = {"fsync": "on", "full_page_writes": "on"}


def database(config: Config) -> Iterator[Finding]:
    """Whether the databases are there, whole, of this version, and set so that they forget nothing."""
    try:
        if not config.database.url:
            refuse_damaged(config, thorough=False)
        migrate.check(config)
        stores = open_engines(config)
    except BccdError as error:
        yield fail("database", str(error), _NO_SERVER if config.database.url else _NO_FILE)
        return
    try:
        yield from _settings(stores)
        yield from _waiting(stores)
        if not directory_snapshot(stores.database).company_addresses:
            yield fail("directory", "no company has an address: every recipient is refused with 550", _NOBODY)
    except BccdError as error:
        yield fail("database", str(error), "see whether the database server runs, and its log")
    finally:
        stores.close()


def _settings(stores: Stores) -> Iterator[Finding]:
    found = settings(stores.database)
    if found.kind == "sqlite":
        yield from _sqlite({name: found.values[name] for name in PRAGMAS})
    else:
        yield from _postgresql(found.values)
        apart = abs((found.now - datetime.now(UTC)).total_seconds()) if found.now else 0.0
        if apart > _APART:
            said = f"the clocks of this host and of the database are {apart:.0f} s apart"
            yield warn("clock", said, "keep both right by NTP")


def _sqlite(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell of pragmas, which a connection sets and reads back: where one does not hold, nothing is opened."""
    told = ", ".join(f"{name} {values[name]}" for name in ("journal_mode", "synchronous", "busy_timeout"))
    yield ok("database", f"SQLite on a local disk: {told}")


def _postgresql(values: Mapping[str, Any]) -> Iterator[Finding]:
    told = f"PostgreSQL {values['server_version']}, synchronous_commit {values['synchronous_commit']}"
    wrong = [name for name, wanted in _WANTED.items() if values[name] != wanted]
    if wrong:
        yield fail(
            "database", f"{told}, {', '.join(wrong)} off", "set them to on: what is confirmed must stand"
        )
    elif values["synchronous_commit"] == "off":
        yield fail("database", told, "let it be on, for bccd's role at least")
    else:
        yield ok("database", f"{told}, fsync on, full_page_writes on")


def _waiting(stores: Stores) -> Iterator[Finding]:
    seen = vitals(stores)
    if seen.seconds > _SLOW_SECONDS:
        yield warn("database", f"answers after {seen.seconds:.2f} s", "look at its load and its disk")
    age = (datetime.now(UTC) - seen.oldest).total_seconds() if seen.oldest else 0.0
    said = f"{seen.queued} mails wait to be filed" + (f", the oldest for {age:.0f} s" if seen.queued else "")
    advice = "see bccd status, bccd queue list --state received, and the log of the filer"
    if age > _TOO_LATE:
        yield fail("queue", said, advice)
    elif age > _LATE:
        yield warn("queue", said, advice)
    else:
        yield ok("queue", said)
    if failed := seen.unfiled.get("failed", 0):
        said = f"{failed} mails could not be filed; they are kept"
        yield warn("queue", said, "bccd queue list --state failed, then bccd queue retry ID")
