"""The event that a mail invites to, read from its iCalendar part (RFC 5545, RFC 5546, RFC 6047)."""

import re
from collections.abc import Iterable

from bccd.mail.charset import decode
from bccd.mail.decode import transfer_decoded
from bccd.mail.part import Part, filename_of

CALENDARS = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
# What people say to each other about one event (RFC 5546 1.4). PUBLISH is none of it: a webinar gives the
# same UID to all who come, and they share no conversation.
_METHODS = frozenset({"REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"})
_UID_CAP = 998  # characters; a longer one is none
_OCTETS_CAP = 512 * 1024  # encoded; an event stands at the top
_PARTS_CAP = 4

_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(
    r'^(BEGIN|END|METHOD|UID)(?:;(?:[^":\n]++|"[^"\n]*+"|(?!))*+)?:(.*)', re.IGNORECASE | re.MULTILINE
)
_METHOD = re.compile(r"^METHOD(?:;[^:\n]*)?:(.*)", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\;,nN])")


def is_calendar(part: Part) -> bool:
    """Tell an iCalendar part by its type or its file name."""
    return part.media_type in CALENDARS or filename_of(part).lower().endswith(".ics")


def event_uid(parts: Iterable[Part]) -> str:
    """Return the UID of the first event that one of these parts asks, answers or cancels; empty for none."""
    calendars = [part for part in parts if is_calendar(part)][:_PARTS_CAP]
    return next((uid for uid in map(_uid_of, calendars) if uid), "")


def scheduled_method(parts: Iterable[Part]) -> str:
    """Return what the first calendar among these parts does, upper case (RFC 5546 1.4); empty for none."""
    for part in parts:
        if is_calendar(part):
            told = part.params.get("method", "") or _METHOD.findall(_text_of(part))[:1]
            return (told if isinstance(told, str) else "".join(told)).strip().upper()
    return ""


def _text_of(part: Part) -> str:
    octets, _ = transfer_decoded(
        part.buffer[part.start : min(part.end, part.start + _OCTETS_CAP)], part.encoding
    )
    return decode(octets, part.params.get("charset", "utf-8"))


def _uid_of(part: Part) -> str:
    return scheduled_uid(_text_of(part), part.params.get("method", ""))


def scheduled_uid(text: str, method: str = "") -> str:
    """Return the UID of the first VEVENT of a text; empty for none, and for methods that schedule nothing.

    `method` is the parameter of the Content-Type, for a calendar that names none itself (RFC 6047 2.4).
    """
    found = ""
    opened: list[str] = []  # the components around a line
    for match in _LINE.finditer(_FOLD.sub("", text)):
        name, value = match[1].upper(), match[2].strip()
        if name == "BEGIN":
            opened.append(value.upper())
        elif name == "END":
            del opened[-1:]
        elif name == "METHOD":
            method = value
        elif not found and opened[-1:] == ["VEVENT"]:
            found = _ESCAPED.sub(lambda escaped: escaped[1] if escaped[1] not in "nN" else " ", value).strip()
    return found if len(found) <= _UID_CAP and method.strip().upper() in _METHODS else ""
