"""The mails that an original quotes or forwards itself, down to the first: its chain.

Each hop begins with a header block or an attribution line, at any depth of quoting. Quoting tells where a hop
ends and who goes on; text without quoting belongs to the last hop that began above it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from bccd.mail.attribution import Attribution, attribution_at, may_end
from bccd.mail.forward.attributed import read_attribution
from bccd.mail.forward.block import Block, find_blocks
from bccd.mail.forward.confidence import confidence_of
from bccd.mail.forward.dates import read_date
from bccd.mail.forward.labels import Role
from bccd.mail.forward.lines import unquote
from bccd.mail.forward.markers import marker_of
from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.forward.page import Page, page_of
from bccd.mail.forward.people import author, mailbox_list
from bccd.mail.forward.seasons import placed
from bccd.mail.wrote import LAST_WITHOUT_COLON
from bccd.model.message import Content, Forward, ForwardKind, Quoted

MAX_HOPS = 50

_MOST_TRIES = 2_000  # lines that end in a colon; a text with more is no mail that people quote
_COLONS = ":：﹕︓៖՝"
_FEWEST_LABELS = 3
_ENDING = re.compile(r"(?:[:：﹕︓៖՝]|--)[*_ \t]{0,4}$", re.MULTILINE)
_SILENT = tuple(words for words in LAST_WITHOUT_COLON if not words.isascii())
_BOM = "\ufeff"
_QUOTED = 0.9  # an attribution right above a quote
_FLAT = 0.8  # above text that is not quoted
_NAME_ONLY = 0.2
_UNDATED = 0.2


@dataclass(frozen=True, slots=True)
class _Head:
    """What a hop begins with, and the lines it takes."""

    first: int
    end: int  # the line behind its last
    depth: int  # of its own quoting
    told: Block | Attribution


@dataclass(slots=True)
class _Hop:
    """A mail being read: its lines so far, and the hop last seen inside it."""

    head: _Head | None  # None for the original itself
    depth: int  # of the quoting of its text
    lines: list[str] = field(default_factory=list)
    inner: "_Hop | None" = None


def chain_of(text: str, around: Around = NOWHERE) -> tuple[Quoted, ...]:
    """Read the history in the text of an original, the nearest mail first; at most MAX_HOPS."""
    if not _may_quote(text):
        return ()
    page = page_of(text, around=around)
    heads = _heads(page)
    if not heads:
        return ()
    found: list[Quoted] = []
    for hop in _hops(page, heads):
        quoted = _quoted(hop, page.around, found[-1].date if found else None)
        if quoted:
            found.append(quoted)
    return tuple(found)


def _may_quote(text: str) -> bool:
    """Tell cheaply whether lines may have labels, or one may be an attribution."""
    if sum(map(text.count, _COLONS)) >= _FEWEST_LABELS or _ENDING.search(text):
        return True
    return not text.isascii() and any(words in text for words in _SILENT)


def attached_in(forward: Forward) -> Iterator[Quoted]:
    """Give the whole mails that are attached inside a forward, the outermost first."""
    for inner in forward.inner:
        if inner.kind is ForwardKind.ATTACHED:
            content = inner.original
            yield Quoted(
                content.sender,
                content.date,
                content.subject,
                content.to,
                content.cc,
                content.new_text or content.text,
                inner.evidence,
                inner.confidence,
            )
            yield from inner.chain


def _heads(page: Page) -> list[_Head]:
    """Find all header blocks, and the attributions that stand in none of them, from the top down."""
    heads = [_Head(block.opening, block.end, block.depth, block) for block in find_blocks(page)]
    taken = {number for head in heads for number in range(head.first, head.end)}
    tries = 0
    for number, text in enumerate(page.texts):
        if not text or number in taken or not may_end(text):
            continue
        tries += 1
        if tries > _MOST_TRIES or len(heads) > 2 * MAX_HOPS:
            break
        found = attribution_at(page.raw, number)
        if found and found.first not in taken:
            heads.append(_Head(found.first, number + 1, found.depth, found))
            taken.update(range(found.first, number + 1))
    return sorted(heads, key=lambda head: head.first)[:MAX_HOPS]


def _hops(page: Page, heads: list[_Head]) -> list[_Hop]:
    """Give each line to the hop that it belongs to."""
    stack = [_Hop(None, 0)]
    hops: list[_Hop] = []
    starts = {head.first: head for head in heads}
    number = 0
    while number < len(page.texts):
        head = starts.get(number)
        if head:
            _leave(stack, head.depth)
            hop = _Hop(head, _depth_below(page, head))
            stack[-1].inner = hop
            stack.append(hop)
            hops.append(hop)
            number = head.end
            continue
        if page.texts[number]:
            _enter(stack, page.depths[number])
        stack[-1].lines.append(page.raw[number])
        number += 1
    return hops


def _leave(stack: list[_Hop], depth: int) -> None:
    while len(stack) > 1 and stack[-1].depth > depth:
        stack.pop()


def _enter(stack: list[_Hop], depth: int) -> None:
    """Go up to the hop that a line of this depth belongs to, or down again to one that an answer had left."""
    _leave(stack, depth)
    while (inner := stack[-1].inner) and stack[-1].depth < inner.depth <= depth:
        stack.append(inner)


def _depth_below(page: Page, head: _Head) -> int:
    """Tell how deep the text below a head is quoted: deeper than the head itself, or as deep."""
    for number in range(head.end, min(head.end + 4, len(page.texts))):
        if page.texts[number]:
            return max(page.depths[number], head.depth)
    return head.depth


def _quoted(hop: _Hop, around: Around, nearer: datetime | None) -> Quoted | None:
    """Read one hop; None where its head names nobody and no day."""
    if hop.head is None:
        return None
    around = replace(around, latest=nearer or around.latest)
    text = _text(hop)
    told = hop.head.told
    if isinstance(told, Block):
        return _of_block(told, around, text)
    by = read_attribution(told.words, around)
    date, defects = placed(by.date.when, by.date.defects, around)
    if by.sender is None and date is None:
        return None
    confidence = _QUOTED if told.quoted else _FLAT
    confidence -= 0 if by.sender and by.sender.address else _NAME_ONLY
    confidence -= 0 if date else _UNDATED
    evidence = ("attribution:quoted" if told.quoted else "attribution:flat", *defects)
    return Quoted(by.sender, date, text=text, evidence=evidence, confidence=round(confidence, 2))


def _of_block(block: Block, around: Around, text: str) -> Quoted:
    values = block.values
    by = author(values[Role.SENDER])
    read = read_date(values[Role.DATE], block.language, around) if Role.DATE in values else None
    date, defects = placed(read.when, read.defects, around) if read else (None, ("date:missing",))
    content = Content(
        sender=by.sender,
        to=mailbox_list(values.get(Role.TO, "")),
        cc=mailbox_list(values.get(Role.CC, "")),
        date=date,
        subject=" ".join(values.get(Role.SUBJECT, "").split()),
    )
    evidence = (*((block.marker,) if block.marker else ()), f"labels:{block.language}", *defects)
    return Quoted(
        content.sender,
        content.date,
        content.subject,
        content.to,
        content.cc,
        text,
        evidence,
        confidence_of(block.marker, block.shape, content),
    )


def _text(hop: _Hop) -> str:
    """Give a hop's own words without quoting, and without the rule above the next hop."""
    lines = unquote(hop.lines, hop.depth).lstrip(_BOM).split("\n")
    while lines and (not lines[-1].strip() or marker_of(lines[-1].strip("> \t")).startswith("separator:")):
        lines.pop()
    return "\n".join(lines).strip("\n")
