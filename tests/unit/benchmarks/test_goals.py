"""What must be reached: which figure holds which bound, and how the table says so."""

import pytest

from benchmarks.goals import GATE, GOAL, GOALS, MISSED, UNKNOWN, Goal, Measured, missed, table, verdict

MORE = Goal("more", "a rate", gate=0.65, goal=1.0)
LESS = Goal("less", "a cost", gate=400, goal=250, unit="MiB", least=True, digits=0)


@pytest.mark.parametrize(
    ("goal", "values", "judged"),
    [
        (MORE, [0.64], MISSED),
        (MORE, [0.65], GATE),
        (MORE, [1.0], GOAL),
        (LESS, [401], MISSED),
        (LESS, [400], GATE),
        (LESS, [250], GOAL),
        (MORE, [], UNKNOWN),
        (MORE, [0.1, 0.7, 2.0], GATE),
    ],
)
def test_the_median_is_judged(goal: Goal, values: list[float], judged: str) -> None:
    """A bound itself holds, in either direction, and one bad round of three decides nothing."""
    assert verdict(goal, values) == judged


def test_a_missed_gate_is_told() -> None:
    """What was not measured is no miss; one figure beyond its gate is."""
    measured = Measured()
    assert not missed(measured)
    measured.add("sqlite", 0.7, 0.7)
    assert not missed(measured)
    measured.add("postgresql", 0.1)
    assert missed(measured)


def test_the_table_has_a_row_for_every_goal() -> None:
    """Ours with its spread, gate, goal and verdict; below it why a figure is missing, once a row."""
    measured = Measured(lacks={"inprocess": "install it", "sqlite": "told though measured"})
    measured.add("sqlite", 0.5, 0.7, 0.9)
    measured.add_cpu("sqlite", 0.61, 0.81)
    measured.add("idle-memory", 180.2)
    lines = table(measured)
    assert len(lines) == len(GOALS) + 3
    rows = {goal.key: line for goal, line in zip(GOALS, lines[2:], strict=False)}
    assert "0.70 (0.50 to 0.90)" in rows["sqlite"]
    assert rows["sqlite"].split()[-4:] == [">=", "0.65", "1", "gate"]
    assert rows["sqlite"].split()[-5] == "0.71"  # by CPU
    assert "180 MiB" in rows["idle-memory"]
    assert "<= 200 MiB" in rows["idle-memory"]
    assert rows["inprocess"].endswith(UNKNOWN)
    assert lines[-1].endswith("install it")
