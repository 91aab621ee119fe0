"""Listeners for the tests of this folder."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.unit.sources.dialogue import Desk, Start, starting


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start]:
    """A maker of running listeners."""
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def desk(start: Start) -> Desk:
    """A running listener with ordinary limits."""
    return start()
