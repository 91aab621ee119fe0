"""python -m tests.fuzz [TARGET...]: FUZZ_SECONDS for each (180), FUZZ_SEED to repeat a run."""

import logging
import os
import secrets
import sys
from random import Random

import structlog

from tests.fuzz.driver import fuzz, keep
from tests.fuzz.targets import TARGETS


def main(names: list[str]) -> int:
    """Run the targets one after the other; returns 1 where something was found."""
    seconds = float(os.environ.get("FUZZ_SECONDS") or 180)
    seed = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(1 << 32))
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        sys.stderr.write(f"no such target: {', '.join(unknown)}; there are: {', '.join(TARGETS)}\n")
        return 2
    sys.stdout.write(f"seed {seed}, {seconds:g} s each\n")
    sys.stdout.flush()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = 0
    for name in names or TARGETS:
        report = fuzz(TARGETS[name], seconds, Random(f"{seed} {name}"))  # noqa: S311 - repeatable, not secret
        sys.stdout.write(
            f"{name:<12} {report.runs:>9} inputs {report.corpus:>6} kept {report.lines:>6} lines"
            f" {len(report.found):>3} found\n"
        )
        for path, (_, mistake) in zip(keep(report), report.found, strict=True):
            sys.stdout.write(f"  {path}\n    {mistake}\n")
        sys.stdout.flush()
        found += len(report.found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
