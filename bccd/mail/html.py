"""HTML to what a reader would see: its lines, and what its mark-up knows of them."""

import re
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from bccd.mail.markup.sheet import Sheet
from bccd.mail.markup.walk import Walk

HTML_CAP = 1024 * 1024
TAGS_CAP = 50_000


@lru_cache(maxsize=2)  # a mail's HTML is read for its text, for a forward in it and for what it quotes
def read_html(html: str) -> Sheet:
    """Read HTML in one pass, linear whatever the mark-up; what stands beyond the caps is not read."""
    end = _end_of_tags(html[:HTML_CAP])
    source = html[:end]
    # A hidden element that is never closed would hide the whole mail.
    sheet = Walk(source, hides=True).run() or Walk(source, hides=False).run() or Sheet()
    return sheet if end == len(html) else replace(sheet, whole=False)


def html_text(html: str) -> tuple[str, bool]:
    """Return the visible text with LF line ends, cited blocks behind "> ", and whether all of it was read."""
    sheet = read_html(html)
    return sheet.text, sheet.whole


def _end_of_tags(html: str) -> int:
    """Return where the last tag under the cap begins; each tag costs, however short it is."""
    if len(html) <= TAGS_CAP or html.count("<") <= TAGS_CAP:
        return len(html)
    starts = (match.start() for match in re.finditer("<", html))
    return next(islice(starts, TAGS_CAP, None))
