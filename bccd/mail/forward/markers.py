"""The line above a header block: does it say "forwarded", "original", or only draw a rule?"""

import re
from collections.abc import Sequence

from bccd.mail.forward.facts import clients, k9, more, roundcube, thunderbird
from bccd.mail.forward.labels import fold

_RULE = "-_=*—–―─• \t"
_DASHES = frozenset("-_=*—–―─")
_COLONS = frozenset(":：")
_LONGEST = 200
_SHORTEST_RULE = 5

_FRAMED = re.compile(r"[-=]{3,}(?!BEGIN|END)[^\d\n]*[^\W\d_][^\d\n]*[-=]{3,}\Z")

_FORWARDED = frozenset(
    fold(marker) for marker in (*clients.FORWARDED, *thunderbird.FORWARDED, *more.FORWARDED)
)
_LEADING = frozenset(fold(marker) for marker in (*clients.LEADING, *more.LEADING))
_STARTS = frozenset(
    letter for known in (*clients.LEADING, *more.LEADING) for letter in (known[0], fold(known)[0])
)
_BEGINNINGS = frozenset(known[:2] for known in _LEADING)
_OPENINGS = tuple(fold(marker) for marker in more.FORWARDED_OPENINGS)
_ENDINGS = tuple(fold(marker) for marker in more.ENDINGS)
_ORIGINAL = frozenset(
    fold(marker)
    for marker in (
        *clients.ORIGINAL,
        *k9.ORIGINAL,
        *more.ORIGINAL,
        *roundcube.ORIGINAL,
        *thunderbird.ORIGINAL,
    )
)


def is_marker(evidence: str) -> bool:
    """Tell whether a client announced a forward, and not just any quoted mail."""
    return evidence.startswith("marker:")


def marker_of(text: str) -> str:
    """Name what a line announces: marker:*, separator:* or "".

    A marker says forwarded. A separator stands above forwards and replies alike.
    """
    if not text or len(text) > _LONGEST or _is_common(text[:3]):
        return ""
    words = text.strip(_RULE)
    return _words(fold(words.rstrip(":： ")), dashed=text[0] in _RULE) if words else _rule(text)


def _is_common(begin: str) -> bool:
    """Tell two letters, and a third character that is no accent of theirs, that no marker begins with."""
    return begin.isascii() and begin[:2].isalpha() and begin[:2].casefold() not in _BEGINNINGS


def may_be_marked(texts: Sequence[str]) -> list[int]:
    """Return which lines, sometimes wrongly, may be markers."""
    return [
        number
        for number, text in enumerate(texts)
        if text and (text[0] in _DASHES or (text[-1] in _COLONS and text[0] in _STARTS))
    ]


def is_ending(text: str) -> bool:
    """Tell the line that closes what a marker line opened: `----- End forwarded message -----`."""
    if text[:1] not in _DASHES or len(text) > _LONGEST:
        return False
    return fold(text.strip(_RULE)).startswith(_ENDINGS)


def named_in(text: str) -> str:
    """Return whom a marker line names: `----- Forwarded message from Jan <jan@x.example> -----`."""
    if text[:1] not in _DASHES or len(text) > _LONGEST or "@" not in text:
        return ""
    words = text.strip(_RULE)
    opening = next(
        (known for known in more.FORWARDED_OPENINGS if words.casefold().startswith(known.casefold())), ""
    )
    return words[len(opening) :].strip(_RULE) if opening else ""


def _rule(text: str) -> str:
    if len(text) < _SHORTEST_RULE:
        return ""
    return "separator:underscores" if set(text) == {"_"} else "separator:rule"


def _words(key: str, *, dashed: bool) -> str:
    if key in _LEADING and not (dashed and key in _FORWARDED):
        return "marker:apple"
    if dashed and (key in _FORWARDED or key.startswith(_OPENINGS)):
        return "marker:forwarded"
    return "separator:original" if dashed and key in _ORIGINAL else ""


def is_framed(text: str) -> bool:
    """Tell words between dashes, which part one mail from another in a language that no table knows."""
    return len(text) <= _LONGEST and bool(_FRAMED.match(text))
