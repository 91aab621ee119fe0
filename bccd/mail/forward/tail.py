"""What the forwarder's client or gateway put below a forward: it is no part of the original.

Mark-up tells where a forward ends (Gmail, Apple Mail, Thunderbird). Text alone tells it by quoting, or by a
signature that names the forwarder. Outlook marks the beginning alone: what stands below its forward stays.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bccd.mail.digest import normal_text
from bccd.mail.forward.inline import Inline
from bccd.mail.html import html_text
from bccd.mail.subject import is_forward
from bccd.model.message import Attachment, Content, Mailbox

_TAIL_CAP = 20_000  # characters of mark-up; what is longer is no signature
_TAIL_LINES = 60
_SIGNATURE_LINES = 15

# The element around a forward, the first in the mail; of Outlook's only the beginning.
_FRAME = re.compile(
    r"""
    <(?:
      (?P<name>div)\b
        (?= [^>]{0,300} class \s*=\s* ["']? [^"'>]{0,100} (?: gmail_quote | moz-forward-container )\b )
    | (?P<cite>blockquote)\b (?=[^>]{0,300} type \s*=\s* ["']?cite)
    | div\b [^>]{0,300} (?: divRplyFwdMsg | border-top:\s*solid )
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HEADER_REACH = 4_000  # characters between the beginning and the sender's name
_TAGS = {
    "div": re.compile(r"<(/?)div\b[^>]*>?", re.IGNORECASE),
    "blockquote": re.compile(r"<(/?)blockquote\b[^>]*>?", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where in the HTML a forward stands; `end` is the end of the HTML where that is not known."""

    start: int
    end: int


def frame_of(inline: Inline, html: str) -> Frame | None:
    """Find the element around the outermost forward; its sender stands at its top."""
    opened = _FRAME.search(html) if html else None
    sender = inline.forwards[0].original.sender
    if opened is None or sender is None:
        return None
    head = html[opened.start() : opened.start() + _HEADER_REACH].casefold()
    if (sender.address or sender.name.casefold()) not in head:
        return None
    name = (opened["name"] or opened["cite"] or "").lower()
    depth = 0
    for tag in _TAGS[name].finditer(html, opened.start()) if name else ():
        depth += -1 if tag[1] else 1
        if not depth:
            return Frame(opened.start(), tag.end())
    return Frame(opened.start(), len(html))


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
    below = normal_text(html_text(html[frame.end :])[0])
    if not below:
        return 0
    tail = ""
    for cut in range(len(lines) - 1, max(len(lines) - _TAIL_LINES, 0), -1):
        if lines[cut].strip():
            tail = normal_text("\n".join(lines[cut:]))
            if len(tail) >= len(below):
                return cut if tail == below else 0
    return 0


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
