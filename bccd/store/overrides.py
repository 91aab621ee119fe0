"""Splits and merges by users: overrides, and the conversations that they touch put together anew."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count

from sqlalchemy import delete, insert, select

from bccd.model.command import Detach, Join
from bccd.model.events import EventKind
from bccd.model.plan import Change, NewConversation, Regroup
from bccd.model.strand import Override, OverrideKind, Strand
from bccd.rules.component import group, regroup_of
from bccd.store import tables as t
from bccd.store.editing import Editing
from bccd.store.regroup import write_regroup
from bccd.store.ties import marks_of, splits_on_subject, strands_of, with_kin
from bccd.store.uow import Clocked
from bccd.store.watch import cut


@dataclass(frozen=True, slots=True)
class Around:
    """The conversations that an override may concern, and all that ties their messages."""

    conversations: tuple[int, ...]
    strands: tuple[Strand, ...]
    overrides: tuple[Override, ...]


def around(work: Clocked, message_ids: Collection[int]) -> Around:
    """Read the conversations of these messages, and those that hold what names the same."""
    m = t.message.c
    homes = {
        home
        for ids in cut(message_ids)
        for home in work.connection.execute(
            select(m.conversation_id).where(m.company_id == work.company_id, m.id.in_(ids)).distinct()
        ).scalars()
    }
    found = with_kin(work.connection, work.company_id, homes)
    strands, overrides = strands_of(work.connection, work.company_id, found)
    return Around(tuple(sorted(found)), tuple(strands), tuple(overrides))


def override(at: Editing, edits: Iterable[Join | Detach], found: Around) -> None:
    """Write what a user said of where messages belong, and put their conversations together anew."""
    said = tuple(one for edit in edits for one in _overrides(at, edit))
    _insert(at, said)
    together = partial(
        group,
        found.strands,
        split_on_subject=splits_on_subject(at.connection, at.company_id),
        broadcasts=marks_of(at.connection, at.company_id, found.strands),
    )
    overrides = (*found.overrides, *said)
    apart = together(overrides, count(-1, -1).__next__).salts  # ids that nobody is to keep
    standing = _without_crossing(at, overrides, apart, {one.group_id for one in said} - {0})
    made = together(standing, at.work.take_id)
    regroup = regroup_of(made, found.strands, found.conversations, at.now)
    _start(at, regroup.started)
    write_regroup(at.connection, at.company_id, regroup, at.work.change_seq + 1)
    at.watched.changes += _told(at, regroup)
    at.answered["conversation"] = made.homes[said[0].message_id]


def _overrides(at: Editing, edit: Join | Detach) -> Iterable[Override]:
    """Return an edit's overrides; those of one split share a group."""
    match edit:
        case Join():
            yield Override(at.work.take_id(), OverrideKind.JOIN, edit.message_id, edit.other_id)
        case Detach():
            group_id = at.work.take_id()
            for id_ in edit.message_ids:
                yield Override(at.work.take_id(), OverrideKind.DETACH, id_, group_id=group_id)


def _without_crossing(
    at: Editing, overrides: tuple[Override, ...], salts: Mapping[int, int], groups: Collection[int]
) -> tuple[Override, ...]:
    """Forget the joins by which what is split off now would hang on the rest after all."""

    def side(message_id: int | None) -> int:
        salt = salts.get(message_id or 0, 0)
        return salt if salt in groups else 0

    crossing = {
        one.id
        for one in overrides
        if one.kind is OverrideKind.JOIN and side(one.message_id) != side(one.other_id)
    }
    o = t.conversation_override.c
    for ids in cut(crossing):
        of = (o.company_id == at.company_id, o.id.in_(ids))
        at.connection.execute(delete(t.conversation_override).where(*of))
    return tuple(one for one in overrides if one.id not in crossing)


def _insert(at: Editing, said: Iterable[Override]) -> None:
    rows = [
        {
            "company_id": at.company_id,
            "id": one.id,
            "kind": one.kind.value,
            "message_id": one.message_id,
            "other_id": one.other_id,
            "group_id": one.group_id,
            "actor_id": at.actor_id,
            "created_at": at.now,
        }
        for one in said
    ]
    at.connection.execute(insert(t.conversation_override), rows)


def _start(at: Editing, started: Iterable[NewConversation]) -> None:
    rows = [{"company_id": at.company_id, "id": new.id, "created_at": new.created_at} for new in started]
    if rows:
        at.connection.execute(insert(t.conversation), rows)


def _told(at: Editing, regroup: Regroup) -> list[Change]:
    """Announce what carries no content: which conversations became one, and which were made of which."""
    new = {one.id for one in regroup.started}
    split = sorted({(old, home) for _, old, home in regroup.moved if home in new})
    return [
        *(
            Change(EventKind.CONVERSATION_MERGED, 0, winner, entity_id=loser, actor_id=at.actor_id)
            for loser, winner in regroup.merged
        ),
        *(
            Change(EventKind.CONVERSATION_SPLIT, 0, old, entity_id=home, actor_id=at.actor_id)
            for old, home in split
        ),
    ]
