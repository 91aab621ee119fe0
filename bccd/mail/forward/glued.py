"""Header lines that a client glued to its marker line, as the text parts of Yahoo Mail have them."""

import re
from functools import cache

from bccd.mail.forward.facts import clients, more, thunderbird
from bccd.mail.forward.labels import Role, labels_of, languages_of, read_label
from bccd.mail.forward.lines import visible

_LONGEST = 20_000  # characters; such a line holds a header, not a mail
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
    best = max(ways, key=len, default=[header])
    return [text[: match.end()].rstrip(), *best]


def _split(header: str, language: str) -> list[str]:
    roles = labels_of(language)
    marks: dict[Role, tuple[int, str]] = {}
    for pattern in _patterns(language):
        for match in pattern.finditer(header):
            marks.setdefault(roles[match[1]], (match.start(), match[1]))
    starts = sorted(marks.values())
    if not starts or starts[0][0] != 0:
        return [header]
    ends = [start for start, _ in starts[1:]] + [len(header)]
    return [
        f"{label}: {header[start + len(label) : end].lstrip(' :').rstrip()}"
        for (start, label), end in zip(starts, ends, strict=True)
    ]


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """With a colon wherever it stands; without one only right behind a value, as in `>Dw Jan`."""
    labels = "|".join(re.escape(label) for label in sorted(labels_of(language), key=len, reverse=True))
    return re.compile(rf"({labels})\s?:"), re.compile(rf"(?<=[>A-Z0-9])({labels})(?=\s)")
