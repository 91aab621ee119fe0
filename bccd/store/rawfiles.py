"""Large mail in files named by their content: durable before any row speaks of them."""

import errno
import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from string import hexdigits

from sqlalchemy import Connection, Engine, bindparam, select

from bccd.model.envelope import Raw
from bccd.model.errors import StoreUnavailableError
from bccd.store import tables as t
from bccd.store.engine import failure, reading
from bccd.store.uow import transaction

_DIGEST = 32  # octets of a SHA-256
_ROW = select(t.raw_mail.c.size).where(
    t.raw_mail.c.company_id == bindparam("company"), t.raw_mail.c.sha256 == bindparam("sha256")
)
IN_TABLE = 1_048_576  # octets; mail up to this size stands in the table itself


class SyncError(StoreUnavailableError):
    """The system could not say whether written data is durable; its memory is no proof either."""


def relative_path(company_id: int, sha256: bytes) -> str:
    """Return where below the data folder a company's mail stands."""
    name = sha256.hex()
    return f"raw/{company_id}/{name[:2]}/{name}"


def keep(raw: Raw, company_id: int, folder: Path) -> str:
    """Make a mail's octets a durable file and return its path below `folder`; raises StoreUnavailableError.

    The listener's temporary file gets a second name instead of a new one: each company in a transaction needs
    the octets, and the listener removes its own name afterwards.
    """
    relative = relative_path(company_id, raw.sha256)
    target = folder / relative
    try:
        _make_folder(target.parent, folder)
        if raw.path is None:
            _write(raw.data, target)
        else:
            _name(raw.path, target)
        _sync(target.parent)
    except OSError as error:
        raise failure(error) or error from error
    return relative


def sweep(engine: Engine, folder: Path, before: datetime) -> int:
    """Delete files, last written before a moment, that no row speaks of; return how many there were.

    They are what a front left that ended between keeping a large mail and its row: nobody was told of them.
    """
    swept = 0
    for place in sorted(folder.glob("raw/*/*")):
        for path in sorted(place.iterdir()):
            old = path.is_file() and path.stat().st_mtime < before.timestamp()
            if old and not _is_spoken_of(engine, path, folder):
                swept += _delete(engine, path, folder)
    return swept


def sweep_incoming(folder: Path, before: datetime) -> int:
    """Delete what fronts that were killed left of mail on its way in; return how much there was.

    No mail takes a day to come in. The next start of such a front would delete it, too.
    """
    swept = 0
    for path in folder.glob("tmp/*/data-*"):
        with suppress(FileNotFoundError):  # a front deletes its own
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                swept += 1
    return swept


def _is_spoken_of(engine: Engine, path: Path, folder: Path) -> bool:
    if path.name.startswith("."):  # a draft
        return False
    with reading(engine) as connection:
        return _row_of(connection, path, folder)


def _row_of(connection: Connection, path: Path, folder: Path) -> bool:
    company, _, name = path.relative_to(folder / "raw").parts
    if not (company.isdecimal() and len(name) == 2 * _DIGEST and set(name) <= set(hexdigits)):
        return True  # none of ours
    found = connection.execute(_ROW, {"company": int(company), "sha256": bytes.fromhex(name)})
    return found.first() is not None


def _delete(engine: Engine, path: Path, folder: Path) -> bool:
    """Delete a file under the lock, which a spool that wants to name the same file waits for."""
    with transaction(engine) as connection:
        if not path.name.startswith(".") and _row_of(connection, path, folder):
            return False
        path.unlink(missing_ok=True)
    return True


def _name(source: Path, target: Path) -> None:
    _sync(source)
    try:
        target.hardlink_to(source)
    except FileExistsError:
        pass  # the same content, synced before it got this name
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}:
            raise
        _write(source.read_bytes(), target)


def _write(data: bytes, target: Path) -> None:
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        draft.write_bytes(data)
        _sync(draft)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def _make_folder(wanted: Path, root: Path) -> None:
    """Make a folder and those above it, each durable in the one that holds it."""
    if wanted == root or wanted.is_dir():
        return
    _make_folder(wanted.parent, root)
    wanted.mkdir(mode=0o700, exist_ok=True)
    _sync(wanted.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise SyncError(f"fsync failed: {error}") from error
    finally:
        os.close(descriptor)
