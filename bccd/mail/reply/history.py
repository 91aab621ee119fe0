"""Where the history in a text stands: quoted runs, attributions above them, header blocks, marker lines."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_letters, digits

from bccd.mail.attribution import attribution_at
from bccd.mail.forward.block import find_blocks
from bccd.mail.forward.glued import split_glued
from bccd.mail.forward.labels import Label, read_label
from bccd.mail.forward.lines import bare, is_plain, read_lines, visible
from bccd.mail.forward.markers import is_marker, marker_of
from bccd.mail.forward.page import Page, page_of
from bccd.mail.reply.code import spare_code
from bccd.mail.reply.facts.lists import REPLY_ABOVE
from bccd.mail.reply.headers import notes_block, weak_blocks
from bccd.mail.reply.odd import from_address, odd_attribution
from bccd.mail.reply.parts import Kind
from bccd.mail.reply.quoting import may_be_quoted, named_runs, other_quoted, quoted_lines

_FEWEST_LABELS = 3
_MOST_LABELS = 2_000
_MOST_FLOWED = 50
_MOST_TRIES = 2_000  # lines that are looked at closely; no mail of people has as many that end in a colon
_LABEL_REACH = 48  # characters before a label's colon
_LINE_CAP = 400  # characters; no attribution or marker is longer
# A server's words, "host mx.acme.example[192.0.2.1] said:", are nobody's mail.
_HOST = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|\bSMTP\b|\bRCPT\b")
# -----Original Message-----From: Anna Nowak
_GLUED = re.compile(r"(-{3,}[^-\d]{3,60}-{3,})\s*[^\W\d][^:]{0,30}:")
_HYPHENS = {0x2010: "-", 0x2011: "-"}
_SHORTEST_MARKER = 6
_SHORTEST_REQUEST = 15
_SHORTEST = 3  # characters of the last line of an attribution: "写道："
_GAP = 2  # blank lines between an attribution and its quote
_COLON = re.compile("[：﹕︓՝]")
# Lotus Notes, above its header: Anna Nowak ---16.11.2026 10:00:00---Hello Carl, could you
_NOTES = re.compile(r"[^-].{1,100}?-{3}\s?\d{1,4}[./-]\d{1,2}[./-]\d{2,4} [^-]{4,40}-{3}.*")
_KINDS = (Kind.NEW, Kind.QUOTED)
_NEW = Kind.NEW
_RULES = frozenset("-_*=–—‐‑•#~")
_ENDINGS = frozenset(":：﹕-")
_PLAIN_ENDINGS = frozenset(f"{ascii_letters}{digits}.,!?)")


@dataclass(slots=True)
class _Reading:
    """The lines of a text and the kind that each was found to be."""

    lines: Sequence[str]
    quoted: list[bool]
    kinds: list[Kind] = field(default_factory=list)
    tries: int = 0

    def attribution(self, last: int, *, quoted: bool) -> int | None:
        """Return where an attribution that ends in line `last` begins; None where there is none."""
        self.tries += 1
        if self.tries > _MOST_TRIES or _HOST.search(self.lines[last][:_LINE_CAP]):
            return None
        found = attribution_at(self.lines, last, cited=quoted)
        first = found.first if found else odd_attribution(self.lines, last, quoted=quoted)
        return first if first is None else from_address(self.lines, first, last)

    def mark(self, start: int, end: int, kind: Kind) -> None:
        self.kinds[start:end] = [kind] * (end - start)


def history_of(lines: Sequence[str], *, blocks: bool, keep_top: bool) -> list[Kind]:
    """Tell for each line whether it is history or new.

    `blocks` says that a block of header lines begins history, as in an answer. `keep_top` leaves what stands
    below unquoted history that begins the text, for an answer may stand there.
    """
    reading = _Reading(lines, quoted_lines(lines))
    reading.kinds = [_KINDS[quoted] for quoted in reading.quoted]
    _mark_runs(reading)
    start = _opening(reading, blocks=blocks, keep_top=keep_top)
    reading.mark(start, len(lines), Kind.QUOTED)
    if True in reading.quoted:
        spare_code(lines, reading.kinds, reading.quoted)
    return reading.kinds


def _mark_runs(reading: _Reading) -> None:
    """Mark the attribution above each quoted run, and runs quoted by other signs."""
    lines, quoted = reading.lines, reading.quoted
    for start, end in named_runs(lines):
        reading.mark(start, end, Kind.QUOTED)
        quoted[start:end] = [True] * (end - start)
    for number, line in enumerate(lines):
        if quoted[number]:
            if number and not quoted[number - 1]:
                _mark_attribution(reading, number)
        elif line and number and may_be_quoted(line) and _mark_attribution(reading, number):
            end = other_quoted(lines, number)
            reading.mark(number, end, Kind.QUOTED)
            quoted[number:end] = [True] * (end - number)


def _mark_attribution(reading: _Reading, run: int) -> bool:
    """Mark the attribution above a quoted run, if there is one."""
    last = run - 1
    while last > 0 and run - last <= _GAP and not reading.lines[last].strip():
        last -= 1
    if last < 0 or not reading.lines[last].strip():
        return False
    if reading.kinds[last] is not Kind.NEW:
        # Supercite begins with ">" itself.
        line = reading.lines[last].rstrip()
        return line.endswith(":") and line.startswith(">>>>> ") and not reading.quoted[run]
    first = reading.attribution(last, quoted=True)
    if first is None:
        return False
    reading.mark(first, run, Kind.ATTRIBUTION)
    return True


def _opening(reading: _Reading, *, blocks: bool, keep_top: bool) -> int:
    """Return the line from which all is history, by an attribution, a marker or a block."""
    lines, kinds, quoted = reading.lines, reading.kinds, reading.quoted
    starts = _blocks(reading) if blocks else {}
    own = len(lines)  # the first line of the sender's own words
    for number, line in enumerate(lines):
        if quoted[number]:
            if _is_lone(reading, number) and (own < number or not keep_top):
                return number
            continue
        if not line or kinds[number] is not _NEW:
            continue
        plain = len(line) > _LINE_CAP or (_is_plain(line) and number not in starts)
        found = None if plain else _opens(reading, number, line, starts)
        if found is None:
            own = number if own > number and not line.isspace() else own
            continue
        first, behind = found
        own = own if own < first else len(lines)
        if _is_quoted_below(reading, behind) or (keep_top and own > first):
            reading.mark(first, behind, Kind.ATTRIBUTION)
        else:
            return first
    return len(lines)


def _is_plain(line: str) -> bool:
    """Tell at once what most lines are: neither short nor with the signs of what opens history."""
    return (
        line[0].isalpha()
        and line[-1] in _PLAIN_ENDINGS
        and len(line) > _SHORTEST_MARKER
        and "---" not in line
    )


def _may_attribute(reading: _Reading, number: int, text: str, last: str) -> bool:
    """Tell cheaply whether a line may end an attribution."""
    if last == "-":
        # Zoho, on one line or a few: ---- On ... wrote ----
        near = "".join(reading.lines[max(number - 2, 0) : number]) + text
        return text.endswith("--") and any(map(str.isdigit, near[-_LINE_CAP:]))
    return (last in _ENDINGS and len(text) >= _SHORTEST) or (text[:1].isdigit() and "GMT" in text)


def _is_lone(reading: _Reading, number: int) -> bool:
    """Tell an attribution that is quoted, above history that is not: GroupWise writes `>>> On ... wrote:`."""
    quoted = reading.quoted
    if (number and quoted[number - 1]) or (number + 1 < len(quoted) and quoted[number + 1]):
        return False
    line = reading.lines[number].rstrip()
    if len(line) > _LINE_CAP or _is_quoted_below(reading, number + 1):
        return False
    if line.startswith(">>> ") and line.endswith(" >>>"):
        return True
    bare = line.lstrip("> ")
    return bare[-1:] in _ENDINGS and attribution_at([bare], 0) is not None


def _opens(
    reading: _Reading, number: int, line: str, blocks: dict[int, tuple[int, int]]
) -> tuple[int, int] | None:
    """Return the first line of what opens history at a line, and the line behind that; None for nothing."""
    if number in blocks:
        return number, blocks[number][1]
    if len(line) <= _SHORTEST_MARKER and number and (notes := notes_block(reading.lines, number)):
        return notes
    text = line.rstrip()
    if not text[-1:].isascii():
        text = visible(text).rstrip()
    last = text[-1:]
    if _may_attribute(reading, number, text, last):
        first = reading.attribution(number, quoted=False)
        if first is not None:
            return first, number + 1
    mark = text.lstrip("* \t\xa0")[:1]
    if "---" in text and (_NOTES.fullmatch(text) or (":" in text and len(split_glued(text)) > 1)):
        return number, number + 1
    if (mark in _RULES or text.lstrip()[:1] == "*") and text and _is_marker(text):
        return number, number + 1
    return None


def _is_marker(text: str) -> bool:
    words = visible(text).strip(" \t*")
    glued = _GLUED.match(words)
    words = glued[1] if glued else words
    if len(words) < _SHORTEST_MARKER:
        return False
    found = marker_of(words.translate(_HYPHENS).replace("&nbsp;", " "))
    if found:
        return found == "separator:original" or is_marker(found)
    folded = words.casefold()
    return len(words) >= _SHORTEST_REQUEST and any(request in folded for request in REPLY_ABOVE)


def _blocks(reading: _Reading) -> dict[int, tuple[int, int]]:
    """Find the header blocks that are not quoted: by the line that opens each, its first line and its end."""
    lines, quoted = reading.lines, reading.quoted
    labels: dict[int, Label] = {}
    for number, raw in enumerate(lines):
        if quoted[number] or not (":" in raw or not raw.isascii()):
            continue
        start = raw[:_LABEL_REACH]
        if ":" not in start and (start.isascii() or not _COLON.search(start)):
            continue
        plain = raw[:1].isalpha() and raw.isascii()
        label = read_label(raw if plain else bare(raw))
        if label:
            labels[number] = label
            if len(labels) >= _MOST_LABELS:
                break
    odd = weak_blocks(lines, labels) | _flowed(lines, labels)
    if len(labels) < _FEWEST_LABELS:
        return odd
    own = ["" if quoted[number] else raw for number, raw in enumerate(lines)]
    depths, texts = read_lines(own, plain=is_plain("\n".join(own)))
    page = Page(lines, [1 if one else depths[number] for number, one in enumerate(quoted)], texts, labels, {})
    return odd | {block.opening: (block.start, block.end) for block in find_blocks(page)}


def _flowed(lines: Sequence[str], labels: Mapping[int, Label]) -> dict[int, tuple[int, int]]:
    """Find blocks that a program has put on one line."""
    long = [
        number for number in labels if lines[number].count(":") + lines[number].count("：") > _FEWEST_LABELS
    ]
    found: dict[int, tuple[int, int]] = {}
    for number in long[:_MOST_FLOWED]:
        page = page_of(lines[number])
        if len(page.raw) > 1 and any(block.start == 0 for block in find_blocks(page)):
            found[number] = (number, number + 1)
    return found


def _is_quoted_below(reading: _Reading, start: int) -> bool:
    """Tell whether what follows is quoted: then the signs tell what is history."""
    for number in range(start, min(start + 1 + _GAP, len(reading.lines))):
        if reading.lines[number].strip():
            return reading.quoted[number]
    return False
