"""Large mail in files named by their content: durable before any row speaks of them."""

import errno
import os
import secrets
from pathlib import Path

from bccd.model.envelope import Raw
from bccd.model.errors import StoreUnavailableError
from bccd.store.engine import failure

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
