"""What is printed and stored at the end: medians, spread, and ratios between runs of one round."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks.goals import Measured, columns, spread, verdicts
from benchmarks.run import Job, Run

Rounds = Sequence[Mapping[str, Run]]  # one mapping of peer to run for each round
BASE = "Postfix"
_HEAD = (
    "peer",
    "accepted/s",
    "filed/s",
    f"accepted : {BASE}",
    f"filed : {BASE}",
    "250 p50 p99 ms",
    "CPU ms/mail",
    f"{BASE} : CPU",
)
_BUSY = 0.1  # a share of the machine used by others from which on a run tells little


def ratios(rounds: Rounds, peer: str, rate: Callable[[Run], float | None]) -> list[float]:
    """Divide a peer's rate by what Postfix accepted, round by round."""
    both = (runs for runs in rounds if peer in runs and BASE in runs)
    pairs = ((rate(runs[peer]), runs[BASE].accepted_rate) for runs in both)
    return [mine / theirs for mine, theirs in pairs if mine is not None]


def by_cpu(rounds: Rounds, peer: str) -> list[float]:
    """Divide what a mail costs Postfix by what it costs a peer, round by round, the load generator with both.

    So would the rates stand to each other where either keeps all cores busy; other work does not show in it.
    """
    both = (runs for runs in rounds if peer in runs and BASE in runs)
    return [cost(runs[BASE]) / cost(runs[peer]) for runs in both]


def cost(run: Run) -> float:
    """Return the milliseconds of CPU that a mail took, with the load generator's."""
    return sum(run.cpu_ms.values()) + run.load_cpu_ms


def accepted(run: Run) -> float | None:
    """Name the rate of acceptance."""
    return run.accepted_rate


def filed(run: Run) -> float | None:
    """Name the rate of filing."""
    return run.filed_rate


def _row(rounds: Rounds, peer: str) -> tuple[str, ...]:
    runs = [each[peer] for each in rounds if peer in each]
    filing = [run.filed_rate for run in runs if run.filed_rate is not None]
    middle, late = (median(run.latency_ms.get(name, 0.0) for run in runs) for name in ("p50", "p99"))
    return (
        peer,
        spread([run.accepted_rate for run in runs]),
        spread(filing),
        spread(ratios(rounds, peer, accepted), 2) if peer != BASE else "1",
        spread(ratios(rounds, peer, filed), 2),
        f"{middle:.1f} {late:.1f}",
        f"{median(sum(run.cpu_ms.values()) for run in runs):.2f}",
        spread(by_cpu(rounds, peer), 2) if peer != BASE else "1",
    )


def table(rounds: Rounds) -> list[str]:
    """Lay the result out, one row a peer."""
    peers = list(dict.fromkeys(name for runs in rounds for name in runs))
    rows = [_HEAD, *(_row(rounds, peer) for peer in peers)]
    return columns(rows)


def details(rounds: Rounds) -> list[str]:
    """Tell which processes used the CPU, and what else a reader must know."""
    lines = []
    for peer in dict.fromkeys(name for runs in rounds for name in runs):
        runs = [each[peer] for each in rounds if peer in each]
        roles = sorted({role for run in runs for role in run.cpu_ms})
        parts = [f"{role} {median(run.cpu_ms.get(role, 0.0) for run in runs):.2f}" for role in roles]
        lines.append(f"{peer}: CPU ms a mail: {', '.join(parts)}")
    load = median(run.load_cpu_ms for runs in rounds for run in runs.values())
    lines.append(f"load generator: CPU ms a mail: {load:.2f}")
    others = [run.others for runs in rounds for run in runs.values()]
    if others and max(others) > _BUSY:
        lines.append(
            f"Others, the kernel's own threads among them, used up to {max(others):.0%} of this machine: "
            "read the ratios, not the rates."
        )
    return lines


def faults(rounds: Rounds) -> list[str]:
    """Name everything that did not go as it must."""
    lines = []
    for number, runs in enumerate(rounds, 1):
        for run in runs.values():
            where = f"round {number}, {run.peer}"
            if run.refused or run.broken:
                lines.append(f"{where}: {run.refused} refused, {run.broken} without an answer: {run.replies}")
            if run.missing:
                short = f"{run.missing} of {run.accepted} accepted mails are not {run.awaited}"
                lines.append(f"{where}: {short}: {run.states}")
    return lines


def answer(rounds: Rounds, measured: Measured, job: Job) -> dict[str, object]:
    """Put together everything that was measured, for JSON."""
    return {
        "mails": job.mails,
        "shape": asdict(job.shape),
        "must reach": {
            key: {
                "verdict": verdict,
                "ours": measured.values.get(key, []),
                "by CPU": measured.cpu.get(key, []),
                "lacks": measured.lacks.get(key),
            }
            for key, verdict in verdicts(measured).items()
        },
        "rounds": [{peer: asdict(run) for peer, run in runs.items()} for runs in rounds],
    }


def store(folder: Path, found: Mapping[str, object]) -> Path:
    """Write everything as JSON; returns the file."""
    path = folder / f"bench-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path
