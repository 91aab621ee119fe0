"""What octets mean where the declared charset's codec knows nothing, but a relative of it does."""

import re
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
_LOW = bytes(octet & 0x7F for octet in range(256))
_DOUBLE = (b"$@", b"$B")
_RUNS_CAP = 50_000
_EUC_RUN = re.compile(rb"\x8e[\xa1-\xdf]|(?:[\xa1-\xfe]{2}|(?!))++")
_LAST_LOW_ROW = 0x5E  # its first octet is 0x9F; the next are from 0xE0
_SKIPPED = 0x60  # cell that would be 0x7F
# From rows and cells of 94 to those of Shift JIS, which has two rows in one.
_FIRST = bytes(min((row + 1) // 2 + (0xB0 if row > _LAST_LOW_ROW else 0x70), 0xFF) for row in range(256))
_SECOND_OF_ODD = bytes(min(cell + 0x1F + (cell >= _SKIPPED), 0xFF) for cell in range(256))
_SECOND_OF_EVEN = bytes(min(cell + 0x7E, 0xFF) for cell in range(256))


def as_windows(text: str, octets: bytes, codec: str) -> str:
    """Return text that was decoded by an ISO codec, with what are controls there as Windows means them."""
    page = _WINDOWS.get(codec)
    if page is None or text.isprintable() or octets.translate(None, bytes(_CONTROLS)) == octets:
        return text
    if octets.translate(None, _LETTERS) != octets:
        return octets.decode(page, "replace")
    return text.translate({control: bytes([control]).decode(page, "ignore") for control in _CONTROLS})


def as_japanese(octets: bytes) -> str | None:
    """Read ISO-2022-JP with characters that only vendors define, as circled numbers; None for others."""
    if octets.count(b"\x1b") > _RUNS_CAP:
        return None
    first, *runs = octets.split(b"\x1b")
    out = [first]
    for run in runs:
        if run.startswith(_DOUBLE):
            # A line's end ends them too, whether or not the shift back stands before it.
            double, end, rest = run[2:].partition(b"\n")
            out += (_as_shift_jis(double), end, rest)
        elif run.startswith((b"(B", b"(J")):
            out.append(run[2:])
        elif run.startswith(b"(I"):
            out.append(run[2:].translate(_HIGH))
        else:
            return None
    return b"".join(out).decode("cp932", "replace")


def _as_shift_jis(double: bytes) -> bytes:
    """Return rows and cells of JIS X 0208 in the form that Windows knows more of, row for row."""
    rows, cells = double[::2], double[1::2]
    pairs = bytearray(2 * len(cells))
    pairs[::2] = rows.translate(_FIRST)[: len(cells)]
    odd, even = cells.translate(_SECOND_OF_ODD), cells.translate(_SECOND_OF_EVEN)
    pairs[1::2] = bytes([odd[at] if row & 1 else even[at] for at, row in enumerate(rows[: len(cells)])])
    return bytes(pairs)


def _as_cp950(octets: bytes) -> str | None:
    try:
        return octets.decode("cp950")
    except UnicodeDecodeError:
        return None


def _euc_as_shift_jis(run: re.Match[bytes]) -> bytes:
    half_width = run[0][:1] == b"\x8e"
    return run[0][1:] if half_width else _as_shift_jis(run[0].translate(_LOW))


def _as_euc_jp(octets: bytes) -> str | None:
    found, count = _EUC_RUN.subn(_euc_as_shift_jis, octets, _RUNS_CAP)
    try:
        return found.decode("cp932") if count < _RUNS_CAP else None
    except UnicodeDecodeError:
        return None


RELATIVES: Final[dict[str, Callable[[bytes], str | None]]] = {
    "big5hkscs": _as_cp950,
    "euc_jp": _as_euc_jp,
    "iso2022_jp_ext": as_japanese,
}
