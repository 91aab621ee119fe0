"""Header blocks in HTML whose labels no table knows: mark-up says where one is, shape says what is what.

A field is a line of a few words, a colon and a value. The first with an address is the sender, others with
addresses are recipients, one is a date, and what is left is the subject.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from bccd.mail.forward.dates import read_date
from bccd.mail.forward.labels import Role as Field
from bccd.mail.forward.markers import is_framed, is_marker
from bccd.mail.forward.order import Around
from bccd.mail.forward.page import Page
from bccd.mail.forward.people import mailbox_list
from bccd.mail.forward.verdict import Block
from bccd.mail.markup.sheet import Frame
from bccd.mail.markup.signs import Role

_FIELD = re.compile(
    r"[*_]{0,2}([^\W\d_](?:[^\d:：﹕︓՝<>@\t]{0,40}|\w{0,20}))(?:[:：﹕︓՝][*_]{0,2}|\t)\s*+(?!//)(.*)"
)
_BRACKETED = re.compile(r"[<(\[]\s*+[^<>()\[\]\s@]{1,100}@[^<>()\[\]\s]{1,255}[>)\]]")
_ITEMS = re.compile(r"[;,，；]")
_MOST_WORDS = 5  # of a label
_MOST_FIELDS = 12
_MARKER_REACH = 5  # lines at the top of a frame that are no fields: a marker, a rule, empty lines
_FEWEST = 3
_FEWEST_MARKED = 2
_LONGEST_DATE = 160
_LONGEST_LINE = 20_000
_SHORTEST_RULE = 3
_COLONS = (":", "：", "﹕", "︓", "՝")
# These clients print the subject above the date, others below.
_SUBJECT_FIRST = frozenset({"mozilla", "roundcube", "cite"})
_DATE_BEFORE_SENDER = frozenset({"mozilla", "roundcube"})
_OUTLOOK = frozenset({"outlook", "outlook-web", "outlook-mac", "outlook-mobile"})  # sender, date, the others
_FEWEST_DIGITS = 4
# These begin with the sender, who may have a name alone.
_SENDER_FIRST = _OUTLOOK | {"gmail", "cite"}


class _Row(NamedTuple):
    """One field: its line and its value."""

    number: int
    value: str


def with_shaped(page: Page, blocks: Sequence[Block], frames: Sequence[Frame]) -> list[Block]:
    """Add to the blocks that labels told those that only their shape tells, and what announces them."""
    found = {block.start: block for block in blocks}
    for frame in frames:
        block = _block_at(page, frame, found) if frame.sign.role is not Role.SIGNATURE else None
        if block is None:
            continue
        known = found.get(block.start)
        if known is not None:
            opening = min(known.opening, block.opening)
            found[block.start] = replace(known, opening=opening, marker=block.marker, shape="")
        elif all(block.start >= other.end or other.start >= block.end for other in found.values()):
            found[block.start] = block
    return [found[start] for start in sorted(found)]


def _block_at(page: Page, frame: Frame, found: Mapping[int, Block]) -> Block | None:
    """Read the header at the top of a frame, or right above it; None where it adds nothing to those found."""
    until = len(page.texts)
    if frame.sign.role is Role.HEAD and frame.last > frame.first:
        until = min(frame.last, until)
    if frame.sign.role is Role.BODY:
        above, start = _start_above(page, min(frame.first, until))
        until = min(frame.first, until)
    else:
        above, start = _start(page, frame.first, until)
    if start < 0:
        return None
    announced = frame.sign.forward or (above >= 0 and _announces(page, frame, above))
    known = found.get(start)
    if known is not None and known.marker and (not announced or is_marker(known.marker)):
        return None
    rows = list(_rows(page, start, until))
    drawn = above >= 0 and is_framed(page.texts[above])
    if len(rows) < (_FEWEST_MARKED if announced else _FEWEST):
        return None
    values = _values([row.value for row in rows], frame, page.around, announced=announced)
    # An answer's quotation may begin with lines like fields, as those of a form.
    sure = announced or drawn or frame.sign.role is not Role.AROUND
    if values is None or not (sure or _tells_all(page, frame, values)):
        return None
    marker = "marker:shape" if announced else f"html:{frame.sign.client}"
    opening = above if above >= 0 and (announced or drawn) else start
    return Block(opening, start, rows[-1].number + 1, page.depths[start], "", values, marker)


def _tells_all(page: Page, frame: Frame, values: Mapping[Field, str]) -> bool:
    """Tell whether fields name sender, recipient, date and one more, with no author named above the frame."""
    if len(values) <= _FEWEST or not values.keys() >= {Field.SENDER, Field.TO, Field.DATE}:
        return False
    before = page.text_above(frame.first)
    return "@" in values[Field.SENDER] and not before.endswith(_COLONS)


def _start(page: Page, first: int, until: int) -> tuple[int, int]:
    """Find the line that stands above the first field, and that field; -1 for none."""
    above = -1
    for number in range(first, min(first + _MARKER_REACH, until)):
        text = page.texts[number]
        if text and _field(text):
            return above, number
        if text and not _is_rule(text):
            if above >= 0:
                break
            above = number
    return -1, -1


def _start_above(page: Page, end: int) -> tuple[int, int]:
    """Find the first of the fields right above a line, and the line that stands above it; -1 for none."""
    number = end - 1
    while number >= 0 and not page.texts[number]:
        number -= 1
    start = -1
    while number >= 0 and end - number < _MOST_FIELDS * 2 and _is_field(page.texts[number]):
        start = number
        number -= 1
    while number >= 0 and start >= 0 and not page.texts[number]:
        number -= 1
    return (number, start) if number >= 0 and is_framed(page.texts[number]) else (-1, start)


def _is_field(text: str) -> bool:
    return bool(_field(text)) or _is_empty_field(text)


def _field(text: str) -> str:
    """Return the value of a field with few words before its colon; empty if the line is none."""
    match = _FIELD.match(text) if len(text) < _LONGEST_LINE else None
    return match[2] if match and len(match[1].split()) <= _MOST_WORDS else ""


def _is_rule(text: str) -> bool:
    return len(text) >= _SHORTEST_RULE and not any(char.isalnum() for char in text)


def _announces(page: Page, frame: Frame, above: int) -> bool:
    """Tell whether a line above the fields says "forwarded", in whatever words.

    Gmail has such a line in forwards alone, between dashes. Apple Mail's ends in a colon; in an answer the
    line above the quotation names its author.
    """
    text = page.texts[above]
    if frame.sign.client == "gmail":
        return text.startswith("---") and text.endswith("---")
    if frame.sign.client != "cite" or not text.endswith(_COLONS) or any(char.isdigit() for char in text):
        return False
    before = page.text_above(frame.first)
    return not before.endswith(_COLONS)


def _rows(page: Page, start: int, until: int) -> Iterator[_Row]:
    """Give the fields from a line on; they may be paragraphs, but then all of them are."""
    spaced = start + 1 < until and not page.texts[start + 1]
    depth = page.depths[start]
    number = start
    for _ in range(_MOST_FIELDS):
        if number >= until or page.depths[number] != depth:
            return
        if not _is_field(page.texts[number]):
            return
        yield _Row(number, _field(page.texts[number]))
        number += 1
        if spaced and number < until and not page.texts[number]:
            number += 1


def _is_empty_field(text: str) -> bool:
    return text.endswith(_COLONS) and len(text.split()) <= _MOST_WORDS


def _values(
    values: Sequence[str], frame: Frame, around: Around, *, announced: bool
) -> Mapping[Field, str] | None:
    """Tell each field by the shape of its value; None where nobody or too little is named."""
    client = frame.sign.client
    if not announced and client in _OUTLOOK and sum(map(str.isdigit, values[1])) < _FEWEST_DIGITS:
        return None  # a ruled box with something else in it, as the answers to a form
    dated = [at for at, value in enumerate(values) if _is_date(value, around)]
    addressed = [at for at, value in enumerate(values) if at not in dated and _has_address(value)]
    date = -1 if not dated else dated[-1] if client in _SUBJECT_FIRST else dated[0]
    if client in _DATE_BEFORE_SENDER:  # an address above is one in the subject
        addressed = [at for at in addressed if at > date]
    sender = addressed[0] if addressed else -1
    if client in _SENDER_FIRST and 0 not in dated and values[0] and 0 not in addressed:
        sender = 0  # a name alone
    if sender < 0 or (date < 0 and len(addressed) <= 1):
        return None
    others = [at for at in addressed if at != sender]
    left = [at for at, value in enumerate(values) if value and at not in {sender, date, *others}]
    found = {Field.SENDER: values[sender]}
    if date >= 0:
        found[Field.DATE] = values[date]
    found.update({role: values[at] for role, at in zip((Field.TO, Field.CC), others, strict=False)})
    if left:
        found[Field.SUBJECT] = values[_subject(left, values)]
    return found


def _subject(left: Sequence[int], values: Sequence[str]) -> int:
    """Choose the subject among fields that are neither date nor addresses: recipients may be names alone."""
    return left[-1] if len(left) > 1 and left[-1] == len(values) - 1 else left[0]


def _is_date(value: str, around: Around) -> bool:
    if len(value) > _LONGEST_DATE or "@" in value or not any(char.isdigit() for char in value):
        return False
    read = read_date(value, "", around)
    return read.has_clock or read.when is not None


def _has_address(value: str) -> bool:
    """Tell people from a subject with an address in it: theirs is in brackets, or stands by itself."""
    if "@" not in value or not any(box.address for box in mailbox_list(value[:_LONGEST_LINE])):
        return False
    return _BRACKETED.search(value) is not None or any(
        "@" in item and " " not in item.strip() for item in _ITEMS.split(value)
    )
