"""One mail as read: what the grammar found, before any rule has looked at it."""

from datetime import datetime
from enum import StrEnum, unique

from msgspec import Struct


class Mailbox(Struct, frozen=True):
    """A display name and a normalised address; the address is empty where only a name was found."""

    name: str
    address: str


class Attachment(Struct, frozen=True):
    """A leaf of the MIME tree that is not shown as text, located by byte offsets into the raw mail."""

    part: str  # "1.2", as IMAP numbers parts (RFC 9051 6.4.5)
    filename: str  # decoded, cleaned for display, may be empty
    media_type: str
    disposition: str  # "attachment", "inline" or ""
    content_id: str  # without angle brackets
    size: int  # decoded octets
    sha256: bytes  # of the decoded octets
    start: int  # offset of the encoded body in the raw mail
    end: int
    encoding: str  # "base64", "quoted-printable", "uuencode" or ""
    shown: bool = False  # a picture that the shown HTML or text has in its place, and no file to open
    within: str = ""  # the containers to open on the way, outermost first: "tnef:2 smime:2.1"; empty for none
    sniffed: str = ""  # media type that its first octets show, whatever it is declared; empty for none


@unique
class AutoKind(StrEnum):
    """Why a mail counts as automatic (RFC 3834, RFC 3464)."""

    NONE = ""
    AUTO_REPLY = "auto_reply"
    BULK = "bulk"
    LIST = "list"
    DSN = "dsn"
    MDN = "mdn"


class FailedRecipient(Struct, frozen=True):
    """What a report says became of one recipient (RFC 3464 2.3, RFC 8098 3.2)."""

    address: str  # normalised: the one that was written to, if told, else the one it ended at
    action: (
        str  # lower case: "failed", "delayed", ...; of a disposition its type: "displayed", "deleted", ...
    )
    status: str  # RFC 3463, e.g. "5.1.1"; empty where none is told
    diagnostic: str  # one line of the remote system's words, may be empty


class Reported(Struct, frozen=True):
    """Which mail a report is about, and what became of it; each field may be empty."""

    message_id: str = ""  # normalised, of the mail that was sent
    subject: str = ""
    references: tuple[str, ...] = ()  # its References and In-Reply-To
    recipients: tuple[FailedRecipient, ...] = ()


class Content(Struct, frozen=True):
    """What one mail says, whether it came by itself or inside a forward."""

    sender: Mailbox | None = None  # RFC 5322 From; None where there is none
    from_count: int = 0  # number of addresses in From
    actual_sender: Mailbox | None = None  # the Sender field
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    date: datetime | None = None  # aware, UTC; None where unknown
    subject: str = ""
    message_id: str = ""  # normalised: lower case, no angle brackets; empty where there is none
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    thread_index: bytes = b""  # the 16-byte GUID of Thread-Index, or empty
    text: str = ""  # the whole readable text, LF line ends
    new_text: str = ""  # without quoted history
    attachments: tuple[Attachment, ...] = ()
    html: str = ""  # sanitised, safe to show; empty where there is none or it could not be made safe
    marks: tuple[str, ...] = ()  # what is special: "signed:smime", "encrypted:pgp", "gateway:banner", ...
    auto: AutoKind = AutoKind.NONE  # told by its own header section; none for what stands inline
    auto_reason: str = ""  # what told it: "header:auto-submitted", "subject:de", ...; empty for AutoKind.NONE
    broadcast: bool = False  # sent to many, by its own header section; never for what stands inline
    other_ids: tuple[str, ...] = ()  # normalised, under which the same mail is known, without message_id
    calendar_uid: str = ""  # of the event that the mail invites to, answers or cancels (RFC 5545 3.8.4.7)
    reported: Reported | None = None  # for a DSN or MDN that tells what it is about
    digest: bytes = b""  # of text and attachments, see mail/digest.py; empty where it was not worked out yet
    weak_text: bytes = b""  # 16 octets of the first letters of new_text, see mail/digest.py; or empty


# From this confidence on, mail is filed as its found author's; below, its user is asked who wrote it.
SURE = 0.6


@unique
class ForwardKind(StrEnum):
    """How a forwarded original was carried."""

    ATTACHED = "attached"  # a message/rfc822 part
    INLINE = "inline"  # a header block in the text
    RESENT = "resent"  # Resent-* fields, RFC 5322 3.6.6


class Quoted(Struct, frozen=True):
    """One mail of the history in an original's text, under a header block or an attribution line."""

    sender: Mailbox | None  # None where none is named
    date: datetime | None  # aware, UTC; None where unknown
    subject: str = ""
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    text: str = ""  # without quoting and without what it quotes itself
    evidence: tuple[str, ...] = ()
    confidence: float = 0.0  # 0 to 1


class Forward(Struct, frozen=True):
    """A forwarded original: what it says, how that was known, and how sure that is."""

    kind: ForwardKind
    original: Content
    evidence: tuple[str, ...]  # e.g. ("marker:apple", "labels:pl", "header:x-forwarded-message-id")
    confidence: float  # 0 to 1
    inner: tuple["Forward", ...] = ()  # what the original itself forwards, outermost first
    candidates: tuple[Mailbox, ...] = ()  # who may have written it, where that is not sure
    chain: tuple[Quoted, ...] = ()  # the history below the original, the nearest first


class Message(Struct, frozen=True):
    """A parsed mail: its own content, the originals it forwards, and what makes it special."""

    content: Content
    forwards: tuple[Forward, ...] = ()
    note: str = ""  # the forwarder's own words around the originals
    list_id: str = ""
    list_addresses: tuple[str, ...] = ()  # of mailing lists that it, or a mail attached to it, came through
    size: int = 0
    defects: tuple[str, ...] = ()
