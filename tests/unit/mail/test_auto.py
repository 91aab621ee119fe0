"""Automatic mail, and what only looks like it."""

import pytest

from bccd.mail.auto import kind_of
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
