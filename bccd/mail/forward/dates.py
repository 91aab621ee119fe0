"""The date line of a forwarded block or an attribution, as clients of many languages write it.

Rules of the zone: a zone that the line names wins. Else the time is given as if in UTC, with the defect
"date:zone-unknown", and the caller puts it into the forwarder's own zone, in which his client printed it:
that of his Date field, or the one that Thread-Index bears out where Exchange wrote the field in UTC.
Nothing is guessed: what can be read in two ways, or stands in another calendar (Buddhist, Hijri, Jalali, a
Japanese era), is unknown.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from bccd.mail.forward.almanac import (
    LONGEST_PHRASE,
    first_words,
    fold,
    joined_parts,
    months_named,
    own_month,
    part_anywhere,
    part_named,
    weekdays_named,
    words_of,
)
from bccd.mail.forward.days import Day, find_day
from bccd.mail.forward.order import NOWHERE, Around, day_of
from bccd.mail.forward.zones import zone_in

_LONGEST = 200  # characters
_REMEMBERED = 128  # dates: one line is asked about by several readers of a mail
_NOON = 12
_LAST_SECOND = 59
_HOURS, _MINUTES = 24, 60
_BESIDE = 2  # characters between a clock and its part of the day

_RFC = re.compile(
    r"(?:[a-z]{3,9}, )?(\d{1,2}) ([a-z]{3})[a-z]{0,6} (\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d))? ([+-]\d{4})"
)
# What Outlook, Gmail and Apple Mail print in Latin or Cyrillic letters: `Monday, March 9, 2026 9:15 AM`,
# `pon., 9 mar 2026 o 09:15`. The rules below read the same in it, in seven times as long.
_LETTERS = r"([a-z\u00e0-\u024f\u0430-\u045f]{3,20})"
_USUAL = re.compile(
    rf"(?:{_LETTERS}\.?,? )?(?:(\d{{1,2}}) {_LETTERS}\.?|{_LETTERS} (\d{{1,2}}),) ((?:19|20)\d\d)"
    r"(?: (?:at|o))? (\d{1,2}):(\d\d)(?: ([ap]m))?\Z"
)
_ENGLISH = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905 - reads best
_OTHER_CALENDAR = re.compile(
    r"令和|平成|昭和|民國|民国|佛历|พ\.?\s?ศ|พุทธ|ه‍|(?<!\w)هـ|ه\.?\s?[قش](?!\w)|هجری|\bb\.?e\.(?!\w)|\ba\.?h\.(?!\w)"
)
_CLOCK = re.compile(
    r"(?<![\d.:])(\d{1,2})\s?[:.h]\s?(\d{2})(?:\s?[:.]\s?(\d{2}))?(?!\d)"
    r"|(?<!\d)(\d{1,2})\s?(?:[時时시点點]|นาฬิกา|ໂມງ)\s?(\d{1,2})\s?(?:[分분]|นาที|ນາທີ)(?:\s?(\d{1,2})\s?(?:[秒초]|วินา|ວິ))?"
    r"|(?<![\d.:/-])(\d{1,2})(?:\s?(?:uhr|heures?|h|時|时|시|点|點)(?![^\W_])|(?=\s?[ap]\.?\s?m\b))"
)
_OF_CLOCK = frozenset({"uhr", "ч", "часа", "h", "hodin", "godz", "น"})
_UPPER = re.compile(r"\d\s?[AP]M\b")


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date as read: in UTC, or None where it could not be told; and what was missing."""

    when: datetime | None
    has_clock: bool = False
    defects: tuple[str, ...] = ()


class _Clock(NamedTuple):
    """A time of day as written, and where."""

    hour: int
    minute: int
    second: int
    start: int
    end: int


def read_date(value: str, language: str, around: Around = NOWHERE) -> ReadDate:
    """Read a client's date line; `language` and `around` settle names of months and the order of numbers."""
    return _read(value[:_LONGEST], language, around)


@lru_cache(maxsize=_REMEMBERED)
def _read(value: str, language: str, around: Around) -> ReadDate:
    usual = _USUAL.match(value.casefold())
    return (usual and _read_usual(usual, language)) or _read_any(value, language, around)


def _read_usual(match: re.Match[str], language: str) -> ReadDate | None:
    """Read a date whose words can mean one thing only; None for any other."""
    weekday, name = match[1] or "", match[3] or match[4]
    month = own_month(name, language)
    if month is None or months_named(name) != (month,) or weekdays_named(name, language):
        return None
    if months_named(weekday) or not first_words().isdisjoint((weekday, name)):
        return None
    day = day_of(int(match[6]), month, int(match[2] or match[5]))
    hour, minute = _hour(int(match[7]), match[9] or ""), int(match[8])
    if day is None or hour is None or hour >= _HOURS or minute >= _MINUTES:
        return None
    when = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return ReadDate(when, True, ("date:zone-unknown",))


def _read_any(value: str, language: str, around: Around) -> ReadDate:
    text = fold(value)
    match = _RFC.match(text)
    if match and match[2] in _ENGLISH:
        return _read_rfc(match)
    found = find_day(text, language, around, upper=_UPPER.search(value) is not None)
    clock = _find_clock(text, found)
    if found is None or found.day is None or _OTHER_CALENDAR.search(text):
        has_clock = clock is not None and ":" in text[clock.start : clock.end]
        return ReadDate(
            None, has_clock, ("date:ambiguous" if found and found.ambiguous else "date:unreadable",)
        )
    day = found.day
    if clock is None:
        return ReadDate(datetime(day.year, day.month, day.day, tzinfo=UTC), defects=("date:day-only",))
    hour = _hour(clock.hour, _part_of_day(text, clock, language))
    if hour is None:
        return ReadDate(None, has_clock=True, defects=("date:ambiguous",))
    zone = _zone(text, found, clock, around)
    second = min(clock.second, _LAST_SECOND)
    try:
        when = datetime(day.year, day.month, day.day, hour, clock.minute, second, tzinfo=UTC)
    except ValueError:
        return ReadDate(None, has_clock=True, defects=("date:unreadable",))
    return ReadDate(when - (zone or timedelta(0)), True, () if zone is not None else ("date:zone-unknown",))


def _read_rfc(match: re.Match[str]) -> ReadDate:
    """Read the form of RFC 5322 3.3, which half of all clients print."""
    try:
        local = datetime(
            int(match[3]),
            _ENGLISH[match[2]],
            int(match[1]),
            int(match[4]),
            int(match[5]),
            min(int(match[6] or 0), _LAST_SECOND),
            tzinfo=UTC,
        )
        zone = zone_in(match[7])
        return ReadDate(local - (zone or timedelta(0)), has_clock=True)
    except (ValueError, OverflowError):
        return ReadDate(None, has_clock=True, defects=("date:unreadable",))


def _zone(text: str, found: Day, clock: _Clock, around: Around) -> timedelta | None:
    """Find a zone behind the clock, or between the day and the clock, as in Chinese."""
    before = clock.end <= found.start
    zone = zone_in(text[found.end :] if before else text[clock.end :], around.offset)
    if zone is None and clock.start > found.end:
        return zone_in(text[found.end : clock.start], around.offset)
    return zone


def _find_clock(text: str, found: Day | None) -> _Clock | None:
    match = _CLOCK.search(text, found.end if found else 0)
    if match is None and found:
        # Before the day, or within it: "Tue Mar 5 14:07:21 EST 2024".
        match = _CLOCK.search(text[: found.start]) or _CLOCK.search(text[: found.end], found.start)
    if match is None:
        return None
    hour, minute, second = match[1] or match[4] or match[7], match[2] or match[5], match[3] or match[6]
    return _Clock(int(hour), int(minute or 0), int(second or 0), match.start(), match.end())


def _part_of_day(text: str, clock: _Clock, language: str) -> str:
    """Find the word for the part of the day: behind the clock, or before it, or within a run of letters."""
    words = words_of(text)
    behind = [word for word in words if word.start() >= clock.end]
    if behind and behind[0][0] in _OF_CLOCK:
        behind = behind[1:]
    if behind and behind[0].start() - clock.end <= _BESIDE + len("hodin"):
        for size in range(min(LONGEST_PHRASE, len(behind)), 0, -1):
            phrase = " ".join(word[0] for word in behind[:size])
            # A short word of another language counts where nothing follows.
            part = part_named(phrase, language) or (part_anywhere(phrase) if size == len(behind) else "")
            if part:
                return part
    before = [word for word in words if word.end() <= clock.start]
    if before and clock.start - before[-1].end() <= _BESIDE:
        for size in range(min(LONGEST_PHRASE, len(before)), 0, -1):
            phrase = " ".join(word[0] for word in before[-size:])
            # "am" is a preposition in German, so that it counts only behind a number.
            part = "" if phrase == "am" and language == "de" else part_named(phrase, language)
            if part:
                return part
    joined = None if text.isascii() else joined_parts().search(text)
    return part_named(joined[0], language) if joined else ""


def _hour(hour: int, part: str) -> int | None:
    """Return the hour of 24; None where a part of the day leaves it open."""
    if not part or hour > _NOON:
        return hour
    match part:
        case "am":
            return hour % _NOON
        case "pm":
            return hour % _NOON + _NOON
        case "noon":
            return hour if hour >= _NOON - 2 else hour + _NOON
        case "evening":
            return hour + _NOON if 4 <= hour < _NOON else None  # noqa: PLR2004 - hours of the evening
        case _:
            return hour if hour <= 4 else hour + _NOON if 7 <= hour < _NOON else None  # noqa: PLR2004 - of the night
