"""The daemon as a whole: sockets, processes, signals."""

from bccd.daemon.arrival import arrive, remarks
from bccd.daemon.pulse import Pulse
from bccd.daemon.sockets import Bound
from bccd.daemon.supervisor import Links, run

__all__ = ["Bound", "Links", "Pulse", "arrive", "remarks", "run"]
