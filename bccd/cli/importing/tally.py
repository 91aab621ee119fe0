"""What an import has done so far, by outcome."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bccd.model.delivery import DeliveryState, show_id
from bccd.sources.mailbox.found import SKIPS, Found, Skip

_SHOWN = 20  # places and ids that are listed; all are counted
_KNOWN = "already_owned"  # of a filed mail: its owner had it


@dataclass(slots=True)
class Tally:
    """Counts of mails; each is in exactly one of them."""

    filed: int = 0
    known: int = 0  # the same octets were imported before, or the message stands already
    waiting: int = 0  # handed in, and not decided while we looked
    set_aside: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[Skip] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)  # delivery ids
    places: list[tuple[str, Skip]] = field(default_factory=list)  # of what should have been read and was not

    def skip(self, found: Found, why: Skip) -> None:
        """Count a mail that is not handed in."""
        self.skipped[why] += 1
        if why in (Skip.TOO_LARGE, Skip.UNREADABLE) and len(self.places) < _SHOWN:
            self.places.append((found.place, why))

    def became(self, delivery_id: int, state: DeliveryState, reason: str) -> None:
        """Count a mail that is decided."""
        match state:
            case DeliveryState.FILED:
                self.known += reason == _KNOWN
                self.filed += reason != _KNOWN
            case DeliveryState.SET_ASIDE:
                self.set_aside[reason] += 1
            case DeliveryState.HELD:
                self.held[reason] += 1
            case DeliveryState.FAILED | DeliveryState.RECEIVED:
                self.failed[reason] += 1
                self.failures += [show_id(delivery_id)] * (len(self.failures) < _SHOWN)

    @property
    def mails(self) -> int:
        """How many mails were looked at, and are done with."""
        counted = sum(sum(each.values()) for each in (self.set_aside, self.held, self.failed))
        return self.filed + self.known + counted + sum(self.skipped.values())

    def as_dict(self) -> dict[str, Any]:
        """Say it as JSON."""
        return {
            "mails": self.mails + self.waiting,
            "filed": self.filed,
            "duplicates": self.known,
            "set_aside": dict(self.set_aside),
            "held": dict(self.held),
            "failed": dict(self.failed),
            "failed_deliveries": self.failures,
            "skipped": {str(why): count for why, count in self.skipped.items()},
            "skipped_places": [{"place": place, "reason": str(why)} for place, why in self.places],
            "waiting": self.waiting,
        }

    def lines(self) -> list[tuple[str, int, str]]:
        """Say it in lines: outcome, how many, and why."""
        rows = [("filed", self.filed, ""), ("duplicates", self.known, "filed before, by whatever way")]
        for name, counts in (("set aside", self.set_aside), ("held", self.held), ("failed", self.failed)):
            rows += [(name, count, reason) for reason, count in counts.most_common()]
        rows += [("skipped", count, SKIPS[why]) for why, count in self.skipped.most_common()]
        rows += [("waiting", self.waiting, "handed in; it is filed while bccd serves")]
        return [row for row in rows if row[1]]
