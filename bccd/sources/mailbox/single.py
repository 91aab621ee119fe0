"""Single mails in files: .eml as programs export them, .emlx of Apple Mail; and those that are no mail."""

import re
from datetime import UTC, datetime
from pathlib import Path

from bccd.mail.headers import section_end
from bccd.sources.mailbox.found import Found, Skip

_COUNT = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
_FLAGS = re.compile(rb"<key>flags</key>\s*<integer>(\d{1,20})</integer>")
_DELETED, _DRAFT = 1 << 1, 1 << 6  # of Apple Mail's flags
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:From [^\n]*\n)?[!-9;-~]{1,100}[ \t]*:")
# Where a program says nothing of a file, one of these must stand in it: JSON, passwd and many a text have
# something with a colon in their first line, too.
_COMMON = re.compile(
    rb"^(?:from|to|date|subject|message-id|received|return-path|delivered-to|mime-version)[ \t]*:",
    re.MULTILINE | re.IGNORECASE,
)
_COMPOUND = b"\xd0\xcf\x11\xe0"  # Outlook's .msg and much else


def is_mail(beginning: bytes) -> bool:
    """Tell whether a file that begins so may be a single mail: with a header field."""
    return _FIELD.match(beginning) is not None


def is_named_mail(beginning: bytes) -> bool:
    """Tell whether a file of any name that begins so is a single mail: with a field that mails have."""
    text = beginning.lstrip(b"\xef\xbb\xbf\r\n")
    header = text[: section_end(text, 0, len(text))[0]]
    return is_mail(beginning) and _COMMON.search(header) is not None


def is_emlx(beginning: bytes) -> bool:
    """Tell whether a file begins with a count and then a mail, as Apple Mail writes it."""
    count = _COUNT.match(beginning)
    return count is not None and is_mail(beginning[count.end() :])


def is_outlook(beginning: bytes) -> bool:
    """Tell whether a file is one of Outlook's own."""
    return beginning.startswith(_COMPOUND)


def read_single(path: Path, limit: int) -> Found:
    """Read a file that is one mail; a file that cannot be read is told of, and nothing is raised."""
    place = str(path)
    try:
        with path.open("rb") as file:
            octets = file.read(limit + 1)
            size = path.stat().st_size
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return Found(place, None, 0, skip=Skip.UNREADABLE)
    skip: Skip | None = None
    if is_emlx(octets[:1024]):
        octets, skip = _emlx(octets)
    if size > limit:
        return Found(place, None, size, stamp=changed)
    return Found(place, octets, size, stamp=changed, skip=skip)


def _emlx(octets: bytes) -> tuple[bytes, Skip | None]:
    """Take the mail out of an .emlx: as many octets as its first line says, then a property list."""
    count = _COUNT.match(octets)
    if count is None:
        return octets, None
    end = count.end() + int(count[1])
    flags = _FLAGS.search(octets, end)
    said = int(flags[1]) if flags else 0
    skip = Skip.DELETED if said & _DELETED else Skip.DRAFT if said & _DRAFT else None
    return octets[count.end() : end], skip
