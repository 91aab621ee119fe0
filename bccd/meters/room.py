"""Whether there is room for another mail: by what the file system says, and by what writes ran into."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from bccd.meters.families import NO_ROOM

LASTS = 15.0  # seconds that a failure counts for: more than the filer waits between two tries
_MIB = 2**20


def ran_out() -> None:
    """Note that a write has just failed because a disk is full: the data folder's, or a database server's."""
    NO_ROOM.set(time.time())


def shortage(folder: Path, largest: int, failures: Iterable[float]) -> str:
    """Say in a sentence why another mail has no room; empty where it has.

    `largest` is how many octets a mail may have, `failures` when the processes last ran out of room (seconds
    since 1970). A quota, or a database server's disk, shows in those alone.
    """
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        return f"the disk of data_dir cannot be looked at: {error.strerror}"
    free = disk.f_bavail * disk.f_frsize
    if free < largest:
        needed = f"a mail may need {largest / _MIB:.1f} MiB"
        return f"the disk of data_dir is full: {free / _MIB:.1f} MiB are free, and {needed}"
    if disk.f_files and not disk.f_favail:
        return "the disk of data_dir is full: it takes no more files"
    ago = time.time() - max(failures, default=0.0)
    return f"a write failed {max(ago, 0):.0f} s ago, for a disk or a quota is full" if ago < LASTS else ""
