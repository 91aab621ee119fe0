"""The forwarder's zone on another day of the year."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bccd.mail.forward.order import Around
from bccd.mail.forward.seasons import offset_on, placed

WINTER, SUMMER = date(2026, 1, 15), date(2026, 7, 15)


@pytest.mark.parametrize(
    ("offset", "known", "day", "expected"),
    [
        (1, WINTER, SUMMER, 2),  # Warsaw
        (2, SUMMER, WINTER, 1),
        (1, SUMMER, WINTER, 0),  # London
        (2, WINTER, SUMMER, 3),  # Helsinki
        (-5, WINTER, SUMMER, -4),  # New York
        (-4, SUMMER, WINTER, -5),
        (-7, SUMMER, WINTER, -8),  # Los Angeles
        (3, SUMMER, WINTER, 3),  # Moscow
        (5.5, WINTER, SUMMER, 5.5),
        (8, WINTER, SUMMER, 8),
        (1, WINTER, WINTER, 1),
        (2, SUMMER, SUMMER, 2),
        # The days on which summer time begins and ends.
        (1, WINTER, date(2026, 3, 28), 1),
        (1, WINTER, date(2026, 3, 29), 2),
        (1, WINTER, date(2026, 10, 24), 2),
        (1, WINTER, date(2026, 10, 25), 1),
        (-5, WINTER, date(2026, 3, 7), -5),
        (-5, WINTER, date(2026, 3, 8), -4),
        (-5, WINTER, date(2026, 10, 31), -4),
        (-5, WINTER, date(2026, 11, 1), -5),
        (-5, WINTER, date(2006, 3, 15), -5),
        (-5, WINTER, date(2006, 4, 2), -4),
    ],
)
def test_offsets_move_with_summer_time(offset: float, known: date, day: date, expected: float) -> None:
    """Places of Europe and of the United States put their clocks forward; others do not."""
    assert offset_on(day, timedelta(hours=offset), known) == timedelta(hours=expected)


def test_what_is_put_into_a_zone_says_which() -> None:
    """The evidence tells the forwarder's own zone from that of the other season."""
    winter = datetime(2026, 1, 15, 12, tzinfo=UTC)
    around = Around(winter, timedelta(hours=1), winter)
    printed = datetime(2025, 7, 15, 10, tzinfo=UTC)
    unknown = ("labels:en", "date:zone-unknown")
    assert placed(winter, unknown, around) == (
        winter - timedelta(hours=1),
        ("labels:en", "date:zone-of-wrapper"),
    )
    assert placed(printed, unknown, around) == (
        printed - timedelta(hours=2),
        ("labels:en", "date:zone-of-season"),
    )
    for date_, evidence, about in (
        (None, unknown, around),
        (printed, (), around),
        (printed, unknown, Around()),
    ):
        assert placed(date_, evidence, about) == (date_, evidence)
