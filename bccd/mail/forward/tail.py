"""What the forwarder's client or gateway put below a forward: it is no part of the original.

Mark-up tells where a forward ends (Gmail, Apple Mail, Thunderbird). Text alone tells it by quoting, or by a
signature that names the forwarder. Outlook marks the beginning alone: what stands below its forward stays.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from bccd.mail.digest import normal_text
from bccd.mail.forward.block import Block, find_blocks
from bccd.mail.forward.inline import Inline
from bccd.mail.forward.markers import marker_of
from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.forward.page import page_of
from bccd.mail.forward.shaped import with_shaped
from bccd.mail.forward.structure import has_structure, shown_in
from bccd.mail.html import read_html
from bccd.mail.markup.sheet import Frame as Element
from bccd.mail.markup.sheet import Sheet
from bccd.mail.markup.signs import Role
from bccd.mail.subject import is_forward
from bccd.model.message import Attachment, Content, Mailbox

_TAIL_CAP = 20_000  # characters of mark-up; what is longer is no signature
_TAIL_LINES = 60
_TAIL_TRIES = 5  # of putting a tail in the form in which it is compared
_SIGNATURE_LINES = 15
_HEADER_REACH = 15  # lines between the beginning and the sender's name
# What ends the header, and the gap below it.
_BETWEEN = re.compile(r"(?:\s++|&nbsp;|<br[^<>]*+>|</[a-z0-9]++\s*+>|(?!))*+", re.IGNORECASE)
_RULES = frozenset({"separator:rule", "separator:underscores"})
_BLOCK_REACH = 80  # lines in which the header of a forward ends, its recipients included


@dataclass(frozen=True, slots=True)
class Frame:
    """Where in the HTML a forward stands; `end` is the end of the HTML where that is not known."""

    start: int
    end: int
    body: int  # where its header ends, and what was forwarded begins; -1 where that is not known
    below: int  # index of the first line that stands behind it


def frame_of(inline: Inline, html: str, around: Around = NOWHERE) -> Frame | None:
    """Find the element around the outermost forward; its sender stands at its top."""
    sender = inline.forwards[0].original.sender
    if not html or sender is None or not has_structure(html):
        return None
    sheet = read_html(html)
    name = sender.address or sender.name.casefold()
    for element in sheet.frames:
        if element.sign.role is Role.SIGNATURE:
            continue
        below = element.sign.role is not Role.BODY
        first = element.first if below else max(element.first - _HEADER_REACH, 0)
        lines = sheet.lines[first : first + _HEADER_REACH if below else element.first]
        if name in " ".join(lines).casefold():
            if not below:
                return _framed_body(element, sheet, first, name)
            return _frame(element, sheet, html, _line_behind_header(html, around, first, name))
    return None


def _framed_body(element: Element, sheet: Sheet, first: int, name: str) -> Frame:
    """Measure a forward whose own element begins behind its header."""
    line = next(at for at in range(first, element.first) if name in sheet.lines[at].casefold())
    start = sheet.ends[line - 1] if line else 0
    return Frame(start, element.end, element.start, element.last)


def _frame(element: Element, sheet: Sheet, html: str, line: int) -> Frame:
    """Measure a forward from the element that begins it; of some clients' only the beginning is marked.

    `line` is the one behind its header, -1 where that is not known.
    """
    body = sheet.ends[line - 1] if line > 0 else -1
    if element.sign.role is Role.AROUND and line < element.last and element.end < len(html):
        return Frame(element.start, element.end, body, element.last)
    return Frame(element.start, len(html), body, len(sheet.lines))


def _line_behind_header(html: str, around: Around, first: int, name: str) -> int:
    """Find the line behind the header block, from a line on, whose sender this is; -1 for none."""
    page, blocks = shown_in(html, around)
    block = next((block for block in blocks if block.end > first), None)
    if block is None or block.start < first or not _names_in(block, name):
        # Another block stands above or across: what begins at the line is read by itself.
        frames = [
            frame._replace(first=frame.first - first, last=frame.last - first)
            for frame in page.frames
            if first <= frame.first < first + _BLOCK_REACH
        ]
        anchors = {line - first: known for line, known in page.anchors.items() if line >= first}
        part = page_of("\n".join(page.raw[first : first + _BLOCK_REACH]), anchors, around)
        found = with_shaped(part, list(find_blocks(part)), frames)
        end = next((block.end for block in found if _names_in(block, name)), -1)
        return first + end if end >= 0 else -1
    return block.end


def _names_in(block: Block, name: str) -> bool:
    return any(name in value.casefold() for value in block.values.values())


def markup_of(frame: Frame | None, html: str) -> str:
    """Give the HTML of what was forwarded, as it stands in the wrapper's; empty where it cannot be told."""
    if frame is None or not 0 <= frame.body < frame.end:
        return ""
    behind = _BETWEEN.match(html, frame.body, frame.end)
    return html[behind.end() if behind else frame.body : frame.end]


def without_tail(inline: Inline, html: str, frame: Frame | None, wrapper: Content) -> Inline:
    """Move what stands below the original from its text into the note."""
    outer, *others = inline.forwards
    original = outer.original
    lines = original.text.split("\n")
    if not any(item.startswith("marker:") for item in outer.evidence) and not is_forward(wrapper.subject):
        return inline  # an answer above what it quotes: all below is history
    cut = _framed(lines, html, frame) or _signed(lines, wrapper.sender, original)
    if not cut:
        return inline
    text = "\n".join(lines[:cut]).rstrip("\n")
    tail = "\n".join(lines[cut:]).strip("\n")
    new_text = original.new_text
    if new_text.endswith(tail):
        new_text = new_text[: len(new_text) - len(tail)].rstrip("\n")
    trimmed = replace(outer, original=replace(original, text=text, new_text=new_text))
    return Inline(f"{inline.note}\n\n{tail}".strip("\n"), (trimmed, *others))


def _framed(lines: list[str], html: str, frame: Frame | None) -> int:
    """Return the first line that stands behind the frame in the HTML, too; 0 for none."""
    if frame is None or not 0 < len(html) - frame.end < _TAIL_CAP:
        return 0
    below = normal_text("\n".join(read_html(html).lines[frame.below :]))
    if not below:
        return 0
    room, tries = len(below), _TAIL_TRIES
    for cut in range(len(lines) - 1, max(len(lines) - _TAIL_LINES, 0), -1):
        room -= len(lines[cut])
        if room > 0 or not lines[cut].strip():
            continue  # the tail is shorter than what it must be
        tail = normal_text("\n".join(lines[cut:]))
        tries -= 1
        if len(tail) >= len(below) or not tries:
            return _with_rule(lines, cut) if tail == below else 0
    return 0


def _with_rule(lines: list[str], cut: int) -> int:
    """Return the line of a rule right above, which has no letters to be told by."""
    above = cut - 1
    return above if above > 0 and marker_of(lines[above].strip()) in _RULES else cut


def _signed(lines: list[str], forwarder: Mailbox | None, original: Content) -> int:
    """Return the line of the "-- " above a signature that names the forwarder and not the author."""
    last = max(len(lines) - _SIGNATURE_LINES, 1)
    cut = next((at for at in range(len(lines) - 1, last - 1, -1) if lines[at].rstrip() == "--"), 0)
    if not cut or forwarder is None:
        return 0
    words = " ".join(" ".join(lines[cut + 1 :]).casefold().split())
    author = original.sender or Mailbox("", "")
    return cut if _names(words, forwarder) and not _names(words, author) else 0


def _names(words: str, box: Mailbox) -> bool:
    name = " ".join(box.name.casefold().split())
    return bool((box.address and box.address in words) or (" " in name and name in words))


def files_of(files: Iterable[Attachment], html: str, frame: Frame | None) -> tuple[Attachment, ...]:
    """Return the files of the original: all but pictures that the HTML shows outside of the forward only."""
    if frame is None:
        return tuple(files)
    return tuple(file for file in files if not _is_outside(file, html, frame))


def _is_outside(file: Attachment, html: str, frame: Frame) -> bool:
    name = f"cid:{file.content_id}"
    if not file.content_id or html.find(name, frame.start, frame.end) >= 0:
        return False
    return html.find(name, 0, frame.start) >= 0 or html.find(name, frame.end) >= 0
