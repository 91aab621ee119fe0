"""Files that are another user's, read-only, unreadable or damaged: one sentence, and no traceback."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bccd.cli import main
from bccd.cli.access import AccessError, name_of, require_own_folder, sentence, whose_turn
from bccd.store import damage

NOBODY = 4_000_000  # has no name


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a database."""
    path = tmp_path / "bccd.toml"
    path.write_text(
        f'data_dir = "{tmp_path}/data"\n[trust]\nnetworks = ["127.0.0.1"]\n'
        '[listen]\nsmtp = ["127.0.0.1:0"]\nlmtp = []\nhttp = []\n',
        encoding="utf-8",
    )
    assert run(path, "migrate").exit_code == 0
    return path


def run(config: Path, *words: str) -> Result:
    return CliRunner(env={"BCCD_CONFIG": str(config)}).invoke(main, words)


def told(result: Result, code: int) -> str:
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1), result.stderr
    return result.stderr


def test_what_root_made_is_to_be_given_away() -> None:
    """Nobody is told to run bccd as root; a folder of any other user is used as that user."""
    assert whose_turn(Path("/srv/a b"), 0).endswith("'/srv/a b'") and "sudo" not in whose_turn(Path("/x"), 0)
    assert whose_turn(Path("/srv"), NOBODY) == f"run it as that user, for instance with sudo -u #{NOBODY}"


COMMANDS = [
    ("migrate",),
    ("serve",),
    ("queue", "list"),
    ("queue", "retry", "0" * 13),
    ("queue", "delete", "--yes", "0" * 13),
    ("directory", "list", "company"),
    ("directory", "add", "never-log", "--entry", "x@y.example"),
    ("explain", "0" * 13),
    ("show", "1", "--as", "x@y.example"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_folder_of_another_user_is_told(
    config: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that opens it names both users and what to do, root not excepted."""
    owner = name_of((config.parent / "data").stat().st_uid)
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    line = told(run(config, *words), 1)
    assert f"belongs to {owner}, and this is user #{NOBODY}" in line
    assert (f"chown -R {NOBODY} " if owner == "root" else f"sudo -u {owner}") in line


@pytest.mark.parametrize("name", ["data", "spool.db", "bccd.lock"])
def test_a_file_that_cannot_be_written_is_told(
    config: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file that is read-only or that root left behind is told by its name before anything is opened."""

    def access_to(path: Path, _mode: int, *, effective_ids: bool) -> bool:
        assert effective_ids
        return Path(path).name != name

    monkeypatch.setattr(os, "access", access_to)
    assert f"{name} cannot be written by user" in told(run(config, "queue", "list"), 1)


def test_a_folder_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    """Whoever makes it says what is wrong."""
    require_own_folder(tmp_path / "none")
    (tmp_path / "file").touch()
    require_own_folder(tmp_path / "file" / "below")


def test_a_folder_that_cannot_be_reached_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder below one that is closed is one sentence with its name."""

    def closed(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", closed)
    with pytest.raises(AccessError, match=f"^{tmp_path}: Permission denied for user "):
        require_own_folder(tmp_path)


def test_any_error_of_the_system_is_a_sentence(config: Path) -> None:
    """What nobody foresaw ends in the file and the reason: here a log key that is a folder."""
    (config.parent / "data" / "log.key").mkdir()
    assert told(run(config, "serve"), 1) == f"bccd: {config.parent}/data/log.key: Is a directory\n"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError(17, "File exists", "/a", None, "/b"), "/a and /b: File exists"),
        (OSError("odd"), "odd"),
    ],
)
def test_errors_of_the_system_name_their_files(error: OSError, expected: str) -> None:
    """All files that the system names are told."""
    assert sentence(error) == expected


# ---- damage ----------------------------------------------------------------------------------------------


@pytest.fixture
def damaged(config: Path) -> Path:
    """A database with a page of nonsense, as left when an old file meets a newer log."""
    path = config.parent / "data" / "bccd.db"
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 8 * 4096] = b"\xff" * (3 * 4096)
    path.write_bytes(content)
    return config


@pytest.mark.parametrize("words", [("migrate",), ("migrate", "--no-check"), ("serve",)], ids=" ".join)
def test_a_damaged_database_is_refused(damaged: Path, words: tuple[str, ...]) -> None:
    """It is neither migrated nor served, and the page that helps is named."""
    line = told(run(damaged, *words), 4)
    assert "bccd.db is damaged" in line and "docs/howto/backup.md" in line


def test_a_file_of_something_else_is_refused(config: Path) -> None:
    """A file that is no database is damage too."""
    (config.parent / "data" / "spool.db").write_bytes(b"no database" * 1000)
    assert "spool.db is damaged (file is not a database)" in told(run(config, "migrate"), 4)


def test_a_large_file_is_read_whole_only_where_there_is_time(
    damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a start only small files are read from end to end; migrate reads all."""
    monkeypatch.setattr(damage, "SMALL", 0)
    assert run(damaged, "migrate", "--no-check").exit_code == 0
    assert run(damaged, "migrate").exit_code == 4


def test_a_database_in_use_is_checked_too(config: Path) -> None:
    """A writer does not keep the check from reading."""
    with closing(sqlite3.connect(config.parent / "data" / "bccd.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert run(config, "queue", "list").exit_code == 0
        damage.refuse_damaged(_Config(config.parent / "data"), thorough=True)


class _Config:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.database = self
        self.url = ""


# ---- errors for programs ---------------------------------------------------------------------------------


def test_errors_are_json_too(config: Path) -> None:
    """With --json one error is an object with `error`, mistakes are a list; both also stand on stderr."""
    done = run(config, "queue", "show", "--json", "x")
    answer = json.loads(done.stdout)
    assert answer["ok"] is False and done.stderr == f"bccd: {answer['error']}\n"
    config.write_text('data_dir = "x"\n', encoding="utf-8")
    done = run(config, "--json", "check-config")
    assert (done.exit_code, json.loads(done.stdout)["mistakes"]) == (3, [done.stderr[len("bccd: ") : -1]])


def test_what_is_hardly_meant_is_warned_about(config: Path) -> None:
    """check-config passes, and says on both outputs what has no effect."""
    text = 'data_dir = "/nowhere"\n[trust]\nauthserv_ids = ["mx.example.com"]\n'
    config.write_text(text, encoding="utf-8")
    done = run(config, "check-config", "--json")
    (warning,) = json.loads(done.stdout)["warnings"]
    assert (done.exit_code, done.stderr) == (0, f"bccd: warning: {warning}\n")
