"""Links of deals that the CRM has deleted: out of use, and into it again where a deal comes back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, or_, select, update

from bccd.model.crm import DealStatus
from bccd.model.events import EventKind
from bccd.model.plan import LinkState
from bccd.store import tables as t
from bccd.store.uow import Clocked
from bccd.store.watch import cut, watching


def settle_deals(work: Clocked, now: datetime, deal_ids: Collection[int]) -> None:
    """Take the links of deleted deals out of use, and those of deals that came back into it again.

    What was linked by such a deal alone may thereby be hidden from others at once, or shown to them.
    """
    link, deal = t.link.c, t.deal.c
    counts = link.state.in_([LinkState.ACTIVE.value, LinkState.SUGGESTED.value])
    is_gone = deal.status == DealStatus.DELETED.value
    wanted = (
        select(link.id, link.message_id)
        .join_from(t.link, t.deal, (deal.company_id == link.company_id) & (deal.id == link.deal_id))
        .where(
            link.company_id == work.company_id,
            or_(is_gone & counts, ~is_gone & (link.state == LinkState.STALE.value)),
        )
    )
    rows = [
        row
        for ids in cut(deal_ids)
        for row in work.connection.execute(wanted.where(link.deal_id.in_(ids)).order_by(link.id))
    ]
    if not rows:
        return
    # A suggestion is ranked and undecided, whatever its state.
    was_offered = link.score.is_not(None) & link.decided_at.is_(None)
    back = case((was_offered, LinkState.SUGGESTED.value), else_=LinkState.ACTIVE.value)
    turned = case((link.state == LinkState.STALE.value, back), else_=LinkState.STALE.value)
    with watching(work, now, {row.message_id for row in rows}) as watched:
        for ids in cut({row.id for row in rows}):
            of = (link.company_id == work.company_id, link.id.in_(ids))
            work.connection.execute(update(t.link).where(*of).values(state=turned))
        for row in rows:
            watched.note(EventKind.LINK_CHANGED, row.message_id, entity_id=row.id)
