"""A text prepared for reading: its lines, the label each begins with, and anchors known from mark-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bccd.mail.forward.glued import split_flowed, split_glued
from bccd.mail.forward.labels import Label, Role, may_be_labelled, read_label
from bccd.mail.forward.lines import MAX_DEPTH, is_plain, read_lines, split_lines
from bccd.mail.forward.markers import is_ending, is_marker, marker_of, may_be_marked
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
    depths: Sequence[int]  # of quoting
    texts: Sequence[str]  # without quoting and invisible marks
    labels: Mapping[int, Label]
    anchors: Mapping[int, str]
    marked: Sequence[int] = ()  # lines that may be markers
    endings: Sequence[int] = ()  # lines that close a forward
    openings: Sequence[int] = ()  # marker lines, where there is a line that closes one
    around: Around = NOWHERE  # what is known of dates in it
    frames: Sequence[Frame] = ()  # what the mark-up says of the lines, where they were HTML

    def text_above(self, number: int) -> str:
        """Return the nearest text above a line."""
        return next((self.texts[at] for at in range(number - 1, -1, -1) if self.texts[at]), "")


def page_of(
    text: str,
    anchors: Mapping[int, str] = _NO_ANCHORS,
    around: Around = NOWHERE,
    frames: Sequence[Frame] = (),
) -> Page:
    """Prepare a text; anchors name the lines where mark-up says that a quoted mail begins, by its frames."""
    raw, plain = split_lines(text), is_plain(text)
    if not anchors:
        if "---" in text and any("---" in line and ":" in line for line in raw):
            raw = [part for line in raw for part in split_glued(line)]
        raw = split_flowed(raw)
    depths, texts = read_lines(raw, plain=plain)
    marked = may_be_marked(texts)
    framed = [at for at in marked if texts[at][0] in _DASHES and texts[at][-1] in _DASHES]
    endings = [at for at in framed if is_ending(texts[at])][:_MOST_ENDINGS]
    openings = [at for at in framed if is_marker(marker_of(texts[at]))] if endings else []
    labels = _labels(depths, texts, plain=plain)
    first = order_shown(label.value for label in labels.values() if Role.DATE in label.meaning.known)
    if first is not around.day_first:
        around = replace(around, day_first=first)
    return Page(raw, depths, texts, labels, anchors, marked, endings, openings, around, frames)


def _labels(depths: Sequence[int], texts: Sequence[str], *, plain: bool) -> dict[int, Label]:
    labels: dict[int, Label] = {}
    for number in may_be_labelled(texts, plain=plain):
        if depths[number] <= MAX_DEPTH and (label := read_label(texts[number])):
            labels[number] = label
            if len(labels) >= _MOST_LABELS:
                break
    return labels
