"""What parse() adds to an inline original: its zone, its bounds, its one author."""

from datetime import UTC, datetime

import pytest

from bccd.mail.parse import parse

BLOCK = (
    "{note}\r\n\r\nFrom: {author}\r\nSent: Friday, November 20, 2026 {clock}\r\n"
    "To: Anna <anna@seller.example>\r\nSubject: Question\r\n\r\nHow much is it?\r\n"
)


def forward(
    date: str, clock: str = "4:12 PM", author: str = "Jan <jan@customer.example>", note: str = ""
) -> bytes:
    body = BLOCK.format(note=note, author=author, clock=clock)
    head = f"From: anna@seller.example\r\nTo: crm@drop.example\r\nSubject: FW: Question\r\nDate: {date}\r\n"
    return (head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + body).encode()


@pytest.mark.parametrize(
    ("outer", "clock", "expected", "evidence"),
    [
        # The client printed its own time: the wrapper's zone says which.
        ("Fri, 20 Nov 2026 16:20:00 +0100", "4:12 PM", (15, 12), "date:zone-of-wrapper"),
        ("Fri, 20 Nov 2026 16:20:00 -0500", "4:12 PM", (21, 12), "date:zone-of-wrapper"),
        # A server that writes UTC says nothing; still no original is younger than its forward.
        ("Fri, 20 Nov 2026 15:20:00 +0000", "4:12 PM", (15, 20), "date:after-wrapper"),
        ("Fri, 20 Nov 2026 17:20:00 +0000", "4:12 PM", (16, 12), "date:zone-unknown"),
    ],
)
def test_a_date_without_a_zone_is_in_the_forwarders(
    outer: str, clock: str, expected: tuple[int, int], evidence: str
) -> None:
    """Otherwise a question would sort behind its answer."""
    (found,) = parse(forward(outer, clock)).forwards
    assert found.original.date == datetime(2026, 11, 20, *expected, tzinfo=UTC)
    assert evidence in found.evidence


@pytest.mark.parametrize(
    ("author", "address"),
    [
        ("Jan <jan@customer.example>", "jan@customer.example"),
        ("Kowalski, Jan <jan@customer.example>", "jan@customer.example"),
        ("Maria <maria@customer.example>; Jan <jan@customer.example>", None),
        ("maria@customer.example, jan@customer.example", None),
    ],
)
def test_of_several_authors_none_is_chosen(author: str, address: str | None) -> None:
    """The user says who it was; nothing is guessed."""
    found = parse(forward("Fri, 20 Nov 2026 17:20:00 +0100", author=author)).forwards
    senders = [f.original.sender.address if f.original.sender else None for f in found]
    assert senders in ([address], [] if address is None else None)


def test_the_mark_a_phone_puts_before_the_original_is_no_text() -> None:
    """U+FEFF would stand at the start of every snippet."""
    raw = forward("Fri, 20 Nov 2026 17:20:00 +0100").replace(
        b"\r\n\r\nHow much", "\r\n\r\n\ufeffHow much".encode()
    )
    (found,) = parse(raw).forwards
    assert found.original.text.startswith("How much")


OUTLOOK_MAC = '\ufeffOn 28/10/2025, 12:46, "Jan Kos" <jan@customer.example> wrote:\r\n\r\n    How much?\r\n'


@pytest.mark.parametrize(
    ("note", "subject", "found"),
    [
        ("", "FW: Re: Nets", "Re: Nets"),
        ("See below.\r\n\r\n", "WG: Nets", "Nets"),
        ("", "Re: Nets", None),  # the mark is gone, and an answer has the same line
    ],
)
def test_outlook_for_mac_writes_a_line_and_no_subject(note: str, subject: str, found: str | None) -> None:
    """At the very top its mark looks like a byte order mark; the subject is that of the wrapper."""
    head = (
        f"From: anna@seller.example\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    read = parse((head + note + OUTLOOK_MAC).encode()).forwards
    assert [(f.original.subject, "subject:of-wrapper" in f.evidence) for f in read] == (
        [(found, True)] if found else []
    )
    assert all(f.original.sender and f.original.sender.name == "Jan Kos" for f in read)


def test_what_a_complaint_returns_is_nothing_that_a_person_forwards() -> None:
    """A feedback report (RFC 5965) holds the mail that somebody complained about; so do other reports."""
    inner = "Content-Type: message/rfc822\r\n\r\nFrom: eve@fish.example\r\nSubject: Nets\r\n\r\nBuy.\r\n"
    for kind in ("report; report-type=feedback-report", "report; report-type=x", "mixed"):
        head = f"From: abuse@isp.example\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n"
        read = parse(f"{head}--b\r\n\r\nA complaint.\r\n--b\r\n{inner}--b--\r\n".encode())
        assert len(read.forwards) == (kind == "mixed")


@pytest.mark.parametrize(
    ("subject", "marker", "filed"),
    [
        ("Fwd: Question", "---------- Forwarded message ---------", ["jan@customer.example"]),
        ("Fwd: Question", "", ["jan@customer.example"]),
        ("mail of a customer", "---------- Forwarded message ---------", ["jan@customer.example"]),
        ("Re: Question", "", ["maria@other.example", "jan@customer.example"]),
    ],
)
def test_what_is_attached_to_a_forwarded_mail_is_its_authors(
    subject: str, marker: str, filed: list[str]
) -> None:
    """A customer who attaches a mail in another's name makes his reader file nothing as that one's."""
    attached = "From: maria@other.example\r\nTo: anna@seller.example\r\nSubject: Deal\r\n\r\nI agree.\r\n"
    raw = (
        f"From: anna@seller.example\r\nTo: crm@drop.example\r\nSubject: {subject}\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        + BLOCK.format(note=marker, author="Jan <jan@customer.example>", clock="4:12 PM").replace(
            "\r\n\r\nF", "\r\nF"
        )
        + f"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{attached}\r\n--b--\r\n"
    )
    found = parse(raw.encode()).forwards
    assert [one.original.sender and one.original.sender.address for one in found] == filed
    inner = [one.original.subject for one in found[-1].inner]
    assert inner == (["Deal"] if len(filed) == 1 else [])
    assert [one.subject for one in found[-1].chain] == inner
    assert [one.media_type for one in found[-1].original.attachments] == ["message/rfc822"]
