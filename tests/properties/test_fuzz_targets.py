"""The targets of `make fuzz`, tried briefly: what was found once stays mended, and the driver finds."""

from pathlib import Path
from random import Random

import pytest

from tests.fuzz import driver
from tests.fuzz.driver import Target, fuzz, keep
from tests.fuzz.targets import TARGETS

_RUNS = {"mime": 60, "forward": 30, "session": 60}  # each of these takes milliseconds


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_findings_hold(name: str) -> None:
    """Every seed, everything that was found once, and some mutations of them are taken as they must be."""
    target = TARGETS[name]
    runs = len(target.start()) + _RUNS.get(name, 200)
    report = fuzz(target, 60, Random(name), runs)  # noqa: S311 - the same each time
    assert report.found == []
    assert report.runs == runs and report.lines >= 20


def test_the_driver_finds_and_shortens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake is found by mutation, told once with its place, made small, and kept as a file."""

    def broken(octets: bytes) -> None:
        if b"\0" in octets:
            raise IndexError("a mistake")

    monkeypatch.setattr(driver, "FINDINGS", tmp_path)
    report = fuzz(Target("broken", broken, [b"some octets"]), 60, Random(1), 3000)  # noqa: S311 - repeatable
    ((octets, mistake),) = report.found
    assert octets == b"\0" and mistake.startswith("IndexError('a mistake')\nIndexError at ")
    (path,) = keep(report)
    assert path.read_bytes() == b"\0" and Target("broken", broken).findings == [path]
    assert Target("broken", broken).start() == [b"\0"]


def test_an_input_that_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that hangs on some octets does not hang the driver."""
    monkeypatch.setattr(driver, "_SLOW", 0.05)

    def hangs(octets: bytes) -> None:
        while octets == b"endless":
            pass

    report = fuzz(Target("slow", hangs, [b"endless"]), 60, Random(1), 1)  # noqa: S311 - repeatable
    assert [mistake for _, mistake in report.found] == ["TooSlowError: takes too long"]
