"""What mark-up tells a reader of forwards: the lines of HTML, and at which of them a quoted mail begins."""

from bccd.mail.forward.order import NOWHERE, Around
from bccd.mail.forward.page import Page, page_of
from bccd.mail.html import read_html
from bccd.mail.markup.sheet import Sheet
from bccd.mail.markup.signs import Role, may_hold_quoted

_NO_BEGINNING = (Role.SIGNATURE, Role.BODY)


def has_structure(html: str) -> bool:
    """Tell whether a client has marked where a quoted mail begins."""
    return may_hold_quoted(html) and any(
        frame.sign.role is not Role.SIGNATURE for frame in read_html(html).frames
    )


def page_of_html(html: str, around: Around = NOWHERE) -> Page:
    """Prepare HTML for reading: its lines, and the signs of clients among them."""
    sheet = read_html(html)
    return page_of(sheet.text, anchors_of(sheet), around, sheet.frames)


def anchors_of(sheet: Sheet) -> dict[int, str]:
    """Name the client by the lines where it says that a quoted mail begins; the inmost sign counts."""
    return {
        frame.first: f"html:{frame.sign.client}"
        for frame in sheet.frames
        if frame.sign.role not in _NO_BEGINNING
    }
