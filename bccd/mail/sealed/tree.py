"""The tree of a mail with what is packed inside its parts: opaque S/MIME, winmail.dat, .msg files.

What a part was made of its octets stands below it like any part; its attachments name the containers around
them. Whoever wants their octets opens the same tree again.
"""

import re
from dataclasses import dataclass

from bccd.mail.decode import transfer_decoded
from bccd.mail.mime import Tree, split
from bccd.mail.part import Part, filename_of
from bccd.mail.sealed.cms import Cms, cms_kind, signed_content
from bccd.mail.sealed.item import Maker
from bccd.mail.sealed.mapi import MESSAGE_CLASS, text_of
from bccd.mail.sealed.outlook import read_msg
from bccd.mail.sealed.tnef import read_tnef

_OPENED_CAP = 8  # containers of one mail, one inside the other or side by side
_NESTED_CAP = 3

_CMS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_OUTLOOK = frozenset({"application/vnd.ms-outlook", "application/msoutlook", "application/x-msg"})
_TEXT = frozenset({"text/plain", "text/html"})
_ANY = frozenset({"application/octet-stream", "application/x-msdownload", "application/binary"})
_TNEF_NAMES = frozenset({"winmail.dat", "win.dat"})
_FIELDS_READ = 4_000  # octets in which a part declares its type
_PART = re.compile(
    rb"(?:[!-9;-~]++:[^\n]*+\n(?:[ \t][^\n]*+\n|(?!))*+)*?(?:content-type|mime-version)[ \t]*+:",
    re.IGNORECASE,
)
# What else Outlook saves: contacts, tasks, notes of one's own.
_MAIL_CLASSES = ("ipm.note", "ipm.schedule.meeting", "ipm.outlook.recall", "report.ipm")
_RECALL_CLASS = "ipm.outlook.recall"


def open_tree(raw: bytes) -> Tree:
    """Return the tree of a whole mail, and of what is packed inside its parts."""
    tree = split(raw)
    waiting = [(tree.root, 0, _Mail())]
    opened = 0
    while waiting:
        part, depth, mail = waiting.pop()
        plain = part.media_type in _TEXT
        if not plain and not part.children and depth < _NESTED_CAP and (kind := _kind(part)):
            opened += 1
            if opened <= _OPENED_CAP:
                _open(part, kind, mail)
            depth += 1
        mail.has_text = mail.has_text or (plain and part.disposition != "attachment")
        if part.children:
            mail = _Mail() if part.is_message else mail
            waiting += [(child, depth, mail) for child in reversed(part.children)]
    return tree


@dataclass(slots=True)
class _Mail:
    """What was passed of the mail that a part belongs to."""

    has_text: bool = False


def _kind(part: Part) -> str:
    """Tell a container by its type, or by its name where the type says nothing."""
    if part.media_type.startswith(("text/", "multipart/", "image/")):
        return ""
    if part.media_type in _CMS:
        return "smime"
    if part.media_type in _TNEF:
        return "tnef"
    name = filename_of(part).lower()
    if part.media_type in _OUTLOOK or name.endswith(".msg"):
        return "msg"
    if part.media_type in _ANY:
        return "tnef" if name in _TNEF_NAMES else "smime" if name.endswith(".p7m") else ""
    return ""


def _open(part: Part, kind: str, mail: _Mail) -> None:
    octets, _ = transfer_decoded(part.buffer[part.start : part.end], part.encoding)
    within = f"{part.within} {kind}:{part.number}".strip()
    if kind == "smime":
        _open_signed(part, octets, within, is_body=not mail.has_text)
    elif kind == "tnef":
        part.mark = "tnef"
        if item := read_tnef(octets):
            part.children = Maker(part, within).children(item, part.number)
            part.opened = "tnef" if part.children else ""  # what gives nothing is kept as a file
            if text_of(item.properties, MESSAGE_CLASS).lower().startswith(_RECALL_CLASS):
                part.mark = "tnef recall"
    else:
        part.mark = "outlook:msg"
        item = read_msg(octets)
        if item and text_of(item.properties, MESSAGE_CLASS).lower().startswith(_MAIL_CLASSES):
            part.children = [Maker(part, within).mail(item, part.number)]


def _open_signed(part: Part, octets: bytes, within: str, *, is_body: bool) -> None:
    kind = cms_kind(octets)
    # What cannot be read and is no file of a name of its own was encrypted by a program of its own ways.
    nameless = filename_of(part).lower() in ("", "smime.p7m") and "smime-type" not in part.params
    if kind is Cms.HIDDEN or (kind is Cms.OTHER and nameless):
        part.mark = "encrypted:smime"
    content = signed_content(octets) if kind is Cms.SIGNED else None
    # A signed document (offer.pdf.p7m) is signed data, too, but a file: a part of a mail begins with fields.
    # Behind a text it is a file that somebody attached: others' words are none of this mail's.
    if content and is_body and _PART.match(content, 0, _FIELDS_READ):
        part.mark, part.opened = "signed:smime", "smime"
        part.children = [Maker(part, within).placed(split(content).root, part.number)]
