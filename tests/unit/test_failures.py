"""What is told of a failure that nobody expects: where it was, and no word of what it was about."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bccd.cage.pool import Parsed, Pool
from bccd.cli import main, serve
from bccd.failures import place
from tests.canary import CANARY
from tests.e2e.harness import free_port

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
