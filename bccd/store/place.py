"""Where the files may lie: SQLite's locks and shared memory hold on one machine only."""

from pathlib import Path

from bccd.model.errors import StoreUnavailableError

NETWORK = frozenset({"9p", "afs", "cifs", "nfs", "nfs4", "smb3", "smbfs"})
MOUNTS = Path("/proc/self/mounts")


def refuse_network_folder(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise StoreUnavailableError where the folder is known to lie on another machine."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    kind = _kind_of(folder.resolve(), lines)
    if kind in NETWORK:
        raise StoreUnavailableError(f"{folder} lies on {kind}, where SQLite cannot lock: use a local disk")


def _kind_of(folder: Path, lines: list[str]) -> str:
    """Return the file system of the mount that holds the folder: the deepest, and of those the last."""
    found, depth = "", -1
    for line in lines:
        fields = line.split(" ")
        place = Path(fields[1].replace("\\040", " "))  # the kernel writes spaces so
        if folder.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = fields[2], len(place.parts)
    return found
