"""Encoded words (RFC 2047) and parameters (RFC 2045, RFC 2231), read tolerantly."""

import binascii
import functools
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from bccd.mail.charset import decode
from bccd.mail.charset_names import codec_of
from bccd.mail.decode import base64_octets

VALUE_CAP = 64 * 1024
PARAMETERS_CAP = 100
_PARAMETERS_OCTETS = 20_000
_COMMON = 80  # octets; a value no longer is often one that was just read, as "text/plain; charset=utf-8"

# Some write a raw "?" into a word, and what was cut off at the end of a value has no end of its own.
_ENCODED_WORD = re.compile(
    rb"=\?([^?\s]{1,60})\?(?:([Bb])\?([^?]*+)|([Qq])\?([^?]*+(?:\?(?!=)[^?]*+|(?!)){0,8}+))(?:\?=|\?*+\Z)"
)
_PARAMETER = re.compile(
    rb"(?:;|(?<=\")\s)\s*+([!#-'*+\-.0-9A-Z^-~]++)\s*+=\s*+(\"(?:\\.|[^\"\\]|(?!))*+\"|[^;]*+)", re.DOTALL
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED_SIGN = re.compile(rb"\\([\"\\])")
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")


def unstructured(value: bytes, hint: str = "") -> str:
    """Return the text of a field value; `hint` is the charset that raw octets are probably in."""
    value = value[:VALUE_CAP]
    if b"=?" not in value:
        return decode(value, "", hint)
    out: list[str] = []
    end = 0
    charset = ""
    pending = b""  # octets of neighbouring words of one charset: a character may be split between two words
    for match in _ENCODED_WORD.finditer(value):
        gap = value[end : match.start()]
        label = match[1].partition(b"*")[0].lower().decode("ascii", "replace")
        octets = base64_octets(match[3])[0] if match[2] else binascii.a2b_qp(match[5], header=True)
        joined = bool(end) and not gap.strip()
        if not joined or label != charset:
            out += (decode(pending, charset), "" if joined else decode(gap, "", hint))
            charset, pending = label, b""
        pending += octets
        end = match.end()
    out += (decode(pending, charset), decode(value[end:], "", hint))
    return "".join(out)


def unquoted(value: bytes) -> bytes:
    """Return a quoted-string's content (RFC 5322 3.2.4); anything else as it is."""
    if value[:1] != b'"':
        return value
    value = value[1:-1] if value[-1:] == b'"' and len(value) > 1 else value[1:]
    return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value


def parameters(value: bytes, hint: str = "") -> tuple[str, Mapping[str, str]]:
    """Return the lower-case first word of a structured value, and its parameters decoded."""
    if len(value) > _COMMON:
        return _parameters(value, hint)
    return _common_parameters(value, hint)


def _parameters(value: bytes, hint: str) -> tuple[str, Mapping[str, str]]:
    word, value, start = _first_word(value)
    if start >= len(value):
        return word, {}
    plain: dict[str, bytes] = {}
    sections: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(value, start, _PARAMETERS_OCTETS)):
        if count == PARAMETERS_CAP:
            break
        name, content = match[1].lower().decode("latin-1"), _content(match[2])
        if "*" not in name:
            plain.setdefault(name, content)
        elif section := _SECTION.fullmatch(name):
            numbered = sections.setdefault(section[1], {})
            numbered.setdefault(int(section[2] or 0), (bool(section[3]), content))
    found = {key: unstructured(content, hint) for key, content in plain.items()}
    # RFC 2231 says more than its plain twin, which is there for old readers.
    found |= {key: joined for key, parts in sections.items() if (joined := _joined(parts, hint))}
    return word, found


_common_parameters = functools.lru_cache(maxsize=512)(_parameters)


def raw_parameter(value: bytes, name: bytes) -> bytes:
    """Return the first parameter of that lower-case name as octets, empty where there is none."""
    _, value, start = _first_word(value)
    for match in _PARAMETER.finditer(value, start, _PARAMETERS_OCTETS):
        if match[1].lower() == name:
            return _content(match[2])
    return b""


def _first_word(value: bytes) -> tuple[str, bytes, int]:
    """Return the lower-case first word, the value with a ";" behind it, put in if need be, and its offset."""
    first = value.partition(b";")[0]
    at = len(first)
    if b"=" in first:  # a ";" is missing before the first parameter, or the word itself is
        word, *others = first.split(None, 1)
        first = word if others and b"=" not in word else b""
        at = len(first)
        value = first + b";" + value.lstrip()[at:]
    if b"(" in first:
        first = first.partition(b"(")[0]
    word = first.strip().lower()
    return (b"".join(word.split()) if b"/" in word else word).decode("ascii", "replace"), value, at


def _content(value: bytes) -> bytes:
    """Return a parameter's value without quotes; of escapes only those of a quote and a backslash are one."""
    value = value.strip()
    if value[:1] != b'"':
        return value
    value = value[1:-1] if value[-1:] == b'"' and len(value) > 1 else value[1:]
    return _ESCAPED_SIGN.sub(rb"\1", value) if b"\\" in value else value


def _joined(parts: dict[int, tuple[bool, bytes]], hint: str) -> str:
    """Put the sections of a value together (RFC 2231 3 and 4); one names the charset of all."""
    charset = ""
    octets = b""
    for index in sorted(parts):
        extended, content = parts[index]
        if extended and not charset and content.count(b"'") > 1:
            label, _, rest = content.split(b"'", 2)
            if not octets or codec_of(label.decode("ascii", "replace")):
                charset, content = label.decode("ascii", "replace"), rest
        octets += unquote_to_bytes(content) if extended else content
    return decode(octets, charset, hint) if charset or b"=?" not in octets else unstructured(octets, hint)
