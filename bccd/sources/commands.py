"""Command lines (RFC 5321 4.1.1), taken apart."""

import re

_METHODS = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "CONNECT", "PRI"})
_VERSION = re.compile(r"(?:.* )?[A-Z]+/[0-9](?:\.[0-9])?", re.DOTALL)


def split(line: bytes) -> tuple[str, str]:
    """Take a command line apart; the command is empty where the line is none."""
    if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
        return "", ""
    command, _, argument = line[:-2].partition(b" ")
    try:
        name = command.decode("ascii").upper()
    except UnicodeDecodeError:
        return "", ""
    return name, argument.decode("utf-8", "surrogateescape").strip(" ")


def is_http(command: str, argument: str) -> bool:
    """Tell whether an unknown command is a request line, of a known method or by its version (RFC 9112 3)."""
    return command in _METHODS or _VERSION.fullmatch(argument) is not None


def is_chunk(line: bytes) -> bool:
    """Tell whether a line, or the start of one, means to be BDAT: what follows it is no command."""
    return line.lstrip(b" \t\0")[:4].upper() == b"BDAT"
