"""The zone of a time that names none: the forwarder's own, on the day that the time tells."""

from datetime import date, datetime, timedelta

from bccd.mail.forward.order import Around

_HOUR = timedelta(hours=1)
_AMERICA = (timedelta(hours=-8), timedelta(hours=-4))
_EUROPE = (timedelta(hours=1), timedelta(hours=2))
_SINCE_2007 = 2007  # Energy Policy Act of 2005


def placed(
    date: datetime | None, evidence: tuple[str, ...], around: Around
) -> tuple[datetime | None, tuple[str, ...]]:
    """Put a date that was read as if in UTC into the forwarder's zone, and say so in its evidence."""
    if date is None or not around.offset or "date:zone-unknown" not in evidence:
        return date, evidence
    known = around.known.date() if around.known else date.date()
    offset = offset_on(date.date(), around.offset, known)
    reason = f"date:zone-of-{around.zone_of if offset == around.offset else 'season'}"
    return date - offset, tuple(reason if one == "date:zone-unknown" else one for one in evidence)


def offset_on(day: date, offset: timedelta, known: date) -> timedelta:
    """Return the offset that holds on a day where `offset` holds on another.

    Offsets that only places with the summer time of the European Union or of the United States have, but for
    a few (Arizona, Peru, Lagos, Johannesburg), move with it; all others stay.
    """
    if _AMERICA[0] <= offset <= _AMERICA[1]:
        then, now = _is_american_summer(day), _is_american_summer(known)
    elif _EUROPE[0] <= offset <= _EUROPE[1]:
        then, now = _is_european_summer(day), _is_european_summer(known)
    else:
        return offset
    return offset + _HOUR * (int(then) - int(now))


def _is_european_summer(day: date) -> bool:
    return _sunday(day.year, 4, -1) <= day < _sunday(day.year, 11, -1)


def _is_american_summer(day: date) -> bool:
    if day.year < _SINCE_2007:
        return _sunday(day.year, 4, 0) <= day < _sunday(day.year, 11, -1)
    return _sunday(day.year, 3, 1) <= day < _sunday(day.year, 11, 0)


def _sunday(year: int, month: int, number: int) -> date:
    """Return a Sunday counted from the first of a month, which is 0; -1 is the last before it."""
    first = date(year, month, 1)
    return first + timedelta(days=6 - first.weekday(), weeks=number)
