"""How slowly a mail may come in."""


class Pace:
    """An allowance that time uses up and octets fill up, so that it tells of the last seconds only.

    Whoever keeps to `rate` octets a second never uses it up. It begins with `slack` seconds and never holds
    more than `most`: what came long ago does not pay for a trickle now.
    """

    def __init__(self, rate: int, slack: float, most: float, now: float) -> None:
        self._rate = rate
        self._most = max(slack, most)
        self._left = slack
        self._since = now

    def excuse(self, seconds: float) -> None:
        """Let these use nothing up."""
        self._since += seconds

    def enough(self, octets: int, now: float) -> bool:
        """Count octets that have come; return whether the peer is fast enough. A rate of 0 always is."""
        if not self._rate:
            return True
        self._left = min(self._left - (now - self._since) + octets / self._rate, self._most)
        self._since = now
        return self._left > 0
