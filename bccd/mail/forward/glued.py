"""Header lines that a client glued to its marker line, as the text parts of Yahoo Mail have them."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from bccd.mail.forward.facts import clients, more, thunderbird
from bccd.mail.forward.labels import Role, labels_of, languages_of, read_label
from bccd.mail.forward.lines import visible

_LONGEST = 20_000  # characters; such a line holds a header, not a mail
_FLOWED = 12  # lines that such a header takes at most
_FEWEST = 4  # fields of one
_LANGUAGES = 4  # that are tried
_QUOTING = re.compile(r"[\s>]{0,60}")
_MARKER = re.compile(
    r"\s*-{3,}\s*(?:"
    + "|".join(
        re.escape(marker)
        for marker in sorted(
            {*clients.FORWARDED, *thunderbird.FORWARDED, *more.FORWARDED}, key=len, reverse=True
        )
    )
    + r")\s*-{3,}[ \t]*(?=\S)",
    re.IGNORECASE,
)


def split_glued(raw: str) -> list[str]:
    """Split a marker line that goes on with a header into the lines it should have been."""
    if "---" not in raw[:120] or len(raw) > _LONGEST:
        return [raw]
    text = visible(raw)
    match = _MARKER.match(text)
    if match is None:
        return [raw]
    header = text[match.end() :].strip()
    label = read_label(header)
    if label is None:
        return [raw]
    # A header that only one language can split into most lines is in that language.
    ways = [_split(header, language) for language in languages_of(label, Role.SENDER)]
    best, doubled = max(ways, key=lambda way: len(way[0]), default=([header], False))
    return [raw] if doubled else [text[: match.end()].rstrip(), *best]


def split_flowed(raw: list[str]) -> list[str]:
    """Split lines in which a program that lost line breaks has put several fields one behind the other."""
    found = [number for number, line in enumerate(raw) if (":" in line or "：" in line) and _may_flow(line)]
    out: list[str] = []
    done = 0
    for number in found:
        fields = _flowed_from(raw, number) if number >= done else None
        if fields:
            out += [*raw[done:number], *fields[0]]
            done = fields[1]
    return [*out, *raw[done:]] if done else raw


def _may_flow(line: str) -> bool:
    colons = line.count(":") if ":" in line else 0
    return (colons > 1 or (not line.isascii() and colons + line.count("：") > 1)) and len(line) <= _LONGEST


def _flowed_from(raw: list[str], number: int) -> tuple[list[str], int] | None:
    """Read the fields that begin in a line, and the line behind them; None where each has its own line."""
    quoting, text = _unquoted(raw[number])
    label = read_label(text)
    begins = label is not None and Role.SENDER in label.meaning.known
    languages = languages_of(label, Role.SENDER)[:_LANGUAGES] if label and begins else []
    end = number + 1
    while languages:
        language = max(languages, key=lambda one: len(_fields(text, one)))
        best = _fields(text, language)
        if len(best) > 1 and _are_repeated(best, raw[end : end + _FLOWED], language):
            return None
        if len(best) >= _FEWEST:
            return [f"{quoting}{field}" for field in best], end
        if len(best) <= 1 or end >= min(number + _FLOWED, len(raw)):
            return None
        more_quoting, more = _unquoted(raw[end])
        if not more or more_quoting != quoting:
            return None
        if read_label(more):
            return [f"{quoting}{field}" for field in best], end
        text = f"{text} {more}"
        end += 1
    return None


def _are_repeated(fields: list[str], below: list[str], language: str) -> bool:
    """Tell whether the header goes on with a field of those split: then a name held labels, to be read so."""
    split = {label.roles.get(language) for field in fields if (label := read_label(field))}
    for line in below:
        label = read_label(_unquoted(line)[1])
        role = label.roles.get(language) if label else None
        if label is None or role is Role.SENDER:  # the header of another mail
            return False
        if role in split:
            return True
    return False


def _unquoted(line: str) -> tuple[str, str]:
    match = _QUOTING.match(line)
    start = match.end() if match else 0
    return line[:start], visible(line[start:_LONGEST]).strip()


def _fields(header: str, language: str) -> list[str]:
    """Split at each label behind white space; the subject must come last, for it may hold any word."""
    roles = labels_of(language)
    starts: dict[Role, int] = {}
    for match in _words(language).finditer(header):
        role = roles[match[1]]
        if role in starts and Role.SUBJECT not in starts:
            return []  # a name that holds labels
        starts.setdefault(role, match.start())
    order = sorted(starts.values())
    if len(order) >= _FEWEST and starts.get(Role.SUBJECT) != order[-1]:
        return []
    return [header[start:end].strip() for start, end in pairwise([*order, len(header)])]


@cache
def _words(language: str) -> re.Pattern[str]:
    labels = "|".join(re.escape(label) for label in sorted(labels_of(language), key=len, reverse=True))
    return re.compile(rf"(?<![^\s*])({labels})\*?\s?[:：]")


def _split(header: str, language: str) -> tuple[list[str], bool]:
    """Split at each label of a language, and tell whether a field holds one more."""
    roles = labels_of(language)
    marks: dict[Role, tuple[int, str]] = {}
    for pattern in _patterns(language):
        for match in pattern.finditer(header):
            marks.setdefault(roles[match[1]], (match.start(), match[1]))
    starts = sorted(marks.values())
    if not starts or starts[0][0] != 0:
        return [header], False
    ends = [start for start, _ in starts[1:]] + [len(header)]
    fields = [
        f"{label}: {header[start + len(label) : end].lstrip(' :').rstrip()}"
        for (start, label), end in zip(starts, ends, strict=True)
    ]
    return fields, _are_doubled(header, language, marks)


def _are_doubled(header: str, language: str, marks: Mapping[Role, tuple[int, str]]) -> bool:
    """Tell whether a field but the subject, which may hold any word, holds a label of one more field.

    Whoever writes to a salesperson chooses his own display name, and no field of the header by that.
    """
    roles = labels_of(language)
    known = {start for start, _ in marks.values()}
    last = marks.get(Role.SUBJECT) or max(marks.values())
    found = _patterns(language)[0].finditer(header, 0, last[0])
    return any(match.start() not in known and roles[match[1]] in marks for match in found)


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """With a colon wherever it stands; without one only right behind a value, as in `>Dw Jan`."""
    labels = "|".join(re.escape(label) for label in sorted(labels_of(language), key=len, reverse=True))
    return re.compile(rf"({labels})\s?:"), re.compile(rf"(?<=[>A-Z0-9])({labels})(?=\s)")
