"""Which runs of labelled lines are the header block of a mail, and what makes one less than sure."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bccd.mail.forward.dates import read_date
from bccd.mail.forward.labels import PRIMARY, Role
from bccd.mail.forward.markers import is_marker
from bccd.mail.forward.page import Page

_LONGEST_SENDER = 2000
_FEWEST = 3  # roles of a block that nothing announces
_FEWEST_DIGITS = 4  # of a day and its clock
_WHOLE = frozenset({Role.SENDER, Role.TO, Role.DATE, Role.SUBJECT})
_ANNOUNCED = ("marker:", "separator:original", "html:")

# A field of a raw mail that no client shows to people, as "Errors-To: ".
RAW_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,30}(?:-[A-Za-z0-9]{1,30}){1,6}:(?:\s|$)")
# RFC 5322 3.3, as clients print it only below a marker line.
_RAW_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|[A-Z]{2,4})\b"
)
_PATCH = re.compile(r"\[[^\]]{0,40}PATCH")
_COMMIT = re.compile(r"From [0-9a-f]{40} ")


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


def is_block(page: Page, block: Block, *, technical: bool) -> bool:
    """Weigh the evidence: what is not announced must look like a client's block in every respect."""
    sender = block.values.get(Role.SENDER, "")
    roles = PRIMARY & block.values.keys()
    if not sender or len(sender) > _LONGEST_SENDER:
        return False
    if is_marker(block.marker):
        return len(roles) > 1
    if not _is_announced(block) and (technical or _is_patch(page, block)):
        return False
    if len(roles) < _FEWEST:
        return block.marker == "separator:original" and len(roles) > 1 and "@" in sender
    return _tells_enough(page, block, roles)


def shape_of(block: Block, first: Role) -> str:
    """Name what a block that nothing announces has in common with headers that no client wrote.

    `first` is the role of its first line. A rule above says nothing: digests and logs have one, too.
    """
    if _is_announced(block):
        return ""
    if not block.values.keys() & {Role.DATE, Role.SUBJECT}:
        return "shape:bare"
    # A client that prints the subject first prints the date as it came (Thunderbird, Roundcube).
    return "shape:raw" if first is not Role.SUBJECT and _has_raw_date(block) else ""


def is_raw_field(page: Page, number: int) -> bool:
    """Tell whether a line shows a field of a raw mail."""
    if number < 0:
        return False
    above = page.labels.get(number)
    known = above is not None and above.meaning.technical
    return known or bool(RAW_FIELD.match(page.texts[number]))


def _is_announced(block: Block) -> bool:
    return block.marker.startswith(_ANNOUNCED)


def _has_raw_date(block: Block) -> bool:
    return block.language == "en" and bool(_RAW_DATE.match(block.values.get(Role.DATE, "")))


def _tells_enough(page: Page, block: Block, roles: AbstractSet[Role]) -> bool:
    sender = block.values[Role.SENDER]
    if not roles & {Role.DATE, Role.SUBJECT}:
        return all("@" in block.values[role] for role in roles)
    read = read_date(block.values.get(Role.DATE, ""), block.language, page.around)
    if not read.has_clock:
        whole = read.when is None and _is_whole(block, roles)
        return whole or _is_drawn(block, dated=read.when is not None)
    return Role.SUBJECT in roles or ("@" in sender and bool(roles & {Role.TO, Role.CC}))


def _is_whole(block: Block, roles: AbstractSet[Role]) -> bool:
    """Tell a block that is whole but for a date of another calendar, or in words that no table knows."""
    told = block.values.get(Role.DATE, "")
    dated = sum(char.isdigit() for char in told) >= _FEWEST_DIGITS
    return dated and roles >= _WHOLE and "@" in block.values[Role.SENDER] and "@" in block.values[Role.TO]


def _is_drawn(block: Block, *, dated: bool) -> bool:
    """Tell whether mark-up or a rule makes up for a date that lacks its clock."""
    sender, to = block.values[Role.SENDER], block.values.get(Role.TO, "")
    if block.marker.startswith("html:"):
        return dated or "@" in sender
    if block.marker == "separator:original":
        return True
    return bool(block.marker) and dated and Role.SUBJECT in block.values and "@" in f"{sender}{to}"


def _is_patch(page: Page, block: Block) -> bool:
    """Tell the header of a patch (git format-patch) from a client's block above a mail about one."""
    above = page.raw[block.start - 1] if block.start else ""
    if _COMMIT.match(above.lstrip("> ")):
        return True
    return bool(_PATCH.match(block.values.get(Role.SUBJECT, ""))) and _has_raw_date(block)
