"""The benchmark's answer: ratios within a round, and no fault left untold."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.run import Run
from benchmarks.sampling import stacks

POSTFIX = Run(
    peer="Postfix",
    accepted=100,
    refused=0,
    broken=0,
    replies={},
    states={},
    accepted_rate=1000.0,
    filed_rate=None,
    latency_ms={"p50": 10.0, "p99": 20.0},
    cpu_ms={"smtpd": 1.0},
    load_cpu_ms=0.1,
    others=0.0,
)
BCCD = replace(
    POSTFIX,
    peer="bccd",
    states={"filed": 100},
    accepted_rate=900.0,
    filed_rate=800.0,
    cpu_ms={"fronts": 0.5, "filer": 1.6},
    awaited="filed",
)


def test_ratios_are_taken_within_a_round() -> None:
    """A round in which the whole machine was slow counts as much as a fast one."""
    slow = {"bccd": replace(BCCD, filed_rate=80.0), "Postfix": replace(POSTFIX, accepted_rate=100.0)}
    rounds = [{"bccd": BCCD, "Postfix": POSTFIX}, slow]
    assert report.ratios(rounds, "bccd", report.filed) == [0.8, 0.8]


def test_cpu_time_is_compared_with_the_load_generators_on_both_sides() -> None:
    """What a mail costs Postfix divided by what it costs bccd: other work on the machine is in neither."""
    assert report.by_cpu([{"bccd": BCCD, "Postfix": POSTFIX}], "bccd") == [pytest.approx(1.1 / 2.2)]


def test_the_table_has_a_row_a_peer() -> None:
    """Medians with the least and the greatest value, and a dash where a peer does not file."""
    fast = {"bccd": replace(BCCD, accepted_rate=1100.0), "Postfix": POSTFIX}
    head, _, bccd, postfix = report.table([{"bccd": BCCD, "Postfix": POSTFIX}, fast])
    assert head.split("  ")[0] == "peer"
    assert "1,000 (900 to 1,100)" in bccd
    assert "0.80 (0.80 to 0.80)" in bccd
    assert postfix.split()[:2] == ["Postfix", "1,000"]


def test_mail_that_was_not_filed_is_a_fault() -> None:
    """One mail short of what was accepted is told, with what became of it."""
    states = {"filed": 99, "failed: parser_timeout": 1}
    told = report.faults([{"bccd": replace(BCCD, states=states)}])
    assert len(told) == 1
    assert "1 of 100 accepted mails are not filed" in told[0]
    assert "parser_timeout" in told[0]


def test_refusals_are_a_fault() -> None:
    """A rate of mails that were refused or never answered measures nothing."""
    refused = replace(POSTFIX, refused=2, broken=1, replies={"452 full": 2})
    assert "2 refused, 1 without an answer" in report.faults([{"Postfix": refused}])[0]
    assert report.faults([{"bccd": BCCD, "Postfix": POSTFIX}]) == []


def test_samples_are_added_up_by_process(tmp_path: Path) -> None:
    """Parsers are alike and count as one; line numbers do not split a function."""
    output = tmp_path / "samples"
    output.write_text(
        'process 1:"bccd serve";process 2:"bccd serve";run (bccd/filer.py:8) 3\n'
        'process 1:"bccd serve";process 2:"bccd serve";run (bccd/filer.py:9) 4\n'
        'process 1:"bccd serve";process 3:"python -m bccd.cage";parse (bccd/mail/parse.py:1) 5\n'
        'process 1:"bccd serve";process 4:"python -m bccd.cage";parse (bccd/mail/parse.py:1) 6\n',
        encoding="utf-8",
    )
    assert stacks(output, {2: "filer", 3: "parsers", 4: "parsers"}) == {
        "filer": {("run (bccd/filer.py)",): 7},
        "parsers": {("parse (bccd/mail/parse.py)",): 11},
    }
