"""Dates of header fields (RFC 5322 3.3, 4.3) and what old programs wrote instead."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bccd.mail.charset import decode

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
# RFC 5322 4.3; military letters say nothing reliable, and any unknown name means -0000.
ZONES = {
    "edt": -240,
    "est": -300,
    "cdt": -300,
    "cst": -360,
    "mdt": -360,
    "mst": -420,
    "pdt": -420,
    "pst": -480,
    "bst": 60,
    "cet": 60,
    "cest": 120,
    "mez": 60,
    "mesz": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
    "jst": 540,
    "kst": 540,
    "hkt": 480,
    "sgt": 480,
    "awst": 480,
    "aest": 600,
    "aedt": 660,
    "nzst": 720,
    "nzdt": 780,
    "sast": 120,
    "west": 60,
    "brt": -180,
    "art": -180,
    "akst": -540,
    "akdt": -480,
    "hst": -600,
}
_TIME = r"(?P<hour>\d{1,2})\s*[:.]\s*(?P<minute>\d{1,2})(?:\s*[:.]\s*(?P<second>\d{1,2})(?:[.,]\d+)?)?"
_ZONE = (
    r"(?:\s*(?:(?:GMT|UTC)(?=\s?[+-]\d))?\s*(?P<sign>[+-])\s*(?P<zh>\d{1,2})(?::?(?P<zm>\d{2}))?(?!\d)"
    r"|\s*(?P<zone>[A-Za-z]{1,5})\b)?"
)
_HALF = r"(?:\s*(?P<half>[AaPp])\.?[Mm]\b\.?)?"
_FORMS = (
    # Mon, 16 Nov 2026 10:00:00 +0100; the day's name, seconds and zone may lack, hyphens may part
    re.compile(
        r"(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3})[a-z]*[\s.,-]+(?P<year>\d{2,4})[\s,]+"
        + _TIME
        + _HALF
        + _ZONE
    ),
    # Mon Nov 16 10:00:00 +0100 2026, as ctime and some scripts write
    re.compile(
        r"(?P<month>[A-Za-z]{3})[a-z]*\s+(?P<day>\d{1,2}),?\s+"
        + _TIME
        + r"(?:\s*(?P<sign>[+-])(?P<zh>\d{2})(?P<zm>\d{2})|\s+(?P<zone>[A-Z]{2,5}))?\s+(?P<year>\d{4})"
    ),
    # Nov 16, 2026 10:00 AM
    re.compile(
        r"(?P<month>[A-Za-z]{3})[a-z]*\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})[\s,]+"
        + _TIME
        + _HALF
        + _ZONE
    ),
    # 2026-11-16T10:00:00+01:00
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[T\s]\s*" + _TIME + _ZONE),
)
_COMMENT = re.compile(r"\([^()]*+\)")
_VALUE_CAP = 200
_COMMENTS_DEEP = 4
_ZONES_WIDE = 15 * 60  # minutes; an offset of more is none
_TURN = 50  # two digits below it are of this century
_LAST_SECOND = 59  # a leap second has no number here


def parse_date(value: bytes | str) -> datetime | None:
    """Return the moment a date field names, aware, UTC; None where it cannot be told."""
    found = _found(value[:_VALUE_CAP])
    return _moment(found) if found else None


def date_offset(value: bytes | str) -> timedelta | None:
    """Return the offset from UTC that a date field names, None where it names none."""
    found = _found(value[:_VALUE_CAP])
    named = found.get("sign") or (found.get("zone") or "").lower() in ZONES
    return _offset(found) if named else None


@lru_cache(maxsize=8)  # a mail is asked for its moment, and for the offset that the moment was told with
def _found(value: bytes | str) -> Mapping[str, str | None]:
    """Find a date in any of the forms, its comments aside (RFC 5322 4.3 lets them stand anywhere)."""
    text = decode(value) if isinstance(value, bytes) else value
    for _ in range(_COMMENTS_DEEP):
        if "(" not in text:
            break
        text = _COMMENT.sub(" ", text)
    return next((match.groupdict() for form in _FORMS if (match := form.search(text))), {})


def _moment(found: Mapping[str, str | None]) -> datetime | None:
    month = found["month"] or ""
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower(), 0)
    hour = int(found["hour"] or 0)
    if half := found.get("half"):
        hour = hour % 12 + (12 if half in "pP" else 0)
    try:
        local = datetime(
            _year(found["year"] or ""),
            number,
            int(found["day"] or 0),
            hour,
            int(found["minute"] or 0),
            min(int(found["second"] or 0), _LAST_SECOND),
            tzinfo=UTC,
        )
        return local - _offset(found)
    except (ValueError, OverflowError):
        return None


def _year(digits: str) -> int:
    """Return a year of four digits (RFC 5322 4.3)."""
    year = int(digits)
    match len(digits):
        case 2:
            return year + (2000 if year < _TURN else 1900)
        case 3:
            return year + 1900
        case _:
            return year


def _offset(found: Mapping[str, str | None]) -> timedelta:
    if sign := found.get("sign"):
        minutes = int(found["zh"] or 0) * 60 + int(found["zm"] or 0)
        if minutes > _ZONES_WIDE:
            return timedelta()
        return timedelta(minutes=-minutes if sign == "-" else minutes)
    return timedelta(minutes=ZONES.get((found.get("zone") or "").lower(), 0))
