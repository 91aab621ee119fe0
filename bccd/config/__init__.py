"""The configuration: one frozen tree, read from TOML, credential files and the environment."""

from bccd.config.load import check, doubts, effective, load
from bccd.config.tree import (
    Config,
    Database,
    Feed,
    Filing,
    Limits,
    Listen,
    Log,
    Processes,
    Trust,
)

__all__ = [
    "Config",
    "Database",
    "Feed",
    "Filing",
    "Limits",
    "Listen",
    "Log",
    "Processes",
    "Trust",
    "check",
    "doubts",
    "effective",
    "load",
]
