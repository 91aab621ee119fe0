"""The parts of a text, as they are shown."""

from bccd.mail.reply import split_reply
from bccd.model.message import Mailbox

ANNA = Mailbox("Anna Nowak", "anna@acme.example")


def kinds(text: str) -> list[tuple[str, str]]:
    """Split a text and show each part's kind and first line with words."""
    lines = text.split("\n")
    shown = []
    for part in split_reply(text, sender=ANNA):
        words = [line for line in lines[part.start : part.end] if line.strip()]
        shown.append((str(part.kind), words[0] if words else ""))
    return shown


def test_parts_of_a_whole_answer() -> None:
    """Banner, words, signature, attribution, quote and footer stand in their order, each told apart."""
    text = (
        "Yes, please.\n\n-- \nAnna Nowak\n\nOn Mon, 16 Nov 2026 at 10:00, Carl <c@x.example> wrote:\n"
        "> Shall we?\n>\n> Carl\n\nIf you are not the intended recipient, delete this."
    )
    assert kinds(text) == [
        ("new", "Yes, please."),
        ("signature", "-- "),
        ("attribution", "On Mon, 16 Nov 2026 at 10:00, Carl <c@x.example> wrote:"),
        ("quoted", "> Shall we?"),
        ("disclaimer", "If you are not the intended recipient, delete this."),
    ]
