"""make bench-reading: how well and how fast mail is read, the best peer beside ours."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from benchmarks.machine import facts
from benchmarks.peers import ROOT
from benchmarks.reader import forwards, replies, suites, whole
from benchmarks.reader.data import CORPORA
from benchmarks.reader.table import Row, lines

SUITES: Mapping[str, Callable[[], Iterator[Row]]] = {
    "forwards": forwards.measure,
    "labels": suites.labels,
    "tests": suites.measure,
    "replies": replies.measure,
    "bounces": whole.bounces,
    "hostile": whole.hostile,
    "speed": whole.speed,
}


def main() -> int:
    """Measure; returns 1 where something is not as good as asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reader", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=sorted(SUITES), help="only this suite; may be repeated"
    )
    given = parser.parse_args()
    if not CORPORA.is_dir():
        print(f"benchmarks: no corpora at {CORPORA}: set BCCD_CORPORA", file=sys.stderr)
    rows = [row for name in given.only or SUITES for row in SUITES[name]()]
    print("\n".join(lines(rows)))
    place = ROOT / "build"
    place.mkdir(exist_ok=True)
    path = place / f"bench-reading-{time.strftime('%Y%m%d-%H%M%S')}.json"
    told = [{**row._asdict(), "reached": row.reached} for row in rows]
    path.write_text(json.dumps({"machine": facts(place), "rows": told}, indent=1) + "\n", encoding="utf-8")
    print(f"\nEverything measured: {path}")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
