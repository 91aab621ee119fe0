"""What a mail program writes into the mails that it keeps; without it a mail is the same wherever it lay.

It tells drafts, junk and deleted mail, and changes whenever somebody reads or moves a mail.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bccd.mail.dates import parse_date
from bccd.mail.headers import SECTION_CAP, section_end
from bccd.mail.words import unstructured
from bccd.sources.mailbox.folders import skip_of
from bccd.sources.mailbox.found import Skip

# Each is a program's own note; none is written by whoever sent the mail.
_NAMES = (
    rb"x-mozilla-(?:status2?|keys|altpop)|x-account-key|x-uidl?|x-status|status|x-keywords|content-length"
    rb"|x-gm-thrid|x-gmail-labels|x-imap(?:base)?|x-evolution(?:-source)?"
)
_VALUE = rb"[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+|(?!))*+)"
_NOTE = re.compile(rb"^(" + _NAMES + rb")" + _VALUE + rb"(?:\n|\Z)", re.MULTILINE | re.IGNORECASE)
_SAID = {
    Skip.DRAFT: re.compile(rb"^(?:x-unsent[ \t]*:[ \t]*1|x-mozilla-draft-info[ \t]*:)", re.MULTILINE),
    Skip.SPAM: re.compile(rb"^x-spam-flag[ \t]*:[ \t]*yes", re.MULTILINE),
}
# A header section without a line that begins so has none of the above: told faster than by looking for those.
_SIGN = re.compile(
    rb"\n(?:x-(?:mozilla-|account-key|ui|status|keywords|gm-thrid|gmail-labels|imap|evolution|unsent|spam-flag)"
    rb"|status|content-length)"
)
_EXPUNGED = 0x0008  # nsMsgMessageFlags::Expunged
_WHEN = re.compile(_VALUE)
_EARLIEST = datetime(1982, 8, 13, tzinfo=UTC)  # of RFC 822


@dataclass(frozen=True, slots=True)
class Stored:
    """A mail as it was sent, with line ends of SMTP, and what its keeper's notes say."""

    octets: bytes
    header: bytes
    skip: Skip | None = None  # why it should be passed over


def opened(octets: bytes) -> Stored:
    """Take the notes off a mail and read them."""
    if octets.startswith((b"\r\n", b"\n", b"\xef\xbb\xbf")):
        octets = octets.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    # One octet is looked for ten times as fast as two, and most mailboxes have no CR.
    unix = b"\r" not in octets
    end = (octets.find(b"\n\n") + 1 or len(octets)) if unix else section_end(octets, 0, len(octets))[0]
    header, skip = octets[:end], None
    lowered = header.lower()
    if _SIGN.search(b"\n" + lowered):
        skip = _skip(header, lowered)
        header = _NOTE.sub(b"", header)
        octets = header + octets[end:]
    if unix or not octets[: octets.find(b"\n")].endswith(b"\r"):
        octets, header = _with_crlf(octets, unix=unix), _with_crlf(header, unix=unix)
    return Stored(octets, header[:SECTION_CAP], skip)


def _with_crlf(octets: bytes, *, unix: bool) -> bytes:
    plain = octets if unix else octets.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", b"\r\n")


def _skip(header: bytes, lowered: bytes) -> Skip | None:
    """Tell from a mail's notes whether it is to be passed over."""
    for name, value in _NOTE.findall(header):
        match name.lower():
            case b"x-mozilla-status" if _number(value) & _EXPUNGED:
                return Skip.DELETED
            case b"x-gmail-labels":
                labels = unstructured(b" ".join(value.split())).split(",")
                skip = next((found for label in labels if (found := skip_of(label)) is not None), None)
                if skip is not None:
                    return skip
            case _:
                pass
    return next((skip for skip, sign in _SAID.items() if sign.search(lowered)), None)


def _number(value: bytes) -> int:
    try:
        return int(value.strip(), 16)
    except ValueError:
        return 0


def received_at(header: bytes, stored_at: datetime | None, now: datetime) -> datetime:
    """Say when a mail came in: by its topmost Received field, else by its file, else by its Date.

    What cannot be true (before there was mail, or in the future) is not believed.
    """
    lowered = b"\n" + header.lower()
    found = _believed(_first(lowered, b"\nreceived").rpartition(b";")[2], now)
    if found is None and stored_at is not None and _EARLIEST <= stored_at <= now:
        found = stored_at
    return found or _believed(_first(lowered, b"\ndate"), now) or now


def _first(lowered: bytes, name: bytes) -> bytes:
    """Return the value of the first field of a name, empty where there is none."""
    at = -1
    while (at := lowered.find(name, at + 1)) >= 0:
        if value := _WHEN.match(lowered, at + len(name)):
            return value[1]
    return b""


def _believed(value: bytes, now: datetime) -> datetime | None:
    moment = parse_date(value.strip()) if value else None
    return moment if moment is not None and _EARLIEST <= moment <= now else None
