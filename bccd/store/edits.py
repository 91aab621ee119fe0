"""What commands change, as SQL: each kind of edit in a function, under the company's clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bccd.model.command import (
    Edit,
    SetLink,
    SetMarks,
    SetSharing,
)
from bccd.model.events import EventKind
from bccd.model.plan import LinkOrigin
from bccd.store import tables as t
from bccd.store.uow import Clocked
from bccd.store.watch import Watched, watching


@dataclass(slots=True)
class Editing:
    """One command that is being carried out."""

    work: Clocked
    now: datetime
    actor_id: int
    kind: str
    watched: Watched

    @property
    def connection(self) -> Connection:
        """The transaction."""
        return self.work.connection

    @property
    def company_id(self) -> int:
        """The company."""
        return self.work.company_id


def edit(
    work: Clocked, now: datetime, actor_id: int, kind: str, edits: Sequence[Edit]
) -> Mapping[str, object]:
    """Carry out a command's edits and all that follows from them; returns what else is to be answered."""
    touched = {id_ for each in edits for id_ in _messages(each)}
    answered: dict[str, object] = {}
    with watching(work, now, touched, actor_id) as watched:
        editing = Editing(work, now, actor_id, kind, watched)
        for each in edits:
            answered |= _DO[type(each)](editing, each) or {}
    return answered


def _messages(one: Edit) -> Sequence[int]:
    match one:
        case SetSharing() | SetLink() | SetMarks():
            return (one.message_id,)
        case _:
            return ()


def _set_sharing(at: Editing, one: SetSharing) -> None:
    copy = t.message_copy
    of = (copy.c.company_id == at.company_id, copy.c.id == one.copy_id)
    at.connection.execute(update(copy).where(*of).values(sharing=one.sharing.value))
    at.watched.note(EventKind.MESSAGE_UPDATED, one.message_id, user_id=at.actor_id)


def _set_link(at: Editing, one: SetLink) -> None:
    """Write what a user says over what a rule said, or anew; its score and reason stay."""
    column = f"{one.item.kind}_id"
    said = {
        "state": one.state.value,
        "origin": LinkOrigin.MANUAL.value,
        "rule": at.kind,
        "scope": one.scope.value,
        "actor_id": at.actor_id,
        "decided_at": at.now,
    }
    of = (
        t.link.c.company_id == at.company_id,
        t.link.c[column] == one.item.id,
        t.link.c.message_id == one.message_id,
    )
    link_id = at.connection.execute(select(t.link.c.id).where(*of)).scalar_one_or_none()
    if link_id is not None:
        at.connection.execute(update(t.link).where(*of).values(said))
    else:
        link_id = at.work.take_id()
        row = {
            "company_id": at.company_id,
            "id": link_id,
            "conversation_id": one.conversation_id,
            "message_id": one.message_id,
            column: one.item.id,
            "created_at": at.now,
        }
        at.connection.execute(insert(t.link), row | said)
    at.watched.note(EventKind.LINK_CHANGED, one.message_id, entity_id=link_id)


def _set_marks(at: Editing, one: SetMarks) -> None:
    """Write a user's marks; one that is not meant stays as it is."""
    wanted = {"seen_at": one.seen, "flagged_at": one.flagged}
    marks = {name: at.now if on else None for name, on in wanted.items() if on is not None}
    row = {"company_id": at.company_id, "user_id": at.actor_id, "message_id": one.message_id}
    dialect = postgresql if at.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(t.message_user_state).values(row | marks)
    key = ["company_id", "user_id", "message_id"]
    at.connection.execute(statement.on_conflict_do_update(index_elements=key, set_=marks))
    at.watched.note(EventKind.MESSAGE_UPDATED, one.message_id, user_id=at.actor_id)


_DO: Mapping[type, Callable[[Editing, Any], Mapping[str, object] | None]] = {
    SetSharing: _set_sharing,
    SetLink: _set_link,
    SetMarks: _set_marks,
}
