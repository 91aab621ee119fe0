"""Rows that merely copy what a mail says."""

import pytest

from bccd.model.message import Content, Mailbox
from bccd.rules.dedupe import people
from bccd.rules.rows import SNIPPET, snippet

WORDS = "Please find our offer for two hundred presses below. " * 40


@pytest.mark.parametrize(
    "text",
    ["", "short", WORDS, WORDS.replace(" ", " \n\t "), " " * 400 + WORDS, " " * 1_000 + WORDS, "x" * 1_000],
)
def test_a_snippet_is_the_first_words_on_one_line(text: str) -> None:
    """Of the first 640 characters, whatever white space stands between them."""
    assert snippet(text) == " ".join(text[: 4 * SNIPPET].split())[:SNIPPET]


def test_whoever_stands_in_no_field_is_nobody() -> None:
    """A mail without an author has people all the same."""
    assert people(Content(to=(Mailbox("Jan", "jan@customer.example"),))) == (
        ("to", "jan@customer.example", "Jan"),
    )
