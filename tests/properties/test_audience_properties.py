"""What each audience sees: added to message by message, it is what the definition says of the whole."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import insert, update

from bccd.model.delivery import DeliveryState
from bccd.model.directory import Sharing
from bccd.model.plan import (
    Direction,
    LinkState,
    Merge,
    MessageUpdate,
    NewCopy,
    NewLink,
    Outcome,
    Plan,
    Provenance,
)
from bccd.store import audiences
from bccd.store import tables as t
from bccd.store.engine import Stores
from bccd.store.uow import SqlWorks, clocked
from bccd.testing import MemoryStore, fill, rows
from bccd.testing.build import NOON
from bccd.testing.tables import work_out_audiences
from tests.examples import some
from tests.properties.test_store_properties import sqlite
from tests.store.plans import ANNA, BERT, CLEO, Filed, filed, mail, world

OWNERS = (ANNA, BERT, CLEO)


@dataclass(frozen=True, slots=True)
class Step:
    """A mail: a new message, or a further owner's copy of an older one, which may widen or link it."""

    place: int  # which conversation, or which message
    owner: int
    shared: bool
    linked: bool
    state: LinkState
    minute: int
    again: bool
    merge: bool
    direction: Direction
    auto_kind: str
    filed_by: int | None
    way: Provenance


@dataclass(frozen=True, slots=True)
class Mark:
    """What a user does to a stored message: he sees it, or its last copy goes."""

    place: int
    user: int
    erase: bool


marks = st.lists(
    st.builds(Mark, st.integers(0, 20), st.sampled_from(OWNERS), st.integers(0, 4).map(lambda n: n == 0)),
    max_size=2,
)
steps = st.lists(
    st.builds(
        Step,
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from(OWNERS),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([LinkState.ACTIVE, LinkState.SUGGESTED]),
        st.integers(0, 5),
        st.integers(0, 5).map(lambda n: n == 0),
        st.integers(0, 9).map(lambda n: n == 0),
        st.sampled_from([Direction.INCOMING, Direction.INCOMING, Direction.OUTGOING]),
        st.sampled_from(["", "", "", "auto_reply"]),
        st.sampled_from([None, None, *OWNERS]),
        st.sampled_from([Provenance.BCC, Provenance.BCC, Provenance.IMPORT]),
    ),
    min_size=6,
    max_size=14,
)


class Writer:
    """Turns steps into plans, as the rules would: flags of a message only grow."""

    def __init__(self) -> None:
        self.number = 0
        self.homes: list[int] = []  # living conversations
        self.messages: list[list[Any]] = []  # id, conversation, shared, linked, owners

    def plan(self, step: Step) -> Filed:
        self.number += 1
        first = 1000 + 10 * self.number
        if step.again and self.messages:
            return self._again(step, first)
        home = self.homes[step.place] if step.place < len(self.homes) else None
        got = filed(
            self.number,
            first,
            conversation=home,
            owner=step.owner,
            shared=step.shared,
            linked=step.linked,
            deal=21 if step.linked or step.state is LinkState.SUGGESTED else None,
            state=step.state,
            at=NOON + timedelta(minutes=step.minute),
        )
        got = got[0], _as_said(got[1], step)
        if home is None:
            self.homes.append(first)
        self.messages.append([first + 1, home or first, step.shared, step.linked, {step.owner}])
        return self._merged(step, got)

    def _merged(self, step: Step, got: Filed) -> Filed:
        if not step.merge or len(self.homes) < 2:
            return got
        winner, loser = self.homes[0], self.homes.pop()
        for message in self.messages:
            message[1] = winner if message[1] == loser else message[1]
        return got[0], replace(got[1], merge=Merge(winner, (loser,)))

    def _again(self, step: Step, first: int) -> Filed:
        known = self.messages[step.place % len(self.messages)]
        id_, home, shared, linked, owners = known
        got = mail(self.number)
        new_owner = step.owner not in owners
        shared = shared or (new_owner and step.shared)
        linked = linked or step.linked
        known[2:4] = shared, linked
        owners.add(step.owner)
        copy = NewCopy(
            first, id_, step.owner, self.number, Provenance.BCC,
            Sharing.SHARED if step.shared else Sharing.PRIVATE, "", got.delivery.raw_sha256, NOON,
            step.filed_by,
        )  # fmt: skip
        links: tuple[NewLink, ...] = ()
        if step.linked:
            donor = filed(self.number, first + 1, conversation=home, state=step.state)[1].links[1]
            links = (replace(donor, message_id=id_),)
        outcome = Outcome(self.number, DeliveryState.FILED, "", step.owner, id_, first if new_owner else None)
        update = MessageUpdate(id_, home, shared, linked)
        plan = Plan(outcome, (), update=update, copies=(copy,) if new_owner else (), links=links)
        return self._merged(step, (got, plan))


def _as_said(plan: Plan, step: Step) -> Plan:
    """Return the plan with the step's direction and kind of mail, and who filed the copy."""
    assert plan.message is not None
    message = replace(plan.message, direction=step.direction, auto_kind=step.auto_kind, provenance=step.way)
    return replace(
        plan, message=message, copies=tuple(replace(copy, filed_by=step.filed_by) for copy in plan.copies)
    )


def _make(found: list[Mark], memory: MemoryStore, stores: Stores) -> None:
    """Make the marks in both stores, as a command would."""
    messages = list(memory.tables["message"].values())
    for mark in found if messages else ():
        row = messages[mark.place % len(messages)]
        key, home = (1, row["id"]), row["conversation_id"]
        state: dict[str, Any] = {"company_id": 1, "user_id": mark.user, "message_id": row["id"]}
        with clocked(stores.database, 1) as work:
            if mark.erase:
                memory.tables["message"][key] = memory.tables["message"][key] | {"erased_at": NOON}
                gone = update(t.message).where(t.message.c.company_id == 1, t.message.c.id == row["id"])
                work.connection.execute(gone.values(erased_at=NOON))
            elif (1, mark.user, row["id"]) not in memory.tables["message_user_state"]:
                memory.put_rows({"message_user_state": [state | {"seen_at": NOON}]})
                work.connection.execute(insert(t.message_user_state), state | {"seen_at": NOON})
            work_out_audiences(memory.tables, 1, {home}, ())
            audiences.work_out(work.connection, 1, {home})


@some(12)
@given(steps, st.lists(st.tuples(st.integers(1, 3), marks), min_size=2, max_size=8))
def test_audiences_that_grow_are_those_worked_out(
    found: list[Step], sizes: list[tuple[int, list[Mark]]]
) -> None:
    """After every batch and every mark SQLite's rows are those of the store that asks of each message."""
    writer, memory = Writer(), MemoryStore()
    plans = [writer.plan(step) for step in found]
    with sqlite() as stores:
        for store in (memory, stores):
            fill(store, world())
        for size, made in [*sizes, (len(plans), [])]:
            batch, plans = plans[:size], plans[size:]
            if batch:
                for works in (memory, SqlWorks(stores.database)):
                    with works(1) as work:
                        work.apply([it for it, _ in batch], [plan for _, plan in batch], NOON)
                        work.commit()
            _make(made, memory, stores)
            assert (
                rows(memory, "conversation_audience")["conversation_audience"]
                == rows(stores, "conversation_audience")["conversation_audience"]
            )
