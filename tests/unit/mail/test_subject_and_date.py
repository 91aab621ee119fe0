"""Subjects without prefixes, and dates in all their forms."""

from datetime import UTC, datetime

import pytest

from bccd.mail.dates import parse_date
from bccd.mail.subject import base_subject, is_forward, is_reply

SAME = [
    "Re: Offer 42",
    "RE: Offer 42",
    "re : offer 42",
    "Re[2]: Offer 42",
    "Re (3): Offer 42",
    "Re^2: Offer 42",
    "Fwd: Re: Offer 42",
    "Odp: Offer 42",
    "PD: Odp: Offer 42",
    "AW: WG: Offer 42",
    "Antw.: Offer 42",
    "TR: Offer 42",
    "RÉ: Offer 42",
    "Rép : Offer 42",
    "Vá: Offer 42",
    "Răsp: Offer 42",
    "Redir.: Offer 42",
    "YNT: Offer 42",
    "İLT: Offer 42",
    "ΑΠ: Offer 42",
    "השב: Offer 42",
    "إعادة توجيه: Offer 42",
    "رد: Offer 42",
    "回复：Offer 42",
    "轉寄: Offer 42",
    "[list] Re: Offer 42",
    "Re: [EXTERNAL] Offer 42",
    "[a [nested] tag] Offer 42",
    "Offer 42 (fwd)",
    "Offer 42 (was: Old thing)",
    "Offer 42 (was: Old thing) (fwd)",
    "Automatic reply: Offer 42",
    "Odpowiedź automatyczna: Offer 42",
    "Offer 42 (was: Old (very old) thing)",
    "Re [3] : Offer 42",
    "Fwd: Re [2]  (4) : Offer 42",
    "Re: Offer 42 (Fwd) (WG) ",
    "  Offer   42!  ",
    "Ｏｆｆｅｒ 42",
    "Of\u00adfer\u200b 42",
    "\u202aRe: Offer 42\u202c",
]


@pytest.mark.parametrize("subject", SAME)
def test_prefixes_and_tags_do_not_count(subject: str) -> None:
    """Replies, forwards, tags and banners of any language leave the base as it is."""
    assert base_subject(subject) == "offer42"


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("", ""),
        ("Re:", ""),
        ("Re: (fwd)", ""),
        ("[x]", ""),
        ("x (was y) (was: z", "xwasywasz"),
        ("a] b [c", "abc"),
        ("Żółw", "żółw"),
    ],
)
def test_base_of_odd_subjects(subject: str, base: str) -> None:
    """Whatever the subject, its base is letters and digits."""
    assert base_subject(subject) == base


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [
        ("Re: x", True, False),
        ("[list] RE[2]: Fwd: x", True, False),
        ("Fwd: Re: x", False, True),
        ("Odp: x", True, False),
        ("PD: x", False, True),
        ("WG: x", False, True),
        ("回复：x", True, False),
        ("转发: x", False, True),
        ("İLT: x", False, True),
        ("VS: x", True, False),
        ("Offer: x", False, False),
        ("x", False, False),
        ("", False, False),
    ],
)
def test_the_outermost_prefix_tells(subject: str, reply: bool, forward: bool) -> None:
    """Replies and forwards are told apart by the first prefix."""
    assert (is_reply(subject), is_forward(subject)) == (reply, forward)


TEN = datetime(2026, 11, 16, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 16 Nov 2026 10:00:00 +0000",
        "Mon, 16 Nov 2026 11:00:00 +0100",
        "Mon, 16 Nov 2026 11:00:00 +01:00",
        "16 Nov 2026 10:00 GMT",
        "16 Nov 2026 10:00:00",
        "Mon,16 Nov 2026 10:00:00 -0000",
        "Mon, 16 Nov 26 10:00:00 UT",
        "Mon, 16 Nov 126 10:00:00 Z",
        "Mon, 16 November 2026 05:00:00 EST",
        "Mon, 16 Nov 2026 11:00:00 CET",
        "Mon, 16 Nov 2026 11:00:00 +0100 (CET (winter))",
        "Mon (today), 16 Nov 2026 10:00:00 +0000",
        "Mon Nov 16 10:00:00 2026",
        "Mon Nov 16 11:00:00 +0100 2026",
        "16-Nov-2026 10:00:00 +0000",
        "Nov 16, 2026 10:00 AM",
        "Mon, 16 Nov 2026 10.00.00 +0000",
        "2026-11-16T10:00:00Z",
        "2026-11-16 11:00:00.123 +0100",
        "Mon (a (b (c))), 16 (d) Nov 2026 10:00:00 +0000",
        "MON, 16 NOV 2026 10:00:00 gmt",
        "Mon, 16 Nov 2026 10:0:0 +0000",
        "Mon, 16 Nov 2026 11:00:00 GMT+1",
        "Mon, 16 Nov 2026 11:00:00 GMT+0100",
        "Mon, 16 Nov 2026 12:00:00 UTC+02:00",
        "Mon, 16 Nov 2026 20:00:00 AEST",
        "Mon, 16 Nov 2026 10:00:00 +9900",
        "Mon,  16  Nov  2026  10 : 00 : 00  +0000",
    ],
)
def test_dates_of_all_kinds(value: str) -> None:
    """Old, obsolete and sloppy forms name the same moment."""
    assert parse_date(value) == parse_date(value.encode()) == TEN


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "Mon, 32 Nov 2026 10:00:00 +0000",
        "16 Foo 2026 10:00:00",
        "16 Nov 2026 99:00:00",
        "9" * 500,
    ],
)
def test_no_date(value: str) -> None:
    """What names no moment gives none."""
    assert parse_date(value) is None


@pytest.mark.parametrize(
    "value", ["1 Jan 0001 00:00:00 +2359", "31 Dec 9999 23:59:59 -2359", "16 Nov 2026 23:59:60 +0000"]
)
def test_dates_at_the_edges(value: str) -> None:
    """Neither a leap second nor the end of the calendar is an error."""
    found = parse_date(value)
    assert found is None or found.tzinfo is UTC
