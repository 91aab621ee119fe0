"""Which recipients exist and which header sections may be read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.headers import scan
from bccd.model.directory import Directory, SecretAddress, SecretKind
from bccd.model.envelope import Protocol, Tag, Target
from bccd.model.reply import (
    BAD_HEADER,
    MAIL_LOOP,
    NO_SUCH_ADDRESS,
    NULL_SENDER,
    OTHER_COMPANY,
    TAG_NOT_SUPPORTED,
    Reply,
)
from bccd.rules.admit import header, recipient, transaction
from bccd.rules.signing import Signer

ADDRESSES = {
    "crm@drop.example": 1,
    "other@drop.example": 2,
    "odd+name@drop.example": 3,
    "old@drop.example": 1,
    "gone@drop.example": 1,
}
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SIGNER = Signer(b"key")
ANNAS, ENDED, FORWARDS, OTHERS = ("a" * 26, "b" * 26, "c" * 26, "d" * 26)
SECRETS = {
    (1, ANNAS): SecretAddress(7, SecretKind.USER),
    (1, ENDED): SecretAddress(7, SecretKind.USER, NOW),
    (1, FORWARDS): SecretAddress(7, SecretKind.FORWARD, NOW + DAY),
    (2, OTHERS): SecretAddress(9, SecretKind.USER),
}
RETIRING = {"old@drop.example": NOW + DAY, "gone@drop.example": NOW}
DIRECTORY = Directory(1, {}, ADDRESSES, {}, SECRETS, RETIRING)


def _rcpt(address: str) -> Target | Reply:
    return recipient(address, DIRECTORY, SIGNER, NOW)


@pytest.mark.parametrize(
    ("address", "company", "tag", "argument"),
    [
        ("crm@drop.example", 1, Tag.NONE, ""),
        ("CRM@Drop.Example", 1, Tag.NONE, ""),
        ("crm+deal42@drop.example", 1, Tag.DEAL, "42"),
        ("crm+dealAB7@drop.example", 1, Tag.DEAL, "ab7"),
        ("crm+private@drop.example", 1, Tag.PRIVATE, ""),
        ("crm+NOTE@drop.example", 1, Tag.NOTE, ""),
        ("crm+test@drop.example", 1, Tag.TEST, ""),
        ("crm+dealeal7@drop.example", 1, Tag.DEAL, "eal7"),
        ("odd+name@drop.example", 3, Tag.NONE, ""),
        ("old@drop.example", 1, Tag.NONE, ""),
        ("old+private@drop.example", 1, Tag.PRIVATE, ""),
    ],
)
def test_addresses_that_exist(address: str, company: int, tag: Tag, argument: str) -> None:
    """The full address decides, its tag is a wish."""
    found = _rcpt(address)
    assert isinstance(found, Target)
    assert (found.company_id, found.tag, found.argument) == (company, tag, argument)


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("crm@elsewhere.example", NO_SUCH_ADDRESS),  # never the local part alone on any domain
        ("nobody@drop.example", NO_SUCH_ADDRESS),
        ("nobody+deal1@drop.example", NO_SUCH_ADDRESS),
        ("crm", NO_SUCH_ADDRESS),
        ("", NO_SUCH_ADDRESS),
        ("crm+task@drop.example", TAG_NOT_SUPPORTED),
        ("crm+deal@drop.example", TAG_NOT_SUPPORTED),
        ("crm+deal4;2@drop.example", TAG_NOT_SUPPORTED),
        ("crm+@drop.example", TAG_NOT_SUPPORTED),
        ("crm+private+private@drop.example", TAG_NOT_SUPPORTED),
        ("crm+private+@drop.example", TAG_NOT_SUPPORTED),
        ("crm" + "+deal1" * 9 + "@drop.example", TAG_NOT_SUPPORTED),
        (f"crm+fw{FORWARDS}+test@drop.example", TAG_NOT_SUPPORTED),
        (f"crm+note+fw{FORWARDS}@drop.example", TAG_NOT_SUPPORTED),
        (f"crm+fw{FORWARDS}+u{ANNAS}@drop.example", TAG_NOT_SUPPORTED),
        ("odd+name+deal1@drop.example", NO_SUCH_ADDRESS),
        ("gone@drop.example", NO_SUCH_ADDRESS),
        ("gone+deal1@drop.example", NO_SUCH_ADDRESS),
        # Secrets: of another company, of the other kind, ended, made up, and without a token at all.
        (f"crm+u{OTHERS}@drop.example", NO_SUCH_ADDRESS),
        (f"other+u{ANNAS}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+fw{ANNAS}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+u{FORWARDS}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+u{ENDED}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+u{'e' * 26}@drop.example", NO_SUCH_ADDRESS),
        ("crm+fw@drop.example", TAG_NOT_SUPPORTED),
        # Signatures: of another company, for another purpose, over, forged.
        (f"crm+d{SIGNER.sign('deal', 2, 17)}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+d{SIGNER.sign('reply', 1, 17)}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+d{SIGNER.sign('deal', 1, 17, expires=NOW)}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+d{Signer(b'guess').sign('deal', 1, 17)}@drop.example", NO_SUCH_ADDRESS),
        (f"crm+d{SIGNER.sign('deal', 1, 17)[:-1]}@drop.example", NO_SUCH_ADDRESS),
        (f"r+{SIGNER.sign('reply', 1, 17)}@elsewhere.example", NO_SUCH_ADDRESS),
        (f"r+{SIGNER.sign('deal', 1, 17)}@drop.example", NO_SUCH_ADDRESS),
        ("r+x@drop.example", NO_SUCH_ADDRESS),
    ],
)
def test_addresses_that_do_not(address: str, reply: Reply) -> None:
    """Nothing is caught that was not registered."""
    assert _rcpt(address) == reply


def test_a_secret_is_known_and_never_written_down() -> None:
    """A secret tag names its user; the target shows whose it is, and not the token."""
    found = _rcpt(f"crm+private+U{ANNAS.upper()}+deal7@drop.example")
    assert isinstance(found, Target)
    assert found.address == "crm+private+u.7+deal7@drop.example"
    wishes = [(wish.tag, wish.argument, wish.user_id) for wish in found.wishes]
    assert wishes == [(Tag.PRIVATE, "", None), (Tag.USER, "", 7), (Tag.DEAL, "7", None)]
    assert {wish.address for wish in found.wishes} == {found.address}
    forwarded = _rcpt(f"old+fw{FORWARDS}@drop.example")
    assert isinstance(forwarded, Target)
    assert (forwarded.tag, forwarded.user_id, forwarded.address) == (
        Tag.FORWARD,
        7,
        "old+fw.7@drop.example",
    )


def test_a_signed_deal_is_known_by_its_number() -> None:
    """The signature says which deal it is; its external id is looked up by who asked."""
    found = _rcpt(f"crm+d{SIGNER.sign('deal', 1, 17)}@drop.example")
    assert isinstance(found, Target)
    assert (found.company_id, found.tag, found.argument, found.number) == (1, Tag.DEAL, "", 17)


def test_an_answer_to_a_notice_finds_its_company_by_its_signature() -> None:
    """r+<token>@ is good at a domain of the company whose notice it answers."""
    found = _rcpt(f"r+{SIGNER.sign('reply', 2, 41)}@drop.example")
    assert isinstance(found, Target)
    assert (found.company_id, found.tag, found.number) == (2, Tag.REPLY, 41)
    assert found.address == "r+41@drop.example"


_LETTERS = st.sampled_from(["crm+deal7uwf.@drop.example", "private", "note", "test", "odd", "name", "other"])
_TAGS = st.one_of(
    st.text(max_size=40),
    st.lists(_LETTERS, max_size=4).map("+".join),
    st.sampled_from([ANNAS, ENDED, FORWARDS, OTHERS]).flatmap(
        lambda token: st.sampled_from(["u", "fw", "d", "deal", ""]).map(lambda tag: tag + token)
    ),
    st.tuples(st.integers(1, 3), st.integers(0, 9)).map(lambda it: f"d{SIGNER.sign('deal', *it)}"),
)


@given(
    base=st.sampled_from(["crm", "other", "odd+name", "old", "gone", "r", "x"]),
    tags=st.lists(_TAGS, max_size=4),
)
def test_no_tag_reaches_another_company(base: str, tags: list[str]) -> None:
    """No local part raises, and whatever stands behind a plus sign, the base alone says whose mail it is."""
    found = _rcpt("+".join([base, *tags]) + "@drop.example")
    if isinstance(found, Reply):
        assert (found.code, found.enhanced) == (550, "5.1.1")
        return
    assert found.company_id == ADDRESSES[f"{base}@drop.example"]
    assert base != "gone"
    assert {wish.company_id for wish in found.wishes} == {found.company_id}
    assert {wish.user_id for wish in found.wishes} <= {None, {1: 7, 2: 9, 3: 0}[found.company_id]}


def test_a_second_company_waits_over_smtp_and_is_taken_over_lmtp() -> None:
    """One DATA has one verdict over SMTP; LMTP answers each recipient (decisions.md 7.1)."""
    first, second = Target("crm@drop.example", 1), Target("other@drop.example", 2)
    assert transaction(second, "a@b.example", Protocol.SMTP, [first]) == OTHER_COMPANY
    assert transaction(second, "a@b.example", Protocol.LMTP, [first]) is None
    assert transaction(first, "a@b.example", Protocol.SMTP, [first]) is None


def test_bounces_are_refused_at_rcpt() -> None:
    """A null sender cannot be a user (decisions.md 7.2)."""
    assert transaction(Target("crm@drop.example", 1), "", Protocol.SMTP, []) == NULL_SENDER


@pytest.mark.parametrize(
    ("section", "reply"),
    [
        (b"From: a@b.example\r\nSubject: x\r\n\r\n", None),
        (b"Received: x\r\n" * 50 + b"\r\n", None),
        (b"Received: x\r\n" * 51 + b"\r\n", MAIL_LOOP),
        (b"X: y\r\n" * 1000 + b"\r\n", None),
        (b"X: y\r\n" * 1001 + b"\r\n", BAD_HEADER),
        (b"X: " + b"y" * 65_000 + b"\r\n\r\n", None),
        (b"X: " + b"y" * 66_000 + b"\r\n\r\n", BAD_HEADER),
        (b"Subject: a\rFrom: b@c.example\r\n\r\n", BAD_HEADER),
        (b"Subject: a\nFrom: b@c.example\r\n\r\n", BAD_HEADER),
        (b"Subject: a\x00\r\n\r\n", BAD_HEADER),
    ],
)
def test_header_sections(section: bytes, reply: Reply | None) -> None:
    """What loops, overflows or reads differently in two readers is refused."""
    assert header(scan(section)) == reply


def test_an_answer_comes_to_the_company_address_too() -> None:
    """drop+r<token>@ is the same as r+<token>@: for its own company, for a while, with no other tag."""
    token = SIGNER.sign("reply", 1, 41, expires=NOW + DAY)
    found = _rcpt(f"crm+r{token}@drop.example")
    assert isinstance(found, Target)
    assert (found.company_id, found.tag, found.number) == (1, Tag.REPLY, 41)
    assert found.address == "crm+r.41@drop.example"  # the token is written down nowhere
    over, deal = SIGNER.sign("reply", 1, 41, expires=NOW - DAY), SIGNER.sign("deal", 1, 41)
    theirs, more = SIGNER.sign("reply", 2, 41), SIGNER.sign("reply", 1, 4, 1)
    for wrong in (over, deal, theirs, more, token[:-2], token + "a"):
        assert _rcpt(f"crm+r{wrong}@drop.example") == NO_SUCH_ADDRESS, wrong
        assert _rcpt(f"r+{wrong}@nowhere.example") == NO_SUCH_ADDRESS
    assert _rcpt(f"crm+r{token}+private@drop.example") == TAG_NOT_SUPPORTED
    assert _rcpt(f"crm+r{token}+r{token}@drop.example") == TAG_NOT_SUPPORTED


def test_a_notice_that_bounces_may_come_back() -> None:
    """The null sender is taken where a notice is answered, and nowhere else."""
    token = SIGNER.sign("reply", 1, 41)
    found = _rcpt(f"crm+r{token}@drop.example")
    assert isinstance(found, Target)
    assert transaction(found, "", Protocol.SMTP, []) is None
