"""Whether filing and reading stay as fast as they were when there is a lot: make bench-growth

One company with a million messages, a million contacts and 200,000 deals stands beside one with a thousandth
of that. Both file mail of their own in turn, batch by batch, in this process, from receive() to the cleared
spool; then come pages of a front end, and what is unusually large.
"""

import argparse
import gc
import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from bccd.store import migrate
from bccd.store.engine import Stores, open_engines, reading
from bccd.store.uow import transaction
from benchmarks import extremes, machine, parts
from benchmarks.corpus import Sample
from benchmarks.databases import DATABASES, SQLITE, config_of, folder_below, url_of
from benchmarks.goals import columns, spread
from benchmarks.inprocess import STEPS, Watch, expect_filed, filing, steps
from benchmarks.neighbours import Neighbourhood, neighbourhood
from benchmarks.peers import PLACE, ROOT, PeerError
from benchmarks.population import Scale, populate
from benchmarks.reading import PAGES, Chance, Result, front_end
from benchmarks.reading import measure as measure_page
from benchmarks.reading import table as pages_table

FULL = Scale(1, 50, 200_000, 1_000_000, contacts=1_000_000, deals=200_000)
_PART = 1_000  # the small database holds so small a part of it
_PIECE = 32 * 1024  # octets that are read at once
_WARM = 8  # batches that are not counted: whom the mail goes to is at hand in any database then
_GATHER = 12  # statements that a batch may ask for its facts
_GATE = 0.9
_KEYS = text(
    "SELECT d.raw_sha256, d.id, r.address FROM delivery d JOIN delivery_recipient r"
    " ON r.company_id = d.company_id AND r.delivery_id = d.id WHERE d.company_id = 1"
)
_KEEP = text(
    "INSERT INTO delivery_key (company_id, raw_sha256, recipient, delivery_id)"
    " VALUES (1, :raw_sha256, :address, :id) ON CONFLICT DO NOTHING"
)


class Counting(Watch):
    """A watch that also counts the most statements that any gather() asked."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._gathers, self._asked = False, 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is executed while the facts are gathered."""
        self._gathers, self._asked = name == "gather", 0
        try:
            with super().step(name):
                yield
        finally:
            if name == "gather":
                self._gathers, self.most = False, max(self.most, self._asked)

    def executed(self, *_: Any) -> None:
        """Hear of a statement."""
        self._asked += self._gathers


@dataclass(slots=True)
class Side:
    """One of the two databases, and the mail that is filed into it."""

    name: str
    stores: Stores
    people: Neighbourhood
    watch: Counting = field(default_factory=Counting)
    batch: int = 64  # mails in a transaction

    def file(self, samples: Sequence[Sample]) -> float:
        """File a batch; returns the seconds it took."""
        file = filing(self.stores, self.people.target, self.watch, self.batch)
        began = time.perf_counter()
        expect_filed(file(samples), len(samples))
        return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Race:
    """What the same kind of mail cost both sides, round by round."""

    rates: list[float]  # of the full side, as a share of the small one's
    cpu: list[float]  # the same by CPU time
    sides: list[dict[str, float]]  # ms of CPU a mail by step, small and full


def race(small: Side, full: Side, rounds: int, batches: int) -> Race:
    """File as much into either, in turn, batch by batch."""
    sides, count = (small, full), (rounds * batches + _WARM) * small.batch
    mails = [side.people.mails(count, seed=int(time.time())) for side in sides]
    rates, shares, totals = [], [], [dict.fromkeys(_named(), 0.0) for _ in sides]
    gc.collect()
    gc.freeze()  # as the filer does; else one side pays 0.1 s for a look at the mails of both
    for number in range(rounds + 1):
        clock, before = [0.0, 0.0], [steps(side.watch.seconds) for side in sides]
        for batch in range(batches if number else _WARM):
            place = (batch + _WARM + (number - 1) * batches if number else batch) * small.batch
            for which in (0, 1) if batch % 2 else (1, 0):
                clock[which] += sides[which].file(mails[which][place : place + small.batch])
        if not number:
            continue
        after = [steps(side.watch.seconds) for side in sides]
        spent = [{name: b[name] - a[name] for name in a} for a, b in zip(before, after, strict=True)]
        rates.append(clock[0] / clock[1])
        shares.append(spent[0]["together"] / spent[1]["together"])
        for total, one in zip(totals, spent, strict=True):
            for name, seconds in one.items():
                total[name] += 1000 * seconds / (rounds * batches * small.batch)
    return Race(rates, shares, totals)


def _named() -> list[str]:
    return [*(name for name, _, _ in STEPS), "together"]


def race_table(found: Race) -> list[str]:
    """Lay out what a mail costs on either side."""
    small, full = found.sides
    rows = [("CPU ms a mail", "small", "full", "full / small")]
    rows += [
        (name, f"{small[name]:.3f}", f"{full[name]:.3f}", f"{full[name] / small[name]:.2f}")
        for name in small
        if small[name]
    ]
    return columns(rows)


def remember_keys(stores: Stores) -> None:
    """Give an empty spool the keys of all that was ever filed, by which it knows mail that comes twice."""
    with reading(stores.spool) as connection:
        if connection.execute(text("SELECT delivery_id FROM delivery_key")).first() is not None:
            return
    with reading(stores.database) as connection:
        keys = [dict(row) for row in connection.execute(_KEYS).mappings()]
    for start in range(0, len(keys), 50_000):
        with transaction(stores.spool) as connection:
            connection.execute(_KEEP, keys[start : start + 50_000])


def read_through(folder: Path) -> None:
    """Bring the files into the system's memory in small pieces, as the look-ups of a daemon bring them.

    Read ahead they would stand there in pieces of up to 2 MB: to write a page of one took 45 us instead of 3.
    """
    for path in folder.iterdir():
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)  # only what is clean is dropped
            for advice in (os.POSIX_FADV_DONTNEED, os.POSIX_FADV_RANDOM):
                os.posix_fadvise(file, 0, 0, advice)
            for place in range(0, os.fstat(file).st_size, _PIECE):
                os.pread(file, _PIECE, place)
        finally:
            os.close(file)


@contextmanager
def full_or_small(given: Namespace, scale: Scale, name: str) -> Iterator[Side]:
    """Open a database of a size; one in a folder that is kept is made only once."""
    kept = given.keep / name if given.keep else None
    with folder_below(given.data) as gone, url_of(given.database, gone) as url:
        config = config_of(kept or gone, url)
        config.data_dir.mkdir(parents=True, exist_ok=True)
        migrate.upgrade(config)
        stores = open_engines(config)
        try:
            began = time.monotonic()
            with reading(stores.database) as connection:
                empty = connection.execute(text("SELECT id FROM company")).first() is None
            if empty:
                populate(stores, scale)
                print(
                    f"{name}: {scale.messages:,} messages made in {time.monotonic() - began:.0f} s",
                    flush=True,
                )
            remember_keys(stores)
            read_through(config.data_dir)
            watch = Counting()
            event.listen(stores.database, "before_cursor_execute", watch.executed)
            yield Side(name, stores, neighbourhood(stores), watch)
        finally:
            stores.close()


def _arguments() -> Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default=SQLITE)
    parser.add_argument("--part", type=int, default=1, help="of the full size, one in so many (default: 1)")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--batches", type=int, default=5, help="of 64 mails in a round (default: 5)")
    parser.add_argument("--times", type=int, default=300, help="how often each page is asked for")
    parser.add_argument("--data", type=Path, default=PLACE, help=f"where it is made (default: {PLACE})")
    parser.add_argument("--keep", type=Path, help="a folder to keep SQLite databases in for the next time")
    return parser.parse_args()


def main() -> int:
    """Measure; returns 1 where a gate is missed, 2 where something is missing."""
    given = _arguments()
    if given.keep and given.database != SQLITE:
        print("benchmarks: --keep is for SQLite only", file=sys.stderr)
        return 2
    try:
        return _grow(given)
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


def _scale(part: int) -> Scale:
    return replace(
        FULL,
        conversations=FULL.conversations // part,
        messages=FULL.messages // part,
        contacts=FULL.contacts // part,
        deals=FULL.deals // part,
    )


def _grow(given: Namespace) -> int:
    with (
        full_or_small(given, _scale(_PART * given.part), "small") as small,
        full_or_small(given, _scale(given.part), "full") as full,
    ):
        found = race(small, full, given.rounds, given.batches)
        print("", *race_table(found), sep="\n")
        with front_end(full.stores) as ask:
            chance = Chance(ask, 1)
            pages = [measure_page(ask, page, chance, given.times) for page in PAGES]
        print("", *pages_table(pages), "", sep="\n")
        cases = extremes.measure(full.stores, full.people)
        print(*extremes.table(cases), sep="\n")
        most = max(small.watch.most, full.watch.most)
    middle = sorted(found.rates)[len(found.rates) // 2]
    print(
        f"\nrate at {_scale(given.part).messages:,} messages / empty: {spread(found.rates, 2)}, "
        f"gate {_GATE}, by CPU alone {spread(found.cpu, 2)}; {most} statements a gather, at most {_GATHER}"
    )
    _store(given, found, pages, cases)
    held = (
        middle >= _GATE
        and most <= _GATHER
        and all(page.holds for page in pages)
        and all(case.holds for case in cases)
    )
    print("" if held else "MISSED: see above")
    return 0 if held else 1


def _store(given: Namespace, found: Race, pages: Sequence[Result], cases: Sequence[extremes.Case]) -> None:
    """Write everything as JSON; the whole size is what `make bench` shows the rate of."""
    (ROOT / "build").mkdir(exist_ok=True)
    whole = given.part == 1 and given.database == SQLITE
    name = parts.GROWTH if whole else f"bench-growth-{given.database}-{given.part}.json"
    answer = {
        "machine": machine.facts(given.data.resolve()),
        "given": vars(given),
        "rate": found.rates,
        "rate by CPU": found.cpu,
        "CPU ms a mail": dict(zip(("small", "full"), found.sides, strict=True)),
        "pages": [asdict(page) for page in pages],
        "extremes": [asdict(case) for case in cases],
    }
    path = ROOT / "build" / name
    path.write_text(json.dumps(answer, indent=1, default=str) + "\n", encoding="utf-8")
    print(f"Everything measured stands in {path}")


if __name__ == "__main__":
    sys.exit(main())
