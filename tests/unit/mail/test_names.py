"""Rule 6.5: the name of a new contact."""

import pytest

from bccd.mail.names import person_name


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("Jan Kowalski", "Jan Kowalski"),
        ("  Jan \t Kowalski ", "Jan Kowalski"),
        ("'Jan Kowalski'", "Jan Kowalski"),
        ("„Jan Kowalski”", "Jan Kowalski"),
        ("'Jan Kowalski' via Sales List", "Jan Kowalski"),
        ("Jan Kowalski (via Google Docs)", "Jan Kowalski"),
        ("Kowalski, Jan", "Kowalski, Jan"),
        ("Kowalski ,Jan", "Kowalski, Jan"),
        ("O'Brien, Pat", "O'Brien, Pat"),
        ("Fish & Sons, Inc.", "Fish & Sons, Inc."),
        ("[EXT] Jan Kowalski (Fish)", "Jan Kowalski (Fish)"),
        ("(Jan)", "Jan"),
        ("Jan <jan@customer.example>", "Jan"),
        ("Jan jan@customer.example", "Jan"),
        ("\u202eikslawoK naJ", "ikslawoK naJ"),
        ("李明", "李明"),
        ("Maria Via", "Maria Via"),
        ("x" * 500, "x" * 200),
    ],
)
def test_what_is_put_round_a_name_is_taken_off(display: str, name: str) -> None:
    """Quotes, list managers' additions, tags, addresses and marks of direction are no part of a name."""
    assert person_name(display, "j.kow+shop@customer.example") == name


@pytest.mark.parametrize(
    "display", ["", "jan@customer.example", "'jan@customer.example' via List", "...", "jan＠customer.example"]
)
def test_an_address_is_no_name(display: str) -> None:
    """Then the local part stands in, without its tag."""
    assert person_name(display, "j.kow+shop@customer.example") == "j.kow"


def test_a_local_part_without_a_letter() -> None:
    """Something stands there in any case."""
    assert person_name("", "+@customer.example") == "+ customer.example"
