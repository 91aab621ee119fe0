"""The time zone that a date line names."""

import re
from datetime import timedelta

from bccd.mail.forward.facts.zones import SHARED, ZONES

_FARTHEST = 14 * 60  # minutes from UTC
_LONGEST_NAME = 4  # words
_OFFSET = re.compile(r"(?:\b(utc|gmt)\s?)?([+\u2212\u2013-])\s?(\d{1,2})(?:[:.]?(\d{2}))?(?![\d:/-])")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def zone_in(text: str, local: timedelta | None = None) -> timedelta | None:
    """Return the offset that folded text names; None where it names none, or one that several places share.

    `local` is the forwarder's own offset: it settles a shared name such as IST or CST.
    """
    match = _OFFSET.search(text)
    if match:
        minutes = int(match[3]) * 60 + int(match[4] or 0)
        if minutes <= _FARTHEST:
            return timedelta(minutes=minutes if match[2] == "+" else -minutes)
    words = _WORD.findall(text)
    for at, word in enumerate(words):
        for size in range(min(_LONGEST_NAME, len(words) - at), 1, -1):
            minutes_east = ZONES.get(" ".join(words[at : at + size]))
            if minutes_east is not None:
                return timedelta(minutes=minutes_east)
        if word in SHARED:
            return _shared(word, local)
        if word in ZONES:
            return timedelta(minutes=ZONES[word])
    return None


def _shared(word: str, local: timedelta | None) -> timedelta | None:
    """Choose what the forwarder's own zone bears out, else the meaning of RFC 5322 4.3."""
    ways = [timedelta(minutes=minutes) for minutes in SHARED[word]]
    if local in ways or len(ways) == 1:
        return local if local in ways else ways[0]
    return timedelta(minutes=ZONES[word]) if word in ZONES else None
