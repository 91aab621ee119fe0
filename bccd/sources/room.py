"""How much mail may be on its way in at once, in memory and in temporary files, in all fronts together."""

from bccd.meters.families import IN_FLIGHT
from bccd.sources.census import Seat

_FILED_SHARE = 7 / 8  # of the room that mail too large for memory may take: small mail gets in all the same


class Room:
    """The octets there is room for, 0 for any number."""

    def __init__(self, most: int, seat: Seat) -> None:
        self._most = most
        self._filed_most = int(most * _FILED_SHARE)
        self._seat = seat

    def holds(self, octets: int, *, filed: bool) -> bool:
        """Tell whether there is room for so many octets more, of a mail in memory or one in a file."""
        most = self._filed_most if filed else self._most
        return not self._most or self._seat.octets + octets <= most

    def take(self, octets: int, *, filed: bool) -> bool:
        """Count octets in, if there is room for them."""
        if not self.holds(octets, filed=filed):
            return False
        self._seat.book(octets)
        IN_FLIGHT.add(amount=octets)
        return True

    def give_back(self, octets: int) -> None:
        """Count octets out that were counted in."""
        if octets:
            self._seat.book(-octets)
            IN_FLIGHT.add(amount=-octets)
