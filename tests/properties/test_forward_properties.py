"""What holds for the reader of inline forwards on every input."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.forward import Inline, find_inline
from bccd.mail.forward.dates import read_date
from bccd.mail.forward.people import author, mailbox_list
from bccd.model.message import Mailbox

PIECES = st.sampled_from(
    [
        "From: Jan <jan@x.example>",
        "Od: Jan Dąb",
        "Sent: Tuesday, March 5, 2024 2:07 PM",
        "Wysłano: wtorek, 5 marca 2024 14:07",
        "To: a@x.example, Ewa <e@x.example>",
        "Do: Dąb, Jan; Ewa",
        "Cc:",
        "Subject: S",
        "*Temat:* S",
        "---------- Forwarded message ---------",
        "> Begin forwarded message:",
        "> From: A <a@x.example>",
        "________________________________",
        "   ----- Forwarded Message ----- From: a <a@x.example>To: bSubject: c",
        "\ufeffOn 5.3.2024 14:07, a@x.example wrote:",
        "Received: by x",
        "<a@x.example>,",
        "----- Forwarded by Jan/ACME on 03/25/2024 -----",
        "Jan <jan@x.example> on 03/25/2024 02:07 PM",
        "----- End forwarded message -----",
        "-----Original Message-----",
        "From: Jan <jan@x.example> Sent: 2024-03-05 To: a@x.example Subject: S",
        "From: L <l@x.example> on behalf of Jan &lt;jan at x.example&gt;",
        "",
        ">",
        "text",
        "<div id=divRplyFwdMsg>",
        "<br>",
        "<blockquote type=cite>",
        '<a href="mailto:a@x.example">',
    ]
)
FIELDS = [
    "From: Jan Dąb <jan@x.example>",
    "Sent: Monday, March 25, 2024 2:07 PM",
    "To: a@x.example; Ewa <e@x.example>",
    "Cc: Maj, Ola <o@x.example>",
    "Subject: Offer",
    "Importance: High",
]
TEXTS = st.one_of(
    st.text(),
    st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=30).map("\n".join),
    st.lists(PIECES, max_size=12).map("".join),
)


@given(TEXTS, TEXTS)
def test_never_raises_and_keeps_its_promises(text: str, html: str) -> None:
    """Whatever the text, the answer is None or originals, each with a sender, a reason and a score."""
    inline = find_inline(text, html)
    assert inline == find_inline(text, html)
    if inline is None:
        return
    assert isinstance(inline, Inline)
    assert inline.forwards  # several where each is closed before the next begins
    for forward in inline.forwards:
        assert forward.original.sender is not None or forward.confidence < 0.9
        assert forward.evidence
    for each in (*inline.forwards, *(deeper for forward in inline.forwards for deeper in forward.inner)):
        assert 0 <= each.confidence <= 1
        assert each.original.date is None or each.original.date.utcoffset() is not None
        assert each.original.from_count in (0, 1)
        assert "\r" not in each.original.text


@given(st.text(), st.sampled_from(["en", "pl", "de", "hu", "zz", ""]))
def test_dates_and_people_never_raise(value: str, language: str) -> None:
    """Any value of a header line is read or refused, never an error."""
    read = read_date(value, language)
    assert (read.when is None) == bool({"date:unreadable", "date:ambiguous"} & set(read.defects))
    author(value)
    mailbox_list(value)


@given(st.permutations(FIELDS), st.sampled_from(["", "> ", "> > "]), st.booleans())
def test_the_order_of_the_lines_says_nothing(fields: list[str], quoting: str, bold: bool) -> None:
    """Clients print the fields in any order; each is read alike."""
    lines = [f"*{field.replace(': ', ':* ', 1)}" if bold else field for field in fields]
    whole = ("-----Original Message-----", *lines, "", "Hello", "")
    text = "\n".join(f"{quoting}{line}".rstrip() for line in whole)
    inline = find_inline(text, "")
    assert inline is not None
    original = inline.forwards[0].original
    assert original.sender == Mailbox("Jan Dąb", "jan@x.example")
    assert original.to == (Mailbox("", "a@x.example"), Mailbox("Ewa", "e@x.example"))
    assert original.cc == (Mailbox("Maj, Ola", "o@x.example"),)
    assert original.date == datetime(2024, 3, 25, 14, 7, tzinfo=UTC)
    assert original.subject == "Offer"
    assert original.text == "Hello"


HEAD = "From: Jan <jan@x.example>\nSent: Monday, October 25, 2021 3:14 PM\nTo: "
HOSTILE = {
    "newlines": ("\n" * 1_000_000, ""),
    "spaces": (" " * 1_000_000, ""),
    "one line": ("a" * 1_000_000, ""),
    "quoting": (">" * 1_000_000, ""),
    "angles in From": ("From: " + "<" * 50_000, ""),
    "angles in To": (HEAD + "<" * 500_000 + "\nSubject: x\n\nhi", ""),
    "at signs in To": (HEAD + "@" * 900_000 + "\nSubject: x\n\nhi", ""),
    "one long To": (HEAD + "a" * 900_000 + "\nSubject: x\n\nhi", ""),
    "From lines": ("From: a\n" * 100_000, ""),
    "labels": ("a:\n" * 300_000, ""),
    "unfinished blocks": ("From: a\nTo: b\nx\ny\nz\n" * 50_000, ""),
    "long folded lists": ("To: a\n" + ("x,\n" * 4_000 + "To: a\n") * 60, ""),
    "attributions": ('On 1, "a' * 3_000, ""),
    "byte order marks": ("\ufeffOn 1:\n" * 100_000, ""),
    "blocks": ((HEAD + "a@x.example\nSubject: x\n\n") * 9_000, ""),
    "glued headers": (("----- Forwarded Message ----- From: " + "To: " * 4_000 + "\n") * 50, ""),
    "plain": ("Lorem ipsum dolor sit amet consectetur.\n" * 25_000, ""),
    "nested elements": ("", "<div>" * 200_000),
    "nested quotes": ("", "<blockquote type=cite>" * 45_000),
    "tags never closed": ("", "<a " * 330_000),
    "angles in HTML": ("", "<" * 1_000_000),
    "comments": ("", "<!--" * 250_000),
    "attributes": ("", "<div " + "id=" * 330_000 + ">"),
    "links": ("", '<a href="' + "mailto:" * 140_000 + '">'),
    "header blocks in HTML": (
        "",
        "<div id=divRplyFwdMsg><b>From:</b> a<br><b>Sent:</b> 2021-10-10 10:10</div>" * 9_000,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_in_bounded_time(name: str) -> None:
    """Backtracking would take hours; the limit guards against that, benchmarks measure the time."""
    text, html = HOSTILE[name]
    start = time.process_time()
    find_inline(text, html)
    assert time.process_time() - start < 10.0


def test_five_thousand_recipients_are_all_read() -> None:
    """A To field of 5,000 addresses, folded or not, is read whole and at once."""
    boxes = [f"P{number} <p{number}@x.example>" for number in range(5_000)]
    for joint in (", ", ",\n ", "; "):
        start = time.process_time()
        inline = find_inline(HEAD + joint.join(boxes) + "\nSubject: x\n\nhi", "")
        assert time.process_time() - start < 10.0
        assert inline is not None
        assert len(inline.forwards[0].original.to) == 5_000
