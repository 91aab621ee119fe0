"""One import from its first file to its last outcome."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from signal import SIGINT, SIGTERM, signal
from types import FrameType

from bccd.cli.importing.bookmark import Bookmark
from bccd.cli.importing.feed import GROUP, GROUP_OCTETS, Feeder, Spool
from bccd.cli.importing.filing import is_served, open_spool, require_filer
from bccd.cli.importing.intake import Owner, Span, intake, signer
from bccd.cli.importing.progress import Teller, silence
from bccd.cli.importing.tally import Tally
from bccd.config import Config
from bccd.model.delivery import Intake
from bccd.sources.mailbox.found import Found, Skip
from bccd.sources.mailbox.sources import Source
from bccd.store.became import became
from bccd.store.engine import Stores

_MARK_SECONDS = 1.0  # between two notes of how far we are
_THRESHOLD = 20_000  # objects; no mail leaves any in a cycle


@dataclass
class Import:
    """What is imported, whose it is, and how far that has come."""

    config: Config
    owner: Owner
    sources: list[Source]
    span: Span
    tell: Teller = silence
    restart: bool = False  # whatever was read before is read again
    tally: Tally = field(default_factory=Tally)
    stopped: bool = False  # Ctrl-C, or SIGTERM
    seconds: float = 0.0  # from the first mail to the last outcome
    _read: int = 0  # octets
    _before: int = 0  # of them what an earlier run had handed in

    def run(self, stores: Stores) -> None:
        """Hand everything in and wait for what becomes of it; raises StoreUnavailableError, BccdError."""
        with self._stoppable(), open_spool(self.config, stores) as spool:
            gc.freeze()  # what was imported is looked through no more
            gc.set_threshold(_THRESHOLD, 20, 20)
            self._run(spool, stores)

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """End after what is under way; the second time at once."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True

    def survey(self) -> None:
        """Look at all mail and hand nothing in; what would be is counted as waiting."""
        for source in self.sources:
            for found in self._mails(source, 0):
                made = self._intake(found)
                if isinstance(made, Skip):
                    self.tally.skip(found, made)
                else:
                    self.tally.waiting += 1

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        before = {number: signal(number, self.stop) for number in (SIGINT, SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal(number, handler)

    def _run(self, spool: Spool, stores: Stores) -> None:
        feeder = Feeder(
            spool,
            partial(became, stores.database, self.owner.company_id),
            self.tally,
            wake=partial(is_served, self.config),
            alive=partial(require_filer, self.config),
        )
        began = time.monotonic()
        for source in self.sources:
            if not self.stopped:
                self._feed(source, feeder)
        feeder.finish()
        self.seconds = time.monotonic() - began
        self.tell(self._read, self.tally.mails, self._before)

    def _feed(self, source: Source, feeder: Feeder) -> None:
        limit = self.config.limits.message_size
        bookmark = Bookmark.of(self.config.data_dir, source.path, self.owner, self.span, limit)
        start = bookmark.read() if source.resumable and not self.restart else 0
        self._read += start
        self._before += start
        group: list[Intake] = []
        octets, place, marked = 0, start, time.monotonic()
        for found in self._mails(source, start):
            place = found.end
            made = self._intake(found)
            if isinstance(made, Skip):
                self.tally.skip(found, made)
            else:
                group.append(made)
                octets += made.raw.size
            if len(group) >= GROUP or octets >= GROUP_OCTETS:
                feeder.feed(group)
                group, octets = [], 0
                self.tell(self._read, self.tally.mails, self._before)
                if source.resumable and time.monotonic() - marked > _MARK_SECONDS:
                    bookmark.write(place)
                    marked = time.monotonic()
            if self.stopped:
                break
        if group:
            feeder.feed(group)
        if source.resumable and place > start:
            bookmark.write(place)

    def _mails(self, source: Source, start: int) -> Iterator[Found]:
        """Yield a source's mails; where it cannot be read any further, that is counted."""
        try:
            for found in source.mails(start, self.config.limits.message_size):
                self._read += found.size
                yield found
        except OSError as error:
            found = Found(f"{source.path}: {error.strerror}", None, 0)
            self.tally.skip(found, Skip.UNREADABLE)

    def _intake(self, found: Found) -> Intake | Skip:
        return intake(found, self.owner, self.span, self._signer, datetime.now(UTC))

    def __post_init__(self) -> None:
        self._signer = signer(self.config)
