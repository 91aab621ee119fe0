"""Writes a batch: one executemany for each table, merges, clock and audiences last."""

from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, text

from bccd.model.plan import LinkOrigin, LinkState, Merge, MessageUpdate, Regroup, Settled
from bccd.model.strand import Ties
from bccd.store import handed, notices
from bccd.store import tables as t
from bccd.store.audiences import Audiences
from bccd.store.direct import Statement
from bccd.store.inserts import insert_rows
from bccd.store.lists import ListOf
from bccd.store.regroup import cut, write_regroup
from bccd.store.rows import COLUMNS, Batch, Edit, Row
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
    "automatic_of",
    "from_address",
    "from_name",
    "subject",
    "sentence",
    "advice",
    "always",
    "expires_at",
    "warned_at",
)
ON_CONFLICT = {
    "conversation_token": "DO NOTHING",
    "conversation_deal": "DO NOTHING",
    "message_alias": "DO NOTHING",
    "delivery": "(company_id, id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _DELIVERY_CHANGES)
    + " WHERE delivery.state <> 'filed'",
    "delivery_recipient": "DO NOTHING",
    "command": "DO NOTHING",  # the same answer, come again
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

_MERGE = Statement(
    text(
        "UPDATE conversation SET merged_into = :winner"
        " WHERE company_id = :company AND (id = :loser OR merged_into = :loser)"
    )
)
_MOVE_MESSAGES = Statement(
    text(
        "UPDATE message SET conversation_id = :winner, change_seq = :seq"
        " WHERE company_id = :company AND conversation_id = :loser"
    )
)
_MOVE_LINKS = Statement(
    text("UPDATE link SET conversation_id = :winner WHERE company_id = :company AND conversation_id = :loser")
)
_WIDEN = Statement(
    text(
        "UPDATE message SET shared = (shared OR :shared), linked = (linked OR :linked), change_seq = :seq,"
        " refs = coalesce(:refs, refs), thread_index = coalesce(:thread_index, thread_index),"
        " calendar_uid = coalesce(:calendar_uid, calendar_uid), parties = coalesce(:parties, parties),"
        " broadcast = coalesce(:broadcast, broadcast) WHERE company_id = :company AND id = :id"
    )
)
_NAME = Statement(
    text(
        "UPDATE message SET msgid = :msgid, in_reply_to = :parent, id_key = :id_key,"
        " identity_key = :identity_key, sent_at = :sent_at, sort_at = :sort_at, provenance = :provenance"
        " WHERE company_id = :company AND id = :id"
    ).bindparams(bindparam("sent_at", type_=Instant), bindparam("sort_at", type_=Instant))
)
_SETTLE = Statement(
    text(
        "UPDATE link SET state = :state, origin = :origin, actor_id = :actor, decided_at = :at"
        " WHERE company_id = :company AND id = :id AND state = 'suggested' AND EXISTS ("
        "SELECT 1 FROM message m WHERE m.company_id = link.company_id AND m.id = link.message_id"
        " AND (m.linked OR NOT m.shared))"
    ).bindparams(bindparam("at", type_=Instant))
)
_LINKED = Statement(
    text(
        "UPDATE message SET linked = (linked OR NOT shared), change_seq = :seq"
        " WHERE company_id = :company AND id = :id"
    )
)
_KNOWN_SINCE = Statement(
    text(
        "UPDATE participant SET contact_id = :contact, verdict = 'contact' WHERE company_id = :company"
        " AND message_id = :id AND address = :address AND copy_id = 0 AND verdict = 'unknown'"
    )
)
_ACTIVITY = Statement(
    text(
        "UPDATE contact SET last_activity_at = :at"
        " WHERE company_id = :company AND id = :id AND (last_activity_at IS NULL OR last_activity_at < :at)"
    ).bindparams(bindparam("at", type_=Instant))
)
# The same for all of them at once: on PostgreSQL every execution costs client and server some 50 us.
_ALL_ACTIVITY = Statement(
    text(
        "UPDATE contact SET last_activity_at = new.at"
        " FROM unnest(CAST(:ids AS bigint[]), CAST(:moments AS timestamptz[])) AS new (id, at)"
        " WHERE company_id = :company AND contact.id = new.id"
        " AND (last_activity_at IS NULL OR last_activity_at < new.at)"
    ).bindparams(
        bindparam("ids", type_=ListOf(t.contact.c.id.type)), bindparam("moments", type_=ListOf(Instant()))
    )
)
_ARRIVED = Statement(
    text(
        "DELETE FROM address_bounce WHERE company_id = :company AND address = :address AND bounced_at < :at"
    ).bindparams(bindparam("at", type_=Instant))
)
_BOUNCED = Statement(
    text(
        "INSERT INTO address_bounce (company_id, address, hard, status, bounced_at)"
        " VALUES (:company, :address, :hard, :status, :at) ON CONFLICT (company_id, address) DO UPDATE"
        " SET hard = excluded.hard, status = excluded.status, bounced_at = excluded.bounced_at"
        " WHERE address_bounce.bounced_at <= excluded.bounced_at"
    ).bindparams(bindparam("at", type_=Instant))
)
_CLOCK = Statement(
    text("UPDATE company_clock SET next_id = :next_id, change_seq = :change_seq WHERE company_id = :company")
)


TIES = Ties.__struct_fields__


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
        notices.write(self._connection, self._company_id, batch.notices)
        notices.answer(self._connection, self._company_id, batch.answers)
        self._note_activity(batch)
        self._run(_CLOCK, [{"next_id": batch.next_id, "change_seq": batch.change_seq}])
        audiences.update(batch, anew)
        for ids in cut(batch.lost()):
            handed.clear(self._connection, self._company_id, ids)
        for ids in cut(anew | batch.met_again()):
            handed.work_out(self._connection, self._company_id, ids)

    def _insert(self, table: str, rows: list[Row], conflict: str) -> None:
        insert_rows(self._connection, t.database.tables[table], COLUMNS[table], rows, conflict)

    def _note_activity(self, batch: Batch) -> None:
        met = sorted(batch.activity.items())
        if met and self._connection.dialect.name == "postgresql":
            ids, moments = zip(*met, strict=True)
            self._run(_ALL_ACTIVITY, [{"ids": ids, "moments": moments}])
        else:
            self._run(_ACTIVITY, [{"id": id_, "at": at} for id_, at in met])

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

    def _edit(self, edit: Edit, seq: int) -> None:
        """Change rows that stand; each edit sees what those before it did."""
        match edit:
            case Merge():
                self._merge(edit, seq)
            case Regroup():
                write_regroup(self._connection, self._company_id, edit, seq)
            case MessageUpdate():
                self._widen(edit, seq)
            case Settled():
                self._settle(edit, seq)

    def _widen(self, edit: MessageUpdate, seq: int) -> None:
        widened = {"id": edit.message_id, "shared": edit.shared, "linked": edit.linked, "seq": seq}
        ties = dict.fromkeys(TIES) if edit.ties is None else asdict(edit.ties)
        self._run(_WIDEN, [widened | ties | {"thread_index": ties["thread_index"] or None}])
        message = edit.message_id
        self._run(_KNOWN_SINCE, [{"id": message, "address": a, "contact": c} for a, c in edit.contacts])
        if edit.named is not None:
            new = edit.named
            row = {
                "id": message, "msgid": new.msgid, "parent": new.in_reply_to, "id_key": new.id_key,
                "identity_key": new.identity_key, "sent_at": new.sent_at, "sort_at": new.sort_at,
                "provenance": new.provenance.value,
            }  # fmt: skip
            self._run(_NAME, [row])

    def _settle(self, edit: Settled, seq: int) -> None:
        """Answer a suggestion, unless that would open its message to others: then its owner is asked on."""
        taken = edit.state is LinkState.ACTIVE
        origin = LinkOrigin.TAG if taken else LinkOrigin.MANUAL
        row = {"id": edit.link_id, "state": edit.state.value, "origin": origin.value, "at": edit.at}
        self._run(_SETTLE, [row | {"actor": edit.actor_id}])
        if taken:
            self._run(_LINKED, [{"id": edit.message_id, "seq": seq}])

    def _merge(self, edit: Merge, seq: int) -> None:
        for loser in edit.losers:
            self._run(_MERGE, [{"winner": edit.winner, "loser": loser}])
            self._run(_MOVE_MESSAGES, [{"winner": edit.winner, "loser": loser, "seq": seq}])
            self._run(_MOVE_LINKS, [{"winner": edit.winner, "loser": loser}])

    def _run(self, statement: Statement, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["company"] = self._company_id
        statement.run(self._connection, rows)
