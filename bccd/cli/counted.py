"""What the processes of the running daemon have counted, asked of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bccd import door
from bccd.config import Config
from bccd.meters.board import Counter, Histogram
from bccd.meters.families import NO_ROOM
from bccd.meters.room import shortage

_SECONDS = 3.0

Slots = Sequence[Mapping[str, Any]]  # what vitals.told() answers


def ask(config: Config) -> Slots:
    """Return what each process has counted; raises BccdError where no daemon answers."""
    answer: Any = door.ask(config.data_dir, "status", {}, _SECONDS)
    return list(answer)


def cells(slots: Slots, meter: Counter | Histogram) -> list[float]:
    """Return all that the processes have counted of one family."""
    return [cell for slot in slots for cell in slot["counted"].get(meter.family.name, ())]


def lacks_room(config: Config, slots: Slots) -> str:
    """Say in a sentence why another mail has no room; empty where it has."""
    return shortage(config.data_dir, config.limits.message_size, cells(slots, NO_ROOM))
