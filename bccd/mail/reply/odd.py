"""Attributions that mail/attribution.py does not take: without colon or verb, or torn apart by a client."""

import re
from collections.abc import Sequence

from bccd.mail.attribution import attribution_at
from bccd.mail.forward.lines import visible

_REACH = 5  # lines above the last that a torn one may take
_FOLDS = 3
_LINE_CAP = 300  # characters
_WORDS = 28
_BEHIND = 16  # characters behind an address at the end of a folded line
_OPENERS = frozenset(
    {"on", "am", "at", "le", "el", "il", "em", "op", "den", "dne", "dnia"}
)  # begin one surely
_COLONS = ":：﹕"
_ENDS = ".!?:;。！？："
# 2016-03-03 17:21 GMT+01:00 Anna Nowak <anna@acme.example>
_GMAIL = re.compile(r"(?:19|20)\d\d-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d?:\d\d \S.{0,200}")
# 2013/7/20 Anna Nowak <anna@acme.example>
_DATED = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}[ ,][^<>@]{2,120}<[^<>\s]{1,64}@[^<>\s]{2,250}>")
# Quoting Anna Nowak <anna@acme.example>:
_NAMED = re.compile(r"[^<>@:]{0,120}<[^<>\s@]{1,64}@[^<>\s@]{2,250}>\s?[:：]")
# Quoting Anna Nowak (2018-01-01 10:00:00)
_QUOTING = re.compile(r"(?:Quoting|Zitat von|Citando) [^()]{2,80} \([\d :/.-]{8,25}\)")
# * Anna Nowak (anna@acme.example) [180101 10:00]:
_STARRED = re.compile(r"\* [^()<>@]{0,80}[(<][^()<>@\s]{1,64}@[^()<>@\s]{2,250}[)>][^@]{0,40}[:：]")
_ADDRESS = re.compile(r"[<(\[]\s?[^<>()\[\]\s@]{1,64}@[^<>()\[\]\s@]{2,250}\s?[>)\]]")
_DAY = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d\d|[٠-٩۰-۹]{4})|\d\s?[年년]|(?<!\d)25\d\d(?!\d)"
)
_CLOCK = re.compile(r"[\d٠-٩۰-۹]{1,2}\s?[:.h時时시]\s?[\d٠-٩۰-۹]{2}")


def odd_attribution(lines: Sequence[str], last: int, *, quoted: bool) -> int | None:
    """Return where an attribution begins that ends in line `last`; None where it is none of these."""
    text = visible(lines[last]).strip()
    if not text or len(text) > _LINE_CAP:
        return None
    if text[0].isdigit() and (_GMAIL.fullmatch(text) or (quoted and _DATED.fullmatch(text))):
        return last
    if quoted and _QUOTING.fullmatch(text):
        return last
    if text.endswith("--"):
        return _dashed(lines, last)
    return _with_colon(lines, last, text, quoted=quoted) if text[-1] in _COLONS else None


def _with_colon(lines: Sequence[str], last: int, text: str, *, quoted: bool) -> int | None:
    torn = _torn(lines, last, quoted=quoted) if text[0] in "><" else None
    if torn is not None:
        return torn
    if quoted and _STARRED.fullmatch(text):
        return last
    if quoted and _NAMED.fullmatch(text):
        above = visible(lines[last - 1]).strip() if last else ""
        return last - 1 if text[0] == "<" and above and above[-1] not in _ENDS else last
    return _without_verb(lines, last)


def from_address(lines: Sequence[str], first: int, last: int) -> int:
    """Return where an attribution begins whose address stands above the lines that told it."""
    if any("@" in lines[number] for number in range(first, last + 1)) or _opens(lines[first]):
        return first
    for number in range(first - 1, max(first - _FOLDS, 0) - 1, -1):
        text = visible(lines[number]).strip()
        if not text or len(text) > _LINE_CAP or text[-1] in _ENDS or text[0] == ">":
            break
        match = _ADDRESS.search(text) if "@" in text else None
        if match:
            if len(text) - match.end() > _BEHIND or text[0].islower():
                break
            alone = text[0] == "<" and number > 0 and lines[number - 1].strip()
            return number - 1 if alone else number
    return first


def _opens(line: str) -> bool:
    word = next(iter(visible(line).casefold().split()), "")
    return word.strip("*_\"'>([.,") in _OPENERS


def _without_verb(lines: Sequence[str], last: int) -> int | None:
    """Take a line or a few for an attribution that hold a day, a time and an address, and end in a colon."""
    words = ""
    end = visible(lines[last]).strip()
    if not _ADDRESS.search(end) and not (_DAY.search(end) and _CLOCK.search(end)):
        return None
    for number in range(last, max(last - _FOLDS, -1), -1):
        line = visible(lines[number]).strip()
        if not line or len(line) > _LINE_CAP or line[0] == ">":
            return None
        if words and line[-1] in _ENDS and not line[-2:-1].isalnum():
            return None
        words = f"{line} {words}" if words else line
        if len(words.split()) > _WORDS or len(words) > _LINE_CAP:
            return None
        if (
            words[0] not in "<(["
            and len(_ADDRESS.findall(words)) == 1
            and _DAY.search(words)
            and _CLOCK.search(words)
        ):
            return number
    return None


def _dashed(lines: Sequence[str], last: int) -> int | None:
    """Put together what Zoho writes between dashes: ---- On ... wrote ----."""
    words = ""
    for number in range(last, max(last - _FOLDS, -1), -1):
        line = lines[number].strip()
        if not line or len(line) > _LINE_CAP:
            return None
        words = f"{line} {words}" if words else line
        if line.startswith("--") and line.strip("-"):
            return number if number < last and attribution_at([words], 0) else None
    return None


def _torn(lines: Sequence[str], last: int, *, quoted: bool) -> int | None:
    """Put together what a client broke before an address, with blank lines between."""
    words = lines[last].strip()
    for number in range(last - 1, max(last - _REACH, 0) - 1, -1):
        line = lines[number].strip()
        if not line and not words.startswith("<"):
            return None
        if len(line) > _LINE_CAP:
            return None
        words = f"{line} {words}" if line else words
        if line and line != "<" and not line.startswith("mailto:") and "<" in words:
            return number if attribution_at([words], 0, cited=quoted) else None
    return None
