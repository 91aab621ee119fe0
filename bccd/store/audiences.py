"""Who sees what of a conversation: a row for each audience that tells only of what it sees (decisions.md 6).

Everyone (audience 0) sees what is shared and linked, an owner that and the messages he holds a copy of. A
message or copy that is merely added moves these rows by itself, so that filing costs the same however long a
conversation is; they are worked out anew where conversations merge or a stored message is seen by more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, select, text

from bccd.model.plan import MessageUpdate
from bccd.store import tables as t
from bccd.store.inserts import insert_rows, stamp_for
from bccd.store.rows import Batch

MAX_LIST = 10_000  # values in one IN list

_company: Any = bindparam("company")
_ids: Any = bindparam("ids", expanding=True)

_CLEAR = text(
    "DELETE FROM conversation_audience WHERE company_id = :company AND conversation_id IN :ids"
).bindparams(_ids)
_WORK_OUT = text(
    """
    INSERT INTO conversation_audience (company_id, conversation_id, audience_id, subject, snippet,
        message_count, last_at, last_message_id, needs_choice, linked)
    WITH mail AS (
        SELECT m.id, m.conversation_id, m.sort_at, m.subject, m.snippet, m.linked,
            CASE WHEN m.shared AND m.linked THEN 1 ELSE 0 END AS is_open,
            CASE WHEN EXISTS (SELECT 1 FROM link l WHERE l.company_id = m.company_id
                AND l.conversation_id = m.conversation_id AND l.message_id = m.id
                AND l.organisation_id IS NULL AND l.state = 'suggested') THEN 1 ELSE 0 END AS choice
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
).bindparams(_ids)

_FLAGS = select(t.message.c.id, t.message.c.shared, t.message.c.linked).where(
    t.message.c.company_id == _company, t.message.c.id.in_(_ids)
)
_MAIL = select(
    t.message.c.id,
    t.message.c.conversation_id,
    t.message.c.sort_at,
    t.message.c.subject,
    t.message.c.snippet,
    t.message.c.shared,
    t.message.c.linked,
    exists()
    .where(
        and_(
            t.link.c.company_id == t.message.c.company_id,
            t.link.c.conversation_id == t.message.c.conversation_id,
            t.link.c.message_id == t.message.c.id,
            t.link.c.organisation_id.is_(None),
            t.link.c.state == "suggested",
        )
    )
    .label("choice"),
).where(t.message.c.company_id == _company, t.message.c.id.in_(_ids))
_STANDING = select(t.conversation_audience).where(
    t.conversation_audience.c.company_id == _company, t.conversation_audience.c.conversation_id.in_(_ids)
)
_COLUMNS = (
    "company_id", "conversation_id", "audience_id", "subject", "snippet", "message_count", "last_at",
    "last_message_id", "needs_choice", "linked",
)  # fmt: skip
_REPLACES = "(company_id, conversation_id, audience_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _COLUMNS[3:]
)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What one audience sees of a conversation."""

    subject: str
    snippet: str
    message_count: int
    last_at: datetime
    last_message_id: int
    needs_choice: bool
    linked: bool


def _with(sight: _Sight | None, mail: Any) -> _Sight:
    """Return what is seen once this message is seen, too."""
    alone = _Sight(mail.subject, mail.snippet, 1, mail.sort_at, mail.id, bool(mail.choice), bool(mail.linked))
    if sight is None:
        return alone
    newer = (mail.sort_at, mail.id) > (sight.last_at, sight.last_message_id)
    return replace(
        alone if newer else sight,
        message_count=sight.message_count + 1,
        needs_choice=sight.needs_choice or alone.needs_choice,
        linked=sight.linked or alone.linked,
    )


def work_out(connection: Connection, company_id: int, conversation_ids: Collection[int]) -> None:
    """Write what each audience sees of these conversations anew, by looking at all their messages."""
    for ids in _cut(conversation_ids):
        connection.execute(_CLEAR, {"company": company_id, "ids": ids})
        connection.execute(_WORK_OUT, {"company": company_id, "ids": ids})


class Audiences:
    """Keeps the audiences of one company's conversations while a batch is written over one connection."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        self._connection = connection
        self._company_id = company_id

    def anew(self, batch: Batch) -> set[int]:
        """Return the conversations that must be worked out anew; asked before the batch's edits are made."""
        new = {row[1] for row in batch.rows["message"]}
        edits = [edit for edit, _ in batch.edits if isinstance(edit, MessageUpdate)]
        stored = [edit for edit in edits if edit.message_id not in new]
        flags = {id_: (shared, linked) for id_, shared, linked in self._ask(_FLAGS, _messages(stored))}
        widened = {
            edit.conversation_id
            for edit in stored
            if (edit.shared, edit.linked) > flags[edit.message_id] or edit.linked > flags[edit.message_id][1]
        }
        # A suggestion on a stored message may come, or be settled by a wish.
        relinked = {row[2] for row in batch.rows["link"] if row[5] is None and row[3] not in new}
        return batch.merged() | batch.living(widened | relinked)

    def update(self, batch: Batch, anew: Collection[int]) -> None:
        """Bring the rows of all conversations that the batch touched up to date."""
        for ids in _cut([*anew, *batch.lost()]):
            self._connection.execute(_CLEAR, {"company": self._company_id, "ids": ids})
        self.work_out(anew)
        self._add(batch, batch.touched().difference(anew))

    def work_out(self, conversations: Collection[int]) -> None:
        """Write the rows of living conversations that have none."""
        for ids in _cut(conversations):
            self._connection.execute(_WORK_OUT, {"company": self._company_id, "ids": ids})

    def _add(self, batch: Batch, conversations: Collection[int]) -> None:
        """Add new messages and copies to what each audience sees."""
        new = {row[1] for row in batch.rows["message"]}
        owners: defaultdict[int, set[int]] = defaultdict(set)
        for _, _, message_id, owner_id, *_ in batch.rows["message_copy"]:
            owners[message_id].add(owner_id)
        mails = [
            mail for mail in self._ask(_MAIL, new | owners.keys()) if mail.conversation_id in conversations
        ]
        standing: defaultdict[int, dict[int, _Sight]] = defaultdict(dict)
        for row in self._ask(_STANDING, {mail.conversation_id for mail in mails}):
            standing[row.conversation_id][row.audience_id] = _Sight(*row[3:10])
        before = {id_: dict(seen) for id_, seen in standing.items()}
        for mail in mails:
            _show(standing[mail.conversation_id], mail, owners[mail.id], is_new=mail.id in new)
        stamp = stamp_for(self._connection.dialect)
        rows = [
            (
                self._company_id, id_, audience, it.subject, it.snippet, it.message_count, stamp(it.last_at),
                it.last_message_id, it.needs_choice, it.linked,
            )
            for id_, seen in standing.items()
            for audience, it in seen.items()
            if before.get(id_, {}).get(audience) != it
        ]  # fmt: skip
        insert_rows(self._connection, t.conversation_audience, _COLUMNS, rows, _REPLACES)

    def _ask(self, statement: Any, ids: Collection[int]) -> Iterable[Any]:
        for piece in _cut(ids):
            yield from self._connection.execute(statement, {"company": self._company_id, "ids": piece})


def _show(seen: dict[int, _Sight], mail: Any, owners: Collection[int], *, is_new: bool) -> None:
    """Let those who see a message by now see it: everyone, or the owners of its new copies."""
    everyone = seen.get(0)  # what an owner sees who had no message here yet
    is_open = mail.shared and mail.linked
    if is_new and is_open:
        for audience in {0, *seen, *owners}:
            seen[audience] = _with(seen.get(audience, everyone), mail)
    elif is_open and everyone is not None:  # stored, and known to everyone before its new copies came
        for owner in owners:
            seen.setdefault(owner, everyone)
    else:
        for owner in owners:
            seen[owner] = _with(seen.get(owner, everyone), mail)


def _messages(edits: Iterable[MessageUpdate]) -> set[int]:
    return {edit.message_id for edit in edits}


def _cut(values: Collection[int]) -> list[list[int]]:
    listed = list(values)
    return [listed[at : at + MAX_LIST] for at in range(0, len(listed), MAX_LIST)]
