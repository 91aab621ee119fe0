"""How far an import is: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

_EVERY = 10.0  # seconds between two lines
_MIB = 2**20


class Teller(Protocol):
    """Told how far the import is; tells it in its turn.

    `octets` are done, of which `before` were passed over because an earlier run had handed them in.
    """

    def __call__(self, octets: int, mails: int, before: int, /) -> None: ...


def silence(_octets: int, _mails: int, _before: int) -> None:
    """Tell nothing."""


@contextmanager
def progress(total: int, *, quiet: bool = False) -> Iterator[Teller]:
    """Show progress on standard error; `total` is how many octets there are to read."""
    out = Console(stderr=True, highlight=False, markup=False)
    if quiet:
        yield silence
    elif out.is_terminal:
        with _bar(out) as bar:
            task = bar.add_task("", total=total, mails=0, rate=0.0)
            began = time.monotonic()

            def show(octets: int, mails: int, _before: int) -> None:
                rate = mails / max(time.monotonic() - began, 0.001)
                bar.update(task, completed=octets, mails=mails, rate=rate)

            yield show
    else:
        yield _Lines(total)


def _bar(out: Console) -> Progress:
    return Progress(
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        DownloadColumn(binary_units=True),
        TextColumn("{task.fields[mails]} mails, {task.fields[rate]:.0f}/s, left:"),
        TimeRemainingColumn(),
        console=out,
        refresh_per_second=4,
    )


class _Lines:
    """A line every few seconds, for logs."""

    def __init__(self, total: int) -> None:
        self._total, self._began = total, time.monotonic()
        self._next = self._began + _EVERY

    def __call__(self, octets: int, mails: int, before: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        share = 100 * octets / max(self._total, 1)
        rate = mails / (now - self._began)
        left = (self._total - octets) * (now - self._began) / max(octets - before, 1)
        click.echo(
            f"bccd: imported {mails} mails, {octets // _MIB} of {self._total // _MIB} MiB ({share:.0f} %),"
            f" {rate:.0f} mails a second, {left:.0f} s left",
            err=True,
        )
