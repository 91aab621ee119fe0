"""What "always" means: a mail that shows again what only its sender can show, and nothing less."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bccd.mail.senders import is_shared_sender, tenant_of
from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.delivery import Delivery
from bccd.model.directory import Company, TrustedSender, User, UserAddress
from bccd.model.envelope import Peer, Target
from bccd.model.facts import Facts
from bccd.model.policy import Mode, Policy
from bccd.rules.overlay import Overlay
from bccd.rules.trusted import lasting, let_in, matching, shown

ANNA, HERS = 1, "anna@seller.example"
UNVERIFIED = HeldSender("unverified_sender", HERS, ANNA)
SIGNED = AuthResult("dkim", "pass", "mailer.example")
SENT = AuthResult("spf", "pass", "bounce.mailer.example")
FROM = "b17@bounce.mailer.example"


def report(*checks: AuthResult, **more: str) -> AuthReport:
    """Return what was checked here."""
    return replace(AuthReport(checks=checks), **more)  # type: ignore[arg-type]


def test_a_mail_shows_who_signed_it_and_for_whom_it_was_sent() -> None:
    """Only what passed; SPF only of the envelope's own domain; a relay's word only if it is a listed one."""
    failed = (replace(SIGNED, result="fail"), replace(SENT, result="softfail"))
    assert shown(report(SIGNED, SENT), FROM) == ("dkim:mailer.example", "spf:bounce.mailer.example")
    assert shown(report(*failed, AuthResult("dmarc", "pass", "seller.example")), FROM) == ()
    assert shown(report(AuthResult("spf", "pass", "helo.mailer.example")), FROM) == ()
    assert shown(report(SENT), "") == ()
    said = AuthReport(results=(SIGNED, AuthResult("spf", "pass", FROM)))
    assert shown(said, FROM) == ()
    assert len(shown(replace(said, relay="10.0.0.1", authserv_id="mx.seller.example"), FROM)) == 2


@pytest.mark.parametrize(
    ("domain", "enough"),
    [
        ("mailer.example", True),
        ("crm.firm.co.uk", True),
        ("co.uk", False),
        ("localhost", False),
        ("gmail.com", False),
        ("sendgrid.net", False),
        ("em1234.sendgrid.net", False),
        ("amazonses.com", False),
        ("onmicrosoft.com", False),
        ("seller.onmicrosoft.com", True),
        ("gappssmtp.com", False),
        ("20230601.gappssmtp.com", False),
        ("seller-example.20230601.gappssmtp.com", True),
        ("hobby.club.example", False),
    ],
)
def test_where_anybody_has_an_account_nothing_is_enough(domain: str, enough: bool) -> None:
    """A signature of such a domain says that some customer of it sent the mail, not which."""
    policy = Policy(free_mail=frozenset({"club.example"}))
    found = lasting(UNVERIFIED, report(AuthResult("dkim", "pass", domain)), FROM, policy)
    assert found == (f"dkim:{domain}" if enough else "")


def test_what_can_last() -> None:
    """The signer before the envelope, which strict mode never takes; nothing where the domain forbids it."""
    policy, strict = Policy(), Policy(mode=Mode.STRICT)
    shared = AuthResult("dkim", "pass", "sendgrid.net")
    assert lasting(UNVERIFIED, report(SENT, SIGNED), FROM, policy) == "dkim:mailer.example"
    assert lasting(UNVERIFIED, report(SENT, shared), FROM, policy) == "spf:bounce.mailer.example"
    assert lasting(UNVERIFIED, report(SENT, shared), FROM, strict) == ""
    assert lasting(UNVERIFIED, report(), FROM, policy) == ""
    refused = replace(report(SIGNED, AuthResult("dmarc", "fail", "seller.example")), policy="reject")
    assert lasting(UNVERIFIED, refused, FROM, policy) == ""
    assert lasting(replace(UNVERIFIED, user_id=None), report(SIGNED), FROM, policy) == ""
    sent_on = HeldSender("redirected", "jan@customer.example", ANNA)
    answer = HeldSender("customer_reply", "jan@customer.example", ANNA)
    proven = report(AuthResult("dmarc", "pass", "customer.example"))
    assert lasting(sent_on, report(), FROM, policy) == "redirected"
    assert (lasting(answer, report(), FROM, policy), lasting(answer, proven, FROM, policy)) == ("", "author")
    for reason in ("unconfirmed_address", "no_visible_recipient", "unknown_sender"):
        assert lasting(HeldSender(reason, HERS, ANNA), report(SIGNED), FROM, policy) == ""


def test_only_the_same_evidence_for_the_same_user_lets_in() -> None:
    """A forged From with another signer, or none, waits; so does what another user has let in."""
    mine, other = TrustedSender("dkim:mailer.example", ANNA), TrustedSender("dkim:mailer.example", 2)
    assert matching(UNVERIFIED, report(SIGNED), FROM, (mine,)) == "dkim:mailer.example"
    spoofed = replace(SIGNED, domain="evil.example")
    for evidence in (report(), report(spoofed), report(replace(SIGNED, result="fail"))):
        assert matching(UNVERIFIED, evidence, FROM, (mine,)) == ""
    assert matching(UNVERIFIED, report(SIGNED), FROM, (other,)) == ""
    assert matching(UNVERIFIED, report(SIGNED), FROM, ()) == ""


def test_when_it_is_filed_it_is_judged_again() -> None:
    """By what holds then: a domain that the company lists as anybody's, or one that forbids it, ends it."""

    def judged(
        policy: Policy, evidence: AuthReport, whose: int = ANNA, confirmed: bool = True
    ) -> tuple[Sender, str] | None:
        rows = {HERS: (TrustedSender("dkim:mailer.example", ANNA),)}
        entry = UserAddress(HERS, User(whose, "Anna"), "alternative", confirmed)
        company = Company(1, "acme", "Acme", policy)
        overlay = Overlay(Facts(company, 1, 1, user_addresses={HERS: entry}, trusted=rows))
        delivery = Delivery(
            1, 1, (Target("crm@drop.example", 1),), FROM, Peer("192.0.2.1"), datetime(2026, 1, 1, tzinfo=UTC),
            evidence, b"", 1, held=UNVERIFIED,
        )  # fmt: skip
        return let_in(delivery, overlay)

    found = judged(Policy(), report(SIGNED))
    assert found is not None
    sender, evidence = found
    assert (sender.user_id, sender.method, evidence) == (ANNA, AuthMethod.TRUSTED, "dkim:mailer.example")
    assert judged(Policy(free_mail=frozenset({"mailer.example"})), report(SIGNED)) is None
    refused = replace(report(SIGNED, AuthResult("dmarc", "fail", "seller.example")), policy="quarantine")
    assert judged(Policy(), refused) is None
    assert judged(Policy(), report()) is None
    assert judged(Policy(), report(SIGNED), whose=2) is None, "the address is another's now"
    assert judged(Policy(), report(SIGNED), confirmed=False) is None


def test_shared_senders_are_listed() -> None:
    """With all that is below them; a customer's own name below a service is his."""
    assert is_shared_sender("mail.mailgun.org") and not is_shared_sender("seller.example")
    assert (tenant_of("a.onmicrosoft.com"), tenant_of("onmicrosoft.com")) == ("a.onmicrosoft.com", "")
