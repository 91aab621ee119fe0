"""What holds for dates, attributions and chains on every input."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.attribution import attribution_at
from bccd.mail.forward import Around, chain_of
from bccd.mail.forward.attributed import read_attribution
from bccd.mail.forward.chain import MAX_HOPS
from bccd.mail.forward.dates import read_date

WORDS = st.sampled_from(
    """
    On Mon, 16 Nov 2026 at 10:00 AM 10.00 16/11/2026 11/16/26 2026-11-16 wrote: schrieb pisze: Anna
    <a@x.example> <a@x.example 写道： 2026年11月16日 上午10:00 lis mar. szept. μ.μ. م ١٦ นาฬิกา +0200 GMT-5
    UTC( IST - / . : , > >>
    """.split()  # noqa: SIM905 - a list of them would fill a page
)
LINES = st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=14).map(" ".join)
TEXTS = st.lists(
    st.one_of(
        LINES,
        st.sampled_from(
            [
                "",
                "> ",
                "> quoted",
                ">> deeper",
                "From: Jan <j@x.example>",
                "Sent: Monday, November 16, 2026 10:00 AM",
                "To: a@x.example",
                "Subject: S",
                "________________________________",
                "> W dniu 16.11.2026 o 10:00, Anna pisze:",
                "On 16 Nov 2026, Anna <a@x.example> wrote:",
            ]
        ),
    ),
    max_size=30,
).map("\n".join)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
AROUND = st.builds(
    Around,
    latest=MOMENTS,
    offset=st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    known=MOMENTS,
    day_first=st.none() | st.booleans(),
)
LANGUAGES = st.sampled_from(["", "en", "pl", "de", "hu", "zh", "ko", "th", "fa", "xx"])


@given(LINES, LANGUAGES, AROUND)
def test_dates_are_read_or_refused(value: str, language: str, around: Around) -> None:
    """A date is one of UTC with its clock or without, or it says why there is none; nothing is raised."""
    read = read_date(value, language, around)
    assert (read.when is None) == bool({"date:unreadable", "date:ambiguous"} & set(read.defects))
    assert read.when is None or read.when.tzinfo is UTC


@given(TEXTS, AROUND)
def test_chains_hold_what_stands_in_the_text(text: str, around: Around) -> None:
    """Each hop names somebody or a day, and each of its lines is a line of the text."""
    chain = chain_of(text, around)
    assert chain == chain_of(text, around)
    assert len(chain) <= MAX_HOPS
    for quoted in chain:
        assert quoted.evidence
        assert 0 <= quoted.confidence <= 1
        assert all(line.strip() in text for line in quoted.text.split("\n"))


@given(TEXTS)
def test_attributions_are_lines_of_the_text(text: str) -> None:
    """An attribution takes whole lines, the one asked for the last, and reads without an error."""
    lines = text.split("\n")
    for number in range(len(lines)):
        found = attribution_at(lines, number)
        if found:
            assert 0 <= found.first <= found.last == number
            read_attribution(found.words)


PRINTED = (
    "{0:%a}, {0:%b} {0.day}, {0.year} at {1}:{0:%M} {0:%p}",
    "{0:%A}, {0:%B} {0.day}, {0.year} {1}:{0:%M} {0:%p}",
    "{0.day} {0:%B} {0.year} at {0:%H}:{0:%M}:{0:%S}",
    "{0:%A}, {0.day} {0:%B} {0.year} {0:%H}:{0:%M}",
    "{0:%a} {0:%d}/{0:%m}/{0.year} {0:%H}:{0:%M}",
    "{0:%a} {0.month}/{0.day}/{0.year} {1}:{0:%M} {0:%p}",
    "{0.year}-{0:%m}-{0:%d} {0:%H}:{0:%M}",
    "{0:%a} {0:%b} {0:%d} {0:%H}:{0:%M}:{0:%S} {0.year}",
    "{0.year}年{0.month}月{0.day}日 {0:%H}:{0:%M}",
    "{0:%a}, {0:%d} {0:%b} {0.year} {0:%H}:{0:%M}:{0:%S}",
)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2069, 1, 1)), st.sampled_from(PRINTED))  # noqa: DTZ001
def test_what_clients_print_is_read_to_the_minute(when: datetime, pattern: str) -> None:
    """Every minute of eighty years, in the ways of Gmail, Outlook, Apple, Roundcube and ctime, comes back."""
    printed = pattern.format(when, (when.hour - 1) % 12 + 1)
    read = read_date(printed, "en")
    expected = when.replace(second=0, microsecond=0, tzinfo=UTC)
    if read.when is None:
        # The day of the week fits day/month and month/day alike.
        assert "date:ambiguous" in read.defects
        return
    assert read.when.replace(second=0) == expected, printed


@pytest.mark.parametrize(
    "text",
    [
        'On 1, "a\n' * 20_000,
        ">" * 100_000 + "a:\n" * 10,
        " " * 300_000 + ":",
        ("> " * 30 + "On Mon, Nov 16, 2026 Anna <a@x.example> wrote:\n") * 5_000,
        "a@x.example wrote:\n" * 50_000,
        ":\n" * 200_000,
        "On 16 Nov 2026, Anna <a@x.example> wrote:\n> x\n" * 20_000,
        "1/" * 300_000 + ":",
        "<a@x.example " * 30_000 + "wrote:\n> x",
    ],
)
def test_hostile_history_is_read_in_bounded_time(text: str) -> None:
    """Backtracking would take hours; the limit guards against that."""
    start = time.process_time()
    chain_of(text)
    assert time.process_time() - start < 10.0
