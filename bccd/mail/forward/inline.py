"""The original inside an inline forward: find its header block, then read what stands in it and below."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bccd.mail.forward.block import Block, find_blocks
from bccd.mail.forward.dates import read_date
from bccd.mail.forward.labels import Role
from bccd.mail.forward.lines import unquote, visible
from bccd.mail.forward.markers import is_marker, marker_of
from bccd.mail.forward.page import Page, page_of
from bccd.mail.forward.people import author, mailbox_list
from bccd.mail.forward.structure import has_structure, text_of
from bccd.model.message import Content, Forward, ForwardKind, Mailbox

_MOST_INNER = 20
_COLONS = (":", "\uff1a", "\u055d")  # the full-width one of East Asia, the Armenian one
_FEWEST_LABELS = 3  # From, a date and one more
_STUB = 50  # a text part is a stub if its HTML is longer than this many times
_BOM = "\ufeff"  # Apple Mail on a phone puts one where the original begins
_LONGEST_ATTRIBUTION = 400

# Outlook 2019 for Mac puts no block above a forward, but this line, and U+FEFF before it.
_OUTLOOK_MAC = re.compile(r"\s*\ufeff")


@dataclass(frozen=True, slots=True)
class Inline:
    """What an inline forward holds: the forwarder's own words and the mails below them."""

    note: str
    forwards: tuple[Forward, ...]


def find_inline(text: str, html: str) -> Inline | None:
    """Find the mail that a text forwards or quotes under a header block; None where there is no block.

    Evidence "marker:*" says that the client called it a forward. A block with "labels:*" alone stands above
    answers too: the caller tells by the recipients. HTML, "" where there is none, fills in addresses that the
    text part lost, and is read itself where the text shows no block.
    """
    inline = _read(page_of(text)) if _may_hold_block(text) else None
    if not html or _suffices(text, html, inline):
        return inline
    marked_up, anchors = text_of(html)
    shown = _read(page_of(marked_up, anchors))
    if inline is None or shown is None:
        return inline or shown
    outer, *rest = inline.forwards
    return Inline(inline.note, (_compared(outer, shown.forwards[0]), *rest))


def _read(page: Page) -> Inline | None:
    """Read the first block that is not itself inside quoted history, and those below it."""
    blocks = list(find_blocks(page))
    outermost = next((at for at, block in enumerate(blocks) if not _in_history(page, block)), None)
    if outermost is None:
        return _read_outlook_mac(page)
    chain = blocks[outermost : outermost + 1 + _MOST_INNER]
    nexts = [block.opening for block in chain[1:]] + [None]
    outer, *inner = (_forward(page, block, until) for block, until in zip(chain, nexts, strict=True))
    note = _note(page, chain[0].opening)
    below = "\n".join(page.raw[_end_of_quote(page, chain[0]) :]).strip("\n")
    return Inline(f"{note}\n\n{below}".strip("\n") if below else note, (replace(outer, inner=tuple(inner)),))


def _end_of_quote(page: Page, block: Block) -> int:
    """Return the line behind a quoted forward: a last paragraph that is not quoted is the forwarder's."""
    end = len(page.raw)
    while end > block.end and page.lines[end - 1].depth < block.depth:
        end -= 1
    parted = end < len(page.raw) and not page.lines[end].text
    return end if parted and end > block.end else len(page.raw)


def _in_history(page: Page, block: Block) -> bool:
    """Tell whether other quoted words stand right above: then an answer quotes a mail that held the block."""
    if block.depth == 0:
        return False
    for number in range(block.opening - 1, -1, -1):
        line = page.lines[number]
        if line.depth == 0:
            return False
        if line.text:
            return True
    return False


def _note(page: Page, opening: int) -> str:
    lines = list(page.raw[:opening])
    while lines and (
        not (text := visible(lines[-1]).strip("> \t")) or marker_of(text).startswith("separator:")
    ):
        lines.pop()
    return "\n".join(line.rstrip() if line != "-- " else line for line in lines).strip("\n")


def _forward(page: Page, block: Block, until: int | None) -> Forward:
    values = block.values
    by = author(values[Role.SENDER])
    read = read_date(values[Role.DATE], block.language) if Role.DATE in values else None
    reply_to = mailbox_list(values.get(Role.REPLY_TO, "")) or by.reply_to
    end = _end_of_quote(page, block)
    content = Content(
        sender=by.sender,
        from_count=1 if by.sender and by.sender.address else 0,
        actual_sender=by.actual_sender,
        reply_to=reply_to,
        to=mailbox_list(values.get(Role.TO, "")),
        cc=mailbox_list(values.get(Role.CC, "")),
        date=read.when if read else None,
        subject=" ".join(values.get(Role.SUBJECT, "").split()),
        text=unquote(page.raw[block.end : end], block.depth).lstrip(_BOM),
        new_text=_new_text(page, block, until),
    )
    evidence = [block.marker] if block.marker else []
    evidence.append(f"labels:{block.language}")
    if by.actual_sender:
        evidence.append("sender:on-behalf-of")
    if by.sender and not by.sender.address:
        evidence.append("sender:name-only")
    evidence.extend(read.defects if read else ("date:missing",))
    return Forward(ForwardKind.INLINE, content, tuple(evidence), _confidence(block, content))


def _confidence(block: Block, content: Content) -> float:
    """Weigh how sure the block is the header of a mail, and its sender the one to trust."""
    score = 0.98 if is_marker(block.marker) else 0.95 if block.marker else 0.9
    if not (content.sender and content.sender.address):
        score -= 0.3
    if content.date is None:
        score -= 0.1
    if not content.to:
        score -= 0.05
    return round(score, 2)


def _new_text(page: Page, block: Block, until: int | None) -> str:
    """Give the words of the original's author: what stands above the next block or quoted answer."""
    end = _end_of_quote(page, block) if until is None else until
    for number in range(block.end, end):
        line = page.lines[number]
        if (
            line.depth == block.depth
            and line.text.endswith((":", "："))
            and _is_attribution(page, number, end)
        ):
            end = number if not _is_wrapped(page, number, block) else number - 1
            break
    text = unquote(page.raw[block.end : end], block.depth).lstrip(_BOM)
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or marker_of(lines[-1].strip()).startswith("separator:")):
        lines.pop()
    return "\n".join(lines)


def _is_attribution(page: Page, number: int, end: int) -> bool:
    """Tell "On ... wrote:" in any language by its shape: a line with a number, right above deeper quoting."""
    line = page.lines[number]
    if len(line.text) > _LONGEST_ATTRIBUTION:
        return False
    around = line.text if number == 0 else f"{page.lines[number - 1].text} {line.text}"
    if not any(char.isdigit() for char in around[-2 * _LONGEST_ATTRIBUTION :]):
        return False
    following = (page.lines[at] for at in range(number + 1, min(number + 3, end)))
    return next((below.depth > line.depth for below in following if below.text), False)


def _is_wrapped(page: Page, number: int, block: Block) -> bool:
    """Tell whether an attribution began on the line above."""
    above = page.lines[number - 1] if number > block.end else None
    has_day = any(char.isdigit() for char in page.lines[number].text.partition("<")[0])
    return bool(above and above.text and above.depth == block.depth and not has_day)


def _read_outlook_mac(page: Page) -> Inline | None:
    """Read a forward of Outlook 2019 for Mac: one attribution line, told from an answer's by U+FEFF alone."""
    for number, raw in enumerate(page.raw):
        if "\ufeff" in raw[:3] and _OUTLOOK_MAC.match(raw):
            forward = _attributed(page, number)
            if forward:
                return Inline(_note(page, number), (forward,))
    return None


def _attributed(page: Page, number: int) -> Forward | None:
    line = page.lines[number].text
    if not line.endswith((":", "：")) or "@" not in line or len(line) > _LONGEST_ATTRIBUTION:
        return None
    read = read_date(line, "")
    name, address = _person_in(line)
    boxes = mailbox_list(address)
    if not read.has_clock or not boxes:
        return None
    text = unquote(page.raw[number + 1 :], 0)
    sender = Mailbox(name, boxes[0].address)
    content = Content(sender=sender, from_count=1, date=read.when, text=text, new_text=text)
    return Forward(ForwardKind.INLINE, content, ("attribution:outlook-mac", *read.defects), 0.7)


_QUOTED_NAME = re.compile(r"[\"„«]\s*([^\"”»<>]{1,200}?)\s*[\"”»]")
_ADDRESS = re.compile(r"[<(]+([^<>()\s@]{1,64}@[^<>()\s]{1,255})[)>]+")
_PLAIN_NAME = re.compile(r"([^\W\d_a-z][\w.'-]*(?:\s[^\W\d_a-z][\w.'-]*){0,4})\s*$")


def _person_in(line: str) -> tuple[str, str]:
    """Find the name and the address in an attribution line."""
    match = _ADDRESS.search(line)
    if match is None:
        return "", ""
    above = line[: match.start()]
    quoted = _QUOTED_NAME.search(above)
    plain = _PLAIN_NAME.search(above.strip())
    name = quoted[1] if quoted else plain[1] if plain else ""
    return name, match[1]


def _may_hold_block(text: str) -> bool:
    """Tell cheaply whether there are lines enough with a label, or the mark that Outlook for Mac leaves."""
    return sum(map(text.count, _COLONS)) >= _FEWEST_LABELS or _BOM in text


def _suffices(text: str, html: str, inline: Inline | None) -> bool:
    """Tell whether the text part says all that the HTML could add.

    Reading the HTML as well costs ten times what the text did (1.5 of 2.3 ms for a mail of 15 KB), and most
    mail has both. A text part that is a mere stub ("your client cannot show HTML") says nothing.
    """
    if inline is None:
        return len(text.strip()) * _STUB >= len(html)
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
    original = replace(
        mine,
        sender=sender,
        from_count=1 if sender and sender.address else 0,
        to=tuple(_filled(box, known) for box in mine.to) or theirs.to,
        cc=tuple(_filled(box, known) for box in mine.cc) or theirs.cc,
        date=mine.date or theirs.date,
    )
    anchors = tuple(item for item in shown.evidence if item.startswith("html:"))
    if sender and theirs.sender and sender.address != theirs.sender.address:
        evidence, confidence = (*told.evidence, "html:differs"), min(told.confidence, 0.5)
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
