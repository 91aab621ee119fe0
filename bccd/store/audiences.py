"""Who sees what of a conversation: a row for each audience that tells only of what it sees (decisions.md 6).

Everyone (audience 0) sees what is shared and linked, an owner that and the messages he holds a copy of. A new
message moves these rows by itself, so that filing costs the same however long a conversation is; they are
worked out anew where anything stored changed, or an answer came out of order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, select

from bccd.model.plan import MessageUpdate
from bccd.store import tables as t
from bccd.store.inserts import insert_rows, stamp_for
from bccd.store.rows import COLUMNS as WRITTEN
from bccd.store.rows import Batch
from bccd.store.sight import Sight, add, cut, work_out

__all__ = ["Audiences", "work_out"]

_company: Any = bindparam("company")
_ids: Any = bindparam("ids", expanding=True)
_users: Any = bindparam("users", expanding=True)

_FLAGS = select(t.message.c.id, t.message.c.conversation_id, t.message.c.shared, t.message.c.linked).where(
    t.message.c.company_id == _company, t.message.c.id.in_(_ids)
)
_MAIL = select(
    t.message.c.id,
    t.message.c.conversation_id,
    t.message.c.sort_at,
    t.message.c.subject,
    t.message.c.snippet,
    t.message.c.direction,
    t.message.c.auto_kind,
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
_HELD = select(t.message_copy.c.message_id, t.message_copy.c.owner_id, t.message_copy.c.filed_by).where(
    t.message_copy.c.company_id == _company, t.message_copy.c.message_id.in_(_ids)
)
_STANDING = select(
    t.conversation_audience.c.conversation_id,
    t.conversation_audience.c.audience_id,
    *(t.conversation_audience.c[name] for name in Sight._fields),
).where(t.conversation_audience.c.company_id == _company, t.conversation_audience.c.conversation_id.in_(_ids))
# How many of the messages that everyone sees these users have seen.
_SEEN = (
    select(t.message.c.conversation_id, t.message_user_state.c.user_id, func.count())
    .join_from(
        t.message,
        t.message_user_state,
        and_(
            t.message_user_state.c.company_id == t.message.c.company_id,
            t.message_user_state.c.message_id == t.message.c.id,
        ),
    )
    .where(
        t.message.c.company_id == _company,
        t.message.c.conversation_id.in_(_ids),
        t.message.c.erased_at.is_(None),
        t.message.c.shared,
        t.message.c.linked,
        t.message_user_state.c.user_id.in_(_users),
        t.message_user_state.c.seen_at.is_not(None),
    )
    .group_by(t.message.c.conversation_id, t.message_user_state.c.user_id)
)
_KEY = ("company_id", "conversation_id", "audience_id")
_REPLACES = "(company_id, conversation_id, audience_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Sight._fields
)
_NEW = WRITTEN["message"].index("id")
_COPIED = WRITTEN["message_copy"].index("message_id")
_LINKED = WRITTEN["link"].index("message_id")

Holders = dict[int, bool]  # who holds a copy of a message -> whether he filed it
Seen = dict[int, Sight]  # by audience


class Audiences:
    """Keeps the audiences of one company's conversations while a batch is written over one connection."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        self._connection = connection
        self._company_id = company_id

    def anew(self, batch: Batch) -> set[int]:
        """Return the conversations that must be worked out anew; asked before the batch's edits are made."""
        new = {row[_NEW] for row in batch.rows["message"]}
        edits = [edit for edit, _ in batch.edits if isinstance(edit, MessageUpdate)]
        # A copy or a suggestion may come to a stored message, or a suggestion be settled by a wish.
        touched = {row[_COPIED] for row in batch.rows["message_copy"]}
        touched |= {row[_LINKED] for row in batch.rows["link"]}
        touched -= new
        stored = {edit.message_id for edit in edits} - new
        known = {row.id: row for row in self._ask(_FLAGS, touched | stored)}
        for edit in edits:
            before = known.get(edit.message_id)
            if before and (
                edit.named or (edit.shared and not before.shared) or (edit.linked and not before.linked)
            ):
                touched.add(edit.message_id)
        return batch.merged() | batch.living(known[id_].conversation_id for id_ in touched)

    def update(self, batch: Batch, anew: Collection[int]) -> None:
        """Bring the rows of all conversations that the batch touched up to date."""
        work_out(self._connection, self._company_id, {*anew, *batch.lost()})
        new = {row[_NEW] for row in batch.rows["message"]}
        mails = [mail for mail in self._ask(_MAIL, new) if mail.conversation_id not in anew]
        if mails:
            self._add(sorted(mails, key=lambda mail: (mail.sort_at, mail.id)))

    def _add(self, mails: list[Any]) -> None:
        """Add new messages to what each audience sees."""
        held = self._holders({mail.id for mail in mails})
        standing: defaultdict[int, Seen] = defaultdict(dict)
        for id_, audience, *sight in self._ask(_STANDING, {mail.conversation_id for mail in mails}):
            standing[id_][audience] = Sight(*sight)
        before = {id_: dict(seen) for id_, seen in standing.items()}
        known = self._seen(mails, held, standing)
        hard: set[int] = set()
        for mail in mails:
            id_ = mail.conversation_id
            if id_ not in hard and not _show(standing[id_], mail, held[mail.id], known):
                hard.add(id_)
        changed = {
            (id_, audience): sight
            for id_, seen in standing.items()
            for audience, sight in seen.items()
            if id_ not in hard and before.get(id_, {}).get(audience) != sight
        }
        self._write(changed)
        work_out(self._connection, self._company_id, hard)

    def _holders(self, messages: Collection[int]) -> dict[int, Holders]:
        held: dict[int, Holders] = {id_: {} for id_ in messages}
        for message_id, owner_id, filed_by in self._ask(_HELD, messages):
            held[message_id][owner_id] = filed_by is None or filed_by == owner_id
        return held

    def _seen(
        self, mails: Iterable[Any], held: dict[int, Holders], standing: dict[int, Seen]
    ) -> dict[tuple[int, int], int]:
        """Return how much those who get a row of their own have seen of what everyone sees."""
        joining = {
            (mail.conversation_id, user)
            for mail in mails
            for user in held[mail.id]
            if 0 in standing[mail.conversation_id] and user not in standing[mail.conversation_id]
        }
        if not joining:
            return {}
        rows = self._ask(_SEEN, {id_ for id_, _ in joining}, users=sorted({user for _, user in joining}))
        return {(id_, user): count for id_, user, count in rows}

    def _write(self, changed: dict[tuple[int, int], Sight]) -> None:
        stamp = stamp_for(self._connection.dialect)
        rows = [
            (
                self._company_id, *key, it.subject, it.snippet, it.message_count, stamp(it.last_at),
                it.last_message_id, it.needs_choice, it.linked, stamp(it.waiting_since),
                stamp(it.last_out_at), it.unseen, it.unlinked,
            )
            for key, it in changed.items()
        ]  # fmt: skip
        insert_rows(self._connection, t.conversation_audience, (*_KEY, *Sight._fields), rows, _REPLACES)

    def _ask(self, statement: Any, ids: Collection[int], **more: Any) -> Iterable[Any]:
        for piece in cut(ids):
            yield from self._connection.execute(statement, {"company": self._company_id, "ids": piece} | more)


def _show(seen: Seen, mail: Any, holders: Holders, known: dict[tuple[int, int], int]) -> bool:
    """Let those who may see a new message see it; False where that must be worked out anew."""
    everyone = seen.get(0)
    audiences = {0, *seen, *holders} if mail.shared and mail.linked else set(holders)
    for audience in audiences:
        sight = seen.get(audience)
        if sight is None and everyone is not None:  # he sees what everyone sees, and has filed none of it
            unseen = everyone.message_count - known.get((mail.conversation_id, audience), 0)
            sight = everyone._replace(unseen=unseen)
        is_new = audience != 0 and not holders.get(audience, False)
        grown = add(sight, mail, is_new=is_new, own=audience in holders)
        if grown is None:
            return False
        seen[audience] = grown
    return True
