"""Automatic mail, and what only looks like it."""

import pytest

from bccd.mail.auto import is_broadcast, kind_of
from bccd.mail.headers import fields
from bccd.mail.parse import parse
from bccd.model.message import AutoKind

REPORT = "Content-Type: multipart/report; boundary=b; report-type="


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Subject: x", AutoKind.NONE),
        (f"{REPORT}delivery-status", AutoKind.DSN),
        (f'{REPORT}"Delivery-Status"', AutoKind.DSN),
        (f"{REPORT}disposition-notification", AutoKind.MDN),
        (f"{REPORT}feedback-report", AutoKind.BULK),
        ("From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>", AutoKind.DSN),
        ("From: MAILER-DAEMON <>", AutoKind.DSN),
        ("From: postmaster@mx.example", AutoKind.DSN),
        ("From: Anna <postmasters-wife@acme.example>", AutoKind.NONE),
        ("X-Failed-Recipients: a@b.example", AutoKind.DSN),
        ("Return-Path: <>\r\nSubject: Undelivered Mail Returned to Sender", AutoKind.DSN),
        ("Return-Path: <a@b.example>\r\nSubject: Undelivered Mail Returned to Sender", AutoKind.NONE),
        ("Return-Path: <>\r\nSubject: hello", AutoKind.NONE),
        ("Auto-Submitted: auto-replied", AutoKind.AUTO_REPLY),
        ("Auto-Submitted: Auto-Generated; owner-email=x", AutoKind.AUTO_REPLY),
        ("Auto-Submitted: no", AutoKind.NONE),
        ("Auto-Submitted: NO (really)", AutoKind.NONE),
        ("Auto-Submitted: auto-generated\r\nList-Id: <x.example>", AutoKind.LIST),
        ("X-Autoreply: yes", AutoKind.AUTO_REPLY),
        ("X-Autoreply: no", AutoKind.NONE),
        ("X-Autorespond: out of office", AutoKind.AUTO_REPLY),
        ("Precedence: auto_reply", AutoKind.AUTO_REPLY),
        ("Precedence: bulk", AutoKind.BULK),
        ("Precedence: junk", AutoKind.BULK),
        ("Precedence: list", AutoKind.LIST),
        ("Precedence: bulk\r\nList-Id: A list <x.example>", AutoKind.LIST),
        ("List-Id: <x.example>", AutoKind.LIST),
        ("X-Auto-Response-Suppress: All", AutoKind.NONE),
        ("X-Auto-Response-Suppress: OOF, AutoReply", AutoKind.NONE),
    ],
)
def test_headers_tell(header: str, kind: AutoKind) -> None:
    """Each sign has its kind; a request not to be answered is no sign."""
    raw = f"{header}\r\n".encode()
    assert kind_of(fields(raw)) is kind
    assert parse(raw + b"\r\nx").content.auto is kind


def test_a_report_that_does_not_say_so_is_one() -> None:
    """A delivery-status part makes a bounce of any multipart; the mail it returns is no forward."""
    part = b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n"
    returned = b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n"
        + part
        + returned
        + b"--b--\r\n"
    )
    message = parse(raw)
    assert (message.content.auto, message.forwards, message.content.text) == (AutoKind.DSN, (), "sorry")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("My list <A.B.example>", "a.b.example"), ("a.b.example", "a.b.example"), ("", "")],
)
def test_list_id(value: str, expected: str) -> None:
    """The id of a list is what stands in angle brackets."""
    assert parse(f"List-Id: {value}\r\n\r\n".encode()).list_id == expected


@pytest.mark.parametrize(
    ("header", "many"),
    [
        ("Subject: x", False),
        ("List-Id: <x.example>", True),
        ("List-Unsubscribe: <mailto:x@acme.example>", True),
        ("Precedence: bulk", True),
        ("Precedence: List", True),
        ("Precedence: junk", True),
        ("Precedence: first-class", False),
        ("Feedback-ID: 1:2:3", False),
        ("List-Help: <mailto:x@acme.example>", False),
        ("Precedence: bulk\r\nAuto-Submitted: auto-generated", True),
        ("Precedence: bulk\r\nAuto-Submitted: auto-replied (vacation)", False),
        ("Precedence: junk\r\nX-Autoreply: yes", False),
        ("Precedence: bulk\r\nFrom: MAILER-DAEMON@mx.example", False),
        (f"Precedence: bulk\r\n{REPORT}disposition-notification", False),
        ("Precedence: bulk\r\nAuto-Submitted: auto-replied\r\nList-Id: <x.example>", True),
    ],
)
def test_mail_to_many(header: str, many: bool) -> None:
    """Standard fields of lists and bulk mail tell it; an automatic answer says bulk to silence others."""
    found = fields(header.encode() + b"\r\n")
    assert is_broadcast(found, kind_of(found)) is many


def test_each_mail_tells_for_itself_whom_it_went_to() -> None:
    """A newsletter that is forwarded by hand went to many, its forward did not."""
    inner = b"From: n@news.example\r\nList-Unsubscribe: <https://n.example/u>\r\n\r\nNews"
    message = parse(b"From: a@acme.example\r\nContent-Type: message/rfc822\r\n\r\n" + inner)
    assert (message.content.broadcast, message.forwards[0].original.broadcast) == (False, True)
