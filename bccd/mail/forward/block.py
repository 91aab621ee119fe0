"""Header blocks: runs of labelled lines of one language that stand above a quoted mail."""

from collections.abc import Iterator
from dataclasses import replace

from bccd.mail.forward.labels import Role
from bccd.mail.forward.markers import is_framed, is_marker, marker_of
from bccd.mail.forward.page import Page
from bccd.mail.forward.run import joined, read_run, take_folded, told_by
from bccd.mail.forward.verdict import Block, is_block, is_raw_field, shape_of

__all__ = ["Block", "find_blocks"]

_MARKER_REACH = 12  # lines between a marker and its block
_BANNER = 4  # of them that are not empty
_MOST_BLOCKS = 50
_RULES = frozenset({"separator:rule", "separator:underscores"})


def find_blocks(page: Page) -> Iterator[Block]:
    """Find every header block, from the top down."""
    behind = 0
    found = 0
    for start in page.labels:
        if found >= _MOST_BLOCKS:
            return
        if start < behind or page.labels[start].meaning.anywhere:
            continue
        block = _read_block(page, start, behind)
        if block:
            behind = block.end
            found += 1
            yield block


def _read_block(page: Page, start: int, behind: int) -> Block | None:
    run, end = read_run(page, start)
    told = told_by(run.fit)
    if told is None or len(told[1]) <= 1:
        return None
    language, roles = told
    end = take_folded(run, roles.get(len(run.values) - 1, Role.OTHER), page, end)
    values = {roles[place]: joined(parts) for place, (_, parts) in enumerate(run.values) if place in roles}
    depth = page.depths[start]
    opening, marker = _marker_above(page, start, behind)
    block = Block(opening, start, _behind_rule(page, opening, end, marker), depth, language, values, marker)
    technical = run.technical or is_raw_field(page, start - 1)
    if not is_block(page, block, technical=technical):
        return None
    shape = shape_of(block, roles.get(0, Role.OTHER))
    return replace(block, shape=shape) if shape else block


def _behind_rule(page: Page, opening: int, end: int, marker: str) -> int:
    """Step over a rule right below the block, or its marker line once more: they close the header."""
    number = end
    while number < min(end + _MARKER_REACH, len(page.texts)) and not page.texts[number]:
        number += 1
    if number >= len(page.texts):
        return end
    text = page.texts[number]
    if is_marker(marker) and number > opening and text == page.texts[opening]:
        return number + 1
    return number + 1 if number == end and marker_of(text) in _RULES else end


def _marker_above(page: Page, start: int, behind: int) -> tuple[int, str]:
    """Find what announces the block: an anchor of the mark-up, or a line above it.

    A separator stands right above; between a marker and its block a gateway may have put its banner.
    """
    anchor = page.anchors.get(start, "")
    between, first = 0, start
    for number in range(start - 1, max(behind, start - 1 - _MARKER_REACH) - 1, -1):
        text = page.texts[number]
        label = page.labels.get(number)
        if not text or (label and label.meaning.anywhere and not between):
            anchor = anchor or ("" if between else page.anchors.get(number, ""))
            first = number if text else first  # a field that nothing reads may come first
            continue
        marker = "" if page.depths[number] > page.depths[start] else marker_of(text)
        if not marker and is_framed(text):
            marker = "separator:framed"
        if marker and (is_marker(marker) or not between):
            return number, marker if is_marker(marker) or not anchor else anchor
        between += 1
        if between > _BANNER:
            break
    return first, anchor
