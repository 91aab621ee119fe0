"""A database as it stands after years of filing: companies, conversations, messages, all from a seed.

The rows are what filing would have written, in the order it would have written them; only the raw mails
themselves are left out. `python -m benchmarks.population --help` makes one by hand.
"""

from benchmarks.population.load import populate
from benchmarks.population.scale import SIZES, Scale

__all__ = ["SIZES", "Scale", "populate"]
