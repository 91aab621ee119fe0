"""What the project's own tests hold: their cases are counted, so that none is written down twice."""

import contextlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import pytest

from benchmarks.peers import ROOT
from benchmarks.reader.data import folder
from benchmarks.reader.table import Row

_UNIT = "tests/unit/mail"


class _Suite(NamedTuple):
    what: str
    files: Sequence[str]
    peer: str = ""
    theirs: float | None = None  # per cent, measured elsewhere
    corpus: str = ""  # which must be there


_SUITES = (
    _Suite(
        "structural cases",
        [
            f"{_UNIT}/forward/test_forward_{name}.py"
            for name in ("shapes", "announced", "people", "nested", "chain")
        ],
        "quotequail",
        57.6,
    ),
    _Suite("no forward at all", [f"{_UNIT}/forward/test_forward_refusals.py"], "crisp", 60.0),
    _Suite(
        "HTML structure, unknown labels",
        [f"{_UNIT}/forward/test_forward_structure.py"],
        "crisp (on text)",
        73.2,
    ),
    _Suite("dates of header blocks", [f"{_UNIT}/forward/test_forward_dates.py"], "dateparser", 90.6),
    _Suite("attributions of replies", [f"{_UNIT}/reply", f"{_UNIT}/test_attribution.py"]),
    _Suite("odd mail", [f"{_UNIT}/test_odd_mail.py", f"{_UNIT}/test_odder_mail.py"]),
    _Suite("suites of other reply readers", ["tests/corpus/test_reply_corpus.py"], corpus="replies"),
    _Suite(
        "equal to stalwart's parse, or told why",
        ["tests/corpus/test_mime_stalwart.py"],
        corpus="mime/stalwart-mail-parser",
    ),
)
# Per cent of whole forwards without a subject to go by, and the peer: see the design's measurements.
_LABELS = {
    "thunderbird": ("crisp", 36.8),
    "k9": ("quotequail", 6.9),
    "roundcube": ("quotequail", 8.3),
    "outlook": ("crisp", 0.0),
    "zimbra": ("", None),
}
_STYLES = ("plain", "quoted", "bold", "folded")


class _Counter:
    """Counts the outcomes of tests."""

    def __init__(self) -> None:
        self.passed = self.all = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one test once, when it was called or failed before."""
        if report.when == "call" or report.failed:
            self.all += 1
            self.passed += report.passed


def measure() -> Iterator[Row]:
    """Yield a row for each suite of tests."""
    for suite in _SUITES:
        if suite.corpus and folder(suite.corpus) is None:
            continue
        counter = _Counter()
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--rootdir={ROOT}", "--timeout=0"]
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main([*options, *(str(ROOT / name) for name in suite.files)], plugins=[counter])
        share = 100 * counter.passed / max(counter.all, 1)
        what = f"{suite.what} ({counter.all} tests)"
        yield Row(
            "cases of the tests", what, share, 100.0, "%", suite.peer, suite.theirs, suite.theirs is not None
        )


def labels() -> Iterator[Row]:
    """Yield a row for each client whose translations are collected: forwards right in every field."""
    if folder("forward") is None:
        return
    known: Any = import_module("tests.corpus.test_forward_labels")
    tried: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for row in vars(known)["_rows"]():
        tried[row.client] += len(_STYLES) * (1 + len(row.markers))
        languages[row.client] += 1
    wrong: Counter[str] = Counter()
    for style in _STYLES:
        found = vars(known)["_wrong"](lambda text: known.find_inline(text, ""), style)
        wrong.update(name.partition(" ")[0] for name in found)
    for client, number in tried.items():
        peer, theirs = _LABELS[client]
        what = f"{client}, {languages[client]} languages, {number} forwards right in every field"
        yield Row(
            "label tables", what, 100 * (1 - wrong[client] / number), 100.0, "%", peer, theirs, bool(peer)
        )
