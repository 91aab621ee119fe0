"""Commands that are printed for people to copy."""

import shlex
import sys
from pathlib import Path

import pytest

from bccd.cli.copyable import lines, program

LONG = [
    "bccd",
    "explain",
    "--config",
    "/a/very/long/path/to/a/folder/of/the/user/bccd.toml",
    "--as",
    "a b",
    "1",
]


@pytest.mark.parametrize("words", [["bccd", "demo"], LONG, ["x" * 200, "--y", "z"]])
def test_a_shell_reads_the_same_words(words: list[str]) -> None:
    """However a command is broken into lines, it is one command of the same words."""
    assert shlex.split(lines(words).replace("\\\n", "")) == words


def test_no_line_is_wider_than_a_terminal() -> None:
    """No line has more than 80 columns, unless one word has; an option stays with its value."""
    laid = lines([*LONG, "--header", "Subject: my own mail", "--body", "As agreed."]).splitlines()
    assert len(laid) > 1 and max(map(len, laid)) <= 80
    assert any("--header 'Subject: my own mail'" in line for line in laid)


def test_the_program_is_called_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name only where the shell finds that very file; below here by its relative path."""
    called = tmp_path / "bin" / "bccd"
    called.parent.mkdir()
    called.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert program(str(called)) == ["bin/bccd"]
    monkeypatch.chdir("/")
    assert program(str(called)) == [str(called).lstrip("/")]
    monkeypatch.setenv("PATH", str(called.parent))
    assert program(str(called)) == ["bccd"]


def test_a_module_is_called_as_one() -> None:
    """`python -m bccd` has no file of its own to call."""
    assert program("/x/bccd/__main__.py")[1:] == ["-m", "bccd"]
    assert Path(program("/x/bccd/__main__.py")[0]).name == Path(sys.executable).name
