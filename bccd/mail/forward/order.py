"""Day and month told apart in a date of numbers alone, such as 03/04/26."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_PIVOT = 70  # of years with two digits
_NEAR = timedelta(days=3)
_FAR = timedelta(days=20)
_MONTHS = 12
_LONGEST = 200  # characters of a date
_TRIPLE = re.compile(r"(?<![\d:])(\d{1,2})[/-](\d{1,2})[/-](?:19|20)\d\d(?!\d)")
_FIRST_YEAR = 1970
_LAST_YEAR = 2100
_AHEAD = timedelta(hours=15)  # a day may have begun east of the forwarder

# Languages whose short dates begin with the year; those of America begin with the month.
_YEAR_FIRST = frozenset({"ko", "eu", "ja", "eo", "ne", "zh"})
_MONTH_FIRST = frozenset({"fil", "zu", "xh", "or"})
_EITHER = frozenset({"", "ks", "sd", "lg", "zh"})  # by script or country
# Their users' own calendars count other years, so that two digits say nothing.
_OWN_YEARS = frozenset({"th", "fa", "ps", "ckb", "am", "ti", "lo"})


@dataclass(frozen=True, slots=True)
class Around:
    """What the mail around a date line tells about it."""

    latest: datetime | None = None  # aware; nothing in a mail was written after it
    offset: timedelta | None = None  # of the forwarder's zone
    known: datetime | None = None  # a moment at which the offset holds
    day_first: bool | None = None  # the order that other dates of the same text show
    zone_of: str = "wrapper"  # which told the offset: its Date field, or its "thread"


NOWHERE = Around()


def order_shown(values: Iterable[str]) -> bool | None:
    """Tell from the dates of a text whether the day comes first; None where none shows it, or both."""
    shown = {
        int(match[1]) > _MONTHS
        for value in values
        if (match := _TRIPLE.search(value[:_LONGEST]))
        and (int(match[1]) > _MONTHS) != (int(match[2]) > _MONTHS)
    }
    return shown.pop() if len(shown) == 1 else None


@dataclass(frozen=True, slots=True)
class Style:
    """What a date line shows besides its numbers."""

    language: str
    mark: str  # between the numbers
    upper: bool  # AM or PM in capitals, as in America
    twelve: bool  # a clock of twelve hours
    zone: timedelta | None  # as named in the line
    weekdays: Collection[int]  # that the line may name, Monday being 0


def day_of(year: int, month: int, day: int) -> date | None:
    """Return the day of the calendar, None where there is none or its year is no mail's."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def full_year(digits: str) -> int:
    """Return a year that may be written with two digits."""
    year = int(digits)
    if len(digits) > len("99"):
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def settle(numbers: tuple[str, str, str], style: Style, around: Around) -> tuple[date | None, bool]:
    """Read three numbers; None where they name no day, or (True) two and nothing tells which."""
    ways = _ways(numbers, style)
    ways = _kept(ways, lambda day: day.weekday() in style.weekdays)
    ways = _kept(ways, lambda day: around.latest is None or _before(day, around.latest))
    if len(set(ways.values())) <= 1:
        return next(iter(ways.values()), None), False
    near = (
        _nearest(ways.values(), around.latest)
        if style.language in _EITHER or style.language == "en"
        else None
    )
    day = near or ways.get(_custom(style, around))
    return day, day is None


def _ways(numbers: tuple[str, str, str], style: Style) -> Mapping[str, date]:
    """Return the days that the numbers can mean, by order."""
    one, two, three = numbers
    ways = {"dmy": (three, two, one)} if len(three) > 1 else {}
    if ways and style.mark != ".":
        ways["mdy"] = (three, one, two)
    if len(three) <= len("99"):
        if style.language in _OWN_YEARS:
            return {}
        if style.language in _YEAR_FIRST and len(one) == len("99"):
            ways["ymd"] = (one, two, three)
    found = {
        order: day_of(full_year(year), int(month), int(day)) for order, (year, month, day) in ways.items()
    }
    return {order: day for order, day in found.items() if day}


def _kept(ways: Mapping[str, date], fits: Callable[[date], bool]) -> Mapping[str, date]:
    """Keep what fits, if that tells the ways apart."""
    if len(set(ways.values())) <= 1:
        return ways
    return {order: day for order, day in ways.items() if fits(day)} or ways


def _before(day: date, latest: datetime) -> bool:
    return day <= (latest + _AHEAD).date()


def _custom(style: Style, around: Around) -> str:
    """Return the order of a language and its clients; "" where it has several."""
    if around.day_first is not None:
        return "dmy" if around.day_first else "mdy"
    if style.mark == ".":
        return "ymd" if style.language in _YEAR_FIRST else "dmy"
    if style.language in _EITHER:
        return ""
    if style.language in _MONTH_FIRST:
        return "mdy"
    if style.language in _YEAR_FIRST:
        return "ymd"
    return (
        _english(style, style.zone if style.zone is not None else around.offset)
        if style.language == "en"
        else "dmy"
    )


def _english(style: Style, offset: timedelta | None) -> str:
    """Americans write AM in capitals and live west of Greenwich; other English is of day and month."""
    east = offset is not None and offset > timedelta(0)
    if style.upper:
        return "" if east else "mdy"
    if style.twelve:
        return "" if offset is not None and offset < timedelta(0) else "dmy"
    return "dmy" if east else ""


def _nearest(days: Collection[date], latest: datetime | None) -> date | None:
    """Choose the day just before the wrapper's, if no other is near: people forward what is new."""
    if latest is None:
        return None
    today = latest.date()
    near = [day for day in set(days) if timedelta(days=-1) <= today - day <= _NEAR]
    others = [day for day in set(days) if day not in near]
    return near[0] if len(near) == 1 and all(today - day > _FAR for day in others) else None
