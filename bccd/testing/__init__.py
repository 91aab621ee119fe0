"""Public fakes: a store in memory that does as the SQL stores do, a DNS, a clock that stands, builders."""

from bccd.testing.build import FixedClock, Seed, intake_of, raw_mail
from bccd.testing.memory import MemoryStore, MemoryWork
from bccd.testing.resolver import FakeResolver, Zone
from bccd.testing.rows import fill, rows

__all__ = [
    "FakeResolver",
    "FixedClock",
    "MemoryStore",
    "MemoryWork",
    "Seed",
    "Zone",
    "fill",
    "intake_of",
    "raw_mail",
    "rows",
]
