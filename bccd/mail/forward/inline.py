"""The original inside an inline forward: find its header block, then read what stands in it and below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from msgspec.structs import replace

from bccd.mail.forward.announced import find_marker, read_announced, read_outlook_mac
from bccd.mail.forward.block import Block, find_blocks
from bccd.mail.forward.confidence import DISAGREEING, confidence_of
from bccd.mail.forward.dates import read_date
from bccd.mail.forward.extent import Extent, extent, in_history, note_above, with_below
from bccd.mail.forward.labels import Role
from bccd.mail.forward.lines import unquote
from bccd.mail.forward.markers import marker_of
from bccd.mail.forward.notes import split_dated
from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.forward.page import Page, page_of
from bccd.mail.forward.people import author, mailbox_list
from bccd.mail.forward.structure import has_structure, shown_in
from bccd.model.message import Content, Forward, ForwardKind, Mailbox

_MOST_INNER = 20
_STUB = 50  # a text part is a stub if its HTML is longer than this many times
_BOM = "\ufeff"  # Apple Mail on a phone puts one where the original begins
_LONGEST_ATTRIBUTION = 400
_MOST_CANDIDATES = 5
_MARKS = (":", "\uff1a", "\u055d", "---", "===", _BOM)  # the full-width colon of East Asia, the Armenian one


@dataclass(frozen=True, slots=True)
class Inline:
    """What an inline forward holds: the forwarder's own words and the mails below them."""

    note: str
    forwards: tuple[Forward, ...]


def may_hold_inline(text: str, html: str) -> bool:
    """Tell cheaply whether find_inline may find anything; true is no promise."""
    return _may_hold_block(text) or (bool(html) and not _suffices(text, html, None))


def find_inline(text: str, html: str, around: Around = NOWHERE) -> Inline | None:
    """Find the mail that a text forwards or quotes under a header block; None where there is no block.

    Evidence "marker:*" says that the client called it a forward. A block with "labels:*" alone stands above
    answers too: the caller tells by the recipients. HTML, "" where there is none, fills in addresses that the
    text part lost, and is read itself where the text shows no block.
    """
    inline = None
    if _may_hold_block(text):
        page = page_of(text, around=around)
        inline = _read(page, *_found(page, list(find_blocks(page))))
    if not html or _suffices(text, html, inline):
        return inline
    page, blocks = shown_in(html, around)
    chain, marker = _found(page, blocks)
    if inline is None:
        return _read(page, chain, marker)
    outer, *rest = inline.forwards
    if not chain or marker is not None:
        shown = _read(page, chain, marker)
        first = shown.forwards[0] if shown else None
    else:
        first = _head(page, chain[0])
    if first is None:
        return inline
    if outer.original.sender is None and first.original.sender is not None:
        return _read(page, chain, marker)
    return Inline(inline.note, (_compared(outer, first), *rest))


def _found(page: Page, blocks: Sequence[Block]) -> tuple[Sequence[Block], int | None]:
    """Find the first block that is not itself inside quoted history, and those below; and a marker above."""
    outermost = next((at for at, b in enumerate(blocks) if not in_history(page, b.opening, b.depth)), None)
    chain = [] if outermost is None else blocks[outermost : outermost + 1 + _MOST_INNER]
    return chain, find_marker(page, chain[0].opening if chain else len(page.texts))


def _read(page: Page, chain: Sequence[Block], marker: int | None) -> Inline | None:
    """Read the blocks and what stands below each, or what a marker alone announces."""
    if not chain and marker is None:
        return _inline(read_outlook_mac(page))
    ends = [_extent_of(page, block) for block in chain]
    nexts = [
        below.opening if below and below.opening < end.end else None
        for below, end in zip_longest(chain[1:], ends)
    ]
    read = [
        _forward(page, block, end.end, until) for block, end, until in zip(chain, ends, nexts, strict=True)
    ]
    if marker is not None:
        # What stands between is the original's text: the blocks are of mails that it quotes or forwards.
        note, outer = read_announced(page, marker)
        candidates = (
            () if outer.original.sender else tuple(box for one in read if (box := one.original.sender))
        )
        return Inline(note, (replace(outer, inner=tuple(read), candidates=candidates),))
    note = note_above(page, chain[0].opening)
    forwards: list[Forward] = []
    at = 0
    while at < len(chain):  # what stands below a line that closes a forward is another one
        below = at + 1
        while below < len(chain) and chain[below].opening < ends[at].end:
            below += 1
        inner = tuple(read[at + 1 : below])
        forwards.append(replace(read[at], inner=inner) if inner else read[at])
        note = with_below(page, note, ends[at].resumes, chain[below].opening if below < len(chain) else None)
        at = below
    return Inline(note, tuple(forwards))


def _inline(read: tuple[str, Forward] | None) -> Inline | None:
    return Inline(read[0], (read[1],)) if read else None


def _extent_of(page: Page, block: Block) -> Extent:
    return extent(page, block.end, block.depth, block.marker, page.texts[block.opening])


def _forward(page: Page, block: Block, end: int, until: int | None) -> Forward:
    """Read a block and the text below it, down to a line; `until` another where the next block begins."""
    text = unquote(page.raw[block.end : end], block.depth).lstrip(_BOM)
    last = _last_own(page, block, end if until is None else until)
    own = text if last == end else unquote(page.raw[block.end : last], block.depth).lstrip(_BOM)
    return _head(page, block, text, _without_rules(own))


def _head(page: Page, block: Block, text: str = "", new_text: str = "") -> Forward:
    """Read what a block tells; the text below it is given."""
    values = block.values
    said, day = values[Role.SENDER], values.get(Role.DATE)
    if day is None:
        said, day = split_dated(said)
    by = author(said)
    read = read_date(day, block.language, page.around) if day else None
    reply_to = mailbox_list(values.get(Role.REPLY_TO, "")) or by.reply_to
    content = Content(
        sender=by.sender,
        from_count=1 if by.sender and by.sender.address else 0,
        actual_sender=by.actual_sender,
        reply_to=reply_to,
        to=mailbox_list(values.get(Role.TO, "")),
        cc=mailbox_list(values.get(Role.CC, "")),
        date=read.when if read else None,
        subject=" ".join(values.get(Role.SUBJECT, "").split()),
        text=text,
        new_text=new_text,
    )
    evidence = [block.marker] if block.marker else []
    evidence.append(f"labels:{block.language}" if block.language else "shape:fields")
    if by.actual_sender:
        evidence.append("sender:on-behalf-of")
    if by.sender and not by.sender.address:
        evidence.append("sender:name-only")
    evidence.extend(read.defects if read else ("date:missing",))
    evidence += [block.shape] if block.shape else []
    candidates = () if by.sender else mailbox_list(values[Role.SENDER])[:_MOST_CANDIDATES]
    confidence = confidence_of(block.marker, block.shape, content)
    return Forward(ForwardKind.INLINE, content, tuple(evidence), confidence, candidates=candidates)


def _last_own(page: Page, block: Block, end: int) -> int:
    """Return the line behind the author's own words, who may have answered what is quoted there."""
    for number in range(block.end, end):
        if (
            page.texts[number].endswith((":", "："))
            and page.depths[number] == block.depth
            and _is_attribution(page, number, end)
        ):
            return number if not _is_wrapped(page, number, block) else number - 1
    return end


def _without_rules(text: str) -> str:
    """Return a text without the empty lines and separators at its end."""
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or marker_of(lines[-1].strip()).startswith("separator:")):
        lines.pop()
    return "\n".join(lines)


def _is_attribution(page: Page, number: int, end: int) -> bool:
    """Tell "On ... wrote:" in any language by its shape: a line with a number, right above deeper quoting."""
    text = page.texts[number]
    if len(text) > _LONGEST_ATTRIBUTION:
        return False
    around = text if number == 0 else f"{page.texts[number - 1]} {text}"
    if not any(char.isdigit() for char in around[-2 * _LONGEST_ATTRIBUTION :]):
        return False
    following = (at for at in range(number + 1, min(number + 3, end)) if page.texts[at])
    return next((page.depths[at] > page.depths[number] for at in following), False)


def _is_wrapped(page: Page, number: int, block: Block) -> bool:
    """Tell whether an attribution began on the line above."""
    if number <= block.end or not page.texts[number - 1] or page.depths[number - 1] != block.depth:
        return False
    return not any(char.isdigit() for char in page.texts[number].partition("<")[0])


def _may_hold_block(text: str) -> bool:
    """Tell cheaply whether a line may have a label, or be a marker, or the one of Outlook for Mac."""
    return any(mark in text for mark in _MARKS)


def _suffices(text: str, html: str, inline: Inline | None) -> bool:
    """Tell whether the text part says all that the HTML could add.

    Reading the HTML as well costs ten times what the text did (1.5 of 2.3 ms for a mail of 15 KB), and most
    mail has both. A text part that is a mere stub ("your client cannot show HTML") says nothing.
    """
    if inline is None:
        return len(text.strip()) * _STUB >= len(html) and not has_structure(html)
    return not _lacks_address(inline) and not has_structure(html)


def _lacks_address(inline: Inline) -> bool:
    original = inline.forwards[0].original
    boxes = (original.sender, *original.to, *original.cc)
    return any(box is not None and not box.address for box in boxes) or not original.to


def _compared(told: Forward, shown: Forward) -> Forward:
    """Fill what the text lost from the mark-up; where the two name different senders, believe less."""
    mine, theirs = told.original, shown.original
    known = _by_name((*((theirs.sender,) if theirs.sender else ()), *theirs.to, *theirs.cc))
    sender = _filled(mine.sender, known) if mine.sender else theirs.sender
    to = tuple(_filled(box, known) for box in mine.to) or theirs.to
    cc = tuple(_filled(box, known) for box in mine.cc) or theirs.cc
    date = mine.date or theirs.date
    original = mine
    if (sender, to, cc, date) != (mine.sender, mine.to, mine.cc, mine.date):
        counted = 1 if sender and sender.address else 0
        original = replace(mine, sender=sender, from_count=counted, to=to, cc=cc, date=date)
    anchors = tuple(item for item in shown.evidence if item.startswith("html:"))
    if sender and theirs.sender and sender.address != theirs.sender.address:
        evidence, confidence = (*told.evidence, "html:differs"), min(told.confidence, DISAGREEING)
        return replace(told, evidence=evidence, confidence=confidence, candidates=(sender, theirs.sender))
    evidence = tuple(
        item for item in told.evidence if not sender or not sender.address or item != "sender:name-only"
    )
    confidence = max(told.confidence, shown.confidence if anchors else told.confidence)
    return replace(told, original=original, evidence=(*evidence, *anchors), confidence=confidence)


def _by_name(boxes: tuple[Mailbox, ...]) -> Mapping[str, str]:
    return {box.name.casefold(): box.address for box in reversed(boxes) if box.name and box.address}


def _filled(box: Mailbox, known: Mapping[str, str]) -> Mailbox:
    return box if box.address else Mailbox(box.name, known.get(box.name.casefold(), ""))
