"""The floors: measured on mail, each below what it is a floor of."""

from pathlib import Path

from benchmarks.corpus import generate
from benchmarks.floors import floors


def test_every_floor_is_measured(tmp_path: Path) -> None:
    """Each part costs something, and the names differ."""
    found = floors([sample.raw for sample in generate(4, seed=1).samples], tmp_path)
    assert all(floor.clock > 0 for floor in found)
    assert len({floor.name for floor in found}) == len(found)
