"""The configuration: one frozen tree, read from TOML, credential files and the environment."""

from bccd.config.doubts import doubts
from bccd.config.load import check, effective, load
from bccd.config.tree import (
    Config,
    Database,
    Feed,
    Filing,
    Limits,
    Listen,
    Log,
    Outbound,
    Processes,
    Tls,
    Trust,
    Verify,
)

__all__ = [
    "Config",
    "Database",
    "Feed",
    "Filing",
    "Limits",
    "Listen",
    "Log",
    "Outbound",
    "Processes",
    "Tls",
    "Trust",
    "Verify",
    "check",
    "doubts",
    "effective",
    "load",
]
