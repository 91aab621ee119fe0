"""How far an mbox was read: kept beside the spool, so that the same command goes on where it was.

It only saves time. What was handed in is known by its octets, so a mail that is read twice is filed once, and
a bookmark that is lost, or of another file, costs a second reading.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDER = "imports"
_TAIL = 4096  # octets before the place; they tell whether it is the same file that has grown


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The place in one file that one user's import of it has come to."""

    path: Path  # of the bookmark
    source: Path

    @classmethod
    def of(cls, data_dir: Path, source: Path, *what: object) -> "Bookmark":
        """Return the bookmark of a file, and of all that decides which of its mails are handed in."""
        said = "\0".join(map(str, (source, *what))).encode("utf-8", "surrogateescape")
        return cls(data_dir / _FOLDER / f"{hashlib.sha256(said).hexdigest()[:32]}.json", source)

    def read(self) -> int:
        """Return where to go on; 0 where nothing was read, or the file is another by now."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            said = json.loads(self.path.read_bytes())
            offset = int(said["offset"])
            if offset > 0 and said["tail"] == self._tail(offset):
                return offset
        return 0

    def write(self, offset: int) -> None:
        """Put the bookmark to where all before it is handed in; a crash leaves the old or the new one."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        told = {"file": os.fsencode(self.source).decode("utf-8", "replace"), "offset": offset}
        draft = self.path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(told | {"tail": self._tail(offset)}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self.path)

    def remove(self) -> None:
        """Forget the place."""
        self.path.unlink(missing_ok=True)

    def _tail(self, offset: int) -> str:
        with self.source.open("rb") as file:
            file.seek(max(offset - _TAIL, 0))
            return hashlib.sha256(file.read(min(offset, _TAIL))).hexdigest()
