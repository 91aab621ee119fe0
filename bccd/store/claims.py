"""Which filer works on which mail: claims, and on PostgreSQL the leases that they are held by.

On SQLite one filer has the queue to itself. On PostgreSQL filers of several daemons share it: a claim lasts
as long as it is renewed, and whoever finds it run out gives the mail back to all. Mail of a company goes to
the filer that has mail of that company already, so that it is filed in the order in which it came.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Executable, Select, bindparam, exists, func, select, text

from bccd.model.delivery import DeliveryState
from bccd.model.errors import ClaimLostError
from bccd.model.plan import Outcome
from bccd.store import marks as q
from bccd.store import tables as t
from bccd.store.direct import Statement
from bccd.store.lists import any_of
from bccd.store.node import node_of
from bccd.store.postgresql import is_postgresql

LEASE_SECONDS = 60  # by the database's clock; a filer renews its claims several times as often

_LEASE: Any = func.now() + text(f"interval '{LEASE_SECONDS} seconds'")
_me: Any = bindparam("me")
_other = t.queue.alias("other")


class Claimed(NamedTuple):
    """A row of the queue, as it is claimed."""

    seq: int
    delivery_id: int
    company_id: int
    envelope: str
    raw_sha256: bytes
    size: int
    attempts: int


class _Ways(NamedTuple):
    """The statements that look for mail and claim it."""

    due: Statement
    due_suspect: Statement
    claim: Statement
    claim_suspect: Statement
    condemn: Statement


def _ways(*statements: Executable) -> _Ways:
    return _Ways(*(Statement(one, planned_anew=True) for one in statements))


def _shared_due(due: Select[Any]) -> Select[Any]:
    """Leave companies alone that another filer has mail of."""
    theirs = exists().where(
        _other.c.claimed_by.is_not(None),
        _other.c.claimed_by != _me,
        _other.c.company_id == t.queue.c.company_id,
    )
    return due.where(~theirs)


def _shared_claim(due: Select[Any]) -> Executable:
    # A common table expression is worked out once; a subquery might be, and then lock, once for each row.
    found = due.with_for_update(skip_locked=True, of=t.queue).cte("due").prefix_with("MATERIALIZED")
    return q.TAKE.where(t.queue.c.seq == found.c.seq).values(claimed_until=_LEASE)


_ALONE = _ways(q.DUE, q.DUE_SUSPECT, q.CLAIM, q.CLAIM_SUSPECT, q.CONDEMN)
_SHARED = _ways(
    _shared_due(q.DUE),
    _shared_due(q.DUE_SUSPECT),
    _shared_claim(_shared_due(q.DUE)),
    _shared_claim(_shared_due(q.DUE_SUSPECT)),
    q.CONDEMN.values(claimed_until=_LEASE),
)

# Its own, too: what it has in hand it renews, and of a claim whose answer was lost it knows nothing.
_RUN_OUT = select(t.queue.c.seq).where(
    t.queue.c.claimed_by.is_not(None), t.queue.c.claimed_until < func.now()
)
_RELEASE = q.COUNT_DEATHS.where(t.queue.c.seq.in_(_RUN_OUT.with_for_update(skip_locked=True)))
_OF_NODE = t.queue.c.claimed_by.startswith(bindparam("node"))
_OWNED = (
    select(t.queue.c.delivery_id)
    .where(t.queue.c.delivery_id.in_(bindparam("ids", expanding=True)), t.queue.c.claimed_by == _me)
    .order_by(t.queue.c.delivery_id)
)
_RENEW = q.RENEW.values(claimed_until=_LEASE)
_HOLD = Statement(
    select(t.queue.c.delivery_id)
    .where(any_of(t.queue.c.delivery_id, "ids"), t.queue.c.claimed_by == _me)
    .order_by(t.queue.c.delivery_id)
    .with_for_update(),
    planned_anew=True,
)
_EXPIRED = Statement(_RUN_OUT.limit(1), planned_anew=True)
_CLEAR = Statement(q.CLEAR, planned_anew=True)
_SUSPECTS = Statement(q.SUSPECTS, planned_anew=True)


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one filer; every method works in the caller's transaction."""

    node: str  # "" where nobody else has claims
    me: str

    @classmethod
    def of(cls, engine: Engine, folder: Path) -> "Claims":
        """Return a new filer's claims, of which there are none yet."""
        node = node_of(folder) if is_postgresql(engine) else ""
        return cls(node, f"{node}:{secrets.token_hex(8)}")

    @property
    def shared(self) -> bool:
        """Tell whether there may be other daemons."""
        return bool(self.node)

    @property
    def _ways(self) -> _Ways:
        return _SHARED if self.shared else _ALONE

    # ---- the dead ----------------------------------------------------------------------------------------

    def count_deaths(self, connection: Connection) -> None:
        """Give back what this node's earlier filer had claimed, one of which mails may have killed it."""
        self._reset(connection, q.COUNT_DEATHS)

    def forgive(self, connection: Connection) -> None:
        """Give back what this node's last daemon had claimed, which is gone as a whole."""
        self._reset(connection, q.FORGIVE)

    def _reset(self, connection: Connection, statement: Any) -> None:
        """Give back; filers of other nodes keep their claims."""
        if self.shared:
            connection.execute(statement.where(_OF_NODE), {"node": f"{self.node}:"})
        else:
            connection.execute(statement)

    def expired(self, connection: Connection) -> bool:
        """Tell whether some lease has run out."""
        return self.shared and bool(_EXPIRED.rows(connection, {}))

    def release_expired(self, connection: Connection) -> None:
        """Give back what filers no longer hold; the mail may have been the death of them."""
        connection.execute(_RELEASE)

    def suspects(self, connection: Connection) -> bool:
        """Tell whether there is mail that filers may have died of."""
        return bool(_SUSPECTS.rows(connection, {}))

    # ---- claiming ----------------------------------------------------------------------------------------

    def due(self, connection: Connection, now: datetime, *, suspect: bool = False) -> bool:
        """Tell whether there is mail to claim."""
        statement = self._ways.due_suspect if suspect else self._ways.due
        return bool(statement.rows(connection, self._given(now, 1)))

    def take(
        self, connection: Connection, limit: int, now: datetime, *, suspect: bool = False
    ) -> list[Claimed]:
        """Claim the oldest due mail, counting the attempt, and return its rows."""
        statement = self._ways.claim_suspect if suspect else self._ways.claim
        return [Claimed(*row) for row in statement.rows(connection, self._given(now, limit))]

    def condemn(self, connection: Connection) -> list[Claimed]:
        """Claim the mail with which filer after filer died."""
        return [Claimed(*row) for row in self._ways.condemn.rows(connection, {"me": self.me})]

    def _given(self, now: datetime, limit: int) -> dict[str, Any]:
        return {"me": self.me, "now": now, "limit": limit}

    # ---- holding and letting go --------------------------------------------------------------------------

    def renew(self, connection: Connection, delivery_ids: Collection[int]) -> frozenset[int]:
        """Prolong the leases of these claims; returns those that still are this filer's.

        Where nobody shares the queue there are no leases, and this only reads.
        """
        given = {"me": self.me, "ids": list(delivery_ids)}
        return frozenset(connection.execute(_RENEW if self.shared else _OWNED, given).scalars())

    def hold(self, connection: Connection, delivery_ids: Collection[int]) -> None:
        """Lock these claims until the transaction ends, so that nobody takes them over meanwhile.

        Raises ClaimLostError where somebody has: he files that mail, and this filer must not.
        """
        rows = _HOLD.rows(connection, {"me": self.me, "ids": list(delivery_ids)})
        lost = frozenset(delivery_ids) - {id_ for (id_,) in rows}
        if lost:
            raise ClaimLostError(lost)

    def finish(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        """Clear filed mail from the queue; keep what a retry of other mail needs."""
        filed = [o for o in outcomes if o.state is DeliveryState.FILED]
        kept = [o for o in outcomes if o.state is not DeliveryState.FILED]
        failed = [o for o in kept if o.state is DeliveryState.FAILED]
        if filed:
            _CLEAR.rows(connection, {"ids": [o.delivery_id for o in filed], "me": self.me})
        if kept:
            rows = [{"id": o.delivery_id, "me": self.me, "why": f"{o.state}: {o.reason}"} for o in kept]
            connection.execute(q.KEEP, rows)
        if failed:  # the same mail sent once more is no duplicate of a failure
            connection.execute(q.FORGET, [{"id": o.delivery_id} for o in failed])

    def postpone(
        self, connection: Connection, ids: Sequence[int], until: datetime, error: str, *, counted: bool
    ) -> None:
        """Give mail back; an attempt that was not the mail's own fault is not counted."""
        given = {"me": self.me, "until": until, "why": error, "back": 0 if counted else 1}
        if ids:
            connection.execute(q.POSTPONE, [given | {"id": id_} for id_ in ids])
