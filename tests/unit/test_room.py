"""Room for another mail: what is told of a disk that is full, and for how long."""

import asyncio
import errno
import os
import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bccd import vitals
from bccd.cli.counted import lacks_room
from bccd.config import Config
from bccd.meters import board
from bccd.meters.board import Board
from bccd.meters.families import NO_ROOM
from bccd.meters.room import LASTS, shortage
from bccd.model.errors import StorageFullError
from bccd.sources.handler import Handler
from bccd.store.engine import failure
from tests.unit.sources.dialogue import Recorder

MIB = 2**20


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> Board:
    """A board of a daemon's processes, of which this one is the filer."""
    for name in ("cells", "notes", "board", "noted"):
        monkeypatch.setattr(board._State, name, getattr(board._State, name))
    made = Board(["front-1", "filer"])
    made.attach("filer")
    return made


def disk(monkeypatch: pytest.MonkeyPatch, free: int, files: int = 0, free_files: int = 0) -> None:
    """Be a file system with this much left, of which some have no number of files."""
    seen = SimpleNamespace(
        f_bavail=free // 4096, f_frsize=4096, f_files=files, f_favail=free_files, f_blocks=0, f_bfree=0
    )
    monkeypatch.setattr(os, "statvfs", lambda _: seen)


def ready(config: Config) -> bool:
    """Ask as /readyz does, in another process's stead."""
    unused: Any = None

    async def answer() -> bool:
        return await vitals.make_checks(config, unused, unused, unused)["disk"]()

    return asyncio.run(answer())


def test_room_is_what_the_largest_mail_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Less is told with both sizes; so is a file system without a file left, and one that is gone."""
    disk(monkeypatch, 36 * MIB)
    assert shortage(tmp_path, 36 * MIB, ()) == ""
    disk(monkeypatch, 36 * MIB - 4096, 1000, 10)
    assert shortage(tmp_path, 36 * MIB, ()).endswith(
        "is full: 36.0 MiB are free, and a mail may need 36.0 MiB"
    )
    disk(monkeypatch, 100 * MIB, 1000, 10)
    assert shortage(tmp_path, 36 * MIB, ()) == ""
    disk(monkeypatch, 100 * MIB, 1000)
    assert shortage(tmp_path, 36 * MIB, ()).endswith("it takes no more files")
    monkeypatch.undo()
    assert "cannot be looked at" in shortage(tmp_path / "none", 1, ())


@pytest.mark.parametrize("way", ["sqlite", "file", "handler"])
def test_a_write_that_finds_no_room_is_known_to_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    """One process's failure makes /readyz and the metric say so, for a while; a quota shows in it alone."""
    disk(monkeypatch, 2**40)
    config = Config(data_dir=tmp_path)
    assert ready(config)
    if way == "handler":
        Handler(Recorder()).failed(OSError(errno.EDQUOT, "quota"), "s1")
    else:
        full: Exception = OSError(errno.ENOSPC, "full")
        if way == "sqlite":
            full = sqlite3.OperationalError("full")
            full.sqlite_errorcode = sqlite3.SQLITE_FULL
        assert isinstance(failure(full), StorageFullError)
    assert not ready(config)
    told = {one.name: one.value for one in vitals._disk(config, board.slots())}
    assert told["bccd_disk_full"] == 1
    answered: Any = vitals.told({})
    assert "a write failed" in lacks_room(config, answered)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LASTS + 1)
    assert ready(config) and lacks_room(config, answered) == ""


def test_other_failures_are_no_shortage(monkeypatch: pytest.MonkeyPatch, shared: Board) -> None:
    """A database that is away, or locked, has room."""
    disk(monkeypatch, 2**40)
    failure(OSError(errno.EIO, "io"))
    failure(sqlite3.OperationalError("locked"))
    Handler(Recorder()).failed(RuntimeError("x"), "s1")
    assert [slot.of(NO_ROOM) for slot in shared.read()] == [0, 0]
