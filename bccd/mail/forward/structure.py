"""What mark-up tells a reader of forwards: the lines of HTML, and at which of them a quoted mail begins."""

from collections.abc import Mapping

from bccd.mail.html import read_html
from bccd.mail.markup.sheet import Sheet
from bccd.mail.markup.signs import Role


def has_structure(html: str) -> bool:
    """Tell whether a client has marked where a quoted mail begins."""
    return any(frame.sign.role is not Role.SIGNATURE for frame in read_html(html).frames)


def text_of(html: str) -> tuple[str, Mapping[int, str]]:
    """Give HTML as text lines, and tell at which of them a client's sign stands."""
    sheet = read_html(html)
    return sheet.text, anchors_of(sheet)


def anchors_of(sheet: Sheet) -> dict[int, str]:
    """Name the client by the lines where it says that a quoted mail begins; the inmost sign counts."""
    return {
        frame.first: f"html:{frame.sign.client}"
        for frame in sheet.frames
        if frame.sign.role is not Role.SIGNATURE
    }
