"""What became of many deliveries at once, for whoever handed them in and waits."""

from collections.abc import Collection

from sqlalchemy import Engine, bindparam, select

from bccd.model.delivery import DeliveryState
from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.engine import reading
from bccd.store.lists import any_of

_BECAME = Statement(
    select(t.delivery.c.id, t.delivery.c.state, t.delivery.c.reason).where(
        t.delivery.c.company_id == bindparam("company"), any_of(t.delivery.c.id, "ids")
    )
)

Became = dict[int, tuple[DeliveryState, str]]  # delivery -> state and reason


def became(engine: Engine, company_id: int, delivery_ids: Collection[int]) -> Became:
    """Return the outcomes of those of a company's deliveries that have one."""
    with reading(engine) as connection:
        rows = _BECAME.rows(connection, {"company": company_id, "ids": list(delivery_ids)})
    return {id_: (DeliveryState(state), reason) for id_, state, reason in rows}
