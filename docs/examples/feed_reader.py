"""Keeps a copy of all that one user sees in bccd, by its change feed; docs/reference/events.md says why so.

python feed_reader.py /var/lib/bccd/bccd.db 1 2 copy.db               company 1, user 2, from SQLite
python feed_reader.py postgresql://front@db.example/bccd 1 2 copy.db  the same, from PostgreSQL
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PAGE = 500  # events read at once


class Bccd:
    """bccd's database, as one viewer may read it."""

    def __init__(self, place: str, company: int, viewer: int) -> None:
        self._who, self._is_server = (company, viewer), "://" in place
        if self._is_server:
            import psycopg.rows

            self._db: Any = psycopg.connect(place, autocommit=True, row_factory=psycopg.rows.dict_row)
            self._db.execute("LISTEN bccd_change")
        else:
            self._db = sqlite3.connect(f"file:{place}?mode=ro", uri=True, isolation_level=None)
            self._db.row_factory = sqlite3.Row

    def rows(self, view: str, more: str = "", *values: int | None) -> list[dict[str, Any]]:
        """Read what the viewer sees in a view."""
        sql = f"SELECT * FROM {view} WHERE company_id = ? AND viewer_user_id = ? {more}"
        sql = sql.replace("?", "%s") if self._is_server else sql
        return [dict(row) for row in self._db.execute(sql, (*self._who, *values))]

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Let all that is read inside be of one moment."""
        self._db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ" if self._is_server else "BEGIN")
        yield
        self._db.execute("COMMIT")

    def wait(self, seconds: float) -> None:
        """Wait for a NOTIFY, where there is one, or until it is time to look all the same."""
        list(self._db.notifies(timeout=seconds, stop_after=1)) if self._is_server else time.sleep(seconds)


def renew(bccd: Bccd, copy: sqlite3.Connection, conversation: int) -> None:
    """Take over what the viewer sees of a conversation now, which may be nothing any more."""
    copy.execute("DELETE FROM item WHERE home = ?", (conversation,))
    for view in ("v1_conversation", "v1_message"):
        for row in bccd.rows(view, "AND conversation_id = ?", conversation):
            item = (conversation, row.get("message_id"), json.dumps(row, default=str))
            copy.execute("INSERT INTO item VALUES (?, ?, ?)", item)


def follow(bccd: Bccd, copy: sqlite3.Connection, cursor: int | None) -> int | None:
    """Bring the copy forward by a page of events; return the new cursor, or None where all must be read."""
    with bccd.moment():
        feed = bccd.rows("v1_feed", "AND ? BETWEEN min_seq AND change_seq", cursor)
        events = bccd.rows("v1_change", "AND seq > ? ORDER BY seq LIMIT ?", cursor, PAGE)
        if not feed:
            return None
        touched = {e["conversation_id"] for e in events}
        touched |= {e["entity_id"] for e in events if e["kind"].startswith("conversation.")}
        for conversation in touched - {None}:
            renew(bccd, copy, conversation)
        return int(events[-1]["seq"] if len(events) == PAGE else feed[0]["change_seq"])


def read_all(bccd: Bccd, copy: sqlite3.Connection) -> int | None:
    """Copy everything; return the cursor to follow from: where the feed stood before anything was read."""
    feed = bccd.rows("v1_feed")
    seen = {row["conversation_id"] for row in bccd.rows("v1_conversation")}
    for conversation in seen.union(*copy.execute("SELECT DISTINCT home FROM item")):
        with bccd.moment():
            renew(bccd, copy, conversation)
    return feed[0]["change_seq"] if feed else None  # None: the user left, and sees nothing


def step(bccd: Bccd, copy: sqlite3.Connection) -> bool:
    """Bring copy and cursor forward, committed as one; tell whether the cursor moved."""
    with copy:
        copy.execute("CREATE TABLE IF NOT EXISTS feed (id PRIMARY KEY, cursor)")
        copy.execute("CREATE TABLE IF NOT EXISTS item (home, id, row, PRIMARY KEY (home, id))")
        (before,) = copy.execute("SELECT max(cursor) FROM feed").fetchone()
        after = follow(bccd, copy, before)
        if after is None:
            after = read_all(bccd, copy)
        copy.execute("INSERT OR REPLACE INTO feed VALUES (1, ?)", (after,))
    return bool(after != before)


if __name__ == "__main__":
    bccd, copy = Bccd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])), sqlite3.connect(sys.argv[4])
    while True:
        bccd.wait(0.0 if step(bccd, copy) else 2.0)
