"""Who submitted a mail, from evidence and directory."""

import pytest

from bccd.mail.fromfield import StrictFrom
from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.directory import Directory, User, UserAddress
from bccd.rules.identify import aligned, identify

ANNA = User(1, "Anna")
GONE = User(2, "Gone", active=False)
DIRECTORY = Directory(
    1,
    {},
    {},
    {
        (7, "anna@seller.example"): UserAddress("anna@seller.example", ANNA, "login", confirmed=True),
        (7, "anna@home.example"): UserAddress("anna@home.example", ANNA, "alternative", confirmed=True),
        (7, "anna@new.example"): UserAddress("anna@new.example", ANNA, "alternative", confirmed=False),
        (7, "gone@seller.example"): UserAddress("gone@seller.example", GONE, "login", confirmed=True),
    },
)
LOCAL = AuthReport(trusted_network="10.0.0.0/8")


def relayed(*results: AuthResult) -> AuthReport:
    """Return the evidence of a listed relay."""
    return AuthReport(relay="192.0.2.0/24", authserv_id="mx.seller.example", results=results)


def who(address: str, report: AuthReport, company: int = 7) -> Sender | HeldSender:
    return identify(StrictFrom(address, "", ""), report, DIRECTORY, company)


def test_s12_the_login_address_submits() -> None:
    """S-12: by default that address alone; it needs no confirmation."""
    assert who("anna@seller.example", LOCAL) == Sender(1, "anna@seller.example", AuthMethod.TRUSTED_NETWORK)
    assert isinstance(who("anna@elsewhere.example", LOCAL), HeldSender)


def test_s13_any_other_address_must_be_registered_and_confirmed() -> None:
    """S-13: listed among the alternatives; until it is confirmed its mail waits."""
    assert isinstance(who("anna@home.example", LOCAL), Sender)
    assert who("anna@new.example", LOCAL) == HeldSender("unconfirmed_address", "anna@new.example", 1)


@pytest.mark.parametrize("address", ["anna@seller.example", "anna@home.example"])
def test_login_and_confirmed_alternatives_submit(address: str) -> None:
    """Both are the user's (rules.md 2.1)."""
    assert who(address, LOCAL) == Sender(1, address, AuthMethod.TRUSTED_NETWORK)


@pytest.mark.parametrize(
    ("address", "report", "reason"),
    [
        ("anna@seller.example", AuthReport(), "unverified_sender"),
        ("x@seller.example", LOCAL, "unknown_sender"),
        ("anna@new.example", LOCAL, "unconfirmed_address"),
        ("anna@new.example", AuthReport(), "unverified_sender"),
        ("gone@seller.example", LOCAL, "user_inactive"),
    ],
)
def test_everyone_else_is_named_with_the_reason(address: str, report: AuthReport, reason: str) -> None:
    """Without evidence not even an unconfirmed alias is told apart."""
    verdict = who(address, report)
    assert isinstance(verdict, HeldSender)
    assert verdict.reason == reason


def test_a_mail_without_one_author_has_none() -> None:
    """The extractor's defect decides alone."""
    verdict = identify(StrictFrom("", "", "two_from_fields"), LOCAL, DIRECTORY, 7)
    assert verdict == HeldSender("no_single_from")


def test_a_user_of_another_company_is_unknown() -> None:
    """Addresses belong to a company."""
    assert who("anna@seller.example", LOCAL, company=8) == HeldSender("unknown_sender", "anna@seller.example")


@pytest.mark.parametrize(
    ("result", "method"),
    [
        (AuthResult("dmarc", "pass", "seller.example"), AuthMethod.RELAY_DMARC),
        (AuthResult("dkim", "pass", "seller.example"), AuthMethod.RELAY_DKIM),
        (AuthResult("spf", "pass", "anna@seller.example"), AuthMethod.RELAY_SPF),
    ],
)
def test_a_listed_relays_results_prove_an_aligned_domain(result: AuthResult, method: AuthMethod) -> None:
    """The strongest one is recorded."""
    weak = AuthResult("spf", "pass", "seller.example")
    assert who("anna@seller.example", relayed(weak, result)) == Sender(1, "anna@seller.example", method)


@pytest.mark.parametrize(
    "report",
    [
        relayed(),
        relayed(AuthResult("dmarc", "fail", "seller.example")),
        relayed(AuthResult("dmarc", "pass", "evil.example")),
        relayed(AuthResult("dkim", "pass", "seller.example.evil.example")),
        relayed(AuthResult("dkim", "pass", "example")),
        relayed(AuthResult("dkim", "pass", "")),
        relayed(AuthResult("spf", "pass", "seller.example@evil.example")),
        relayed(AuthResult("auth", "pass", "seller.example")),
        AuthReport(relay="192.0.2.0/24", results=(AuthResult("dmarc", "pass", "seller.example"),)),
        AuthReport(authserv_id="mx.seller.example", results=(AuthResult("dmarc", "pass", "seller.example"),)),
    ],
)
def test_anything_less_proves_nothing(report: AuthReport) -> None:
    """No listed relay, no configured id, no pass, or another domain."""
    verdict = who("anna@seller.example", report)
    assert isinstance(verdict, HeldSender)
    assert verdict.reason == "unverified_sender"


@pytest.mark.parametrize(
    ("signer", "domain", "good"),
    [
        ("a.example", "a.example", True),
        ("a.example", "mail.a.example", True),
        ("mail.a.example", "a.example", False),
        ("xa.example", "a.example", False),
        ("example", "a.example", False),
        ("", "", False),
    ],
)
def test_alignment(signer: str, domain: str, good: bool) -> None:
    """The domain itself or a parent of it speaks for it."""
    assert aligned(signer, domain) is good
