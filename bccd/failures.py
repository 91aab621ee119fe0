"""What is told of a failure: what was raised and where, never its text, which may quote mail or a secret."""

import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

_FRAMES = 5  # the innermost


def place(error: BaseException) -> str:
    """Say what was raised where, and what caused it."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-_FRAMES:]]
    said = f"{type(error).__name__} at {' > '.join(places)}" if places else type(error).__name__
    return said if error.__cause__ is None else f"{said}, from {place(error.__cause__)}"


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
