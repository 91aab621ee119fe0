"""HTML that is safe to show: by an allow-list, without anything from elsewhere.

The mark-up is first written anew in good order, from the same reading of tags as the text on display: what is
not allowed is gone, each element is closed where it belongs, its depth and attributes are counted. Nothing is
left then that is hard for nh3, an HTML5 parser linear in such mark-up only. Its allow-list has the last word.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bccd.mail.html import HTML_CAP, TAGS_CAP
from bccd.mail.markup.cleaner import clean
from bccd.mail.markup.rewrite import Rewriting

_ENTITIES_CAP = 40_000  # "&" in all; nh3 takes the square of their number

_NOTHING: Mapping[str, str] = {}


class Safe(NamedTuple):
    """HTML that is safe to show."""

    html: str  # empty where there is none, or none could be made
    blocked: int  # pictures and backgrounds from elsewhere that were taken out
    whole: bool  # false if the HTML is too large or too odd to be made safe


def sanitised(html: str, parts: Mapping[str, str] = _NOTHING) -> Safe:
    """Return the safe form of HTML.

    A picture that the mail carries keeps its `src="cid:..."` (RFC 2392); `parts`, from Content-ID to the
    number of the part, adds `data-part="1.2"`, by which the attachment is found.
    """
    if not html or html.isspace():
        return Safe("", 0, True)
    if len(html) > HTML_CAP or _has_more(html, "<", TAGS_CAP) or _has_more(html, "&", _ENTITIES_CAP):
        return Safe("", 0, False)
    rewriting = Rewriting(html, parts)
    written = rewriting.run()
    if written is None:
        return Safe("", 0, False)
    return Safe(written.html if written.sure else clean(written.html), rewriting.blocked, True)


def _has_more(html: str, sign: str, cap: int) -> bool:
    return len(html) > cap and html.count(sign) > cap
