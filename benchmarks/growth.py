"""What filing one more mail costs a full database and a small one: python -m benchmarks.growth --help

Answers to stored messages are filed in batches, parsed already. If each statement finds its rows by an index,
both cost the same. Statements are counted: gather may ask twelve a batch, however many mails it holds.
"""

import argparse
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from statistics import median
from typing import Any

from sqlalchemy import event, text

from bccd.bootstrap import SystemClock
from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Peer, Target
from bccd.model.message import Content, Mailbox, Message
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts, UnitOfWork
from bccd.store.engine import Stores, reading
from bccd.store.uow import SqlWorks
from benchmarks.databases import add_arguments, populated
from benchmarks.inprocess import PARTS, TimedWork, Watch

_SMALL = 100  # the full database is so many times as large as the small one
_WARM = 10  # batches that are not counted
_GATHER = 12  # statements
_ANSWERED = text(
    "SELECT m.id, m.msgid, m.refs, m.subject, m.parties, u.id AS user_id, u.name, a.address,"
    " (SELECT max(address) FROM company_address WHERE company_id = 1) AS target"
    " FROM message m"
    " JOIN message_copy c ON c.company_id = m.company_id AND c.message_id = m.id"
    " JOIN app_user u ON u.company_id = c.company_id AND u.id = c.owner_id"
    " JOIN user_address a ON a.company_id = u.company_id AND a.user_id = u.id AND a.kind = 'login'"
    " WHERE m.company_id = 1 AND m.id % :step = 0 ORDER BY m.identity_key LIMIT :count"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a mail costs in the middle one of all batches, in milliseconds, and what a batch asks."""

    messages: int
    ms: dict[str, float]
    statements: dict[str, int]  # the most in a batch, by step


class Counting(Watch):
    """A watch that also counts the statements of each step, batch by batch."""

    def __init__(self) -> None:
        super().__init__()
        self.now = ""
        self.batch: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is executed in the block as this step's."""
        outer, self.now = self.now, name
        try:
            with super().step(name):
                yield
        finally:
            self.now = outer

    def executed(self, *_: Any) -> None:
        """Hear of a statement."""
        self.batch[self.now] += 1

    def next_batch(self) -> None:
        """Remember the most, begin to count anew."""
        self.most |= self.batch
        self.batch.clear()


def answers(stores: Stores, count: int) -> list[Mail]:
    """Return mails of company 1's users, each an answer to a message that they hold."""
    with reading(stores.database) as connection:
        stored = connection.execute(text("SELECT count(*) FROM message WHERE company_id = 1")).scalar_one()
        rows = connection.execute(_ANSWERED, {"step": max(1, stored // count // 8), "count": count}).all()
    return [_answer(number, row) for number, row in enumerate(rows, 1)]


def _answer(number: int, row: Any) -> Mail:
    at = datetime.now(UTC) - timedelta(minutes=1)
    said = f"This is answer {number} to what you wrote, and it says nothing that was ever said before."
    content = Content(
        sender=Mailbox(row.name, row.address),
        from_count=1,
        to=(Mailbox("", row.parties),),
        date=at,
        subject=f"Re: {row.subject}",
        message_id=f"answer.{number}.{row.id}@{row.address.rpartition('@')[2]}",
        in_reply_to=(row.msgid,),
        references=(*reversed(row.refs.split("\n")), row.msgid) if row.refs else (row.msgid,),
        text=said,
        new_text=said,
    )
    delivery = Delivery(
        id=10**15 + number,
        company_id=1,
        targets=(Target(row.target, 1),),
        mail_from=row.address,
        peer=Peer("127.0.0.1", "load.bench.example"),
        received_at=at,
        auth=AuthReport("127.0.0.0/8"),
        raw_sha256=sha256(content.message_id.encode()).digest(),
        size=4_000,
        sender=Sender(row.user_id, row.address, AuthMethod.TRUSTED_NETWORK),
    )
    return Mail(delivery, Message(content))


def measure(stores: Stores, mails: Sequence[Mail], batch: int) -> Cost:
    """File mails in batches; raises RuntimeError where one is not filed."""
    works, watch = SqlWorks(stores.database), Counting()
    event.listen(stores.database, "before_cursor_execute", watch.executed)
    with reading(stores.database) as connection:
        stored = connection.execute(text("SELECT count(*) FROM message")).scalar_one()

    def timed(company_id: int) -> UnitOfWork:
        return TimedWork(works(company_id), watch)

    ports = DeliverPorts(timed, SystemClock())
    batches: list[dict[str, float]] = []
    for start in range(0, len(mails), batch):
        group = mails[start : start + batch]
        watch.elapsed.clear()
        with watch.step("deliver"):
            outcomes = deliver(1, group, ports)
        watch.next_batch()
        batches.append({name: 1000 * seconds / len(group) for name, seconds in watch.elapsed.items()})
        if any(outcome.state != "filed" for outcome in outcomes):
            raise RuntimeError(f"not filed: {outcomes}")
    event.remove(stores.database, "before_cursor_execute", watch.executed)
    ms = {name: median(spent[name] for spent in batches[_WARM:]) for name in ("deliver", *PARTS)}
    return Cost(stored, ms, {name: watch.most[name] for name in PARTS})


def table(costs: Sequence[Cost]) -> list[str]:
    """Lay the costs out, one row a database."""
    names = ("deliver", *PARTS)
    lines = ["messages".rjust(10) + "".join(f"{name:>10}" for name in names) + "   ms a mail by the clock"]
    lines += [f"{cost.messages:>10,}" + "".join(f"{cost.ms[name]:10.3f}" for name in names) for cost in costs]
    small, full = costs[0].ms["deliver"], costs[-1].ms["deliver"]
    lines.append(f"the full database costs {full / small:.2f} times the small one")
    most = {name: max(cost.statements[name] for cost in costs) for name in PARTS}
    lines.append("statements a batch, at most: " + ", ".join(f"{name} {most[name]}" for name in PARTS))
    return lines


def _of_size(given: Namespace, part: int) -> Namespace:
    sizes = {"conversations": given.conversations // part, "messages": given.messages // part}
    return Namespace(**vars(given) | sizes)


def main() -> int:
    """Measure both; returns 1 where a batch asks too many statements."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--mails", type=int, default=2_000)
    parser.add_argument("--batch", type=int, default=32, help="mails in a transaction (default: 32)")
    given = parser.parse_args()
    costs = []
    for part in (_SMALL, 1):
        with populated(_of_size(given, part)) as stores:
            costs.append(measure(stores, answers(stores, given.mails), given.batch))
    print(*table(costs), sep="\n")
    return 1 if any(cost.statements["gather"] > _GATHER for cost in costs) else 0


if __name__ == "__main__":
    sys.exit(main())
