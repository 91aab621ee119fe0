"""Forwards without a header block: a marker line alone, or with an attribution, and Outlook for Mac."""

import re

from bccd.mail.attribution import attribution_at
from bccd.mail.forward.attributed import read_attribution
from bccd.mail.forward.confidence import ATTRIBUTED, OUTLOOK_MAC, UNKNOWN
from bccd.mail.forward.extent import extent, in_history, note_above, with_below
from bccd.mail.forward.lines import unquote
from bccd.mail.forward.markers import is_marker, marker_of, may_mark, named_in
from bccd.mail.forward.order import Around
from bccd.mail.forward.page import Page
from bccd.mail.forward.people import mailbox
from bccd.model.message import Content, Forward, ForwardKind

_LONGEST_ATTRIBUTION = 400
_REACH = 4  # lines below a marker in which its attribution stands
_FOLDS = 3  # lines that such an attribution may take
_BOM = "\ufeff"
_COLONS = (":", "：")

# Outlook 2019 for Mac puts no block above a forward, but this line, and U+FEFF before it.
_OUTLOOK_MAC = re.compile(r"\s*\ufeff")


def find_marker(page: Page, until: int) -> int | None:
    """Find the first marker line above line `until` that is not itself inside quoted history."""
    for number in range(until):
        text = page.lines[number].text
        if not text or not may_mark(text) or not is_marker(marker_of(text)):
            continue
        if not in_history(page, number, page.lines[number].depth):
            return number
    return None


def read_announced(page: Page, number: int) -> tuple[str, Forward]:
    """Read what a marker line announces though no header block follows: the note, and the original."""
    marker, named = marker_of(page.lines[number].text), mailbox(named_in(page.lines[number].text))
    attributed = _attribution_below(page, number)
    start = attributed[0] + 1 if attributed else number + 1
    depth = next((line.depth for line in page.lines[start:] if line.text), 0)
    end, resumes = extent(page, start, depth, marker)
    text = unquote(page.raw[start:end], depth).lstrip(_BOM)
    content = Content(sender=named, from_count=1 if named and named.address else 0, text=text, new_text=text)
    evidence: tuple[str, ...] = (marker, "attribution:marker" if named else "sender:unknown", "date:missing")
    confidence = ATTRIBUTED if named else UNKNOWN
    if attributed:
        _, content, defects = attributed
        content = Content(sender=content.sender, from_count=1, date=content.date, text=text, new_text=text)
        evidence, confidence = (marker, "attribution:marker", *defects), ATTRIBUTED
    forward = Forward(ForwardKind.INLINE, content, evidence, confidence)
    return with_below(page, note_above(page, number), resumes), forward


def _attribution_below(page: Page, number: int) -> tuple[int, Content, tuple[str, ...]] | None:
    """Read the line or lines with date and author right below a marker, as Yandex and phones write them."""
    first = next(
        (at for at in range(number + 1, min(number + _REACH, len(page.lines))) if page.lines[at].text), 0
    )
    for last in range(first, min(first + _FOLDS, len(page.lines)) if first else 0):
        found = attribution_at(page.raw, last, cited=True)
        if found and found.first == first:
            read = _attributed(found.words, page.around)
            return (last, *read) if read else None
    return None


def read_outlook_mac(page: Page) -> tuple[str, Forward] | None:
    """Read a forward of Outlook 2019 for Mac: one attribution line, told from an answer's by U+FEFF alone."""
    for number, raw in enumerate(page.raw):
        if _BOM not in raw[:3] or not _OUTLOOK_MAC.match(raw):
            continue
        read = _attributed(page.lines[number].text, page.around)
        if read:
            text = unquote(page.raw[number + 1 :], 0)
            content, defects = read
            content = Content(
                sender=content.sender, from_count=1, date=content.date, text=text, new_text=text
            )
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
