"""What a path holds: mboxes, Maildirs, single mails, found by looking at them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bccd.model.errors import MistakeError
from bccd.sources.mailbox.folders import skip_of_path
from bccd.sources.mailbox.found import Found, Kind, Skip
from bccd.sources.mailbox.maildir import files, is_maildir, read_maildir, skip_of_folder
from bccd.sources.mailbox.mbox import is_mbox, read_mbox
from bccd.sources.mailbox.single import is_emlx, is_named_mail, is_outlook, read_single

_LOOK = 64 * 1024  # octets that tell what a file is
_SINGLE = (".eml", ".emlx")
_PACKED = {".gz", ".zip", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".tar"}
_OTHERS = {".pst": "a PST", ".ost": "an OST", ".msg": "a mail in Outlook's own form", ".olm": "an OLM"}


@dataclass(frozen=True, slots=True)
class Source:
    """One mbox, one Maildir without its further folders, or single mails of one folder."""

    kind: Kind
    path: Path
    size: int  # octets of its files
    skip: Skip | None = None  # why all of it is passed over
    names: tuple[str, ...] = ()  # single mails

    @property
    def resumable(self) -> bool:
        """Whether reading may go on at an offset."""
        return self.kind is Kind.MBOX

    def mails(self, start: int, limit: int) -> Iterator[Found]:
        """Yield its mails, of an mbox from an offset on; raises OSError."""
        if self.skip is not None and self.kind is not Kind.MBOX:
            found = (
                files(self.path) if self.kind is Kind.MAILDIR else [self.path / name for name in self.names]
            )
            yield from (Found(str(path), None, path.stat().st_size, skip=self.skip) for path in found)
        elif self.kind is Kind.MBOX:
            yield from self._boxed(start, limit)
        elif self.kind is Kind.MAILDIR:
            yield from read_maildir(self.path, limit)
        else:
            yield from (read_single(self.path / name, limit) for name in self.names)

    def _boxed(self, start: int, limit: int) -> Iterator[Found]:
        with self.path.open("rb", buffering=0) as file:
            file.seek(start)
            for found in read_mbox(file, start, limit):
                # Built anew: replace() costs as much as reading the mail.
                place = f"{self.path}, octet {found.place}"
                yield Found(place, found.octets, found.size, found.end, found.stamp, self.skip)


def find_sources(paths: Sequence[Path], kind: Kind | None) -> list[Source]:
    """Look at what the paths hold; `kind` is what they are said to be.

    Raises MistakeError with a line for each path that holds no mail or cannot be read.
    """
    found: list[Source] = []
    mistakes: list[str] = []
    for path in dict.fromkeys(path.resolve() for path in paths):
        try:
            found += _of_path(path, kind)
        except MistakeError as error:
            mistakes.append(str(error))
        except OSError as error:
            mistakes.append(f"{error.filename or path}: {error.strerror}")
    if mistakes:
        raise MistakeError("\n".join(mistakes))
    return found


def _of_path(path: Path, kind: Kind | None) -> list[Source]:
    if not path.is_dir():
        return [_of_file(path, kind)]
    found = list(_of_folder(path, path, kind))
    if not found:
        raise MistakeError(f"{path}: holds no mail: no mbox, no Maildir, no .eml or .emlx")
    return found


def _of_file(path: Path, kind: Kind | None) -> Source:
    """Look at a file that was named."""
    size = path.stat().st_size
    if not path.is_file():  # a pipe would be waited for, and cannot be gone on with
        raise MistakeError(f"{path}: is neither a file nor a folder")
    beginning = _beginning(path)
    told = kind or _kind(path, beginning)
    if told is Kind.MBOX and (is_mbox(beginning) or not beginning.strip()):
        return Source(Kind.MBOX, path, size)
    if told is Kind.EML and (is_named_mail(beginning) or is_emlx(beginning)):
        return Source(Kind.EML, path.parent, size, names=(path.name,))
    raise MistakeError(_why_not(path, beginning, kind))


def _kind(path: Path, beginning: bytes) -> Kind:
    if is_mbox(beginning) and path.suffix.lower() not in _SINGLE:
        return Kind.MBOX
    return Kind.EML if beginning.strip() else Kind.MBOX  # an empty file is an mbox without mail


def _why_not(path: Path, beginning: bytes, kind: Kind | None) -> str:
    suffix = path.suffix.lower()
    if suffix in _PACKED:
        return f"{path}: is packed: unpack it first"
    if suffix in _OTHERS:
        return f"{path}: is {_OTHERS[suffix]}, which bccd does not read: export it as mbox or .eml"
    if is_outlook(beginning):
        return f"{path}: is a file of Outlook's own, which bccd does not read: export it as .eml"
    if kind is Kind.MAILDIR:
        return f"{path}: is no Maildir: that is a folder with cur and new in it"
    wanted = {
        Kind.MBOX: "no mbox: its first line is no From_ line",
        Kind.EML: "no mail: it does not begin with the header of one",
    }
    return f"{path}: is {wanted[kind] if kind else 'neither an mbox nor a mail'}"


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LOOK)


def _of_folder(folder: Path, root: Path, kind: Kind | None) -> Iterator[Source]:
    """Look through a folder and all below it, by name; links to folders are not followed."""
    maildir = is_maildir(folder)
    if maildir and kind in (None, Kind.MAILDIR):
        skip = skip_of_folder(folder, root)
        yield Source(Kind.MAILDIR, folder, sum(path.stat().st_size for path in files(folder)), skip)
    below = sorted(os.scandir(folder), key=lambda entry: entry.name)
    singles = []
    for entry in below:
        if entry.is_dir(follow_symlinks=False):
            if not (maildir and entry.name in ("cur", "new", "tmp")):
                yield from _of_folder(folder / entry.name, root, kind)
        elif entry.is_file() and not maildir:
            if entry.name.lower().endswith(_SINGLE) and kind in (None, Kind.EML):
                singles.append(entry.name)
            elif kind in (None, Kind.MBOX) and is_mbox(_beginning(Path(entry.path))):
                yield _box(Path(entry.path), entry.stat().st_size, root)
    if singles:
        size = sum((folder / name).stat().st_size for name in singles)
        skip = skip_of_path(folder.relative_to(root).as_posix())
        yield Source(Kind.EML, folder, size, skip, tuple(singles))


def _box(path: Path, size: int, root: Path) -> Source:
    """Return an mbox found in a folder; Thunderbird keeps those below Trash in Trash.sbd."""
    inner = path.relative_to(root).as_posix().replace(".sbd/", "/").replace(".mbox", "")
    return Source(Kind.MBOX, path, size, skip_of_path(inner))
