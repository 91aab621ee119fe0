"""The event that a mail is about, and calendars that are made to mislead."""

import base64

import pytest

from bccd.mail.calendar import scheduled_uid
from bccd.mail.charset import clean
from bccd.mail.parse import parse


def event(*lines: str, method: str = "REQUEST", end: str = "\r\n") -> str:
    """Write a calendar of one event with a time zone above it and an alarm in it."""
    return end.join(
        (
            "BEGIN:VCALENDAR",
            f"METHOD:{method}",
            "BEGIN:VTIMEZONE",
            "UID:zone",
            "END:VTIMEZONE",
            "BEGIN:VEVENT",
            "SUMMARY:UID:none",
            "BEGIN:VALARM",
            "UID:alarm",
            "END:VALARM",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        (event("UID:Abc-1@acme.example"), "Abc-1@acme.example"),
        (event("UID:abc", end="\n"), "abc"),
        (event("uid:  abc ", method=" reply "), "abc"),
        (event("UID:ab\r\n c\r\n\td"), "abcd"),
        (event('UID;X-A="a:b;c";X-B=d:abc:e'), "abc:e"),
        (event(r"UID:a\,b\;c\\d\n"), r"a,b;c\d"),
        (event("UID:", "UID:b"), "b"),
        (event("UID:a", "UID:b"), "a"),
        (event("UID:a") + event("UID:b"), "a"),
        (event("UIDS:a", "X-UID:b", 'UID;X="unclosed:c'), ""),
        (event("UID:a", method="PUBLISH"), ""),
        (event("UID:a", method=""), ""),
        (event("UID:" + "a" * 998), "a" * 998),
        (event("UID:" + "a" * 999), ""),
        ("BEGIN:VEVENT\nUID:a\nEND:VEVENT\nMETHOD:CANCEL", "a"),
        ("METHOD:REQUEST\nEND:VEVENT\nEND:X\nUID:a", ""),
        ("METHOD:REQUEST\nUID:a", ""),
        ("", ""),
    ],
)
def test_uid_of_the_first_event(text: str, uid: str) -> None:
    """The UID stands in the event itself, folded or with parameters, and only scheduling has one."""
    assert scheduled_uid(clean(text)) == uid


def test_the_method_may_stand_in_the_type_alone() -> None:
    """RFC 6047 wants it in both places; the calendar's own word is the stronger."""
    bare = event("UID:a", end="\n").replace("METHOD:REQUEST\n", "")
    assert (scheduled_uid(bare, "counter"), scheduled_uid(bare, "publish"), scheduled_uid(bare)) == (
        "a",
        "",
        "",
    )
    assert scheduled_uid(event("UID:a", method="PUBLISH"), "REQUEST") == ""


def mail(kind: str, body: bytes, *more: str, frame: str = "mixed") -> bytes:
    """Make a mail of a text and a part of this type."""
    fields = "".join(f"{line}\r\n" for line in more)
    head = f"From: a@acme.example\r\nContent-Type: multipart/{frame}; boundary=m\r\n\r\n--m\r\n\r\ncome\r\n"
    return f"{head}--m\r\nContent-Type: {kind}\r\n{fields}\r\n".encode() + body + b"\r\n--m--\r\n"


ASKED = event("UID:żółw@acme.example")


@pytest.mark.parametrize(
    "raw",
    [
        mail("text/calendar; charset=utf-8; method=REQUEST", ASKED.encode(), frame="alternative"),
        mail("text/calendar; charset=iso-8859-2", ASKED.encode("iso-8859-2")),
        mail("text/calendar; charset=utf-16", base64.encodebytes(ASKED.encode("utf-16")),
             "Content-Transfer-Encoding: base64"),
        mail("text/calendar", ASKED.encode()),
        mail("application/ics; name=invite.ics", base64.encodebytes(ASKED.encode()),
             "Content-Transfer-Encoding: base64", "Content-Disposition: attachment"),
        mail("application/octet-stream; name=INVITE.ICS", ASKED.encode(), "Content-Disposition: attachment"),
        mail("text/plain; name=invite.ics", ASKED.encode(), "Content-Disposition: attachment"),
        b"From: a@acme.example\r\nContent-Type: text/calendar; charset=utf-8\r\n\r\n" + ASKED.encode(),
    ],
)  # fmt: skip
def test_calendars_of_every_carriage(raw: bytes) -> None:
    """Alternative, attached, named only by its file, in any charset: the UID is the same."""
    assert parse(raw).content.calendar_uid == "żółw@acme.example"


def test_the_first_calendar_with_an_event_counts() -> None:
    """A file that only publishes does not hide the invitation beside it; other files are no calendar."""
    quiet = event("UID:other", method="PUBLISH").encode()
    both = mail("text/calendar", quiet + b"\r\n--m\r\nContent-Type: text/calendar\r\n\r\n" + ASKED.encode())
    assert parse(both).content.calendar_uid == "żółw@acme.example"
    assert parse(mail("text/csv", ASKED.encode())).content.calendar_uid == ""


def test_an_invitation_inside_a_mail_is_its_own() -> None:
    """The wrapper of an attached invitation invites to nothing; that of an inline one hands it on."""
    inner = mail("text/calendar", ASKED.encode())
    outer = parse(mail("message/rfc822", inner.replace(b"=m", b"=n").replace(b"--m", b"--n")))
    assert (outer.content.calendar_uid, outer.forwards[0].original.calendar_uid) == ("", "żółw@acme.example")
    block = (
        b"---------- Forwarded message ---------\r\nFrom: Carl <carl@customer.example>\r\n"
        b"Date: Mon, 16 Nov 2026 at 10:00\r\nSubject: Offer\r\nTo: anna@acme.example\r\n\r\n\r\ncome"
    )
    inline = parse(inner.replace(b"come", block))
    assert inline.forwards[0].original.calendar_uid == "żółw@acme.example"
