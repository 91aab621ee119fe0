"""Charset labels as senders write them, and the codecs that they mean."""

import codecs
import functools
import re

_LABEL_JUNK = re.compile(r"[^a-z0-9_.:+-]")
_CODE_PAGE = re.compile(r"(?:cp|windows|win|ibm|ms|dos|x-cp|x-windows)[-_]?(\d{3,5})")
# Labels that Python does not know.
_LABELS = {
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "logical": "iso-8859-8",
    "visual": "iso-8859-8",
    "dos-874": "cp874",
    "x-gbk": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-ir-58": "gb18030",
    "chinesesimp": "gb18030",
    "hz-gb-2312": "hz",
    "cn-big5": "big5",
    "x-x-big5": "big5",
    "ks_c_5601": "cp949",
    "iso-ir-149": "cp949",
    "ks_c_5601-1989": "cp949",
    "csksc56011987": "cp949",
    "ksc5601": "cp949",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-ms-cp932": "cp932",
    "shift-jis": "cp932",
    "x-euc-jp": "euc_jp",
    "cseucpkdfmtjapanese": "euc_jp",
    "koi8": "koi8-r",
    "koi": "koi8-r",
    "koi8-ru": "koi8-u",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "x-unicode20utf8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-mac-centraleuroman": "mac_latin2",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "x-mac-icelandic": "mac_iceland",
    "x-mac-romanian": "mac_romanian",
    "x-mac-croatian": "mac_croatian",
}
# What senders mean by what they write (WHATWG Encoding, section 4.2): the larger of two relatives.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
    "utf-8-sig": "utf-8",
}
# Codecs of Python that are no charsets of mail, though they call themselves text.
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)


@functools.lru_cache(maxsize=256)
def codec_of(label: str) -> str:
    """Return the Python codec that a charset label means, empty where none does."""
    # RFC 2231 puts a language behind "*", some put a comment there.
    name = _LABEL_JUNK.sub("", label[:80].lower().partition("*")[0].partition("(")[0])
    name = _LABELS.get(name, name)
    if page := _CODE_PAGE.fullmatch(name):
        name = f"cp{page[1]}"
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # codecs.lookup also finds rot13, base64 and zlib; a lie in a label must not run those.
    if not info._is_text_encoding or info.name in _NOT_CHARSETS:  # noqa: SLF001
        return ""
    return _MEANT.get(info.name, info.name)
