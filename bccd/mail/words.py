"""Encoded words (RFC 2047) and parameters (RFC 2045, RFC 2231), read tolerantly."""

import binascii
import re
from urllib.parse import unquote_to_bytes

from bccd.mail.charset import decode
from bccd.mail.decode import base64_octets

VALUE_CAP = 64 * 1024
PARAMETERS_CAP = 100
_PARAMETERS_OCTETS = 20_000

_ENCODED_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([BbQq])\?([^?]*+)\?=")
_PARAMETER = re.compile(rb";\s*+([!#-'*+\-.0-9A-Z^-~]++)\s*+=\s*+(\"(?:\\.|[^\"\\])*+\"|[^;]*+)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SECTION = re.compile(rb"([^*]+)(?:\*(\d{1,4}))?(\*)?")


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
        octets = _word(match[2], match[3])
        joined = bool(end) and not gap.strip()
        if not joined or label != charset:
            out += (decode(pending, charset), "" if joined else decode(gap, "", hint))
            charset, pending = label, b""
        pending += octets
        end = match.end()
    out += (decode(pending, charset), decode(value[end:], "", hint))
    return "".join(out)


def _word(encoding: bytes, payload: bytes) -> bytes:
    if encoding in b"Bb":
        return base64_octets(payload)[0]
    return binascii.a2b_qp(payload, header=True)


def unquoted(value: bytes) -> bytes:
    """Return a quoted-string's content (RFC 5322 3.2.4); anything else as it is."""
    if value[:1] != b'"':
        return value
    value = value[1:-1] if value[-1:] == b'"' and len(value) > 1 else value[1:]
    return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value


def parameters(value: bytes, hint: str = "") -> tuple[str, dict[str, str]]:
    """Return the lower-case first word of a structured value, and its parameters decoded."""
    first, semicolon, _ = value.partition(b";")
    word = _without_comment(first).strip().lower().decode("ascii", "replace")
    if not semicolon:
        return word, {}
    plain: dict[str, bytes] = {}
    sections: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(value[:_PARAMETERS_OCTETS], len(first))):
        if count == PARAMETERS_CAP:
            break
        content = match[2].strip()
        content = unquoted(content) if content[:1] == b'"' else content
        name = _SECTION.fullmatch(match[1])
        if name and (name[2] or name[3]):
            key = name[1].lower().decode("latin-1")
            sections.setdefault(key, {}).setdefault(int(name[2] or 0), (bool(name[3]), content))
        else:
            plain.setdefault(match[1].lower().decode("latin-1"), content)
    found = {key: unstructured(content, hint) for key, content in plain.items()}
    # RFC 2231 says more than its plain twin, which is there for old readers.
    found |= {key: _joined(parts) for key, parts in sections.items()}
    return word, found


def _without_comment(value: bytes) -> bytes:
    return value.partition(b"(")[0] if b"(" in value else value


def _joined(parts: dict[int, tuple[bool, bytes]]) -> str:
    charset = ""
    octets = b""
    for index in sorted(parts):
        extended, content = parts[index]
        if not octets and extended and content.count(b"'") > 1:
            label, _, content = content.split(b"'", 2)
            charset = label.decode("ascii", "replace")
        octets += unquote_to_bytes(content) if extended else content
    return decode(octets, charset)
