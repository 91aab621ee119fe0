"""Header blocks: runs of labelled lines of one language that stand above a quoted mail."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from bccd.mail.forward.dates import read_date
from bccd.mail.forward.labels import ANY, LISTS, PRIMARY, Label, Role, rank
from bccd.mail.forward.markers import is_framed, is_marker, marker_of
from bccd.mail.forward.page import Page

_WRAP = 76  # Gmail folds its text part at 78 columns, others at 76
_SHORT_WRAP = 66
_FOLDED_LIST = 5000  # lines of a To field
_FOLDED = 3  # lines of any other field
_MARKER_REACH = 12  # lines between a marker and its block
_BANNER = 4  # of them that are not empty
_MOST_BLOCKS = 50
_LONGEST_SENDER = 2000
_FEWEST = 3

# A field of a raw mail that no client shows to people, as "Errors-To: ".
_RAW_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,30}(?:-[A-Za-z0-9]{1,30}){1,6}:(?:\s|$)")
# Any other "Word: value", a field that the tables do not know.
_FIELD = re.compile(r"[^\W\d](?:[^\s:@<>,;\"]{0,20} ?){1,3}[:：](?:\s|$)")
# RFC 5322 3.3, as clients of people print it only below a marker line.
_RAW_DATE = re.compile(
    r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|[A-Z]{2,4})\b"
)
_PATCH = re.compile(r"\[[^\]]{0,40}PATCH|From [0-9a-f]{40} ")


@dataclass(frozen=True, slots=True)
class Block:
    """A header block: where it stands, what its lines say, and what made it one."""

    opening: int  # its marker line, or its first line
    start: int
    end: int  # the line behind its last one
    depth: int  # of quoting
    language: str
    values: Mapping[Role, str]
    marker: str  # "marker:*", "separator:*", "html:*" or ""
    shape: str = ""  # "shape:raw", "shape:bare" or "": what makes it less than sure


@dataclass(frozen=True, slots=True)
class _Fit:
    """The languages that all labels so far belong to, with the roles each gives them."""

    roles: Mapping[str, Mapping[Role, int]]

    def narrowed(self, label: Label, number: int) -> "_Fit | None":
        """Add a label; None where it speaks another language or repeats a role."""
        known: dict[str, Mapping[Role, int]] = {}
        for language, seen in (self.roles or _unseen(label)).items():
            role = label.roles.get(language) or label.roles.get("en")
            if role and role not in seen:
                known[language] = {**seen, role: number}
        if known:
            return _Fit(known)
        return self if ANY in label.roles else None


def _unseen(label: Label) -> Mapping[str, Mapping[Role, int]]:
    return {language: {} for language in label.roles if language != ANY}


def find_blocks(page: Page) -> Iterator[Block]:
    """Find every header block, from the top down."""
    behind = 0
    found = 0
    for start in page.labels:
        if found >= _MOST_BLOCKS:
            return
        if start < behind or page.labels[start].roles.keys() == {ANY}:
            continue
        block = _read_block(page, start, behind)
        if block:
            behind = block.end
            found += 1
            yield block


@dataclass(slots=True)
class _Run:
    """Labelled lines being read: their values and the lines that may continue the last one."""

    fit: _Fit
    values: list[tuple[int, list[str]]]
    pending: list[str]
    last: Label
    technical: bool = False

    def can_fold(self, text: str, *, in_list: bool) -> bool:
        """Tell whether a line may still belong to the last field, should another field follow."""
        if len(self.pending) < _FOLDED:
            return True
        return in_list and len(self.pending) < _FOLDED_LIST and any(mark in text for mark in "@<>,;")

    def add(self, number: int, label: Label, fit: _Fit) -> None:
        if self.values:
            in_subject = Role.SUBJECT in self.last.roles.values()
            self.values[-1][1].extend(line for line in self.pending if in_subject or not _FIELD.match(line))
            self.technical = self.technical or any(_RAW_FIELD.match(line) for line in self.pending)
        self.pending = []
        self.last = label
        self.fit = fit
        self.technical = self.technical or label.roles.get(ANY) is Role.TECHNICAL
        self.values.append((number, [label.value]))


def _read_block(page: Page, start: int, behind: int) -> Block | None:
    run, end = _read_run(page, start)
    language = _language(run.fit)
    if language is None or len(run.fit.roles[language]) <= 1:
        return None
    by_line = {number: role for role, number in run.fit.roles[language].items()}
    end = _take_folded(run, by_line.get(run.values[-1][0], Role.OTHER), page, end)
    values = {
        by_line[number]: " ".join(part for part in parts if part)
        for number, parts in run.values
        if number in by_line
    }
    depth = page.lines[start].depth
    opening, marker = _marker_above(page, start, behind)
    block = Block(opening, start, _behind_rule(page, opening, end, marker), depth, language, values, marker)
    technical = run.technical or _is_raw_field(page, start - 1)
    if not _is_block(page, block, technical=technical):
        return None
    first = by_line.get(start, Role.OTHER)
    return replace(block, shape=_shape(block, first)) if not marker else block


def _behind_rule(page: Page, opening: int, end: int, marker: str) -> int:
    """Step over a rule right below the block, or its marker line once more: they close the header."""
    number = end
    while number < min(end + _MARKER_REACH, len(page.lines)) and not page.lines[number].text:
        number += 1
    if not marker or number >= len(page.lines):
        return end
    text = page.lines[number].text
    again = number > opening and text == page.lines[opening].text and is_marker(marker)
    return number + 1 if again or (number == end and marker_of(text) == "separator:rule") else end


def _shape(block: Block, first: Role) -> str:
    """Name what a block that nothing announces has in common with headers that no client wrote."""
    if not block.values.keys() & {Role.DATE, Role.SUBJECT}:
        return "shape:bare"
    # A client that prints the subject first prints the date as it came (Thunderbird, Roundcube).
    raw = (
        first is not Role.SUBJECT
        and block.language == "en"
        and _RAW_DATE.match(block.values.get(Role.DATE, ""))
    )
    return "shape:raw" if raw else ""


def _is_raw_field(page: Page, number: int) -> bool:
    if number < 0:
        return False
    above = page.labels.get(number)
    known = above is not None and above.roles.get(ANY) is Role.TECHNICAL
    return known or bool(_RAW_FIELD.match(page.lines[number].text))


def _read_run(page: Page, start: int) -> tuple[_Run, int]:
    """Read labelled lines and what folds between them; give the run and the line behind its last label."""
    run = _Run(_Fit({}), [], [], page.labels[start])
    depth, number, end, blanks = page.lines[start].depth, start, start, 0
    while number < len(page.lines):
        line = page.lines[number]
        label = page.labels.get(number)
        if line.depth != depth:
            if not _lost_quoting(page, number, run):
                break
            run.pending.append(line.text)
            number += 1
            continue
        fit = run.fit.narrowed(label, number) if label else None
        if label and fit:
            run.add(number, label, fit)
            end = number + 1
        elif line.text:
            if label or not run.can_fold(line.text, in_list=_is_list(page, run.values[-1][0])):
                break
            run.pending.append(line.text)
        else:
            # Fields may stand as paragraphs, but then all of them do.
            following = page.labels.get(number + 1)
            if blanks != len(run.values) - 1 or not following or not run.fit.narrowed(following, number + 1):
                break
            blanks += 1
        number += 1
    return run, end


def _lost_quoting(page: Page, number: int, run: _Run) -> bool:
    """Tell whether a line of a list was wrapped after it was quoted, so that its rest stands outside."""
    text = page.lines[number].text
    if not run.values or not _is_list(page, run.values[-1][0]) or not any(mark in text for mark in "@<>,;"):
        return False
    following = page.lines[number + 1] if number + 1 < len(page.lines) else None
    return bool(following and following.text and following.depth == page.lines[run.values[0][0]].depth)


def _is_list(page: Page, number: int) -> bool:
    return any(role in LISTS for role in page.labels[number].roles.values())


def _language(fit: _Fit) -> str | None:
    """Choose the language that knows the sender's line, and the likeliest of those."""
    known = [language for language, roles in fit.roles.items() if Role.SENDER in roles]
    return min(known, key=rank, default=None)


def _take_folded(run: _Run, last: Role, page: Page, end: int) -> int:
    """Give the last field the lines that fold it, and nothing of the text that follows."""
    parts = run.values[-1][1]
    if run.pending and not any(parts) and all(not values[0] for _, values in run.values):
        parts.append(run.pending.pop(0))  # each value stands below its label
        end += 1
    previous = page.lines[end - 1].text
    for text in run.pending:
        folded = len(previous) + 1 + len(text.partition(" ")[0]) > _WRAP
        if last in LISTS:
            belongs = previous.endswith((",", ";")) or text.startswith("<") or (folded and "@" in text)
        else:
            after = page.lines[end + 1].text if end + 1 < len(page.lines) else ""
            belongs = last is Role.SUBJECT and not after and (folded or _goes_on(previous, text))
        if not belongs:
            break
        parts.append(text)
        previous = text
        end += 1
    return end


def _goes_on(subject: str, text: str) -> bool:
    """Tell whether a line goes on with a subject that a program with short lines has wrapped."""
    return (
        len(subject) + 1 + len(text.partition(" ")[0]) > _SHORT_WRAP
        and text[0].islower()
        and len(text) < _WRAP
    )


def _marker_above(page: Page, start: int, behind: int) -> tuple[int, str]:
    """Find what announces the block: an anchor of the mark-up, or a line above it.

    A separator stands right above; between a marker and its block a gateway may have put its banner.
    """
    anchor = page.anchors.get(start, "")
    between = 0
    for number in range(start - 1, max(behind, start - 1 - _MARKER_REACH) - 1, -1):
        line = page.lines[number]
        if not line.text:
            anchor = anchor or ("" if between else page.anchors.get(number, ""))
            continue
        marker = "" if line.depth > page.lines[start].depth else marker_of(line.text)
        if not marker and is_framed(line.text):
            marker = "separator:framed"
        if marker and (is_marker(marker) or not between):
            return number, marker if is_marker(marker) or not anchor else anchor
        between += 1
        if between > _BANNER:
            break
    return start, anchor


def _is_block(page: Page, block: Block, *, technical: bool) -> bool:
    """Weigh the evidence: what is not announced must look like a client's block in every respect."""
    sender = block.values.get(Role.SENDER, "")
    roles = PRIMARY & block.values.keys()
    if not sender or len(sender) > _LONGEST_SENDER or _is_patch(page, block):
        return False
    if is_marker(block.marker):
        return len(roles) > 1
    if (technical and not block.marker) or len(roles) < _FEWEST:
        return False
    return _tells_enough(block, roles)


def _tells_enough(block: Block, roles: AbstractSet[Role]) -> bool:
    sender = block.values[Role.SENDER]
    if not roles & {Role.DATE, Role.SUBJECT}:
        return all("@" in block.values[role] for role in roles)
    read = read_date(block.values.get(Role.DATE, ""), block.language)
    if not read.has_clock:
        return _is_drawn(block, dated=read.when is not None)
    return Role.SUBJECT in roles or ("@" in sender and bool(roles & {Role.TO, Role.CC}))


def _is_drawn(block: Block, *, dated: bool) -> bool:
    """Tell whether mark-up or a rule makes up for a date that lacks its clock."""
    sender, to = block.values[Role.SENDER], block.values.get(Role.TO, "")
    if block.marker.startswith("html:"):
        return dated or "@" in sender
    return bool(block.marker) and dated and Role.SUBJECT in block.values and "@" in f"{sender}{to}"


def _is_patch(page: Page, block: Block) -> bool:
    if block.marker and is_marker(block.marker):
        return False
    above = page.raw[block.start - 1] if block.start else ""
    return bool(_PATCH.match(block.values.get(Role.SUBJECT, "")) or _PATCH.match(above.lstrip("> ")))
