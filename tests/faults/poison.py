"""A parser that some mail kills, hangs or bloats; it reads all other mail as the real one does."""

import os
import signal

from bccd.mail import parse

FIELD = b"X-Poison: "


def to_file(raw: bytes) -> object:
    """Read a mail, unless it is poison."""
    if raw.startswith(FIELD):
        word = raw[len(FIELD) :].partition(b"\r\n")[0]
        if word == b"dies":
            os.kill(os.getpid(), signal.SIGSEGV)
        if word == b"hangs":
            while True:
                pass
        if word == b"bloats":
            return "x" * 2**33
        raise ValueError(word)
    return parse.to_file(raw)
