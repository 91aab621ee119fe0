"""Thread-Index, which Outlook and Exchange set beside References (MS-OXOMSG 2.2.1.3)."""

from datetime import UTC, datetime, timedelta

from bccd.mail.decode import base64_octets

_GUID = slice(6, 22)  # after one reserved octet and five of the time
_SHORTEST = 22
_BLOCK = 5  # octets of each answer
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_TIME_SHIFT = 24  # low bits of FILETIME (units of 100 ns) that the header leaves out
_DELTA_SHIFT = 23  # that an answer's distance from the mail before it leaves out
_LONG_DELTA = 1 << 39  # the delta code: units of 0.84 seconds
_EARLY = timedelta(minutes=2)  # by which clocks differ
_LATE = timedelta(minutes=4)  # of transport
_HALF_ZONES = (-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765)
_ZONES = tuple(timedelta(minutes=east) for east in (*range(-11 * 60, 14 * 60, 60), *_HALF_ZONES))


def thread_guid(value: bytes) -> bytes:
    """Return the 16-byte GUID of the conversation, empty where the field holds none."""
    octets = _octets(value)
    return octets[_GUID] if len(octets) >= _SHORTEST else b""


def zone_by_thread(value: bytes, sent: datetime, printed: datetime) -> timedelta | None:
    """Return the zone in which a client printed the time of the mail that a mail answers or forwards.

    Exchange sends in UTC and prints in its user's zone, so that the Date field does not tell it. `printed` is
    that time as if in UTC, to the minute. None where the field tells no time, or one that no zone explains.
    """
    try:
        moment = _parent(_octets(value), sent)
        if moment is None:
            return None
        least, most = printed - moment - _EARLY, printed - moment + _LATE
        likely = (zone for zone in _ZONES if least <= zone <= most)
        return next((zone for zone in likely if printed - zone <= sent + _EARLY), None)
    except OverflowError:  # year 1 or 9999
        return None


def _parent(octets: bytes, sent: datetime) -> datetime | None:
    """Return the time at which the mail before this one was sent; None where that is not told."""
    answers = (len(octets) - _SHORTEST) // _BLOCK
    if answers < 1 or octets[0] != 1 or octets[1] != 1:
        return None
    if answers == 1:
        return _EPOCH + _span(int.from_bytes(octets[1:6], "big") << _TIME_SHIFT)
    last = int.from_bytes(octets[_SHORTEST + _BLOCK * (answers - 1) :][:_BLOCK], "big")
    return sent - _span((last & (_LONG_DELTA - 1)) >> 8 << _DELTA_SHIFT) if last & _LONG_DELTA else None


def _span(ticks: int) -> timedelta:
    return timedelta(microseconds=ticks // 10)


def _octets(value: bytes) -> bytes:
    octets, _ = base64_octets(value[:20_000].replace(b" ", b"").replace(b"\t", b""))
    return octets
