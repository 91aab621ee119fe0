"""What a mail program writes into the mails that it keeps; without it a mail is the same wherever it lay.

It tells drafts, junk and deleted mail, and changes whenever somebody reads or moves a mail.
"""

import re
from datetime import UTC, datetime

from bccd.mail.dates import parse_date
from bccd.mail.headers import SECTION_CAP, section_end
from bccd.mail.words import unstructured
from bccd.sources.mailbox.folders import skip_of
from bccd.sources.mailbox.found import Skip

# Each is a program's own note; none is written by whoever sent the mail.
_NOTES = (
    rb"x-mozilla-(?:status2?|keys|altpop)|x-account-key|x-uidl?|x-status|status|x-keywords|content-length"
    rb"|x-gm-thrid|x-gmail-labels|x-imap(?:base)?|x-evolution(?:-source)?"
)
_NOTE = re.compile(
    rb"^(" + _NOTES + rb")[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+|(?!))*+)(?:\n|\Z)", re.MULTILINE | re.IGNORECASE
)
_UNSENT = re.compile(
    rb"^(?:x-unsent[ \t]*:[ \t]*1|x-mozilla-draft-info[ \t]*:)", re.MULTILINE | re.IGNORECASE
)
_EXPUNGED = 0x0008  # nsMsgMessageFlags::Expunged
_JUNK = re.compile(rb"^x-spam-flag[ \t]*:[ \t]*yes", re.MULTILINE | re.IGNORECASE)
_WHEN = re.compile(
    rb"^(received|date)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+|(?!))*+)", re.MULTILINE | re.IGNORECASE
)
_EARLIEST = datetime(1982, 8, 13, tzinfo=UTC)  # of RFC 822


def sent_form(octets: bytes) -> tuple[bytes, bytes]:
    """Return a mail as it was sent, and its header section: without notes, its line ends those of SMTP."""
    if octets.startswith((b"\r\n", b"\n", b"\xef\xbb\xbf")):
        octets = octets.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    end = section_end(octets, 0, len(octets))[0]
    header = _NOTE.sub(b"", octets[:end])
    first = octets.find(b"\n")
    whole = header + octets[end:]
    if first > 0 and octets[first - 1] != ord("\r"):
        header, whole = _with_crlf(header), _with_crlf(whole)
    return whole, header[:SECTION_CAP]


def _with_crlf(octets: bytes) -> bytes:
    if b"\r\n" in octets:
        octets = octets.replace(b"\r\n", b"\n")
    return octets.replace(b"\n", b"\r\n")


def skip_by_notes(octets: bytes) -> Skip | None:
    """Tell from a stored mail's notes whether it is to be passed over."""
    header = octets[: section_end(octets, 0, len(octets))[0]]
    for name, value in _NOTE.findall(header):
        match name.lower():
            case b"x-mozilla-status" if _number(value) & _EXPUNGED:
                return Skip.DELETED
            case b"x-gmail-labels":
                for label in unstructured(b" ".join(value.split())).split(","):
                    if (skip := skip_of(label)) is not None:
                        return skip
            case _:
                pass
    if _UNSENT.search(header):
        return Skip.DRAFT
    return Skip.SPAM if _JUNK.search(header) else None


def _number(value: bytes) -> int:
    try:
        return int(value.strip(), 16)
    except ValueError:
        return 0


def received_at(header: bytes, stored_at: datetime | None, now: datetime) -> datetime:
    """Say when a mail came in: by its topmost Received field, else by its file, else by its Date.

    What cannot be true (before there was mail, or in the future) is not believed.
    """
    sent: datetime | None = None
    for name, value in _WHEN.findall(header):
        if name[:1] in b"rR":
            found = _believed(parse_date(value.rpartition(b";")[2].strip()), now)
            if found is not None:
                return found
        elif sent is None:
            sent = _believed(parse_date(value.strip()), now)
    return _believed(stored_at, now) or sent or now


def _believed(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and _EARLIEST <= moment <= now else None
