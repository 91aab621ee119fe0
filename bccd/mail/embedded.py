"""Mails inside a mail: which parts are one, and where it begins."""

import re

from bccd.mail.decode import transfer_decoded
from bccd.mail.headers import section_end
from bccd.mail.part import Part, filename_of

BOM = b"\xef\xbb\xbf"
_FIELDS_OF_MAIL = 3  # that tell a mail which nothing calls one
_SECTION_SEEN = 4_000  # octets in which they are looked for
_LINES_BEFORE_FIELDS = 3  # of junk that a mail inside a mail may begin with

_MESSAGES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/news",
        "text/rfc822",
        "application/rfc822",
        "application/eml",
    }
)
_FIELD_START = re.compile(rb"[!-9;-~]+[ \t]*:")
_NAMED_FIELD = re.compile(rb"^(?:from|date|subject|received|message-id)[ \t]*:", re.MULTILINE | re.IGNORECASE)
_EMPTY_LINES = re.compile(rb"(?:\r?\n|(?!))*+")


def holds_message(part: Part) -> bool:
    """Tell whether a part may be a mail: by its type, by an .eml name, or by its fields if it has neither."""
    if part.media_type in _MESSAGES:
        return True
    if part.media_type == "application/octet-stream" and not filename_of(part):
        return _begins_like_mail(part)
    return filename_of(part).lower().endswith(".eml")


def _begins_like_mail(part: Part) -> bool:
    head = part.buffer[part.start : min(part.end, part.start + _SECTION_SEEN)]
    head = transfer_decoded(head, part.encoding)[0]
    section = head[: section_end(head, 0, len(head))[0]]
    return (
        starts_with_field(section, 0, len(section))
        and len({found.lower() for found in _NAMED_FIELD.findall(section)}) >= _FIELDS_OF_MAIL
    )


def first_field(buffer: bytes, start: int, end: int) -> int:
    """Return where a mail inside a mail begins, behind empty lines and lines of junk; -1 for none."""
    if buffer.startswith(BOM, start):
        start += len(BOM)
    for _ in range(_LINES_BEFORE_FIELDS):
        if empty := _EMPTY_LINES.match(buffer, start, end):
            start = empty.end()
        if starts_with_field(buffer, start, end):
            return start
        start = buffer.find(b"\n", start, end) + 1
        if not start:
            break
    return -1


def starts_with_field(buffer: bytes, start: int, end: int) -> bool:
    """Tell whether a header field begins here."""
    return bool(_FIELD_START.match(buffer, start, end))
