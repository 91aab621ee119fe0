"""Who submitted a mail, from evidence and directory, in each mode."""

from dataclasses import replace

import pytest

from bccd.mail.fromfield import StrictFrom
from bccd.model.auth import AuthMethod, AuthReport, AuthResult, HeldSender, Login, Sender
from bccd.model.directory import Company, Directory, User, UserAddress
from bccd.model.policy import Mode, Policy
from bccd.rules.identify import forged, identify, passes_dmarc, signed, vouched

ANNA = User(1, "Anna")
GONE = User(2, "Gone", active=False)
BEN = User(3, "Ben")
TEAM = User(4, "Sales", is_team=True, members=(1,))
ENTRIES = {
    (7, "anna@seller.example"): UserAddress("anna@seller.example", ANNA, "login", confirmed=True),
    (7, "anna@home.example"): UserAddress("anna@home.example", ANNA, "alternative", confirmed=True),
    (7, "anna@new.example"): UserAddress("anna@new.example", ANNA, "alternative", confirmed=False),
    (7, "gone@seller.example"): UserAddress("gone@seller.example", GONE, "login", confirmed=True),
    (7, "ben@seller.example"): UserAddress("ben@seller.example", BEN, "login", confirmed=True),
    (7, "team@seller.example"): UserAddress("team@seller.example", TEAM, "login", confirmed=True),
}
LOCAL = AuthReport(trusted_network="10.0.0.0/8")
ANNA_AT = "anna@seller.example"
DKIM = AuthResult("dkim", "pass", "seller.example")
SPF = AuthResult("spf", "pass", "seller.example")
SEALED = AuthResult("arc", "pass", "sealer.example")
FAILED = AuthResult("dmarc", "fail", "seller.example")
OURS = (("seller.example", "seller.example"), ("mail.seller.example", "seller.example"))


def relayed(*results: AuthResult) -> AuthReport:
    """Return the evidence of a listed relay."""
    return AuthReport(relay="192.0.2.0/24", authserv_id="mx.seller.example", results=results)


def found(*checks: AuthResult, exact: tuple[str, ...] = (), policy: str = "") -> AuthReport:
    """Return what was found out here."""
    return AuthReport(checks=checks, organisations=OURS, exact=exact, policy=policy)


def soft(method: str, domain: str = "seller.example") -> AuthResult:
    """Return what the DNS could not tell."""
    return AuthResult(method, "temperror", domain)


def who(
    address: str, report: AuthReport, company: int = 7, mail_from: str = "", mode: Mode = Mode.STANDARD
) -> Sender | HeldSender:
    directory = Directory(1, {7: Company(7, "seven", "Seven", Policy(mode=mode))}, {}, ENTRIES)
    return identify(StrictFrom(address, "", ""), mail_from or address, report, directory, company)


def verdict(*args: object, **kwargs: object) -> str:
    """Return the method that proved the author, or the reason why nothing did."""
    said = who(*args, **kwargs)  # type: ignore[arg-type]
    return str(said.method) if isinstance(said, Sender) else said.reason


def test_s12_the_login_address_submits() -> None:
    """S-12: by default that address alone; it needs no confirmation."""
    assert who(ANNA_AT, LOCAL) == Sender(1, ANNA_AT, AuthMethod.TRUSTED_NETWORK)
    assert isinstance(who("anna@elsewhere.example", LOCAL), HeldSender)


def test_s13_any_other_address_must_be_registered_and_confirmed() -> None:
    """S-13: listed among the alternatives; until it is confirmed its mail waits."""
    assert isinstance(who("anna@home.example", LOCAL), Sender)
    assert who("anna@new.example", LOCAL) == HeldSender("unconfirmed_address", "anna@new.example", 1)


@pytest.mark.parametrize("address", [ANNA_AT, "anna@home.example"])
def test_login_and_confirmed_alternatives_submit(address: str) -> None:
    """Both are the user's (rules.md 2.1)."""
    assert who(address, LOCAL) == Sender(1, address, AuthMethod.TRUSTED_NETWORK)


@pytest.mark.parametrize(
    ("address", "report", "reason"),
    [
        (ANNA_AT, AuthReport(), "unverified_sender"),
        ("x@seller.example", LOCAL, "unknown_sender"),
        ("anna@new.example", LOCAL, "unconfirmed_address"),
        ("anna@new.example", AuthReport(), "unverified_sender"),
        ("gone@seller.example", LOCAL, "user_inactive"),
    ],
)
def test_everyone_else_is_named_with_the_reason(address: str, report: AuthReport, reason: str) -> None:
    """Without evidence not even an unconfirmed alias is told apart."""
    assert verdict(address, report) == reason


def test_a_mail_without_one_author_has_none() -> None:
    """The extractor's defect decides alone."""
    directory = Directory(1, {}, {}, ENTRIES)
    said = identify(StrictFrom("", "", "two_from_fields"), ANNA_AT, LOCAL, directory, 7)
    assert said == HeldSender("no_single_from")


def test_a_user_of_another_company_is_unknown() -> None:
    """Addresses belong to a company."""
    assert who(ANNA_AT, LOCAL, company=8) == HeldSender("unknown_sender", ANNA_AT)


# ---- a relay's word


@pytest.mark.parametrize(
    ("result", "method"),
    [
        (AuthResult("dmarc", "pass", "seller.example"), AuthMethod.RELAY_DMARC),
        (AuthResult("dkim", "pass", "seller.example"), AuthMethod.RELAY_DKIM),
        (AuthResult("spf", "pass", ANNA_AT), AuthMethod.RELAY_SPF),
        (AuthResult("auth", "pass", ANNA_AT), AuthMethod.RELAY_AUTH),
        (AuthResult("auth", "pass", "anna@home.example"), AuthMethod.RELAY_AUTH),
    ],
)
def test_a_listed_relays_results_prove_an_aligned_domain(result: AuthResult, method: AuthMethod) -> None:
    """The strongest one is recorded."""
    assert who(ANNA_AT, relayed(SPF, result)) == Sender(1, ANNA_AT, method)


@pytest.mark.parametrize(
    "report",
    [
        relayed(),
        relayed(AuthResult("dmarc", "fail", "seller.example")),
        relayed(AuthResult("dmarc", "fail", "seller.example"), DKIM, SPF),
        relayed(AuthResult("dmarc", "pass", "evil.example")),
        relayed(AuthResult("dkim", "pass", "seller.example.evil.example")),
        relayed(AuthResult("dkim", "pass", "example")),
        relayed(AuthResult("dkim", "pass", "")),
        relayed(AuthResult("spf", "pass", "seller.example@evil.example")),
        relayed(AuthResult("auth", "pass", "seller.example")),
        relayed(AuthResult("auth", "pass", "ben@seller.example")),
        relayed(AuthResult("auth", "pass", "anna@new.example")),
        AuthReport(relay="192.0.2.0/24", results=(AuthResult("dmarc", "pass", "seller.example"),)),
        AuthReport(authserv_id="mx.seller.example", results=(AuthResult("dmarc", "pass", "seller.example"),)),
    ],
)
def test_anything_less_proves_nothing(report: AuthReport) -> None:
    """No listed relay, no configured id, no pass, another domain, or another user's password."""
    assert verdict(ANNA_AT, report) == "unverified_sender"


# ---- SMTP AUTH


def test_a_login_is_who_he_is_and_nobody_else() -> None:
    """The From address must belong to the login; a team's to one of its members."""
    login = AuthReport(login=Login(7, 1, "anna"))
    assert verdict(ANNA_AT, login) == verdict("anna@home.example", login) == "login"
    assert verdict("team@seller.example", login) == "login"
    assert verdict("anna@new.example", login) == "unconfirmed_address"
    assert verdict("ben@seller.example", login) == "unverified_sender"
    assert verdict("ben@seller.example", replace(login, checks=(DKIM,))) == "unverified_sender"
    assert verdict("x@seller.example", login) == "unknown_sender"
    assert verdict(ANNA_AT, AuthReport(login=Login(8, 1, "anna"))) == "unverified_sender"


# ---- what was found here, mode by mode

LATER = ("dns_temporary", "dns_temporary", "dns_temporary")
NEVER = ("unverified_sender",) * 3
TABLE: list[tuple[str, AuthReport, str, tuple[str, str, str]]] = [
    # what, evidence, MAIL FROM, verdict in strict, standard, lenient
    ("DKIM", found(DKIM), "x@esp.example", ("dkim",) * 3),
    ("DKIM and SPF", found(SPF, DKIM), ANNA_AT, ("dkim",) * 3),
    ("DKIM of a subdomain", found(replace(DKIM, domain="mail.seller.example")), "", ("dkim",) * 3),
    ("DKIM of another", found(replace(DKIM, domain="evil.example")), "", NEVER),
    ("DKIM that failed", found(replace(DKIM, result="fail")), "", NEVER),
    ("adkim=s", found(replace(DKIM, domain="mail.seller.example"), exact=("dkim",)), "", NEVER),
    ("SPF", found(SPF), ANNA_AT, ("unverified_sender", "spf", "spf")),
    ("SPF of an alternative", found(SPF), "anna@home.example", ("unverified_sender", "spf", "spf")),
    (
        "SPF with VERP",
        found(SPF),
        "anna+crm=drop.example@seller.example",
        ("unverified_sender", "spf", "spf"),
    ),
    ("SPF with BATV", found(SPF), "prvs=0123456789=anna@seller.example", ("unverified_sender", "spf", "spf")),
    (
        "SPF with SRS",
        found(SPF),
        "srs0=ab=cd=seller.example=anna@mail.seller.example",
        ("unverified_sender", "spf", "spf"),
    ),
    ("SPF with SRS, from outside", found(SPF), "srs0=ab=cd=home.example=anna@mail.seller.example", NEVER),
    ("SPF of a forwarder of hers", found(SPF), "anna+caf_=crm=drop.example@seller.example", NEVER),
    (
        "SPF of her mailbox at Exchange",
        found(SPF),
        "anna+srs=ab=cd=seller.example=anna@seller.example",
        NEVER,
    ),
    ("SPF of a colleague", found(SPF), "ben@seller.example", NEVER),
    ("SPF of nobody", found(SPF), "www-data@seller.example", NEVER),
    ("SPF of a pending alias", found(SPF), "anna@new.example", NEVER),
    ("SPF softfail", found(replace(SPF, result="softfail")), ANNA_AT, NEVER),
    ("aspf=s", found(replace(SPF, domain="mail.seller.example"), exact=("spf",)), ANNA_AT, NEVER),
    ("DMARC failed", found(DKIM, FAILED), ANNA_AT, NEVER),
    ("DMARC passed, nothing else", found(AuthResult("dmarc", "pass", "seller.example")), ANNA_AT, NEVER),
    (
        "ARC",
        found(FAILED, SEALED, AuthResult("arc.dmarc", "pass", "seller.example")),
        "",
        ("unverified_sender", "arc", "arc"),
    ),
    ("ARC for another", found(SEALED, AuthResult("arc.dmarc", "pass", "evil.example")), "", NEVER),
    ("ARC by the author's domain", found(AuthResult("arc", "pass", "seller.example")), "", NEVER),
    ("ARC that saw it fail", found(SEALED, AuthResult("arc.dmarc", "fail", "seller.example")), "", NEVER),
    ("ARC that saw no DMARC", found(SEALED, AuthResult("arc.dkim", "pass", "seller.example")), "", NEVER),
    ("ARC that is broken", found(AuthResult("arc.dmarc", "pass", "seller.example")), "", NEVER),
    ("nothing signed, DNS dead for DMARC", found(soft("dmarc")), ANNA_AT, NEVER),
    ("DKIM unknown", found(soft("dkim")), "", LATER),
    ("DKIM of another unknown", found(soft("dkim", "evil.example")), "", NEVER),
    ("DKIM unknown, SPF", found(soft("dkim"), SPF), ANNA_AT, ("dns_temporary", "spf", "spf")),
    ("SPF unknown", found(soft("spf")), ANNA_AT, ("unverified_sender", "spf_temporary", "spf_temporary")),
    (
        "SPF unknown of nobody",
        found(soft("spf")),
        "www@seller.example",
        ("unverified_sender", "spf_temporary", "spf_temporary"),
    ),
    ("SPF and DKIM unknown", found(soft("spf"), soft("dkim")), ANNA_AT, LATER),
    ("ARC unknown", found(soft("arc", "")), "", ("unverified_sender", "dns_temporary", "dns_temporary")),
    (
        "whose it is unknown",
        AuthReport(checks=(replace(DKIM, domain="m.seller.example"), soft("dmarc"))),
        "",
        LATER,
    ),
    (
        "whose a relay's signer is",
        replace(relayed(replace(DKIM, domain="m.seller.example")), checks=(soft("dmarc"),)),
        "",
        LATER,
    ),
    (
        "a relay's failure, and what is unknown here",
        replace(relayed(FAILED), checks=(soft("dkim"),)),
        "",
        NEVER,
    ),
    (
        "nothing passed, and whose it is unknown",
        found(replace(DKIM, result="fail"), soft("dmarc")),
        "",
        NEVER,
    ),
    (
        "whose another is",
        AuthReport(checks=(replace(DKIM, domain="evil.test"), soft("dmarc"))),
        "",
        NEVER,
    ),
]


@pytest.mark.parametrize(
    ("report", "mail_from", "verdicts"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_each_mode_takes_what_it_takes(
    report: AuthReport, mail_from: str, verdicts: tuple[str, str, str]
) -> None:
    """Strict trusts no path, standard only one that names the user; what is unknown is never a pass."""
    sender = mail_from or "x@esp.example"
    modes = (Mode.STRICT, Mode.STANDARD, Mode.LENIENT)
    assert tuple(verdict(ANNA_AT, report, mail_from=sender, mode=mode) for mode in modes) == verdicts


@pytest.mark.parametrize("report", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_the_dns_leaves_open_does_not_tell_users_from_others(report: AuthReport) -> None:
    """A temporary answer depends on nothing but the mail: a stranger gets it where a user would."""
    for mode in Mode:
        for sender in (ANNA_AT, "x@esp.example", "www@seller.example"):
            his = verdict("gone@seller.example", report, mail_from=sender, mode=mode)
            unlisted = Directory(1, {7: Company(7, "seven", "Seven", Policy(mode=mode))}, {}, {})
            author = StrictFrom("gone@seller.example", "", "")
            strangers = identify(author, sender, report, unlisted, 7)
            assert isinstance(strangers, HeldSender)
            assert strangers.reason == (his if his.endswith("_temporary") else "unknown_sender")


def test_a_member_may_send_in_the_name_of_his_team() -> None:
    """Its mail leaves under his own address in the envelope."""
    assert verdict("team@seller.example", found(SPF), mail_from=ANNA_AT) == "spf"
    assert verdict("team@seller.example", found(SPF), mail_from="ben@seller.example") == "unverified_sender"


def test_strict_does_not_take_a_relays_spf_either() -> None:
    """What the relay's DMARC rests on is its own affair."""
    assert verdict(ANNA_AT, relayed(SPF), mode=Mode.STRICT) == "unverified_sender"
    dmarc = AuthResult("dmarc", "pass", "seller.example")
    assert verdict(ANNA_AT, relayed(dmarc), mode=Mode.STRICT) == "relay_dmarc"


def test_what_a_domain_calls_forged_is_forged() -> None:
    """DMARC must have failed, and the record must ask for more than to be told."""
    assert forged(found(FAILED, policy="reject"))
    assert forged(found(FAILED, policy="quarantine"))
    assert not forged(found(FAILED, policy="none"))
    assert not forged(found(DKIM, policy="reject"))


def test_what_outlives_forwarding_is_a_signature() -> None:
    """SPF, and a DMARC pass that may rest on it, prove who sent a mail on; a listed sealer had seen more."""
    passed = AuthResult("dmarc", "pass", "seller.example")
    sealed = AuthResult("arc.dmarc", "pass", "seller.example")
    below = replace(DKIM, domain="mail.seller.example")
    for report in (found(DKIM), found(below), relayed(DKIM), relayed(passed, below), found(SEALED, sealed)):
        assert signed(report, "seller.example")
    for report in (found(SPF, passed), relayed(passed), relayed(below), found(sealed), found(SEALED), LOCAL):
        assert not signed(report, "seller.example")
    assert not signed(found(DKIM), "other.example")
    assert not signed(found(replace(DKIM, domain="")), "")


def test_who_handed_a_mail_on_is_proven_without_dmarc() -> None:
    """DMARC speaks of the author, whose mail a redirection breaks."""
    for report in (found(SPF, FAILED), found(DKIM), relayed(DKIM), LOCAL):
        assert vouched(report, "seller.example")
    assert not vouched(found(replace(SPF, result="fail")), "seller.example")
    assert not vouched(found(SPF), "other.example")
    assert passes_dmarc(found(AuthResult("dmarc", "pass", "a.example")), "a.example")
    assert not passes_dmarc(found(AuthResult("dmarc", "pass", "a.example")), "b.example")
    assert not passes_dmarc(found(AuthResult("dmarc", "pass", "")), "")
