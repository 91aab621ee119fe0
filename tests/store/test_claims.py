"""Filers of several daemons on one queue: who has which mail, and who must not file it any more."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import PoolProxiedConnection

from bccd.model.delivery import Delivery, DeliveryState
from bccd.model.errors import ClaimLostError, StoreUnavailableError
from bccd.model.plan import Outcome
from bccd.store.engine import Stores
from bccd.store.spool import GroupSpool, SqlQueue, forgive
from bccd.store.uow import SqlWorks, transaction
from bccd.testing import fill, rows
from bccd.testing.build import NOON
from tests.store.plans import filed, world
from tests.store.test_postgresql import LATER, put, small

pytestmark = pytest.mark.db

MakeQueue = Callable[[str], SqlQueue]


@pytest.fixture
def spool(postgresql: Stores) -> Iterator[GroupSpool]:
    """Return a spool."""
    made = GroupSpool(postgresql.spool, postgresql.folder)
    yield made
    made.close()


@pytest.fixture
def node(postgresql: Stores, tmp_path: Path) -> MakeQueue:
    """Return what starts a filer on the node of that name."""

    def start(name: str) -> SqlQueue:
        (tmp_path / name).mkdir(exist_ok=True)
        return SqlQueue(postgresql.spool, tmp_path / name)

    return start


def run_out(stores: Stores) -> None:
    """Let all leases run out."""
    with transaction(stores.spool) as connection:
        connection.exec_driver_sql("UPDATE spool SET claimed_until = claimed_until - interval '61 seconds'")


def ids(deliveries: list[Delivery]) -> list[int]:
    return [delivery.id for delivery in deliveries]


def test_a_company_has_one_filer_at_a_time(spool: GroupSpool, node: MakeQueue) -> None:
    """While one files a company's mail another takes other companies', so that each one's order is kept."""
    put(spool, *(small(number) for number in range(4)), *(small(number, company=2) for number in range(2)))
    first, second = node("a"), node("b")
    mine = first.claim(2, LATER)
    assert {delivery.company_id for delivery in mine} == {1}
    yours = second.claim(10, LATER)
    assert [delivery.company_id for delivery in yours] == [2, 2]
    assert second.claim(10, LATER) == []
    assert len(first.claim(10, LATER)) == 2
    first.finish([Outcome(delivery.id, DeliveryState.FILED) for delivery in mine])


def test_a_restart_frees_the_claims_of_its_node_alone(
    postgresql: Stores, spool: GroupSpool, node: MakeQueue, tmp_path: Path
) -> None:
    """A filer that died counts against its mail, a daemon that died whole does not; others keep theirs."""
    put(spool, small(1), small(2, company=2))
    first, second = node("a"), node("b")
    (mine,) = first.claim(1, LATER)
    (yours,) = second.claim(10, LATER)
    (again,) = node("a").claim(10, LATER)
    assert (again.id, again.attempts) == (mine.id, 1)
    forgive(postgresql.spool, tmp_path / "a")
    assert ids(node("a").claim(10, LATER)) == [mine.id]
    assert second.renew([yours.id]) == {yours.id}
    found = {
        row["delivery_id"]: (row["deaths"], row["forgiven"]) for row in rows(postgresql, "spool")["spool"]
    }
    assert found == {mine.id: (1, 1), yours.id: (0, 0)}


def test_mail_of_a_dead_node_is_taken_over_and_counted(
    postgresql: Stores, spool: GroupSpool, node: MakeQueue
) -> None:
    """Once its lease has run out, and not before; the mail may have been the death of it."""
    put(spool, small(1))
    first, second = node("a"), node("b")
    (mine,) = first.claim(1, LATER)
    assert second.claim(1, LATER) == []
    run_out(postgresql)
    (taken,) = second.claim(1, LATER)
    assert (taken.id, taken.attempts) == (mine.id, 1)
    assert first.renew([mine.id]) == frozenset()
    first.finish([Outcome(mine.id, DeliveryState.FILED)])
    first.postpone([mine.id], NOON, "late", counted=False)
    ((row),) = rows(postgresql, "spool")["spool"]
    assert (row["state"], row["attempts"], row["deaths"], row["error"]) == ("received", 1, 1, "")


def test_a_mail_that_ends_node_after_node_is_given_up(
    postgresql: Stores, spool: GroupSpool, node: MakeQueue
) -> None:
    """It is claimed apart from its neighbours once two died with it, and after five not at all."""
    put(spool, small(1), small(2))
    first = None
    for number in range(5):
        queue = node(f"n{number}")
        assert queue.condemned() == []
        claimed = ids(queue.claim(10, LATER))
        assert len(claimed) == (2 if number < 2 else 1), number
        first = first or claimed[0]
        assert claimed[0] == first
        run_out(postgresql)
    last = node("last")
    assert len(last.claim(10, LATER)) == 1
    assert ids(last.condemned()) == [first]


def test_a_renewed_claim_does_not_run_out(postgresql: Stores, spool: GroupSpool, node: MakeQueue) -> None:
    """Not even one that had, if nobody has taken it."""
    put(spool, small(1))
    first, second = node("a"), node("b")
    (mine,) = first.claim(1, LATER)
    run_out(postgresql)
    assert first.renew([mine.id, 99]) == {mine.id}
    assert second.claim(1, LATER) == []


def test_a_claim_whose_answer_was_lost_runs_out(
    postgresql: Stores, spool: GroupSpool, node: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filer that does not know of its claim gets the mail all the same, without being started anew."""
    put(spool, small(1))
    queue, commit = node("a"), postgresql.spool.dialect.do_commit

    def lose(connection: PoolProxiedConnection) -> None:
        commit(connection)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(postgresql.spool.dialect, "do_commit", lose)
        with pytest.raises(StoreUnavailableError):
            queue.claim(1, LATER)
    assert queue.claim(1, LATER) == []
    run_out(postgresql)
    assert len(queue.claim(1, LATER)) == 1


def test_whoever_lost_his_mail_does_not_file_it(
    postgresql: Stores, spool: GroupSpool, node: MakeQueue
) -> None:
    """His transaction 2 fails before it writes; that of the new owner goes through: it stands once."""
    fill(postgresql, world())
    put(spool, small(1))
    first, second = node("a"), node("b")
    (mine,) = first.claim(1, LATER)
    mail, plan = filed(mine.id, 1000, at=NOON)
    run_out(postgresql)
    assert ids(second.claim(1, LATER)) == [mine.id]
    with SqlWorks(postgresql.database, first.fence)(1) as work:
        with pytest.raises(ClaimLostError) as caught:
            work.apply([mail], [plan], NOON)
        assert caught.value.deliveries == {mine.id}
    assert rows(postgresql, "message")["message"] == []
    with SqlWorks(postgresql.database, second.fence)(1) as work:
        work.apply([mail], [plan], NOON)
        work.commit()
    assert len(rows(postgresql, "message")["message"]) == 1


def test_mail_is_not_taken_over_while_it_is_filed(
    postgresql: Stores, spool: GroupSpool, node: MakeQueue
) -> None:
    """A lease that runs out within transaction 2 is held by it to its end."""
    fill(postgresql, world())
    put(spool, small(1))
    first, second = node("a"), node("b")
    (mine,) = first.claim(1, LATER)
    mail, plan = filed(mine.id, 1000, at=NOON)
    run_out(postgresql)
    with SqlWorks(postgresql.database, first.fence)(1) as work:
        work.apply([mail], [plan], NOON)
        assert second.claim(1, LATER) == []
        work.commit()
    first.finish([plan.outcome])
    assert second.claim(1, LATER + timedelta(hours=1)) == []
    assert rows(postgresql, "spool")["spool"] == []
