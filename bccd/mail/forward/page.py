"""A text prepared for reading: its lines, the label each begins with, and anchors known from mark-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bccd.mail.forward.glued import split_flowed, split_glued
from bccd.mail.forward.labels import Label, Role, read_label
from bccd.mail.forward.lines import MAX_DEPTH, Line, read_line, split_lines
from bccd.mail.forward.markers import is_ending, is_marker, marker_of
from bccd.mail.forward.order import NOWHERE, Around, order_shown
from bccd.mail.markup.sheet import Frame

_MOST_LABELS = 5_000  # a text with more is no mail that a person forwards

_MOST_ENDINGS = 50
_DASHES = frozenset("-=")

_NO_ANCHORS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of one text and what stands on them, by line number."""

    raw: Sequence[str]
    lines: Sequence[Line]
    labels: Mapping[int, Label]
    anchors: Mapping[int, str]
    endings: Sequence[int] = ()  # lines that close a forward
    openings: Sequence[int] = ()  # marker lines, where there is a line that closes one
    around: Around = NOWHERE  # what is known of dates in it
    frames: Sequence[Frame] = ()  # what the mark-up says of the lines, where they were HTML


def page_of(
    text: str,
    anchors: Mapping[int, str] = _NO_ANCHORS,
    around: Around = NOWHERE,
    frames: Sequence[Frame] = (),
) -> Page:
    """Prepare a text; anchors name the lines where mark-up says that a quoted mail begins, by its frames."""
    raw = split_lines(text)
    if not anchors and any("---" in line and ":" in line for line in raw):
        raw = [part for line in raw for part in split_glued(line)]
    raw = raw if anchors else split_flowed(raw)
    lines = [read_line(line) for line in raw]
    framed = [at for at, line in enumerate(lines) if line.text[:1] in _DASHES and line.text[-1:] in _DASHES]
    endings = [at for at in framed if is_ending(lines[at].text)][:_MOST_ENDINGS]
    openings = [at for at in framed if is_marker(marker_of(lines[at].text))] if endings else []
    labels = _labels(lines)
    dates = (label.value for label in labels.values() if Role.DATE in label.meaning.known)
    around = replace(around, day_first=order_shown(dates))
    return Page(raw, lines, labels, anchors, endings, openings, around, frames)


def _labels(lines: Sequence[Line]) -> dict[int, Label]:
    labels: dict[int, Label] = {}
    for number, line in enumerate(lines):
        if line.text and line.depth <= MAX_DEPTH and (label := read_label(line.text)):
            labels[number] = label
            if len(labels) >= _MOST_LABELS:
                break
    return labels
