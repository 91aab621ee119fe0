"""Attachments as values: what they are called, what they weigh, and where their octets are."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from msgspec.structs import replace

from bccd.mail.decode import transfer_decoded
from bccd.mail.part import Part, filename_of
from bccd.mail.sealed.tree import open_tree
from bccd.mail.sniff import sniffed
from bccd.model.message import Attachment

_NAME_CAP = 150  # octets of the stem
_EXTENSION_CAP = 20
_READ = 500  # characters at either end of a name
_MEDIA_TYPE_CAP = 127  # RFC 6838 4.2

# Invitations and cards come without a name from many programs, and open by their extension.
_UNNAMED = {
    "text/calendar": "invite.ics",
    "text/x-vcalendar": "invite.ics",
    "text/vcard": "contact.vcf",
    "text/x-vcard": "contact.vcf",
}

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(
    r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(?=\s*(?:\.|$))"
)  # names that Windows keeps for devices
_CITED = re.compile(r"cid:([^\"'\s<>\[\]]{1,998})")
_FORBIDDEN = re.compile(r"[<>:\"|?*]")


def shown_name(name: str) -> str:
    """Return the last component of a claimed file name, free of what deceives a reader or a file system."""
    name = name.replace("\\", "/").rpartition("/")[2]
    if len(name) > 2 * _READ:
        name = name[:_READ] + name[-_READ:]  # both ends: the extension tells what it is
    # Format characters include the bidi controls that make "exe.pdf" of "fdp.exe".
    name = "".join(char for char in name if unicodedata.category(char) not in _UNSEEN)
    name = unicodedata.normalize("NFC", name)  # now that nothing unseen keeps an accent from its letter
    name = _FORBIDDEN.sub("_", " ".join(name.split())).strip(". ")
    name = _RESERVED.sub(r"_\1", name, count=1) if _RESERVED.match(name) else name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _EXTENSION_CAP:
        return _cut(name)
    return f"{_cut(stem)}.{extension}"


def _cut(text: str) -> str:
    return text.encode("utf-8", "ignore")[:_NAME_CAP].decode("utf-8", "ignore")


def attachment_of(part: Part) -> tuple[Attachment, bool]:
    """Return the attachment that a leaf is, and whether its encoding was in order."""
    octets, whole = transfer_decoded(part.buffer[part.start : part.end], part.encoding)
    inside = part.anchor >= 0
    found = Attachment(
        part=part.number,
        filename=shown_name(filename_of(part)) or _UNNAMED.get(part.media_type, ""),
        media_type=part.media_type[:_MEDIA_TYPE_CAP],
        disposition=part.disposition if part.disposition in ("attachment", "inline") else "",
        content_id=shown_id(part.first(b"content-id")),
        size=len(octets),
        sha256=hashlib.sha256(octets).digest(),
        # Inside an encoded message there is no such offset: an empty range tells octets() to walk the tree.
        start=part.anchor if inside else part.start,
        end=part.anchor if inside else part.end,
        encoding=part.encoding,
        within=part.within,
        sniffed=sniffed(octets),
    )
    return found, whole


def with_shown(found: Iterable[Attachment], html: str, text: str) -> list[Attachment]:
    """Mark what the shown HTML, or else the text, has in its place.

    A picture is in its place too if it is there without a name by which anybody could open it.
    """
    files = list(found)
    if not files:
        return files
    page = (html or text).replace("CID:", "cid:")
    cited = {unquote(name) for name in _CITED.findall(page)}
    return [replace(file, shown=True) if _is_in_place(file, cited) else file for file in files]


def _is_in_place(file: Attachment, cited: set[str]) -> bool:
    if file.content_id and file.content_id in cited:
        return True
    return file.media_type.startswith("image/") and file.disposition == "inline" and not file.filename


def shown_id(value: bytes) -> str:
    """Return a Content-ID without its angle brackets (RFC 2392)."""
    text = value[:1_000].decode("ascii", "ignore").strip().removeprefix("<").removesuffix(">")
    return "".join(text.split())


def octets(raw: bytes, attachment: Attachment) -> bytes:
    """Return the decoded octets of an attachment of this mail; empty if the mail holds no such part."""
    if attachment.end > attachment.start:
        return transfer_decoded(raw[attachment.start : attachment.end], attachment.encoding)[0]
    if not attachment.size:
        return b""
    waiting = [open_tree(raw).root]
    while waiting:
        part = waiting.pop()
        if part.number == attachment.part and part.anchor == attachment.start and not _holds_parts(part):
            return transfer_decoded(part.buffer[part.start : part.end], part.encoding)[0]
        waiting += reversed(part.children)
    return b""


def _holds_parts(part: Part) -> bool:
    """Tell a part that is no attachment: a multipart shares its number with the mail that it is."""
    return bool(part.opened) or part.media_type.startswith("multipart/")
