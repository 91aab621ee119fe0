"""An item of Outlook as parts of a mail, so that what reads mail reads it as any other."""

from collections.abc import Iterator
from datetime import datetime

from bccd.mail.headers import fields
from bccd.mail.mime import split
from bccd.mail.part import Part
from bccd.mail.sealed import mapi
from bccd.mail.sealed.mapi import File, Item, Properties
from bccd.mail.sealed.rtf import Rich, decompressed, rich

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LIST_FIELDS = {1: b"to", 2: b"cc", 3: b"bcc"}
_HEADERS_CAP = 64 * 1024  # octets of a kept header section
_LINE_CAP = 4_000  # characters of a field
_RENDERED = 4  # of the flags of an attachment: the body shows it
_NOT_KEPT = (b"content-", b"mime-version")


class Maker:
    """Makes the parts that stand below one part, all numbered and anchored under it."""

    def __init__(self, outer: Part, within: str) -> None:
        self._outer = outer
        self._anchor = outer.start if outer.anchor < 0 else outer.anchor
        self._within = within

    def children(self, item: Item, number: str) -> list[Part]:
        """Return the text of an item in its forms, then its files."""
        made = [form for form in self._forms(item, number) if form]
        made += [
            self._file(file, f"{number}.{place}") for place, file in enumerate(item.files, len(made) + 1)
        ]
        return made

    def mail(self, item: Item, number: str) -> Part:
        """Return an item as the top part of a mail of its own."""
        part = self._part(number, "multipart/mixed", b"")
        part.fields = list(_fields_of(item))
        part.children = self.children(item, number)
        return part

    def _forms(self, item: Item, number: str) -> Iterator[Part | None]:
        text, page = _texts(item)
        if not (text and page):
            yield self._text(f"{number}.1", "plain", text) if text else None
            yield self._text(f"{number}.1", "html", page) if page else None
            return
        both = self._part(f"{number}.1", "multipart/alternative", b"")
        both.children = [
            self._text(f"{number}.1.1", "plain", text),
            self._text(f"{number}.1.2", "html", page),
        ]
        yield both

    def _text(self, number: str, subtype: str, text: str) -> Part:
        part = self._part(number, f"text/{subtype}", text.encode("utf-8", "replace"))
        part.params = {"charset": "utf-8"}
        return part

    def _file(self, file: File, number: str) -> Part:
        properties = file.properties
        name = _name(file)
        media_type = mapi.text_of(properties, mapi.ATTACH_TYPE).strip().lower()
        part = self._part(
            number, media_type if "/" in media_type else "application/octet-stream", file.octets
        )
        shown = mapi.number_of(properties, mapi.ATTACH_FLAGS) & _RENDERED
        part.disposition = "inline" if shown or properties.get(mapi.ATTACH_HIDDEN) else "attachment"
        part.disposition_params = {"filename": name}
        content_id = mapi.text_of(properties, mapi.ATTACH_CONTENT_ID).strip().strip("<>")
        if content_id:
            part.fields.append((b"content-id", content_id.encode("ascii", "ignore")))
        if file.item:
            part.media_type = "message/rfc822"
            part.children = [self.mail(file.item, number)]
        elif name.lower().endswith(".eml") and file.octets:
            part.media_type = "message/rfc822"
            part.children = [self.placed(split(file.octets).root, number)]
        return part

    def placed(self, root: Part, number: str) -> Part:
        """Number and anchor a tree of its own as if it stood here."""
        waiting = [root]
        while waiting:
            part = waiting.pop()
            part.number = f"{number}.{part.number}" if part.number else number
            part.anchor, part.within = self._anchor, self._within
            part.depth += self._outer.depth + 1
            waiting += part.children
        return root

    def _part(self, number: str, media_type: str, octets: bytes) -> Part:
        return Part(
            number=number,
            buffer=octets,
            fields=[],
            media_type=media_type,
            params={},
            disposition="",
            disposition_params={},
            encoding="",
            start=0,
            end=len(octets),
            depth=self._outer.depth + 1,
            anchor=self._anchor,
            within=self._within,
        )


def _name(file: File) -> str:
    """Return what a file is called; an item is called by its subject."""
    properties = file.properties
    named = mapi.text_of(properties, mapi.ATTACH_LONG_NAME, mapi.ATTACH_NAME) or file.title
    named = named or mapi.text_of(properties, mapi.DISPLAY_NAME)
    if not named and file.item:
        named = mapi.text_of(file.item.properties, mapi.SUBJECT)
    return named.strip("\0")


def _texts(item: Item) -> tuple[str, str]:
    """Return the plain and the HTML form of an item's text."""
    properties = item.properties
    text = mapi.text_of(properties, mapi.BODY)
    page = properties.get(mapi.HTML)
    if isinstance(page, bytes):
        charset = mapi.charset_of(mapi.number_of(properties, mapi.INTERNET_CODE_PAGE))
        page = mapi.code_page_text(page, charset)
    html = page if isinstance(page, str) else ""
    if not html and (packed := mapi.octets_of(properties, mapi.RTF)):
        made = rich(decompressed(packed)) if packed else Rich("", "")
        html, text = made.html, text or made.text
    return text, html


def _fields_of(item: Item) -> Iterator[tuple[bytes, bytes]]:
    """Give the header section of an item: the one it came with, else one made of its properties."""
    headers = mapi.text_of(item.properties, mapi.TRANSPORT_HEADERS)
    kept = [
        (name, value)
        for name, value in fields(headers[:_HEADERS_CAP].encode("utf-8", "replace"))
        if not name.startswith(_NOT_KEPT)
    ]
    if any(name == b"from" for name, _ in kept):
        yield from kept
        return
    for name, value in _made_fields(item):
        line = " ".join(value[:_LINE_CAP].split())
        if line:
            yield name, line.encode("utf-8", "replace")


def _made_fields(item: Item) -> Iterator[tuple[bytes, str]]:
    properties = item.properties
    author = _mailbox(
        mapi.text_of(properties, mapi.SENT_REPRESENTING_NAME),
        mapi.text_of(properties, mapi.SENT_REPRESENTING_SMTP),
        mapi.text_of(properties, mapi.SENT_REPRESENTING_ADDRESS),
    )
    sender = _mailbox(
        mapi.text_of(properties, mapi.SENDER_NAME),
        mapi.text_of(properties, mapi.SENDER_SMTP),
        mapi.text_of(properties, mapi.SENDER_ADDRESS),
    )
    yield b"from", author or sender
    if author and sender != author:
        yield b"sender", sender
    for kind, name in _LIST_FIELDS.items():
        yield name, ", ".join(filter(None, (_recipient(one, kind) for one in item.recipients)))
    when = mapi.time_of(properties, mapi.CLIENT_SUBMIT_TIME, mapi.DELIVERY_TIME)
    yield b"date", _date(when) if when else ""
    yield b"subject", mapi.text_of(properties, mapi.SUBJECT)
    yield b"message-id", mapi.text_of(properties, mapi.MESSAGE_ID)
    yield b"in-reply-to", mapi.text_of(properties, mapi.IN_REPLY_TO)
    yield b"references", mapi.text_of(properties, mapi.REFERENCES)


def _recipient(one: Properties, kind: int) -> str:
    if mapi.number_of(one, mapi.RECIPIENT_TYPE) & 0xF != kind:
        return ""
    return _mailbox(
        mapi.text_of(one, mapi.DISPLAY_NAME),
        mapi.text_of(one, mapi.SMTP_ADDRESS),
        mapi.text_of(one, mapi.ADDRESS),
    )


def _mailbox(name: str, *addresses: str) -> str:
    """Return a mailbox as RFC 5322 writes it; an address of Exchange (/O=...) is none."""
    address = next((one.strip() for one in addresses if "@" in one), "")
    address = "".join(char for char in address if char not in '<>," \t\r\n')
    shown = name.strip(" '").replace("\\", "\\\\").replace('"', '\\"')
    if not address:
        return f'"{shown}"' if shown else ""
    return f'"{shown}" <{address}>' if shown and shown != address else address


def _date(when: datetime) -> str:
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year:04} {when:%H:%M:%S} +0000"
