"""Notices that ask something, as SQL: what they offer, and what their last answer has changed."""

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from bccd.model.answer import Answered, Offered, StandingNotice
from bccd.model.command import KeepAnswer, RestoreLink
from bccd.model.events import EventKind
from bccd.model.plan import NewNotice
from bccd.store import tables as t
from bccd.store.editing import Editing
from bccd.store.rows import to_json
from bccd.store.uow import Clocked

_DAY = timedelta(days=1)
OFTEN = 10  # times that one reason of a refusal is told a day


def standing_notice(
    connection: Connection, company_id: int, actor_id: int, notice_id: int
) -> StandingNotice | None:
    """Return a notice of the actor's; of one that told of an answer, the one that was answered."""
    row = _row(connection, company_id, actor_id, notice_id)
    if row is not None and (asked := _answers_to(row)):
        row = _row(connection, company_id, actor_id, asked)
    if row is None:
        return None
    answered = msgspec.json.decode(row.answered, type=Answered) if row.answered else None
    return StandingNotice(row.id, _offered(row), answered, row.about, row.message_id)


def told_often(work: Clocked, notice: NewNotice) -> bool:
    """Tell whether a user was told the same so often within a day that no person asks for it.

    What is refused is told of in a mail; a machine that answers it without saying what it is would have us
    write for ever.
    """
    o = t.outbox.c
    same = (o.company_id == work.company_id, o.user_id == notice.user_id, o.reason == notice.reason)
    wanted = select(func.count()).where(*same, o.created_at > notice.at - _DAY)
    return int(work.connection.execute(wanted).scalar_one()) >= OFTEN


def _row(connection: Connection, company_id: int, actor_id: int, notice_id: int) -> Any:
    o = t.outbox.c
    wanted = select(o.id, o.args, o.about, o.message_id, o.offered, o.answered).where(
        o.company_id == company_id, o.id == notice_id, o.user_id == actor_id
    )
    return connection.execute(wanted).one_or_none()


def _answers_to(row: Any) -> int:
    """Return which notice was answered, where this one tells what became of that; else 0."""
    said = msgspec.json.decode(row.args, type=dict[str, Any]).get("notice")
    return said if isinstance(said, int) else _offered(row).of


def _offered(row: Any) -> Offered:
    return msgspec.json.decode(row.offered, type=Offered) if row.offered else Offered()


def keep_answer(at: Editing, one: KeepAnswer) -> None:
    """Write what an answer has changed into its notice."""
    o = t.outbox.c
    answered = to_json(Answered(at.actor_id, at.now, one.links)) if one.links else ""
    of = (o.company_id == at.company_id, o.id == one.notice_id)
    at.connection.execute(update(t.outbox).where(*of).values(answered=answered))


def restore_link(at: Editing, one: RestoreLink) -> None:
    """Put a link back to what it was; its score and reason never changed."""
    of = (
        t.link.c.company_id == at.company_id,
        t.link.c.message_id == one.message_id,
        t.link.c[f"{one.item.kind}_id"] == one.item.id,
    )
    link_id = at.connection.execute(select(t.link.c.id).where(*of)).scalar_one()
    if one.was is None:
        at.connection.execute(delete(t.link).where(*of))
    else:
        was = {
            "state": one.was.state.value,
            "origin": one.was.origin.value,
            "rule": one.was.rule,
            "scope": one.was.scope,
            "actor_id": one.was.actor_id,
            "decided_at": one.was.decided_at,
        }
        at.connection.execute(update(t.link).where(*of).values(was))
    at.watched.note(EventKind.LINK_CHANGED, one.message_id, entity_id=link_id)
