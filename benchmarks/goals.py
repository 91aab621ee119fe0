"""What the speed of bccd is held against: for each figure a gate that must hold, and a goal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

MISSED, GATE, GOAL, UNKNOWN = "MISSED", "gate", "goal", "not measured"


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of the table."""

    key: str
    title: str
    gate: float
    goal: float
    unit: str = ""  # ratios have none
    least: bool = False  # less is better
    digits: int = 2


GOALS = (
    Goal("sqlite", "filed / Postfix accepted, SQLite", 0.65, 1.0),
    Goal("postgresql", "filed / Postfix accepted, PostgreSQL", 0.40, 0.7),
    Goal("paused", "accepted durably, filing paused / Postfix accepted", 1.3, 2.0),
    Goal("inprocess", "filing in process, one core / django-mailbox as installed", 3.0, 5.0),
    Goal("tuned", "filing in process, one core / django-mailbox, its database tuned", 3.0, 5.0),
    Goal("deliver", "CPU of deliver() with its transaction / compat32 parse alone", 4.0, 2.5, least=True),
    Goal("growth", "rate at 1,000,000 messages / empty", 0.9, 1.0),
    Goal("import", "import / filed by SMTP", 1.2, 2.0),
    Goal("idle-memory", "memory of all processes (PSS), idle", 200, 120, "MiB", least=True, digits=0),
    Goal("full-memory", "memory of all processes (PSS), full load", 400, 250, "MiB", least=True, digits=0),
    Goal("p50", "filed after the final dot, idle, p50", 20, 20, "ms", least=True, digits=1),
    Goal("p99", "filed after the final dot, idle, p99", 60, 60, "ms", least=True, digits=1),
)


@dataclass(slots=True)
class Measured:
    """The figures of a run by the keys of their goals, one a round; and why some are missing."""

    values: dict[str, list[float]] = field(default_factory=dict)
    lacks: dict[str, str] = field(default_factory=dict)  # a sentence each
    cpu: dict[str, list[float]] = field(default_factory=dict)  # what rates would be were all cores kept busy

    def add(self, key: str, *values: float) -> None:
        """Take figures."""
        self.values.setdefault(key, []).extend(values)

    def add_cpu(self, key: str, *values: float) -> None:
        """Take the same figures by CPU time, which other work on the machine hardly changes."""
        self.cpu.setdefault(key, []).extend(values)


def verdict(goal: Goal, values: Sequence[float]) -> str:
    """Judge the median."""
    if not values:
        return UNKNOWN
    middle = median(values)

    def holds(bound: float) -> bool:
        return middle <= bound if goal.least else middle >= bound

    return GOAL if holds(goal.goal) else GATE if holds(goal.gate) else MISSED


def verdicts(measured: Measured) -> dict[str, str]:
    """Judge every row."""
    return {goal.key: verdict(goal, measured.values.get(goal.key, ())) for goal in GOALS}


def missed(measured: Measured) -> bool:
    """Tell whether a gate that was measured does not hold."""
    return MISSED in verdicts(measured).values()


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Write a median with the least and the greatest value."""
    if not values:
        return "-"
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out below their head, each column as wide as it must be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _row(goal: Goal, measured: Measured) -> tuple[str, ...]:
    values, cpu = measured.values.get(goal.key, ()), measured.cpu.get(goal.key)
    sign, unit = ("<=" if goal.least else ">="), f" {goal.unit}" if goal.unit else ""
    return (
        goal.title,
        spread(values, goal.digits) + (unit if values else ""),
        f"{median(cpu):.{goal.digits}f}" if cpu else "",
        f"{sign} {goal.gate:g}{unit}",
        f"{goal.goal:g}{unit}",
        verdict(goal, values),
    )


def table(measured: Measured) -> list[str]:
    """Lay out what must be reached, with the reason of every row that was not measured below."""
    rows: list[tuple[str, ...]] = [("must reach", "ours", "by CPU", "gate", "goal", "verdict")]
    rows += [_row(goal, measured) for goal in GOALS]
    reasons: Mapping[str, None] = dict.fromkeys(
        f"not measured: {goal.title}: {measured.lacks[goal.key]}"
        for goal in GOALS
        if goal.key in measured.lacks and not measured.values.get(goal.key)
    )
    return [*columns(rows), *reasons]
