"""What is told of a failure: what was raised and where, never its text, which may quote mail or a secret."""

import errno
import re
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

_FRAMES = 5  # the innermost
_CODE = re.compile(r"SQLITE_[A-Z_]{1,40}|[0-9A-Z]{5}")


def place(error: BaseException) -> str:
    """Say what was raised where, what the system calls it, and what caused it."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-_FRAMES:]]
    name = " ".join(filter(None, (type(error).__name__, _code(error))))
    said = f"{name} at {' > '.join(places)}" if places else name
    return said if error.__cause__ is None else f"{said}, from {place(error.__cause__)}"


def _code(error: BaseException) -> str:
    """Return what the system (ENOSPC), SQLite (SQLITE_FULL) or PostgreSQL (53100) calls it; none is text."""
    if isinstance(error, OSError):  # those of OpenSSL and of name look-ups have numbers of their own
        ours = type(error).__module__ == OSError.__module__
        return errno.errorcode.get(error.errno or 0, "") if ours else ""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def tell_uncaught(tell: Callable[[BaseException], None]) -> None:
    """Have what nobody catches in this process told by a function, and not by Python, with its text."""

    def uncaught(_kind: type[BaseException], error: BaseException, _traceback: object) -> None:
        tell(error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            tell(args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            tell(args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable
