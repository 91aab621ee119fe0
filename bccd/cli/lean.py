"""Imports structlog without rich, with which it would draw tracebacks: 6 MiB and 0.2 s of every process."""

import sys
from importlib import import_module


def _import_without(module: str, unwanted: str) -> None:
    """Import a module to which another, that it can do without, shows itself as missing."""
    if module in sys.modules or unwanted in sys.modules:
        return
    sys.modules[unwanted] = None  # type: ignore[assignment]  # what the import system takes for "not there"
    try:
        import_module(module)
    finally:
        del sys.modules[unwanted]


_import_without("structlog", "rich")
