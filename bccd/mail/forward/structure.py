"""What mark-up tells a reader of forwards: the lines of HTML, and at which of them a quoted mail begins."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from bccd.mail.forward.block import Block, find_blocks
from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.forward.page import Page, page_of
from bccd.mail.forward.shaped import with_shaped
from bccd.mail.html import read_html
from bccd.mail.markup.sheet import Sheet
from bccd.mail.markup.signs import Role, may_hold_quoted
from bccd.mail.markup.skip import split_at_tags
from bccd.mail.markup.tags import has_open_quote

_NO_BEGINNING = (Role.SIGNATURE, Role.BODY)


class Shown(NamedTuple):
    """HTML prepared for reading: its lines, with the signs of clients among them, and its header blocks."""

    page: Page
    blocks: Sequence[Block]


@lru_cache(maxsize=2)
def has_structure(html: str) -> bool:
    """Tell whether a client has marked where a quoted mail begins."""
    return may_hold_quoted(_tags_with_signs(html)) and any(
        frame.sign.role is not Role.SIGNATURE for frame in read_html(html).frames
    )


def _tags_with_signs(html: str) -> str:
    """Return each tag that may have a sign once, a tenth of the HTML; all of it where a value holds ">"."""
    runs = {run for run in split_at_tags(html)[1::2] if "=" in run}
    tags = {tag.partition(">")[0] for run in runs for tag in run.split("<") if "=" in tag}
    return html if any(map(has_open_quote, tags)) else "<".join(tags)


@lru_cache(maxsize=2)  # a mail's HTML is read for a forward in it, and for where that ends
def shown_in(html: str, around: Around = NOWHERE) -> Shown:
    """Find the header blocks in HTML."""
    sheet = read_html(html)
    page = page_of(sheet.text, anchors_of(sheet), around, sheet.frames)
    return Shown(page, with_shaped(page, list(find_blocks(page)), page.frames))


def anchors_of(sheet: Sheet) -> dict[int, str]:
    """Name the client by the lines where it says that a quoted mail begins; the inmost sign counts."""
    return {
        frame.first: f"html:{frame.sign.client}"
        for frame in sheet.frames
        if frame.sign.role not in _NO_BEGINNING
    }
