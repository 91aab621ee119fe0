"""Compressed RTF (MS-OXRTFCP), and the HTML or text that Outlook put into it (MS-OXRTFEX).

Both are linear and capped: of a bomb the first megabyte is made.
"""

import re
import struct
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from bccd.mail.charset import clean, decode
from bccd.mail.sealed.mapi import charset_of

_RAW_CAP = 1024 * 1024  # octets that are made
_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_SKIPPED = frozenset(
    (
        "fonttbl",
        "colortbl",
        "stylesheet",
        "info",
        "pict",
        "object",
        "header",
        "footer",
        "headerl",
        "headerr",
        "footerl",
        "footerr",
        "generator",
    )
)
_SIGNS = {
    "par": "\r\n", "line": "\r\n", "row": "\r\n", "tab": "\t", "cell": "\t", "lquote": "\u2018",
    "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022", "endash": "\u2013",
    "emdash": "\u2014",
}  # fmt: skip
_SYMBOLS = {"~": "\xa0", "_": "\u2011", "{": "{", "}": "}", "\\": "\\", "\r": "\r\n", "\n": "\r\n"}
_CODE_PAGES = {0: 1252, 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258,
    177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250}  # fmt: skip
_GROUPS_CAP = 1_000  # open at once
_TOKENS_CAP = 150_000  # read of one body
_HIGH, _LOW, _WIDE = 0xD800, 0xDC00, 0x10000


class Rich(NamedTuple):
    """What an RTF body stands for; one of the two is empty."""

    html: str
    text: str


def decompressed(octets: bytes) -> bytes:
    """Return the RTF of a compressed body, as far as it can be read."""
    if len(octets) < _HEADER.size:
        return b""
    _, size, magic, _ = _HEADER.unpack_from(octets)
    if magic == _PLAIN:
        return octets[_HEADER.size :][: min(size, _RAW_CAP)]
    if magic != _COMPRESSED:
        return b""
    out = bytearray(_KNOWN)
    limit = len(_KNOWN) + min(size, _RAW_CAP)
    at = _HEADER.size
    while at < len(octets) and len(out) < limit:
        flags = octets[at]
        at += 1
        if not flags:
            out += octets[at : at + 8]
            at += 8
            continue
        for bit in range(8):
            if not flags >> bit & 1:
                out += octets[at : at + 1]
                at += 1
                continue
            if at + 2 > len(octets):
                return bytes(out[len(_KNOWN) : limit])
            place, length = octets[at] << 4 | octets[at + 1] >> 4, (octets[at + 1] & 15) + 2
            at += 2
            back = (len(out) - place) % _WINDOW
            if not back or back > len(out):  # the end, or a place never written
                return bytes(out[len(_KNOWN) : limit])
            start = len(out) - back
            piece = bytes(out[start : start + length])
            out += (piece * (length // len(piece) + 1))[:length]
    return bytes(out[len(_KNOWN) : limit])


def rich(rtf: bytes) -> Rich:
    """Return the HTML that the RTF wraps, or its text."""
    source = rtf[:_RAW_CAP].decode("latin-1")
    reader = _Reader(wraps_html="\\fromhtml" in source[:2_000])
    reader.read(source)
    text = clean("".join(reader.out))
    return Rich(text, "") if reader.wraps_html else Rich("", text.strip("\n"))


@dataclass(slots=True)
class _Group:
    """What a group of RTF inherits and may change."""

    skipped: bool = False
    in_rtf: bool = False  # between \\htmlrtf and \\htmlrtf0: for readers of RTF alone
    tag: bool = False  # inside {\\*\\htmltag}
    fonts: bool = False  # inside the table of fonts
    charset: str = ""
    skip: int = 1  # characters behind \\u that stand for it


@dataclass(slots=True)
class _Reader:
    """Reads RTF from the front to the end."""

    wraps_html: bool
    out: list[str] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=lambda: [_Group()])
    depth: int = 0  # of groups over the cap
    pending: bytearray = field(default_factory=bytearray)
    charsets: dict[int, str] = field(default_factory=dict)
    default: str = "cp1252"
    font: int = 0
    star: bool = False
    skip: int = 0
    high: int = 0

    def read(self, source: str) -> None:
        for match in islice(_TOKEN.finditer(source), _TOKENS_CAP):
            word, number, code, symbol, bracket, text = match.groups()
            if code:
                self._octet(int(code, 16))
                continue
            if self.pending:
                self._flush()
            if word:
                self._word(word, int(number) if number else None)
            elif bracket:
                self._bracket(bracket)
            elif symbol:
                self._symbol(symbol)
            elif text:
                self._text(text)
        self._flush()

    def _octet(self, value: int) -> None:
        if self.skip:
            self.skip -= 1
        else:
            self.pending.append(value)

    def _flush(self) -> None:
        if self.pending:
            octets, self.pending = bytes(self.pending), bytearray()
            self._write(decode(octets, self.groups[-1].charset or self.default))

    def _write(self, text: str) -> None:
        group = self.groups[-1]
        if not group.skipped and (group.tag or not group.in_rtf):
            self.out.append(text)

    def _text(self, text: str) -> None:
        cut = min(self.skip, len(text))
        self.skip -= cut
        self._write(text[cut:])

    def _bracket(self, bracket: str) -> None:
        self.skip, self.star = 0, False
        if bracket == "{":
            if len(self.groups) >= _GROUPS_CAP:
                self.depth += 1
            else:
                top = self.groups[-1]
                self.groups.append(_Group(top.skipped, top.in_rtf, top.tag, top.fonts, top.charset, top.skip))
        elif self.depth:
            self.depth -= 1
        elif len(self.groups) > 1:
            self.groups.pop()

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self.star = True
        elif self.skip:
            self.skip -= 1
        else:
            self._write(_SYMBOLS.get(symbol, ""))

    def _word(self, word: str, number: int | None) -> None:
        group = self.groups[-1]
        star, self.star = self.star, False
        if word == "htmltag":
            group.tag, group.skipped = True, group.skipped and not star
        elif star or word in _SKIPPED:
            group.skipped = True
            group.fonts = group.fonts or word == "fonttbl"
        elif word == "htmlrtf":
            group.in_rtf = number != 0
        elif word == "u" and number is not None:
            self._character(number, group)
        elif word in _SIGNS:
            self._write(_SIGNS[word])
        else:
            self._setting(word, number or 0, group)

    def _setting(self, word: str, number: int, group: _Group) -> None:
        if word == "uc":
            group.skip = max(number, 0)
        elif word == "ansicpg":
            self.default = charset_of(number) or self.default
        elif word == "f" and group.fonts:
            self.font = number
        elif word == "fcharset" and group.fonts:
            self.charsets[self.font] = charset_of(_CODE_PAGES.get(number, 0))
        elif word == "f":
            group.charset = self.charsets.get(number, "")

    def _character(self, number: int, group: _Group) -> None:
        code = number & 0xFFFF
        self.skip = group.skip
        if _HIGH <= code < _LOW:
            self.high = code
        elif _LOW <= code <= _LOW + 0x3FF:
            if self.high:
                self._write(chr(_WIDE + ((self.high - _HIGH) << 10) + code - _LOW))
            self.high = 0
        elif code:
            self._write(chr(code))
