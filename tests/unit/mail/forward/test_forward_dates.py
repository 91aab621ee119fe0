"""Date lines of blocks."""

from datetime import UTC, datetime

import pytest

from bccd.mail.forward.dates import read_date

KNOWN = [
    ("Tuesday, March 5, 2024 2:07 PM", "en", (2024, 3, 5, 14, 7)),
    ("Tuesday, March 5, 2024 12:07 AM", "en", (2024, 3, 5, 0, 7)),
    ("Tuesday, March 5, 2024 12:07 PM", "en", (2024, 3, 5, 12, 7)),
    ("Tue, Mar 5, 2024 at 2:07\u202fPM", "en", (2024, 3, 5, 14, 7)),
    ("Tue, 5 Mar 2024 15:07:21 +0100", "en", (2024, 3, 5, 14, 7)),
    ("Tue, 5 Mar 2024 15:07:21 +0100 (CET)", "pl", (2024, 3, 5, 14, 7)),
    ("5 March 2024 at 10:07:21 EST", "en", (2024, 3, 5, 15, 7)),
    ("5 March 2024 at 16:07:21 GMT+2", "en", (2024, 3, 5, 14, 7)),
    ("03/05/2024 2:07 PM EST", "en", (2024, 3, 5, 19, 7)),
    ("25/03/2024 14:07", "en", (2024, 3, 25, 14, 7)),
    ("March-05-24 2:07 PM", "en", (2024, 3, 5, 14, 7)),
    ("5-Mar-24 14:07", "en", (2024, 3, 5, 14, 7)),
    ("7 Apr 94 17:35:09 GMT", "en", (1994, 4, 7, 17, 35)),
    ("28/03/24, 14:07", "fr", (2024, 3, 28, 14, 7)),
    ("2024-03-05 14:07", "en", (2024, 3, 5, 14, 7)),
    ("2024-03-05T14:07:00Z", "pl", (2024, 3, 5, 14, 7)),
    ("wtorek, 5 marca 2024 14:07", "pl", (2024, 3, 5, 14, 7)),
    ("poniedziałek, 7 października 2024 09:05", "pl", (2024, 10, 7, 9, 5)),
    ("wt., 5 mar 2024 o 14:07", "pl", (2024, 3, 5, 14, 7)),
    ("śr., 27 lis 2024 o 09:31", "pl", (2024, 11, 27, 9, 31)),
    ("5 sierpnia 2024 o 16:07:21 CEST", "pl", (2024, 8, 5, 14, 7)),
    ("05.03.2024 14:07", "pl", (2024, 3, 5, 14, 7)),
    ("5.03.2024, 14:07:10", "pl", (2024, 3, 5, 14, 7)),
    ("sri, 27. lis 2021. u 09:31", "hr", (2021, 10, 27, 9, 31)),
    ("mar., 27 oct. 2021 la 09:31", "ro", (2021, 10, 27, 9, 31)),
    ("2021. okt. 27., Sze, 9:31", "hu", (2021, 10, 27, 9, 31)),
    ("Dienstag, am 5. März 2024 um 9:07", "de", (2024, 3, 5, 9, 7)),
    ("torsdag den 28. oktober 2021 kl. 12.06", "da", (2021, 10, 28, 12, 6)),
    ("28. lokakuuta 2021 klo 14.25.08 UTC+3", "fi", (2021, 10, 28, 11, 25)),
    ("2024年3月5日 下午2:07", "zh", (2024, 3, 5, 14, 7)),
    ("2024년 3월 5일 화요일 오후 2:07", "ko", (2024, 3, 5, 14, 7)),
]


@pytest.mark.parametrize(("value", "language", "expected"), KNOWN)
def test_dates_are_read_to_the_minute(
    value: str, language: str, expected: tuple[int, int, int, int, int]
) -> None:
    """Each client's and language's way of writing a date gives the same minute in UTC."""
    read = read_date(value, language)
    assert read.when is not None
    assert read.when.replace(second=0) == datetime(*expected, tzinfo=UTC)
    assert read.has_clock


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("10/12/2024 14:07", "en"),
        ("yesterday at 14:07", "en"),
        ("31 February 2024 10:00", "en"),
        ("32.01.2024 10:00", "pl"),
        ("5 marca 2024 25:07", "pl"),
        ("", "en"),
        ("14:07", "pl"),
        ("2024-13-41 10:00", "en"),
        ("0001-01-01 00:00 +1400", "en"),
    ],
)
def test_a_date_that_cannot_be_told_is_none(value: str, language: str) -> None:
    """Unknown is better than wrong: two possible readings or an impossible day give no date."""
    read = read_date(value, language)
    assert read.when is None
    assert read.defects == ("date:unreadable",)


def test_a_day_without_clock_says_so() -> None:
    """A day alone is kept as its midnight and marked."""
    read = read_date("5 marca 2024", "pl")
    assert read.when == datetime(2024, 3, 5, tzinfo=UTC)
    assert not read.has_clock
    assert read.defects == ("date:day-only",)
