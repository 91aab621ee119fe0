"""What is told of a failure that nobody expects: where it was, and no word of what it was about."""

import errno
import json
import socket
import sqlite3
import ssl
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from bccd.cage.pool import Parsed, Pool
from bccd.cli import main, serve
from bccd.config import Log
from bccd.failures import place
from bccd.observe import configure
from bccd.sources.handler import Handler
from bccd.store.engine import failure
from tests.canary import CANARY
from tests.e2e.harness import free_port
from tests.unit.sources.dialogue import Recorder

FALLING = """
class Fall(BaseException): ...

class Late:
    def __del__(self):
        raise RuntimeError("zimorodek")

def parse(raw):
    Late()
    raise Fall(raw)
"""


def fall() -> None:
    """Fail for a reason that has one itself."""
    try:
        int(CANARY)
    except ValueError as error:
        raise KeyError(CANARY) from error


def test_a_place_has_no_text() -> None:
    """The class, the innermost frames and the cause are told; of what has no frame the class."""
    with pytest.raises(KeyError) as raised:
        fall()
    said = place(raised.value)
    assert said.startswith("KeyError at test_failures.py:") and ", from ValueError at " in said
    assert CANARY not in said
    assert place(OSError(CANARY)) == "OSError"


def test_a_place_has_what_the_system_says(tmp_path: Path) -> None:
    """The name of an error's number, the code of SQLite or PostgreSQL; nothing else that looks like one."""
    assert place(OSError(errno.ENOSPC, CANARY)) == "OSError ENOSPC"
    assert place(FileNotFoundError(errno.ENOENT, CANARY, CANARY)) == "FileNotFoundError ENOENT"
    assert place(ssl.SSLError(1, CANARY)) == "SSLError"
    assert place(socket.herror(1, CANARY)) == "herror"
    with closing(sqlite3.connect(tmp_path / "a")) as made:
        made.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as raised:
            made.execute("CREATE TABLE a (b)")
    assert place(raised.value).startswith("OperationalError SQLITE_FULL at test_failures.py:")
    assert place(psycopg.errors.DiskFull(CANARY)) == "DiskFull 53100"
    error = ValueError(CANARY)
    error.sqlstate = CANARY  # type: ignore[attr-defined]
    assert place(error) == "ValueError"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, CANARY), "OSError ENOSPC"),
        (failure(OSError(errno.EDQUOT, CANARY)), "StorageFullError"),
    ],
    ids=["file", "store"],
)
def test_what_was_not_received_is_logged_with_the_reason(
    error: BaseException, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who reads receive_failed on a full disk need not guess that it is full."""
    configure(Log(), "front-1")
    error.__cause__ = OSError(errno.EDQUOT, CANARY)
    Handler(Recorder()).failed(error, "s1")
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["session"]) == ("receive_failed", "s1")
    assert line["exception"] == f"{said}, from OSError EDQUOT"


def test_a_command_that_fails_for_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It ends with one sentence that can be reported, and no traceback, for that would quote what it read."""

    def fail(*_: object) -> object:
        raise KeyError(CANARY)

    monkeypatch.setattr(serve, "effective", fail)
    config = tmp_path / "bccd.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n', encoding="utf-8")
    done = CliRunner().invoke(main, ["check-config", "--all", "--config", str(config)])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("bccd: a mistake of bccd's own, please report it: KeyError at ")
    assert CANARY not in done.output


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"postgresql://bccd:{CANARY}@127.0.0.1:{{port}}/bccd", 4),
        (f"mysql://bccd:{CANARY}@127.0.0.1/bccd", 3),
        (f"postgresql://bccd:{CANARY}@[127.0.0.1/bccd", 3),
        (f"postgresql://bccd:{CANARY}@127.0.0.1:none/bccd", 3),
        (f"postgresql://bccd:not@{CANARY}:5@127.0.0.1/bccd", 3),
        (f"postgresql://bccd:a:{CANARY}/b?@127.0.0.1:{{port}}/bccd", 4),
        (f"postgresql://bccd:{CANARY}@/bccd?host=/{CANARY[:3]}", 4),
        (f"postgresql://127.0.0.1:{{port}}/bccd?password={CANARY}", 4),
        (f"postgresql://127.0.0.1:{{port}}/bccd?password={CANARY}&sslmode=what", 4),
        (f"{CANARY} {CANARY}", 3),
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(
    url: str, code: int, tmp_path: Path
) -> None:
    """A server that does not answer is not quoted with the password, nor is a URL that is none."""
    config = tmp_path / "bccd.toml"
    config.write_text(f'data_dir = "{tmp_path}/data"\n', encoding="utf-8")
    env = {"BCCD_DATABASE__URL": url.format(port=free_port())}
    done = CliRunner().invoke(main, ["migrate", "--json", "--config", str(config)], env=env)
    assert (done.exit_code, CANARY in done.output) == (code, False), done.output
    shown = CliRunner().invoke(main, ["check-config", "--all", "--config", str(config)], env=env)
    assert CANARY not in shown.output


def test_a_parser_that_falls_does_not_quote_the_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing that a parser dies of reaches standard error, which is the log's."""
    (tmp_path / "falling.py").write_text(FALLING, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pool = Pool(1, 30.0, 300 * 2**20, parser="falling:parse")
    found: list[Parsed] = []
    try:
        pool.submit(1, CANARY.encode())
        while not found:
            found = pool.results(1.0)
    finally:
        pool.close()
    assert [parsed.failure for parsed in found] == ["died"]
    said = capfd.readouterr()
    assert (said.err, CANARY in said.out) == ("", False)
