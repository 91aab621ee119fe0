"""make bench: bccd beside what it is compared with, in turn, on one machine, with the same mail."""

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from benchmarks import corpus, goals, idle, importing, machine, parts, report, sampling
from benchmarks.daemon import Bccd, Paused
from benchmarks.databases import POSTGRESQL
from benchmarks.goals import Measured
from benchmarks.load import Shape
from benchmarks.others import Pace
from benchmarks.peers import PLACE, ROOT, Peer, PeerError, Sink
from benchmarks.postfix import Postfix
from benchmarks.run import Job, Run, measure, pipelines

BUILD = ROOT / "build"
PEERS: dict[str, Callable[[], Peer]] = {
    "postfix": Postfix,
    "bccd": Bccd,
    "postgresql": partial(Bccd, POSTGRESQL),
    "paused": Paused,
    "sink": Sink,
}
PARTS = ("import", "inprocess", "idle")  # measured apart from the servers
_WARM_SESSIONS = 4  # mails sent on each connection before the clock starts
_PROFILED_ROWS = 25
_QUICK_MAILS = 1500
_ALONE, _ALONE_QUICK = 200, 50  # mails sent one by one to an idle daemon
_RATIOS = {
    "sqlite": (Bccd.name, report.filed),
    "postgresql": (Bccd(POSTGRESQL).name, report.filed),
    "paused": (Paused.name, report.accepted),
}


def _arguments() -> Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each peer is measured (default: 5)")
    parser.add_argument("--mails", type=int, default=3000, help="mails in each measurement (default: 3000)")
    parser.add_argument("--quick", action="store_true", help=f"two rounds of {_QUICK_MAILS} mails")
    parser.add_argument("--connections", type=int, default=20, help="sessions at once (default: 20)")
    parser.add_argument("--per-connection", type=int, default=20, help="mails in a session (default: 20)")
    parser.add_argument("--lockstep", action="store_true", help="wait for the answer to every command")
    parser.add_argument(
        "--only", action="append", choices=[*PEERS, *PARTS], help="only this; may be repeated"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the corpus (default: 1)")
    parser.add_argument(
        "--data",
        type=Path,
        default=PLACE,
        help=f"where every peer keeps what it stores (default: {PLACE}, since /tmp may be memory)",
    )
    parser.add_argument("--profile", action="store_true", help="then once more under py-spy, bccd only")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.mails = min(given.rounds, 2), min(given.mails, _QUICK_MAILS)
    return given


def main() -> int:
    """Measure; returns 1 where a gate is missed or a mail not filed, 2 where something is missing."""
    given = _arguments()
    try:
        return _bench(given)
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


def _bench(given: Namespace) -> int:
    wanted = given.only or [*PEERS, *PARTS]
    measured = Measured()
    peers = _present([PEERS[name]() for name in PEERS if name in wanted], measured, given)
    if given.profile and not sampling.profiler():
        raise PeerError("--profile needs py-spy: .venv/bin/pip install py-spy")
    job, facts = _job(given, peers), machine.facts(given.data.resolve())
    _introduce(facts, job)
    rounds, imports = _rounds(peers, job, given.rounds, imported="import" in wanted)
    _compare(rounds, imports, measured)
    found: dict[str, object] = {"machine": facts, "seed": given.seed}
    found["imports"] = [asdict(pace) for pace in imports]
    if "inprocess" in wanted:
        found["in process"] = parts.in_process(measured, given.rounds, given.seed, job.data)
    if "idle" in wanted:
        found["one daemon"] = asdict(_idle(measured, job))
    parts.growth(measured, BUILD)
    if peers:
        print("", *report.table(rounds), "", *report.details(rounds), sep="\n")
    print("", *goals.table(measured), sep="\n")
    print(
        f"\nEverything measured stands in {report.store(BUILD, found | report.answer(rounds, measured, job))}"
    )
    if given.profile:
        _profile(job)
    faults = report.faults(rounds)
    print(*faults, sep="\n", end="\n" if faults else "")
    if faults or goals.missed(measured):
        return 1
    return 2 if measured.lacks.keys() & _RATIOS.keys() else 0


def _present(peers: list[Peer], measured: Measured, given: Namespace) -> list[Peer]:
    """Leave out what cannot run here, saying why; raises PeerError where that was asked for by name."""
    found = []
    for peer in peers:
        if lack := peer.lacks():
            if given.only:
                raise PeerError(f"{lack}.")
            print(f"{peer.name} is left out: {lack}.")
            measured.lacks |= dict.fromkeys(_rows_of(peer), lack)
        else:
            found.append(peer)
    return found


def _rows_of(peer: Peer) -> list[str]:
    """Return the rows of the table that a server's figures go into."""
    return [key for key, (name, _) in _RATIOS.items() if peer.name in {report.BASE, name}]


def _rounds(
    peers: list[Peer], job: Job, count: int, *, imported: bool
) -> tuple[list[dict[str, Run]], list[Pace]]:
    """Measure everything in turn, round by round."""
    rounds, imports = [], []
    for number in range(1, count + 1):
        # Every other round runs backwards, so that no peer always has the machine as another left it.
        turns = peers if number % 2 else peers[::-1]
        rounds.append({peer.name: _told(number, measure(peer, job)) for peer in turns})
        if imported:
            imports.append(pace := importing.paced(job))
            print(
                f"round {number}: bccd import: filed {pace.rate:,.0f}/s, {pace.cpu_ms:.2f} ms CPU a mail",
                flush=True,
            )
    return rounds, imports


def _compare(rounds: report.Rounds, imports: Sequence[Pace], measured: Measured) -> None:
    for key, (name, rate) in _RATIOS.items():
        measured.add(key, *report.ratios(rounds, name, rate))
        measured.add_cpu(key, *report.by_cpu(rounds, name))
    for runs, pace in zip(rounds, imports, strict=False):
        if Bccd.name in runs and (filed := runs[Bccd.name].filed_rate):
            measured.add("import", pace.rate / filed)
            measured.add_cpu("import", report.cost(runs[Bccd.name]) / pace.cpu_ms)


def _idle(measured: Measured, job: Job) -> idle.Idle:
    """Measure memory and latency of one daemon."""
    found = idle.measure(job, _ALONE if job.mails > _QUICK_MAILS else _ALONE_QUICK)
    print("", *idle.lines(found), sep="\n")
    measured.add("idle-memory", sum(found.at_rest.values()))
    measured.add("full-memory", sum(found.at_most.values()))
    for name in ("p50", "p99"):
        measured.add(name, found.filed_ms[name])
    return found


def _job(given: Namespace, peers: list[Peer]) -> Job:
    """Make the mail, and find out whether every peer takes commands in one go."""
    BUILD.mkdir(exist_ok=True)
    warm = given.connections * _WARM_SESSIONS
    place = corpus.stored(BUILD, warm + _ALONE + given.mails, given.seed)
    shape = Shape(given.connections, given.per_connection, pipelined=False)
    job = Job(place, given.mails, warm, shape, given.data.resolve())
    if not given.lockstep and all(pipelines(peer, job) for peer in peers):
        job = replace(job, shape=replace(shape, pipelined=True))
    return job


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
    cpu = sum(run.cpu_ms.values())
    print(
        f"round {number}: {run.peer}: accepted {run.accepted_rate:,.0f}/s{filed}, {cpu:.2f} ms CPU a mail",
        flush=True,
    )
    return run


def _profile(job: Job) -> None:
    """Measure bccd under the profiler; the figures of this run are not counted."""
    output, peer = BUILD / "bench-profile.txt", Bccd()
    roles: dict[int, str] = {}

    @contextmanager
    def watch(root: int) -> Iterator[None]:
        family = machine.tree(root)
        roles.update((process.pid, peer.role(process, family)) for process in family)
        with sampling.sampled(root, output):
            yield

    run = measure(peer, job, watch)
    print(
        f"\nUnder py-spy: accepted {run.accepted_rate:,.0f}/s, filed {run.filed_rate or 0:,.0f}/s; "
        f"samples in {output}"
    )
    for role, counted in sorted(sampling.stacks(output, roles).items()):
        print(f"\n{role}: {counted.total()} samples")
        print(*sampling.table(counted, _PROFILED_ROWS), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
