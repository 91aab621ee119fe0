"""The line above a quote that says who wrote it and when: "On 16 Nov 2026 at 10:00, Anna <a@b> wrote:".

A line or a few that end in a colon, hold a day and a person, and stand right above a quoted run: that shape
tells it in any language. A verb of the table in mail/wrote.py stands in where the shape says too little.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bccd.mail.wrote import JOINED_VERBS, LAST_WITHOUT_COLON, OPENERS, VERBS

MAX_LENGTH = 500  # characters of an attribution; a name, an address and a date fit twice
_FOLDS = 3  # lines above the last that an attribution may take
_GAP = 2  # empty lines between it and the quote
_LONGEST_PROSE = 160  # a longer line without an address is a sentence, unless a quote stands below

_COLONS = ":：﹕︓៖՝"
_INVISIBLE = dict.fromkeys((0x00AD, 0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)))
_INVISIBLE |= dict.fromkeys(range(0x2060, 0x206A)) | {0x00A0: " ", 0x202F: " ", 0x3000: " "}
_ANY_INVISIBLE = re.compile(f"[{''.join(map(chr, _INVISIBLE))}]")
_QUOTING = re.compile(r"[ \t\u00a0]{0,4}>[> \t\u00a0]*")
_DAY = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)"
    r"|(?<!\d)\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}(?!\d)"
    r"|(?<!\d)\d{1,2}\.\s?\d{1,2}\.(?!\d)"
    r"|(?<!\d)\d{1,2}-[^\W\d_]{3,}-\d\d"
    r"|\d\s?[年년]"
    r"|(?<![\d:.])\d{1,2}(?:\.|st|nd|rd|th|º)?\s[^\W\d_]{3,}"
    r"|[^\W\d_]{3,}\.?\s\d{1,2}(?![\d:.])"
)
_CLOCK = re.compile(r"\d\s?[:.h時时시]\s?\d\d(?!\d)")
_MIDDLE_OF_DATE = re.compile(r"(?:\d{4}(?![-/.年\d])|\d{1,2}\s?[:.h]\s?\d\d(?![./\d])|\d{1,2},)")
_WEEKDAY = re.compile(r"[^\W\d_]{2,12}, \d")
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]@[^\s<>()\[\]\"',;:]")
_WORD = re.compile(r"[^\s\d\"'„”“«»<>(),;:：.!?،、，。@=*\[\]-][^\s\d\"„”“«»<>(),;:：!?،、，。@=*\[\]]*")
_ENDS_SENTENCE = re.compile(r"[.!?。！？:：;]\s*\Z")
_FIRST_PERSON = re.compile(
    r"\b(?:i|we|ich|wir|nous|yo|io)\s+(?:also\s|just\s|once\s)?\S+[:：]\Z", re.IGNORECASE
)
_MARKS = dict.fromkeys(range(0x064B, 0x0653))  # short vowels of the Arabic script


def _languages(table: Mapping[str, str]) -> Mapping[str, str]:
    """Map words to the first language that has them."""
    found: dict[str, str] = {}
    for language, words in table.items():
        for word in words.split():
            found.setdefault(word, language)
    return found


SAID = _languages(VERBS)
_JOINED = tuple(_languages(JOINED_VERBS).items())
_SPACED = re.compile("|".join(r"\s?".join(verb) for verb, _ in _JOINED))


class Attribution(NamedTuple):
    """Where an attribution stands among the lines, and its words in one line, without quoting."""

    first: int
    last: int
    depth: int  # of quoting
    words: str
    quoted: bool  # a deeper quoted run stands right below


class _Facts(NamedTuple):
    """What a candidate holds."""

    verb: bool
    day: bool
    address: bool
    person: bool  # a word that may be a name
    opens: bool  # begins as attributions do, or tells the time or the weekday besides the day


class _Way:
    """One way to read the lines: from where on, in one line."""

    __slots__ = ("_facts", "first", "words")

    def __init__(self, first: int, words: str) -> None:
        self.first = first
        self.words = words
        self._facts: _Facts | None = None

    @property
    def facts(self) -> _Facts:
        """What it holds; mostly the first of several ways is the one, and no other is asked."""
        if self._facts is None:
            self._facts = _facts(self.words)
        return self._facts


def attribution_at(lines: Sequence[str], last: int, *, cited: bool = False) -> Attribution | None:
    """Read the attribution that ends in line `last`, folded or not; None where there is none.

    Lines may be quoted with ">". `cited` says that the mark-up shows a quote below, which the text does not.
    """
    if len(lines[last]) > MAX_LENGTH:
        return None
    depth, words = bare(lines[last])
    colon = words[-1:] in _COLONS if words else False
    if not words or not (colon or _is_dashed(words) or _ends_without_colon(words)):
        return None
    quoted = cited or _quote_below(lines, last, depth)
    if not colon and not quoted and not _is_dashed(words):
        return None
    ways = [_Way(first, text) for first, text in _ways(lines, last, depth, words)]
    best = _told(ways, quoted=quoted) or (_shaped(ways) if quoted else None)
    return Attribution(best.first, last, depth, best.words, quoted) if best else None


def _told(ways: Sequence[_Way], *, quoted: bool) -> _Way | None:
    """Choose among the ways that a verb bears out: with a day if any has one, and begun where it begins."""
    said: list[_Way] = []
    for at, way in enumerate(ways):
        if not way.facts.verb or not _is_said(way, quoted=quoted):
            continue
        above = ways[at + 1] if at + 1 < len(ways) else None
        if way.facts.day and (above is None or not _began_above(way, above)):
            return way
        said.append(way)
    if said:
        return next((way for way in said if way.facts.day), said[0])
    first = ways[0]
    return first if quoted and first.facts.verb and not _is_continued(first.words) else None


def _shaped(ways: Sequence[_Way]) -> _Way | None:
    """Choose a way by its shape alone: the nearest that holds a day and a person."""
    for at, way in enumerate(ways):
        facts = way.facts
        if facts.day and facts.person and (facts.address or facts.opens) and not _is_continued(way.words):
            above = ways[at + 1] if at + 1 < len(ways) else None
            return above if above and _began_above(way, above) else way
    return None


def _began_above(way: _Way, above: _Way) -> bool:
    """Tell whether a line goes on with what began on the line above it."""
    added = above.words[: len(above.words) - len(way.words)]
    mine, theirs = next(_folded_words(way.words), ""), next(_folded_words(added), "")
    if _MIDDLE_OF_DATE.match(way.words):
        return bool(_DIGIT.search(added)) or theirs in OPENERS
    if mine in SAID:
        return bool(_ADDRESS.search(added))
    return theirs in OPENERS and (mine not in OPENERS or bool(_DIGIT.search(added)))


def may_end(words: str) -> bool:
    """Tell at once whether a line, without quoting, may be the last of an attribution."""
    return words[-1:] in _COLONS or _is_dashed(words) or (not words.isascii() and _ends_without_colon(words))


def bare(raw: str) -> tuple[int, str]:
    """Return the depth of quoting of a line, and its words without quoting and invisible marks."""
    if not raw.isascii() and _ANY_INVISIBLE.search(raw):
        raw = raw.translate(_INVISIBLE)
    match = _QUOTING.match(raw)
    return (match[0].count(">"), raw[match.end() :].strip()) if match else (0, raw.strip())


def holds_verb(words: str) -> bool:
    """Tell whether a text holds a word that says "wrote" in any language."""
    return any(word in SAID for word in _folded_words(words)) or _joined_verb(words) is not None


def language_of(words: str) -> str:
    """Return the language in which an attribution says "wrote"; "" where it says so in none."""
    found = next((SAID[word] for word in _folded_words(words) if word in SAID), "")
    joined = None if found else _joined_verb(words)
    return found or (joined[1] if joined else "")


def verb_at(words: str) -> tuple[int, int] | None:
    """Return where the last word stands that says "wrote"."""
    spans = [match.span() for match in _WORD.finditer(words) if says_wrote(match[0])]
    joined = [] if spans or words.isascii() else [match.span() for match in _SPACED.finditer(words)]
    found = spans or joined
    return found[-1] if found else None


def says_wrote(word: str) -> bool:
    """Tell whether a word says "wrote" in any language."""
    return _folded(word) in SAID


def _ways(lines: Sequence[str], last: int, depth: int, words: str) -> Iterator[tuple[int, str]]:
    """Give the line alone, then with one more above it each time."""
    yield last, words
    for first in range(last - 1, max(last - _FOLDS, 0) - 1, -1):
        if len(lines[first]) > MAX_LENGTH:
            return
        above, text = bare(lines[first])
        # "<anna@acme.example\n> wrote:" is folded, not quoted.
        opened = text.rfind("<") > text.rfind(">")
        if not text or (_ENDS_SENTENCE.search(text) and not _ends_in_number(text, words)):
            return
        if above != depth and not (opened and above == depth - 1):
            return
        words = f"{text}{'>' if above < depth else ''} {words}"
        depth = above
        if len(words) > MAX_LENGTH:
            return
        yield first, words


def _ends_in_number(text: str, below: str) -> bool:
    """Tell a line that was folded behind "28." or "Apr." from the end of a sentence: a date goes on below."""
    short = text[-2:-1].isdigit() or len(text.rsplit(maxsplit=1)[-1]) <= len("sept.")
    return short and text.endswith(".") and _DIGIT.search(below[: len("Sept. 2026")]) is not None


def _facts(words: str) -> _Facts:
    found = list(_folded_words(words))
    return _Facts(
        verb=not SAID.keys().isdisjoint(found) or _joined_verb(words) is not None,
        day=_DAY.search(words) is not None,
        address=_ADDRESS.search(words) is not None,
        person=any(word not in SAID and word not in OPENERS for word in found),
        opens=bool(found) and (found[0] in OPENERS or bool(_CLOCK.search(words) or _WEEKDAY.match(words))),
    )


def _is_said(way: _Way, *, quoted: bool) -> bool:
    """Weigh a candidate that holds a verb."""
    words, facts = way.words, way.facts
    if _is_continued(words):
        return False
    if facts.address:
        return facts.day or quoted or len(words) <= _LONGEST_PROSE
    if not facts.day or not facts.person:
        return False
    return quoted or (facts.opens and len(words) <= _LONGEST_PROSE and not _FIRST_PERSON.search(words))


def _is_continued(words: str) -> bool:
    """Tell whether a line cannot be the first of an attribution."""
    if words[0] in "<(,;>)" or 0 <= words.find(">") < (words.find("<") if "<" in words else MAX_LENGTH):
        return True
    first = next(_folded_words(words), "")
    return first in SAID and len(words.split()) <= len(("het", "volgende"))


def _folded_words(words: str) -> Iterator[str]:
    for match in _WORD.finditer(words):
        yield _folded(match[0])


def _folded(word: str) -> str:
    """Fold a word: "napisał/a" is "napisał"."""
    folded = word.casefold()
    if not folded.isascii():
        folded = folded.translate(_MARKS)
    return folded.partition("/")[0].strip(".")


def _joined_verb(words: str) -> tuple[str, str] | None:
    """Find a verb of a script that parts no words, and its language."""
    if words.isascii():
        return None
    packed = words.replace(" ", "")
    return next((pair for pair in _JOINED if pair[0] in packed), None)


def _ends_without_colon(words: str) -> bool:
    return words.strip("-— .։").casefold().endswith(LAST_WITHOUT_COLON)


def _is_dashed(words: str) -> bool:
    """Tell the way of Zoho: "---- On ... wrote ----"."""
    return words.startswith("--") and words.endswith("--")


def _quote_below(lines: Sequence[str], last: int, depth: int) -> bool:
    for raw in lines[last + 1 : last + 2 + _GAP]:
        below, text = bare(raw[:MAX_LENGTH])
        if below > depth:
            return True
        if text:
            return False
    return False
