"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Level(StrEnum):
    """How bad it is."""

    OK = "OK"
    WARN = "WARN"  # works, and will not for long, or not for all
    FAIL = "FAIL"  # does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do if it is not well."""

    level: Level
    topic: str
    sentence: str
    advice: str = ""


def parted(flaw: str, otherwise: str) -> tuple[str, str]:
    """Part a sentence that ends in what to do about permissions; of others that is something else."""
    said, found, how = flaw.partition(": chmod ")
    return said, f"chmod {how}" if found else otherwise


def ok(topic: str, sentence: str) -> Finding:
    """Say that something is well."""
    return Finding(Level.OK, topic, sentence)


def warn(topic: str, sentence: str, advice: str) -> Finding:
    """Say that something will not go well for long."""
    return Finding(Level.WARN, topic, sentence, advice)


def fail(topic: str, sentence: str, advice: str) -> Finding:
    """Say that something does not work."""
    return Finding(Level.FAIL, topic, sentence, advice)
