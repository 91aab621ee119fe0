"""Attributions that lack their colon, or that a client has torn apart, and where each begins."""

import re
from collections.abc import Sequence

from bccd.mail.attribution import attribution_at

_REACH = 5  # lines above the last that a torn one may take
_LINE_CAP = 300  # characters
# 2016-03-03 17:21 GMT+01:00 Anna Nowak <anna@acme.example>
_GMAIL = re.compile(r"(?:19|20)\d\d-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d?:\d\d \S.{0,200}")
# 2013/7/20 Anna Nowak <anna@acme.example>
_DATED = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}[ ,][^<>@]{2,120}<[^<>\s]{1,64}@[^<>\s]{2,250}>")
# 26.06.2014, 14:41, "Anna Nowak" <anna@acme.example>: or: Thu, 26 Jun 2014 14:00 +0400 от Anna <a@x.example>:
_BARE = re.compile(r"[^<>@]{6,160}<[^<>\s@]{1,64}@[^<>\s@]{2,250}>\s?[:：]")
_DAY = re.compile(
    r"(?:[^\W\d]{1,12}[.,]{1,2} ?)?(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.? [^\W\d]{3,12}\.? \d{4}"
    r"|[^\W\d]{3,12}\.? \d{1,2}, \d{4}|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年)"
)
_CLOCK = re.compile(r"\d{1,2}[:.h時时시]\d\d")


def odd_attribution(lines: Sequence[str], last: int, *, quoted: bool) -> int | None:
    """Return where an attribution begins that ends in line `last`; None where it is none of these."""
    text = lines[last].strip()
    if not text or len(text) > _LINE_CAP:
        return None
    if text[0].isdigit() and (_GMAIL.fullmatch(text) or (quoted and _DATED.fullmatch(text))):
        return last
    if text[-1] not in ":：":
        return None
    if text[0] == ">" or text.startswith("<"):
        return _torn(lines, last, quoted=quoted)
    if _DAY.match(text) and _CLOCK.search(text) and _BARE.fullmatch(text):
        return last
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
