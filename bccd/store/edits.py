"""What commands change, as SQL: each kind of edit in a function, under the company's clock."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bccd.model.command import (
    DeleteCopy,
    DeleteDelivery,
    Detach,
    DropSecrets,
    Edit,
    Join,
    KeepAnswer,
    MakeSecret,
    RestoreLink,
    Rule,
    SetLink,
    SetMarks,
    SetSharing,
    ShowSecrets,
)
from bccd.model.events import EventKind
from bccd.model.plan import LinkOrigin
from bccd.rules.signing import Signer
from bccd.store import addressing
from bccd.store import tables as t
from bccd.store.addresses import drop_secrets, put_secret, secrets_of
from bccd.store.answers import keep_answer, restore_link
from bccd.store.editing import Editing, Gone
from bccd.store.erasing import delete_copy, forget_delivery
from bccd.store.overrides import around, override
from bccd.store.ruling import about_delivery, rule
from bccd.store.uow import Clocked
from bccd.store.watch import watching


def edit(
    work: Clocked,
    now: datetime,
    actor_id: int,
    kind: str,
    edits: Sequence[Edit],
    *,
    signer: Signer | None = None,
) -> Editing:
    """Carry out a command's edits and all that follows from them within the database."""
    touched = {each.message_id for each in edits if isinstance(each, _ON_MESSAGE)}
    placed = [each for each in edits if isinstance(each, Join | Detach)]
    found = around(work, {id_ for each in placed for id_ in _placed(each)}) if placed else None
    if found is not None:
        touched |= {strand.message_id for strand in found.strands}
    with watching(work, now, touched, actor_id) as watched:
        editing = Editing(work, now, actor_id, kind, watched, signer)
        if found is not None:
            override(editing, placed, found)
        for each in edits:
            if type(each) in _DO:
                _DO[type(each)](editing, each)
    return editing


def _placed(one: Join | Detach) -> Sequence[int]:
    return one.message_ids if isinstance(one, Detach) else (one.message_id, one.other_id)


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


def _delete_delivery(at: Editing, one: DeleteDelivery) -> None:
    it = (t.delivery.c.company_id == at.company_id, t.delivery.c.id == one.delivery_id)
    raw_sha256, whose = at.connection.execute(
        select(t.delivery.c.raw_sha256, t.delivery.c.user_id).where(*it)
    ).one()
    forget_delivery(at, one.delivery_id)
    at.gone.append(Gone(one.delivery_id, raw_sha256))
    at.watched.changes.append(about_delivery(at, EventKind.DELIVERY_DELETED, one.delivery_id, whose))


def _make_secret(at: Editing, one: MakeSecret) -> None:
    at.answered["address"] = put_secret(at.work, at.actor_id, one.kind, one.days, at.now)


def _show_secrets(at: Editing, one: ShowSecrets) -> None:
    standing = secrets_of(at.connection, at.company_id, at.actor_id)
    at.answered["addresses"] = [
        {"address": each.address, "created": each.created_at, "until": each.retires_at}
        for each in standing
        if each.kind is one.kind
    ]


def _drop_secrets(at: Editing, one: DropSecrets) -> None:
    at.answered["revoked"] = drop_secrets(at.work, at.actor_id, one.kind)


_ON_MESSAGE = (SetSharing, SetLink, SetMarks, DeleteCopy, RestoreLink)
_DO: Mapping[type, Callable[[Editing, Any], None]] = {
    SetSharing: _set_sharing,
    SetLink: _set_link,
    SetMarks: _set_marks,
    DeleteCopy: delete_copy,
    Rule: rule,
    DeleteDelivery: _delete_delivery,
    KeepAnswer: keep_answer,
    RestoreLink: restore_link,
    **addressing.DO,
    MakeSecret: _make_secret,
    ShowSecrets: _show_secrets,
    DropSecrets: _drop_secrets,
}
