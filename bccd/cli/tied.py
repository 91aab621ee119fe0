"""`bccd` as a child that does not outlive its parent: `python -m bccd.cli.tied PARENT serve ...`."""

import ctypes
import os
import signal
import sys

from bccd.cli import main as bccd

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Have the kernel send SIGTERM when the parent is gone, however it went, then be the command."""
    parent = int(sys.argv.pop(1))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # else it died before the kernel was asked
        bccd(prog_name="bccd")


if __name__ == "__main__":
    main()
