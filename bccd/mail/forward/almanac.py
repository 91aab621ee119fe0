"""Words of dates in all languages: months, days of the week, parts of the day.

The tables of a language are unfolded when a mail first needs them, and those of all languages together only
for a word that neither the expected language nor English knows.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from bccd.mail.forward.facts.calendar import MONTHS
from bccd.mail.forward.facts.dayparts import AFTERNOON_ANYWHERE, DAY_PARTS, MORNING_ANYWHERE
from bccd.mail.forward.facts.weekdays import WEEKDAYS
from bccd.mail.forward.lines import visible

LONGEST_PHRASE = 4  # words of a name

_SHORTEST_MONTH = 3  # letters of an abbreviation that the tables do not list
_SHORTEST_WEEKDAY = 2
# Written in two ways: the dot of a Turkish capital, apostrophes, Arabic and Persian Yeh and Kaf, vowels.
_SAME: Mapping[int, str | None] = {
    0x0307: None,
    0x2019: "'",
    0x02BC: "'",
    0x064A: "\u06cc",
    0x0649: "\u06cc",
    0x0643: "\u06a9",
    **dict.fromkeys(range(0x064B, 0x0653)),
}
_WORD = re.compile(r"[^\s\d!-/:-@\[-`{-~،؛。、·…“”„«»‹›–—−၊።፣՝։]+")
# Scripts that part no words: a name of theirs may stand within a run of letters.
_JOINED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_JOINING = re.compile(f"[{_JOINED}]")


def fold(text: str) -> str:
    """Fold text, so that two ways of writing one word are equal; digits of all scripts become 0 to 9."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", visible(text)).casefold().translate(_SAME)
    if any(char.isdigit() and char > "9" for char in text):
        text = "".join(str(unicodedata.decimal(char, char)) for char in text)
    return text


def words_of(text: str) -> list[re.Match[str]]:
    """Return the words of folded text with their places."""
    return list(_WORD.finditer(text))


def months_named(phrase: str) -> tuple[int, ...]:
    """Return the months that a phrase may name in any language, 1 to 12."""
    return _all_months().get(phrase, ())


def own_month(phrase: str, language: str) -> int | None:
    """Return the month that a phrase names in this language."""
    return _months(language).get(phrase)


def weekdays_named(phrase: str, language: str) -> tuple[int, ...]:
    """Return the days of the week that a phrase may name, Monday being 0: in this language and English.

    Without a language the short names of all say too little, and only those of three letters or more count.
    """
    own = _weekdays(language).get(phrase, _weekdays("en").get(phrase))
    if own is not None:
        return (own,)
    return _all_weekdays().get(phrase, ()) if not language and len(phrase) >= _SHORTEST_MONTH else ()


@cache
def first_words() -> frozenset[str]:
    """Return the words that names of several words begin with."""
    named = (*_all_months(), *_all_weekdays())
    return frozenset(name.partition(" ")[0] for name in named if " " in name)


def part_named(phrase: str, language: str) -> str:
    """Return the part of the day that a phrase names: "am", "pm", "evening", "night", "noon" or ""."""
    if phrase in MORNING_ANYWHERE:
        return "am"
    if phrase in AFTERNOON_ANYWHERE:
        return "pm"
    own = _parts(language).get(phrase)
    return own or ("" if phrase.isascii() else _all_parts().get(phrase, ""))


def part_anywhere(phrase: str) -> str:
    """Return the part of the day that a phrase names in any language, or ""."""
    return _all_parts().get(phrase, "")


@cache
def joined_parts() -> re.Pattern[str]:
    """Match a part of the day in scripts that part no words."""
    names = sorted((name for name in _all_parts() if _JOINING.match(name)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)))


@cache
def joined_weekdays() -> re.Pattern[str]:
    """Match a day of the week in scripts that part no words."""
    names = sorted((name for name in _all_weekdays() if _JOINING.match(name)), key=len, reverse=True)
    return re.compile("|".join(re.escape(name) for name in names if len(name) > 1))


_Table = Mapping[str, int]


def _unfolded(row: str) -> Iterable[tuple[int, str]]:
    for number, forms in enumerate(row.split()):
        for form in forms.split("/"):
            if form != "-":
                yield number, form.replace("_", " ")


def _table(row: str, shortest: int, first: int) -> dict[str, int]:
    """Map every form, and every beginning that only one number has, to its number."""
    whole = {form: number + first for number, form in _unfolded(row)}
    begun: dict[str, int | None] = {}
    for form, number in whole.items():
        for end in range(shortest, len(form)):
            begin = form[:end]
            begun[begin] = number if begun.get(begin, number) == number else None
    return {begin: number for begin, number in begun.items() if number is not None} | whole


@cache
def _months(language: str) -> _Table:
    return _table(MONTHS.get(language, ""), _SHORTEST_MONTH, 1)


@cache
def _weekdays(language: str) -> _Table:
    return _table(WEEKDAYS.get(language, ""), _SHORTEST_WEEKDAY, 0)


@cache
def _parts(language: str) -> Mapping[str, str]:
    names = ("am", "pm", "evening", "night", "noon")
    return {form: names[number] for number, form in _unfolded(DAY_PARTS.get(language, ""))}


def _gathered(tables: Iterable[_Table]) -> Mapping[str, tuple[int, ...]]:
    """Map the words of all languages to all numbers that they name."""
    found: dict[str, tuple[int, ...]] = {}
    for table in tables:
        for word, number in table.items():
            known = found.get(word, ())
            if number not in known:
                found[word] = (*known, number)
    return found


@cache
def _all_months() -> Mapping[str, tuple[int, ...]]:
    return _gathered(map(_months, MONTHS))


@cache
def _all_weekdays() -> Mapping[str, tuple[int, ...]]:
    return _gathered(map(_weekdays, WEEKDAYS))


@cache
def _all_parts() -> Mapping[str, str]:
    """Map what means the same part of the day in every language that has it."""
    found: dict[str, set[str]] = {}
    for language in DAY_PARTS:
        for form, part in _parts(language).items():
            found.setdefault(form, set()).add(part)
    return {form: parts.pop() for form, parts in found.items() if len(parts) == 1}
