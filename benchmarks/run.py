"""One measurement: a peer started with empty stores, warmed up, loaded, and waited for until all is filed."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.load import Report, Shape, advertises_pipelining
from benchmarks.peers import FILED, ROOT, Peer, PeerError

_POLL_SECONDS = 0.02  # between two looks at what is filed, and at most
_LONGEST_POLL = 0.5
_STALL_SECONDS = 30.0  # without anything being filed
_OPEN_TO_OTHERS = 0o711


@dataclass(frozen=True, slots=True)
class Job:
    """What every peer is given alike."""

    corpus: Path
    mails: int
    warm: int  # mails sent before the clock starts
    shape: Shape
    data: Path  # where stores are made


@dataclass(frozen=True, slots=True)
class Run:
    """What one measurement gave; rates are mails a second, cpu milliseconds a mail."""

    peer: str
    accepted: int
    refused: int
    broken: int
    replies: dict[str, int]
    states: dict[str, int]  # of accepted mail, where the peer files
    accepted_rate: float
    filed_rate: float | None
    latency_ms: dict[str, float]
    cpu_ms: dict[str, float]
    load_cpu_ms: float
    others: float  # the share of the machine that neither the peer nor the load generator used
    awaited: str = ""  # the state that accepted mail must be in at the end, where that can be told

    @property
    def missing(self) -> int:
        """How many accepted mails are not where they must be."""
        return self.accepted - self.states.get(self.awaited, 0) if self.awaited else 0


@contextmanager
def started(peer: Peer, job: Job) -> Iterator[int]:
    """Start a peer in a folder of its own; yields its port."""
    folder = Path(tempfile.mkdtemp(prefix="bccd-bench-", dir=job.data))
    folder.chmod(_OPEN_TO_OTHERS)  # Postfix's daemons run as another user
    try:
        try:
            yield peer.start(folder, job.corpus / "directory.json")
        finally:
            peer.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pipelines(peer: Peer, job: Job) -> bool:
    """Tell whether a peer takes commands in one go."""
    with started(peer, job) as port:
        return advertises_pipelining("127.0.0.1", port)


def load(job: Job, port: int, first: int, mails: int) -> Report:
    shape = job.shape
    command = [sys.executable, "-m", "benchmarks.load", "--corpus", str(job.corpus), "--port", str(port)]
    command += ["--first", str(first), "--mails", str(mails)]
    command += ["--connections", str(shape.connections), "--per-connection", str(shape.per_connection)]
    command += [] if shape.pipelined else ["--lockstep"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise PeerError("the load generator failed")
    return Report(**json.loads(done.stdout))


def settle(peer: Peer, count: int) -> dict[str, int]:
    """Wait until so many mails have an outcome, or nothing moves any more."""
    states = peer.outcomes()
    first, began, moved = sum(states.values()), time.monotonic(), time.monotonic()
    while (done := sum(states.values())) < count and time.monotonic() - moved < _STALL_SECONDS:
        # Looking costs the machine something: so it is done rarely, but just when the last is due.
        due = (count - done) * (time.monotonic() - began) / (done - first) if done > first else 0.0
        time.sleep(min(max(_POLL_SECONDS, 0.9 * due), _LONGEST_POLL))
        now = peer.outcomes()
        if now != states:
            states, moved = now, time.monotonic()
    return states


Watch = Callable[[int], AbstractContextManager[object]]  # of a process while it is under load


def measure(peer: Peer, job: Job, watch: Watch = nullcontext) -> Run:
    """Measure a peer once; raises PeerError."""
    with started(peer, job) as port:
        before = {}
        if job.warm:
            warmed = load(job, port, 0, job.warm).accepted
            before = settle(peer, warmed) if peer.awaited else {}
        peer.warmed()
        with watch(peer.roots()[0]):
            cpu, busy = machine.cpu(peer.roots(), peer.role), machine.busy()
            began = time.monotonic()
            report = load(job, port, job.warm, job.mails)
            states = settle(peer, sum(before.values()) + report.accepted) if peer.awaited else {}
            ended = time.monotonic()
            cpu_after, busy = machine.cpu(peer.roots(), peer.role), machine.busy() - busy
    states = {state: count - before.get(state, 0) for state, count in states.items()}
    used = {name: seconds - cpu.get(name, 0.0) for name, seconds in cpu_after.items()}
    mails = max(report.accepted, 1)
    return Run(
        peer=peer.name,
        accepted=report.accepted,
        refused=report.refused,
        broken=report.broken,
        replies=report.replies,
        states=states,
        accepted_rate=report.accepted / (report.ended - report.began),
        filed_rate=states.get(FILED, 0) / (ended - report.began) if peer.awaited == FILED else None,
        latency_ms=report.latency_ms,
        cpu_ms={name: round(seconds * 1000 / mails, 3) for name, seconds in sorted(used.items())},
        load_cpu_ms=round(report.cpu_seconds * 1000 / mails, 3),
        others=_others(busy - sum(used.values()) - report.cpu_seconds, ended - began),
        awaited=peer.awaited,
    )


def _others(busy: float, seconds: float) -> float:
    return round(max(0.0, busy / (seconds * machine.cores())), 3)
