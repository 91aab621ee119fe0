"""What /proc tells of processes."""

import os

from benchmarks import machine

ROLLUP = """\
5581c2a00000-7ffd1c9f7000 ---p 00000000 00:00 0                          [rollup]
Rss:               51234 kB
Pss:               20480 kB
Pss_Dirty:         10240 kB
Pss_Anon:           9000 kB
Shared_Clean:      12000 kB
"""


def test_pss_is_read_from_the_rollup() -> None:
    """Only the line named Pss counts, not those whose names begin so."""
    assert machine.pss_of(ROLLUP) == 20480
    assert machine.pss_of("") == 0


def test_memory_is_added_up_by_role() -> None:
    """Every process of a tree counts once, under what it does."""
    sizes = machine.memory([os.getpid()], lambda process, _: "own" if process.pid == os.getpid() else "child")
    assert sizes["own"] > 1
