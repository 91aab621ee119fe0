"""python -m benchmarks.population: makes a populated database to look at or to measure."""

import argparse
import sys
import time
from pathlib import Path

from bccd.store import migrate
from bccd.store.engine import open_engines, reading
from benchmarks.databases import config_of
from benchmarks.population import SIZES, Scale, populate
from benchmarks.population.check import differences

_CHECKED = 200  # conversations of each company


def main() -> int:
    """Migrate an empty database, fill it, and check some of it; returns 1 where something is wrong."""
    usual = Scale()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.population", description=__doc__)
    parser.add_argument("folder", type=Path, help="the data folder; on SQLite the databases are made in it")
    parser.add_argument("--url", default="", help="of an empty PostgreSQL database; the user is a superuser")
    for name in SIZES:
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    given = vars(parser.parse_args())
    config = config_of(given.pop("folder"), given.pop("url"))
    migrate.upgrade(config)
    stores = open_engines(config)
    began = time.monotonic()

    def tell(said: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {said}", flush=True)

    try:
        populate(stores, Scale(**given), tell)
        with reading(stores.database) as connection:
            wrong = differences(connection, _CHECKED)
    finally:
        stores.close()
    tell(f"checked {_CHECKED} conversations of each company")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
