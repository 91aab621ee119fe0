"""The text of a mail cut into its parts."""

import pytest

from bccd.mail.anatomy import anatomy

FORWARD = """From: Anna <anna@seller.example>
To: crm@drop.example
Subject: Fwd: nets
Content-Type: text/plain; charset=utf-8

{note}---------- Forwarded message ---------
From: Eve Fisher <eve@fish.example>
Date: Mon, Mar 2, 2026 at 10:00 AM
Subject: nets
To: Anna <anna@seller.example>

We take ten.

On Sun, Mar 1, 2026 at 6:30 PM Anna <anna@seller.example> wrote:
> Here is our offer.
"""


def parts(text: str) -> list[tuple[str, str]]:
    """The kinds with their words; all of them are proven to be the whole text."""
    found = anatomy(text.encode())
    assert "".join(segment.text for segment in found.layout) == found.mail.text
    return [(segment.kind, " ".join(segment.text.split())) for segment in found.layout]


@pytest.mark.parametrize("note", ["", "Please file.\n\n"])
def test_a_forward_has_note_header_original_and_history(note: str) -> None:
    """In the order of the mail; a mail without a note begins with the header."""
    kinds = parts(FORWARD.format(note=note))
    assert [kind for kind, _ in kinds] == ["note"] * bool(note) + [
        "header",
        "original",
        "attribution",
        "quoted",
    ]
    told = dict(kinds)
    assert told.get("note", "Please file.") == "Please file."
    assert told["header"].startswith("-----") and told["header"].endswith("To: Anna <anna@seller.example>")
    assert (told["original"], told["quoted"]) == ("We take ten.", "> Here is our offer.")


def test_a_quoted_forward_is_cut_the_same() -> None:
    """The original behind ">" is told from what it quotes itself; what stands below it is the note's."""
    head, _, body = FORWARD.format(note="Hm.\n\n").partition("\n\n")
    note, _, quoted = body.partition("\n\n")
    quoted = "\n".join(f"> {line}".rstrip() for line in quoted.rstrip().split("\n"))
    kinds = parts(f"{head}\n\n{note}\n\n{quoted}\n\nSee above.\n")
    assert [kind for kind, _ in kinds] == ["note", "header", "original", "attribution", "quoted", "note"]
    assert kinds[-1][1] == "See above."


def test_an_answer_has_new_words_and_history() -> None:
    """A mail that carries no other is cut as what it is."""
    kinds = parts("From: a@b.example\n\nYes.\n\nOn 1 Mar 2026 at 10:00, Eve <e@f.example> wrote:\n> Ten?\n")
    assert [kind for kind, _ in kinds] == ["new", "attribution", "quoted"]


def test_no_text_has_no_parts() -> None:
    """Nor has text that is blank."""
    assert parts("Subject: x\n\n \n\n") == []


def test_mark_up_parts_what_the_words_do_not() -> None:
    """A client's quote in words of no table is history on the page as it is in the reply."""
    text = (
        "From: Anna <anna@seller.example>\nSubject: Re: nets\nContent-Type: text/html\n\n"
        '<div>We agree.</div><div class="gmail_quote"><div class="gmail_attr">Zug Eve Fisher zug</div>'
        '<blockquote class="gmail_quote">Ten nets?</blockquote></div>'
    )
    found = anatomy(text.encode())
    told = "\n".join(segment.text.strip("\n") for segment in found.layout if segment.kind == "new")
    assert told == found.reply.new_text == "We agree."
