"""A user's word on a mail that waits, and the mail taken for new."""

from sqlalchemy import delete, insert, select, update

from bccd.model.command import Rule
from bccd.model.delivery import DeliveryState
from bccd.model.events import EventKind
from bccd.model.plan import Change
from bccd.store import tables as t
from bccd.store.editing import Editing
from bccd.store.rows import to_json


def rule(at: Editing, one: Rule) -> None:
    """Keep what the user said, and take the mail for new: the spool follows."""
    of = (t.ruling.c.company_id == at.company_id, t.ruling.c.delivery_id == one.delivery_id)
    at.connection.execute(delete(t.ruling).where(*of))
    row = {"company_id": at.company_id, "delivery_id": one.delivery_id, "actor_id": at.actor_id}
    said = {"args": to_json(one.ruling), "created_at": at.now}
    at.connection.execute(insert(t.ruling), row | said)
    it = (t.delivery.c.company_id == at.company_id, t.delivery.c.id == one.delivery_id)
    new = {"state": DeliveryState.RECEIVED.value, "reason": "released", "updated_at": at.now}
    at.connection.execute(update(t.delivery).where(*it).values(new))
    at.released.append(one.delivery_id)
    whose = at.connection.execute(select(t.delivery.c.user_id).where(*it)).scalar_one()
    at.watched.changes.append(about_delivery(at, EventKind.DELIVERY_RELEASED, one.delivery_id, whose))


def about_delivery(at: Editing, kind: EventKind, delivery_id: int, whose: int) -> Change:
    """Tell the user, or the team, whose mail it is."""
    return Change(kind, whose, entity_id=delivery_id, actor_id=at.actor_id)
