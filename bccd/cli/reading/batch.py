"""Many mails read at once by caged processes: one line of JSON each, in the order of their names."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bccd.cage.parser import Read
from bccd.cage.pool import Readers
from bccd.cli.access import sentence
from bccd.mail import anatomy
from bccd.model.errors import BccdError

READER = f"{anatomy.__name__}:{anatomy.anatomy_json.__name__}"
_SECONDS = 10.0  # for one mail, on a machine that is busy with others
_MEMORY = 1024 * 2**20  # octets, for one mail
_STARTS = 3  # readers that may fail to start one after the other
_AHEAD = 512  # mails read beyond the first that has no answer yet
_WORDS = {
    "timeout": f"it took over {_SECONDS:g} s",
    "memory": "it took too much memory",
    "died": "its reader died",
}


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, hidden ones too, by path, and the folders that cannot be listed."""
    closed: list[OSError] = []
    found = [
        Path(place, name) for place, _, names in os.walk(folder, onerror=closed.append) for name in names
    ]
    return sorted([*filter(_is_file, found), *(Path(error.filename) for error in closed)])


def _is_file(path: Path) -> bool:
    """Tell a file from a pipe and a link to nothing; what cannot be told is tried, and its error is shown."""
    try:
        return path.is_file()
    except OSError:
        return True


def read_all(folder: Path, processes: int = 0) -> Iterator[bytes]:
    """Yield one JSON object for each file below a folder, in order; where one cannot be read, `error`."""
    files = files_below(folder)
    names = [os.fsencode(path.relative_to(folder)).decode("utf-8", "replace") for path in files]
    pool = Readers(processes or os.cpu_count() or 1, _SECONDS, _MEMORY, READER, bytes)
    try:
        answers = _answers(pool, files)
        yield from (_line(name, *answer) for name, answer in zip(names, answers, strict=True))
    finally:
        pool.close()


def _answers(pool: Readers[bytes], files: list[Path]) -> Iterator[tuple[bytes | None, str]]:
    """Yield (anatomy, failure) for each file in order."""
    ready: dict[int, tuple[bytes | None, str]] = {}
    given = told = 0
    patience = pool.started + _STARTS
    while told < len(files):
        while given < len(files) and given - told < _AHEAD and pool.room(0):
            try:
                pool.submit(given, files[given].read_bytes())
            except OSError as error:
                ready[given] = (None, sentence(error))
            given += 1
        if pool.ready:
            patience = pool.started + _STARTS
        elif pool.started > patience:
            raise BccdError("the processes that read mail do not start")
        for read in pool.results(pool.patience()) if told not in ready else ():
            ready[read.key] = (read.message, _failure(read))
        while told in ready:
            yield ready.pop(told)
            told += 1


def _failure(read: Read[bytes]) -> str:
    return _WORDS.get(read.failure, read.failure)


def _line(name: str, anatomy_of: bytes | None, failure: str) -> bytes:
    """Put the file's name before the fields of its anatomy, or tell why there is none."""
    if anatomy_of is None:
        return msgspec.json.encode({"file": name, "error": failure})
    return b'{"file":' + msgspec.json.encode(name) + b"," + anatomy_of[1:]
