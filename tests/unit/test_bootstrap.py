"""The composition root: what only shows when the parts are put together."""

import threading
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bccd import bootstrap
from bccd.cage.pool import Pool
from bccd.config import Config, load
from bccd.door import ask
from bccd.model.errors import StoreUnavailableError
from bccd.store import chores, migrate
from bccd.store.engine import open_engines


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """An installation whose databases are made."""
    made = load(None, {"BCCD_DATA_DIR": str(tmp_path / "data")})
    migrate.upgrade(made)
    return made


def test_what_was_on_its_way_in_is_cleared(config: Config) -> None:
    """Files and folders that a killed daemon left in tmp/ are gone after the check, nothing else is."""
    folder, outside = config.data_dir / "tmp", config.data_dir / "outside"
    (folder / "sub" / "deep").mkdir(parents=True)
    outside.mkdir()
    for path in (folder / "mail", folder / "sub" / "deep" / "mail", outside / "mail"):
        path.write_bytes(b"half")
    (folder / "link").symlink_to(outside)
    bootstrap.check(config)
    assert list(folder.iterdir()) == []
    assert (outside / "mail").exists()


def test_the_sweeper_runs_at_the_start_and_survives(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sweeps at once, whatever goes wrong, and then once a day until it is told to end."""
    ended = threading.Event()
    swept: list[float] = []

    def fail(*_: object) -> int:
        swept.append(time.monotonic())
        if len(swept) > 1:
            ended.set()
        raise StoreUnavailableError("away") if len(swept) > 1 else ValueError("of ours")

    purged: list[datetime] = []
    monkeypatch.setattr(chores, "sweep", fail)
    monkeypatch.setattr(chores, "purge", lambda _, before: purged.append(before))
    monkeypatch.setattr(chores, "_DAY", timedelta(seconds=0.2))
    stores = open_engines(config)
    chores.sweep_daily(stores, ended, config.feed, bootstrap.SystemClock().now)
    stores.close()
    assert len(swept) == 2 and swept[1] - swept[0] >= 0.2
    assert len(purged) == 2 and purged[1] - purged[0] >= timedelta(seconds=0.2)


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
