"""What became of many deliveries at once, for whoever handed them in and waits."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Engine, bindparam, select

from bccd.model.delivery import DeliveryState
from bccd.store import tables as t
from bccd.store.engine import reading

_ids: Any = bindparam("ids", expanding=True)
_BECAME = select(t.delivery.c.id, t.delivery.c.state, t.delivery.c.reason).where(
    t.delivery.c.company_id == bindparam("company"), t.delivery.c.id.in_(_ids)
)

Became = dict[int, tuple[DeliveryState, str]]  # delivery -> state and reason


def became(engine: Engine, company_id: int, delivery_ids: Collection[int]) -> Became:
    """Return the outcomes of those of a company's deliveries that have one; at most some hundred at once."""
    with reading(engine) as connection:
        rows = connection.execute(_BECAME, {"company": company_id, "ids": list(delivery_ids)}).all()
    return {id_: (DeliveryState(state), reason) for id_, state, reason in rows}
