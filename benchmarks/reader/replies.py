"""Replies: whether the history goes and the new words stay."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bccd.mail.reply import read_reply
from benchmarks.reader import peers
from benchmarks.reader.data import folder
from benchmarks.reader.table import Row

_TRIMMER = "replies/email_reply_trimmer/test"
_KEPT = 0.98  # share of the words that must stay
_LEFT = 0.02  # share of the words that may be left of the history


class _Case(NamedTuple):
    text: str
    trimmed: str


def measure() -> Iterator[Row]:
    """Yield a row for each way to judge; the suite is of email_reply_trimmer, for Ruby."""
    cases = list(_cases())
    if not cases:
        return
    exact, both = _judge(cases, lambda text: read_reply(text).new_text)
    best = {name: _judge(cases, read) for name, read in peers.replies().items()}
    for what, ours, must, column in (
        (f"email_reply_trimmer, exact of {len(cases)}", exact, 58.0, 0),
        (f"email_reply_trimmer, both of {len(cases)}", both, 0.98 * len(cases), 1),
    ):
        peer = max(best, key=lambda name: best[name][column], default="")
        theirs = float(best[peer][column]) if peer else 33.0
        yield Row("replies", what, ours, must, "cases", peer or "talon", theirs, elsewhere=not peer)


def _cases() -> Iterator[_Case]:
    place = folder(_TRIMMER)
    for path in sorted((place / "emails").iterdir()) if place else ():
        trimmed = path.parent.with_name("trimmed") / path.name
        yield _Case(*(each.read_text("utf-8").replace("\r\n", "\n") for each in (path, trimmed)))


def _judge(cases: list[_Case], read: Callable[[str], str]) -> tuple[int, int]:
    """Count the cases that are exact but for white space, and those where history goes and new words stay."""
    exact = both = 0
    for case in cases:
        ours, wanted = read(case.text).split(), case.trimmed.split()
        exact += ours == wanted
        shared = (Counter(ours) & Counter(wanted)).total()
        kept = shared >= _KEPT * len(wanted)
        gone = len(ours) - shared <= _LEFT * max(len(wanted), 50)
        both += kept and gone
    return exact, both
