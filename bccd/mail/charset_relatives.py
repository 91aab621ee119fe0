"""What octets mean where the declared charset's codec knows nothing, but a relative of it does."""

import codecs
from collections.abc import Callable
from typing import Final

# What Windows calls by the name of a standard has letters and signs where the standard has controls.
_WINDOWS = {
    "iso8859-2": "cp1250",
    "iso8859-4": "cp1257",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
}
_CONTROLS = range(0x80, 0xA0)
_LETTERS = bytes(
    [0x8A, 0x8C, 0x8D, 0x8E, 0x8F, 0x9A, 0x9C, 0x9D, 0x9E, 0x9F]
)  # among those, in Windows' pages
_HIGH = bytes(octet | 0x80 for octet in range(256))
_HANDLER = "bccd-jis"
_DOUBLE = (b"$@", b"$B")


def as_windows(text: str, octets: bytes, codec: str) -> str:
    """Return text that was decoded by an ISO codec, with what are controls there as Windows means them."""
    page = _WINDOWS.get(codec)
    if page is None or text.isprintable() or octets.translate(None, bytes(_CONTROLS)) == octets:
        return text
    if octets.translate(None, _LETTERS) != octets:
        return octets.decode(page, "replace")
    return text.translate({control: bytes([control]).decode(page, "ignore") for control in _CONTROLS})


def _vendor_kanji(error: UnicodeError) -> tuple[str, int]:
    """Read a character of JIS X 0208 that only vendors define, such as a circled number, as Windows does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) < 2 or min(pair) < 0xA1 or max(pair) > 0xFE:  # noqa: PLR2004  # rows and cells of EUC
        return "\ufffd", error.start + 1
    row, cell = pair[0] & 0x7F, pair[1] & 0x7F
    first = (row + 1) // 2 + (0x70 if row <= 0x5E else 0xB0)  # noqa: PLR2004
    second = cell + ((0x1F if cell < 0x60 else 0x20) if row % 2 else 0x7E)  # noqa: PLR2004
    return bytes([first, second]).decode("cp932", "replace"), error.start + 2


codecs.register_error(_HANDLER, _vendor_kanji)


def as_japanese(octets: bytes) -> str | None:
    """Read ISO-2022-JP with vendors' characters; None for octets that are another charset's."""
    first, *runs = octets.split(b"\x1b")
    out = [first.decode("cp932", "replace")]
    for run in runs:
        if run.startswith(_DOUBLE):
            out.append(_run(run[2:]))
        elif run.startswith((b"(B", b"(J")):
            out.append(run[2:].decode("cp932", "replace"))
        elif run.startswith(b"(I"):
            out.append(run[2:].translate(_HIGH).decode("cp932", "replace"))
        else:
            return None
    return "".join(out)


def _run(run: bytes) -> str:
    """Read two-octet characters; a line's end ends them, whether or not the shift back stands before it."""
    double, end, rest = run.partition(b"\n")
    text = double.rstrip(b"\r").translate(_HIGH).decode("euc_jp", _HANDLER)
    return text + (end + rest).decode("cp932", "replace") if end else text


def _as_cp950(octets: bytes) -> str | None:
    try:
        return octets.decode("cp950")
    except UnicodeDecodeError:
        return None


def _as_euc_jp(octets: bytes) -> str | None:
    text = octets.decode("euc_jp", _HANDLER)
    return None if "\ufffd" in text else text


RELATIVES: Final[dict[str, Callable[[bytes], str | None]]] = {
    "big5hkscs": _as_cp950,
    "euc_jp": _as_euc_jp,
    "iso2022_jp_ext": as_japanese,
}
