"""Writes metrics in the text form that Prometheus reads (exposition format 0.0.4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bccd.meters.board import FAMILIES, Family, Kind, Slot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sample:
    """A value that was looked up when somebody asked; `of` tells it from others of its name, by `label`."""

    name: str
    kind: Kind
    help: str
    value: float
    label: str = ""
    of: str = ""


def page(slots: Sequence[Slot], samples: Iterable[Sample]) -> bytes:
    """Write the page: what each process counted, then what was looked up."""
    lines = [line for family in FAMILIES for line in _family(family, slots)]
    named = ""
    for sample in sorted(samples, key=lambda one: one.name):
        if sample.name != named:
            lines += _head(sample.name, sample.kind, sample.help)
            named = sample.name
        lines.append(_line(sample.name, {sample.label: sample.of}, sample.value))
    return "\n".join(lines).encode() + b"\n"


def _head(name: str, kind: Kind, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _line(name: str, labels: dict[str, str], value: float) -> str:
    told = ",".join(f'{label}="{_escaped(of)}"' for label, of in labels.items() if label)
    return f"{name}{{{told}}} {_number(value)}" if told else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _family(family: Family, slots: Sequence[Slot]) -> Iterator[str]:
    yield from _head(family.name, family.kind, family.help)
    for slot in slots:
        if family.by not in ("", slot.name.partition("-")[0]):
            continue
        cells = slot.cells[family.start : family.cells.stop]
        who = {"process": slot.name}
        if family.bounds:
            yield from _histogram(family, cells, who)
        else:
            for value, counted in zip(family.values, cells, strict=True):
                yield _line(family.name, who | {family.label: value}, counted)


def _histogram(family: Family, cells: Sequence[float], who: dict[str, str]) -> Iterator[str]:
    so_far = 0.0
    for bound, counted in zip((*family.bounds, None), cells[:-1], strict=True):
        so_far += counted
        limit = "+Inf" if bound is None else f"{bound:g}"
        yield _line(f"{family.name}_bucket", who | {"le": limit}, so_far)
    yield _line(f"{family.name}_sum", who, cells[-1])
    yield _line(f"{family.name}_count", who, so_far)
