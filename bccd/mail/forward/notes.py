"""The header of Lotus Notes below "Forwarded by": who and when without labels, then To and Subject."""

import re
from typing import NamedTuple

from bccd.mail.forward.labels import Role
from bccd.mail.forward.markers import marker_of
from bccd.mail.forward.page import Page

_REACH = 14  # lines from the marker to the first label
_LONGEST = 60  # lines of the header
_MOST_ABOVE = 4  # of them that are not empty
_ROLES = frozenset({Role.TO, Role.CC, Role.SUBJECT})
_ENDS = "---"  # of a marker that was wrapped
_ASIDE = "please respond to"

_DAY = re.compile(r"(?<!\S)\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}(?!\d)")
_ON = re.compile(r"\s(?:on|am|le|el|op|il|em|dnia)\Z", re.IGNORECASE)


class NotesHeader(NamedTuple):
    """Who wrote, when, the other fields, and the line behind them."""

    sender: str
    date: str
    to: str
    cc: str
    subject: str
    end: int


def split_dated(value: str) -> tuple[str, str]:
    """Split `Jan Lis/ACME on 08/10/2001 10:55 AM` into who and when, "" where no day is told."""
    match = _DAY.search(value)
    if match is None or "@" in value[match.start() :]:
        return value, ""  # what stands before an address is a name
    return _ON.sub("", value[: match.start()].rstrip()), value[match.start() :]


def header_below(page: Page, marker: int) -> NotesHeader | None:
    """Read the header below a marker line; None where it is no such one."""
    above: list[str] = []
    for number in range(marker + 1, min(marker + _REACH, len(page.texts))):
        label, text = page.labels.get(number), page.texts[number]
        if label and label.roles.get("en") is Role.TO:
            return _fields(page, number, *split_dated(" ".join(above)))
        if not text or text.endswith(_ENDS) or marker_of(text) or text.casefold().startswith(_ASIDE):
            continue
        above.append(label.value if label and label.roles.get("en") is Role.SENDER else text)
        if len(above) > _MOST_ABOVE:
            return None
    return None


def _fields(page: Page, start: int, sender: str, date: str) -> NotesHeader | None:
    """Read To, cc and Subject, with empty lines between them."""
    values: dict[Role, list[str]] = {}
    last, end = Role.TO, start
    for number in range(start, min(start + _LONGEST, len(page.texts))):
        label, text = page.labels.get(number), page.texts[number]
        role = label.roles.get("en") if label else None
        if label and role in _ROLES and role not in values:
            values[role] = [label.value]
            last, end = role, number + 1
        elif text:
            values[last].append(text)
            end = number + 1
        elif last is Role.SUBJECT:
            break
    if not sender or not date or Role.SUBJECT not in values:
        return None
    to, cc, subject = (" ".join(values.get(role, ())) for role in (Role.TO, Role.CC, Role.SUBJECT))
    return NotesHeader(sender, date, to, cc, " ".join(subject.split()), end)
