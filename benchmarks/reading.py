"""What a page costs a front end: v1 views of a full database, asked through the plain driver.

Random viewers of random companies look at conversations, timelines and the feed:
python -m benchmarks.reading --help
"""

import argparse
import json
import re
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import psycopg

from bccd.store.engine import Stores
from bccd.store.postgresql import is_postgresql
from bccd.store.published import FIRST_PAGE, QUERIES
from bccd.store.tables import to_text
from benchmarks import machine
from benchmarks.databases import add_arguments, populated
from benchmarks.load import percentiles
from benchmarks.peers import ROOT

_WARM = 30  # times that are not counted
_FIRST = {
    ":before_at": f"'{to_text(datetime.max.replace(tzinfo=UTC))}'",
    ":before_id": str(FIRST_PAGE["before_id"]),
    ":limit": "50",
}
_PLACES = {"company": 0, "viewer": 1, "conversation": 2, "target": 2}
_CHOSEN = re.compile(rf":({'|'.join(_PLACES)})")
_WHOSE = "company_id = ? AND viewer_user_id = ?"

Values = tuple[Any, ...]
Ask = Callable[[str, Values], Sequence[Values]]


@dataclass(frozen=True, slots=True)
class Page:
    """Something a front end shows: its statement, what is chosen by chance, how long 95 of 100 may take."""

    name: str
    about: str
    gate_ms: float
    sql: str
    places: tuple[
        int, ...
    ] = ()  # which of the chosen values each parameter is: company, viewer, what it is about

    def given(self, values: Values) -> Values:
        """Return the parameters in the statement's order."""
        return tuple(values[place] for place in self.places) if self.places else values


def _published(name: str, about: str, gate_ms: float) -> Page:
    """Return a query that front ends copy, its first page."""
    sql = next(it.sql for it in QUERIES if it.name == name)
    for parameter, value in _FIRST.items():
        sql = sql.replace(parameter, value)
    places = tuple(_PLACES[found] for found in _CHOSEN.findall(sql))
    return Page(name, about, gate_ms, _CHOSEN.sub("?", sql), places)


def _listed(view: str, order: str, condition: str = "", limit: int = 50) -> str:
    return f"SELECT * FROM {view} WHERE {_WHOSE}{condition} ORDER BY {order} LIMIT {limit}"  # noqa: S608


_OF_CONVERSATION = " AND conversation_id = ?"
PAGES = (
    _published("conversation page", "viewer", 3),
    _published("message list", "conversation", 3),
    Page(
        "participants",
        "conversation",
        3,
        _listed("v1_participant", "message_id, role, pos", _OF_CONVERSATION, 10_000),
    ),
    Page("links", "conversation", 3, _listed("v1_link", "message_id, link_id", _OF_CONVERSATION, 10_000)),
    _published("deal timeline", "deal", 3),
    _published("contact timeline", "contact", 3),
    _published("unlinked", "viewer", 5),
    _published("needs choice", "viewer", 5),
    Page("change feed", "cursor", 3, _listed("v1_change", "seq", " AND seq > ?", 100)),
)
# What there is to choose from, with the company it is of.
_CHOICES = {
    "viewer": "SELECT company_id, id FROM app_user WHERE active",
    "everyone": "SELECT company_id, conversation_id, audience_id FROM conversation_audience",
    "deal": "SELECT DISTINCT company_id, deal_id FROM link WHERE deal_id IS NOT NULL AND state = 'active'",
    "contact": "SELECT DISTINCT company_id, contact_id FROM link WHERE contact_id IS NOT NULL",
    "clock": "SELECT company_id, change_seq FROM company_clock",
}


class Chance:
    """Chooses viewers, and what they look at."""

    def __init__(self, ask: Ask, seed: int) -> None:
        self._chance = Random(seed)
        found = {name: ask(sql, ()) for name, sql in _CHOICES.items()}
        self._viewers = found["viewer"]
        self._seen: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for company_id, conversation_id, audience_id in found["everyone"]:
            self._seen[company_id, audience_id].append(conversation_id)
        self._things = {"deal": _by_company(found["deal"]), "contact": _by_company(found["contact"])}
        self._clock: dict[int, int] = {int(company_id): int(seq) for company_id, seq in found["clock"]}

    def values(self, about: str) -> Values:
        """Return the parameters of one question: company, viewer, and what it is about."""
        company_id, viewer = self._chance.choice(self._viewers)
        match about:
            case "viewer":
                return company_id, viewer
            case "cursor":
                return company_id, viewer, self._chance.randrange(self._clock[company_id])
            case "conversation":
                # His own and everybody's, each conversation as likely as any other.
                own, all_ = self._seen[company_id, viewer], self._seen[company_id, 0]
                place = self._chance.randrange(len(own) + len(all_))
                return company_id, viewer, (own[place] if place < len(own) else all_[place - len(own)])
            case _:
                return company_id, viewer, self._chance.choice(self._things[about][company_id])


def _by_company(rows: Sequence[Values]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for company_id, id_ in rows:
        found[company_id].append(id_)
    return found


@contextmanager
def front_end(stores: Stores) -> Iterator[Ask]:
    """Connect as a front end does, through the plain driver; yields what asks a statement and fetches all."""
    url = stores.database.url
    if is_postgresql(stores.database):
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            yield lambda sql, values: connection.execute(sql.replace("?", "%s").encode(), values).fetchall()
        return
    with closing(sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)) as database:
        yield lambda sql, values: database.execute(sql, values).fetchall()


@dataclass(frozen=True, slots=True)
class Result:
    """What a page cost, in milliseconds, and how many rows it had."""

    page: str
    gate_ms: float
    ms: dict[str, float]
    rows: float

    @property
    def holds(self) -> bool:
        """Tell whether it stays below its gate."""
        return self.ms["p95"] <= self.gate_ms


def measure(ask: Ask, page: Page, chance: Chance, times: int) -> Result:
    """Ask for a page so many times."""
    seconds, rows = [], 0
    for number in range(_WARM + times):
        values = chance.values(page.about)
        began = time.perf_counter()
        got = ask(page.sql, page.given(values))
        if number >= _WARM:
            seconds.append(time.perf_counter() - began)
            rows += len(got)
    return Result(page.name, page.gate_ms, percentiles(seconds), round(rows / times, 1))


def table(results: Sequence[Result]) -> list[str]:
    """Lay the results out, one row a page."""
    lines = [f"{'page':<18}{'p50 ms':>9}{'p95':>9}{'p99':>9}{'max':>9}{'gate p95':>10}{'rows':>9}"]
    lines.append("-" * len(lines[0]))
    for result in results:
        told = "".join(f"{result.ms[name]:9.2f}" for name in ("p50", "p95", "p99", "max"))
        missed = "" if result.holds else "  missed"
        lines.append(f"{result.page:<18}{told}{result.gate_ms:10.0f}{result.rows:9.1f}{missed}")
    return lines


def main() -> int:
    """Measure all pages; returns 1 where one misses its gate."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--times", type=int, default=1000, help="how often each page is asked for")
    given = parser.parse_args()
    with populated(given) as stores, front_end(stores) as ask:
        chance = Chance(ask, given.seed)
        results = [measure(ask, page, chance, given.times) for page in PAGES]
    print(*table(results), sep="\n")
    path = ROOT / "build" / f"reading-{given.database}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.parent.mkdir(exist_ok=True)
    pages = [asdict(result) for result in results]
    answer = {"machine": machine.facts(given.data.resolve()), "given": vars(given), "pages": pages}
    path.write_text(json.dumps(answer, indent=1, default=str) + "\n", encoding="utf-8")
    print(f"\nEverything measured stands in {path}")
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
