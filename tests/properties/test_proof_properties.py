"""Whatever is found out about a mail: only a pass proves, and nothing unknown does (smtp-and-auth.md 2.4)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bccd.config import Trust, Verify
from bccd.mail.addresses import domain_of
from bccd.mail.dmarc import organisational, record, steps
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import header_section
from bccd.mail.rewritten import originals
from bccd.model.auth import AuthReport, AuthResult, HeldSender, Sender
from bccd.model.directory import User, UserAddress
from bccd.model.envelope import Envelope, Peer, Raw
from bccd.model.policy import Mode
from bccd.rules.identify import Claim, judge
from bccd.testing import FakeResolver
from bccd.verify.dmarc import Walker, evaluate
from bccd.verify.examination import MailVerifier

ANN = User(1, "Ann")
USERS = {
    "ann@a.example": UserAddress("ann@a.example", ANN, "login", confirmed=True),
    "ann@b.example": UserAddress("ann@b.example", ANN, "alternative", confirmed=True),
}
DOMAINS = st.sampled_from(
    ["a.example", "m.a.example", "x.m.a.example", "b.example", "evil.test", "example", ""]
)
RESULTS = st.builds(
    AuthResult,
    st.sampled_from(["dkim", "spf", "dmarc", "arc", "arc.dmarc", "auth"]),
    st.sampled_from(["pass", "fail", "none", "temperror", "permerror", "softfail", "neutral"]),
    st.one_of(DOMAINS, st.just("ann@a.example")),
)
REPORTS = st.builds(
    AuthReport,
    relay=st.sampled_from(["", "192.0.2.0/24"]),
    authserv_id=st.sampled_from(["", "mx.example"]),
    results=st.lists(RESULTS, max_size=3).map(tuple),
    checks=st.lists(RESULTS, max_size=4).map(tuple),
    organisations=st.sampled_from([(), (("a.example", "a.example"), ("m.a.example", "a.example"))]),
    exact=st.sampled_from([(), ("dkim",), ("spf",), ("dkim", "spf")]),
)
SENDERS = st.sampled_from(["ann@a.example", "ann@b.example", "www@a.example", "any@evil.test", ""])


def verdict(report: AuthReport, mail_from: str, mode: Mode) -> Sender | HeldSender:
    return judge(Claim("ann@a.example", mail_from, report, mode, 1, USERS.get))


def passing(report: AuthReport) -> bool:
    return any(result.result == "pass" for result in (*report.results, *report.checks))


@given(REPORTS, SENDERS, st.sampled_from(Mode))
def test_only_a_pass_proves(report: AuthReport, mail_from: str, mode: Mode) -> None:
    """Without one there is no sender; a relay's counts only under a listed id."""
    said = verdict(report, mail_from, mode)
    heard = report if report.relay and report.authserv_id else replace(report, results=())
    assert isinstance(said, HeldSender) or passing(heard)
    assert verdict(heard, mail_from, mode) == said


@given(REPORTS, SENDERS, st.sampled_from(Mode), st.integers(0, 6))
def test_what_is_unknown_never_helps(report: AuthReport, mail_from: str, mode: Mode, at: int) -> None:
    """To turn a pass of SPF, DKIM or ARC into "temperror" proves nobody who was not proven before."""

    def doubt(results: tuple[AuthResult, ...], at: int) -> tuple[AuthResult, ...]:
        return tuple(
            replace(one, result="temperror") if i == at and one.result == "pass" else one
            for i, one in enumerate(results)
        )

    count = len(report.results)
    doubtful = replace(report, results=doubt(report.results, at), checks=doubt(report.checks, at - count))
    if isinstance(verdict(doubtful, mail_from, mode), Sender):
        assert isinstance(verdict(report, mail_from, mode), Sender)


@given(REPORTS, SENDERS)
def test_strict_is_stricter_and_lenient_no_laxer(report: AuthReport, mail_from: str) -> None:
    """Lenient keeps more and proves nothing more; what strict takes everybody takes."""
    strict, standard, lenient = (verdict(report, mail_from, mode) for mode in Mode)
    assert isinstance(standard, Sender) == isinstance(lenient, Sender)
    if isinstance(strict, Sender):
        assert isinstance(standard, Sender)
    if isinstance(standard, Sender):
        assert standard == lenient


@given(REPORTS, SENDERS, st.sampled_from(Mode))
def test_another_domain_proves_nothing(report: AuthReport, mail_from: str, mode: Mode) -> None:
    """Evidence for domains that are not the author's leaves him unproven."""
    foreign = replace(
        report,
        results=tuple(replace(one, domain="evil.test") for one in report.results),
        checks=tuple(replace(one, domain="evil.test") for one in report.checks),
    )
    assert isinstance(verdict(foreign, mail_from, mode), HeldSender)


LABELS = st.lists(st.sampled_from(["a", "b", "mail", "example", "co"]), min_size=1, max_size=12)
TAGS = st.lists(
    st.sampled_from(
        [
            "p=none",
            "p=reject",
            "p=",
            "psd=y",
            "psd=n",
            "psd=u",
            "sp=none",
            "np=reject",
            "adkim=s",
            "t=y",
            "x",
            "p",
        ]
    ),
    max_size=5,
)


@given(LABELS.map(".".join), st.lists(st.tuples(st.integers(0, 11), TAGS), max_size=4))
def test_an_organisation_is_the_domain_or_above_it(
    domain: str, published: list[tuple[int, list[str]]]
) -> None:
    """At most eight names are asked about, and what comes out is one of the domain's own parents."""
    labels = domain.split(".")
    names = {".".join(labels[at % len(labels) :]): tags for at, tags in published}
    zone = {f"_dmarc.{name}": {"TXT": ["; ".join(["v=DMARC1", *tags])]} for name, tags in names.items()}
    fake = FakeResolver(zone)
    found = asyncio.run(_organisation(fake, domain))
    assert domain == found or domain.endswith(f".{found}")
    assert len(fake.asked) == len(set(fake.asked)) <= 8


async def _organisation(fake: FakeResolver, domain: str) -> str:
    return await Walker(fake).organisation(domain)


@given(st.lists(st.binary(max_size=80), max_size=3), st.binary(max_size=40))
def test_any_record_is_read(records: list[bytes], tail: bytes) -> None:
    """No octets in the DNS raise; what comes out is one of the few values that are known."""
    for txt in (records, [b"v=DMARC1;" + tail], [b"v=DMARC1; p=" + tail]):
        found = record(txt)
        if found is not None:
            assert found.p in ("", "none", "quarantine", "reject")
            assert found.psd in ("y", "n", "u")
            assert organisational("a.example", [("a.example", found)]) == "a.example"


@given(DOMAINS, st.lists(RESULTS, max_size=4), TAGS)
def test_dmarc_passes_only_by_what_passed(author: str, results: list[AuthResult], tags: list[str]) -> None:
    """Neither a record nor its absence makes a pass of anything else."""
    if not author:
        return
    zone = {f"_dmarc.{author}": {"TXT": ["; ".join(["v=DMARC1", *tags])]}}

    async def run() -> str:
        return (await evaluate(Walker(FakeResolver(zone)), author, results)).result.result

    said = asyncio.run(run())
    passed = any(one.result == "pass" and one.method in ("dkim", "spf") for one in results)
    assert said != "pass" or passed


@given(st.text(st.sampled_from("anb01.+-=@srpvtc_"), max_size=60))
def test_any_envelope_sender_is_read(sender: str) -> None:
    """It is the first of what it is made of, and all of that are addresses; one that is none gives none."""
    found = originals(sender)
    assert all("@" in one for one in found)
    assert found[:1] in ((), (sender,))


_LINES = (
    b"From: ann@a.example\r\n",
    b"From: <x@\xff>\r\n",
    b"DKIM-Signature: v=1; d=a.example; s=s; b=; h=from\r\n",
    b"DKIM-Signature: ;;==\r\n",
    b"ARC-Seal: i=1; cv=none; d=a.example; s=s; b=AA\r\n",
    b"ARC-Seal: i=x\r\n",
    b"ARC-Message-Signature: i=1; d=a.example; s=s; h=from; bh=AA; b=AA\r\n",
    b"ARC-Authentication-Results: i=1; a.example; dmarc=pass header.from=a.example\r\n",
    b"Authentication-Results: mx.example; dmarc=pass header.from=a.example\r\n",
    b"Received: x\r\n",
    b" folded\r\n",
    b"\r\n",
    b"\n",
    b"\0",
)
HEADS = st.lists(st.sampled_from(_LINES), max_size=8).map(b"".join)
ANYTHING = st.one_of(HEADS, st.binary(max_size=200))


@given(
    ANYTHING,
    st.binary(max_size=50),
    SENDERS,
    st.sets(DOMAINS),
    st.sampled_from(["192.0.2.7", "203.0.113.9", ""]),
)
def test_any_mail_is_examined(head: bytes, body: bytes, sender: str, failing: set[str], ip: str) -> None:
    """No octets and no DNS make it raise, in whatever pieces they come; and there is no task left behind."""
    octets = head + b"\r\n" + body
    zone = {
        name: {"TXT": ["v=spf1 include:b.example mx -all", "v=DMARC1; p="]}
        for name in ("a.example", "b.example")
    }
    trust = Trust(relays=("192.0.2.7/32",), authserv_ids=("mx.example",))
    verifier = MailVerifier(
        trust,
        Verify(arc_sealers=("a.example",)),
        FakeResolver(zone, failing),
        lambda: datetime(2026, 3, 1, tzinfo=UTC),
    )

    async def run() -> AuthReport:
        peer = Peer(ip, "helo.example")
        examination = verifier.examine(peer, sender)
        for at in range(0, len(octets), 11):
            examination.feed(octets[at : at + 11])
        raw = Raw(b"", len(octets), header_section(octets), octets)
        author = domain_of(strict_from(raw.header).address)
        found = await examination.report(
            Envelope(peer, sender, (), raw, datetime(2026, 3, 1, tzinfo=UTC)), author
        )
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return found

    report = asyncio.run(run())
    assert isinstance(report, AuthReport)
    assert not any(one.result == "pass" and one.method == "dkim" for one in report.checks)


def test_a_walk_of_any_length_is_short() -> None:
    """Eight names for the longest that there is."""
    assert all(len(steps(".".join("a" * number))) == min(number, 8) for number in range(1, 127))
