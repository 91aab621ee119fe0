"""From root to a user of its own, for good."""

import os
import pwd
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bccd.cage.wall import forbid_new_privileges
from bccd.model.errors import MistakeError

_RIGHTS = ("CapPrm:", "CapEff:", "CapAmb:")  # lines of /proc/self/status (proc(5))


def own_user(name: str) -> pwd.struct_passwd:
    """Look up the user whom root is to become; raises MistakeError where there is none, or it is root."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise MistakeError(f"user: this machine has no user {name}: make one with useradd --system") from None
    if found.pw_uid == 0 or found.pw_gid == 0:
        raise MistakeError(f"user: {name} is root, or of root's group: name one that may do nothing else")
    return found


def make_for(user: pwd.struct_passwd, folders: Sequence[tuple[Path, int]]) -> None:
    """Make those folders that are missing, each with its mode, as the user's own.

    Only in folders of root's: in others the user could have put something else in the new one's place.
    """
    for folder, mode in folders:
        try:
            if folder.exists() or folder.parent.stat().st_uid != 0:
                continue
            folder.mkdir(mode=mode)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                os.fchmod(descriptor, mode)
                os.fchown(descriptor, user.pw_uid, user.pw_gid)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise MistakeError(f"cannot make {folder} for user {user.pw_name}: {error.strerror}") from error


def require_given(user: pwd.struct_passwd, folder: Path) -> None:
    """Raise MistakeError where a folder is another's, as one is that root used before `user` was set."""
    try:
        owner = folder.stat().st_uid
    except OSError:
        return  # whoever opens it says it best
    if owner != user.pw_uid:
        name = user.pw_name
        raise MistakeError(
            f"user: {folder} is not {name}'s: give it all to him with chown -R {name} {folder}"
        )


def become(user: pwd.struct_passwd) -> None:
    """Be this user from now on, and never root again; raises MistakeError if that cannot be had.

    Its groups are kept, root's is not. Programs that are started later gain nothing either.
    """
    uid, gid = user.pw_uid, user.pw_gid
    with suppress(ImportError):  # a Python without ctypes; programs of others are never started
        forbid_new_privileges()
    try:
        os.setgroups([group for group in os.getgrouplist(user.pw_name, gid) if group])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        raise MistakeError(f"cannot become user {user.pw_name}: {error.strerror}") from error
    if flaw := what_is_left():
        raise MistakeError(f"user {user.pw_name} could become root again: {flaw}")
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)


def what_is_left() -> str:
    """Say by what this process is root or could be so again, nothing if it is not."""
    if 0 in (*os.getresuid(), *os.getresgid(), *os.getgroups()):
        return "an id of root is kept"
    ways: Sequence[tuple[str, Callable[[], None]]] = (
        ("setuid", lambda: os.setuid(0)),
        ("setresuid", lambda: os.setresuid(-1, 0, -1)),
        ("setgid", lambda: os.setgid(0)),
        ("setresgid", lambda: os.setresgid(-1, 0, -1)),
        ("setgroups", lambda: os.setgroups([0])),
    )
    for name, way in ways:
        with suppress(PermissionError):
            way()
            return f"{name} is allowed"
    for line in Path("/proc/self/status").read_bytes().decode().splitlines():
        if line.startswith(_RIGHTS) and int(line.split()[1], 16):
            return f"{line.split(':')[0]} is not empty"
    return ""
