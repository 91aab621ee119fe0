"""A parser process: `python -m bccd.cage`, with the arguments that Pool gives."""

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import cycle

from bccd.cage.words import BEGUN, LARGEST_ANSWER, NO_MEMORY, READY, SHEETS, TOKEN, encode


def _confine(memory: int) -> None:
    """Give up what a parser has no use for; its alarm and the end of the socket are what end it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, signal.SIGTERM})
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, LARGEST_ANSWER),
        (resource.RLIMIT_NOFILE, 2 * SHEETS + 32),  # codecs are imported when they are first met
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))


def _read(parse: Callable[[bytes], object], sheet: int, size: int) -> bytes:
    """Parse the mail on a sheet and return the answer."""
    failure = ""
    try:
        return encode(("", parse(os.pread(sheet, size, 0))))
    except MemoryError:
        failure = "memory"
    except Exception as error:  # noqa: BLE001 - its text may quote the mail; its class may not
        failure = type(error).__name__
    return encode((failure, None))


def _serve(
    channel: socket.socket, sheets: Sequence[int], parse: Callable[[bytes], object], seconds: float
) -> None:
    """Answer job after job, in order, until the filer is gone or memory ran out."""
    channel.send(READY)
    turns = cycle(sheets)
    while tokens := channel.recv(TOKEN * len(sheets)):
        for start in range(0, len(tokens), TOKEN):
            sheet = next(turns)
            # No handler is set: the kernel ends this process even if the parser never returns to Python.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            channel.send(BEGUN)
            answer = _read(parse, sheet, int.from_bytes(tokens[start : start + TOKEN], "big"))
            os.ftruncate(sheet, 0)
            size = os.pwrite(sheet, answer, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            channel.send(size.to_bytes(TOKEN, "big"))
            if answer == NO_MEMORY:
                return  # a fragmented heap would make the next mail fail as well


def main(arguments: Sequence[str]) -> None:
    """Be a parser process; the arguments are those that Pool gives."""
    name, seconds, memory, channel, *sheets = arguments
    module, _, function = name.partition(":")
    parse = getattr(import_module(module), function)
    with socket.socket(fileno=int(channel)) as sock:
        _confine(int(memory))
        _serve(sock, [int(sheet) for sheet in sheets], parse, float(seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
