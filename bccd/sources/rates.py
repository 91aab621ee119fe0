"""How often something may happen, counted in bounded memory whatever the world sends."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable

MINUTE, HOUR = 60.0, 3600.0
KEYS = 65_536  # remembered by each counter; of more, those that came up longest ago are forgotten


class Window:
    """At most `limit` events of one key within `seconds`, exactly; 0 is any number."""

    def __init__(
        self,
        limit: int,
        seconds: float,
        keys: int = KEYS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._keys = keys
        self._monotonic = monotonic
        self._events: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def take(self, key: Hashable) -> bool:
        """Count an event, if there is room for it."""
        if not self._limit:
            return True
        now = self._monotonic()
        events = self._events.setdefault(key, deque())
        self._events.move_to_end(key)
        if len(self._events) > self._keys:
            self._events.popitem(last=False)
        while events and events[0] <= now - self._seconds:
            events.popleft()
        if len(events) >= self._limit:
            return False
        events.append(now)
        return True

    def give_back(self, key: Hashable) -> None:
        """Uncount the latest event of a key, which was none after all."""
        events = self._events.get(key)
        if events:
            events.pop()
        if events is not None and not events:
            del self._events[key]


class Buckets:
    """For each key a bucket of `limit` tokens that fills up again within `seconds`; 0 is any number."""

    def __init__(
        self,
        limit: int,
        seconds: float,
        keys: int = KEYS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._rate = limit / seconds
        self._keys = keys
        self._monotonic = monotonic
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # tokens, as of when

    def take(self, key: Hashable) -> bool:
        """Take a token out of the key's bucket, if one is left."""
        if not self._limit:
            return True
        now = self._monotonic()
        tokens, since = self._buckets.get(key, (float(self._limit), now))
        tokens = min(self._limit, tokens + (now - since) * self._rate)
        enough = tokens >= 1
        self._buckets[key] = (tokens - enough, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return enough
