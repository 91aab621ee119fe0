"""Kills a daemon at random moments of deliveries, and looks at what stands in the end."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.faults.failing import Failing
from tests.faults.senders import Senders

WHOM = ("all", "all", "fronts", "filer", "parsers", "supervisor")
_AT_LEAST, _AT_MOST = 5, 40  # mails between two kills


@dataclass(frozen=True)
class Survived:
    """What was killed how often, and what became of the mail."""

    killed: Counter[str]
    acked: int
    states: Counter[str]
    reasons: Counter[str]  # why what is not filed is not
    repeated: int  # replies other than 250


def survive(
    daemon: Failing,
    chance: random.Random,
    kills: int,
    *,
    whom: Sequence[str] = WHOM,
    tell: Callable[[int], None] = lambda _: None,
) -> Survived:
    """Kill so many times while six senders are at work; AssertionError: mail is lost or doubled."""
    daemon.start()
    senders = Senders(daemon, threads=6)
    killed: Counter[str] = Counter()
    for number in range(kills):
        senders.wait(len(senders.acked) + chance.randint(_AT_LEAST, _AT_MOST), 120)
        time.sleep(chance.uniform(0, 0.1))
        role = whom[number % len(whom)] if number < len(whom) else chance.choice(whom)
        daemon.strike(role)
        killed[role] += 1
        tell(number + 1)
    senders.wait(len(senders.acked) + 20, 120)
    senders.stop(120)
    daemon.took(senders)
    states = daemon.check()
    reasons = Counter(row.reason for row in daemon.deliveries() if row.state != "filed")
    return Survived(killed, len(daemon.acked), states, reasons, sum(senders.codes.values()))
