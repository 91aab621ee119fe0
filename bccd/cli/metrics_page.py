"""Writes docs/reference/metrics.md from the metrics themselves: python -m bccd.cli.metrics_page."""

from collections.abc import Iterator
from pathlib import Path

from bccd.meters import families as _families  # noqa: F401 - defines them
from bccd.meters.board import FAMILIES, Family
from bccd.vitals import SAMPLES

_HEAD = """\
# Metrics

<!-- Made by python -m bccd.cli.metrics_page; a test holds this page and the program equal. -->

`http://.../metrics` on `listen.http`, in the text form of Prometheus; whichever front answers, the page tells
of all processes of its daemon. Nothing in it names a person, an address or a subject, and no label has other
values than those listed here, whatever is sent. Counters go on where a process died and was replaced; they
begin anew with the daemon.

[Alert rules](../../config/alerts.yml) for these are ready to be used: see [Watch bccd](../howto/watch.md).

## Counted by processes

Each has the label `process` (`front-1`, `filer`, `outbound`, `supervisor`) besides the one in the table.

| name | type | label | by | meaning |
|---|---|---|---|---|
"""
_LOOKED_UP = """
## Looked up when the page is asked for

| name | type | label | meaning |
|---|---|---|---|
"""


def page() -> str:
    """Write the page."""
    looked_up = [
        f"| `{name}` | {kind} | {f'`{label}`' if label else ''} | {text} |"
        for name, (kind, label, text) in SAMPLES.items()
    ]
    return _HEAD + "\n".join(_counted()) + "\n" + _LOOKED_UP + "\n".join(looked_up) + "\n"


def _counted() -> Iterator[str]:
    for family in FAMILIES:
        yield f"| `{family.name}` | {family.kind} | {_label(family)} | {family.by or 'all'} | {family.help} |"


def _label(family: Family) -> str:
    if family.bounds:
        return "`le`"
    return f"`{family.label}`: {', '.join(family.values)}" if family.label else ""


if __name__ == "__main__":
    Path(__file__).parents[2].joinpath("docs/reference/metrics.md").write_text(page(), encoding="utf-8")
