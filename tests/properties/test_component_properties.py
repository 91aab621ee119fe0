"""Conversations are the connected components of mails that name a common id, whoever files them and how."""

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bccd.model.delivery import Mail
from bccd.model.envelope import Target
from bccd.model.message import Content, Mailbox, Message
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts, WorkOpener
from bccd.store import tables as t
from bccd.store.engine import reading
from bccd.store.uow import SqlWorks
from bccd.testing import MemoryStore
from tests.examples import some
from tests.properties.test_pipeline_properties import (
    DIRECTORY,
    NOW,
    USERS,
    Draft,
    Fixed,
    Open,
    mail,
    postgresql,
    sqlite,
)

__all__ = ["postgresql", "sqlite"]  # fixtures

BASES = {"Offer": "offer", "Re: Offer": "offer", "AW: WG: [ext] offer": "offer", "Holiday": "holiday"}
Named = tuple[str, str, Collection[str]]  # subject, own id, ids of others
World = Sequence[tuple[int, Named]]
Partition = set[frozenset[int]]

ids = st.integers(0, 11).map(lambda number: f"{number}@x.example")
names = st.tuples(st.sampled_from(sorted(BASES)), st.one_of(st.just(""), ids), st.lists(ids, max_size=3))
WORLDS = given(
    st.lists(names, min_size=1, max_size=24).flatmap(lambda found: st.permutations([*enumerate(found, 1)])),
    st.lists(st.integers(1, 5), max_size=9),
)


def written(number: int, named: Named) -> Mail:
    """Return a mail to a customer, whose text nobody else has written."""
    subject, own, others = named
    content = Content(
        Mailbox("", USERS[1]), 1, to=(Mailbox("", "jan@customer.example"),), date=NOW, subject=subject,
        message_id=own, references=tuple(others), text=f"text {number}", new_text=f"text {number}",
    )  # fmt: skip
    return mail(number, Draft(1, Target("crm@drop.example", 1), Message(content), held=False))


def brute_force(world: World) -> Partition:
    """Join whatever names a common id under a common subject, one mail after the other."""
    groups: list[tuple[set[int], set[tuple[str, str]]]] = []
    for number, (subject, own, others) in world:
        keys = {(BASES[subject], id_) for id_ in (own, *others) if id_}
        joined = [group for group in groups if group[1] & keys]
        groups = [group for group in groups if not group[1] & keys]
        members = {number}.union(*(group[0] for group in joined))
        groups.append((members, keys.union(*(group[1] for group in joined))))
    return {frozenset(members) for members, _ in groups}


def cut(world: World, sizes: Iterable[int]) -> list[list[Mail]]:
    """Write the mails, in batches of these sizes; what is left over is the last batch."""
    left = [written(*each) for each in world]
    batches = []
    for size in sizes:
        batches.append(left[:size])
        left = left[size:]
    return [batch for batch in (*batches, left) if batch]


def file(works: WorkOpener, batches: Sequence[Sequence[Mail]], writers: int = 1) -> None:
    """File the batches, so many at once."""
    ports = DeliverPorts(works, Fixed())
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda batch: deliver(1, batch, ports), batches))


def partition(homes: Iterable[tuple[int, int]]) -> Partition:
    """Return what is together, by where each delivery is."""
    found: dict[int, set[int]] = {}
    for delivery, home in homes:
        found.setdefault(home, set()).add(delivery)
    return {frozenset(members) for members in found.values()}


def found_in(company: Open, batches: Sequence[Sequence[Mail]], writers: int = 1) -> Partition:
    """File in a database and return what is together there."""
    homes = select(t.delivery.c.id, t.message.c.conversation_id).join_from(
        t.delivery, t.message, t.delivery.c.message_id == t.message.c.id
    )
    with company() as engine:
        file(SqlWorks(engine), batches, writers)
        with reading(engine) as connection:
            return partition((delivery, home) for delivery, home in connection.execute(homes))


@some(25)
@WORLDS
def test_conversations_in_memory_are_what_brute_force_finds(world: World, sizes: list[int]) -> None:
    """In any order, in any batches."""
    store = MemoryStore()
    store.put_rows(DIRECTORY)
    file(store, cut(world, sizes))
    homes = {row["id"]: row["conversation_id"] for row in store.all_rows()["message"]}
    delivered = store.all_rows()["delivery"]
    assert partition((row["id"], homes[row["message_id"]]) for row in delivered) == brute_force(world)


@some(10)
@WORLDS
def test_conversations_in_sqlite_are_what_brute_force_finds(
    sqlite: Open, world: World, sizes: list[int]
) -> None:
    """In any order, in any batches."""
    assert found_in(sqlite, cut(world, sizes)) == brute_force(world)


@pytest.mark.db
@some(5)
@WORLDS
def test_what_eight_writers_join_is_what_brute_force_finds(
    postgresql: Open, world: World, sizes: list[int]
) -> None:
    """Each batch by whoever is free, in transactions that meet as chance has it."""
    assert found_in(postgresql, cut(world, sizes), writers=8) == brute_force(world)
    assert found_in(postgresql, cut(world, [1] * len(world)), writers=8) == brute_force(world)
