"""A parser process: `python -m bccd.cage`, with the arguments that Pool gives."""

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import cycle

from bccd.cage import wall
from bccd.cage.words import BEGUN, ENDS, FILTERED, NO_MEMORY, READY, TOKEN, encode

_WASTE = 4 * 2**20  # octets of mail after which cycles are collected, since they may hold parts of it
_THRESHOLD = 20_000  # objects; a mail makes thousands, of which few are in cycles


def _confine(memory: int, kept: Sequence[int]) -> bytes:
    """Give up what a parser has no use for, and return the word that says so.

    Its alarm and the end of the socket are what end it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, signal.SIGTERM})
    wall.close_all_but(kept)
    wall.limit(memory)
    return FILTERED if wall.filter_calls() else READY


def _read(parse: Callable[[bytes], object], sheet: int, size: int) -> bytes:
    """Parse the mail on a sheet and return the answer, behind the number that the mail has there."""
    number = os.pread(sheet, TOKEN, 0)
    try:
        return number + encode(("", parse(os.pread(sheet, size, TOKEN))))
    except MemoryError:
        failure = "memory"
    except Exception as error:  # noqa: BLE001 - its text may quote the mail; its class may not
        failure = type(error).__name__
    return number + encode((failure, None))


def _serve(
    channel: socket.socket, sheets: Sequence[int], parse: Callable[[bytes], object], seconds: float
) -> None:
    """Answer job after job, in order, until the filer is gone or memory ran out."""
    turns = cycle(sheets)
    waste = 0
    while tokens := channel.recv(TOKEN * len(sheets)):
        channel.send(BEGUN)
        for start in range(0, len(tokens), TOKEN):
            sheet = next(turns)
            # No handler is set: the kernel ends this process even if the parser never returns to Python.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            size = int.from_bytes(tokens[start : start + TOKEN], "big")
            answer = _read(parse, sheet, size)
            channel.send(os.pwrite(sheet, answer, 0).to_bytes(TOKEN, "big"))
            if answer[TOKEN:] == NO_MEMORY:
                channel.send(ENDS)  # a fragmented heap would make the next mail fail as well
                return
            waste += size
        signal.setitimer(signal.ITIMER_REAL, 0)
        if waste > _WASTE:
            gc.collect()
            waste = 0


def main(arguments: Sequence[str]) -> None:
    """Be a parser process; the arguments are those that Pool gives."""
    name, seconds, memory, channel, *sheets = arguments
    module, _, function = name.partition(":")
    parse = getattr(import_module(module), function)
    wall.preload()
    gc.collect()
    gc.freeze()  # what was imported is looked through no more
    gc.set_threshold(_THRESHOLD, 10, 10)
    with socket.socket(fileno=int(channel)) as sock:
        places = [int(sheet) for sheet in sheets]
        sock.send(_confine(int(memory), [sock.fileno(), *places]))
        _serve(sock, places, parse, float(seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
