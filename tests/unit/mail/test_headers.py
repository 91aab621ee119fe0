"""The header section: where it ends, what it holds, what admission asks of it."""

import pytest

from bccd.mail.headers import FIELDS_CAP, HeaderScan, fields, header_section, scan


@pytest.mark.parametrize(
    ("raw", "section"),
    [
        (b"A: b\r\nC: d\r\n\r\nbody", b"A: b\r\nC: d\r\n"),
        (b"A: b\n\nbody", b"A: b\n\n"),
        (b"A: b\n\r\nbody\n\n", b"A: b\n"),
        (b"A: b\r\n\nbody\r\n\r\n", b"A: b\r\n\n"),
        (b"\r\nbody", b""),
        (b"A: b\r\n", b"A: b\r\n"),
        (b"", b""),
    ],
)
def test_the_section_ends_at_the_first_empty_line(raw: bytes, section: bytes) -> None:
    """The fields end at the empty line; one that is a bare LF is kept, so that a scan sees it."""
    assert header_section(raw) == section


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"A: b\r\n", [(b"a", b"b")]),
        (b"A:b\r\nX-Y : c \r\n", [(b"a", b"b"), (b"x-y", b"c")]),
        (b"A: b\r\n c\r\n\td\r\nE: f", [(b"a", b"b c\td"), (b"e", b"f")]),
        (b"A: b\n c\n", [(b"a", b"b c")]),
        (b"junk\r\nA: b\r\njunk too\r\nC: d\r\n", [(b"a", b"b"), (b"c", b"d")]),
        (b"A:\r\nB:\r\n", [(b"a", b""), (b"b", b"")]),
        (b" folded: first\r\nA: b\r\n", [(b"a", b"b")]),
    ],
)
def test_fields_are_unfolded(header: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    """Names are lower case, values unfolded and otherwise raw; lines that are no fields are passed over."""
    assert fields(header) == expected


def test_fields_are_capped() -> None:
    """No header section gives more than the cap."""
    assert len(fields(b"A: b\r\n" * 5_000)) == FIELDS_CAP


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", HeaderScan(0, 0, 0, bare_line_ends=False, nul=False)),
        (b"A: b\r\nReceived: c\r\n", HeaderScan(2, 1, 13, bare_line_ends=False, nul=False)),
        (b"RECEIVED : x\r\n y\r\nA: b\r\n", HeaderScan(2, 1, 18, bare_line_ends=False, nul=False)),
        (b"A: b\nC: d\r\n", HeaderScan(2, 0, 6, bare_line_ends=True, nul=False)),
        (b"A: b\rFrom: d\r\n", HeaderScan(1, 0, 14, bare_line_ends=True, nul=False)),
        (b"A: \x00\r\n", HeaderScan(1, 0, 6, bare_line_ends=False, nul=True)),
    ],
)
def test_scan_counts_what_admission_limits(header: bytes, expected: HeaderScan) -> None:
    """Fields, hops, the longest field with its folds, stray line ends and NUL."""
    assert scan(header) == expected
