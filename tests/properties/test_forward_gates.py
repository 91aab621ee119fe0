"""The cheap tests before a search: what they leave out the search would not have found."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.forward import find_inline, may_hold_inline
from bccd.mail.forward.facts import clients, k9, more, outlook, roundcube, thunderbird, zimbra
from bccd.mail.forward.labels import may_be_labelled, read_label
from bccd.mail.forward.lines import is_plain, read_lines, visible
from bccd.mail.forward.markers import is_marker, marker_of, may_be_marked
from bccd.mail.forward.structure import has_structure
from bccd.mail.html import read_html
from bccd.mail.markup.signs import Role
from bccd.mail.reply import new_text
from bccd.mail.reply.history import history_of
from bccd.mail.reply.parts import Kind

MARKERS = sorted(
    {
        *(f"{marker}:" for marker in (*clients.LEADING, *more.LEADING)),
        *(
            f"---- {marker} ----"
            for marker in (*clients.FORWARDED, *thunderbird.FORWARDED, *more.FORWARDED, *clients.ORIGINAL)
        ),
    }
)
LABELS = sorted(
    {
        label
        for source in (outlook, clients, thunderbird, more, k9, roundcube, zimbra)
        for row in source.LABELS
        for label in row[1:]
        if label
    }
)
LINES = st.one_of(
    st.builds(
        "{}{}{} {}".format,
        st.sampled_from(["", "> ", "*", "\u200e", "\xa0"]),
        st.sampled_from(LABELS),
        st.sampled_from([":", "：", " :", "՝"]),
        st.sampled_from(["Jan <jan@x.example>", "Monday, March 2, 2026 8:07 AM", "Offer", ""]),
    ),
    st.builds("{}{}".format, st.sampled_from(["", "> ", " | "]), st.sampled_from(MARKERS)),
    st.sampled_from(
        [
            "",
            ">",
            "\ufeffOn 5.3.2024 14:07, a@x.example wrote:",
            "> On Mon, Mar 2, 2026 at 8:03 AM, A B <a@x.example> wrote:",
            "W dniu 2.03.2026 o 08:03, Ola <a@x.example> pisze:",
            "---- On Mon, 2 Mar 2026 10:00 a@x.example wrote ----",
            ">From here",
            ">>> print(1)",
            "JD> hello",
            "To",
            "Hello.",
        ]
    ),
    st.text(max_size=20),
)
TEXTS = st.lists(LINES, max_size=14).map("\n".join)
TAGS = st.sampled_from(
    [
        "<div class=gmail_quote>",
        '<div title="a>b" class="gmail_quote">',
        "<div title='a>b' ID=divRplyFwdMsg>",
        '<DIV STYLE="border:none;border-top:solid #E1E1E1 1.0pt">',
        '<blockquote type="cite">',
        "<blockquote style='margin:0'>",
        '<p alt="<" name=x_mailcontent>',
        "<hr id=stopSpelling>",
        '<div class="gmail_signature">',
        '<a " b="> class=qt>',
        "<!-- <div class=gmail_quote> -->",
        "</div>",
        "<p>",
        "x = y",
        "text",
    ]
)


@given(TEXTS, st.lists(TAGS, max_size=8).map("".join))
def test_nothing_is_found_where_nothing_may_be(text: str, html: str) -> None:
    """What may_hold_inline leaves out holds no original, by its text or its HTML."""
    assert may_hold_inline(text, html) or find_inline(text, html) is None


@given(st.lists(TAGS, max_size=8).map("".join))
def test_signs_stand_in_tags_alone(html: str) -> None:
    """Whether HTML has structure is told by its distinct tags as by a walk over all of it."""
    walked = any(frame.sign.role is not Role.SIGNATURE for frame in read_html(html).frames)
    assert has_structure(html) is walked


@given(TEXTS)
def test_lines_are_read_together_as_alone(text: str) -> None:
    """Depth and text of each line are what quoting and invisible marks before its words make them."""
    raw = text.split("\n")
    depths, texts = read_lines(raw, plain=is_plain(text))
    for line, depth, words in zip(raw, depths, texts, strict=True):
        shown = visible(line)
        quoting = re.match(r"[\s>|]*", shown)
        end = quoting.end() if quoting else 0
        assert (depth, words) == (shown.count(">", 0, end), shown[end:].rstrip())


@given(TEXTS)
def test_only_some_lines_have_labels_or_are_markers(text: str) -> None:
    """A line that is not among those that may have a label, or be a marker, has none and is none."""
    lines = [line.strip() for line in text.split("\n")]
    labelled, marked = set(may_be_labelled(lines, plain=is_plain(text))), set(may_be_marked(lines))
    for number, line in enumerate(lines):
        assert number in labelled or read_label(line) is None
        assert number in marked or not line.endswith(":") or not is_marker(marker_of(line))


def test_every_marker_is_told() -> None:
    """Each marker line of the tables is known, its accents composed or not."""
    assert [marker for marker in MARKERS if not marker_of(unicodedata.normalize("NFC", marker))] == []
    assert [marker for marker in MARKERS if not marker_of(unicodedata.normalize("NFD", marker))] == []


@given(TEXTS, st.booleans())
def test_new_text_is_the_lines_that_are_no_history(text: str, reply: bool) -> None:
    """The author's own words are the new lines in order; without history they are the whole text."""
    lines = text.split("\n")
    kinds = history_of(lines, blocks=reply, keep_top=False)
    own = new_text(text, reply=reply)
    if all(kind is Kind.NEW for kind in kinds):
        assert own == text.strip("\n \t\r")
    kept = [
        line.strip() for line, kind in zip(lines, kinds, strict=True) if kind is Kind.NEW and line.strip()
    ]
    assert [line.strip() for line in own.split("\n") if line.strip()] == kept
