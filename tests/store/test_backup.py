"""The backup that docs/howto/backup.md describes loses nothing, whatever is under way."""

import asyncio
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bccd.mail.parse import parse
from bccd.model.delivery import Mail
from bccd.model.envelope import Target
from bccd.pipeline import deliver
from bccd.ports import DeliverPorts
from bccd.store.engine import Stores, open_engines
from bccd.store.octets import read_raw
from bccd.store.plain import put_rows
from bccd.store.rawfiles import IN_TABLE
from bccd.store.spool import GroupSpool, SqlQueue, forgive
from bccd.store.uow import SqlWorks
from bccd.testing import FixedClock, intake_of, raw_mail, rows
from tests.store.conftest import config_of
from tests.store.plans import world

DOC = (Path(__file__).resolve().parents[2] / "docs/howto/backup.md").read_text(encoding="utf-8")
PAGE = DOC.partition("## Restore")[0]


def receive(stores: Stores, name: str, size: int = 10) -> None:
    """Spool a mail as a front does."""
    spool = GroupSpool(stores.spool, stores.folder)
    text = "x" * 70 + "\r\n"
    raw = raw_mail(
        "anna@seller.example",
        "jan@customer.example",
        message_id=f"{name}@seller.example",
        text=f"{name}\r\n{text * (size // 72)}",
    )
    asyncio.run(spool.put(intake_of(raw, Target("crm@drop.example", 1))))
    spool.close()


def file(stores: Stores) -> None:
    """File all that waits, as a filer that starts does."""
    forgive(stores.spool, stores.folder)
    queue = SqlQueue(stores.spool, stores.folder)
    clock = FixedClock()
    if claimed := queue.claim(100, clock.now()):
        mails = [Mail(delivery, parse(queue.raw(delivery))) for delivery in claimed]
        queue.finish(deliver(1, mails, DeliverPorts(SqlWorks(stores.database), clock)))


def run(command: str, data: Path, backup: Path) -> None:
    """Do what a line of the page says."""
    command = command.replace("/backup", str(backup))
    if found := re.fullmatch(r'sqlite3 (\S+) "\.backup (\S+)"', command):
        with (
            closing(sqlite3.connect(data / found[1])) as source,
            closing(sqlite3.connect(found[2])) as target,
        ):
            source.backup(target)
    elif found := re.fullmatch(r"sqlite3 (\S+) \"ATTACH 'spool\.db' AS live; (.*)\"", command):
        with closing(sqlite3.connect(found[1])) as target:
            target.execute("ATTACH ? AS live", (str(data / "spool.db"),))
            target.execute(found[2])
            target.commit()
    elif not command.startswith("cd "):
        subprocess.run(["bash", "-ec", command], cwd=data, check=True)


@pytest.mark.parametrize("step", range(8), ids=lambda step: f"before step {step}")
@pytest.mark.parametrize("size", [10, IN_TABLE + 1], ids=["small", "large"])
def test_a_backup_of_a_running_daemon_is_whole(stores: Stores, tmp_path: Path, step: int, size: int) -> None:
    """Whenever mail is received and filed between two steps, what was accepted before them is restored."""
    commands = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
    assert len(commands) == 7
    keys = ("log.key", "secret.key")
    for key in keys:
        (stores.folder / key).write_text(key)
    backup = tmp_path / "backup"
    backup.mkdir()
    put_rows(stores, world().rows)
    receive(stores, "filed-before", size)
    file(stores)
    receive(stores, "waits", size)
    under_way: list[Callable[[], None]] = [
        lambda: file(stores), lambda: receive(stores, "meanwhile", size), lambda: file(stores),
    ]  # fmt: skip
    for place, command in enumerate([*commands, "true"]):
        if place == step:
            for happens in under_way:
                happens()
        run(command, stores.folder, backup)
    assert [(backup / key).read_text() for key in keys] == list(keys)
    restored = open_engines(config_of(backup))
    file(restored)
    found = rows(restored)
    names = [message["msgid"].partition("@")[0] for message in found["message"]]
    assert len(names) == len(set(names))
    assert {"filed-before", "waits"} <= set(names)
    if step <= 3:  # the database is copied after it
        assert "meanwhile" in names
    for copy in found["message_copy"]:
        assert read_raw(restored.spool, backup, 1, copy["raw_sha256"])
    restored.close()
