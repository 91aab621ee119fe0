"""The day in a date line: of numbers in any order, or with its month named in any language."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from bccd.mail.forward.almanac import (
    LONGEST_PHRASE,
    first_words,
    joined_weekdays,
    months_named,
    own_month,
    weekdays_named,
    words_of,
)
from bccd.mail.forward.order import Around, Style, day_of, full_year, settle
from bccd.mail.forward.zones import zone_in

_MOST_WORDS = 24
_LAST_DAY = 31
_SHORTEST_ELSEWHERE = 3  # letters of a month in another language than the expected one
_GAP = 8  # characters between a month and its day or year
_SHORTEST_WITH_WEEKDAY = 9  # characters of a clock, a blank and a day of the week
_BESIDE = 2  # characters between the words of a name

_YEAR_FIRST = re.compile(
    r"(?<![\d.:])((?:19|20)\d\d)\s?(?:[-/.年년]|оны)\s?(\d{1,2})\s?(?:[-/.月월]|-?р\s?сарын)\s?(\d{1,2})(?!\d)[日일]?"
)
_SPELLED = re.compile(
    r"(?<!\d)(\d{1,2})[\s/-]{0,2}(?:tháng|thg)\.?\s?(\d{1,2})[\s,/-]{1,3}(?:năm\s)?((?:19|20)\d\d)(?!\d)"
    r"|(?<!\w)(?:tháng|thg)\.?\s?(\d{1,2})\s(\d{1,2}),?\s((?:19|20)\d\d)(?!\d)"
)
_NUMERIC = re.compile(
    r"(?<![\d:])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?((?:19|20)\d\d|\d{1,2})(?!\d|[.:]\d)"
)
_NUMBER = re.compile(r"\d+")
# 9-Mar-12, 7 Apr 94, March-09-12
_SHORT_YEAR = re.compile(
    r"(?<!\d)(?:(\d{1,2})[-. ]([^\W\d_]{3,12})\.?[-. ]'?(\d\d)|([^\W\d_]{3,12})-(\d{1,2})-(\d\d))"
    r"(?![\d:.]|\s?[ap]\.?m)"
)
_TWELVE_HOURS = re.compile(r"\d\s?[ap]\.?\s?m\b")
_COLON_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")


class Day(NamedTuple):
    """A day of the calendar and the span of text that names it; None where there is none, or are two."""

    day: date | None
    start: int
    end: int
    ambiguous: bool = False


def find_day(text: str, language: str, around: Around, *, upper: bool) -> Day | None:
    """Find the day and the span of folded text that names it; `upper`: it had AM or PM in capitals."""
    match = _YEAR_FIRST.search(text)
    if match:
        return Day(_year_first(match, text, language), match.start(), match.end())
    match = _SPELLED.search(text) if "th" in text else None
    if match:
        day, month, year = match.groups()[:3] if match[1] else (match[5], match[4], match[6])
        return Day(day_of(int(year), int(month), int(day)), match.start(), match.end())
    phrases = list(_phrases(text))
    match = _NUMERIC.search(text)
    named = _named_day(text, phrases, language, match.span() if match else (0, 0))
    if named or match is None:
        return named
    style = Style(
        language,
        match[2],
        upper,
        _TWELVE_HOURS.search(text, match.end()) is not None,
        zone_in(text[match.end() :], around.offset),
        set(_weekdays(text, phrases, language)),
    )
    day, ambiguous = settle((match[1], match[3], match[4]), style, around)
    return Day(day, match.start(), match.end(), ambiguous)


def _year_first(match: re.Match[str], text: str, language: str) -> date | None:
    """Read year, month, day; year, day, month (Kyrgyz) only where the day of the week says so."""
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    usual, other = day_of(year, month, day), day_of(year, day, month)
    if usual is None or other is None or month == day or len(text) - len(match[0]) < _SHORTEST_WITH_WEEKDAY:
        return usual
    weekdays = set(_weekdays(text, list(_phrases(text)), language))
    swapped = usual.weekday() not in weekdays and other.weekday() in weekdays
    return other if swapped else usual


class _Phrase(NamedTuple):
    """One word or several that stand side by side."""

    words: str
    start: int
    end: int


def _phrases(text: str) -> Iterator[_Phrase]:
    """Give every run of words that may be a name, the longest first at each place."""
    words = words_of(text)[:_MOST_WORDS]
    several = first_words()
    for at, word in enumerate(words):
        longest = min(LONGEST_PHRASE, len(words) - at) if word[0] in several else 1
        for size in range(longest, 0, -1):
            run = words[at : at + size]
            if all(two.start() - one.end() <= _BESIDE for one, two in pairwise(run)):
                yield _Phrase(" ".join(part[0] for part in run), word.start(), run[-1].end())


def _weekdays(
    text: str, phrases: list[_Phrase], language: str, month: _Phrase | None = None
) -> Iterator[int]:
    """Give the days of the week that the words besides the month may name."""
    for phrase in phrases:
        if month is None or phrase.end <= month.start or phrase.start >= month.end:
            yield from weekdays_named(phrase.words, language)
    if not text.isascii() and (joined := joined_weekdays().search(text)):
        yield from weekdays_named(joined[0], "")


def _named_day(text: str, phrases: list[_Phrase], language: str, numeric: tuple[int, int]) -> Day | None:
    """Read a day whose month is named: the word between or beside a day's number and a year."""
    short = _short_year(text, language)
    if short:
        return short
    taken = [numeric, *(match.span() for match in _COLON_CLOCK.finditer(text))]
    numbers = [number for number in _NUMBER.finditer(text) if not _is_taken(number.start(), taken)]
    best = _best_month(phrases, numbers, language)
    if best is None:
        return None
    phrase, day, year = best
    months = months_named(phrase.words)
    days = [found for month in months if (found := day_of(int(year[0]), month, int(day[0])))]
    start, end = min(phrase.start, day.start(), year.start()), max(phrase.end, day.end(), year.end())
    if len(days) <= 1:
        return Day(days[0] if days else None, start, end)
    weekdays = set(_weekdays(text, phrases, language, phrase))
    days = [found for found in days if found.weekday() in weekdays] or days
    own = own_month(phrase.words, language) or own_month(phrase.words, "en")
    days = [found for found in days if found.month == own] or days
    return Day(days[0] if len(days) == 1 else None, start, end, ambiguous=len(days) > 1)


def _is_taken(at: int, spans: list[tuple[int, int]]) -> bool:
    for start, end in spans:  # noqa: SIM110 - a generator takes twice as long, a tenth of read_date
        if start <= at < end:
            return True
    return False


def _best_month(
    phrases: list[_Phrase], numbers: list[re.Match[str]], language: str
) -> tuple[_Phrase, re.Match[str], re.Match[str]] | None:
    """Choose the likeliest name of a month, with the numbers of the day and the year."""
    best: tuple[int, _Phrase, re.Match[str], re.Match[str]] | None = None
    behind = 0  # of a day of the week in several words
    for phrase in phrases:
        if phrase.start < behind:
            continue
        if " " in phrase.words and weekdays_named(phrase.words, language):
            behind = phrase.end
            continue
        own = own_month(phrase.words, language)
        months = months_named(phrase.words) if own or len(phrase.words) >= _SHORTEST_ELSEWHERE else ()
        beside = _beside(phrase, numbers) if months else None
        if beside is None or (best and _within(phrase, best[1])):
            continue
        # "mar" is Tuesday or March, "sze" Wednesday or September.
        score = beside[0] + (4 if own else 0) - (3 if weekdays_named(phrase.words, language) else 0)
        if best is None or score >= best[0]:
            best = (score, phrase, beside[1], beside[2])
    return best[1:] if best else None


def _within(phrase: _Phrase, other: _Phrase) -> bool:
    return other.start <= phrase.start and phrase.end <= other.end


def _beside(phrase: _Phrase, numbers: list[re.Match[str]]) -> tuple[int, re.Match[str], re.Match[str]] | None:
    """Find the numbers of the day and the year beside a month; the more touch it, the likelier it is."""
    years = [number for number in numbers if len(number[0]) == len("2021") and number[0][:2] in {"19", "20"}]
    short = [number for number in numbers if len(number[0]) <= len("31") and 1 <= int(number[0]) <= _LAST_DAY]
    before = [number for number in short if 0 <= phrase.start - number.end() <= _GAP]
    after = [number for number in short if 0 <= number.start() - phrase.end <= _GAP]
    if not years or not (before or after):
        return None
    day = before[-1] if before else after[0]
    year = min(years, key=lambda number: abs(number.start() - phrase.start))
    touching = sum(
        1 for number in (*before[-1:], *after[:1], year) if -_GAP <= number.start() - phrase.end <= _GAP
    )
    return touching + bool(before), day, year


def _short_year(text: str, language: str) -> Day | None:
    """Read a day with a named month and a year of two digits."""
    match = _SHORT_YEAR.search(text)
    if match is None:
        return None
    day, word, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
    months = months_named(word)
    own = own_month(word, language) or own_month(word, "en")
    month = own if own in months else months[0] if len(months) == 1 else None
    if month is None:
        return Day(None, match.start(), match.end(), ambiguous=True) if months else None
    return Day(day_of(full_year(year), month, int(day)), match.start(), match.end())
