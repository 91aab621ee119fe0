"""Which recipients exist and which header sections may be read."""

import pytest

from bccd.mail.headers import scan
from bccd.model.directory import Directory
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

ADDRESSES = {"crm@drop.example": 1, "other@drop.example": 2, "odd+name@drop.example": 3}
DIRECTORY = Directory(1, {}, ADDRESSES, {})


@pytest.mark.parametrize(
    ("address", "company", "tag", "argument"),
    [
        ("crm@drop.example", 1, Tag.NONE, ""),
        ("CRM@Drop.Example", 1, Tag.NONE, ""),
        ("crm+deal42@drop.example", 1, Tag.DEAL, "42"),
        ("crm+dealAB7@drop.example", 1, Tag.DEAL, "ab7"),
        ("crm+private@drop.example", 1, Tag.PRIVATE, ""),
        ("crm+NOTE@drop.example", 1, Tag.NOTE, ""),
        ("odd+name@drop.example", 3, Tag.NONE, ""),
    ],
)
def test_addresses_that_exist(address: str, company: int, tag: Tag, argument: str) -> None:
    """The full address decides, its tag is a wish."""
    found = recipient(address, DIRECTORY)
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
        ("odd+name+deal1@drop.example", NO_SUCH_ADDRESS),
    ],
)
def test_addresses_that_do_not(address: str, reply: Reply) -> None:
    """Nothing is caught that was not registered."""
    assert recipient(address, DIRECTORY) == reply


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
