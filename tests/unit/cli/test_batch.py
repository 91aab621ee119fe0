"""Many mails read at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bccd.cage import pool
from bccd.cli import main
from bccd.cli.reading import batch
from bccd.model.errors import BccdError


def test_every_file_below_a_folder_is_a_line(tmp_path: Path) -> None:
    """Sorted by path; without configuration and database; an empty or unreadable file is a line, too."""
    for name in ("b/2.txt", "a.eml", "b/1", "c/\udcff.eml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"From: x@y.example\nSubject: {name[:1]}\n\nhello\n")
    (tmp_path / "b" / "dangling").symlink_to("nowhere")
    done = CliRunner(env={"BCCD_CONFIG": "/nowhere.toml"}).invoke(main, ["explain", "--batch", str(tmp_path)])
    assert done.exit_code == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == ["a.eml", "b/1", "b/2.txt", "c/\ufffd.eml"]
    assert all(next(iter(line)) == "file" for line in lines)
    assert [line["mail"]["subject"] for line in lines] == ["a", "b", "b", "c"]


def test_a_mail_that_kills_its_reader_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that hangs; all others are read."""
    (tmp_path / "puppet.py").write_text(
        "import os\n"
        "def read(raw):\n"
        "    while raw == b'hang':\n"
        "        pass\n"
        "    if raw == b'die':\n"
        "        os._exit(1)\n"
        "    if raw == b'raise':\n"
        "        raise ValueError\n"
        "    return b'{\"mail\":{}}'\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(batch, "READER", "puppet:read")
    monkeypatch.setattr(batch, "_SECONDS", 0.5)
    folder = tmp_path / "mails"
    folder.mkdir()
    for number, octets in enumerate([b"", b"hang", b"die", b"raise", b"x"]):
        (folder / str(number)).write_bytes(octets)
    for number in range(10, 15):
        (folder / f"x{number}").write_bytes(b"die")  # one after the other, with one reader at a time
    lines = [json.loads(line) for line in batch.read_all(folder, 1)]
    assert [line.get("error", "") for line in lines] == [
        "",
        batch._WORDS["timeout"],
        batch._WORDS["died"],
        "ValueError",
        "",
        *[batch._WORDS["died"]] * 5,
    ]


def test_readers_that_do_not_start_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation ends the command instead of holding it for ever."""
    monkeypatch.setattr(batch, "READER", "no.such.module:read")
    monkeypatch.setattr(batch, "_STARTS", 0)
    monkeypatch.setattr(pool, "_RESPAWN_SECONDS", 0.01)
    (tmp_path / "a.eml").write_bytes(b"")
    with pytest.raises(BccdError, match="do not start"):
        list(batch.read_all(tmp_path, 1))


def test_what_cannot_be_read_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be looked at, and a folder that cannot be listed, end nothing and are told."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "far").symlink_to("x" * 300)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "mail").write_bytes(b"Subject: x\n\nhi\n")
    os.mkfifo(tmp_path / "pipe")
    scandir = os.scandir

    def scan(place: Any) -> Any:
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", scan)
    lines = [json.loads(line) for line in batch.read_all(tmp_path, 1)]
    assert [(line["file"], bool(line.get("error"))) for line in lines] == [
        ("closed", True),
        ("far", True),
        ("mail", False),
    ]


@pytest.mark.parametrize("words", ["explain --json a.eml", "explain --html=- a.eml", "--help", "--version"])
def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path, words: str) -> None:
    """What cannot be written to standard output ends with the reason, and with nothing of Python's own."""
    (tmp_path / "a.eml").write_bytes(b"Subject: x\n\nhi\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bccd", *words.split()],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert (done.returncode, done.stderr) == (1, "bccd: No space left on device\n")


@pytest.mark.parametrize("words", [("--batch", "."), ("--batch", ".", "--to", "x@y.example")])
def test_a_batch_is_for_no_single_mail(words: tuple[str, ...]) -> None:
    """Neither a file nor a wish goes with it, and one of both must be given."""
    extra = ("x.eml",) if len(words) == 2 else ()
    assert CliRunner().invoke(main, ["explain", *words, *extra]).exit_code == 2
    assert CliRunner().invoke(main, ["explain"]).exit_code == 2


@pytest.mark.parametrize("config", ["", "/nowhere.toml"])
def test_one_mail_is_read_without_a_configuration(tmp_path: Path, config: str) -> None:
    """From a file and from standard input alike; nothing but one JSON object is printed."""
    (tmp_path / "a.eml").write_bytes(b"From: x@y.example\nSubject: \xff\n\nhello\n")
    runner = CliRunner(env={"BCCD_CONFIG": config, "BCCD_DATA_DIR": str(tmp_path / "none")})
    done = runner.invoke(main, ["explain", "--json", str(tmp_path / "a.eml")])
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["reply"]["new_text"] == "hello"
    assert told["would"] is None and told["why_not"]
    assert runner.invoke(main, ["explain", "-", "--json"], input="Subject: x\n\nhi").stdout.count("\n}") == 1


def test_a_name_that_is_not_utf8_is_told_in_json() -> None:
    """The answer is JSON in UTF-8 all the same."""
    done = CliRunner().invoke(main, ["explain", "--json", "no\udcff.eml"])
    assert done.exit_code == 6
    assert "no\udcff.eml" in json.loads(done.stdout_bytes.decode("utf-8"))["error"]
