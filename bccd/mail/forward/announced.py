"""Forwards without a header block: a marker line alone, or with an attribution, and Outlook for Mac."""

import re
from itertools import islice
from typing import NamedTuple

from msgspec.structs import replace

from bccd.mail.attribution import attribution_at
from bccd.mail.forward.attributed import read_attribution
from bccd.mail.forward.confidence import ATTRIBUTED, OUTLOOK_MAC, UNKNOWN, confidence_of
from bccd.mail.forward.dates import read_date
from bccd.mail.forward.extent import extent, in_history, note_above, with_below
from bccd.mail.forward.lines import unquote
from bccd.mail.forward.markers import is_marker, marker_of, named_in
from bccd.mail.forward.notes import header_below
from bccd.mail.forward.order import Around
from bccd.mail.forward.page import Page
from bccd.mail.forward.people import author, mailbox, mailbox_list
from bccd.model.message import Content, Forward, ForwardKind

_LONGEST_ATTRIBUTION = 400
_MOST_MARKED = 20  # lines that begin with U+FEFF
_REACH = 4  # lines below a marker in which its attribution stands
_FOLDS = 3  # lines that such an attribution may take
_BOM = "\ufeff"
_COLONS = (":", "：")

# Outlook 2019 for Mac puts no block above a forward, but this line, and U+FEFF before it.
_OUTLOOK_MAC = re.compile(r"\s*\ufeff")


def find_marker(page: Page, until: int) -> int | None:
    """Find the first marker line above line `until` that is not itself inside quoted history."""
    for number in page.marked:
        if number >= until:
            break
        if is_marker(marker_of(page.texts[number])) and not in_history(page, number, page.depths[number]):
            return number
    return None


class _Told(NamedTuple):
    """What the lines below a marker tell of the original, and where its text begins."""

    start: int
    content: Content
    evidence: tuple[str, ...]
    confidence: float


def read_announced(page: Page, number: int) -> tuple[str, Forward]:
    """Read what a marker line announces though no header block follows: the note, and the original."""
    marker = marker_of(page.texts[number])
    told = (
        _notes_below(page, number, marker) or _attribution_below(page, number) or _marker_alone(page, number)
    )
    depth = next((page.depths[at] for at in range(told.start, len(page.texts)) if page.texts[at]), 0)
    end, resumes = extent(page, told.start, depth, marker)
    text = unquote(page.raw[told.start : end], depth).lstrip(_BOM)
    original = replace(told.content, text=text, new_text=text)
    forward = Forward(ForwardKind.INLINE, original, (marker, *told.evidence), told.confidence)
    return with_below(page, note_above(page, number), resumes), forward


def _notes_below(page: Page, number: int, marker: str) -> _Told | None:
    """Read the header that Lotus Notes puts below its marker."""
    header = header_below(page, number)
    sender = author(header.sender).sender if header else None
    if header is None or sender is None:
        return None
    read = read_date(header.date, "en", page.around)
    content = Content(
        sender=sender,
        from_count=1 if sender.address else 0,
        to=mailbox_list(header.to),
        cc=mailbox_list(header.cc),
        date=read.when,
        subject=header.subject,
    )
    evidence = ("labels:en", *(() if sender.address else ("sender:name-only",)), *read.defects)
    return _Told(header.end, content, evidence, confidence_of(marker, "", content))


def _attribution_below(page: Page, number: int) -> _Told | None:
    """Read the line or lines with date and author right below a marker, as Yandex and phones write them."""
    first = next((at for at in range(number + 1, min(number + _REACH, len(page.texts))) if page.texts[at]), 0)
    for last in range(first, min(first + _FOLDS, len(page.texts)) if first else 0):
        found = attribution_at(page.raw, last, cited=True)
        read = _attributed(found.words, page.around) if found and found.first == first else None
        if read:
            content, defects = read
            return _Told(last + 1, content, ("attribution:marker", *defects), ATTRIBUTED)
    return None


def _marker_alone(page: Page, number: int) -> _Told:
    """Read whom the marker line itself names, if anybody."""
    named = mailbox(named_in(page.texts[number]))
    if named is None:
        return _Told(number + 1, Content(), ("sender:unknown", "date:missing"), UNKNOWN)
    content = Content(sender=named, from_count=1 if named.address else 0)
    return _Told(number + 1, content, ("attribution:marker", "date:missing"), ATTRIBUTED)


def read_outlook_mac(page: Page) -> tuple[str, Forward] | None:
    """Read a forward of Outlook 2019 for Mac: one attribution line, told from an answer's by U+FEFF alone."""
    marked = (at for at, raw in enumerate(page.raw) if _BOM in raw[:3] and _OUTLOOK_MAC.match(raw))
    for number in islice(marked, _MOST_MARKED):
        read = _attributed(page.texts[number], page.around)
        if read:
            text = unquote(page.raw[number + 1 :], 0)
            content, defects = read
            content = replace(content, text=text, new_text=text)
            evidence = ("attribution:outlook-mac", *defects)
            return note_above(page, number), Forward(ForwardKind.INLINE, content, evidence, OUTLOOK_MAC)
    return None


def _attributed(line: str, around: Around) -> tuple[Content, tuple[str, ...]] | None:
    """Read an attribution line: its author and date, and what the date lacks."""
    if not line.endswith(_COLONS) or len(line) > _LONGEST_ATTRIBUTION:
        return None
    sender, read = read_attribution(line, around)
    if not read.has_clock or sender is None or not sender.address:
        return None
    return Content(sender=sender, from_count=1, date=read.when), read.defects
