"""The steps of one mail, each on its own, in one process: milliseconds a mail, of CPU and by the clock.

What the daemon adds (sockets, processes, logs) is not in these figures: together they are the floor of filing
on one core. python -m benchmarks.inprocess --help
"""

import argparse
import asyncio
import cProfile
import email
import email.policy
import hashlib
import json
import pstats
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from bccd.bootstrap import SystemClock, make_directory
from bccd.config import Trust, Verify, load
from bccd.mail.headers import header_section
from bccd.mail.parse import to_file
from bccd.model.delivery import Delivery, Mail
from bccd.model.directory import Company
from bccd.model.envelope import Envelope, Peer, Raw
from bccd.model.facts import Facts, Query
from bccd.model.message import Message
from bccd.model.plan import Outcome, Plan
from bccd.model.reply import Reply
from bccd.pipeline import Receiving, deliver
from bccd.ports import DeliverPorts, ReceivePorts, UnitOfWork
from bccd.rules.signing import Signer
from bccd.store.engine import Stores, open_engines
from bccd.store.spool import GroupSpool, SqlQueue
from bccd.store.uow import SqlWorks
from bccd.verify.examination import MailVerifier
from bccd.verify.resolver import DnsResolver
from benchmarks import corpus
from benchmarks.corpus import Sample
from benchmarks.daemon import prepare
from benchmarks.databases import DATABASES, SQLITE, folder_below, url_of
from benchmarks.peers import FILED, PLACE, ROOT, PeerError

PARTS = ("begin", "gather", "apply", "commit")  # of deliver, besides the rules
PEER = Peer("127.0.0.1", "load.bench.example")
File = Callable[[Sequence[Sample]], list[Outcome]]
WARM = 64  # mails filed before anything is counted: the first of a process compile statements
_ROWS = 30  # of a profile


class Watch:
    """Adds up time by step; where a step is to be profiled, that too."""

    def __init__(self, profiled: str = "") -> None:
        self.seconds: dict[str, float] = defaultdict(float)  # of CPU, of this process
        self.elapsed: dict[str, float] = defaultdict(float)
        self._profiled = profiled
        self.profile = cProfile.Profile()

    def reset(self) -> None:
        """Forget what was counted so far."""
        self.seconds.clear()
        self.elapsed.clear()
        self.profile = cProfile.Profile()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time of a block, its CPU time with that of its threads."""
        if name == self._profiled:
            self.profile.enable()
        began, began_at = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.process_time() - began
            self.elapsed[name] += time.perf_counter() - began_at
            if name == self._profiled:
                self.profile.disable()


class TimedWork:
    """A unit of work whose parts are timed."""

    def __init__(self, work: UnitOfWork, watch: Watch) -> None:
        self._work, self._watch = work, watch

    def __enter__(self) -> Self:
        with self._watch.step("begin"):
            self._work.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._work.__exit__(kind, error, trace)

    @property
    def company(self) -> Company:
        """Ask the real one."""
        return self._work.company

    def gather(self, query: Query) -> Facts:
        """Time the reads."""
        with self._watch.step("gather"):
            return self._work.gather(query)

    def apply(self, mails: Sequence[Mail], plans: Sequence[Plan], now: datetime) -> None:
        """Time the writes."""
        with self._watch.step("apply"):
            self._work.apply(mails, plans, now)

    def commit(self) -> None:
        """Time the commit."""
        with self._watch.step("commit"):
            self._work.commit()


@dataclass(frozen=True, slots=True)
class Bench:
    """The open stores and what is sent through them."""

    stores: Stores
    trust: Trust
    recipient: str
    samples: Sequence[Sample]
    watch: Watch
    batch: int
    beside: bool = True  # also do what filing in one process has no need of, to measure it


async def _receive(bench: Bench) -> None:
    """Bring all mail into the spool, so many at once as there are in a batch."""
    spool = GroupSpool(bench.stores.spool, bench.stores.folder)
    directory = make_directory(bench.stores)
    verifier = MailVerifier(bench.trust, Verify(), DnsResolver(), SystemClock().now)
    receiving = Receiving(ReceivePorts(directory, verifier, spool, Signer(b"bench"), SystemClock()))

    async def one(sample: Sample) -> Reply:
        target = await receiving.recipient(PEER, sample.sender, bench.recipient, ())
        if isinstance(target, Reply):
            return target
        digest, header = hashlib.sha256(sample.raw).digest(), header_section(sample.raw)
        raw = Raw(digest, len(sample.raw), header, sample.raw)
        envelope = Envelope(PEER, sample.sender, (target,), raw, datetime.now(UTC))
        return (await receiving.message(envelope, receiving.examine(PEER, sample.sender)))[0]

    try:
        for start in range(0, len(bench.samples), bench.batch):
            group = bench.samples[start : start + bench.batch]
            with bench.watch.step("receive"):
                answers = await asyncio.gather(*map(one, group))
            refused = [reply for reply in answers if not reply.accepted]
            if refused:
                raise PeerError(f"a mail was refused: {refused[0]}")
    finally:
        spool.close()
        directory.close()


def _parse(bench: Bench, queue: SqlQueue, delivery: Delivery) -> Mail:
    with bench.watch.step("fetch"):
        raw = queue.raw(delivery)
    with bench.watch.step("parse"):
        message = to_file(raw)
    if not bench.beside:
        return Mail(delivery, message)
    with bench.watch.step("hand over"):
        message = msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=Message)
    with bench.watch.step("compat32"):
        for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
            part.get_payload(decode=True)
    return Mail(delivery, message)


def _file(bench: Bench) -> list[Outcome]:
    """File all that the spool holds, batch by batch."""
    queue = SqlQueue(bench.stores.spool, bench.stores.folder)
    works = SqlWorks(bench.stores.database)

    def timed(company_id: int) -> UnitOfWork:
        return TimedWork(works(company_id), bench.watch)

    ports = DeliverPorts(timed, SystemClock())
    outcomes: list[Outcome] = []
    while True:
        with bench.watch.step("claim"):
            claimed = queue.claim(bench.batch, datetime.now(UTC))
        if not claimed:
            return outcomes
        mails = [_parse(bench, queue, delivery) for delivery in claimed]
        with bench.watch.step("deliver"):
            done = deliver(claimed[0].company_id, mails, ports)
        with bench.watch.step("finish"):
            queue.finish(done)
        outcomes += done


# Each step, what it is part of, and what it does.
STEPS = (
    ("receive", "", "header scan, From, proof, spool in groups with its sync"),
    ("claim", "", "take a batch from the spool"),
    ("fetch", "", "read the octets from the spool"),
    ("parse", "", "octets to Message"),
    ("hand over", "", "Message to octets and back, as between parser and filer"),
    ("deliver", "", "all of transaction 2"),
    ("begin", "deliver", "lock the clock"),
    ("gather", "deliver", "read the facts"),
    ("decide", "deliver", "plan every row"),
    ("apply", "deliver", "write every row"),
    ("commit", "deliver", "commit with its sync"),
    ("finish", "", "clear the spool"),
)


def shares(watch: Watch) -> dict[str, float]:
    """Return the CPU time of steps as shares of what compat32 takes for the same mails."""
    return {name: watch.seconds[name] / watch.seconds["compat32"] for name in ("deliver", "parse")}


def steps(spent: Mapping[str, float]) -> dict[str, float]:
    """Return the time of each step, and of all of them together."""
    found = {name: spent.get(name, 0.0) for name, _, _ in STEPS}
    found["decide"] = found["deliver"] - sum(found[name] for name in PARTS)
    return found | {"together": sum(found[name] for name, whole, _ in STEPS if not whole)}


def _report(watch: Watch, mails: int) -> None:
    seconds, elapsed = steps(watch.seconds), steps(watch.elapsed)
    print(f"{'step':<12} {'CPU ms':>8} {'ms':>8}")
    for name, whole, doing in STEPS:
        shown = f"  {name}" if whole else name
        print(f"{shown:<12} {1000 * seconds[name] / mails:8.3f} {1000 * elapsed[name] / mails:8.3f}  {doing}")
    print(f"{'together':<12} {1000 * seconds['together'] / mails:8.3f}")
    base = watch.seconds["compat32"]
    print(
        f"{'compat32':<12} {1000 * base / mails:8.3f}  the standard library reads and decodes the same mails"
    )
    for name, share in shares(watch).items():
        print(f"{name} / compat32: {share:.2f}")


def filing(stores: Stores, recipient: str, watch: Watch, batch: int, *, beside: bool = False) -> File:
    """Return what files mails in this process into these stores."""

    def file(samples: Sequence[Sample]) -> list[Outcome]:
        bench = Bench(stores, Trust(networks=("127.0.0.1/32",)), recipient, samples, watch, batch, beside)
        asyncio.run(_receive(bench))
        return _file(bench)

    return file


@contextmanager
def opened(
    folder: Path, directory: Path, recipient: str, watch: Watch, *, url: str = "", batch: int = 0
) -> Iterator[File]:
    """Open stores in a folder; yields what files mails in this process, in transactions of `batch` mails.

    By default as many as the daemon takes at most, and nothing is done that only the measurement wants.
    """
    config = load(prepare(folder, directory, 1, url), {})
    stores = open_engines(config)
    try:
        yield filing(stores, recipient, watch, batch or config.filing.batch, beside=bool(batch))
    finally:
        stores.close()


def run(
    samples: Sequence[Sample], recipient: str, directory: Path, watch: Watch, *, batch: int, database: str
) -> None:
    """Send samples through every step, the first uncounted; raises PeerError where one is not filed."""
    with (
        folder_below(PLACE) as folder,
        url_of(database, folder) as url,
        opened(folder, directory, recipient, watch, url=url, batch=batch) as file,
    ):
        expect_filed(file(samples[:WARM]), len(samples[:WARM]))
        watch.reset()
        expect_filed(file(samples[WARM:]), len(samples[WARM:]))


def expect_filed(outcomes: Sequence[Outcome], count: int) -> None:
    """Raise PeerError unless so many mails were filed."""
    states = Counter(str(outcome.state) for outcome in outcomes)
    if states[FILED] != count:
        raise PeerError(f"of {count} mails: {dict(states)}")


def main() -> int:
    """Print CPU time a mail for each step of its way."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inprocess", description=main.__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=32, help="mails in a transaction (default: 32)")
    parser.add_argument("--database", choices=DATABASES, default=SQLITE)
    parser.add_argument("--seed", type=int, default=1)
    steps = [name for name, whole, _ in STEPS if not whole]
    parser.add_argument("--profile", choices=steps, help="where a step spends its time")
    parser.add_argument("--json", action="store_true", help="only the shares of compat32's time, as JSON")
    given = parser.parse_args()
    place = corpus.stored(ROOT / "build", given.mails + WARM, given.seed)
    recipient, samples = corpus.load(place)
    watch = Watch(given.profile or "")
    try:
        run(samples, recipient, place / "directory.json", watch, batch=given.batch, database=given.database)
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    if given.json:
        print(json.dumps(shares(watch)))
        return 0
    print(f"{given.mails} mails in batches of {given.batch}")
    _report(watch, given.mails)
    if given.profile:
        pstats.Stats(watch.profile).sort_stats("tottime").print_stats(_ROWS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
