"""Whole mails: what is automatic, what is hostile, and what all of it costs."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from statistics import median, quantiles

from bccd.mail.body import read_body
from bccd.mail.forward import find_inline
from bccd.mail.mime import split
from bccd.mail.parse import parse
from bccd.mail.reply import read_reply
from bccd.model.message import AutoKind
from benchmarks.reader import peers
from benchmarks.reader.data import as_mail, folder, heavy, large, mails, rows, small
from benchmarks.reader.table import Row

_ROUNDS = 15
_SAFE = "bccd, with HTML made safe"
_SECONDS = 0.4  # of one round, at least one call
_PROBE_LIMIT = 0.5  # seconds
_DSN = (AutoKind.DSN, AutoKind.AUTO_REPLY, AutoKind.MDN, AutoKind.BULK)
_RATIOS: Mapping[str, tuple[Callable[[], bytes], float]] = {
    "small mail": (small, 2.0),
    "50 KB of HTML": (large, 2.0),
    "2 MB attached": (heavy, 0.4),
}


def bounces() -> Iterator[Row]:
    """Yield how many mails of the collection of bounces are known to be automatic."""
    given = mails("bounces/sisimai/maildir")
    if given:
        known = sum(parse(raw).content.auto in _DSN for raw in given)
        yield Row("automatic", f"bounces known, of {len(given)}", 100 * known / len(given), 99.0, "%")


def hostile() -> Iterator[Row]:
    """Yield the worst time over the inputs that the tests hold."""
    inputs: Mapping[str, bytes] = import_module("tests.unit.mail.test_hostile_mail").INPUTS
    spent = {name: _once(partial(parse, raw)) for name, raw in inputs.items()}
    worst = max(spent, key=lambda name: spent[name])
    what = f"worst of {len(inputs)} inputs ({worst})"
    yield Row(
        "hostile", what, spent[worst], _PROBE_LIMIT, "s", "every peer", 20.0, elsewhere=True, least=False
    )


def speed() -> Iterator[Row]:
    """Yield times and ratios; a ratio is taken between runs in turn, so that a busy machine shows less."""
    yield from _reading()
    for name, (make, must) in _RATIOS.items():
        raw = make()
        readers = {"bccd": partial(parse, raw, safe_html=False), _SAFE: partial(parse, raw)} | {
            peer: partial(read, raw) for peer, read in peers.readers().items()
        }
        spent = _in_turn(readers)
        base = spent.pop(peers.STDLIB)
        ours, safe = spent.pop("bccd"), spent.pop(_SAFE)
        best = min(spent, key=lambda peer: spent[peer], default="")
        theirs = spent[best] / base if best else None
        what = (
            f"{name}: whole reading / {peers.STDLIB} ({1000 * ours:.2f} ms, {1000 * safe:.2f} with safe HTML)"
        )
        yield Row("speed", what, ours / base, must, "x", best, theirs, least=False)


def _reading() -> Iterator[Row]:
    """Yield the time of forward and reply reading over all texts of the collections."""
    texts = [row["text"] for row in rows("forward/crisp-half.json")]
    place = folder("replies/email_reply_trimmer/test/emails")
    texts += [path.read_text("utf-8") for path in sorted(place.iterdir())] if place else []
    found = [read_body(split(raw).root) for raw in (*mails("mime"), *map(as_mail, texts))]
    spent = []
    for body in found:
        once = min(_once(partial(_read, body.text, body.html)) for _ in range(3))
        spent.append(1000 * once)
    if spent:
        late = quantiles(spent, n=100)[98]
        what = f"forward and reply of {len(spent)} mails, "
        yield Row(
            "speed",
            f"{what}median",
            median(spent),
            0.5,
            "ms",
            "quotequail",
            0.46,
            elsewhere=True,
            least=False,
        )
        yield Row("speed", f"{what}p99", late, 5.0, "ms", "crisp", 16.5, elsewhere=True, least=False)


def _read(text: str, html: str) -> None:
    find_inline(text, html)
    read_reply(text)


def _once(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def _in_turn(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the seconds of CPU of one call of each: the median of rounds in which all take turns."""
    often = {name: max(1, int(_SECONDS / _ROUNDS / max(_once(call), 1e-6))) for name, call in calls.items()}
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    gc.disable()
    try:
        for _ in range(_ROUNDS):
            for name, call in calls.items():
                rounds[name].append(_once(partial(_repeat, call, often[name])) / often[name])
    finally:
        gc.enable()
    return {name: _least(spent) for name, spent in rounds.items()}


def _least(spent: Sequence[float]) -> float:
    """Return the lower quartile: others on the machine only ever add."""
    return sorted(spent)[len(spent) // 4]


def _repeat(call: Callable[[], object], times: int) -> None:
    for _ in range(times):
        call()
