"""What tells the daemons that share a database apart: a name in each one's data folder."""

import secrets
from pathlib import Path

from bccd.model.errors import StoreUnavailableError

FILE = "node"


def node_of(folder: Path) -> str:
    """Return the name of the daemon in this folder, given at its first use; raises StoreUnavailableError.

    Whoever holds the folder's lock asks first, so no two processes give it one.
    """
    path = folder / FILE
    try:
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.write_text(secrets.token_hex(8), encoding="ascii")
            draft.replace(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StoreUnavailableError(f"the name of this node cannot be read: {error}") from error
