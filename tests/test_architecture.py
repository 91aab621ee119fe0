"""What a reviewer would otherwise have to watch for."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bccd"
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
# The spool takes mail in, the unit of work files it; migrate runs alembic, which keeps its own transactions.
# The pipeline says when: it calls the unit of work's commit through its port, and has no other.
# The engine ends transactions that may only read.
MAY_COMMIT = {"store/spool.py", "store/uow.py", "store/migrate.py", "store/engine.py", "pipeline.py"}
COMMITS = {"commit", "begin", "begin_nested", "begin_twophase"}
RUNS_SQL = {"text", "execute", "executemany", "executescript", "exec_driver_sql"}
SQL_COMMIT = re.compile(r"\s*(?:begin|commit|end|savepoint|release)\b", re.IGNORECASE)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def commits(tree: ast.AST) -> Iterator[int]:
    """The lines that end or open a transaction, by method or by SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in COMMITS:
            yield node.lineno
        elif isinstance(node, ast.Call) and called(node) in RUNS_SQL:
            for argument in node.args:
                match argument:
                    case ast.Constant(value=str(sql)) if SQL_COMMIT.match(sql):
                        yield argument.lineno
                    case _:
                        pass


def test_imports_follow_the_layers() -> None:
    """Every contract in pyproject.toml holds."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("connection.commit()", True),
        ("with engine.begin() as c: pass", True),
        ("done = session.commit", True),
        ("c.execute(text('  COMMIT'))", True),
        ("c.exec_driver_sql('begin immediate')", True),
        ("c.execute('select beginning from t')", False),
        ("'commit'", False),
    ],
    ids=["method", "context", "reference", "text", "driver", "column", "string"],
)
def test_a_commit_is_recognised(code: str, found: bool) -> None:
    """The search below sees each form of a commit, and no word that only looks like one."""
    assert bool(list(commits(ast.parse(code)))) is found


def test_commits_happen_in_two_places() -> None:
    """Only the spool and the unit of work decide when something is durable."""
    found = [
        f"{inside(path)}:{line}"
        for path in modules()
        if inside(path) not in MAY_COMMIT
        for line in commits(ast.parse(path.read_bytes()))
    ]
    assert found == []


def test_functions_are_short() -> None:
    """A function fits on a screen."""
    found = [
        f"{inside(path)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    assert found == []


def test_files_are_short() -> None:
    """A file is read in one go."""
    found = [inside(path) for path in modules() if len(path.read_bytes().splitlines()) > LONGEST_FILE]
    assert found == []


def test_requirements_name_what_the_package_needs() -> None:
    """The locks are made from the package's own dependencies, what makes it fast, and PostgreSQL's driver."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras) == {"fast", "postgres"}
    for name, wanted in (("run", project["dependencies"] + extras["fast"]), ("postgres", extras["postgres"])):
        lines = (ROOT / f"requirements/{name}.in").read_text(encoding="utf-8").splitlines()
        assert sorted(wanted) == sorted(line for line in lines if line and line[0] not in "#-")


def test_everything_is_pinned_by_hash() -> None:
    """Each lock gives every package one version, the same in all locks, and at least one hash."""
    versions: dict[str, set[str]] = {}
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for block in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip()):
            first, *hashes = block.split(" \\\n")
            name, _, rest = first.partition("==")
            versions.setdefault(name, set()).add(rest.split()[0])
            assert hashes and all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}", each) for each in hashes), (
                name
            )
    assert len(versions) > 50
    assert [name for name, found in versions.items() if len(found) > 1] == []


def test_no_file_names_this_machine() -> None:
    """No tracked file holds the path of a checkout or of somebody's home."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("lacks git")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    # A one-part path such as / or /srv is anybody's; with its slash, a home such as that of root is not.
    places = {str(ROOT), *([f"{Path.home()}/"] if Path.home() != Path("/") else [])}
    needles = [place.encode() for place in places if place.count("/") > 1]
    found = [
        name.decode()
        for name in listed.split(b"\0")
        if name and (path := ROOT / name.decode()).is_file() and any(n in path.read_bytes() for n in needles)
    ]
    assert found == []
