"""OpenPGP in the text of a mail (RFC 9580 6 and 7): the armour of clear-signed text goes, the words stay."""

from bisect import bisect_right
from typing import NamedTuple

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"
_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_MESSAGE_END = "-----END PGP MESSAGE-----"
_HEADERS_CAP = 10  # lines between the first of the armour and the text
_SIGNATURE_CAP = 400  # lines of a signature


class Unarmoured(NamedTuple):
    """A text without the armour, and what it was: "signed:pgp", "encrypted:pgp" or both."""

    text: str
    marks: tuple[str, ...]


def unarmoured(text: str) -> Unarmoured:
    """Take the armour of clear-signed text off and undo its escapes; encrypted blocks stay as they are."""
    if "-----BEGIN PGP " not in text:
        return Unarmoured(text, ())
    lines = text.split("\n")
    signatures = _places(lines, _SIGNATURE)
    ends = _places(lines, _SIGNATURE_END)
    marks = {"encrypted:pgp"} if _places(lines, _MESSAGE) and _places(lines, _MESSAGE_END) else set()
    kept: list[str] = []
    after = 0
    for begin in _places(lines, _SIGNED):
        start = _text_start(lines, begin)
        signature = _next(signatures, start)
        end = _next(ends, signature)
        if begin < after or not begin < start < signature < end <= signature + _SIGNATURE_CAP:
            continue
        kept += lines[after:begin]
        kept += (line.removeprefix("- ") for line in lines[start:signature])
        after = end + 1
    if after:
        marks.add("signed:pgp")
    return Unarmoured("\n".join((*kept, *lines[after:])) if after else text, tuple(sorted(marks)))


def _places(lines: list[str], wanted: str) -> list[int]:
    return [at for at, line in enumerate(lines) if line.startswith("-----") and line.rstrip() == wanted]


def _next(places: list[int], after: int) -> int:
    """Return the first place behind a line; -1 for none."""
    at = bisect_right(places, after)
    return places[at] if at < len(places) and after >= 0 else -1


def _text_start(lines: list[str], begin: int) -> int:
    """Return the line behind the armour's header and its empty line; -1 where there is none."""
    for number in range(begin + 1, min(begin + _HEADERS_CAP, len(lines))):
        if not lines[number].strip():
            return number + 1
    return -1
