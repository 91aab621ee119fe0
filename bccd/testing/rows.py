"""All rows of a store, comparable between stores and between runs."""

from datetime import datetime
from typing import Any

from bccd.store.engine import Stores
from bccd.store.plain import Rows, all_rows, put_rows
from bccd.store.tables import to_text
from bccd.testing.build import Seed
from bccd.testing.memory import MemoryStore


def rows(store: MemoryStore | Stores, *tables: str) -> Rows:
    """Return the rows of these tables, or of all, in the order of the primary keys; times are ISO 8601."""
    found = store.all_rows() if isinstance(store, MemoryStore) else all_rows(store, *tables)
    return {
        table: [{name: _plain(value) for name, value in row.items()} for row in listed]
        for table, listed in found.items()
        if not tables or table in tables
    }


def fill(store: MemoryStore | Stores, seed: Seed) -> None:
    """Put a company's master data into a store."""
    if isinstance(store, MemoryStore):
        store.put_rows(seed.rows)
    else:
        put_rows(store, seed.rows)


def _plain(value: Any) -> Any:
    return to_text(value) if isinstance(value, datetime) else value
