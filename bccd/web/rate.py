"""How often one client may call."""

import time
from collections import OrderedDict
from collections.abc import Callable


class Rate:
    """Lets each client do `burst` at once and `per_second` in the long run; remembers the latest clients."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        clients: int = 1_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second, self._burst, self._clients, self._now = per_second, burst, clients, now
        self._left: OrderedDict[str, tuple[float, float]] = (
            OrderedDict()
        )  # how many are left, and when it was so

    def allows(self, client: str) -> bool:
        """Count one call; tell whether it is within the bounds."""
        now = self._now()
        left, at = self._left.pop(client, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_second)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        if len(self._left) > self._clients:
            self._left.popitem(last=False)
        return allowed
