"""Outlook's .msg files (MS-OXMSG): the item that one holds."""

import struct
from collections.abc import Iterator

from bccd.mail.sealed.compound import Storage, read_compound
from bccd.mail.sealed.mapi import (
    ATTACH_DATA,
    BINARY,
    FIXED_SIZES,
    INTERNET_CODE_PAGE,
    MESSAGE_CODE_PAGE,
    STRING,
    UNICODE,
    File,
    Item,
    Properties,
    Value,
    charset_of,
    code_page_text,
    number_of,
    octets_of,
    scalar,
    utf_16,
)

_VALUE = "__substg1.0_"
_FIXED = "__properties_version1.0"
_RECIPIENT, _FILE = "__recip_version1.0_", "__attach_version1.0_"
_EMBEDDED = f"{_VALUE}3701000d"
_ENTRY = struct.Struct("<HHI8s")
_TOP_HEADER, _EMBEDDED_HEADER, _OTHER_HEADER = 32, 24, 8
_KEY_LENGTH = 8

_DEPTH_CAP = 3
_FILES_CAP = 200
_RECIPIENTS_CAP = 1_000


def read_msg(octets: bytes) -> Item | None:
    """Return the item of a .msg file; None where the octets are none."""
    root = read_compound(octets)
    if root is None or _FIXED not in root.streams:
        return None
    return _item(root, _TOP_HEADER, 0, "cp1252")


def _item(folder: Storage, header: int, depth: int, charset: str) -> Item:
    fixed: Properties = dict(_fixed(folder, header))
    for key in (INTERNET_CODE_PAGE, MESSAGE_CODE_PAGE):
        charset = charset_of(number_of(fixed, key)) or charset
    item = Item(fixed | dict(_variable(folder, charset)))
    for name, inner in sorted(folder.storages.items()):
        if name.startswith(_RECIPIENT) and len(item.recipients) < _RECIPIENTS_CAP:
            item.recipients.append(_all(inner, charset))
        elif name.startswith(_FILE) and len(item.files) < _FILES_CAP:
            item.files.append(_file(inner, depth, charset))
    return item


def _file(folder: Storage, depth: int, charset: str) -> File:
    file = File(_all(folder, charset))
    file.octets = octets_of(file.properties, ATTACH_DATA)
    file.properties.pop(ATTACH_DATA, None)
    embedded = folder.storages.get(_EMBEDDED)
    if embedded and depth < _DEPTH_CAP:
        file.item = _item(embedded, _EMBEDDED_HEADER, depth + 1, charset)
    return file


def _all(folder: Storage, charset: str) -> Properties:
    return dict(_fixed(folder, _OTHER_HEADER)) | dict(_variable(folder, charset))


def _fixed(folder: Storage, header: int) -> Iterator[tuple[int, Value]]:
    """Give the properties of fixed size."""
    octets = folder.streams.get(_FIXED, b"")
    for at in range(header, len(octets) - _ENTRY.size + 1, _ENTRY.size):
        kind, key, _, value = _ENTRY.unpack_from(octets, at)
        if kind in FIXED_SIZES:
            yield key, scalar(kind, value[: FIXED_SIZES[kind]])


def _variable(folder: Storage, charset: str) -> Iterator[tuple[int, Value]]:
    """Give the properties that have a stream each, named by id and type."""
    for name, octets in folder.streams.items():
        tag = name.removeprefix(_VALUE)
        if tag == name or len(tag) != _KEY_LENGTH:
            continue
        try:
            key, kind = int(tag[:4], 16), int(tag[4:], 16)
        except ValueError:
            continue
        if kind == UNICODE:
            yield key, utf_16(octets)
        elif kind == STRING:
            yield key, code_page_text(octets, charset)
        elif kind == BINARY:
            yield key, octets
