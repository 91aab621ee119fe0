"""How fast kept mail is imported, beside the same mail filed by SMTP; and an mbox of a gigabyte.

python -m benchmarks.importing            rounds of both, in turn
python -m benchmarks.importing --large    one mbox of 1 GB: seconds, mails a second, memory at most
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Self

from benchmarks import corpus, machine
from benchmarks.company import ADDRESS, document, make_company
from benchmarks.corpus import Corpus, Sample, Writer, kinds
from benchmarks.daemon import Bccd
from benchmarks.databases import POSTGRESQL, SQLITE
from benchmarks.load import Shape, advertises_pipelining
from benchmarks.others import Pace
from benchmarks.peers import PLACE, ROOT, PeerError
from benchmarks.run import Job, measure, started
from benchmarks.serving import PROGRAM

_GIGABYTE = 10**9
_LOOK_SECONDS = 0.5
_FROM = b"From - Mon Mar  2 08:00:00 2026\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    mails: int
    filed: int
    seconds: float
    cpu_ms: dict[str, float]  # a mail, by what a process does
    memory: dict[str, float]  # MiB at most, by what a process does


def samples(chance: Random, writer: Writer) -> Iterator[Sample]:
    """Make up mail without end: as everywhere here, but for forwards, which a mailbox has not for filing."""
    while True:
        yield from (writer.write(kind) for kind in kinds(chance, 20) if kind != "forward")


def entry(sample: Sample) -> bytes:
    """Write a mail as it stands in an mbox."""
    text = sample.raw.replace(b"\r\n", b"\n")
    return _FROM + text.replace(b"\nFrom ", b"\n>From ") + b"\n"


def large(path: Path, octets: int, seed: int) -> tuple[int, Corpus]:
    """Write an mbox of so many octets, mail by mail; returns how many mails, and the directory for them."""
    chance = Random(seed)
    company = make_company(chance)
    mails = size = 0
    with path.open("wb") as file:
        for sample in samples(chance, Writer(chance, company)):
            size += file.write(entry(sample))
            mails += 1
            if size >= octets:
                return mails, Corpus(ADDRESS, document(company), ())
    raise AssertionError


def stored(folder: Path, count: int, seed: int) -> Path:
    """Write a corpus without forwards, and the same mails as an mbox beside it."""
    chance = Random(seed)
    company = make_company(chance)
    source = samples(chance, Writer(chance, company))
    found = tuple(next(source) for _ in range(count))
    corpus.save(Corpus(ADDRESS, document(company), found), folder)
    (folder / "mails.mbox").write_bytes(b"".join(map(entry, found)))
    return folder


def box_of(place: Path) -> Path:
    """Write the mails of a stored corpus as an mbox beside it, forwards left out; returns where it is."""
    box = place / "mails.mbox"
    if not box.exists():
        kept = (it for it in corpus.load(place)[1] if it.kind != "forward")
        box.write_bytes(b"".join(map(entry, kept)))
    return box


def paced(job: Job) -> Pace:
    """Import the corpus of a job beside a running daemon; raises PeerError where a mail is not filed."""
    peer = Bccd()
    with started(peer, job):
        done = run_import(peer, box_of(job.corpus))
    if done.filed != done.mails:
        raise PeerError(f"of {done.mails} imported mails {done.filed} are filed")
    return Pace(done.filed / done.seconds, sum(done.cpu_ms.values()))


class Watch:
    """The most memory that a daemon and an import take, by what their processes do."""

    def __init__(self, peer: Bccd, importer: int) -> None:
        self._peer, self._importer = peer, importer
        self.most: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            now = machine.memory(self._peer.roots(), self._peer.role)
            now |= machine.memory([self._importer], lambda *_: "import")
            now["all"] = sum(now.values())
            for name, size in now.items():
                self.most[name] = max(size, self.most.get(name, 0.0))


def run_import(peer: Bccd, box: Path) -> Imported:
    """Import an mbox beside a running daemon; what it costs to start the command is left out."""
    user = json.loads((box.parent / "directory.json").read_text(encoding="utf-8"))["users"][0]["login"]
    command = [str(PROGRAM), "import", "--json", "--quiet", "--user", user, "--config", str(peer.config)]
    nothing = peer.config.with_name("empty.mbox")
    nothing.touch()
    _, starting, _ = _told(peer, [*command, str(nothing)])
    before = machine.cpu(peer.roots(), peer.role)
    told, own, memory = _told(peer, [*command, str(box)])
    used = machine.cpu(peer.roots(), peer.role)
    seconds = {name: value - before.get(name, 0.0) for name, value in used.items()}
    seconds["import"] = max(own - starting, 0.0)
    mails = max(told["mails"], 1)
    cpu = {name: round(value * 1000 / mails, 3) for name, value in sorted(seconds.items())}
    return Imported(mails, told["filed"], told["seconds"], cpu, memory)


def _told(peer: Bccd, command: list[str]) -> tuple[dict[str, Any], float, dict[str, float]]:
    """Run a command; returns what it answered, its seconds of CPU, and the most memory meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with process, Watch(peer, process.pid) as watch:
        said, _ = process.communicate()
    if process.returncode:
        raise PeerError(f"the import ended with {process.returncode}: {said[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(said), cpu, watch.most


@contextmanager
def _folder(given: Namespace) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bccd-bench-", dir=given.data) as name:
        yield Path(name)


def _job(place: Path, mails: int, warm: int, data: Path, *, pipelined: bool) -> Job:
    return Job(place, mails, warm, Shape(pipelined=pipelined), data)


def _pipelines(place: Path, given: Namespace) -> bool:
    with started(Bccd(given.database), _job(place, 0, 0, given.data, pipelined=False)) as port:
        return advertises_pipelining("127.0.0.1", port)


def _compare(given: Namespace) -> int:
    """Measure import and SMTP in turn and print the ratio of each round."""
    ratios: list[float] = []
    with _folder(given) as place:
        stored(place, given.mails, given.seed)
        job = _job(place, given.mails, 0, given.data, pipelined=_pipelines(place, given))
        for number in range(1, given.rounds + 1):
            rates: dict[str, float] = {}
            for way in ("smtp", "import") if number % 2 else ("import", "smtp"):
                rates[way] = _by_smtp(job, given) if way == "smtp" else _by_import(job, given)
            ratios.append(rates["import"] / rates["smtp"])
            print(f"round {number}: import / filed by SMTP {ratios[-1]:.2f}", flush=True)
    print(f"import / filed by SMTP: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0


def _by_smtp(job: Job, given: Namespace) -> float:
    run = measure(Bccd(given.database), job)
    if run.missing:
        raise PeerError(f"{run.missing} mails are not filed: {run.states}")
    print(f"  by SMTP: filed {run.filed_rate or 0:,.0f}/s, CPU ms a mail {run.cpu_ms}", flush=True)
    return run.filed_rate or 0.0


def _by_import(job: Job, given: Namespace) -> float:
    peer = Bccd(given.database)
    with started(peer, job):
        done = run_import(peer, job.corpus / "mails.mbox")
    if done.filed != job.mails:
        raise PeerError(f"of {job.mails} mails {done.filed} are filed")
    print(f"  import: {done.filed / done.seconds:,.0f}/s, CPU ms a mail {done.cpu_ms}", flush=True)
    return done.filed / done.seconds


def _large(given: Namespace) -> int:
    """Import one large mbox beside a daemon."""
    with _folder(given) as place:
        began = time.monotonic()
        mails, company = large(place / "mails.mbox", given.octets, given.seed)
        corpus.save(company, place)
        print(f"{mails:,} mails, {given.octets / 1e6:,.0f} MB, made in {time.monotonic() - began:.0f} s")
        peer = Bccd(given.database)
        with started(peer, _job(place, mails, 0, given.data, pipelined=True)):
            done = run_import(peer, place / "mails.mbox")
    print(f"{done.filed:,} filed in {done.seconds:,.0f} s: {done.filed / done.seconds:,.0f} mails a second")
    print("CPU ms a mail:", ", ".join(f"{name} {value:.2f}" for name, value in done.cpu_ms.items()))
    print("MiB at most (PSS):", ", ".join(f"{name} {value:.0f}" for name, value in done.memory.items()))
    return 0 if done.filed == mails else 1


def main() -> int:
    """Measure; returns 2 where something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing", description=__doc__)
    parser.add_argument("--large", action="store_true", help="import one large mbox")
    parser.add_argument("--octets", type=int, default=_GIGABYTE, help="of the large mbox (default: 1 GB)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], default=SQLITE)
    parser.add_argument("--data", type=Path, default=PLACE, help="where everything is kept meanwhile")
    given = parser.parse_args()
    try:
        return _large(given) if given.large else _compare(given)
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
