"""What is measured apart from the servers: filing in one process, and what was measured before."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import others
from benchmarks.goals import Measured
from benchmarks.inprocess import WARM
from benchmarks.others import INSTALLED, TUNED, Pace
from benchmarks.peers import ROOT, PeerError

GROWTH = "bench-growth.json"  # what the last `make bench-growth` left in the build folder
_STEPS_MAILS = 640  # ten batches and more, so that one slow sync does not decide
_FILED_MAILS = 500
_SLOW_MAILS = 60  # for what is ten times slower, and only told
_DAY = 86400.0
_MAIN, _SLOW = "bccd", "notmuch insert"
_RIVALS = {"inprocess": INSTALLED, "tuned": TUNED}


def in_process(measured: Measured, rounds: int, seed: int, data: Path) -> list[dict[str, object]]:
    """Measure filing on one core beside django-mailbox, and deliver() beside compat32, in turn."""
    found: list[dict[str, object]] = []
    for number in range(1, rounds + 1):
        measured.add("deliver", _deliver_share(seed))
        paces: dict[str, Pace] = {}
        for name in (_MAIN, INSTALLED, TUNED) if number % 2 else (TUNED, INSTALLED, _MAIN):
            try:
                paces[name] = others.apart(name, _FILED_MAILS, seed, data)
            except PeerError as lack:
                measured.lacks.update(dict.fromkeys(_RIVALS, f"{name}: {lack}"))
        for key, rival in _RIVALS.items():
            if {_MAIN, rival} <= paces.keys():
                measured.add(key, paces[_MAIN].rate / paces[rival].rate)
                measured.add_cpu(key, paces[rival].cpu_ms / paces[_MAIN].cpu_ms)
        if number == 1:
            try:
                paces[_SLOW] = others.apart(_SLOW, _SLOW_MAILS, seed, data)
            except PeerError as lack:
                print(f"{_SLOW}: left out: {lack}")
        told = ", ".join(
            f"{name} {pace.rate:,.0f}/s ({pace.cpu_ms:.2f} ms CPU)" for name, pace in paces.items()
        )
        print(f"round {number}: one core, in process: {told}", flush=True)
        found.append({name: asdict(pace) for name, pace in paces.items()})
    return found


def _deliver_share(seed: int) -> float:
    """Return the CPU time of deliver() as a share of what compat32 takes, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.inprocess", "--json"]
    command += ["--mails", str(_STEPS_MAILS - WARM), "--seed", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"benchmarks.inprocess said: {done.stderr.strip()[-500:]}")
    return float(json.loads(done.stdout)["deliver"])


def growth(measured: Measured, build: Path) -> None:
    """Take the figure that `make bench-growth` measured last: it takes too long to be measured every time."""
    path = build / GROWTH
    if not path.exists():
        measured.lacks["growth"] = "make bench-growth measures it, with a million messages"
        return
    days = (time.time() - path.stat().st_mtime) / _DAY
    found = json.loads(path.read_text(encoding="utf-8"))
    measured.add("growth", *found["rate"])
    measured.add_cpu("growth", *found["rate by CPU"])
    print(f"rate at 1,000,000 messages: taken from {path.name}, {days:.1f} days old")
