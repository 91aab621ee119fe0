"""The line above a header block: does it say "forwarded", "original", or only draw a rule?"""

from bccd.mail.forward.facts import clients, k9, more, roundcube, thunderbird
from bccd.mail.forward.labels import fold

_RULE = "-_=*—–―─• \t"
_LONGEST = 120
_SHORTEST_RULE = 5

_FORWARDED = frozenset(
    fold(marker) for marker in (*clients.FORWARDED, *thunderbird.FORWARDED, *more.FORWARDED)
)
_LEADING = frozenset(fold(marker) for marker in (*clients.LEADING, *more.LEADING))
_OPENINGS = tuple(fold(marker) for marker in more.FORWARDED_OPENINGS)
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
    if not text or len(text) > _LONGEST:
        return ""
    words = text.strip(_RULE)
    return _words(fold(words.rstrip(":： ")), dashed=text[0] in _RULE) if words else _rule(text)


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
