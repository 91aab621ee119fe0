"""Whose files these are: told in one sentence before a command trips over them, or makes more."""

import os
import pwd
import shlex
from pathlib import Path

from bccd.model.errors import BccdError

# What SQLite, the lock and the log would open for writing.
_FILES = ("bccd.db", "bccd.db-wal", "bccd.db-shm", "spool.db", "spool.db-wal", "spool.db-shm", "bccd.lock")


class AccessError(BccdError):
    """The user who runs the command may not do to a file what the command needs."""


def require_own_folder(folder: Path) -> None:
    """Raise AccessError unless the data folder, where it exists, is its user's own and can be written.

    Root is refused too: a file that root makes there is one that the daemon cannot open afterwards.
    """
    try:
        owner = folder.stat().st_uid
    except FileNotFoundError:
        return
    except NotADirectoryError:
        return  # whoever makes the folder says it best
    except OSError as error:
        raise AccessError(sentence(error)) from error
    if owner != os.geteuid():
        whose = f"data_dir {folder} belongs to {name_of(owner)}, and this is {me()}"
        raise AccessError(f"{whose}: {whose_turn(folder, owner)}")
    for path in (folder, *(folder / name for name in _FILES)):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            raise AccessError(_not_writable(path))


def whose_turn(folder: Path, owner: int) -> str:
    """Say what to do about a data folder that is not ours: what root made is to be given to who runs bccd."""
    if owner != 0:
        return f"run it as that user, for instance with sudo -u {name_of(owner)}"
    name = name_of(os.geteuid()).removeprefix("#")
    return (
        f"if {me()} is to run bccd, have root give it all to him: chown -R {name} {shlex.quote(str(folder))}"
    )


def sentence(error: OSError) -> str:
    """Say what the system refused: the file, the reason, and where permissions are it the user."""
    files = " and ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    what = f"{files}: " if files else ""
    why = error.strerror or str(error)
    if not isinstance(error, PermissionError):
        return f"{what}{why}"
    return f"{what}{why} for {me()}: run bccd as the user whose data and configuration these are"


def _not_writable(path: Path) -> str:
    owner = path.stat().st_uid
    if owner == os.geteuid():
        return f"{path} cannot be written by {me()}: it, or its file system, is read-only"
    return f"{path} belongs to {name_of(owner)} and cannot be written by {me()}: give it to {me()} with chown"


def name_of(uid: int) -> str:
    """Name a user; by number where the system has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def me() -> str:
    """Name the user whose permissions hold."""
    return f"user {name_of(os.geteuid())}"
