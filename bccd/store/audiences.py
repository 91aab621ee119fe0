"""Who sees what of a conversation: a row for each audience that tells only of what it sees (decisions.md 6).

Everyone (audience 0) sees what is shared and linked, an owner that and the messages he holds a copy of. A new
message moves these rows by itself, so that filing costs the same however long a conversation is; they are
worked out anew where anything stored changed, or an answer came out of order.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, select

from bccd.model.plan import MessageUpdate
from bccd.store import tables as t
from bccd.store.direct import Row, Statement
from bccd.store.inserts import insert_rows
from bccd.store.lists import any_of
from bccd.store.rows import COLUMNS as WRITTEN
from bccd.store.rows import Batch
from bccd.store.sight import Sight, add, work_out

__all__ = ["Audiences", "work_out"]

_company: Any = bindparam("company")

_FLAGS = Statement(
    select(t.message.c.id, t.message.c.conversation_id, t.message.c.shared, t.message.c.linked).where(
        t.message.c.company_id == _company, any_of(t.message.c.id, "ids")
    )
)
# Moments are compared and written as they were read, and never looked at.
_STANDING = Statement(
    select(
        t.conversation_audience.c.conversation_id,
        t.conversation_audience.c.audience_id,
        *(t.conversation_audience.c[name] for name in Sight._fields),
    ).where(
        t.conversation_audience.c.company_id == _company,
        any_of(t.conversation_audience.c.conversation_id, "ids"),
    ),
    as_stored=True,
)
# How many of the messages that everyone sees these users have seen.
_SEEN = Statement(
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
        any_of(t.message.c.conversation_id, "ids"),
        t.message.c.erased_at.is_(None),
        t.message.c.shared,
        t.message.c.linked,
        any_of(t.message_user_state.c.user_id, "users"),
        t.message_user_state.c.seen_at.is_not(None),
    )
    .group_by(t.message.c.conversation_id, t.message_user_state.c.user_id)
)
_KEY = ("company_id", "conversation_id", "audience_id")
_REPLACES = "(company_id, conversation_id, audience_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Sight._fields
)


class _Mail(NamedTuple):
    """A new message, as its row has it."""

    id: int
    conversation_id: int
    sort_at: Any
    subject: str
    snippet: str
    direction: str
    auto_kind: str
    provenance: str
    shared: bool
    linked: bool
    choice: bool  # somebody is asked what it is linked to


def _columns(table: str, *names: str) -> Callable[[Row], Any]:
    """Return what takes these columns from a row that is written."""
    return itemgetter(*(WRITTEN[table].index(name) for name in names))


_NEW = _columns("message", "id")
_MAIL = _columns("message", *_Mail._fields[:-1])
_COPIED = _columns("message_copy", "message_id")
_HELD = _columns("message_copy", "message_id", "owner_id", "filed_by")
_LINKED = _columns("link", "message_id")
_LINK = _columns("link", "message_id", "contact_id", "organisation_id", "deal_id", "state")
_STARTED = _columns("conversation", "id")

Holders = dict[int, bool]  # who holds a copy of a message -> whether he filed it
Seen = dict[int, Sight]  # by audience


class Audiences:
    """Keeps the audiences of one company's conversations while a batch is written over one connection."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        self._connection = connection
        self._company_id = company_id

    def anew(self, batch: Batch) -> set[int]:
        """Return the conversations that must be worked out anew; asked before the batch's edits are made."""
        new = set(map(_NEW, batch.rows["message"]))
        edits = [edit for edit, _ in batch.edits if isinstance(edit, MessageUpdate)]
        # A copy or a suggestion may come to a stored message, or a suggestion be settled by a wish.
        touched = {*map(_COPIED, batch.rows["message_copy"]), *map(_LINKED, batch.rows["link"])} - new
        stored = {edit.message_id for edit in edits} - new
        known = {row[0]: row[1:] for row in self._ask(_FLAGS, touched | stored)}
        for edit in edits:
            if edit.message_id in known:
                _, shared, linked = known[edit.message_id]
                if edit.named or (edit.shared and not shared) or (edit.linked and not linked):
                    touched.add(edit.message_id)
        # A new message that was changed since is no longer what its row in the batch says.
        return batch.merged() | batch.living(known[id_][0] for id_ in touched) | batch.met_again()

    def update(self, batch: Batch, anew: Collection[int]) -> None:
        """Bring the rows of all conversations that the batch touched up to date."""
        work_out(self._connection, self._company_id, {*anew, *batch.lost()})
        asking, passed_by = _asking(batch), {*anew, *batch.lost()}
        mails = [_Mail._make((*_MAIL(row), _NEW(row) in asking)) for row in batch.rows["message"]]
        mails = [mail for mail in mails if mail.conversation_id not in passed_by]
        if mails:
            self._add(sorted(mails, key=lambda mail: (mail.sort_at, mail.id)), batch)

    def _add(self, mails: list[_Mail], batch: Batch) -> None:
        """Add new messages to what each audience sees."""
        held = _holders(batch)
        standing: defaultdict[int, Seen] = defaultdict(dict)
        known_before = {mail.conversation_id for mail in mails} - set(
            map(_STARTED, batch.rows["conversation"])
        )
        for id_, audience, *sight in self._ask(_STANDING, known_before):
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

    def _seen(
        self, mails: Iterable[_Mail], held: Mapping[int, Holders], standing: dict[int, Seen]
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
        rows = self._ask(_SEEN, {id_ for id_, _ in joining}, users={user for _, user in joining})
        return {(id_, user): count for id_, user, count in rows}

    def _write(self, changed: dict[tuple[int, int], Sight]) -> None:
        rows = [(self._company_id, *key, *sight) for key, sight in changed.items()]
        insert_rows(self._connection, t.conversation_audience, (*_KEY, *Sight._fields), rows, _REPLACES)

    def _ask(self, statement: Statement, ids: Collection[int], **more: Any) -> list[Row]:
        given = {"company": self._company_id, "ids": ids} | more
        return statement.rows(self._connection, given) if ids else []


def _holders(batch: Batch) -> defaultdict[int, Holders]:
    """Return who holds a copy of each message of a batch."""
    held: defaultdict[int, Holders] = defaultdict(dict)
    for message_id, owner_id, filed_by in map(_HELD, batch.rows["message_copy"]):
        held[message_id][owner_id] = filed_by is None or filed_by == owner_id
    return held


def _asking(batch: Batch) -> set[int]:
    """Return the messages of a batch about which somebody is asked what they are linked to."""
    states: dict[Row, str] = {}
    for message_id, contact_id, organisation_id, deal_id, state in map(_LINK, batch.rows["link"]):
        if organisation_id is None:
            first = states.setdefault((message_id, contact_id, deal_id), state)
            if (first, state) == ("suggested", "active"):  # as the table takes them: apply.py
                states[message_id, contact_id, deal_id] = state
    return {message_id for (message_id, *_), state in states.items() if state == "suggested"}


def _show(
    seen: Seen,
    mail: _Mail,
    holders: Holders,
    known: dict[tuple[int, int], int],
) -> bool:
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
