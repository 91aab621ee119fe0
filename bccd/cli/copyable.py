"""Commands for people to copy: never wrapped by the terminal, and right in the shell that they are in."""

import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

_WIDTH = 80
_INDENT = "  "


def program(argv0: str | None = None) -> list[str]:
    """Return the words by which this shell calls the program that runs now: "bccd" only if that finds it."""
    called = Path(sys.argv[0] if argv0 is None else argv0)
    if called.name == "__main__.py" or not called.is_file():
        return [str(relative(Path(sys.executable))), "-m", "bccd"]
    found = shutil.which(called.name)
    if found and Path(found).samefile(called):
        return [called.name]
    return [str(relative(called))]


def relative(path: Path) -> Path:
    """Return a path as seen from here, where it lies below; the same place either way."""
    with suppress(ValueError):
        return path.absolute().relative_to(Path.cwd())
    return path


def lines(words: Sequence[str]) -> str:
    """Lay a command out in lines of at most 80 columns, which a shell reads as one; "$ " is not in it."""
    laid: list[str] = []
    line = _INDENT
    for unit in _units([shlex.quote(word) for word in words]):
        if line.strip() and len(line) + 1 + len(unit) + len(" \\") > _WIDTH:
            laid.append(f"{line} \\")
            line = _INDENT * 2
        line += unit if not line.strip() else f" {unit}"
    return "\n".join([*laid, line])


def _units(words: Sequence[str]) -> Iterable[str]:
    """Keep an option and its value on one line."""
    held = ""
    for word in words:
        if held and not word.startswith("-"):
            yield f"{held} {word}"
            held = ""
            continue
        if held:
            yield held
        held = word if word.startswith("--") else ""
        if not held:
            yield word
    if held:
        yield held
