"""Transfer encodings (RFC 2045 6), read tolerantly."""

import binascii
import re
from functools import lru_cache
from itertools import islice

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SEEN = 4_000  # octets at each end of a body by which it is told whether it is base64 at all
_FEWEST_STRAY = 4  # stray characters; fewer make no text
_STRAY_SHARE = 8  # one in so many
# Several pieces of base64, each padded, and nothing else; mailing lists put a footer below the only one.
_PIECE = re.compile(rb"([A-Za-z0-9+/\r\n]++)=*+[\r\n]*+")
_PIECES = re.compile(rb"=[=\r\n]*+(?:[A-Za-z0-9+/\r\n]{2,}+=*+[\r\n]*+|(?!))++")
_PADDING_CAP = 10_000  # signs of it; of more pieces only the first is read
_UU_LINES_CAP = 600_000  # of 45 octets each: 27 MB
_FOOTER = re.compile(rb"\n(?:-- ?|[_-]{5,})\r?\n")
_PADDED_SOFT_BREAK = re.compile(rb"=[ \t]{1,80}(?=\r?\n)")
_BLANKS = b" \t\r\n;,\"'"
_BETWEEN = re.compile(rb"[\s;,\"']+")
_LINE = re.compile(rb"[^\r\n]++")
_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)

_ENCODINGS = {
    "": "",
    "7bit": "",
    "8bit": "",
    "binary": "",
    "7-bit": "",
    "8-bit": "",
    "base64": "base64",
    "base-64": "base64",
    "x-base64": "base64",
    "quoted-printable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "uuencode": "uuencode",
    "x-uuencode": "uuencode",
    "x-uue": "uuencode",
    "uue": "uuencode",
}


def encoding_of(value: bytes) -> tuple[str, bool]:
    """Return the encoding that a Content-Transfer-Encoding means, "" for none, and whether it is known."""
    return _encoding_of(value[:200])


@lru_cache(maxsize=64)
def _encoding_of(value: bytes) -> tuple[str, bool]:
    # Of several words the first holds.
    words = _BETWEEN.split(value.partition(b"(")[0].strip(_BLANKS), maxsplit=1)
    name = words[0].lower().decode("ascii", "replace")
    return _ENCODINGS.get(name, ""), name in _ENCODINGS


def base64_octets(encoded: bytes) -> tuple[bytes, bool]:
    """Return the octets, and whether they decoded as they stood; what follows the padding is not base64."""
    try:
        return binascii.a2b_base64(encoded), True
    except binascii.Error:
        pass
    if b"+" not in encoded and b"/" not in encoded:
        encoded = encoded.translate(_URL_SAFE)
    encoded = encoded.partition(b"=")[0].translate(None, _OTHERS)
    # A single character left over holds six bits: no octet.
    encoded = encoded[: len(encoded) - 1] if len(encoded) % 4 == 1 else encoded
    return binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4)), False


def _base64_body(encoded: bytes) -> tuple[bytes, bool]:
    """Decode a body: perhaps of several pieces, perhaps above a footer, perhaps never encoded at all."""
    padding = encoded.find(b"=")
    several = 0 <= padding < len(encoded.rstrip(b"=\r\n \t")) and encoded.count(b"=") <= _PADDING_CAP
    if several and _PIECES.fullmatch(encoded, padding):
        pieces = [base64_octets(piece) for piece in _PIECE.findall(encoded)]
        return b"".join([octets for octets, _ in pieces]), all(whole for _, whole in pieces)
    if padding < 0:
        head, tail = encoded[:_SEEN], encoded[-_SEEN:]
        if (stray := len((head + tail).translate(None, _ALPHABET + b"-_\r\n"))) >= _FEWEST_STRAY:
            if footer := _FOOTER.search(encoded):
                return base64_octets(encoded[: footer.start()])[0], False
            if stray * _STRAY_SHARE > len(head + tail):
                return encoded, False
    return base64_octets(encoded)


def _uuencoded_octets(encoded: bytes) -> tuple[bytes, bool]:
    """Return the octets between "begin" and "end" (POSIX uuencode), and whether all lines were in order."""
    begin = _BEGIN.search(encoded)
    whole = begin is not None
    out = bytearray()
    lines = islice(_LINE.finditer(encoded, begin.end() if begin else 0), _UU_LINES_CAP)
    for line in lines:
        if line[0] in (b"end", b"`", b" "):
            break
        try:
            out += binascii.a2b_uu(line[0])
        except binascii.Error:
            whole = False
    return bytes(out), whole


def transfer_decoded(encoded: bytes, encoding: str) -> tuple[bytes, bool]:
    """Return the octets of a body in the encoding that encoding_of() named, and whether it was in order."""
    match encoding:
        case "base64":
            return _base64_body(encoded)
        case "quoted-printable":
            return binascii.a2b_qp(_PADDED_SOFT_BREAK.sub(b"=", encoded)), True
        case "uuencode":
            return _uuencoded_octets(encoded)
        case _:
            return encoded, True
