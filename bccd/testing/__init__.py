"""Public fakes: a store in memory that does as the SQL stores do, a clock that stands still, builders."""

from bccd.testing.build import FixedClock, Seed, intake_of, raw_mail
from bccd.testing.memory import MemoryStore, MemoryWork
from bccd.testing.rows import fill, rows

__all__ = ["FixedClock", "MemoryStore", "MemoryWork", "Seed", "fill", "intake_of", "raw_mail", "rows"]
