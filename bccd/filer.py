"""The filer: claims spooled mail, has it parsed, files it in batches, gives up on a mail only with a reason.

Single-threaded. While one batch is being filed, the parsers read the next. What the database refuses to take
now is kept in hand and tried again; only what is a mail's own fault counts against it.
"""

import os
import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from bccd.cage.pool import Parsed, Pool
from bccd.config import Filing
from bccd.door import Door, drain
from bccd.failures import place
from bccd.meters.families import DELIVER, IN_HAND
from bccd.model.delivery import Delivery, Mail, show_id
from bccd.model.errors import ClaimLostError, StorageFullError, StoreUnavailableError
from bccd.model.message import Message
from bccd.model.plan import Outcome
from bccd.observe import log_filings
from bccd.pipeline import deliver, give_up
from bccd.ports import Bell, DeliverPorts, Queue

_POLL_SECONDS = 1.0  # how often the queue is looked at when nobody woke us
_GATHER_SECONDS = 0.05  # how long a parsed mail waits for others that are being parsed
_LOADED_SECONDS = 0.2  # the same where so many are that a batch comes together: one of 64 costs 0.2 ms a mail
_NAP_SECONDS = 0.004  # how long nobody is listened to while all parsers have work, for each turn costs
_CLAIM_SECONDS = 0.02  # and how long no mail is claimed meanwhile, but then more at once
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0  # between two tries while the database is away
_RENEW_SECONDS = 15.0  # how often a claim is renewed, that no other filer may take it over
_SEARCH_SECONDS = 60.0  # how often mail is looked for that filer after filer died of
_AWAY = ("database_away", "disk_full")
_STOP_SECONDS = 20.0  # how long a filer that was told to stop tries to finish what it claimed


@dataclass(slots=True)
class _Job:
    """A claimed delivery on its way through this process."""

    place: int  # order of claiming
    delivery: Delivery
    message: Message | None = None
    parsed_at: float = 0.0
    unreadable: bool = False  # its octets could not be fetched the last time

    def mail(self) -> Mail:
        assert self.message is not None  # noqa: S101 - only parsed jobs are filed
        return Mail(self.delivery, self.message)


class Filer:
    """Files what the queue holds until it is told to stop.

    `wake` becomes readable when a front has spooled mail, `lifeline` when the supervisor is gone.
    `errands` are done between batches, and tell whether more of them wait.
    """

    def __init__(
        self,
        queue: Queue,
        ports: DeliverPorts,
        pool: Pool,
        settings: Filing,
        *,
        wake: int | None = None,
        lifeline: int | None = None,
        door: Door | None = None,
        bell: Bell | None = None,
        errands: Callable[[], bool] = lambda: False,
    ) -> None:
        self._queue, self._ports, self._pool, self._settings = queue, ports, pool, settings
        self._wake, self._lifeline, self._door, self._doorbell = wake, lifeline, door, bell
        self._bell, self._rope = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._log, self._errands = structlog.get_logger(), errands
        self._waiting: deque[_Job] = deque()  # claimed, not yet with a parser
        self._doubtful: deque[_Job] = deque()  # the same, of mail that failed before
        self._reading: dict[int, _Job] = {}
        self._ready: list[_Job] = []
        self._lost: set[int] = set()  # with a parser, and taken over by another filer
        self._chores: deque[Callable[[], None]] = deque()  # writes that follow from what happened, in order
        self._places = 0
        self._search_at = self._renew_at = 0.0  # when to look for mail that filers died of, and to hold on
        self._look_at = self._claimed_at = self._errand_at = 0.0  # when to look at the queue next; and did
        self._quiet_until, self._pause = 0.0, _FIRST_PAUSE
        self._stop_at: float | None = None

    # ---- the loop ----------------------------------------------------------------------------------------

    def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """File mail until told to stop, then finish what was claimed; each turn gives a sign of life."""
        while not self._over():
            beat()
            self.turn()

    def turn(self, longest: float = _POLL_SECONDS) -> None:
        """Do what can be done now, then wait at most `longest` seconds for more."""
        if self._stop_at is not None and self._doubtful:
            self._hand_back()
        self._guarded(self._renew)
        self._guarded(self._run_errands)
        self._guarded(self._claim)
        self._guarded(self._feed)
        self._pool.flush()
        self._wait(longest)
        self._collect()
        self._guarded(self._file)
        self._guarded(self._work_off)

    def _run_errands(self) -> None:
        """Do what users command, some at a time, so that mail is filed in between."""
        if time.monotonic() >= self._errand_at:
            more = self._stop_at is None and self._errands()
            self._errand_at = 0.0 if more else time.monotonic() + _POLL_SECONDS

    def _hand_back(self) -> None:
        """Leave to the next filer what this one, told to stop, has no time for."""
        ids = [job.delivery.id for job in self._doubtful]
        self._doubtful.clear()
        self._do(lambda: self._queue.postpone(ids, self._ports.clock.now(), "", counted=False))

    def stop(self) -> None:
        """Claim nothing more; may be called from a signal handler."""
        self._stop_at = self._stop_at or time.monotonic() + _STOP_SECONDS
        with suppress(BlockingIOError):
            os.write(self._rope, b"!")

    def close(self) -> None:
        """End the parsers and give the descriptors back."""
        self._pool.close()
        if self._door is not None:
            self._door.close()
        if self._doorbell is not None:
            self._doorbell.close()
        os.close(self._bell)
        os.close(self._rope)

    def in_hand(self) -> int:
        """Return how many claimed mails have no outcome yet."""
        return self._hopeful() + len(self._doubtful)

    def _held(self) -> tuple[_Job, ...]:
        """Return what is claimed and has no outcome yet."""
        return (*self._waiting, *self._doubtful, *self._reading.values(), *self._ready)

    def _hopeful(self) -> int:
        """Return how many there are besides those that may take a parser's whole patience."""
        return len(self._waiting) + len(self._reading) + len(self._ready)

    def _over(self) -> bool:
        left = self.in_hand() or self._chores
        return self._stop_at is not None and not (left and time.monotonic() <= self._stop_at)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step unless the database is away; if it turns out to be, wait a little longer each time."""
        if time.monotonic() < self._quiet_until:
            return
        try:
            step()
        except ClaimLostError as error:
            self._drop(error.deliveries)
        except StoreUnavailableError as error:
            self._quiet_until = time.monotonic() + self._pause
            self._log.warning(_AWAY[isinstance(error, StorageFullError)], error=str(error), pause=self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _wait(self, longest: float) -> None:
        now, seconds = time.monotonic(), longest
        if self._quiet_until > now:
            seconds = min(seconds, self._quiet_until - now)
        elif self._chores or self._is_full() or not self._errand_at:
            seconds = 0.0
        elif self._may_claim():
            seconds = min(seconds, max(0.0, self._look_at - now))
        if self._ready:
            seconds = min(seconds, _GATHER_SECONDS)
        if self._reading:
            seconds = min(seconds, _NAP_SECONDS if self._pool.occupied else self._pool.patience())
        watch = select.poll()
        door = self._door.filenos() if self._door is not None else []
        wake = self._wake if self._may_claim() else None  # what cannot be heeded now is heard later
        own = [fileno for fileno in (wake, self._lifeline) if fileno is not None]
        if self._doorbell is not None and (heard := self._doorbell.fileno()) is not None:
            own.append(heard)
        for fileno in (*(() if self._pool.occupied else self._pool.filenos()), *door, *own, self._bell):
            watch.register(fileno, select.POLLIN)
        self._heed({fileno for fileno, _ in watch.poll(seconds * 1000)})

    def _heed(self, ready: set[int]) -> None:
        if self._bell in ready:
            drain(self._bell)
        if self._wake in ready and self._wake is not None:
            drain(self._wake)
            self._look_at = 0.0
        if self._doorbell is not None and self._doorbell.fileno() in ready:
            self._doorbell.heard()
            self._look_at = self._errand_at = 0.0
        if self._lifeline in ready:
            self._lifeline = None
            self.stop()
        if self._door is not None:
            self._door.handle(ready)
            if ready.intersection(self._door.filenos()):
                self._look_at = 0.0  # what was asked for may have put mail back into the queue

    # ---- from the queue to the parsers -------------------------------------------------------------------

    def _may_claim(self) -> bool:
        if self._stop_at is not None or not self._pool.ready:
            return False  # whatever is claimed is counted, so none is claimed before it can be read
        wait = self._pool.occupied and time.monotonic() < self._claimed_at + _CLAIM_SECONDS
        return not wait and self._hopeful() <= 2 * self._settings.batch  # one to file, one to read

    def _claim(self) -> None:
        if not self._may_claim() or time.monotonic() < self._look_at:
            return
        if time.monotonic() >= self._search_at:
            for delivery in self._queue.condemned():
                self._do(partial(self._give_up, delivery, "killed_its_filer"))
            self._search_at = time.monotonic() + _SEARCH_SECONDS
        claimed = self._queue.claim(self._settings.batch, self._ports.clock.now())
        IN_HAND.set(self.in_hand() + len(claimed))
        self._pause, self._claimed_at = _FIRST_PAUSE, time.monotonic()
        if len(claimed) < self._settings.batch:
            self._look_at = self._claimed_at + _POLL_SECONDS
        held = {job.delivery.id: job for job in self._held()}
        for delivery in claimed:
            if (job := held.get(delivery.id)) is not None:  # given back, or its mark lost with the server
                job.delivery = delivery
                self._lost.discard(delivery.id)
                continue
            self._places += 1
            (self._waiting if delivery.attempts <= 1 else self._doubtful).append(_Job(self._places, delivery))

    def _renew(self) -> None:
        """Hold on to what was claimed, and let go of what another filer has taken over."""
        if not self.in_hand() or time.monotonic() < self._renew_at:
            return
        kept = self._queue.renew(ids := [job.delivery.id for job in self._held()])
        self._renew_at = time.monotonic() + _RENEW_SECONDS
        self._drop(frozenset(ids) - kept)

    def _drop(self, lost: frozenset[int]) -> None:
        """Work no longer on mail that is another filer's now."""
        if lost:
            self._log.warning("claims_lost", deliveries=[show_id(id_) for id_ in sorted(lost)])
        self._lost |= lost.intersection(self._reading)
        self._waiting = deque(job for job in self._waiting if job.delivery.id not in lost)
        self._doubtful = deque(job for job in self._doubtful if job.delivery.id not in lost)
        self._ready = [job for job in self._ready if job.delivery.id not in lost]

    def _feed(self) -> None:
        self._feed_from(self._waiting, doubtful=False)
        self._feed_from(self._doubtful, doubtful=True)

    def _feed_from(self, line: deque[_Job], *, doubtful: bool) -> None:
        while not self._chores and line and self._pool.room(line[0].delivery.size, doubtful=doubtful):
            job = line[0]
            try:
                raw = self._queue.raw(job.delivery)
            except StoreUnavailableError:
                # Twice in a row, and the chore that follows succeeds: then it is this mail, not the store.
                if not job.unreadable:
                    job.unreadable = True
                    raise
                line.popleft()
                self._blame(job.delivery, "raw_unavailable")
                return
            line.popleft()
            self._reading[job.delivery.id] = job
            self._pool.submit(job.delivery.id, raw, doubtful=doubtful)

    def _collect(self) -> None:
        for parsed in self._pool.results():
            job = self._reading.pop(parsed.key)
            if parsed.key in self._lost:
                self._lost.discard(parsed.key)
            elif parsed.message is None:
                self._unread(job.delivery, parsed)
            else:
                job.message, job.parsed_at = parsed.message, time.monotonic()
                self._ready.append(job)

    def _unread(self, delivery: Delivery, parsed: Parsed) -> None:
        shown, failure = show_id(delivery.id), parsed.failure
        self._log.warning("unread", delivery=shown, failure=failure, attempts=delivery.attempts)
        self._blame(delivery, f"parser_{parsed.failure}")

    # ---- from the parsers to the database ----------------------------------------------------------------

    def _is_full(self) -> bool:
        """Tell whether what is parsed should be filed now rather than wait for what is being parsed."""
        if not self._ready:
            return False
        if len(self._ready) >= self._settings.batch or not (self._waiting or self._reading):
            return True
        return time.monotonic() - min(job.parsed_at for job in self._ready) >= self._patience()

    def _patience(self) -> float:
        """Return how long a parsed mail waits for others: no time to speak of where few are on their way."""
        loaded = len(self._waiting) + len(self._reading) >= self._settings.batch // 4
        return _LOADED_SECONDS if loaded else _GATHER_SECONDS

    def _file(self) -> None:
        """File what is parsed: one transaction for each company, in the order of claiming."""
        if not self._is_full():
            return
        self._ready.sort(key=lambda job: job.place)
        for company_id in dict.fromkeys(job.delivery.company_id for job in self._ready):
            jobs = [job for job in self._ready if job.delivery.company_id == company_id]
            self._file_batch(company_id, jobs[: self._settings.batch])

    def _file_batch(self, company_id: int, jobs: Sequence[_Job]) -> None:
        try:
            with DELIVER.timed():
                outcomes = deliver(company_id, [job.mail() for job in jobs], self._ports)
        except (StoreUnavailableError, ClaimLostError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault of one of these mails
            self._log.error("batch_failed", company=company_id, mails=len(jobs), error=place(error))
            for job in jobs:
                self._file_alone(job)
        else:
            self._settle(jobs, outcomes)

    def _file_alone(self, job: _Job) -> None:
        """File one mail of a batch that failed; one that fails alone twice is given up."""
        for _ in range(2):
            try:
                with DELIVER.timed():
                    outcomes = deliver(job.delivery.company_id, [job.mail()], self._ports)
            except (StoreUnavailableError, ClaimLostError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this mail's fault
                self._log.error("mail_failed", delivery=show_id(job.delivery.id), error=place(error))
                reason = f"filing_{type(error).__name__}"
            else:
                self._settle([job], outcomes)
                return
        self._ready.remove(job)
        self._do(lambda: self._give_up(job.delivery, reason))

    def _settle(self, jobs: Sequence[_Job], outcomes: Sequence[Outcome]) -> None:
        self._pause = _FIRST_PAUSE
        for job in jobs:
            self._ready.remove(job)
        log_filings(zip([job.delivery for job in jobs], outcomes, strict=True), self._ports.clock.now())
        self._do(lambda: self._finish(outcomes))

    def _finish(self, outcomes: Sequence[Outcome]) -> None:
        self._queue.finish(outcomes)
        self._look_at = 0.0  # of mail that is suspected the next is given out now

    # ---- what follows ------------------------------------------------------------------------------------

    def _do(self, chore: Callable[[], None]) -> None:
        """Have something written as soon as the database takes it."""
        self._chores.append(chore)

    def _work_off(self) -> None:
        while self._chores:
            self._chores[0]()
            self._chores.popleft()

    def _blame(self, delivery: Delivery, reason: str) -> None:
        """Count a failure against a mail: try it again later, or give it up."""
        if delivery.attempts >= self._settings.attempts:
            self._do(lambda: self._give_up(delivery, reason))
        else:
            self._do(lambda: self._postpone(delivery, reason))

    def _postpone(self, delivery: Delivery, reason: str) -> None:
        first, longest = self._settings.retry_first_seconds, self._settings.retry_max_seconds
        seconds = min(first * 2.0 ** min(delivery.attempts - 1, 60), longest)
        until = self._ports.clock.now() + timedelta(seconds=seconds)
        self._queue.postpone([delivery.id], until, reason, counted=True)
        self._look_at = 0.0

    def _give_up(self, delivery: Delivery, reason: str) -> None:
        """Record a mail as failed; if even that cannot be done it stays in the queue."""
        try:
            outcome = give_up(delivery, reason, self._ports)
        except StoreUnavailableError:
            raise
        except ClaimLostError as error:
            self._drop(error.deliveries)
        except Exception as error:  # noqa: BLE001 - a mail is not lost for whatever went wrong in losing it
            shown = show_id(delivery.id)
            self._log.error("give_up_failed", delivery=shown, reason=reason, error=place(error))
            self._postpone(delivery, reason)
        else:
            log_filings([(delivery, outcome)], self._ports.clock.now())
            self._finish([outcome])
