"""What stands right below a header block: a rule that closes it, or the text itself."""

import pytest

from bccd.mail.forward import find_inline
from bccd.mail.parse import parse

LONG = "Re: Offer 2026/17: roof tiles for the warehouse in Gdynia harbour, second part"
HEAD = "{note}From: Eve <eve@fish.example>\nTo: Anna <a@x.example>\nDate: 03/02/2026 10:00 AM\nSubject: "


@pytest.mark.parametrize(
    ("below", "subject"),
    [
        ("\nWe take ten.", LONG),  # Outlook for Mac leaves no empty line
        ("\n________________________________________\n\nWe take ten.", LONG),  # Notes closes the header
        ("\n-----\nWe take ten.", "Offer"),
        (" and more\n\nWe take ten.", "Offer"),
    ],
)
def test_the_subject_ends_where_it_ends(below: str, subject: str) -> None:
    """A line longer than any program wraps was not wrapped, and a rule is no part of a subject."""
    found = find_inline(HEAD.format(note="FYI\n\n") + subject + below, "")
    assert found is not None
    original = found.forwards[0].original
    assert original.subject == subject + (" and more" if "more" in below else "")
    assert (original.text, found.note) == ("We take ten.", "FYI")


@pytest.mark.parametrize("marker", ["Vidarebefordrat brev:", "転送されたメッセージ："])
def test_a_leading_line_is_no_part_of_the_note(marker: str) -> None:
    """Apple Mail announces a forward in the words of its language."""
    found = find_inline(HEAD.format(note=f"FYI\n\n{marker}\n\n") + "Offer\n\nWe take ten.", "")
    assert found is not None and found.note == "FYI"
    assert found.forwards[0].evidence[0] == "marker:apple"


def test_the_rule_above_a_list_s_footer_goes_with_it() -> None:
    """What the mark-up shows below the forward is told by its letters, and a rule has none."""
    body = "-------- Forwarded Message --------\nSubject: Nets\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n"
    body += "From: Eve <eve@fish.example>\nTo: Anna <a@x.example>\n\nWe take ten.\n"
    footer = "_______________________________\nusers mailing list\n"
    html = f'<div class="moz-forward-container">{body}</div><div>{footer}</div>'.replace("<eve@", "&lt;eve@")
    text = f"--b\n\n{body}{footer}\n--b\nContent-Type: text/html\n\n{html.replace(chr(10), '<br>')}\n--b--\n"
    head = "From: Anna <a@x.example>\nSubject: Fwd: Nets\nContent-Type: multipart/alternative; boundary=b"
    raw = f"{head}\n\n{text}"
    message = parse(raw.encode())
    assert message.forwards[0].original.text == "We take ten."
    assert message.note == footer.strip()


def test_a_list_may_break_inside_a_name() -> None:
    """A program with short lines wraps the last field anywhere; its rest is no text."""
    head = "From: Eve <eve@fish.example>\nSubject: Nets\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n"
    to = "To: Anna Nowak <anna@seller.example>, Pat <pat@x.example>, José María\nGarcía <jm@x.example>"
    found = find_inline(f"FYI\n\n---------- Forwarded message ----------\n{head}{to}\n\nWe take ten.", "")
    assert found is not None
    original = found.forwards[0].original
    assert original.to[-1].name == "José María García" and len(original.to) == 3
    assert original.text == "We take ten."


@pytest.mark.parametrize(
    ("opened", "body"),
    [
        ("------- Forwarded Message -------", "> We take ten.\n>\n> Eve\n"),
        ("----------  Forwarded Message  ----------", f"We take ten.\n\nEve\n\n{'-' * 41}\n"),
    ],
)
def test_what_a_list_adds_below_a_forward_is_not_the_original_s(opened: str, body: str) -> None:
    """Proton quotes the text of a forward alone, and KMail closes it with a rule."""
    head = HEAD.format(note=f"FYI\n\n{opened}\n")
    found = find_inline(f"{head}Offer\n\n{body}\nusers mailing list\nusers@lists.example\n", "")
    assert found is not None
    assert found.forwards[0].original.text.strip() == "We take ten.\n\nEve"
    assert found.note == "FYI\n\nusers mailing list\nusers@lists.example"
