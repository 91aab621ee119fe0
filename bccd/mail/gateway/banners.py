"""Warning banners that a gateway put above a mail from outside, found and taken off.

A line or paragraph goes only if all of it is a banner: made of a banner's own words, in one language, with
one of its signs. Then nobody can hide in it what a reader, or the digest of the mail, should see.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from bccd.mail.gateway.phrases import (
    ADVICE,
    EAST_ASIAN_PIECES,
    EAST_ASIAN_SIGNS,
    HEADS,
    LANGUAGES,
    TAGS,
    WARNINGS,
    Tongue,
)
from bccd.mail.gateway.stems import may_hold, stems_of

_LENGTH_CAP = 700  # characters of a banner
_LINES_CAP = 8  # of one
_TOP = 12  # lines with text at the top of a mail among which a mere tag counts
_FOUND_CAP = 60  # places looked at in one mail
_NAME_WORDS = 6
_NAME = r"[A-ZÀ-Þ][^\W\d_]{1,24}\b"
_FIRST_SIGNS = "[({<*#!_-=~•|⚠\ufe0f "
_FEW_WORDS = 3  # so few count as a mere tag

_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_WORDS = re.compile(r"[^\W_][\w'-]*")
_QUOTING = re.compile(r"[>\s|]*")
_ADDRESS = re.compile(
    r"[\w.+'=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?:\s?[<\[]mailto:[^<>\[\]\s]{1,320}[>\]])?"
)
# The only links that banners hold: what the tip means, and the button that reports a mail.
_LINK = re.compile(
    r"<?https?://(?:aka\.ms/\s?LearnAboutSenderIdentification"
    r"|[\w.-]{1,80}phishalarm-ewt\.proofpoint\.com/[^\s>]{0,1000})\s?>?",
    re.IGNORECASE,
)
# Banners that name an address: the tip that its mail is rare, and whom to send what is suspicious.
_NAMES_ADDRESS = re.compile(
    r"\b(?:often|suele|souvent|häufig|oft|spesso|vaak|oft[ae]|usein|często|nieczęsto|costuma|frequentemente|často"
    r"|не\s?часто)\b|uspicious|不经常|不經常|不常|通常不|あまりありません",
    re.IGNORECASE,
)
# "outside of Acme Corp.": the one place where a banner says what no list knows. Capitals, no digit, no sign.
# A name goes on in the next line only if a full stop ends it: else the sender's own words may begin there.
_OUTSIDE = re.compile(
    r"(\b(?:[Oo]utside|OUTSIDE|[Ss]poza|[Aa]u(?:ß|ss)erhalb|[Ff]uera|[Ff]ora|[Bb]uiten|[Uu]tanför|[Uu]den\sfor"
    r"|[Uu]denfor|[Uu]tenfor|[Mm]imo|extérieur)(?:\s(?:of|the|de|der|des|von|da|do|la|sieci|firmy|společnost))*)"
    rf"\s(?:{_NAME}(?:\s(?:{_NAME}|of|and|&|de|für)\b){{0,{_NAME_WORDS}}}(?=\.)"
    rf"|{_NAME}(?:[ ](?:{_NAME}|of|and|&|de|für)\b){{0,{_NAME_WORDS}}}"
    r"(?=[ ]?[,:;!*)\]–-]|[ ][a-zß-ÿ]|\Z))"
)
_HEADS = "|".join(head.replace("_", " ") for head in HEADS.split())
_HEAD = re.compile(rf"[\W_]*(?:{_HEADS})[\W_]*", re.IGNORECASE)
_NEXT = re.compile(rf"[\W_]*(?:{'|'.join(map(re.escape, sorted(ADVICE)))})", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?:。！？：])\s+|(?<=[。！？])")
_RULE = re.compile(r"[\s>|!]*[-_=*~#+.\u2500-\u257f]{3,}[\s|!]*")
_PROOFPOINT = re.compile(r"ZjQcmQRYFpfpt(?:Banner(?:Start|End)|PreheaderEnd)")
_PROOFPOINT_START, _PROOFPOINT_END = "ZjQcmQRYFpfptBannerStart", "ZjQcmQRYFpfptBannerEnd"
_PREVIEW_LINES = 15
_PREVIEW_FEWEST = 20  # letters and digits
_PREVIEW_READ = 4_000  # characters of the text that it repeats
_LABEL = re.compile(r"[\s>*_]{0,8}[^\W\d][^:：\n]{0,30}?[*_]?\s?[:：]")
_TAGS = "|".join(re.escape(tag) for tag in sorted(TAGS, key=len, reverse=True))
_TAG_LINE = re.compile(
    rf"[\[({{<*#【!_-]+\s*(?:{_TAGS})\s*[\])}}>*#】!_:-]+"
    rf"|[\[({{<*#【!_-]*\s*(?:{_HEADS})\s?[:!-]\s?(?:{_TAGS})\s*[\])}}>*#】!_:.-]*"
    r"|(?:external|externe|extern|externer|zewnętrzn[aye]|ekstern)\s(?:e-?mail|mail|sender|message)\s*[.!:]?",
    re.IGNORECASE,
)

_ALL_WORDS = frozenset(word for tongue in LANGUAGES for word in tongue.words)
_WARNINGS = tuple(word.replace("_", " ") for word in WARNINGS.split())
_PIECES = re.compile("|".join(sorted(map(re.escape, EAST_ASIAN_PIECES.split()), key=len, reverse=True)))


class Cleared(NamedTuple):
    """A text without its banners, and whether there were any."""

    text: str
    found: bool


def without_banners(text: str) -> Cleared:
    """Take the lines away that are nothing but a banner."""
    lines = text.split("\n") if may_hold(text) else []
    gone = banner_lines(lines)
    if not gone:
        return Cleared(text, found=False)
    kept: list[str] = []
    for number, line in enumerate(lines):
        if number in gone:
            continue
        if number - 1 in gone and not _bare(line) and (not kept or not _bare(kept[-1])):
            gone.add(number)  # the empty lines below a banner are its own
            continue
        kept.append(line)
    # What is a banner from end to end is what its author wrote.
    return Cleared("\n".join(kept), found=True) if any(map(str.strip, kept)) else Cleared(text, found=False)


def banner_lines(lines: Sequence[str]) -> set[int]:
    """Return the numbers of the lines that are banners, and of what frames them."""
    gone: set[int] = set()
    for number in _places(lines):
        if number in gone:
            continue
        bare = _bare(lines[number])
        if not _may_be(bare) and not bare.endswith(_PROOFPOINT_START):
            continue
        if bare.endswith(_PROOFPOINT_START):
            gone |= _preview(lines, number)
        if _PROOFPOINT.fullmatch(bare) or (_TAG_LINE.fullmatch(bare) and _at_top(lines, number, gone)):
            gone.add(number)
            continue
        span = _span(lines, number, gone)
        if span and (len(_WORDS.findall(bare)) > _FEW_WORDS or _at_top(lines, number, gone)):
            gone.update(range(span[0], span[1] + 1))
            _frame(lines, span, gone)
    return gone


def _preview(lines: Sequence[str], number: int) -> set[int]:
    """Return the lines above Proofpoint's banner that say once more how the text below it begins."""
    reach = range(number, min(number + 2 * _PREVIEW_LINES, len(lines)))
    end = next((at for at in reach if _bare(lines[at]) == _PROOFPOINT_END), -1)
    last = number
    if _bare(lines[number]) == _PROOFPOINT_START:
        last = _next(lines, number, -1)
    if end < 0 or last < 0:
        return set()
    first = last
    while first > max(last - _PREVIEW_LINES, 0) and _bare(lines[first - 1]):
        first -= 1
    said = _letters("\n".join(map(_bare, lines[first : last + 1])).removesuffix(_PROOFPOINT_START))
    below = _letters("\n".join(map(_bare, lines[end + 1 : end + 4 * _PREVIEW_LINES]))[:_PREVIEW_READ])
    again = len(said) >= _PREVIEW_FEWEST and below.startswith(said)
    return set(range(first, last + 1)) if again else set()


def _letters(text: str) -> str:
    return "".join(char for char in text[:_PREVIEW_READ].casefold() if char.isalnum())


def _places(lines: Sequence[str]) -> Iterator[int]:
    """Give the numbers of the lines that hold a stem."""
    lower = "\n".join(lines).lower()
    stems = stems_of(lower)
    found = 0
    for number, line in enumerate(lower.split("\n") if stems else ()):
        if len(lines[number]) > _LENGTH_CAP + 40 or not any(stem in line for stem in stems):
            continue
        found += 1
        if found > _FOUND_CAP:
            return
        yield number


@lru_cache(maxsize=64)
def _bare(line: str) -> str:
    """Return a line without quoting, unseen characters and style."""
    quoting = _QUOTING.match(line)
    text = (
        _UNSEEN.sub("", line[quoting.end() if quoting else 0 :]).replace("\u2019", "'").replace("\xa0", " ")
    )
    return " ".join(text.split())


def _at_top(lines: Sequence[str], number: int, gone: set[int]) -> bool:
    """Tell whether a line stands where a mail begins: at the top, or below a block of header lines."""
    if sum(1 for line in lines[: min(number, 4 * _TOP)] if line.strip()) < _TOP and number < 4 * _TOP:
        return True
    for above in range(number - 1, max(number - _TOP, -1), -1):
        text = _bare(lines[above])
        if above not in gone and text and not _RULE.fullmatch(text):
            return text.endswith((":", "：")) or bool(_LABEL.match(text))
    return False


def _span(lines: Sequence[str], number: int, gone: set[int]) -> tuple[int, int] | None:
    """Return the largest run of lines round one that is all banner."""
    first = number
    while (
        first > max(number - _LINES_CAP // 2, 0)
        and first - 1 not in gone
        and _may_be(_bare(lines[first - 1]))
    ):
        first -= 1
    last = number
    while last < min(number + _LINES_CAP, len(lines)) - 1 and _may_be(_bare(lines[last + 1])):
        last += 1
    for start in range(first, number + 1):
        for end in range(last, number - 1, -1):
            if is_banner("\n".join(_bare(line) for line in lines[start : end + 1])):
                return start, end
    return None


def _frame(lines: Sequence[str], span: tuple[int, int], gone: set[int]) -> None:
    """Add what goes with a banner: its heading, what it advises further down, and the rules of its box."""
    above, below = _next(lines, span[0], -1), _next(lines, span[1], 1)
    if above >= 0 and above not in gone and _HEAD.fullmatch(_bare(lines[above])):
        gone.add(above)
        above = _next(lines, above, -1)
    for _ in range(_LINES_CAP // 2):
        text = _bare(lines[below]) if below >= 0 else ""
        if not text or not (_PROOFPOINT.fullmatch(text) or (_NEXT.match(text) and _is_advice(text))):
            break
        gone.add(below)
        below = _next(lines, below, 1)
    if above < 0 or below < 0 or lines[above].strip("> |!") != lines[below].strip("> |!"):
        return
    under = _next(lines, below, 1)
    if _RULE.fullmatch(lines[above]) and not (under >= 0 and _LABEL.match(lines[under])):
        gone.update((above, below))


def _next(lines: Sequence[str], number: int, step: int) -> int:
    """Return the nearest line with text, at most three further; below 0 for none."""
    for other in (number + step, number + 2 * step, number + 3 * step):
        if not 0 <= other < len(lines):
            return -1
        if _bare(lines[other]):
            return other
    return -1


@lru_cache(maxsize=64)
def _may_be(bare: str) -> bool:
    """Tell quickly whether a line may be of a banner: what no list knows there begins with a capital."""
    if not bare or len(bare) > _LENGTH_CAP:
        return False
    words = _WORDS.findall(_ADDRESS.sub(" ", _LINK.sub(" ", bare)))
    if not bare.isascii() and _PIECES.search(bare):
        return True
    lower = [word.casefold() for word in words if word[:1].islower()]
    named = len(words) - len(lower)
    if not words:
        return not _RULE.fullmatch(bare)
    return _ALL_WORDS.issuperset(lower) and (
        named <= _NAME_WORDS or _ALL_WORDS.issuperset(word.casefold() for word in words)
    )


@lru_cache(maxsize=256)
def is_banner(text: str) -> bool:
    """Tell whether a paragraph is a banner and nothing else; lines are parted by LF, without quoting."""
    if not 0 < len(text) <= _LENGTH_CAP:
        return False
    said = _LINK.sub(" ", text)
    linked = len(said) < len(text)  # to what Microsoft's tip means: then it is one in any language
    if linked or _NAMES_ADDRESS.search(said):
        said = _ADDRESS.sub(" ", said, count=1)
    folded = " ".join(_OUTSIDE.sub(r"\1 ", said).casefold().split())
    begin = folded.lstrip(_FIRST_SIGNS)
    if not linked and not any(begin.startswith(tongue.starts) for tongue in LANGUAGES):
        return _is_east_asian(folded)
    # Firms of two languages say it in both, one after the other.
    sentences = [(sentence, _WORDS.findall(sentence)) for sentence in _SENTENCES.split(folded)]
    tongues = [
        tongue
        for tongue in LANGUAGES
        if any(words and tongue.words.issuperset(words) for _, words in sentences)
        and (linked or any(sign in folded for sign in tongue.signs))
    ]
    told = [_is_said(sentence, words, tongues, linked=linked) for sentence, words in sentences]
    if any(told):
        return all(
            one or not words or _HEAD.fullmatch(sentence)
            for one, (sentence, words) in zip(told, sentences, strict=True)
        )
    return _is_east_asian(folded)


def _is_said(sentence: str, words: list[str], tongues: list[Tongue], *, linked: bool) -> bool:
    """Tell whether a sentence is in one of these languages, and is a sign or a warning."""
    for tongue in tongues:
        if words and tongue.words.issuperset(words):
            return linked or any(sign in sentence for sign in tongue.signs) or _is_warning(sentence)
    return False


def _is_warning(sentence: str) -> bool:
    """Tell whether a sentence without a sign is one that banners go on with."""
    return bool(_NEXT.match(sentence)) and any(word in sentence for word in _WARNINGS)


def _is_advice(text: str) -> bool:
    """Tell whether a line below a banner is made of its words and warns."""
    if len(text) > _LENGTH_CAP:
        return False
    folded = _LINK.sub(" ", text).casefold()
    words = _WORDS.findall(folded)
    fits = any(tongue.words.issuperset(words) for tongue in LANGUAGES)
    return fits and all(
        _is_warning(sentence) or not _WORDS.search(sentence) for sentence in _SENTENCES.split(folded)
    )


def _is_east_asian(folded: str) -> bool:
    if folded.isascii() or not any(sign in folded for sign in EAST_ASIAN_SIGNS):
        return False
    left = _PIECES.sub("", _LINK.sub("", _ADDRESS.sub("", folded)))
    return not any(char.isalnum() for char in left)
