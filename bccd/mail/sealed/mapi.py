"""MAPI properties, as TNEF and .msg files hold them, and the item that they make: a mail with its files.

Property ids are those of MS-OXPROPS; strings come as text or as octets of a code page.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from bccd.mail.charset import clean, decode

MESSAGE_CLASS = 0x001A
SUBJECT = 0x0037
CLIENT_SUBMIT_TIME = 0x0039
SENT_REPRESENTING_NAME = 0x0042
SENT_REPRESENTING_ADDRESS = 0x0065
TRANSPORT_HEADERS = 0x007D
RECIPIENT_TYPE = 0x0C15
SENDER_NAME = 0x0C1A
SENDER_ADDRESS = 0x0C1F
DELIVERY_TIME = 0x0E06
BODY = 0x1000
RTF = 0x1009
HTML = 0x1013
MESSAGE_ID = 0x1035
REFERENCES = 0x1039
IN_REPLY_TO = 0x1042
DISPLAY_NAME = 0x3001
ADDRESS = 0x3003
ATTACH_DATA = 0x3701
ATTACH_NAME = 0x3704
ATTACH_METHOD = 0x3705
ATTACH_LONG_NAME = 0x3707
ATTACH_TYPE = 0x370E
ATTACH_CONTENT_ID = 0x3712
ATTACH_FLAGS = 0x3714
SMTP_ADDRESS = 0x39FE
INTERNET_CODE_PAGE = 0x3FDE
MESSAGE_CODE_PAGE = 0x3FFD
SENDER_SMTP = 0x5D01
SENT_REPRESENTING_SMTP = 0x5D02
ATTACH_HIDDEN = 0x7FFE

# Property types (MS-OXCDATA 2.11.1)
SHORT, LONG, FLOAT, DOUBLE, CURRENCY, APP_TIME, ERROR = 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0A
BOOLEAN, OBJECT, LONG_LONG, STRING, UNICODE, TIME, CLSID, BINARY = (
    *(0x0B, 0x0D, 0x14, 0x1E, 0x1F, 0x40, 0x48, 0x102),
)
FIXED_SIZES: Mapping[int, int] = {
    **dict.fromkeys((SHORT, BOOLEAN), 2),
    **dict.fromkeys((LONG, FLOAT, ERROR), 4),
    **dict.fromkeys((DOUBLE, CURRENCY, APP_TIME, LONG_LONG, TIME), 8),
    CLSID: 16,
}
_SIGNED_FORMATS = {SHORT: "<h", BOOLEAN: "<H", LONG: "<i", LONG_LONG: "<q", TIME: "<Q"}
_UTF_8, _UTF_16, _KOI8_R, _KOI8_U, _EUC_JP, _ISO_FIRST, _ISO_LAST = (
    65001,
    1200,
    20866,
    21866,
    51932,
    28591,
    28605,
)
_OTHERS = {_UTF_8: "utf-8", _UTF_16: "utf-16-le", 20127: "us-ascii", _KOI8_R: "koi8-r", _KOI8_U: "koi8-u",
    _EUC_JP: "euc-jp", 50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 51949: "euc-kr",
    52936: "hz-gb-2312", 54936: "gb18030"}  # fmt: skip
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

Value: TypeAlias = str | bytes | int
Properties: TypeAlias = dict[int, Value]


@dataclass(slots=True)
class File:
    """Something attached to an item: octets, or an item of its own."""

    properties: Properties = field(default_factory=dict)
    octets: bytes = b""
    title: str = ""  # a name that stands outside of the properties
    item: "Item | None" = None


@dataclass(slots=True)
class Item:
    """A mail as Outlook keeps one."""

    properties: Properties = field(default_factory=dict)
    recipients: list[Properties] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


def charset_of(code_page: int) -> str:
    """Return the charset label of a Windows code page, empty for none."""
    if _ISO_FIRST <= code_page <= _ISO_LAST:
        return f"iso-8859-{code_page - _ISO_FIRST + 1}"
    return _OTHERS.get(code_page, f"cp{code_page}" if code_page > 0 else "")


def scalar(kind: int, octets: bytes) -> Value:
    """Return the value of a property of fixed size: a number where it is one."""
    form = _SIGNED_FORMATS.get(kind)
    return struct.unpack_from(form, octets)[0] if form and len(octets) >= struct.calcsize(form) else octets


def utf_16(octets: bytes) -> str:
    """Return the text of a Unicode property, up to its NUL."""
    return clean(octets[: len(octets) & ~1].decode("utf-16-le", "replace").partition("\0")[0])


def code_page_text(octets: bytes, charset: str) -> str:
    """Return the text of a string property in a code page."""
    return decode(octets.partition(b"\0")[0], charset)


def text_of(properties: Mapping[int, Value], *ids: int) -> str:
    """Return the first of these properties that is a text with something in it."""
    for found in map(properties.get, ids):
        text = decode(found) if isinstance(found, bytes) else found
        if isinstance(text, str) and text.strip(" \0"):
            return text
    return ""


def octets_of(properties: Mapping[int, Value], key: int) -> bytes:
    """Return a binary property, empty where there is none."""
    found = properties.get(key)
    return found if isinstance(found, bytes) else b""


def number_of(properties: Mapping[int, Value], key: int) -> int:
    """Return a number, 0 where there is none."""
    found = properties.get(key)
    return found if isinstance(found, int) else 0


def time_of(properties: Mapping[int, Value], *keys: int) -> datetime | None:
    """Return the first of these times that is one."""
    for key in keys:
        if ticks := number_of(properties, key):
            try:
                return _EPOCH + timedelta(microseconds=ticks // 10)
            except OverflowError:
                continue
    return None
