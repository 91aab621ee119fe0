"""Writes a batch: one executemany for each table, merges, clock and audiences last."""

from typing import Any

from sqlalchemy import Connection, bindparam, text

from bccd.model.plan import Merge, MessageUpdate
from bccd.store import tables as t
from bccd.store.audiences import Audiences
from bccd.store.inserts import insert_rows
from bccd.store.rows import COLUMNS, Batch, Row
from bccd.store.tables import Instant

# Where the row may stand already, what then becomes of it. A token keeps its first conversation, which merges
# resolve; a retried delivery takes its new outcome, a filed one stays as it is.
_DELIVERY_CHANGES = (
    "state",
    "reason",
    "user_id",
    "message_id",
    "copy_id",
    "evidence",
    "attempts",
    "updated_at",
)
ON_CONFLICT = {
    "conversation_token": "DO NOTHING",
    "delivery": "(company_id, id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _DELIVERY_CHANGES)
    + " WHERE delivery.state <> 'filed'",
    "delivery_recipient": "DO NOTHING",
    "decision": "(company_id, delivery_id) DO UPDATE"
    " SET steps = excluded.steps, decided_at = excluded.decided_at",
}
# A message is linked to a target once: an active link replaces a suggestion, nothing replaces a rejection.
_LINK_TARGETS = {4: "contact_id", 5: "organisation_id", 6: "deal_id"}  # by place in the row
_LINK_CONFLICT = (
    "(company_id, {target}, message_id) WHERE {target} IS NOT NULL DO UPDATE SET state = excluded.state,"
    " origin = excluded.origin, rule = excluded.rule, score = excluded.score"
    " WHERE link.state = 'suggested' AND excluded.state = 'active'"
)

_MERGE = text(
    "UPDATE conversation SET merged_into = :winner"
    " WHERE company_id = :company AND (id = :loser OR merged_into = :loser)"
)
_MOVE_MESSAGES = text(
    "UPDATE message SET conversation_id = :winner, change_seq = :seq"
    " WHERE company_id = :company AND conversation_id = :loser"
)
_MOVE_LINKS = text(
    "UPDATE link SET conversation_id = :winner WHERE company_id = :company AND conversation_id = :loser"
)
_WIDEN = text(
    "UPDATE message SET shared = (shared OR :shared), linked = (linked OR :linked), change_seq = :seq"
    " WHERE company_id = :company AND id = :id"
)
_KNOWN_SINCE = text(
    "UPDATE participant SET contact_id = :contact, verdict = 'contact' WHERE company_id = :company"
    " AND message_id = :id AND address = :address AND copy_id = 0 AND verdict = 'unknown'"
)
_ACTIVITY = text(
    "UPDATE contact SET last_activity_at = :at"
    " WHERE company_id = :company AND id = :id AND (last_activity_at IS NULL OR last_activity_at < :at)"
).bindparams(bindparam("at", type_=Instant))
_ARRIVED = text(
    "DELETE FROM address_bounce WHERE company_id = :company AND address = :address AND bounced_at < :at"
).bindparams(bindparam("at", type_=Instant))
_BOUNCED = text(
    "INSERT INTO address_bounce (company_id, address, hard, status, bounced_at)"
    " VALUES (:company, :address, :hard, :status, :at) ON CONFLICT (company_id, address) DO UPDATE"
    " SET hard = excluded.hard, status = excluded.status, bounced_at = excluded.bounced_at"
    " WHERE address_bounce.bounced_at <= excluded.bounced_at"
).bindparams(bindparam("at", type_=Instant))
_CLOCK = text(
    "UPDATE company_clock SET next_id = :next_id, change_seq = :change_seq WHERE company_id = :company"
)


class Applier:
    """Writes one company's batches over one connection."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        self._connection = connection
        self._company_id = company_id

    def apply(self, batch: Batch) -> None:
        """Write all rows of the batch and move the clock."""
        for table in COLUMNS:
            if table == "link":
                self._insert_links(batch.rows[table])
            else:
                self._insert(table, batch.rows[table], ON_CONFLICT.get(table, ""))
        audiences = Audiences(self._connection, self._company_id)
        anew = audiences.anew(batch)
        for edit, seq in batch.edits:
            self._edit(edit, seq)
        self._bounces(batch)
        self._run(_ACTIVITY, [{"id": id_, "at": at} for id_, at in sorted(batch.activity.items())])
        self._run(_CLOCK, [{"next_id": batch.next_id, "change_seq": batch.change_seq}])
        audiences.update(batch, anew)

    def _insert(self, table: str, rows: list[Row], conflict: str) -> None:
        insert_rows(self._connection, t.database.tables[table], COLUMNS[table], rows, conflict)

    def _bounces(self, batch: Batch) -> None:
        good = batch.bounces.arrived.items()
        self._run(_ARRIVED, [{"address": address, "at": at} for address, at in sorted(good)])
        told = sorted(batch.bounces.told.items())
        rows = [{"address": a, "hard": b.hard, "status": b.status, "at": b.at} for a, b in told]
        self._run(_BOUNCED, rows)

    def _insert_links(self, rows: list[Row]) -> None:
        for place, target in _LINK_TARGETS.items():
            mine = [row for row in rows if row[place] is not None]
            self._insert("link", mine, _LINK_CONFLICT.format(target=target))

    def _edit(self, edit: Merge | MessageUpdate, seq: int) -> None:
        """Move a merged conversation's messages and links, or widen what a message's audience sees."""
        if isinstance(edit, MessageUpdate):
            widened = {"id": edit.message_id, "shared": edit.shared, "linked": edit.linked, "seq": seq}
            self._run(_WIDEN, [widened])
            message = edit.message_id
            self._run(_KNOWN_SINCE, [{"id": message, "address": a, "contact": c} for a, c in edit.contacts])
            return
        for loser in edit.losers:
            self._run(_MERGE, [{"winner": edit.winner, "loser": loser}])
            self._run(_MOVE_MESSAGES, [{"winner": edit.winner, "loser": loser, "seq": seq}])
            self._run(_MOVE_LINKS, [{"winner": edit.winner, "loser": loser}])

    def _run(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["company"] = self._company_id
        if rows:
            self._connection.execute(statement, rows if len(rows) > 1 else rows[0])
