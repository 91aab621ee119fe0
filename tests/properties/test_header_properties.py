"""What is read of a header section in one go, against readers that take it line by line."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bccd.mail.fromfield import strict_from
from bccd.mail.headers import HeaderScan, has_bare_line_ends, scan

WORDS = b"From from FROM a A: Received: received RECEIVED <a@b.example> x@y.example , x".split(b" ")
WHOLE = [b"From: a@b.example\r\n", b"A: b\r\n", b"Received: c\r\n d\r\n"]
BETWEEN = [b":", b" :", b"\t: ", b" ", b"\r\n", b"\r\n", b"\r\n ", b"\r\n\t", b"\n", b"\r", b"\0"]
HEADERS = st.lists(st.sampled_from(WORDS + WHOLE * 2 + BETWEEN)).map(b"".join)


def scanned(header: bytes) -> HeaderScan:
    """Count line by line what scan counts."""
    lengths: list[int] = []
    received = 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+", header):
        if line[:1] not in (b" ", b"\t", b"\r", b"\n"):
            lengths.append(0)
            received += bool(re.match(rb"received[ \t]*:", line, re.IGNORECASE))
        if lengths:
            lengths[-1] += len(line)
    bare = header.replace(b"\r\n", b"")
    return HeaderScan(
        len(lengths), received, max(lengths, default=0), b"\r" in bare or b"\n" in bare, b"\0" in header
    )


def only_from(header: bytes) -> str:
    """Return the defect that From has before its value is looked at, the value's octets else."""
    if has_bare_line_ends(header) or b"\0" in header:
        return "control"
    found = []
    for line in re.sub(rb"\r\n(?=[ \t])", b"", header).split(b"\r\n"):
        field = re.match(rb"([!-9;-~]+)([ \t]*):(.*)", line, re.DOTALL)
        if field is None and line:
            return "malformed_header"
        if field is not None and field[1].lower() == b"from":
            if field[2]:
                return "space_before_colon"
            found.append(field[3].strip(b" \t").decode())
    if len(found) != 1:
        return "many_from" if found else "no_from"
    return found[0] or "empty"


@given(HEADERS)
@example(b"")
@example(b"\r\n")
@example(b"From\r\n : a@b.example\r\n")
@example(b"A: b\r\n\r\n From: a@b.example\r\n")
def test_a_section_read_in_one_go_is_the_one_read_by_lines(header: bytes) -> None:
    """Fields, folds and line ends are counted alike, and From is taken or refused for the same reason."""
    assert scan(header) == scanned(header)
    wanted, found = only_from(header), strict_from(header)
    if wanted in ("a@b.example", "x@y.example", "<a@b.example>"):
        assert found.address == wanted.strip("<>")
    elif wanted.endswith(("_header", "_from", "_colon")) or wanted in ("control", "empty"):
        assert found.defect == wanted
    else:
        assert found.address or found.defect not in ("control", "malformed_header", "no_from", "many_from")
