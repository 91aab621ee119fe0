"""What is looked up when somebody asks how the daemon is: for /metrics, and for `bccd status` by the door."""

import asyncio
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from socket import socket

from bccd.config import Config, Tls
from bccd.directory.cache import CachedDirectory
from bccd.door import ask
from bccd.meters.board import FAMILIES, Kind, Slot, slots
from bccd.meters.families import NO_ROOM
from bccd.meters.room import shortage
from bccd.model.errors import StoreUnavailableError
from bccd.sources.tls import ends
from bccd.store.engine import Stores
from bccd.store.moved import refuse_if_moved
from bccd.store.spool import GroupSpool
from bccd.store.vitals import vitals
from bccd.web.health import Check, Page, held
from bccd.web.metrics import Sample, page

_PAGE_SIZE, _TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
_PING_SECONDS = 2.5  # less than a check of /readyz may take
_FRESH_SECONDS = 2.0  # two scrapes within it see the same look at the database
_GAUGE, _COUNTER = Kind.GAUGE, Kind.COUNTER

# Name, type and meaning of each, once.
SAMPLES: Mapping[str, tuple[Kind, str, str]] = {
    "bccd_info": (_GAUGE, "version", "1; the label says which bccd this is."),
    "bccd_python_info": (_GAUGE, "version", "1; the label says which Python it runs on."),
    "bccd_ready": (_GAUGE, "check", "Whether that check of /readyz holds."),
    "bccd_database_up": (_GAUGE, "", "Whether the stores answered just now."),
    "bccd_database_seconds": (_GAUGE, "", "How long the stores took to answer."),
    "bccd_queue_length": (_GAUGE, "", "Mails that wait to be filed and that no filer has in hand."),
    "bccd_queue_oldest_seconds": (_GAUGE, "", "The age of the oldest of them; 0 where none waits."),
    "bccd_unfiled": (_GAUGE, "state", "Mails that are not filed, by state."),
    "bccd_disk_free_bytes": (_GAUGE, "", "What is free on the disk of data_dir."),
    "bccd_disk_size_bytes": (_GAUGE, "", "How large that disk is."),
    "bccd_disk_free_inodes": (_GAUGE, "", "How many more files it takes."),
    "bccd_disk_full": (_GAUGE, "", "Whether another mail has no room, there or with a database server."),
    "bccd_certificate_expiry_time_seconds": (
        _GAUGE,
        "",
        "When the certificate expires, since 1970; 0 where it cannot be read, nothing where none is set.",
    ),
    "bccd_process_up": (_GAUGE, "process", "Whether the process runs."),
    "bccd_process_start_time_seconds": (_GAUGE, "process", "When it was started, since 1970."),
    "bccd_process_resident_bytes": (_GAUGE, "process", "The memory that it has."),
    "bccd_process_open_fds": (
        _GAUGE,
        "process",
        "The files and sockets that it has open; not told of what was root.",
    ),
    "bccd_process_cpu_seconds_total": (_COUNTER, "process", "The processor time that it has used."),
}


def sample(name: str, value: float, of: str = "") -> Sample:
    """Make a sample of one of SAMPLES."""
    kind, label, text = SAMPLES[name]
    return Sample(name, kind, text, value, label, of)


def names() -> frozenset[str]:
    """Return the names of all metrics, those of a histogram's parts included."""
    parts = ("_bucket", "_sum", "_count")
    counted = {
        family.name + part for family in FAMILIES for part in (parts if family.bounds else ("",))
    }  # fmt: skip
    return frozenset(counted | set(SAMPLES))


def make_metrics(config: Config, stores: Stores, checks: Mapping[str, Check] | None = None) -> Page:
    """Return what writes the page /metrics: outside the loop, for it asks the database and the disk."""
    stored = _Stored(stores)

    def look(found: list[Slot]) -> list[Sample]:
        looked_up = *_build(), *_certificate(config.tls), *_disk(config, found), *_processes(found)
        return [*looked_up, *stored.look()]

    async def gather() -> bytes:
        aside, found = asyncio.get_running_loop().run_in_executor, slots()
        # Beside each other: both wait for a database that does not answer.
        ready, looked_up = await asyncio.gather(held(checks or {}), aside(None, look, found))
        told = [sample("bccd_ready", said is True, name) for name, said in ready.items()]
        return await aside(None, page, found, [*told, *looked_up])

    return gather


def make_checks(
    config: Config,
    spool: GroupSpool,
    directory: CachedDirectory,
    stores: Stores,
    ports: Sequence[socket] = (),
) -> Mapping[str, Check]:
    """List what /readyz asks for: whether mail could come in by `ports`, be proven, kept and filed now."""

    async def listening() -> bool:
        return all(port.fileno() >= 0 for port in ports)  # closed once we are told to stop

    async def readable() -> bool:
        await directory.fresh()
        await asyncio.to_thread(refuse_if_moved, stores.database)
        return True

    async def spooling() -> bool:
        return await asyncio.to_thread(spool.answers)

    async def filing() -> bool:
        # Through its door, which it answers between two batches: a filer that hangs has a process too.
        return await asyncio.to_thread(ask, config.data_dir, "ping", {}, _PING_SECONDS) == "pong"

    async def roomy() -> bool:
        return not await asyncio.to_thread(lacks_room, config, slots())

    return {
        "listening": listening,
        "directory": readable,
        "spool": spooling,
        "filer": filing,
        "disk": roomy,
    }


class _Stored:
    """What the stores tell, remembered for a moment."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._seen: list[Sample] = []
        self._until = 0.0

    def look(self) -> list[Sample]:
        if time.monotonic() >= self._until:
            self._seen = list(_stored(self._stores))
            self._until = time.monotonic() + _FRESH_SECONDS
        return self._seen


def _stored(stores: Stores) -> Iterator[Sample]:
    try:
        seen = vitals(stores)
    except StoreUnavailableError:
        yield sample("bccd_database_up", 0)
        return
    yield sample("bccd_database_up", 1)
    yield sample("bccd_database_seconds", seen.seconds)
    yield sample("bccd_queue_length", seen.queued)
    age = (datetime.now(UTC) - seen.oldest).total_seconds() if seen.oldest else 0.0
    yield sample("bccd_queue_oldest_seconds", max(age, 0.0))
    for state in ("held", "set_aside", "failed"):
        yield sample("bccd_unfiled", seen.unfiled.get(state, 0), state)


def _build() -> Iterator[Sample]:
    yield sample("bccd_info", 1, version("bccd"))
    yield sample("bccd_python_info", 1, platform.python_version())


def _certificate(settings: Tls) -> Iterator[Sample]:
    if settings.certificate:
        until = ends(Path(settings.certificate))
        yield sample("bccd_certificate_expiry_time_seconds", until.timestamp() if until else 0)


def lacks_room(config: Config, found: Sequence[Slot]) -> str:
    """Say in a sentence why another mail has no room; empty where it has."""
    return shortage(config.data_dir, config.limits.message_size, (slot.of(NO_ROOM) for slot in found))


def _disk(config: Config, found: Sequence[Slot]) -> Iterator[Sample]:
    folder = config.data_dir
    yield sample("bccd_disk_full", bool(lacks_room(config, found)))
    with suppress(OSError):
        usage = shutil.disk_usage(folder)
        yield sample("bccd_disk_free_bytes", usage.free)
        yield sample("bccd_disk_size_bytes", usage.total)
        yield sample("bccd_disk_free_inodes", os.statvfs(folder).f_favail)


def _processes(found: list[Slot]) -> Iterator[Sample]:
    for slot in found:
        seen = process(slot.pid)
        yield sample("bccd_process_up", seen is not None, slot.name)
        yield sample("bccd_process_start_time_seconds", slot.started, slot.name)
        if seen is not None:
            yield sample("bccd_process_resident_bytes", seen[0], slot.name)
            yield sample("bccd_process_cpu_seconds_total", seen[1], slot.name)
            if seen[2] is not None:
                yield sample("bccd_process_open_fds", seen[2], slot.name)


def process(pid: int) -> tuple[int, float, int | None] | None:
    """Return a process's resident octets, processor seconds and open files; None where it does not run.

    The files of a process that has been root are hidden from its own user (PR_SET_DUMPABLE, prctl(2)).
    """
    place = Path(f"/proc/{pid}")
    try:
        words = (
            place.joinpath("stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return None
    files = None
    with suppress(OSError):
        files = len(os.listdir(place / "fd"))  # noqa: PTH208 - only their number matters
    if words[0] in "ZX":
        return None
    return int(words[21]) * _PAGE_SIZE, (int(words[11]) + int(words[12])) / _TICKS, files


def operations(config: Config) -> dict[str, Callable[[Mapping[str, object]], object]]:
    """List what `bccd status` and `bccd doctor` ask at the door; `config` is the one in force."""
    return {"status": told, "listen": lambda _: asdict(config.listen)}


def told(_arguments: Mapping[str, object]) -> object:
    """Say what the processes have counted, in JSON's types: what `bccd status` asks at the door."""
    answer = []
    for slot in slots():
        seen = process(slot.pid)
        memory, cpu, files = seen or (0, 0.0, 0)
        answer.append(
            {
                "name": slot.name,
                "pid": slot.pid,
                "up": seen is not None,
                "started": slot.started,
                "memory": memory,
                "cpu": cpu,
                "files": files,
                "counted": {
                    family.name: [slot.cells[cell] for cell in family.cells]
                    for family in FAMILIES
                    if family.by in ("", slot.name.partition("-")[0])
                },
                "notes": [[note.at, note.text] for note in slot.notes],
            }
        )
    return answer
