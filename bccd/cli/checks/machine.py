"""The machine: Python, the data folder, keys, disk, clock, limits."""

import ctypes
import os
import platform
import resource
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bccd import journal
from bccd.cli.access import me, name_of, whose_turn
from bccd.cli.base import octets
from bccd.cli.checks.finding import Finding, fail, ok, parted, warn
from bccd.cli.counted import Slots, ask, lacks_room
from bccd.config import Config, doubts
from bccd.daemon.patches import outdated
from bccd.model.errors import BccdError
from bccd.observe import key_flaws

_MIB, _GIB = 2**20, 2**30
_SCARCE, _NONE = _GIB, 100 * _MIB  # octets free on the disk
_SCARCE_SHARE = 0.05
_FEW_INODES = 1_000
_SLOW_SYNC = 0.05  # seconds
_OTHERS = 0o077
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_SIZE = 512  # octets, more than the structure has
_SPARE_FILES = 200


def configuration(config: Config) -> Iterator[Finding]:
    """What is right in the configuration and yet hardly meant."""
    found = doubts(config)
    for sentence in found:
        yield warn("configuration", sentence, "see docs/reference/config.md")
    if not found:
        yield ok("configuration", "no mistakes")


def python(_config: Config) -> Iterator[Finding]:
    """Whether this Python has known flaws."""
    if said := outdated():
        yield warn("python", said, "install the patch by your system's packages")
    else:
        yield ok("python", platform.python_version())


def folder(config: Config) -> Iterator[Finding]:
    """Whose the data folder is, and who may look into it."""
    place = config.data_dir
    try:
        seen = place.stat()
    except OSError as error:
        advice = "mount it, or restore it: docs/howto/backup.md; a new one: docs/howto/install.md"
        yield fail("folder", f"{place}: {error.strerror}", advice)
        return
    if seen.st_uid != os.geteuid():
        said = f"{place} belongs to {name_of(seen.st_uid)}, and this is {me()}"
        yield fail("folder", said, whose_turn(place, seen.st_uid))
        return
    loose = [path for path in (place, *_files(place)) if path.stat().st_mode & _OTHERS]
    if loose:
        yield warn(
            "folder",
            f"others may look into {', '.join(map(str, loose))}",
            f"chmod go-rwx {shlex.join(map(str, loose))}",
        )
    else:
        yield ok("folder", f"{place}, for {me()} alone")


def _files(place: Path) -> list[Path]:
    return [path for path in (place / "bccd.db", place / "spool.db", place / "attempts") if path.exists()]


def keys(config: Config) -> Iterator[Finding]:
    """Whether the secrets of this installation can be read, by bccd alone."""
    places = {"secret_file": Path(config.secret_file), "log.key_file": Path(config.log.key_file)}
    flaws = [flaw for option, place in places.items() for flaw in key_flaws(option, place)]
    for flaw in flaws:
        yield fail("keys", *parted(flaw, "see docs/howto/install.md"))
    has_run = bool(journal.days(config.data_dir / journal.FOLDER))
    gone = [f"{option}: {place}" for option, place in places.items() if has_run and not place.exists()]
    for each in gone:
        advice = "restore it from a backup: by a new one old links, or what bccd trace looks for, are lost"
        yield fail("keys", f"{each}: is missing, and has been there", advice)
    if not flaws and not gone:
        yield ok("keys", "secret_file and log.key_file")


def disk(config: Config) -> Iterator[Finding]:
    """Whether there is room, and how long a sync takes."""
    try:
        usage = shutil.disk_usage(config.data_dir)
        inodes = os.statvfs(config.data_dir)
        took = _sync(config.data_dir)
    except OSError as error:
        yield fail("disk", f"{config.data_dir} cannot be written: {error.strerror}", "mend or free the disk")
        return
    said = f"{octets(usage.free)} of {octets(usage.total)} are free, a sync takes {took * 1000:.1f} ms"
    advice = "make room: bccd puts mail off with 452 when the disk is full"
    if full := lacks_room(config, _running(config)):
        yield fail("disk", full, advice)
    elif usage.free < _NONE or (inodes.f_files and inodes.f_favail < _FEW_INODES):
        yield fail("disk", said, advice)
    elif usage.free < _SCARCE or usage.free < usage.total * _SCARCE_SHARE:
        yield warn("disk", said, advice)
    elif took > _SLOW_SYNC:
        yield warn("disk", said, "every mail waits for a sync: use a faster disk, or one with less to do")
    else:
        yield ok("disk", said)


def _running(config: Config) -> Slots:
    try:
        return ask(config)
    except BccdError:  # the check of the daemon tells why
        return []


def _sync(place: Path) -> float:
    with tempfile.NamedTemporaryFile(dir=place, prefix="doctor-") as file:
        file.write(bytes(4096))
        file.flush()
        begun = time.monotonic()
        os.fsync(file.fileno())
        return time.monotonic() - begun


def clock(_config: Config) -> Iterator[Finding]:
    """Whether somebody keeps the clock right: signatures and links expire by it."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    except (OSError, AttributeError):
        state = -1
    if state == _UNSYNCHRONISED:
        yield warn("clock", "nothing keeps the clock right", "run chrony, systemd-timesyncd or ntpd")
    elif state < 0:
        yield ok("clock", "the system does not tell whether it is kept right")
    else:
        yield ok("clock", "kept right")


def files(config: Config) -> Iterator[Finding]:
    """Whether a front may have as many connections open as it may take."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * config.limits.connections + _SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        advice = f"raise LimitNOFILE (or ulimit -n) to {wanted}, or lower limits.connections"
        yield warn("files", f"a process may open {hard}, and limits.connections needs {wanted}", advice)
    else:
        yield ok("files", f"a process may open {'any number' if hard == resource.RLIM_INFINITY else hard}")
