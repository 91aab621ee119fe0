"""Forwards that a client announces though no header block follows."""

import pytest

from bccd.mail.forward import find_inline
from bccd.mail.parse import parse
from bccd.model.message import SURE, Mailbox

CARL = Mailbox("Carl Berg", "carl@klient.example")
MARKER = "---------- Forwarded message ---------"
RAW = (
    "From: Carl Berg <carl@klient.example>\nDate: Mon, 25 Mar 2024 15:07:21 +0100\n"
    "To: Anna <anna@seller.example>\nSubject: Offer\n\nHello\n"
)


@pytest.mark.parametrize(
    "head",
    [MARKER, "Begin forwarded message:", "> Begin forwarded message:\n>", f"{MARKER}\n\nCarl Berg\n5 March"],
)
def test_a_marker_alone_is_a_forward_of_nobody_known(head: str) -> None:
    """The forward is found, its author is not, and the evidence says so."""
    inline = find_inline(f"See this.\n\n{head}\n\nDear Anna,\n\nplease call.\n", "")
    assert inline is not None
    (forward,) = inline.forwards
    assert inline.note == "See this."
    assert forward.original.sender is None
    assert forward.original.text.endswith("please call.")
    assert "sender:unknown" in forward.evidence
    assert forward.confidence < SURE


def test_a_marker_line_may_name_the_author() -> None:
    """mutt names him in the line itself, so that he is known even where the header was cut away."""
    mark = "----- Forwarded message from Carl Berg <carl@klient.example> -----"
    inline = find_inline(f"{mark}\n\nHello\n\n----- End forwarded message -----\n\nMine.\n", "")
    assert inline is not None
    (forward,) = inline.forwards
    assert forward.original.sender == CARL
    assert forward.original.text == "Hello"
    assert inline.note == "Mine."
    assert forward.confidence >= SURE


def test_a_block_further_down_is_not_taken_for_the_announced_mail() -> None:
    """Below a header that nobody can read stands a mail that it quotes: its sender is a candidate only."""
    inner = RAW.replace("Date: Mon, 25 Mar 2024 15:07:21 +0100", "Sent: Monday, March 25, 2024 2:07 PM")
    text = f"FYI\n\n{MARKER}\n\none\ntwo\nthree\nfour\nfive\nsix\n\n________________________________\n{inner}"
    inline = find_inline(text, "")
    assert inline is not None
    (forward,) = inline.forwards
    assert forward.original.sender is None
    assert forward.candidates == (CARL,)
    assert [one.original.sender for one in forward.inner] == [CARL]
    assert inline.note == "FYI"


def test_a_marker_inside_quoted_history_announces_nothing() -> None:
    """An answer to somebody's forward forwards nothing."""
    assert find_inline(f"Ok.\n\nOn Monday Anna wrote:\n> fyi\n>\n> {MARKER}\n>\n> Hello\n", "") is None


@pytest.mark.parametrize(
    ("subject", "sure"),
    [("Fwd: Offer", True), ("FW: more", True), ("Re: Offer", True), ("Re: more", False), ("Offer", False)],
)
def test_a_raw_header_needs_the_subject_s_vote(subject: str, sure: bool) -> None:
    """Digests and patches show one as well: it counts where the subject says forward, or answers it."""
    head = f"From: Anna <anna@seller.example>\nTo: drop@drop.example\nSubject: {subject}\n\n"
    (forward,) = parse(f"{head}{RAW}".encode()).forwards
    assert forward.original.sender == CARL
    assert (forward.confidence >= SURE) is sure


def test_the_subject_alone_decides_nothing() -> None:
    """A subject that says forward makes no forward of a plain mail."""
    head = "From: Anna <anna@seller.example>\nTo: drop@drop.example\nSubject: Fwd: Offer\n\n"
    assert parse(f"{head}Ask carl@klient.example about it.\n".encode()).forwards == ()


def test_a_whole_block_needs_no_date_that_can_be_read() -> None:
    """A date of another calendar leaves the mail undated; addresses, subject and labels tell enough."""
    block = (
        "จาก: Carl Berg <carl@klient.example>\nส่ง: 28 ตุลาคม พ.ศ. 2564 12.46\nถึง: {to}\nเรื่อง: Offer\n\nHello"
    )
    inline = find_inline(block.format(to="a@seller.example"), "")
    assert inline is not None
    assert inline.forwards[0].original.sender == CARL
    assert inline.forwards[0].original.date is None
    assert find_inline(block.format(to="Anna"), "") is None


def test_recipients_alone_make_a_block_that_is_not_sure() -> None:
    """From, To and Cc with addresses and nothing else are read, and the user is asked."""
    text = "De: Carl Berg <carl@klient.example>\nPa: a@seller.example\nCC: e@partner.example\n\nHello"
    inline = find_inline(text, "")
    assert inline is not None
    assert inline.forwards[0].original.sender == CARL
    assert "shape:bare" in inline.forwards[0].evidence
    assert inline.forwards[0].confidence < SURE
    assert find_inline(text.replace("<carl@klient.example>", ""), "") is None


def test_an_attribution_above_a_header_block_is_no_note() -> None:
    """Yahoo and Outlook on phones print both; neither are words of the forwarder."""
    block = "From: Carl Berg <carl@klient.example>\nSubject: Offer\nTo: a@s.example\nDate: 2024-03-25 14:07\n"
    text = f"See this:\n\n--- On Mon, 3/25/24, Carl Berg <carl@klient.example> wrote:\n\n{block}\nHello\n"
    inline = find_inline(text, "")
    assert inline is not None
    assert inline.note == "See this:"
    plain = find_inline(f"Mail from yesterday at 10:00, as I wrote:\n\n{block}\nHello\n", "")
    assert plain is not None
    assert plain.note == "Mail from yesterday at 10:00, as I wrote:"
