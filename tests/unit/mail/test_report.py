"""Reports on delivery and reading: which mail, which recipients, and for good or not."""

import pytest

from bccd.mail.parse import parse
from bccd.mail.report import hard_failure
from bccd.model.message import AutoKind, FailedRecipient, Reported

ORIGINAL = (
    "From: anna@seller.example\r\nTo: carl@customer.example\r\nSubject: =?utf-8?Q?Oferta_=C5=BC?=\r\n"
    "Message-ID: <Sent@seller>\r\nReferences: <first@customer>\r\nIn-Reply-To: <Last@customer>\r\n"
)
RECIPIENT = (
    "Final-Recipient: rfc822; c.c@customer.example\r\nOriginal-Recipient: rfc822;Carl@customer.example\r\n"
    "Action: Failed\r\nStatus: 5.1.1 (no user)\r\nDiagnostic-Code: smtp; 550 5.1.1 <carl>:\r\n  unknown\r\n"
)
STATUS = f"Reporting-MTA: dns; mx.customer.example\r\n\r\n{RECIPIENT}"
FAILED = FailedRecipient("carl@customer.example", "failed", "5.1.1", "550 5.1.1 <carl>: unknown")


def report(
    status: str = STATUS,
    enclosed: str = ORIGINAL + "\r\nold text",
    kind: str = "message/rfc822",
    type_: str = "delivery-status",
    told: str = "",
) -> bytes:
    """Make a multipart/report; an empty `status` or `enclosed` leaves that part out."""
    parts = ["\r\nIt did not work.\r\n"]
    if status:
        parts.append(f"Content-Type: message/{told or type_}\r\n\r\n{status}")
    if enclosed:
        parts.append(f"Content-Type: {kind}\r\n\r\n{enclosed}")
    head = f"From: mx@x.example\r\nContent-Type: multipart/report; report-type={type_}; boundary=r\r\n\r\n"
    return (head + "".join(f"--r\r\n{part}\r\n" for part in parts) + "--r--\r\n").encode()


@pytest.mark.parametrize(
    ("kind", "enclosed"),
    [
        ("message/rfc822", ORIGINAL + "\r\nold text"),
        ("message/global", ORIGINAL + "\r\nold text"),
        ("text/rfc822-headers", ORIGINAL),
        ("text/rfc822-headers", "\r\n" + ORIGINAL + "\r\n"),
        ("message/rfc822-headers", ORIGINAL),
        ("message/global-headers", ORIGINAL),
    ],
)
def test_a_delivery_report(kind: str, enclosed: str) -> None:
    """The enclosed mail or its header section names what was sent, the status part what became of it."""
    message = parse(report(kind=kind, enclosed=enclosed))
    references = ("first@customer", "last@customer")
    assert message.content.reported == Reported("sent@seller", "Oferta ż", references, (FAILED,))
    assert (message.content.auto, message.forwards) == (AutoKind.DSN, ())


def test_a_report_of_reading() -> None:
    """A disposition names the mail by its id, the reader, and what he did."""
    told = (
        "Final-Recipient: rfc822;carl@customer.example\r\nOriginal-Message-ID: <Sent@seller>\r\n"
        "Disposition: manual-action/MDN-sent-manually; Displayed/error\r\n"
    )
    raw = report(told, enclosed="", type_="disposition-notification")
    (reader,) = (FailedRecipient("carl@customer.example", "displayed", "", ""),)
    assert parse(raw).content.reported == Reported("sent@seller", recipients=(reader,))


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ("Final-Recipient: a@b.example", FailedRecipient("a@b.example", "", "", "")),
        ("Final-Recipient: RFC822; <A@b.example> (A)", FailedRecipient("a@b.example", "", "", "")),
        ("Final-Recipient: utf-8; ż@b.example", FailedRecipient("ż@b.example", "", "", "")),
        (
            "Original-Recipient: x400; /\r\nFinal-Recipient: a@b.example\r\nAction: Delayed\r\nStatus: 4.4.1",
            FailedRecipient("a@b.example", "delayed", "4.4.1", ""),
        ),
        (
            "Final-Recipient: a@b.example\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550 5.1.1 gone; sorry",
            FailedRecipient("a@b.example", "", "5.1.1", "550 5.1.1 gone; sorry"),
        ),
        (
            "Final-Recipient: a@b.example\r\nStatus: 4.0.0\r\nDiagnostic-Code: at 10.5.1.1 550 5.1.1 unknown",
            FailedRecipient("a@b.example", "", "4.0.0", "at 10.5.1.1 550 5.1.1 unknown"),
        ),
        (
            "Final-Recipient: a@b.example\r\nStatus: broken\r\nAction:",
            FailedRecipient("a@b.example", "", "", ""),
        ),
        (
            f"Final-Recipient: a@b.example\r\nAction: {'a' * 90}\r\nDiagnostic-Code: {'b' * 900}",
            FailedRecipient("a@b.example", "a" * 20, "", "b" * 500),
        ),
    ],
)
def test_recipients_as_systems_write_them(fields: str, recipient: FailedRecipient) -> None:
    """Types, comments and codes are read tolerantly, and what is too long is cut."""
    content = parse(report(fields + "\r\n", enclosed="")).content
    assert content.reported == Reported(recipients=(recipient,))


@pytest.mark.parametrize(
    "status", ["", "Final-Recipient: none\r\n", "\r\n\r\n", "Action: failed\r\n", "\xff:\r\n"]
)
def test_a_report_that_tells_nothing(status: str) -> None:
    """Without an id, a subject or a recipient there is nothing to mark."""
    assert parse(report(status, enclosed="")).content.reported is None


def test_what_a_report_holds_is_capped() -> None:
    """A report of thousands of recipients and ids is read, and a hundred of each are kept."""
    many = "\r\n".join(f"Final-Recipient: rfc822; a{n}@b.example\r\n" for n in range(3_000))
    ids = "\r\n ".join(f"<{n}@x>" for n in range(900))
    found = parse(report(many, f"Message-ID: <a@b>\r\nReferences: {ids}\r\n\r\n")).content.reported
    assert found is not None
    assert (len(found.recipients), len(found.references)) == (100, 100)
    assert (found.references[0], found.references[-1]) == ("0@x", "899@x")


def test_only_reports_report() -> None:
    """A mail of a person that carries the same parts reports nothing, and forwards what it holds."""
    raw = b"From: a@acme.example\r\nContent-Type: message/rfc822\r\n\r\n" + ORIGINAL.encode() + b"\r\nx"
    message = parse(raw)
    assert (message.content.reported, len(message.forwards)) == (None, 1)


QMAIL = (
    "From: MAILER-DAEMON@customer.example\r\nSubject: failure notice\r\n\r\n"
    "This is qmail-send.\r\n\r\n<Carl@customer.example>:\r\nSorry, no mailbox here. (#5.1.1)\r\n\r\n"
    "<not an address>:\r\nx\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
    "Return-Path: <anna@seller.example>\r\n" + ORIGINAL + "\r\nold text\r\n"
)
EXIM = (
    "From: Mailer-Daemon@customer.example\r\nX-Failed-Recipients: carl@customer.example,\r\n"
    "  dora@customer.example\r\nSubject: Mail delivery failed\r\n\r\n550 5.1.1 unknown\r\n\r\n"
    + ORIGINAL
    + "\r\nold\r\n"
)


def test_reports_without_a_status_part() -> None:
    """qmail names recipients in the text, Exim in a field; the copied header section names the mail."""
    references = ("first@customer", "last@customer")
    sorry = FailedRecipient("carl@customer.example", "failed", "5.1.1", "Sorry, no mailbox here. (#5.1.1)")
    assert parse(QMAIL.encode()).content.reported == Reported("sent@seller", "Oferta ż", references, (sorry,))
    names = ("carl@customer.example", "dora@customer.example")
    failed = tuple(FailedRecipient(name, "failed", "5.1.1", "") for name in names)
    assert parse(EXIM.encode()).content.reported == Reported("sent@seller", "Oferta ż", references, failed)


def test_a_recipient_whom_the_words_name() -> None:
    """Of the mail's own recipients those that it speaks of failed; the copied header does not speak."""
    told = "From: postmaster@customer.example\r\n\r\nCould not reach CARL@customer.example: 5.1.1\r\n\r\n"
    copied = (
        ORIGINAL.replace("To: ", "Cc: dora@customer.example\r\nTo: ") + "\r\nold for dora@customer.example"
    )
    found = parse((told + copied).encode()).content.reported
    assert found is not None
    assert found.recipients == (FailedRecipient("carl@customer.example", "", "5.1.1", ""),)
    silent = parse((told.replace("CARL@", "him at ") + copied).encode()).content.reported
    assert silent is not None
    assert (silent.message_id, silent.recipients) == ("sent@seller", ())


@pytest.mark.parametrize(
    ("words", "recipients"),
    [
        ("  carl@customer.example\n    550 5.1.1 gone", [("carl@customer.example", "5.1.1")]),
        ("-- dora@x.example\n\nThe problem: 5.4.1 denied", [("dora@x.example", "5.4.1")]),
        (
            "<a@x.example>: 5.1.1 gone\n<b@x.example>: 5.2.2 full",
            [("a@x.example", "5.1.1"), ("b@x.example", "5.2.2")],
        ),
        ("a@x.example 5.1.1\nb@x.example 5.2.2", [("a@x.example", "5.1.1"), ("b@x.example", "5.2.2")]),
        ("sorry, dora@x.example is no user here", [("dora@x.example", "")]),
        ("neither dora@x.example nor eve@x.example, ask", []),
        ("ask <support@mx.example> or postmaster@mx.example", [("carl@customer.example", "")]),
        ("anna@seller.example\nwrote a mail", [("carl@customer.example", "")]),
    ],
)
def test_whom_the_words_name(words: str, recipients: list[tuple[str, str]]) -> None:
    """At the start of a line, or alone; never the sender, nor whom to ask; else the mail's only recipient."""
    raw = f"From: postmaster@mx.example\r\nTo: anna@seller.example\r\n\r\nSorry.\n\n{words}\n\n"
    copied = "Received: by mx\nFrom: anna@seller.example\nTo: carl@customer.example\nSubject: Offer\n\nx"
    found = parse((raw + copied).encode()).content.reported
    assert found is not None
    assert (found.subject, [(one.address, one.status) for one in found.recipients]) == ("Offer", recipients)


def test_a_status_part_that_lost_its_boundaries() -> None:
    """Its groups are read where they stand in the text."""
    raw = "From: postmaster@mx.example\n\nSorry.\n\nReporting-MTA: dns; mx\n\n" + STATUS_IN_TEXT
    found = parse(raw.encode()).content.reported
    assert found == Reported(recipients=(FailedRecipient("carl@customer.example", "failed", "5.1.1", ""),))


STATUS_IN_TEXT = "Final-Recipient: rfc822; carl@customer.example\nAction: failed\nStatus: 5.1.1\n\n"


@pytest.mark.parametrize(
    ("status", "hard"),
    [
        ("5.1.1", True),
        ("5.1.2", True),
        ("5.1.3", True),
        ("5.1.6", True),
        ("5.1.10", True),
        ("5.2.1", True),
        ("5.4.1", True),
        ("4.1.1", False),
        ("5.2.2", False),
        ("5.7.1", False),
        ("5.1.11", False),
        ("5.0.0", False),
        ("", False),
    ],
)
def test_hard_failures(status: str, hard: bool) -> None:
    """An address that is wrong for good is told from a full mailbox, a refusal and a delay."""
    assert hard_failure(status) is hard
