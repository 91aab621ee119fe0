"""winmail.dat (MS-OXTNEF): the item inside, read in one pass whose every length is checked.

tnefparse, the library for it, counts to four billion where the octets say so, and cuts zeros off the end of
binary values; the stream is simple enough to be read here.
"""

import struct
from collections.abc import Iterator

from bccd.mail.charset import decode
from bccd.mail.sealed.mapi import (
    ATTACH_DATA,
    BINARY,
    BODY,
    FIXED_SIZES,
    MESSAGE_CLASS,
    OBJECT,
    STRING,
    SUBJECT,
    UNICODE,
    File,
    Item,
    Properties,
    Value,
    charset_of,
    code_page_text,
    scalar,
    utf_16,
)

_SIGNATURE = 0x223E9F78
_HEADER = 6
_ATTRIBUTE = struct.Struct("<BHHI")  # level, id, type, length
_CHECKSUM = 2
_LONG = struct.Struct("<I")
_PROPERTY = struct.Struct("<HH")
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage

_CODE_PAGE, _CLASS, _SUBJECT, _BODY = 0x9007, 0x8008, 0x8004, 0x800C
_MESSAGE, _RECIPIENTS, _FILE = 0x9003, 0x9004, 0x9005
_NEW_FILE, _TITLE, _DATA = 0x9002, 0x8010, 0x800F

_DEPTH_CAP = 3  # items inside items
_FILES_CAP = 200
_ATTRIBUTES_CAP = 5_000
_PROPERTIES_CAP = 2_000  # of one list
_RECIPIENTS_CAP = 1_000
_VALUES_CAP = 1_000  # of a property of several
_MULTIPLE = 0x1000
_NAMED = 0x8000


def read_tnef(octets: bytes, depth: int = 0) -> Item | None:
    """Return the item of a TNEF stream; None where the octets are none."""
    if len(octets) < _HEADER or _LONG.unpack_from(octets)[0] != _SIGNATURE or depth > _DEPTH_CAP:
        return None
    item, charset = Item(), "cp1252"
    for kind, value in _attributes(octets):
        if kind == _CODE_PAGE and len(value) >= _LONG.size:
            charset = charset_of(_LONG.unpack_from(value)[0]) or charset
        elif kind in (_NEW_FILE, _TITLE, _DATA, _FILE):
            _add_to_file(item, kind, value, charset, depth)
        else:
            _add_to_item(item, kind, value, charset)
    return item


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEADER
    for _ in range(_ATTRIBUTES_CAP):
        if at + _ATTRIBUTE.size > len(octets):
            return
        level, kind, _, length = _ATTRIBUTE.unpack_from(octets, at)
        if level not in (1, 2):
            return
        start = at + _ATTRIBUTE.size
        yield kind, octets[start : start + length]
        at = start + length + _CHECKSUM


def _add_to_item(item: Item, kind: int, value: bytes, charset: str) -> None:
    if kind == _MESSAGE:
        item.properties |= _properties(value, 0, charset)[0]
    elif kind == _RECIPIENTS:
        item.recipients = _recipients(value, charset)
    elif kind == _CLASS:
        item.properties.setdefault(MESSAGE_CLASS, code_page_text(value, charset))
    elif kind == _SUBJECT:
        item.properties.setdefault(SUBJECT, code_page_text(value, charset))
    elif kind == _BODY:
        item.properties.setdefault(BODY, decode(value.rstrip(b"\0"), charset))


def _add_to_file(item: Item, kind: int, value: bytes, charset: str, depth: int) -> None:
    if kind == _NEW_FILE or not item.files:
        if len(item.files) >= _FILES_CAP:
            return
        item.files.append(File())
    file = item.files[-1]
    if kind == _TITLE:
        file.title = code_page_text(value, charset)
    elif kind == _DATA:
        file.octets = value
    elif kind == _FILE:
        file.properties, _ = _properties(value, 0, charset)
        data = file.properties.pop(ATTACH_DATA, b"")
        if isinstance(data, bytes) and data:
            if data.startswith(_EMBEDDED):
                file.item = read_tnef(data[len(_EMBEDDED) :], depth + 1)
            file.octets = data


def _recipients(value: bytes, charset: str) -> list[Properties]:
    found: list[Properties] = []
    if len(value) < _LONG.size:
        return found
    count, at = _LONG.unpack_from(value)[0], _LONG.size
    for _ in range(min(count, _RECIPIENTS_CAP)):
        if at >= len(value):
            break
        properties, at = _properties(value, at, charset)
        found.append(properties)
    return found


def _properties(value: bytes, at: int, charset: str) -> tuple[Properties, int]:
    """Return a list of properties, and where it ends; what is cut or of an unknown type ends it."""
    found: Properties = {}
    try:
        count, at = _LONG.unpack_from(value, at)[0], at + _LONG.size
        for _ in range(min(count, _PROPERTIES_CAP)):
            kind, key = _PROPERTY.unpack_from(value, at)
            at += _PROPERTY.size
            if key >= _NAMED:
                at = _behind_name(value, at)
            read, at = _value(value, at, kind, charset)
            if read is not None and key < _NAMED:
                found.setdefault(key, read)
    except struct.error:
        return found, len(value)
    return found, at


def _behind_name(value: bytes, at: int) -> int:
    """Skip the GUID and the name or number of a named property."""
    kind, size = struct.unpack_from("<II", value, at + 16)
    at += 24
    return at + _padded(size) if kind else at


def _value(value: bytes, at: int, kind: int, charset: str) -> tuple[Value | None, int]:
    """Return the first value of a property, and where the property ends."""
    base = kind & ~_MULTIPLE
    size = FIXED_SIZES.get(base)
    if size is None and base not in (STRING, UNICODE, BINARY, OBJECT):
        raise struct.error
    count = 1
    if size is None or kind & _MULTIPLE:
        count, at = _LONG.unpack_from(value, at)[0], at + _LONG.size
    if count > _VALUES_CAP:
        raise struct.error
    if size is not None:
        first = scalar(base, value[at : at + size]) if count else None
        return first, at + _padded(size * count)
    read: Value | None = None
    for number in range(count):
        length, at = _LONG.unpack_from(value, at)[0], at + _LONG.size
        if not number:
            read = _string(value[at : at + length], base, charset)
        at += _padded(length)
    return read, at


def _string(octets: bytes, kind: int, charset: str) -> Value:
    if kind == UNICODE:
        return utf_16(octets)
    return code_page_text(octets, charset) if kind == STRING else octets


def _padded(size: int) -> int:
    return (size + 3) & ~3
