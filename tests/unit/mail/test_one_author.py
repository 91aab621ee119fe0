"""One reader of From: whom it finds is looked up, aligned and shown, and nobody else is asked."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bccd
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import header_section
from bccd.mail.parse import parse
from tests.unit.mail.test_fromfield import ACCEPTED

_JUDGES = (
    "rules/identify.py",
    "rules/align.py",
    "rules/refuse.py",
    "verify/dmarc.py",
    "verify/examination.py",
)
_PIECES = st.sampled_from(
    [
        b"Ann", b'"Ann"', b'"', b"<", b">", b"ann@a.example", b"<ann@a.example>", b"<ben@b.example>", b"(x)",
        b"(ben@b.example)", b",", b";", b":", b" ", b"\t", b"\r\n ", b"=?utf-8?Q?ben=40b.example?=", b"@",
        b"\\", "ż".encode(), b"\x00", b"\r", b"\r\nFrom: <ben@b.example>", b"\r\nTo: c@c.example",
    ]
)  # fmt: skip


def imports(path: Path) -> set[str]:
    """Return what a module imports by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_who_judges_reads_no_field_himself() -> None:
    """What decides, aligns and asks the DNS is given the address that the strict reader found."""
    root = Path(bccd.__file__).parent
    readers = {"bccd.mail.addresses.mailboxes", "bccd.mail.headers.fields", "bccd.mail.headers.values"}
    for name in _JUDGES:
        found = imports(root / name)
        assert not found & readers, name
        assert not any(one.startswith(("email.", "bccd.mail.parse")) for one in found), name


def test_the_pipeline_reads_from_once() -> None:
    """Its one result is what is proven, and nothing else of the pipeline reads that field."""
    source = (Path(bccd.__file__).parent / "pipeline.py").read_text(encoding="utf-8")
    assert source.count("strict_from(") == 1
    assert "mailboxes" not in source


@pytest.mark.parametrize(("header", "address"), [row[:2] for row in ACCEPTED])
def test_the_author_is_shown_as_he_was_proven(header: bytes, address: str) -> None:
    """The tolerant reader of people's names has no say in who it is."""
    content = parse(header + b"Subject: x\r\n\r\nhello\r\n").content
    assert content.sender is not None
    assert (content.sender.address, content.from_count) == (address, 1)


@given(st.lists(_PIECES, max_size=8))
def test_no_field_is_read_in_two_ways(pieces: list[bytes]) -> None:
    """Whatever the strict reader takes, everybody sees the same author."""
    raw = b"From: " + b"".join(pieces) + b"\r\nSubject: x\r\n\r\nhello\r\n"
    author = strict_from(header_section(raw))
    if author.defect:
        return
    content = parse(raw).content
    assert content.sender is not None
    assert content.sender.address == author.address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@münchen.example", "ann@xn--mnchen-3ya.example"),
        ("ann@MÜNCHEN.example", "ann@XN--MNCHEN-3YA.example"),
        ("żółw@żółw.example", "ŻÓŁW@xn--w-uga1v8h.example"),
        ("ann@例え.example", "ann@xn--r8jz45g.example"),
    ],
)
def test_both_forms_of_a_name_are_one_address(one: str, other: str) -> None:
    """U-labels and A-labels, in either case (RFC 5891, 6532)."""
    found = {strict_from(f"From: <{form}>\r\n".encode()).address for form in (one, other)}
    assert len(found) == 1
    assert found != {""}
