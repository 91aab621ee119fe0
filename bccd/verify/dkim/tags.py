"""Tag lists: "v=1; a=rsa-sha256; ..." of signatures, seals and key records (RFC 6376 3.2)."""

import binascii
import re
from collections.abc import Mapping
from typing import NamedTuple

from bccd.verify.dkim.faults import malformed

_CAP = 100
_TAG = re.compile(
    rb"[ \t\r\n]*+([A-Za-z][A-Za-z0-9_]*+)[ \t\r\n]*+=([\x21-\x3a\x3c-\x7e\x80-\xff \t\r\n]*+)(?:;|\Z)"
)
_NUMBER = re.compile(rb"[0-9]{1,12}")
_SPACE = b" \t\r\n"


class Tag(NamedTuple):
    """A value, and where it stands in the text with the white space round it."""

    value: bytes
    start: int
    end: int


Tags = Mapping[bytes, Tag]


def read_tags(text: bytes, start: int = 0) -> dict[bytes, Tag]:
    """Read the list that begins at `start`; raises FaultError where it is none or names a tag twice."""
    tags: dict[bytes, Tag] = {}
    while match := _TAG.match(text, start):
        name, value = match.groups()
        if name in tags:
            raise malformed(f"{name.decode('ascii')}= stands twice")
        if len(tags) == _CAP:
            raise malformed("it has too many tags")
        tags[name] = Tag(value.strip(_SPACE), *match.span(2))
        start = match.end()
    if text[start:].strip(_SPACE):  # all but what follows the last semicolon
        raise malformed("a tag is malformed")
    return tags


def required(tags: Tags, name: bytes) -> bytes:
    """Return a value that must be there and not empty."""
    tag = tags.get(name)
    if tag is None or not tag.value:
        raise malformed(f"{name.decode('ascii')}= is missing")
    return tag.value


def number(tags: Tags, name: bytes) -> int | None:
    """Return a value of digits, None where there is no such tag."""
    tag = tags.get(name)
    if tag is None:
        return None
    if not _NUMBER.fullmatch(tag.value):
        raise malformed(f"{name.decode('ascii')}= is no number")
    return int(tag.value)


def listed(value: bytes) -> list[bytes]:
    """Take a list apart that is parted by colons, white space round them ignored."""
    return [part.strip(_SPACE) for part in value.split(b":")]


def base64(value: bytes, what: str) -> bytes:
    """Decode base64 that may be folded anywhere (RFC 6376 2.10)."""
    try:
        return binascii.a2b_base64(value.translate(None, _SPACE), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise malformed(f"{what}= is no base64") from error
