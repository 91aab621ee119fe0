"""deliver() over a store in memory: how much is asked for the mail of one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.directory import Company
from bccd.model.envelope import Peer, Target
from bccd.model.facts import Facts, Query
from bccd.model.message import Content, Mailbox, Message
from bccd.model.plan import Plan
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.testing.build import FixedClock, Seed
from bccd.testing.memory import MemoryStore, MemoryWork

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANNA, BERT = 1, 2
MANY = 16


@dataclass
class Watched:
    """A unit of work that remembers for how many mails it was asked each time."""

    work: MemoryWork
    asked: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.work.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.work.__exit__(kind, error, trace)

    @property
    def company(self) -> Company:
        return self.work.company

    def gather(self, query: Query) -> Facts:
        self.asked.append(len(query.deliveries))
        return self.work.gather(query)

    def apply(self, mails: Sequence[Mail], plans: Sequence[Plan], now: datetime) -> None:
        self.work.apply(mails, plans, now)

    def commit(self) -> None:
        self.work.commit()


def mails(user: int, first: int) -> list[Mail]:
    """Return the same mails, as this user's server sends them in."""
    address = f"{user}@seller.example"
    author, customer = Mailbox("Anna", "1@seller.example"), Mailbox("Jan", "jan@customer.example")
    contents = [
        Content(author, 1, to=(customer,), date=NOW, subject=f"Offer {number}", message_id=f"{number}@s")
        for number in range(MANY)
    ]
    return [
        Mail(
            Delivery(
                first + number, 1, (Target("crm@drop.example", 1),), address, Peer("127.0.0.1"), NOW,
                AuthReport(), bytes([first + number]), 1000,
                sender=Sender(user, address, AuthMethod.TRUSTED_NETWORK),
            ),
            Message(content),
        )
        for number, content in enumerate(contents)
    ]  # fmt: skip


def test_a_colleagues_copies_of_a_whole_batch_are_each_asked_about_twice_at_most() -> None:
    """Each ends the part of the batch that was asked about, and the next part is as long as that tells."""
    store = MemoryStore()
    seed = Seed().company(1, "crm@drop.example")
    store.put_rows(seed.user(ANNA, "1@seller.example").user(BERT, "2@seller.example").rows)
    first, second = (Watched(store(1)) for _ in range(2))
    deliver(1, mails(ANNA, 10), DeliverPorts(lambda _: first, FixedClock(NOW)))
    outcomes = deliver(1, mails(BERT, 100), DeliverPorts(lambda _: second, FixedClock(NOW)))
    assert first.asked == [MANY], "new mail is asked about once"
    assert [outcome.reason for outcome in outcomes] == ["owner_added"] * MANY
    assert second.asked[0] == MANY
    assert sum(second.asked[1:]) <= 2 * MANY
