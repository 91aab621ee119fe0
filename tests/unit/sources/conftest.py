"""Listeners for the tests of this folder."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests import certificate
from tests.unit.sources.dialogue import Desk, Start, starting


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    return certificate.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start]:
    """A maker of running listeners."""
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def desk(start: Start) -> Desk:
    """A running listener with ordinary limits."""
    return start()
