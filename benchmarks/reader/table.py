"""What is printed and stored: a row for each thing that is measured, ours beside the best peer."""

from collections.abc import Sequence
from typing import NamedTuple

_HEAD = ("what", "bccd", "must be", "", "best peer")


class Row(NamedTuple):
    """One measurement."""

    suite: str
    what: str
    ours: float
    must: float | None  # what is asked for; None where nothing is
    unit: str  # "%", "of 64", "ms", "x", "s" or "mails"
    peer: str = ""  # its name
    theirs: float | None = None
    elsewhere: bool = False  # the peer was measured on another machine, as design notes tell
    least: bool = True  # whether `must` is the least, else the most

    @property
    def reached(self) -> bool:
        """Tell whether it is as good as asked for."""
        if self.must is None:
            return True
        return self.ours >= self.must if self.least else self.ours <= self.must


def lines(rows: Sequence[Row]) -> list[str]:
    """Lay the rows out, suite by suite."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]

    def laid(row: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    out = [laid(_HEAD), "-" * (sum(widths) + 2 * len(widths))]
    suite = ""
    for row, told in zip(rows, cells[1:], strict=True):
        if row.suite != suite:
            suite = row.suite
            out.append(f"[{suite}]")
        out.append(laid(told))
    return out


def _cells(row: Row) -> tuple[str, ...]:
    sign = ">=" if row.least else "<="
    must = "" if row.must is None else f"{sign} {_number(row.must, row.unit)}"
    place = " (measured elsewhere)" if row.elsewhere else ""
    peer = "" if row.theirs is None else f"{_number(row.theirs, row.unit)} {row.peer}{place}"
    return (row.what, _number(row.ours, row.unit), must, "" if row.reached else "MISSED", peer)


def _number(value: float, unit: str) -> str:
    if unit in ("ms", "s", "x"):
        return f"{value:.3g} {unit}"
    return f"{value:.4g}{'' if unit == '%' else ' '}{unit}"
