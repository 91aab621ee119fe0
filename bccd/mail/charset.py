"""Octets to text: the declared charset if it holds, else what the octets look like; text is always clean."""

import codecs
import functools
import re

import cchardet

# Controls that no text needs and that PostgreSQL (NUL) or a terminal (ESC) chokes on; tab, LF and CR stay.
_CONTROLS = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_UNCLEAN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LABEL_JUNK = re.compile(r"[^a-z0-9_.:+-]")
_CODE_PAGE = re.compile(r"(?:cp|windows|win|ibm|x-cp)[-_]?(\d{3,5})")
_DETECTED = 64 * 1024
_TOO_SHORT = 8  # octets; below, the declared charset is the better guess
_SHORT = 40  # octets; below, a detector guesses single-byte charsets no better than chance

# What senders write, and what they mean by it (WHATWG Encoding, section 4.2).
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "chinesesimp": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
}
# Codecs of Python that are no charsets of mail, though they call themselves text.
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
# In these a control octet may be part of a character, so only decoded text can be cleaned.
_STATEFUL = ("utf-16", "utf-32", "utf-7", "iso2022", "hz")
_HARMLESS = ("", "cp1252", "utf-8")
_TRUSTED_SHORT = frozenset({"gb18030", "cp949", "cp932", "big5hkscs", "euc_jp", "cp1251", "koi8-r"})


@functools.lru_cache(maxsize=256)
def codec_of(label: str) -> str:
    """Return the Python codec that a charset label means, empty where none does."""
    name = _LABEL_JUNK.sub("", label[:80].lower().partition("*")[0])
    name = _MEANT.get(name, name)
    if page := _CODE_PAGE.fullmatch(name):
        name = f"cp{page[1]}"
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # codecs.lookup also finds rot13, base64 and zlib; a lie in a label must not run those.
    return info.name if info._is_text_encoding and info.name not in _NOT_CHARSETS else ""  # noqa: SLF001


def clean(text: str) -> str:
    """Drop controls and lone surrogates, and end lines with LF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNCLEAN.sub("", text)


def decode(octets: bytes, label: str = "", hint: str = "") -> str:
    """Return clean text of octets said to be in charset `label`, or else perhaps in `hint`."""
    text, _ = decode_checked(octets, label, hint)
    return text


def decode_checked(octets: bytes, label: str = "", hint: str = "") -> tuple[str, bool]:
    """Return clean text, and whether it was in the charset that the label claims (true for no label)."""
    codec = codec_of(label) if label else ""
    if codec.startswith(_STATEFUL):
        text = _try(octets, codec)
        if text is not None:
            return clean(text), True
    plain = octets.translate(None, _CONTROLS)
    if b"\r" in plain:
        plain = plain.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # EBCDIC pages are no supersets of ASCII, but no mail is in them.
    if plain.isascii():
        return plain.decode("ascii"), True
    text, claimed = _decode_plain(plain, codec, codec_of(hint) if hint else "")
    # Those three cannot bring back a control; EBCDIC and others can.
    return text if codec in _HARMLESS and not hint else _UNCLEAN.sub("", text), claimed or not label


def _decode_plain(octets: bytes, codec: str, hint: str) -> tuple[str, bool]:
    # UTF-8 that an old gateway labelled Latin-1 is common; Latin-1 that reads as UTF-8 by chance is not.
    if codec in ("", "cp1252", "utf-8"):
        text = _try(octets, "utf-8")
        if text is not None:
            return text, True
    if codec and codec != "utf-8":
        text = _try(octets, codec)
        if text is not None:
            return text, True
    if codec:
        text = octets.decode(codec, "replace")
        if _is_mostly_right(text):
            return text, False
    if hint:
        text = _try(octets, hint)
        if text is not None:
            return text, False
    return _guess(octets, codec), False


def _try(octets: bytes, codec: str) -> str | None:
    try:
        return octets.decode(codec)
    except ValueError:  # UnicodeError, and what some codecs raise instead
        return None


def _is_mostly_right(text: str) -> bool:
    """Tell whether few enough characters were lost that the label must have been right."""
    lost = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return lost * 4 <= foreign


def _guess(octets: bytes, declared: str) -> str:
    detected = ""
    if len(octets) >= _TOO_SHORT or not declared:
        detected = codec_of(cchardet.detect(octets[:_DETECTED]).get("encoding") or "")
    if detected in ("", "utf-8") or (len(octets) < _SHORT and detected not in _TRUSTED_SHORT):
        detected = "cp1252"
    for codec in (detected, "cp1252"):
        text = _try(octets, codec)
        if text is not None:
            return _UNCLEAN.sub("", text)
    return octets.decode("latin-1")
