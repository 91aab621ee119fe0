"""What holds for every test of the command line."""

import pytest


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no word folded, wherever the tests run; a test of narrow output says how narrow."""
    monkeypatch.setenv("COLUMNS", "200")
