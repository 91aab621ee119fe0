"""Replies: whether the history goes and the new words stay."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bccd.mail.body import read_body
from bccd.mail.mime import split
from bccd.mail.reply import read_reply
from benchmarks.reader import peers
from benchmarks.reader.data import folder
from benchmarks.reader.table import Row

_TRIMMER = "replies/email_reply_trimmer/test"
_TALON = "replies/talon/tests/fixtures/standard_replies"
_TALON_NEW = "Hello"  # what its suite expects of each of them
_LONG = 12  # characters; a shorter line may stand anywhere by chance


class _Case(NamedTuple):
    text: str
    new: str
    history: str


def measure() -> Iterator[Row]:
    """Yield a row for each suite and each way to judge."""
    trimmer, talon = list(_trimmer()), list(_talon())
    elsewhere = ("talon", 33.0)
    yield from _rows("email_reply_trimmer, exact", trimmer, _exact, 58.0, elsewhere)
    both = [*trimmer, *talon]
    yield from _rows("with talon's, history gone and new kept", both, _both, 0.98 * len(both))


def _rows(
    what: str,
    cases: list[_Case],
    judge: Callable[[_Case, str], bool],
    must: float,
    elsewhere: tuple[str, float] = ("", 0.0),
) -> Iterator[Row]:
    if not cases:
        return
    ours = sum(judge(case, read_reply(case.text).new_text) for case in cases)
    here = {
        name: float(sum(judge(case, read(case.text)) for case in cases))
        for name, read in peers.replies().items()
    }
    best = max(here, key=lambda name: here[name], default="")
    unit = f"of {len(cases)}"
    if best and here[best] >= elsewhere[1]:
        yield Row("replies", what, ours, must, unit, best, here[best])
    else:
        peer, told = elsewhere
        yield Row("replies", what, ours, must, unit, peer, told if peer else None, elsewhere=True)


def _trimmer() -> Iterator[_Case]:
    place = folder(_TRIMMER)
    for path in sorted((place / "emails").iterdir()) if place else ():
        texts = (path.parent.with_name(each) / path.name for each in ("emails", "trimmed", "elided"))
        yield _Case(*map(_text, texts))


def _talon() -> Iterator[_Case]:
    place = folder(_TALON)
    for path in sorted(place.glob("*.eml")) if place else ():
        text = read_body(split(path.read_bytes()).root).text
        yield _Case(text, _TALON_NEW, text.partition(_TALON_NEW)[2])


def _text(path: Path) -> str:
    return path.read_text("utf-8").replace("\r\n", "\n")


def _exact(case: _Case, ours: str) -> bool:
    return ours.split() == case.new.split()


def _both(case: _Case, ours: str) -> bool:
    """Tell whether each new line is there, and none of the history; quotes that a suite keeps are not new."""
    found = _lines(ours)
    kept = _lines(case.new)
    new = {line for line in kept if not line.startswith(">")}
    history = {line for line in _lines(case.history) - kept if len(line) >= _LONG}
    return new <= found and not history & found


def _lines(text: str) -> set[str]:
    return {words for line in text.split("\n") if (words := " ".join(line.split()))}
