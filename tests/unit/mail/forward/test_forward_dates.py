"""Date lines of blocks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bccd.mail.forward.dates import read_date
from bccd.mail.forward.facts.calendar import MONTHS
from bccd.mail.forward.facts.weekdays import WEEKDAYS
from bccd.mail.forward.order import Around

CLDR = Path(__file__).with_name("cldr_dates.tsv")

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
    ("2024年3月5日 星期二 凌晨 2:07", "zh", (2024, 3, 5, 2, 7)),
    ("2024年3月5日 中午12:07", "zh", (2024, 3, 5, 12, 7)),
    ("2024年3月5日 晚上8:07", "zh", (2024, 3, 5, 20, 7)),
    ("2024年3月5日 GMT+8 14:07:21", "zh", (2024, 3, 5, 6, 7)),
    ("星期二, 三月 05, 2024 2:07 PM", "zh", (2024, 3, 5, 14, 7)),
    ("2024年3月5日 14时07分", "zh", (2024, 3, 5, 14, 7)),
    ("2024年3月5日(火) 14:07", "ja", (2024, 3, 5, 14, 7)),
    ("2024年3月5日 午後0:07", "ja", (2024, 3, 5, 12, 7)),
    ("2024年3月5日火曜日 14:07:21 +0900", "ja", (2024, 3, 5, 5, 7)),
    ("2024/03/05 (火) 14:07", "ja", (2024, 3, 5, 14, 7)),
    ("2024년 3월 5일 (화) 오후 2:07", "ko", (2024, 3, 5, 14, 7)),
    ("2024. 3. 5. 오후 2시 7분 8초 GMT+9", "ko", (2024, 3, 5, 5, 7)),
    ("24. 3. 5. 오전 9:07", "ko", (2024, 3, 5, 9, 7)),
    ("Τρίτη, 5 Μαρτίου 2024 2:07 μ.μ.", "el", (2024, 3, 5, 14, 7)),
    ("الثلاثاء، ٥ مارس ٢٠٢٤ ٢:٠٧ م", "ar", (2024, 3, 5, 14, 7)),
    ("\u202bالثلاثاء، 5 آذار 2024 2:07 ص\u202c", "ar", (2024, 3, 5, 2, 7)),
    ("سه‌شنبه ۵ مارس ۲۰۲۴ ۲:۰۷ ب.ظ.", "fa", (2024, 3, 5, 14, 7)),
    ("יום שלישי, 5 במרץ 2024 בשעה 14:07", "he", (2024, 3, 5, 14, 7)),
    ("मंगलवार, ५ मार्च २०२४ २:०७ pm", "hi", (2024, 3, 5, 14, 7)),
    ("মঙ্গলবার, ৫ মার্চ, ২০২৪ ২:০৭ PM", "bn", (2024, 3, 5, 14, 7)),
    ("วันอังคารที่ 5 มีนาคม ค.ศ. 2024 เวลา 14:07 น.", "th", (2024, 3, 5, 14, 7)),
    ("Thứ Ba, 5 tháng 3, 2024 lúc 2:07 CH", "vi", (2024, 3, 5, 14, 7)),
    ("2024 m. kovo 5 d., antradienis 14:07", "lt", (2024, 3, 5, 14, 7)),
    ("otrdiena, 2024. gada 5. marts 14:07", "lv", (2024, 3, 5, 14, 7)),
    ("2024. március 5., kedd de. 10:07", "hu", (2024, 3, 5, 10, 7)),
    ("salı, 5 Mart 2024 14:07", "tr", (2024, 3, 5, 14, 7)),
    ("tiistaina 5. maaliskuuta 2024 klo 2.07 ip.", "fi", (2024, 3, 5, 14, 7)),
    ("Am Di., 5. März 2024 um 14:07 Uhr", "de", (2024, 3, 5, 14, 7)),
    ("Dienstag, 5. März 2024 um 3:07 nachm.", "de", (2024, 3, 5, 15, 7)),
    ("5. März 2024 um 16:07:21 OESZ", "de", (2024, 3, 5, 13, 7)),
    ("5. března 2024 15:07:21 SEČ", "cs", (2024, 3, 5, 14, 7)),
    ("mardi 5 mars 2024 à 14 h 07", "fr", (2024, 3, 5, 14, 7)),
    ("le 5 mars 2024 à 9h", "fr", (2024, 3, 5, 9, 0)),
    ("terça-feira, 5 de março de 2024 às 14:07", "pt", (2024, 3, 5, 14, 7)),
    ("quarta, 27/10/2021 à(s) 09:31", "fr", (2021, 10, 27, 9, 31)),
    ("wtorek, 5 marca 2024 14:07 (UTC+01:00)", "pl", (2024, 3, 5, 13, 7)),
    ("5.03.2024 14:07 (GMT+01:00)", "pl", (2024, 3, 5, 13, 7)),
    ("Tuesday, March 5, 2024 2:07:00 PM GMT -08:00 US/Canada Pacific", "en", (2024, 3, 5, 22, 7)),
    ("Tue, 5 Mar 2024 14:07:21 Eastern Standard Time", "en", (2024, 3, 5, 19, 7)),
    ("Tuesday, 5 March 2024 2:07 pm", "en", (2024, 3, 5, 14, 7)),
    ("Tuesday, March 5th, 2024 at 2:07 PM", "en", (2024, 3, 5, 14, 7)),
    ("Tue 05/03/2024 14:07", "en", (2024, 3, 5, 14, 7)),
    ("Tue 03/05/2024 14:07", "en", (2024, 3, 5, 14, 7)),
    ("mar. 05/03/2024 14:07", "fr", (2024, 3, 5, 14, 7)),
    ("Merc\u02bcher 6 Meurzh 2024 14:07", "br", (2024, 3, 6, 14, 7)),
    ("26-11-16 14:05", "eo", (2026, 11, 16, 14, 5)),
    ("16 di nuvembre di u 2026, 14:05", "co", (2026, 11, 16, 14, 5)),
    ("Tue Mar  5 14:07:21 EST 2024", "en", (2024, 3, 5, 19, 7)),
    ("Tue Mar 5 14:07:21 2024", "en", (2024, 3, 5, 14, 7)),
    ("Tue Mar 05 14:07:21 GMT+01:00 2024", "en", (2024, 3, 5, 13, 7)),
    ("2:07 PM, March 5, 2024", "en", (2024, 3, 5, 14, 7)),
    ("2021-04-03, бейш. 00:30", "ky", (2021, 3, 4, 0, 30)),
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
    assert read.defects in {("date:unreadable",), ("date:ambiguous",)}


def test_a_day_without_clock_says_so() -> None:
    """A day alone is kept as its midnight and marked."""
    read = read_date("5 marca 2024", "pl")
    assert read.when == datetime(2024, 3, 5, tzinfo=UTC)
    assert not read.has_clock
    assert read.defects == ("date:day-only",)


def test_dates_of_all_locales_are_right_or_unknown() -> None:
    """What CLDR prints for 126 languages, long and short, is never read wrong, and read in 98 of 100."""
    right, unknown, wrong = 0, [], []
    for row in CLDR.read_text(encoding="utf-8").splitlines():
        language, local, value = row.split("\t")
        read = read_date(value, language)
        offset = timedelta(0) if "date:zone-unknown" in read.defects else timedelta(hours=1)
        expected = datetime.fromisoformat(local).replace(tzinfo=UTC) - offset
        if read.when is None or not read.has_clock:
            unknown.append(row)
        elif read.when.replace(second=0) == expected:
            right += 1
        else:
            wrong.append(row)
    assert wrong == []
    assert len(unknown) <= 0.02 * right, unknown


@pytest.mark.parametrize(
    ("value", "language", "around", "expected"),
    [
        # The wrapper was sent before one of the two readings.
        ("03/11/2026 14:07", "en", Around(latest=datetime(2026, 5, 1, tzinfo=UTC)), (2026, 3, 11)),
        ("11/03/2026 14:07", "en", Around(latest=datetime(2026, 5, 1, tzinfo=UTC)), (2026, 3, 11)),
        # Other dates of the same text show the order.
        ("03/04/2026 14:07", "en", Around(day_first=True), (2026, 4, 3)),
        ("03/04/2026 14:07", "en", Around(day_first=False), (2026, 3, 4)),
        # English clients east of Greenwich print the day first, American ones AM in capitals.
        ("03/04/2026 14:07", "en", Around(offset=timedelta(hours=10)), (2026, 4, 3)),
        ("03/04/2026 2:07 PM", "en", Around(offset=timedelta(hours=-5)), (2026, 3, 4)),
        ("03/04/2026 2:07 PM", "en", Around(offset=timedelta(hours=2)), None),
        ("03/04/2026 14:07", "en", Around(offset=timedelta(hours=-5)), None),
        # What was forwarded within days, and half a year ago in the other reading.
        ("03/11/2026 14:07", "en", Around(latest=datetime(2026, 11, 4, tzinfo=UTC)), (2026, 11, 3)),
        ("03/04/2026 14:07", "en", Around(latest=datetime(2026, 11, 4, tzinfo=UTC)), None),
        # Shared names of zones.
        ("3 April 2026 14:07 IST", "en", Around(offset=timedelta(hours=5.5)), (2026, 4, 3)),
    ],
)
def test_what_is_around_a_date_settles_the_order(
    value: str, language: str, around: Around, expected: tuple[int, int, int] | None
) -> None:
    """A date of numbers that can be read in two ways is settled by the mail around it, or stays unknown."""
    read = read_date(value, language, around)
    assert (read.when and (read.when.year, read.when.month, read.when.day)) == expected
    assert (read.when is None) == ("date:ambiguous" in read.defects)


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("16/11/2569 10:00", "th"),
        ("16 พ.ย. 2569 10:00", "th"),
        ("16/11/69 10:00", "th"),
        ("วันจันทร์ที่ 16 พฤศจิกายน พ.ศ. 2569 10:00", "th"),
        ("1405/8/25 10:00", "fa"),
        ("دوشنبه ۲۵ آبان ۱۴۰۵ ۱۰:۰۰", "fa"),
        ("25/5/1448 10:00", "ar"),
        ("٢٥ جمادى الأولى ١٤٤٨ هـ ١٠:٠٠", "ar"),
        ("令和8年11月16日 10:00", "ja"),
        ("民國115年11月16日 10:00", "zh"),
    ],
)
def test_years_of_other_calendars_stay_unknown(value: str, language: str) -> None:
    """Buddhist, Jalali and Hijri years, and those of an era, are not guessed at."""
    assert read_date(value, language).when is None


def test_a_shared_zone_name_is_told_by_the_forwarders_own() -> None:
    """IST is of India, Israel or Ireland: of the one in which the forwarder lives, else unknown."""
    india = read_date("3 April 2026 14:07 IST", "en", Around(offset=timedelta(hours=5.5)))
    assert india.when == datetime(2026, 4, 3, 8, 37, tzinfo=UTC)
    assert "date:zone-unknown" in read_date("3 April 2026 14:07 IST", "en").defects


@pytest.mark.parametrize(
    "form",
    [
        "{weekday}, {day} {month} 2026 {clock}",
        "{weekday}. {day} {month}. 2026 o {clock}",
        "{weekday}, {month} {day}, 2026 at {clock} PM",
        "{weekday} {month} {day}, 2026 {clock} am",
        "{day} {month} 2026 {clock}",
    ],
)
def test_the_short_way_reads_what_the_long_one_reads(form: str) -> None:
    """In no language does a usual date mean something else with one blank more, which only the rules read."""
    for number, (language, months) in enumerate(MONTHS.items()):
        weekdays = WEEKDAYS.get(language, WEEKDAYS["en"]).split()
        for at, names in enumerate(months.split()):
            for month in names.split("/"):
                weekday = weekdays[at % len(weekdays)].split("/")[number % 2 - 1]
                clock = f"{(number + at) % 24}:{at + 10}"
                line = form.format(weekday=weekday, day=at + 1, month=month, clock=clock).replace("_", " ")
                assert read_date(line, language) == read_date(line.replace("2026 ", "2026  "), language), line
