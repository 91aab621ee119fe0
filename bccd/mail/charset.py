"""Octets to text: the declared charset if it holds, else what the octets look like; text is always clean."""

import re

import cchardet

from bccd.mail.charset_names import codec_of
from bccd.mail.charset_relatives import RELATIVES, as_japanese, as_windows

# Controls that no text needs and that PostgreSQL (NUL) or a terminal (ESC) chokes on; tab, LF and CR stay.
_CONTROLS = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_CONTROLS_AND_CR = _CONTROLS + b"\r"
_UNCLEAN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BARE_CR = re.compile(rb"\r(?!\n)")
_DETECTED = 64 * 1024
_SEEN = 2_000  # octets in which zeros tell UTF-16
_TOO_SHORT = 8  # octets; below, the declared charset is the better guess
_SHORT = 40  # octets; below, a detector guesses single-byte charsets no better than chance

# In these a control octet may be part of a character, so only decoded text can be cleaned.
_WIDE = ("utf-16", "utf-32")
_STATEFUL = ("utf-16", "utf-32", "utf-7", "iso2022", "hz")
_HARMLESS = ("", "cp1252", "utf-8")
_TRUSTED_SHORT = frozenset({"gb18030", "cp949", "cp932", "big5hkscs", "euc_jp", "cp1251", "koi8-r"})


def clean(text: str) -> str:
    """Drop controls and lone surrogates, and end lines with LF."""
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return _UNCLEAN.sub("", text)


def decode(octets: bytes, label: str = "", hint: str = "") -> str:
    """Return clean text of octets said to be in charset `label`, or else perhaps in `hint`."""
    if not label and octets.isascii():  # nearly every field of a header section
        text = octets.decode("ascii")
        if text.isprintable():
            return text
    return decode_checked(octets, label, hint)[0]


def decode_checked(octets: bytes, label: str = "", hint: str = "") -> tuple[str, bool]:
    """Return clean text, and whether it was in the charset that the label claims (true for no label)."""
    # Most of what comes here is a line of ASCII.
    if octets.isascii() and b"\x1b" not in octets and not (label and codec_of(label).startswith(_STATEFUL)):
        text = octets.decode("ascii")
        return text if text.isprintable() else _plain(octets).decode("ascii"), True
    codec = codec_of(label) if label else ""
    shifted = _shifted(octets, codec)
    if shifted is not None:
        return clean(shifted).removeprefix("\ufeff"), True
    plain = _plain(octets)
    # EBCDIC pages are no supersets of ASCII, but no mail is in them.
    if plain.isascii():
        return plain.decode("ascii"), True
    text, claimed = _decode_plain(plain, codec, codec_of(hint) if hint else "")
    # Those three cannot bring back a control; EBCDIC and others can.
    text = text if codec in _HARMLESS and not hint else _UNCLEAN.sub("", text)
    return text.removeprefix("\ufeff"), claimed or not label


def _plain(octets: bytes) -> bytes:
    """Drop controls, and end lines with LF."""
    if not _BARE_CR.search(octets):  # in nearly all mail; counting CR and CR LF took three times as long
        return octets.translate(None, _CONTROLS_AND_CR)
    plain = octets.translate(None, _CONTROLS)
    return plain.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _shifted(octets: bytes, codec: str) -> str | None:
    """Return text in which controls are part of characters; None for any other."""
    if wide := _wide(octets, codec):
        return _try(octets, wide)
    if codec.startswith(_WIDE) and b"\0" not in octets and (text := _try(octets, "utf-8")) is not None:
        return text  # the label of the program that wrote it, not of what went out
    if codec.startswith(_STATEFUL):
        text = _try(octets, codec)
        return RELATIVES[codec](octets) if text is None and codec in RELATIVES else text
    if b"\x1b" not in octets or b"\x1b$" not in octets or not octets.isascii():
        return None
    return _try(octets, "iso2022_kr") if b"\x1b$)C" in octets else as_japanese(octets)


def _wide(octets: bytes, codec: str) -> str:
    """Return the form of UTF-16 that octets are in by their mark or, whatever they claim, by their zeros."""
    if codec.startswith("utf-32") or len(octets) % 2:
        return ""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if b"\0" not in octets:
        return ""
    seen = octets[:_SEEN]
    high, low = seen[::2].count(0), seen[1::2].count(0)
    # A fourth of all at least, and nearly all on one side: Latin text has a zero in every pair.
    if min(high, low) * 4 > max(high, low) or max(high, low) * 4 < len(seen):
        return ""
    return "utf-16-be" if high > low else "utf-16-le"


def _decode_plain(octets: bytes, codec: str, hint: str) -> tuple[str, bool]:
    # UTF-8 that an old gateway labelled Latin-1 is common; Latin-1 that reads as UTF-8 by chance is not.
    if codec in ("", "cp1252", "utf-8"):
        text = _try(octets, "utf-8")
        if text is not None:
            return text, True
    if codec and codec != "utf-8":
        text = _try(octets, codec)
        if text is None and codec in RELATIVES:
            text = RELATIVES[codec](octets)
        if text is not None:
            return as_windows(text, octets, codec), True
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
