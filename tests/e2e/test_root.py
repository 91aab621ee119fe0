"""The daemon as a whole, started as root with `user`."""

import json
import os
import pwd
import random
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.harness import Daemon, mail

pytestmark = [pytest.mark.e2e, pytest.mark.needs("unshare")]
ROOT = Path(__file__).resolve().parents[2]
USER = "nobody"
_NOTHING = "0" * 16


def low_port() -> int:
    """Return a port that only root may have, and that nobody has."""
    while True:
        port = random.randrange(600, 1000)  # noqa: S311 - chance, not secrecy
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


def opened(scratch: Path) -> tuple[str, ...]:
    """Write a wrapper in which every user may run this Python, as where bccd is installed for all.

    What nobody else may enter is replaced, for the wrapped process alone, by a folder with what we need.
    """
    needed = {Path(os.path.realpath(each)) for each in (sys.executable, sys.base_prefix, sys.prefix, ROOT)}
    needed = {path if path.is_dir() else path.parents[1] for path in needed}
    closed = {
        next(above for above in reversed(path.parents) if not above.stat().st_mode & 0o001)
        for path in needed
        if any(not above.stat().st_mode & 0o001 for above in path.parents)
    }
    steps = []
    for number, folder in enumerate(closed):
        held = scratch / f"held-{number}"
        held.mkdir()
        steps += [["mount", "--bind", folder, held], ["mount", "-t", "tmpfs", "-o", "mode=0755", "x", folder]]
        for path in needed:
            if path.is_relative_to(folder):
                steps += [["mkdir", "-p", path], ["mount", "--bind", held / path.relative_to(folder), path]]
    script = " && ".join([*(shlex.join(map(str, step)) for step in steps), 'exec "$0" "$@"'])
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", script)


@pytest.fixture
def daemon(template: Daemon) -> Iterator[Daemon]:
    """An installation of USER's in a folder that all may enter, to be started by root."""
    if os.geteuid() != 0:
        pytest.skip("lacks root")
    folder = Path(tempfile.mkdtemp(prefix="bccd-root-"))  # pytest's own may be entered by root alone
    folder.chmod(0o755)
    made = Daemon(folder, smtp=low_port(), wrapper=opened(folder))
    if subprocess.run([*made.wrapper, "true"], check=False, capture_output=True).returncode:
        shutil.rmtree(folder)
        pytest.skip("lacks the right to mount")
    made.set_up(template)
    file = folder / "bccd.toml"
    file.write_text(f'user = "{USER}"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    user = pwd.getpwnam(USER)
    for path in (made.data, *made.data.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    yield made
    made.kill()
    shutil.rmtree(folder)


def rights(pid: int) -> dict[str, list[str]]:
    """Return the lines of a process's status that tell what it may do (proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    return {
        name: found[name] for name in ("Uid", "Gid", "CapPrm", "CapEff", "CapInh", "CapAmb", "NoNewPrivs")
    }


def test_root_opens_a_port_and_nothing_else(daemon: Daemon) -> None:
    """Mail at a port of root's is filed by processes that are all the user, without a right to go back."""
    user = pwd.getpwnam(USER)
    daemon.start()
    daemon.send(mail("rooted"))
    assert [row.state for row in daemon.wait_filed(1, 30)] == ["filed"]
    assert daemon.process is not None and daemon.smtp < 1024
    children = daemon.children()
    assert len(children) >= 3
    for pid in (daemon.process.pid, *children):
        assert rights(pid) == {
            "Uid": [str(user.pw_uid)] * 4,
            "Gid": [str(user.pw_gid)] * 4,
            "CapPrm": [_NOTHING],
            "CapEff": [_NOTHING],
            "CapInh": [_NOTHING],
            "CapAmb": [_NOTHING],
            "NoNewPrivs": ["1"],
        }
    command = [*daemon.wrapper, sys.executable, "-m", "bccd", *daemon.words("status", "--json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=daemon.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["well"]
    assert {path.stat().st_uid for path in (daemon.data, *daemon.data.rglob("*"))} == {user.pw_uid}
    assert daemon.stop() == 0
