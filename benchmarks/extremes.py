"""What is unusually large: a conversation of 10,000 messages, a mail to 1,000 people, a merge of 1,000.

Each is filed alone, in a transaction of its own, from the parsed mail to the commit.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from statistics import median

from sqlalchemy import text

from bccd.bootstrap import SystemClock
from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.delivery import Delivery, Mail
from bccd.model.envelope import Peer, Target
from bccd.model.message import Content, Mailbox, Message
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store.engine import Stores, reading
from bccd.store.uow import SqlWorks
from benchmarks.company import Person
from benchmarks.goals import columns
from benchmarks.neighbours import Neighbourhood
from benchmarks.peers import PeerError

LONG, MANY, MERGED = 10_000, 1_000, 1_000
_BATCH = 100
_TIMES = 15
_MOST = 2.0  # times what an answer in a short conversation costs
_LONGEST = 500.0  # ms for which one mail may hold up the others
_OPEN_DEALS = text(
    "SELECT p.contact_id, count(*) AS deals FROM deal_contact p JOIN deal d ON d.company_id = p.company_id"
    " AND d.id = p.deal_id AND d.status = 'open' WHERE p.company_id = 1 GROUP BY p.contact_id"
)
Sizes = tuple[int, int, int]
_DAYS = timedelta(days=20)  # that the mails of a conversation are spread over


@dataclass(frozen=True, slots=True)
class Case:
    """What one mail cost, and what it may."""

    name: str
    ms: float  # of CPU
    clock_ms: float
    gate_ms: float | None

    @property
    def holds(self) -> bool:
        """Tell whether it stays below its gate."""
        return self.gate_ms is None or self.ms <= self.gate_ms


class Desk:
    """A user who writes mail to a contact, mail that is parsed already."""

    def __init__(self, stores: Stores, people: Neighbourhood, mark: str) -> None:
        self._ports = DeliverPorts(SqlWorks(stores.database), SystemClock())
        self._people, self._mark = people, mark
        self._user, self._numbers = people.company.users[0], count(1)
        self._began = datetime.now(UTC) - _DAYS

    def mail(self, to: Sequence[Person], subject: str, answers: Sequence[str] = ()) -> Mail:
        """Write a mail that answers others by their Message-IDs, oldest first."""
        number = next(self._numbers)
        at = self._began + number * timedelta(seconds=30)
        said = f"This is mail {number}, and it says nothing that was ever said before: {self._mark}."
        content = Content(
            sender=Mailbox(self._user.name, self._user.address),
            from_count=1,
            to=tuple(Mailbox(person.name, person.address) for person in to),
            date=at,
            subject=subject,
            message_id=f"{self._mark}.{number}@extremes.example",
            in_reply_to=tuple(answers[-1:]),
            references=tuple(answers),
            text=said,
            new_text=said,
        )
        sender = Sender(int(self._user.external_id[1:]), self._user.address, AuthMethod.TRUSTED_NETWORK)
        delivery = Delivery(
            id=time.time_ns(),
            company_id=1,
            targets=(Target(self._people.target, 1),),
            mail_from=self._user.address,
            peer=Peer("127.0.0.1", "load.bench.example"),
            received_at=at,
            auth=AuthReport("127.0.0.0/8"),
            raw_sha256=sha256(content.message_id.encode()).digest(),
            size=4_000,
            sender=sender,
        )
        return Mail(delivery, Message(content))

    def conversation(self, to: Person, subject: str, length: int) -> list[str]:
        """File a conversation of so many messages; returns their Message-IDs."""
        first = self.mail([to], subject)
        self.file([first])
        root = first.message.content.message_id
        ids = [root]
        while len(ids) < length:
            group = []
            for _ in range(min(_BATCH, length - len(ids))):
                group.append(self.mail([to], f"Re: {subject}", [root, *ids[-3:]]))
                ids.append(group[-1].message.content.message_id)
            self.file(group)
        return ids

    def file(self, mails: Sequence[Mail]) -> tuple[float, float]:
        """File a batch; returns the milliseconds of CPU and by the clock that it took."""
        cpu, clock = time.process_time(), time.perf_counter()
        outcomes = deliver(1, mails, self._ports)
        spent = 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - clock)
        if wrong := [outcome for outcome in outcomes if outcome.state != "filed"]:
            raise PeerError(f"not filed: {wrong[0]}")
        return spent

    def case(self, name: str, make: Callable[[], Mail], gate_ms: float | None, times: int = _TIMES) -> Case:
        """File a mail of a kind some times, each alone; the median counts."""
        spent = [self.file([make()]) for _ in range(times)]
        return Case(name, median(cpu for cpu, _ in spent), median(clock for _, clock in spent), gate_ms)


def _with_deals(stores: Stores, contacts: Sequence[Person], count: int) -> Iterator[Person]:
    """Yield contacts who take part in so many open deals."""
    with reading(stores.database) as connection:
        held = {f"c{row.contact_id}": row.deals for row in connection.execute(_OPEN_DEALS)}
    return (person for person in contacts if held.get(person.external_id, 0) == count)


def measure(stores: Stores, people: Neighbourhood, sizes: Sizes = (LONG, MANY, MERGED)) -> list[Case]:
    """Measure all of them in a database; raises PeerError where a mail is not filed."""
    long, many, merged = sizes
    desk, contacts = Desk(stores, people, f"x{time.time_ns()}"), people.company.contacts
    settled, torn = (_with_deals(stores, contacts, deals) for deals in (0, 2))

    def answering(to: Person, length: int, gate_ms: float | None, note: str = "") -> Case:
        ids = desk.conversation(to, "A matter", length)
        name = f"an answer in a conversation of {length:,}{note}"
        return desk.case(name, lambda: desk.mail([to], "Re: A matter", [ids[0], *ids[-3:]]), gate_ms)

    usual = answering(next(settled), 10, None)
    chosen = answering(next(torn), 10, None, ", its deal not chosen")
    found = [usual, answering(next(settled), long, _MOST * usual.ms)]
    found += [chosen, answering(next(torn), long // 10, _MOST * chosen.ms, ", its deal not chosen")]
    crowd = [*contacts, *people.company.strangers][:many]
    found.append(
        desk.case(f"a mail to {len(crowd):,} people", lambda: desk.mail(crowd, "To all"), _LONGEST, 5)
    )
    other = next(settled)
    halves = [desk.conversation(other, f"One half {half}", merged)[-1] for half in (1, 2)]
    merge = desk.case(
        f"a merge of {merged:,} messages", lambda: desk.mail([other], "Both", halves), _LONGEST, 1
    )
    return [*found, merge]


def table(cases: Sequence[Case]) -> list[str]:
    """Lay the cases out."""
    rows: list[tuple[str, ...]] = [("filed alone", "CPU ms", "ms", "gate", "")]
    rows += [
        (
            case.name,
            f"{case.ms:.1f}",
            f"{case.clock_ms:.1f}",
            f"{case.gate_ms:.1f}" if case.gate_ms else "",
            "" if case.holds else "MISSED",
        )
        for case in cases
    ]
    return columns(rows)
