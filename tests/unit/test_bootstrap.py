"""The composition root: what only shows when the parts are put together."""

import threading
import time
from functools import partial
from pathlib import Path

import pytest

from bccd import bootstrap
from bccd.cage.pool import Pool
from bccd.config import Config, load
from bccd.door import ask
from bccd.store import migrate
from bccd.store.engine import open_engines


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """An installation whose databases are made."""
    made = load(None, {"BCCD_DATA_DIR": str(tmp_path / "data")})
    migrate.upgrade(made)
    return made


def ping(config: Config, seconds: float) -> set[object]:
    """Ask a filer for a while what /readyz asks it, and return its answers."""
    stores = open_engines(config)
    filer = bootstrap.make_filer(config, stores)
    thread = threading.Thread(target=filer.run)
    thread.start()
    answers: set[object] = set()
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and "pong" not in answers:
            answers.add(ask(config.data_dir, "ping", {}, 5.0))
            time.sleep(0.02)
    finally:
        filer.stop()
        thread.join()
        filer.close()
        stores.close()
    return answers


def test_a_filer_without_a_parser_is_not_ready(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as no parser comes up no mail can be filed, and the filer says so; then it answers pong."""
    monkeypatch.setattr(bootstrap, "Pool", partial(Pool, parser="no.such.module:parse"))
    assert ping(config, 0.5) == {"no parser is up"}
    monkeypatch.undo()
    assert "pong" in ping(config, 10.0)
