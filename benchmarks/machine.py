"""What the figures depend on: the machine, and the CPU time of every process a peer runs."""

import os
import platform
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat behind the name in parentheses (proc(5)): state is field 3, so index 0.
_PARENT, _USER, _SYSTEM, _DEAD_USER, _DEAD_SYSTEM = 1, 11, 12, 13, 14
_IDLE, _WAITING = 3, 4  # among the fields of the first line of /proc/stat


@dataclass(frozen=True, slots=True)
class Process:
    """One process as /proc shows it."""

    pid: int
    parent: int
    name: str
    seconds: float  # of CPU, with those of its children that have ended


def _read(pid: str) -> Process | None:
    try:
        stat = Path("/proc", pid, "stat").read_text(encoding="utf-8", errors="replace")
        arguments = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return None
    name, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    ticks = sum(int(fields[index]) for index in (_USER, _SYSTEM, _DEAD_USER, _DEAD_SYSTEM))
    return Process(int(pid), int(fields[_PARENT]), _title(name, arguments), ticks / _TICK)


def _title(name: str, arguments: list[bytes]) -> str:
    """Name a process by its program, or for Python by the module it runs."""
    words = [argument.decode("utf-8", "replace") for argument in arguments if argument]
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return name


def tree(*roots: int) -> list[Process]:
    """Return processes and all that stem from them."""
    pids = (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit())
    everything = [process for pid in pids if (process := _read(pid))]
    children = defaultdict(list)
    for process in everything:
        children[process.parent].append(process)
    family = [process for process in everything if process.pid in roots]
    for process in family:  # grows while it is walked
        family += children[process.pid]
    return family


def cpu(roots: Sequence[int], role: Callable[[Process, list[Process]], str]) -> dict[str, float]:
    """Return the seconds of CPU that trees of processes have used, by what they do."""
    family = tree(*roots)
    seconds: dict[str, float] = defaultdict(float)
    for process in family:
        seconds[role(process, family)] += process.seconds
    return dict(seconds)


def pss_of(rollup: str) -> int:
    """Read the proportional set size from /proc/PID/smaps_rollup, in KiB (proc(5))."""
    for line in rollup.splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0])
    return 0


def memory(roots: Sequence[int], role: Callable[[Process, list[Process]], str]) -> dict[str, float]:
    """Return the MiB that trees of processes take, by what they do: what several share is divided by them."""
    family = tree(*roots)
    sizes: dict[str, float] = defaultdict(float)
    for process in family:
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:  # it has ended
            continue
        sizes[role(process, family)] += pss_of(rollup) / 1024
    return dict(sizes)


def busy() -> float:
    """Return the seconds of CPU that the whole machine has used since it was started."""
    first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()
    ticks = [int(field) for field in first[1:9]]
    return (sum(ticks) - ticks[_IDLE] - ticks[_WAITING]) / _TICK


def file_system(folder: Path) -> str:
    """Name the kind of file system that a folder lies on."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split()
        if folder.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def cores() -> int:
    """Return how many cores there are for all of us."""
    return len(os.sched_getaffinity(0))


def facts(folder: Path) -> dict[str, str]:
    """Describe the machine as far as it changes the figures."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "cores": str(cores()),
        "processor": models[0] if models else platform.machine(),
        "kernel": platform.release(),
        "file system": file_system(folder),
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }
