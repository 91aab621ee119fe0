"""The header section of a mail, as octets: where it ends, which fields it has (RFC 5322 2.2)."""

import re
from dataclasses import dataclass
from itertools import pairwise

SECTION_CAP = 256 * 1024
FIELDS_CAP = 1_000

_FIELD = re.compile(rb"^([!-9;-~]++)([ \t]*+):((?>[^\n]*+)(?:\n[ \t][^\n]*+|(?!))*+)", re.MULTILINE)
_FIRST_OF_FIELD = re.compile(rb"^[^ \t\r\n]", re.MULTILINE)
_RECEIVED = re.compile(rb"^received[ \t]*:", re.MULTILINE | re.IGNORECASE)
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class HeaderScan:
    """What admission asks of a header section, told without parsing it."""

    fields: int
    received: int
    longest_field: int  # octets, with its folds
    bare_line_ends: bool  # a CR or LF that is not part of a CRLF
    nul: bool


def section_end(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the fields end and where the body begins; equal where no empty line stands between."""
    if raw.startswith(b"\r\n", start):
        return start, min(start + 2, end)
    if raw.startswith(b"\n", start):
        return start, min(start + 1, end)
    crlf = raw.find(b"\n\r\n", start, end)
    lf = raw.find(b"\n\n", start, end if crlf < 0 else crlf + 1)
    if lf >= 0:
        return lf + 1, lf + 2
    if crlf >= 0:
        return crlf + 1, crlf + 3
    return end, end


def header_section(raw: bytes) -> bytes:
    """Return the octets of all fields, without the empty line after them."""
    fields_end, body = section_end(raw, 0, len(raw))
    # An empty line that is a bare LF ends the section for some readers only: keep it, so that scan() sees it.
    if body - fields_end == 1:
        return raw[:body]
    return raw[:fields_end]


def unfold(value: bytes) -> bytes:
    """Join folded lines, keeping the white space that began each (RFC 5322 2.2.3)."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip()


def fields(header: bytes) -> list[tuple[bytes, bytes]]:
    """Return (lower-case name, unfolded raw value) of each field, in order, at most FIELDS_CAP of them."""
    return fields_and_gap(header)[0]


def fields_and_gap(header: bytes) -> tuple[list[tuple[bytes, bytes]], bool]:
    """Return the fields as fields() does, and whether anything between them is none."""
    matched = _FIELD.findall(header[:SECTION_CAP])[:FIELDS_CAP]
    found = [(name.lower(), unfold(value) if b"\n" in value else value.strip()) for name, _, value in matched]
    covered = sum(len(name) + len(blank) + len(value) + 2 for name, blank, value in matched)  # ":" and LF
    unended = bool(matched) and not header.endswith(b"\n")
    return found, covered - unended < len(header)


def values(found: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the values of every field of that lower-case name."""
    return [value for field, value in found if field == name]


def scan(header: bytes) -> HeaderScan:
    """Count what admission limits; linear in the octets, whatever they are."""
    starts = [match.start() for match in _FIRST_OF_FIELD.finditer(header)]
    bounds = [*starts, len(header)]
    return HeaderScan(
        fields=len(starts),
        received=len(_RECEIVED.findall(header)),
        longest_field=max((end - start for start, end in pairwise(bounds)), default=0),
        bare_line_ends=bool(_BARE_LF.search(header) or _BARE_CR.search(header)),
        nul=b"\0" in header,
    )
