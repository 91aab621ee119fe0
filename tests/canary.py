"""Words that stand in the mails, logins and secrets of tests, and must stand in no log of a daemon.

The harness writes CANARY into what it sends. Whatever a daemon writes is looked through at the end of each
test: for the canary, plain or in Base64 as AUTH has it, and for anything that has the form of a mail address.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

CANARY = "zimorodek"
_LONGEST = 300  # characters of a line that are shown


def _encoded(word: str) -> list[str]:
    """Return what Base64 makes of a word wherever it stands, without what its neighbours decide."""
    found = []
    for before in range(3):
        octets = b" " * before + word.encode()
        whole = b64encode(octets + b" " * (-len(octets) % 3)).decode()
        found.append(whole[4 * bool(before) : 4 * (len(octets) // 3)])
    return found


_LEAK = re.compile(
    "|".join([r"[^\s@]@[^\s@]", *map(re.escape, [CANARY, *_encoded(CANARY), CANARY.encode().hex()])]),
    re.IGNORECASE,
)


def leaks(log: str) -> list[str]:
    """List the lines of a log that hold what no log may hold."""
    if _LEAK.search(log) is None:
        return []
    return [line[:_LONGEST] for line in log.splitlines() if _LEAK.search(line)]


class Watch:
    """The logs that daemons write."""

    def __init__(self) -> None:
        self._logs: dict[Path, tuple[int, Callable[[], bool]]] = {}  # octets read, and whether it is written

    def add(self, log: Path, written: Callable[[], bool]) -> None:
        """Look through a log from now on, as long as it is written."""
        self._logs[log] = (self._logs.get(log, (0, written))[0], written)

    def leaks(self) -> list[str]:
        """List what was written since the last call and must not have been."""
        found = []
        for log, (seen, written) in list(self._logs.items()):
            still = written()
            if not log.is_file():  # but gone with the disk that a test took away, or a device without end
                del self._logs[log]
                continue
            with log.open("rb") as file:
                file.seek(seen)
                octets = file.read()
            found += leaks(octets.decode("utf-8", "replace"))
            if still:
                self._logs[log] = (seen + octets.rfind(b"\n") + 1, written)
            else:
                del self._logs[log]
        return found


WATCH = Watch()
