"""What Thread-Index tells of the mail before."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from bccd.mail.parse import parse
from bccd.mail.thread_index import zone_by_thread

PARENT = datetime(2026, 11, 16, 9, 5, 21, tzinfo=UTC)  # 10:05 in Warsaw
SENT = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)


def index(first: datetime, *deltas: timedelta) -> bytes:
    """Write a Thread-Index as Exchange does: the first mail's time, then each answer's distance."""
    ticks = (first - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    blocks = [(1 << 39) | ((delta // timedelta(microseconds=1) * 10 >> 23) << 8) for delta in deltas]
    octets = b"\x01" + (ticks >> 24).to_bytes(5, "big") + bytes(16)
    return base64.b64encode(octets + b"".join(block.to_bytes(5, "big") for block in blocks))


@pytest.mark.parametrize("hours", [-8, -5, 1, 2, 5.5, 9])
def test_the_zone_is_the_distance_of_the_printed_time(hours: float) -> None:
    """The header names the only mail before; with more answers the last block does."""
    zone = timedelta(hours=hours)
    printed = (PARENT + zone).replace(second=0)
    assert zone_by_thread(index(PARENT, timedelta(0)), SENT, printed) == zone
    older = index(PARENT - timedelta(days=3), timedelta(0), SENT - PARENT)
    assert zone_by_thread(older, SENT, printed) == zone


def test_times_that_no_zone_explains_tell_none() -> None:
    """A mail of another time, one without answers, another form, and nothing at all."""
    printed = PARENT.replace(second=0)
    assert zone_by_thread(index(PARENT - timedelta(minutes=20), timedelta(0)), SENT, printed) is None
    assert zone_by_thread(index(PARENT), SENT, printed) is None
    assert zone_by_thread(index(PARENT, timedelta(0)), datetime.max.replace(tzinfo=UTC), printed) is None
    for value in (b"", b"Ac", b"\xff" * 40, base64.b64encode(b"\x01\xcb" + bytes(40))):
        assert zone_by_thread(value, SENT, printed) is None


def test_a_forward_through_exchange_has_its_users_zone() -> None:
    """Exchange writes Date in UTC; the time in the block is put into the zone that Thread-Index bears out."""
    head = (
        b"From: Me <me@sales.example>\nTo: drop@bcc.example\nSubject: FW: offer\n"
        b"Date: Mon, 16 Nov 2026 14:30:00 +0000\nThread-Index: " + index(PARENT, timedelta(0)) + b"\n\n"
    )
    block = (
        b"From: Jan <jan@x.example>\nSent: Monday, November 16, 2026 10:05 AM\n"
        b"To: Me <me@sales.example>\nSubject: offer\n\nHello."
    )
    (forward,) = parse(head + block).forwards
    assert forward.original.date == PARENT.replace(second=0)
    assert "date:zone-of-thread" in forward.evidence
