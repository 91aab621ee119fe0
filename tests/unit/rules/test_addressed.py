"""What a user's secret address asks of a mail, and what may come to his forwarding address."""

from dataclasses import replace

import pytest

from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Sender
from bccd.model.directory import Company, Directory, User, UserAddress
from bccd.model.envelope import Envelope, Peer, Raw, Tag, Target
from bccd.model.policy import Policy
from bccd.rules.addressed import addressed
from bccd.testing.build import NOON

ANNA, BERT, TEAM = User(1, "Anna"), User(2, "Bert"), User(3, "Team", is_team=True, members=(1, 2))
USERS = {
    "anna@seller.example": ANNA,
    "anna.k@gmail.com": ANNA,
    "bert@seller.example": BERT,
    "team@seller.example": TEAM,
}
PLAIN = Target("crm@drop.example", 1)
HERS = Target("crm+u.1@drop.example", 1, Tag.USER, user_id=1)
FORWARD = Target("crm+fw.1@drop.example", 1, Tag.FORWARD, user_id=1)
STRANGER = HeldSender("unknown_sender", "jan@customer.example")
OTHERS = HeldSender("forward_unproven", "jan@customer.example", 1)


def directory(*, demanded: bool = False) -> Directory:
    """Return a company with Anna, Bert and their team."""
    entries = {
        (1, address): UserAddress(address, user, "login", confirmed=True) for address, user in USERS.items()
    }
    waits = UserAddress("anna@home.example", ANNA, "alternative", confirmed=False)
    entries[1, "anna@home.example"] = waits
    companies = {1: Company(1, "one", "One", Policy(secret_address=demanded)), 2: Company(2, "two", "Two")}
    return Directory(1, companies, {"crm@drop.example": 1, "crm@other.example": 2}, entries)


def envelope(*targets: Target, mail_from: str = "jan@customer.example", head: str = "") -> Envelope:
    """Return a transaction; of its mail only the fields in `head` are looked at."""
    raw = Raw(b"", 0, head.encode())
    return Envelope(Peer("192.0.2.1"), mail_from, targets, raw, NOON)


def own(method: str, domain: str) -> AuthReport:
    """Return evidence that bccd has found itself."""
    return AuthReport(checks=(AuthResult(method, "pass", domain),))


def relayed(method: str, domain: str) -> AuthReport:
    """Return what a trusted relay has found."""
    return AuthReport("", "10.0.0.0/8", "mx.seller.example", (AuthResult(method, "pass", domain),))


def sent_by(user: User, address: str, method: AuthMethod = AuthMethod.DKIM) -> Sender:
    """Return a proven user."""
    return Sender(user.id, address, method)


@pytest.mark.parametrize(
    ("sender", "targets", "demanded", "reason"),
    [
        (sent_by(ANNA, "anna@seller.example"), (HERS,), False, ""),
        (sent_by(ANNA, "anna@seller.example"), (PLAIN,), False, ""),
        (sent_by(ANNA, "anna@seller.example"), (HERS, PLAIN), True, ""),
        (sent_by(TEAM, "team@seller.example"), (HERS,), True, ""),
        (sent_by(ANNA, "anna@seller.example"), (PLAIN,), True, "secret_address_needed"),
        (sent_by(BERT, "bert@seller.example"), (HERS,), False, "other_users_address"),
        (sent_by(BERT, "bert@seller.example"), (HERS, PLAIN), True, "other_users_address"),
    ],
)
def test_a_secret_address_is_its_users_alone(
    sender: Sender, targets: tuple[Target, ...], demanded: bool, reason: str
) -> None:
    """A proven user may use his own address or a member's of his team, and must where that is demanded."""
    verdict = addressed(sender, envelope(*targets), AuthReport(), directory(demanded=demanded), 1)
    wanted = HeldSender(reason, sender.address, sender.user_id) if reason else sender
    assert verdict == wanted


def test_a_secret_address_proves_nobody() -> None:
    """Who knows the address and is not proven stays what he was; another company's target is not asked."""
    assert addressed(STRANGER, envelope(HERS), AuthReport(), directory(), 1) == STRANGER
    anna = sent_by(ANNA, "anna@seller.example")
    assert addressed(anna, envelope(replace(HERS, company_id=2)), AuthReport(), directory(), 1) == anna


GMAIL = "anna.k+caf_=crm+fwx=drop.example@gmail.com"
SRS = "srs0=h=ix=customer.example=jan@seller.example"
FOR_HER = "X-Forwarded-For: anna@seller.example crm+fwx@drop.example\r\n"
FOR_GMAIL = "X-Forwarded-For: anna.k@gmail.com crm+fwx@drop.example\r\n"


@pytest.mark.parametrize(
    ("mail_from", "head", "report", "mailbox"),
    [
        # the envelope names her mailbox, and SPF says that it is its server's
        (GMAIL, "", own("spf", "gmail.com"), "anna.k@gmail.com"),
        (GMAIL, "", relayed("spf", GMAIL), "anna.k@gmail.com"),
        ("annak+caf_=x=y.example@gmail.com", "", own("spf", "gmail.com"), "anna.k@gmail.com"),
        ("anna+srs=a=b=c.example=d@seller.example", "", own("spf", "seller.example"), "anna@seller.example"),
        ("anna@seller.example", "", own("spf", "seller.example"), "anna@seller.example"),
        # her firm's server rewrote the envelope, or a field names her and the firm's server vouches
        (SRS, "", own("spf", "seller.example"), "anna@seller.example"),
        ("bounces+srs=a=b@seller.example", "", own("spf", "seller.example"), "anna@seller.example"),
        ("fwd@seller.example", FOR_HER, own("spf", "seller.example"), "anna@seller.example"),
        ("jan@customer.example", FOR_HER, relayed("dkim", "seller.example"), "anna@seller.example"),
        ("jan@customer.example", "", AuthReport("10.0.0.0/8"), "anna.k@gmail.com"),
        # the same without the server's proof, or with another's
        (GMAIL, FOR_GMAIL, AuthReport(), ""),
        (GMAIL, FOR_GMAIL, AuthReport(results=(AuthResult("spf", "pass", "gmail.com"),)), ""),
        (GMAIL, "", AuthReport(checks=(AuthResult("spf", "softfail", "gmail.com"),)), ""),
        (SRS, FOR_HER, own("spf", "customer.example"), ""),
        ("jan@customer.example", FOR_HER, own("spf", "customer.example"), ""),
        # a neighbour at the same provider, who may write any field, and forward his own mailbox
        ("eve@gmail.com", FOR_GMAIL, own("spf", "gmail.com"), ""),
        ("eve+caf_=crm+fwx=drop.example@gmail.com", FOR_GMAIL, own("spf", "gmail.com"), ""),
        ("srs0=h=ix=customer.example=jan@gmail.com", FOR_GMAIL, own("spf", "gmail.com"), ""),
        # a firm's server that names nobody, a colleague's mailbox, an address that is not confirmed
        ("fwd@seller.example", "", own("spf", "seller.example"), ""),
        ("bert+srs=a=b=c.example=d@seller.example", "", own("spf", "seller.example"), ""),
        ("anna+caf_=x=y.example@home.example", "", own("spf", "home.example"), ""),
    ],
)
def test_what_may_come_to_a_forwarding_address(
    mail_from: str, head: str, report: AuthReport, mailbox: str
) -> None:
    """A customer's mail is hers where her mailbox's server is proven to have sent it on; else it is held."""
    verdict = addressed(STRANGER, envelope(FORWARD, mail_from=mail_from, head=head), report, directory(), 1)
    assert verdict == (Sender(1, mailbox, AuthMethod.SECRET) if mailbox else OTHERS)


def test_her_own_mail_stays_hers_and_a_colleagues_does_not_become_his() -> None:
    """A signature proves a sent copy; what a colleague wrote to her is handed in by her, not by him."""
    at_gmail = envelope(FORWARD, mail_from=GMAIL)
    for method in (AuthMethod.DKIM, AuthMethod.LOGIN, AuthMethod.RELAY_DKIM):
        anna = sent_by(ANNA, "anna.k@gmail.com", method)
        assert addressed(anna, at_gmail, own("dkim", "gmail.com"), directory(), 1) == anna
    bert = sent_by(BERT, "bert@seller.example")
    forwarded = addressed(bert, at_gmail, own("spf", "gmail.com"), directory(), 1)
    assert forwarded == Sender(1, "anna.k@gmail.com", AuthMethod.SECRET)
    unproven = addressed(bert, envelope(FORWARD), AuthReport(), directory(), 1)
    assert unproven == HeldSender("forward_unproven", "bert@seller.example", 1)


def test_her_servers_spf_is_no_proof_that_she_wrote_what_it_forwards() -> None:
    """It forwards what strangers write in her name as well: then it is her mailbox's mail, not hers."""
    at_gmail = envelope(FORWARD, mail_from=GMAIL)
    by_path = Sender(1, "anna.k@gmail.com", AuthMethod.SECRET)
    for method, report in (
        (AuthMethod.SPF, own("spf", "gmail.com")),
        (AuthMethod.RELAY_SPF, relayed("spf", "gmail.com")),
        (
            AuthMethod.RELAY_DMARC,
            replace(relayed("dmarc", "gmail.com"), checks=own("spf", "gmail.com").checks),
        ),
    ):
        claimed = sent_by(ANNA, "anna.k@gmail.com", method)
        assert addressed(claimed, at_gmail, report, directory(), 1) == by_path
    both = replace(relayed("dmarc", "gmail.com"), checks=own("dkim", "gmail.com").checks)
    sent = sent_by(ANNA, "anna.k@gmail.com", AuthMethod.RELAY_DMARC)
    assert addressed(sent, at_gmail, both, directory(), 1) == sent


def test_a_doubt_of_the_dns_is_no_verdict() -> None:
    """Where SPF could not be asked the server tries again; what is proven otherwise need not wait for it."""
    doubt = AuthResult("spf", "temperror", "seller.example")
    waits = addressed(STRANGER, envelope(FORWARD, mail_from=SRS), AuthReport(checks=(doubt,)), directory(), 1)
    assert waits == HeldSender("spf_temporary", "jan@customer.example")
    proven = AuthReport("10.0.0.0/8", checks=(doubt,))
    found = addressed(STRANGER, envelope(FORWARD, mail_from=SRS), proven, directory(), 1)
    assert isinstance(found, Sender)


def test_no_single_author_stays_none() -> None:
    """A mail with several authors is no customer's."""
    several = HeldSender("no_single_from")
    assert addressed(several, envelope(FORWARD), AuthReport("10.0.0.0/8"), directory(), 1) == several


@pytest.mark.parametrize(("report", "let_in"), [(relayed("dkim", "google.com"), True), (AuthReport(), False)])
def test_a_providers_question_counts_only_if_the_provider_wrote_it(report: AuthReport, let_in: bool) -> None:
    """Gmail asks before there is anything forwarded, so its own signature stands for the mailbox's."""
    asks = HeldSender("unknown_sender", "forwarding-noreply@google.com")
    verdict = addressed(asks, envelope(FORWARD, mail_from="x@google.com"), report, directory(), 1)
    if let_in:
        assert verdict == Sender(1, "forwarding-noreply@google.com", AuthMethod.SECRET)
    else:
        assert verdict == HeldSender("forward_unproven", "forwarding-noreply@google.com", 1)
