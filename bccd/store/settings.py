"""How a database is set: what must hold for it to forget nothing, as it tells itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from bccd.store.engine import PRAGMAS, reading
from bccd.store.postgresql import is_postgresql

_SHOWN = ("server_version", "synchronous_commit", "fsync", "full_page_writes", "max_connections")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a database says of itself."""

    kind: str  # sqlite or postgresql
    values: Mapping[str, Any]
    now: datetime | None  # by the server's clock


def settings(engine: Engine) -> Settings:
    """Ask; raises StoreUnavailableError, also where a setting is one that bccd refuses to work with."""
    with reading(engine) as connection:
        if is_postgresql(engine):
            values = {
                name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in _SHOWN
            }  # fmt: skip
            return Settings("postgresql", values, connection.exec_driver_sql("SELECT now()").scalar_one())
        values = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
        return Settings("sqlite", values, None)
