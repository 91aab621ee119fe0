"""A Maildir: a mail a file in cur and new, its flags in the name; further folders beside or below it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bccd.sources.mailbox.folders import readable, skip_of_path
from bccd.sources.mailbox.found import Found, Skip
from bccd.sources.mailbox.single import read_single

_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)\Z")  # a file system that allows no colon gets another sign
_SINCE = re.compile(r"(\d{9,10})\.")
_BY_FLAG = {"T": Skip.DELETED, "D": Skip.DRAFT}


def is_maildir(folder: Path) -> bool:
    """Tell whether a folder is a Maildir."""
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def skip_of_folder(folder: Path, root: Path) -> Skip | None:
    """Tell by its name whether a folder within a root holds what nobody wants: .Trash, .Junk.2019, Drafts."""
    inner = folder.relative_to(root).as_posix()
    parts = inner.replace("/.", "/").lstrip(".").replace(".", "/")
    return skip_of_path(readable(parts)) if inner != "." else None


def files(folder: Path) -> list[Path]:
    """List the mails of one Maildir in the order of their names, without its further folders."""
    found = []
    for part in ("cur", "new"):
        found += [path for path in (folder / part).iterdir() if not path.name.startswith(".")]
    return sorted(found, key=lambda path: path.name)


def read_maildir(folder: Path, limit: int) -> Iterator[Found]:
    """Yield each mail of one Maildir; raises OSError where it cannot be listed."""
    for path in files(folder):
        yield _with_flags(read_single(path, limit), path.name)


def _with_flags(found: Found, name: str) -> Found:
    flags, since = _FLAGS.search(name), _SINCE.match(name)
    skips = (_BY_FLAG[flag] for flag in (flags[1] if flags else "") if flag in _BY_FLAG)
    stored = datetime.fromtimestamp(int(since[1]), UTC) if since else found.stamp
    return replace(found, stamp=stored, skip=next(skips, None) or found.skip)
