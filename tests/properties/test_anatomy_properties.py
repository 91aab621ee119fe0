"""The anatomy of any mail: always the published form, and a layout that loses nothing."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bccd.cli.reading.reference import schema
from bccd.cli.reading.webpage import webpage
from bccd.mail.anatomy import anatomy, anatomy_json

LINES = st.sampled_from(
    [
        "",
        "Hello,",
        "we take ten.",
        "> quoted",
        "> > deeper",
        "-- ",
        "Eve Fisher",
        "On Mon, 2 Mar 2026 at 10:00, Eve Fisher <eve@fish.example> wrote:",
        "---------- Forwarded message ---------",
        "________________________________",
        "From: Eve Fisher <eve@fish.example>",
        "Sent: Monday, March 2, 2026 10:00 AM",
        "To: Anna <anna@seller.example>",
        "Subject: Nets",
        "> From: Eve Fisher <eve@fish.example>",
        "> Date: Mon, Mar 2, 2026 at 10:00 AM",
        "> To: Anna <anna@seller.example>",
        "Sent from my iPhone",
        "<b>x</b> &amp; \u202e\x1b\ud800",
    ]
)
HEAD = (
    "From: Eve Fisher <eve@fish.example>\r\nSubject: {}Nets\r\nContent-Type: text/{}; charset=utf-8\r\n\r\n"
)


@given(
    lines=st.lists(LINES, max_size=25),
    prefix=st.sampled_from(["", "Re: ", "Fwd: "]),
    kind=st.sampled_from(["plain", "html"]),
)
def test_the_parts_of_a_text_add_up(lines: list[str], prefix: str, kind: str) -> None:
    """Whatever stands in which order, the layout is the text, and each named part stands in it."""
    end = "<br>" if kind == "html" else "\r\n"
    raw = (HEAD.format(prefix, kind) + end.join(lines)).encode("utf-8", "surrogatepass")
    found = anatomy(raw)
    whole = "".join(segment.text for segment in found.layout)
    assert whole == (found.mail.text if found.mail.text.strip() else "")
    assert all(segment.text for segment in found.layout)
    told = json.loads(anatomy_json(raw))
    assert list(told) == schema()["$defs"]["Anatomy"]["required"]
    page = webpage(found, None, "")
    assert "\x1b" not in page and page.encode()


@given(raw=st.binary(max_size=300))
def test_any_octets_have_an_anatomy(raw: bytes) -> None:
    """It is JSON in UTF-8, and every field is there."""
    assert list(json.loads(anatomy_json(raw))) == schema()["$defs"]["Anatomy"]["required"]
