"""Whether mail is lost or doubled when processes are killed, very often: make kills

Six senders repeat each mail until it is answered with 250. Meanwhile the daemon is killed at random moments,
as a whole or one process of it. In the end each answered mail must stand exactly once, with its octets.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.databases import DATABASES, NAMES, POSTGRESQL, folder_below
from benchmarks.peers import PLACE
from tests.faults.failing import Failing
from tests.faults.kills import survive
from tests.server import Server

_TELL = 10  # kills


@contextmanager
def installed(
    place: Path, database: str, **options: dict[str, object]
) -> Iterator[tuple[Failing, Server | None]]:
    """Make a daemon that is not started yet, with its directory loaded, and the server behind it."""
    server = Server(place, ("autovacuum=on",)) if database == POSTGRESQL else None
    if server is not None:
        options["database"] = {"url": server.url("postgres")}
    folder = place / "bccd"
    folder.mkdir()
    daemon = Failing(folder, options)
    try:
        daemon.configure()
        daemon.load()
        yield daemon, server
    finally:
        daemon.kill()
        if server is not None:
            server.close()


def measure(database: str, kills: int, seed: int, place: Path) -> bool:
    """Kill so often on one kind of database; print what was found and tell whether all stood."""

    def tell(done: int) -> None:
        if done % _TELL == 0:
            print(f"  {done} of {kills}", file=sys.stderr, flush=True)

    began = time.monotonic()
    with folder_below(place) as folder, installed(folder, database) as (daemon, _):
        try:
            found = survive(daemon, random.Random(seed), kills, tell=tell)
        except AssertionError as error:
            print(f"{NAMES[database]}: {error}\n{daemon.tail()}\nseed {seed}")
            return False
    whom = ", ".join(f"{role} {count}" for role, count in sorted(found.killed.items()))
    seconds = time.monotonic() - began
    print(f"{NAMES[database]}: {kills} kills, {found.acked} mails answered with 250, 0 lost, 0 double")
    print(f"  killed: {whom}; {found.repeated} replies other than 250, {seconds:.0f} s, seed {seed}")
    print(f"  {dict(found.states)} {dict(found.reasons) or ''}")
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill on each kind of database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--place", type=Path, default=PLACE)
    given = parser.parse_args(arguments)
    stood = [measure(each, given.kills, given.seed, given.place) for each in given.database or DATABASES]
    return 0 if all(stood) else 1


if __name__ == "__main__":
    sys.exit(main())
