"""The filer over a queue, parsers and a store that do what each test wants."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from bccd import filer as filer_module
from bccd.cage.pool import Parsed, Pool
from bccd.config import Filing
from bccd.filer import Filer
from bccd.model.auth import AuthReport
from bccd.model.delivery import Delivery, DeliveryState, Mail
from bccd.model.envelope import Peer
from bccd.model.errors import ClaimLostError, StoreUnavailableError
from bccd.model.message import Content, Message
from bccd.model.plan import Outcome
from bccd.ports import DeliverPorts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW


@dataclass
class Row:
    """A mail in the queue."""

    delivery: Delivery
    raw: bytes = b"mail"
    claimed: bool = False
    due: datetime = NOW
    error: str = ""


class MemoryQueue:
    """A Queue that keeps its rows in a dict and can be out of order."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.done: dict[int, Outcome] = {}
        self.claims: list[list[int]] = []
        self.taken: set[int] = set()  # by another filer
        self.down = False

    def put(self, number: int, raw: bytes = b"mail", *, company: int = 1, attempts: int = 0) -> None:
        delivery = Delivery(
            number, company, (), "", Peer("127.0.0.1"), NOW, AuthReport(), b"", len(raw), attempts=attempts
        )
        self.rows[number] = Row(delivery, raw)

    def _up(self) -> None:
        if self.down:
            raise StoreUnavailableError("down")

    def condemned(self) -> list[Delivery]:
        self._up()
        return [row.delivery for row in self.rows.values() if row.raw == b"killer"]

    def claim(self, limit: int, now: datetime) -> list[Delivery]:
        self._up()
        due = [
            row for row in self.rows.values() if not row.claimed and row.due <= now and row.raw != b"killer"
        ][:limit]
        for row in due:
            row.claimed = True
            row.delivery = replace(row.delivery, attempts=row.delivery.attempts + 1)
        if due:
            self.claims.append([row.delivery.id for row in due])
        return [row.delivery for row in due]

    def renew(self, delivery_ids: Sequence[int]) -> frozenset[int]:
        self._up()
        return frozenset(delivery_ids) - self.taken

    def raw(self, delivery: Delivery) -> bytes:
        self._up()
        raw = self.rows[delivery.id].raw
        if raw == b"gone":
            raise StoreUnavailableError("the octets are gone")
        return raw

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        self._up()
        for outcome in outcomes:
            assert outcome.delivery_id not in self.done
            self.done[outcome.delivery_id] = outcome
            del self.rows[outcome.delivery_id]

    def postpone(self, delivery_ids: Sequence[int], until: datetime, error: str, *, counted: bool) -> None:
        self._up()
        for number in delivery_ids:
            row = self.rows[number]
            row.claimed, row.due, row.error = False, until, error
            if not counted:
                row.delivery = replace(row.delivery, attempts=row.delivery.attempts - 1)

    def states(self) -> dict[int, str]:
        return {number: outcome.state.value for number, outcome in self.done.items()}


class InstantPool:
    """Parses at once; mail that says so fails, or is never answered."""

    def __init__(self) -> None:
        self.jobs: list[tuple[int, bytes]] = []
        self.ready = True
        self.busy = False  # too much so for mail that may hang
        self.occupied = False

    def filenos(self) -> list[int]:
        return []

    def patience(self) -> float:
        return 0.01

    def room(self, size: int, *, doubtful: bool = False) -> bool:
        return size < 100 and not (doubtful and self.busy)

    def submit(self, key: int, raw: bytes, *, doubtful: bool = False) -> None:
        del doubtful
        self.jobs.append((key, raw))

    def flush(self) -> None: ...

    def results(self) -> list[Parsed]:
        jobs, self.jobs = self.jobs, [job for job in self.jobs if job[1] == b"hang"]
        return [
            Parsed(key, None, "timeout")
            if raw == b"poison"
            else Parsed(key, Message(Content(text=raw.decode())))
            for key, raw in jobs
            if raw != b"hang"
        ]

    def close(self) -> None: ...


@dataclass
class Store:
    """What deliver() would do: remembers batches, fails where a mail's text says so."""

    batches: list[tuple[int, list[int]]] = field(default_factory=list)
    down: bool = False
    broken: bool = False
    given_up: dict[int, str] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)  # taken over by another filer

    def deliver(self, company_id: int, mails: Sequence[Mail], _ports: DeliverPorts) -> list[Outcome]:
        self.batches.append((company_id, [mail.delivery.id for mail in mails]))
        if self.down:
            raise StoreUnavailableError("down")
        if any(mail.message.content.text == "bad" for mail in mails):
            raise ValueError("cannot be filed")
        if lost := self.lost.intersection(mail.delivery.id for mail in mails):
            raise ClaimLostError(frozenset(lost))
        return [Outcome(mail.delivery.id, DeliveryState.FILED) for mail in mails]

    def give_up(self, delivery: Delivery, reason: str, _ports: DeliverPorts) -> Outcome:
        if self.down:
            raise StoreUnavailableError("down")
        if self.broken:
            raise KeyError(reason)
        if delivery.id in self.lost:
            raise ClaimLostError(frozenset({delivery.id}))
        self.given_up[delivery.id] = reason
        return Outcome(delivery.id, DeliveryState.FAILED, reason)


@dataclass
class Bench:
    """A filer with everything around it."""

    filer: Filer
    queue: MemoryQueue
    store: Store
    pool: Any

    def run(self, until: Callable[[], bool], seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not until() and time.monotonic() < deadline:
            self.filer.turn(0.01)
            self.filer._look_at = 0.0
        assert until()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A filer for batches of four and three attempts."""
    store, queue, pool = Store(), MemoryQueue(), InstantPool()
    monkeypatch.setattr(filer_module, "deliver", store.deliver)
    monkeypatch.setattr(filer_module, "give_up", store.give_up)
    monkeypatch.setattr(filer_module, "_FIRST_PAUSE", 0.01)
    ports = DeliverPorts(cast("Any", None), Clock())
    settings = Filing(batch=4, attempts=3, retry_first_seconds=10, retry_max_seconds=15)
    filer = Filer(queue, ports, cast("Pool", pool), settings)
    filer._pause = 0.01
    yield Bench(filer, queue, store, pool)
    filer.close()


def test_everything_is_filed_in_order_by_company(bench: Bench) -> None:
    """Each batch holds one company's mail, at most as many as configured, in the order of claiming."""
    for number in range(20):
        bench.queue.put(number, company=1 + number % 2)
    bench.run(lambda: not bench.queue.rows)
    assert set(bench.queue.states().values()) == {"filed"}
    for company in (1, 2):
        numbers = [n for of, batch in bench.store.batches for n in batch if of == company]
        assert numbers == sorted(numbers)
    assert all(len(batch) <= 4 for _, batch in bench.store.batches)


def test_a_hanging_mail_holds_nobody_up(bench: Bench) -> None:
    """What is parsed is filed although a mail claimed before it still is with its parser."""
    bench.queue.put(1, b"hang")
    for number in range(2, 6):
        bench.queue.put(number)
    begun = time.monotonic()
    bench.run(lambda: len(bench.queue.done) == 4)
    assert time.monotonic() - begun < 5.0
    assert bench.filer.in_hand() == 1


def test_a_poison_mail_is_tried_again_and_then_given_up(bench: Bench) -> None:
    """A mail that kills its parser comes back ever later, and at the last attempt is recorded as failed."""
    bench.queue.put(1, b"poison")
    waits = []
    for attempt in (1, 2):
        bench.run(lambda: bench.queue.rows[1].error != "")
        row = bench.queue.rows[1]
        waits.append(row.due - NOW)
        assert row.error == "parser_timeout" and row.delivery.attempts == attempt
        row.due, row.error = NOW, ""
    bench.run(lambda: 1 in bench.queue.done)
    assert waits == [timedelta(seconds=10), timedelta(seconds=15)]
    assert bench.store.given_up == {1: "parser_timeout"}
    assert bench.queue.states() == {1: "failed"}


def test_a_mail_that_breaks_its_batch_is_found(bench: Bench) -> None:
    """A batch that fails is filed one by one; the mail that fails alone twice is given up, at once."""
    for number, raw in enumerate([b"a", b"bad", b"c", b"d"]):
        bench.queue.put(number, raw)
    bench.run(lambda: not bench.queue.rows)
    assert bench.queue.states() == {0: "filed", 1: "failed", 2: "filed", 3: "filed"}
    assert bench.store.given_up == {1: "filing_ValueError"}
    assert [batch for _, batch in bench.store.batches].count([1]) == 2


def test_a_lost_database_counts_against_nobody(bench: Bench) -> None:
    """While the database is away mail stays in hand; when it is back all is filed, with no attempt more."""
    for number in range(3):
        bench.queue.put(number)
    bench.store.down = True
    bench.run(lambda: len(bench.store.batches) >= 3)
    assert bench.filer.in_hand() == 3
    bench.store.down = False
    bench.run(lambda: not bench.queue.rows)
    assert set(bench.queue.states().values()) == {"filed"}
    assert bench.queue.claims == [[0, 1, 2]]


def test_a_lost_spool_is_waited_for(bench: Bench) -> None:
    """What was filed while the spool was away is cleared from it later, and filed once."""
    bench.queue.put(1)
    bench.run(lambda: bench.filer.in_hand() == 1 or bool(bench.store.batches))
    bench.queue.down = True
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        bench.filer.turn(0.01)
    bench.queue.down = False
    bench.run(lambda: not bench.queue.rows)
    assert bench.store.batches == [(1, [1])]


def test_a_lost_database_does_not_lose_a_failure(bench: Bench) -> None:
    """A failure that cannot be recorded now is recorded when the database is back."""
    bench.queue.put(1, b"poison", attempts=2)
    bench.store.down = True
    bench.queue.claims = []
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        bench.filer.turn(0.01)
    assert not bench.queue.done
    bench.store.down = False
    bench.run(lambda: bench.queue.states() == {1: "failed"})


def test_a_failure_that_cannot_be_recorded_is_kept(bench: Bench) -> None:
    """Where even giving up fails for a reason of its own, the mail goes back into the queue."""
    bench.queue.put(1, b"poison", attempts=2)
    bench.store.broken = True
    bench.run(lambda: bench.queue.rows[1].due > NOW)
    assert not bench.queue.done


def test_mail_without_octets_is_that_mails_failure(bench: Bench) -> None:
    """A raw file that is missing stops nobody else."""
    bench.queue.put(1, b"gone")
    bench.queue.put(2)
    bench.run(lambda: 2 in bench.queue.done and bench.queue.rows[1].error != "")
    assert bench.queue.rows[1].error == "raw_unavailable"


def test_mail_that_failed_before_holds_nobody_up(bench: Bench) -> None:
    """However much of it waits for a parser that can be spared, other mail is claimed, read and filed."""
    bench.pool.busy = True
    for number in range(9):
        bench.queue.put(number, attempts=2)
    for number in range(10, 20):
        bench.queue.put(number)
    bench.run(lambda: len(bench.queue.done) == 10)
    assert min(bench.queue.done) == 10
    bench.pool.busy = False
    bench.run(lambda: not bench.queue.rows)


def test_mail_that_failed_before_is_handed_back_at_the_end(bench: Bench) -> None:
    """A filer that is told to stop does not wait for a parser that can be spared, nor counts the attempt."""
    bench.pool.busy = True
    bench.queue.put(1, attempts=2)
    bench.run(lambda: bench.filer.in_hand() == 1)
    begun = time.monotonic()
    bench.filer.stop()
    bench.filer.run()
    assert time.monotonic() - begun < 5.0
    assert (bench.queue.rows[1].claimed, bench.queue.rows[1].delivery.attempts) == (False, 2)


def test_the_next_suspect_does_not_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the queue gives out one mail at a time, the next is claimed as soon as that one is finished."""
    claim = bench.queue.claim
    monkeypatch.setattr(bench.queue, "claim", lambda limit, now: claim(min(limit, 1), now))
    for number in range(20):
        bench.queue.put(number)
    begun = time.monotonic()
    while bench.queue.rows:
        bench.filer.turn()
    assert time.monotonic() - begun < 5.0


def test_a_mail_that_kills_its_filer_is_given_up(bench: Bench) -> None:
    """What the queue says filer after filer died of is not read again, and its neighbours are filed."""
    bench.queue.put(1, b"killer")
    bench.queue.put(2)
    bench.run(lambda: not bench.queue.rows)
    assert bench.store.given_up == {1: "killed_its_filer"}
    assert bench.queue.states() == {1: "failed", 2: "filed"}


def test_nothing_is_claimed_before_it_can_be_read(bench: Bench) -> None:
    """While no parser is up no attempt is counted."""
    bench.pool.ready = False
    bench.queue.put(1)
    for _ in range(5):
        bench.filer.turn(0.0)
    assert bench.queue.claims == []
    bench.pool.ready = True
    bench.run(lambda: not bench.queue.rows)


def test_one_attempt_still_means_batches(bench: Bench) -> None:
    """With a single attempt allowed, a mail claimed for the first time is no suspect."""
    bench.filer._settings = replace(bench.filer._settings, attempts=1)
    for number in range(3):
        bench.queue.put(number, b"poison" if number == 1 else b"fine")
    bench.run(lambda: not bench.queue.rows)
    assert bench.queue.claims == [[0, 1, 2]]
    assert bench.queue.states() == {0: "filed", 1: "failed", 2: "filed"}


def test_each_turn_gives_a_sign_of_life(bench: Bench) -> None:
    """The supervisor sees that the loop comes round, from before its first turn on."""
    beats: list[dict[int, str]] = []

    def beat() -> None:
        beats.append(bench.queue.states())
        if beats[-1]:
            bench.filer.stop()

    bench.queue.put(1)
    bench.filer.run(beat)
    assert beats[0] == {} and beats[-1] == {1: "filed"}


def test_stop_finishes_what_was_claimed(bench: Bench) -> None:
    """Told to stop, the filer files what it holds, claims nothing more, and returns."""
    for number in range(9):
        bench.queue.put(number)
    bench.filer.turn(0.0)
    held = bench.filer.in_hand() + len(bench.queue.done)
    bench.filer.stop()
    bench.filer.run()
    assert bench.filer.in_hand() == 0
    assert len(bench.queue.done) == held < 9


def test_stop_does_not_wait_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filer that cannot finish leaves its mail to the next one."""
    monkeypatch.setattr(filer_module, "_STOP_SECONDS", 0.2)
    bench.queue.put(1)
    bench.store.down = True
    bench.run(lambda: bool(bench.store.batches))
    begun = time.monotonic()
    bench.filer.stop()
    bench.filer.run()
    assert time.monotonic() - begun < 5.0
    assert 1 in bench.queue.rows


def test_a_wake_up_is_heeded_at_once(bench: Bench) -> None:
    """An idle filer looks at the queue as soon as its pipe is written to, not at the next second."""
    read, write = os.pipe2(os.O_NONBLOCK)
    bench.filer._wake = read
    bench.filer.turn(0.0)
    bench.queue.put(1)
    os.write(write, b"!")
    begun = time.monotonic()
    while not bench.queue.done:
        bench.filer.turn()
    assert time.monotonic() - begun < 0.9
    os.close(read)
    os.close(write)


def test_the_end_of_the_lifeline_stops(bench: Bench) -> None:
    """A filer whose supervisor is gone finishes and returns."""
    read, write = os.pipe()
    bench.filer._lifeline = read
    os.close(write)
    bench.filer.run()
    os.close(read)


# ---- other filers ------------------------------------------------------------------------------------------


def test_mail_that_was_taken_over_is_dropped_and_its_neighbours_filed(bench: Bench) -> None:
    """Transaction 2 refuses it; nothing is counted or written of it here."""
    bench.store.lost = {2}
    for number in range(1, 4):
        bench.queue.put(number)
    bench.run(lambda: set(bench.queue.done) == {1, 3} and not bench.filer.in_hand())
    assert bench.queue.rows[2].error == ""


def test_a_failure_of_mail_that_was_taken_over_is_not_recorded(bench: Bench) -> None:
    """Whoever has it now finds out by himself."""
    bench.store.lost = {1}
    bench.queue.put(1, b"poison", attempts=2)
    bench.queue.put(2)
    bench.run(lambda: set(bench.queue.done) == {2} and not bench.filer.in_hand())
    assert bench.store.given_up == {}


def test_claims_are_renewed_and_lost_ones_let_go(bench: Bench) -> None:
    """Wherever the mail is: with a parser, waiting for one, or read; one that comes back is filed."""
    bench.queue.put(1, b"hang")
    bench.pool.busy = True
    bench.queue.put(2, attempts=2)
    bench.run(lambda: bench.filer.in_hand() == 2)
    bench.queue.taken = {1, 2}
    bench.filer._renew_at = 0.0
    bench.filer.turn(0.01)
    assert bench.filer.in_hand() == 1, "the parser cannot be stopped"
    bench.queue.taken = set()
    bench.queue.rows[1].claimed = False
    bench.run(lambda: bench.queue.rows[1].claimed)
    bench.pool.jobs = [(1, b"mail")]
    bench.run(lambda: set(bench.queue.done) == {1})


def test_mail_whose_claim_the_server_forgot_is_read_once(bench: Bench) -> None:
    """A crash may undo what a claim has written: what is in hand and claimed again is still one mail."""
    bench.queue.put(1, b"hang")
    bench.pool.busy = True
    bench.queue.put(2, attempts=2)
    bench.run(lambda: bench.filer.in_hand() == 2)
    for row in bench.queue.rows.values():
        row.claimed = False
    bench.filer._look_at = 0.0
    bench.run(lambda: all(row.claimed for row in bench.queue.rows.values()))
    assert bench.filer.in_hand() == 2
    bench.pool.busy, bench.pool.jobs = False, [(1, b"mail")]
    bench.run(lambda: set(bench.queue.done) == {1, 2})
    bench.run(lambda: not bench.filer.in_hand())
    assert sorted(id_ for _, batch in bench.store.batches for id_ in batch) == [1, 2]


def test_what_a_parser_says_of_lost_mail_is_not_heard(bench: Bench) -> None:
    """It was read for nothing."""
    bench.queue.put(1, b"hang")
    bench.run(lambda: bench.filer.in_hand() == 1)
    bench.queue.taken = {1}
    bench.filer._renew_at = 0.0
    bench.filer.turn(0.01)
    bench.pool.jobs = [(1, b"poison")]
    bench.run(lambda: not bench.filer.in_hand())
    assert bench.store.batches == []
    assert bench.queue.rows[1].error == ""


class Bell:
    """Rings through a pipe."""

    def __init__(self) -> None:
        self.end, self.rope = os.pipe()

    def fileno(self) -> int | None:
        return self.end

    def heard(self) -> None:
        os.read(self.end, 1)

    def close(self) -> None:
        os.close(self.end)
        os.close(self.rope)


def test_a_bell_is_heeded_at_once(bench: Bench) -> None:
    """It rings for mail that another daemon has taken in."""
    bell = Bell()
    bench.filer._doorbell = bell
    bench.filer.turn(0.0)
    bench.queue.put(1)
    os.write(bell.rope, b"!")
    begun = time.monotonic()
    while not bench.queue.done:
        bench.filer.turn(1.0)
        assert time.monotonic() - begun < 0.9


# ---- errands -----------------------------------------------------------------------------------------------


def test_errands_are_run_again_at_once_while_there_are_more(bench: Bench) -> None:
    """Between batches, some at a time; then the filer waits as it would."""
    runs: list[float] = []

    def errands() -> bool:
        runs.append(time.monotonic())
        return len(runs) < 4

    bench.filer._errands = errands
    while len(runs) < 4:
        bench.filer.turn()
    assert runs[-1] - runs[0] < 0.9
    assert bench.filer._errand_at > 0.0


def test_a_bell_has_errands_run_at_once(bench: Bench) -> None:
    """It may ring for a command."""
    bell = Bell()
    bench.filer._doorbell = bell
    runs: list[float] = []

    def errands() -> bool:
        runs.append(time.monotonic())
        return False

    bench.filer._errands = errands
    bench.filer.turn(0.0)
    os.write(bell.rope, b"!")
    begun = time.monotonic()
    while len(runs) < 2:
        bench.filer.turn()
    assert runs[1] - begun < 0.9


def test_errands_wait_for_the_database_as_mail_does(bench: Bench) -> None:
    """While it is away they are tried ever less often, and mail is not forgotten."""
    away = [True]

    def errands() -> bool:
        if away:
            raise StoreUnavailableError("away")
        return False

    bench.filer._errands = errands
    bench.filer.turn(0.0)
    assert bench.filer._quiet_until > 0.0
    away.clear()
    bench.queue.put(1)
    bench.run(lambda: not bench.queue.rows)


def test_a_filer_that_stops_runs_no_errands(bench: Bench) -> None:
    """Commands stay in the table, for the next filer."""
    bench.filer._errands = lambda: pytest.fail("an errand was run")
    bench.filer.stop()
    bench.filer.run()


def test_what_is_claimed_keeps_the_parsers_busy_too(bench: Bench) -> None:
    """Beyond the batch that is filed next, two more are claimed for the parsers, and no fourth."""
    for number in range(40):
        bench.queue.put(number, b"hang")
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        bench.filer.turn(0.001)
    assert bench.filer.in_hand() == 12


def test_nobody_is_listened_to_while_all_parsers_have_work(bench: Bench) -> None:
    """Then the filer comes back by itself, soon, and claims and collects what has come meanwhile."""
    bench.pool.occupied = True
    wake, rope = os.pipe()
    bench.filer._wake = wake
    for number in range(3):
        bench.queue.put(number)
    os.write(rope, b"!")
    bench.run(lambda: not bench.queue.rows)
    bench.queue.put(3)
    os.write(rope, b"!")
    bench.run(lambda: not bench.queue.rows)
    os.close(wake)
    os.close(rope)


def test_mail_waits_for_a_batch_only_where_many_are_on_their_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few being parsed, what is parsed is filed after a moment; with many, after a longer one."""
    monkeypatch.setattr(filer_module, "_LOADED_SECONDS", 60.0)
    bench.queue.put(0)
    bench.queue.put(1, b"hang")
    bench.queue.put(2, b"hang")
    bench.filer._settings = replace(bench.filer._settings, batch=16)
    bench.run(lambda: 0 in bench.queue.done)
    for number in range(3, 6):
        bench.queue.put(number, b"hang")
    bench.queue.put(6)
    bench.filer._look_at = 0.0
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        bench.filer.turn(0.01)
    assert 6 not in bench.queue.done
