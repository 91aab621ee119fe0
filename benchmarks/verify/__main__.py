"""make bench-verify: what it costs to find out who sent a mail."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from benchmarks.machine import facts
from benchmarks.peers import ROOT
from benchmarks.reader.table import Row, lines
from benchmarks.verify import small, whole

SUITES: Mapping[str, Callable[[], Iterator[Row]]] = {"small": small.measure, "large": whole.measure}


def main() -> int:
    """Measure; returns 1 where something is not as good as asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verify", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=sorted(SUITES), help="only this suite; may be repeated"
    )
    given = parser.parse_args()
    rows = [row for name in given.only or SUITES for row in SUITES[name]()]
    print("\n".join(lines(rows)))
    place = ROOT / "build"
    place.mkdir(exist_ok=True)
    path = place / f"bench-verify-{time.strftime('%Y%m%d-%H%M%S')}.json"
    told = [{**row._asdict(), "reached": row.reached} for row in rows]
    path.write_text(json.dumps({"machine": facts(place), "rows": told}, indent=1) + "\n", encoding="utf-8")
    print(f"\nEverything measured: {path}")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
