"""Whether a proven domain speaks for the author's."""

import pytest

from bccd.model.auth import AuthReport
from bccd.rules.align import aligned, may_align, one_holder

KNOWN = AuthReport(
    organisations=(
        ("firm.example", "firm.example"),
        ("mail.firm.example", "firm.example"),
        ("apart.firm.example", "apart.firm.example"),
        ("a.test", "test"),
        ("b.test", "test"),
    )
)
EXACT = AuthReport(organisations=KNOWN.organisations, exact=("dkim",))


@pytest.mark.parametrize(
    ("report", "proven", "author", "good"),
    [
        (KNOWN, "firm.example", "firm.example", True),
        (KNOWN, "mail.firm.example", "firm.example", True),
        (KNOWN, "firm.example", "mail.firm.example", True),
        (KNOWN, "apart.firm.example", "firm.example", False),
        (KNOWN, "unasked.firm.example", "firm.example", False),
        (KNOWN, "xfirm.example", "firm.example", False),
        (KNOWN, "a.test", "b.test", False),  # a single label is nobody's organisation
        (KNOWN, "", "", False),
        (KNOWN, "", "firm.example", False),
        (AuthReport(), "firm.example", "firm.example", True),
        (AuthReport(), "mail.firm.example", "firm.example", False),
        (EXACT, "firm.example", "firm.example", True),
        (EXACT, "mail.firm.example", "firm.example", False),
    ],
)
def test_alignment(report: AuthReport, proven: str, author: str, good: bool) -> None:
    """The same domain, or the same organisation where the author's record does not want it exact."""
    assert aligned(report, "dkim", proven, author) is good


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("firm.example", "mail.firm.example", True),
        ("firm.uk.com", "mail.firm.uk.com", True),
        ("evil.uk.com", "firm.uk.com", False),
        ("evil.co.uk", "firm.co.uk", False),
        ("evil.github.io", "firm.github.io", False),
        ("uk.com", "uk.com", True),
        ("uk.com", "evil.uk.com", False),
        ("co.uk", "gov.uk", False),
    ],
)
def test_neighbours_below_a_public_suffix_have_two_holders(one: str, other: str, same: bool) -> None:
    """Though a record above them, without psd=y, makes them one organisation (RFC 9989 4.10.2)."""
    assert one_holder(one, other) is one_holder(other, one) is same


def test_exactness_is_wanted_of_one_method_alone() -> None:
    """Records say adkim and aspf apart."""
    assert aligned(EXACT, "spf", "mail.firm.example", "firm.example")


@pytest.mark.parametrize(
    ("report", "claimed", "possible"),
    [
        (AuthReport(), "mail.firm.example", True),  # nothing is known
        (AuthReport(), "evil.test", False),
        (AuthReport(), "", False),
        (KNOWN, "firm.example", True),
        (KNOWN, "mail.firm.example", True),
        (KNOWN, "apart.firm.example", False),
        (KNOWN, "unasked.firm.example", True),  # its own walk failed
        (KNOWN, "firm.test", False),
        (EXACT, "unasked.firm.example", False),
    ],
)
def test_what_the_dns_left_open_may_be_aligned(report: AuthReport, claimed: str, possible: bool) -> None:
    """As far as what is known leaves room for it."""
    assert may_align(report, "dkim", claimed, "firm.example") is possible
