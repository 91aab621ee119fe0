"""make bench: bccd beside the servers it is compared with, in turn, on one machine, with the same mail."""

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks import corpus, machine, report, sampling
from benchmarks.daemon import Bccd
from benchmarks.databases import DATABASES, SQLITE
from benchmarks.load import Shape
from benchmarks.peers import ROOT, Peer, PeerError, Sink
from benchmarks.postfix import Postfix
from benchmarks.run import Job, Run, measure, pipelines

BUILD = ROOT / "build"
PEERS: dict[str, Callable[[Namespace], Peer]] = {
    "bccd": lambda given: Bccd(given.database),
    "postfix": lambda _: Postfix(),
    "sink": lambda _: Sink(),
}
_WARM_SESSIONS = 4  # mails sent on each connection before the clock starts
_PROFILED_ROWS = 25


def _arguments() -> Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each peer is measured (default: 3)")
    parser.add_argument("--mails", type=int, default=4000, help="mails in each measurement (default: 4000)")
    parser.add_argument("--connections", type=int, default=20, help="sessions at once (default: 20)")
    parser.add_argument("--per-connection", type=int, default=20, help="mails in a session (default: 20)")
    parser.add_argument("--lockstep", action="store_true", help="wait for the answer to every command")
    parser.add_argument(
        "--only", action="append", choices=sorted(PEERS), help="only this peer; may be repeated"
    )
    parser.add_argument(
        "--database", choices=DATABASES, default=SQLITE, help="where bccd files (default: SQLite)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the corpus (default: 1)")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("/var/tmp"),  # noqa: S108 - the stores are made below it with mkdtemp()
        help="where every peer keeps what it stores (default: /var/tmp, since /tmp may be memory)",
    )
    parser.add_argument("--profile", action="store_true", help="then once more under py-spy, bccd only")
    return parser.parse_args()


def main() -> int:
    """Measure; returns 1 where a mail was not answered or not filed, 2 where something is missing."""
    given = _arguments()
    try:
        return _bench(given)
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


def _bench(given: Namespace) -> int:
    peers: list[Peer] = [PEERS[name](given) for name in given.only or PEERS]
    for peer in peers:
        if lack := peer.lacks():
            raise PeerError(f"{lack}; --only names what to measure instead of all.")
    if given.profile and not sampling.profiler():
        raise PeerError("--profile needs py-spy: .venv/bin/pip install py-spy")
    BUILD.mkdir(exist_ok=True)
    warm = given.connections * _WARM_SESSIONS
    place = corpus.stored(BUILD, given.mails + warm, given.seed)
    shape = Shape(given.connections, given.per_connection, pipelined=False)
    job = Job(place, given.mails, warm, shape, given.data.resolve())
    if not given.lockstep and all(pipelines(peer, job) for peer in peers):
        job = replace(job, shape=replace(shape, pipelined=True))
    facts = machine.facts(job.data) | {"database": given.database}
    _introduce(facts, job)
    rounds = [
        # Every other round runs backwards, so that no peer always has the machine as another left it.
        {peer.name: _told(number, measure(peer, job)) for peer in (peers if number % 2 else peers[::-1])}
        for number in range(1, given.rounds + 1)
    ]
    print("", *report.table(rounds), "", *report.details(rounds), sep="\n")
    print(f"\nEverything measured stands in {report.store(BUILD, rounds, job, given.seed, facts)}")
    if given.profile:
        _profile(job, PEERS["bccd"](given))
    faults = report.faults(rounds)
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


def _introduce(facts: dict[str, str], job: Job) -> None:
    sizes = [len(sample.raw) for sample in corpus.load(job.corpus)[1]]
    print(", ".join(f"{name}: {value}" for name, value in facts.items()))
    shape = job.shape
    print(
        f"{job.mails} mails, {sum(sizes) / len(sizes) / 1000:.1f} KB on average; "
        f"{shape.connections} connections with {shape.per_connection} mails each, "
        + ("MAIL, RCPT and DATA pipelined" if shape.pipelined else "each command awaits its answer")
        + ", for every peer alike"
    )


def _told(number: int, run: Run) -> Run:
    filed = f", filed {run.filed_rate:,.0f}/s" if run.filed_rate is not None else ""
    print(f"round {number}: {run.peer}: accepted {run.accepted_rate:,.0f}/s{filed}", flush=True)
    return run


def _profile(job: Job, peer: Peer) -> None:
    """Measure bccd under the profiler; the figures of this run are not counted."""
    output = BUILD / "bench-profile.txt"
    run = measure(peer, job, partial(sampling.sampled, output=output))
    print(
        f"\nUnder py-spy: accepted {run.accepted_rate:,.0f}/s, filed {run.filed_rate or 0:,.0f}/s; "
        f"samples in {output}"
    )
    for process, counted in sorted(sampling.stacks(output).items()):
        print(f"\n{process}: {counted.total()} samples")
        print(*sampling.table(counted, _PROFILED_ROWS), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
