"""Whether a proven domain speaks for the author's."""

import pytest

from bccd.model.auth import AuthReport
from bccd.rules.align import aligned, may_align

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
