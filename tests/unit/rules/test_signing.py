"""Tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.rules.signing import Signed, Signer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNER = Signer(b"the installation's secret")


@given(st.integers(1, 2**63), st.lists(st.integers(0, 2**70), max_size=4))
def test_a_token_says_what_was_signed(company: int, numbers: list[int]) -> None:
    """Whatever the numbers, they are read back, in either case, and fit a local part's letters."""
    token = SIGNER.sign("reply", company, *numbers)
    assert SIGNER.read("reply", token.upper(), NOW) == Signed(company, tuple(numbers))
    assert token.isalnum()
    assert token == token.lower()


@given(st.text(max_size=200))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    """Reading never raises, and what was not signed is None."""
    assert SIGNER.read("reply", text, NOW) is None


def test_a_token_is_for_one_purpose_of_one_installation() -> None:
    """A link to confirm is no address to reply to, and another key's token is nothing."""
    token = SIGNER.sign("confirm", 1, 7)
    assert SIGNER.read("reply", token, NOW) is None
    assert Signer(b"another").read("confirm", token, NOW) is None


@pytest.mark.parametrize("position", range(0, 40, 3))
def test_a_changed_token_is_void(position: int) -> None:
    """Every letter counts."""
    token = SIGNER.sign("reply", 1, 7, expires=NOW + timedelta(hours=48))
    place = position % (len(token) - 1)  # the last letter may hold bits that nothing uses
    forged = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
    assert SIGNER.read("reply", forged, NOW) is None


def test_a_token_ends() -> None:
    """At the moment of its end it is void."""
    token = SIGNER.sign("confirm", 1, 7, expires=NOW)
    assert SIGNER.read("confirm", token, NOW - timedelta(seconds=1)) == Signed(1, (7,))
    assert SIGNER.read("confirm", token, NOW) is None


def test_a_digest_depends_on_key_and_purpose() -> None:
    """A code cannot be looked up in a table of digests made elsewhere."""
    assert len({SIGNER.digest("a", "1"), SIGNER.digest("b", "1"), Signer(b"x").digest("a", "1")}) == 3
