"""The date line of a forwarded block, as clients of many languages write it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from bccd.mail.forward.facts.calendar import AFTERNOON, MONTHS, MORNING, WEEKDAYS, ZONES
from bccd.mail.forward.lines import visible

_LONGEST = 160
_SHORTEST_MONTH = 3
_LAST_DAY = 31
_MONTHS_A_YEAR = 12
_PIVOT = 70  # of years with two digits
_FARTHEST_ZONE = 14

_YEAR_FIRST = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)[日일]?"
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?((?:19|20)\d\d|\d\d)(?!\d)")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{3,}")
# 9-Mar-12, 7 Apr 94, March-09-12
_SHORT_YEAR = re.compile(
    r"(?<!\d)(?:(\d{1,2})[-. ][^\W\d_]{3,12}\.?[-. ](\d\d)|[^\W\d_]{3,12}-(\d{1,2})-(\d\d))"
    r"(?![\d:.]|\s?[ap]\.?m)"
)
_CLOCK = re.compile(r"(?<![\d.:])(\d{1,2})\s?[:.h時时시点]\s?(\d{2})(?:\s?[:.分분]\s?(\d{2}))?(?!\d)")
_OFFSET = re.compile(r"(?:\b(?:utc|gmt)\s?)?([+\u2212-])(\d{1,2})(?::?(\d{2}))?(?![\d:])")
_ABBREVIATION = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,5}(?![^\W\d_])")
_TWELVE_HOURS = {**dict.fromkeys(MORNING, 0), **dict.fromkeys(AFTERNOON, 12)}
_BEHIND = "|".join(re.escape(word) for word in _TWELVE_HOURS if word < "\u3000")
_BEFORE = "|".join(re.escape(word) for word in _TWELVE_HOURS if word > "\u3000")
# "am" is a preposition in German, so that it counts only right behind a number.
_HALF = re.compile(rf"(?<=\d)\s?({_BEHIND})(?![^\W\d_])|({_BEFORE})")


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date as read: in UTC, or None where it could not be told; and what was missing."""

    when: datetime | None
    has_clock: bool = False
    defects: tuple[str, ...] = ()


def _prefixes(names: str) -> dict[str, int]:
    """Map every name and unambiguous prefix of a language's months to 1..12."""
    found: dict[str, set[int]] = {}
    whole: dict[str, int] = {}
    for number, forms in enumerate(names.split(), start=1):
        for form in forms.split("/"):
            whole[form] = number
            for end in range(_SHORTEST_MONTH, len(form)):
                found.setdefault(form[:end], set()).add(number)
    return {prefix: numbers.pop() for prefix, numbers in found.items() if len(numbers) == 1} | whole


_BY_LANGUAGE: Mapping[str, Mapping[str, int]] = {code: _prefixes(names) for code, names in MONTHS.items()}


def _anywhere() -> dict[str, int]:
    """Map the words that mean one and the same month wherever they are a month."""
    found: dict[str, set[int]] = {}
    for months in _BY_LANGUAGE.values():
        for word, number in months.items():
            found.setdefault(word, set()).add(number)
    return {word: numbers.pop() for word, numbers in found.items() if len(numbers) == 1}


_BY_WORD: Mapping[str, int] = _anywhere()


def read_date(value: str, language: str) -> ReadDate:
    """Read a client's date line; `language` settles month names and the order of numbers.

    Nothing is guessed: a date that can be read in two ways is none. A time without a zone is taken as UTC.
    """
    text = unicodedata.normalize("NFKC", visible(value[:_LONGEST])).casefold()
    half = _half_of_day(text)
    found = _find_day(text, language, twelve_hours=half is not None)
    if found is None:
        clock = _CLOCK.search(text)
        return ReadDate(None, has_clock=clock is not None and ":" in clock[0], defects=("date:unreadable",))
    day, start, end = found
    clock = _CLOCK.search(text, end) or _CLOCK.search(text[:start])
    if clock is None:
        return ReadDate(datetime(day.year, day.month, day.day, tzinfo=UTC), defects=("date:day-only",))
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if half is not None:
        hour = hour % 12 + half if hour <= _MONTHS_A_YEAR else hour
    zone = _zone(text[clock.end() :] if clock.start() >= end else text[end:])
    try:
        when = datetime(day.year, day.month, day.day, hour, minute, min(second, 59), tzinfo=zone or UTC)
        return ReadDate(when.astimezone(UTC), True, () if zone else ("date:zone-unknown",))
    except (ValueError, OverflowError):
        return ReadDate(None, has_clock=True, defects=("date:unreadable",))


def _half_of_day(text: str) -> int | None:
    match = _HALF.search(text)
    return _TWELVE_HOURS[match[1] or match[2]] if match else None


def _find_day(text: str, language: str, *, twelve_hours: bool) -> tuple[date, int, int] | None:
    """Find the day and the span of text that names it."""
    match = _YEAR_FIRST.search(text)
    if match:
        return _day(match[1], match[2], match[3], match.start(), match.end())
    named = _named_day(text, language)
    if named:
        return named
    match = _NUMERIC.search(text)
    if match is None:
        return None
    first, mark, second, year = int(match[1]), match[2], int(match[3]), match[4]
    year = year if len(year) > len("99") else _century(year)
    month_first = _month_first(first, second, mark, language, twelve_hours=twelve_hours)
    if month_first is None:
        return None
    day, month = (second, first) if month_first else (first, second)
    return _day(year, str(month), str(day), match.start(), match.end())


def _month_first(first: int, second: int, mark: str, language: str, *, twelve_hours: bool) -> bool | None:
    """Tell 10/12 from 12/10: None where only a guess could."""
    if first > _MONTHS_A_YEAR or second > _MONTHS_A_YEAR or first == second:
        return second > _MONTHS_A_YEAR
    if mark == "." or language != "en":
        return False
    # English with AM and PM is American here; English with 24 hours may be of anywhere.
    return True if twelve_hours else None


def _named_day(text: str, language: str) -> tuple[date, int, int] | None:
    words = [(word, number) for word in _WORD.finditer(text) if (number := _month(word[0], language))]
    if len(words) > 1:
        words = [pair for pair in words if pair[0][0] not in WEEKDAYS] or words
    if not words:
        return None
    word, month = words[-1]
    numbers = list(_NUMBER.finditer(text))
    short = _SHORT_YEAR.search(text)
    if short and short.start() <= word.start() < short.end():
        day, year = (short[1], short[2]) if short[1] else (short[3], short[4])
        return _day(_century(year), str(month), day, short.start(), short.end())
    years = [number for number in numbers if len(number[0]) == len("2021")]
    before = [number for number in numbers if number.end() <= word.start() and len(number[0]) <= len("31")]
    after = [number for number in numbers if number.start() >= word.end() and len(number[0]) <= len("31")]
    day = before[-1] if before else after[0] if after else None
    if not years or day is None or not 1 <= int(day[0]) <= _LAST_DAY:
        return None
    spans = (word, years[0], day)
    start, end = min(span.start() for span in spans), max(span.end() for span in spans)
    return _day(years[0][0], str(month), day[0], start, end)


def _century(year: str) -> str:
    return f"19{year}" if int(year) >= _PIVOT else f"20{year}"


def _month(word: str, language: str) -> int | None:
    own = _BY_LANGUAGE.get(language)
    number = own.get(word) if own else None
    return number or _BY_LANGUAGE["en"].get(word) or _BY_WORD.get(word)


def _day(year: str, month: str, day: str, start: int, end: int) -> tuple[date, int, int] | None:
    try:
        return date(int(year), int(month), int(day)), start, end
    except ValueError:
        return None


def _zone(text: str) -> timezone | None:
    match = _OFFSET.search(text)
    if match:
        hours, minutes = int(match[2]), int(match[3] or 0)
        if hours > _FARTHEST_ZONE or minutes > 59:  # noqa: PLR2004 - minutes of an hour
            return None
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(offset if match[1] == "+" else -offset)
    for word in _ABBREVIATION.finditer(text):
        hours_east = ZONES.get(word[0])
        if hours_east is not None:
            return timezone(timedelta(hours=hours_east))
    return None
