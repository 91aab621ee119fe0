"""Writes a batch: one executemany for each table, merges, clock and audiences last."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, text

from bccd.model.plan import Merge, MessageUpdate
from bccd.store import tables as t
from bccd.store.inserts import insert_rows
from bccd.store.rows import COLUMNS, Batch, Row
from bccd.store.tables import Instant

MAX_LIST = 10_000

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
_CLOCK = text(
    "UPDATE company_clock SET next_id = :next_id, change_seq = :change_seq WHERE company_id = :company"
)

_CLEAR_AUDIENCES = text(
    "DELETE FROM conversation_audience WHERE company_id = :company AND conversation_id IN :ids"
).bindparams(bindparam("ids", expanding=True))
# Each audience's row tells only of what it sees (decisions.md 6): everyone sees what is shared and linked, an
# owner that and the messages he holds a copy of.
_AUDIENCES = text(
    """
    INSERT INTO conversation_audience (company_id, conversation_id, audience_id, subject, snippet,
        message_count, last_at, last_message_id, needs_choice, linked)
    WITH mail AS (
        SELECT m.id, m.conversation_id, m.sort_at, m.subject, m.snippet, m.linked,
            CASE WHEN m.shared AND m.linked THEN 1 ELSE 0 END AS is_open,
            CASE WHEN EXISTS (SELECT 1 FROM link l WHERE l.company_id = m.company_id
                AND l.conversation_id = m.conversation_id AND l.message_id = m.id
                AND l.deal_id IS NOT NULL AND l.state = 'suggested') THEN 1 ELSE 0 END AS choice
        FROM message m WHERE m.company_id = :company AND m.conversation_id IN :ids
    ), owned AS (
        SELECT c.owner_id, mail.id, mail.conversation_id FROM mail
        JOIN message_copy c ON c.company_id = :company AND c.message_id = mail.id
    ), seen AS (
        SELECT 0 AS audience_id, id FROM mail WHERE is_open = 1
        UNION
        SELECT owner_id, id FROM owned
        UNION
        SELECT o.owner_id, mail.id FROM mail
        JOIN (SELECT DISTINCT owner_id, conversation_id FROM owned) o
            ON o.conversation_id = mail.conversation_id
        WHERE mail.is_open = 1
    ), ranked AS (
        SELECT seen.audience_id, mail.*,
            row_number() OVER (PARTITION BY seen.audience_id, mail.conversation_id
                ORDER BY mail.sort_at DESC, mail.id DESC) AS place,
            count(*) OVER (PARTITION BY seen.audience_id, mail.conversation_id) AS message_count,
            max(mail.choice) OVER (PARTITION BY seen.audience_id, mail.conversation_id) AS any_choice,
            max(CASE WHEN mail.linked THEN 1 ELSE 0 END)
                OVER (PARTITION BY seen.audience_id, mail.conversation_id) AS any_linked
        FROM seen JOIN mail ON mail.id = seen.id
    )
    SELECT CAST(:company AS BIGINT), conversation_id, audience_id, subject, snippet, message_count, sort_at,
        id, any_choice = 1, any_linked = 1
    FROM ranked WHERE place = 1
    """
).bindparams(bindparam("ids", expanding=True))


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
        for edit, seq in batch.edits:
            self._edit(edit, seq)
        self._run(_ACTIVITY, [{"id": id_, "at": at} for id_, at in sorted(batch.activity.items())])
        self._run(_CLOCK, [{"next_id": batch.next_id, "change_seq": batch.change_seq}])
        self.audiences(batch.touched(), batch.lost())

    def audiences(self, conversations: Collection[int], gone: Collection[int] = ()) -> None:
        """Work out anew who sees what of these conversations; those gone have no audience any more."""
        for ids in _cut([*conversations, *gone]):
            self._run(_CLEAR_AUDIENCES, [{"ids": ids}])
        for ids in _cut(list(conversations)):
            self._run(_AUDIENCES, [{"ids": ids}])

    def _insert(self, table: str, rows: list[Row], conflict: str) -> None:
        insert_rows(self._connection, t.database.tables[table], COLUMNS[table], rows, conflict)

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


def _cut(values: list[int]) -> list[list[int]]:
    return [values[at : at + MAX_LIST] for at in range(0, len(values), MAX_LIST)]
