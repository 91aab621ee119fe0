"""Where the time goes: py-spy beside the running daemon, its samples added up by process and by function."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import PeerError

_RATE = 250  # samples a second
_PROCESS = re.compile(r'process (\d+):"(.*?)"')
_OURS = "(bccd/"
_ALL = 0.95  # a function that nearly all samples lie in says nothing
_LINE = re.compile(r":\d+\)$")
_ATTACH_SECONDS = 1.0


def profiler() -> str:
    """Find py-spy, beside this Python or on PATH; empty if there is none."""
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy") or ""


@contextmanager
def sampled(root: int, output: Path) -> Iterator[None]:
    """Sample a tree of processes for as long as the block lasts."""
    program = profiler()
    if not program:
        raise PeerError("py-spy is not installed: run .venv/bin/pip install py-spy, or leave --profile out.")
    command = [program, "record", "--subprocesses", "--nonblocking", "--pid", str(root)]
    command += ["--rate", str(_RATE), "--duration", "600", "--format", "raw", "--output", str(output)]
    spy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(_ATTACH_SECONDS)
    try:
        yield
    finally:
        spy.send_signal(signal.SIGINT)
        spy.wait()


Stack = tuple[str, ...]


def stacks(output: Path, roles: Mapping[int, str]) -> dict[str, Counter[Stack]]:
    """Read py-spy's samples: by what a process does, functions from the outermost in."""
    found: dict[str, Counter[Stack]] = defaultdict(Counter)
    for line in output.read_text(encoding="utf-8").splitlines():
        path, _, count = line.rpartition(" ")
        frames = [_LINE.sub(")", frame) for frame in path.split(";")]
        named = [_PROCESS.match(frame) for frame in frames]
        last = max((index for index, match in enumerate(named) if match), default=-1)
        match = named[last] if last >= 0 else None
        name = roles.get(int(match[1]), f"process {match[1]}") if match else "?"
        found[name][tuple(frames[last + 1 :])] += int(count)
    return dict(found)


def table(counted: Counter[Stack], rows: int) -> list[str]:
    """List the functions that most time was spent in, with and without what they called."""
    total = max(counted.total(), 1)
    alone: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for stack, count in counted.items():
        if stack:
            alone[stack[-1]] += count
        for frame in set(stack):
            whole[frame] += count

    def share(count: int) -> str:
        return f"{100 * count / total:5.1f} %"

    ours = [(name, count) for name, count in whole.most_common() if _OURS in name and count < _ALL * total]
    lines = ["  alone    whole   function, by what it used alone"]
    lines += [f"{share(count)}  {share(whole[name])}  {name}" for name, count in alone.most_common(rows)]
    lines += ["           whole   function of bccd, with what it called"]
    lines += [f"         {share(count)}  {name}" for name, count in ours[:rows]]
    return lines
