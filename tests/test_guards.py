"""The guards of conftest.py guard."""

import dataclasses
import os
import socket
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from bccd.model.message import Mailbox
from tests.canary import CANARY, Watch, leaks

CONFTEST = Path(__file__).with_name("conftest.py")
SKIPPED = """
import pytest

@pytest.mark.needs("no-such-program")
def test_one(): ...

@pytest.mark.needs("no-such-program", "sh")
def test_two(): ...
"""


def test_connect_stays_on_the_machine() -> None:
    """A connection to any address but loopback is refused before a packet leaves."""
    with socket.socket() as sock, pytest.raises(RuntimeError, match="stay on loopback"):
        sock.connect(("192.0.2.1", 25))


def test_datagrams_stay_on_the_machine() -> None:
    """So is a datagram, which is how a DNS query would leave."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(RuntimeError, match="stay on loopback"):
        sock.sendto(b"", ("192.0.2.1", 53))


def test_names_are_not_looked_up() -> None:
    """No real name server is asked."""
    with pytest.raises(RuntimeError, match="no real name server"):
        socket.getaddrinfo("mail.example", 25)


def test_loopback_is_open() -> None:
    """A test may talk to a server it started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()


def run(folder: Path, *, require_all: bool) -> str:
    """What pytest prints for two tests that lack a program."""
    (folder / "conftest.py").write_bytes(CONFTEST.read_bytes())
    (folder / "test_skipped.py").write_text(SKIPPED, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = needs: programs\n", encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BCCD_", "PYTEST_"))}
    if require_all:
        env["BCCD_REQUIRE_ALL"] = "1"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "."]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stdout


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """Skips for lack of a program end in one line that says what to install."""
    out = run(tmp_path, require_all=False)
    assert "skipped for lack of: no-such-program (2): install them or run .ci/run" in out
    assert "2 skipped" in out


def test_nothing_may_be_missing_in_ci(tmp_path: Path) -> None:
    """With BCCD_REQUIRE_ALL the same skips are failures."""
    out = run(tmp_path, require_all=True)
    assert "BCCD_REQUIRE_ALL is set, and this was skipped: lacks no-such-program" in out
    assert "2 failed" in out or "2 errors" in out


def test_a_log_is_looked_through_for_what_was_confided() -> None:
    """The canary is found plain, in any case, and in Base64 wherever it begins; an address by its form."""
    blobs = [b64encode(b"\0" * before + CANARY.encode() + b"\0\0").decode() for before in range(3)]
    held = [CANARY, f"x={CANARY.upper()}.", *blobs, CANARY.encode().hex(), "to=<a@b>"]
    assert leaks("\n".join(["quiet", *held, "quiet @ night"])) == held


def test_a_log_is_looked_through_once(tmp_path: Path) -> None:
    """What was found is not found again, and what nobody writes any more is let go."""
    log, written, watch = tmp_path / "log", [True], Watch()
    log.write_text(f"{CANARY} 1\n{CANARY}", encoding="utf-8")
    watch.add(log, lambda: written[0])
    assert watch.leaks() == [f"{CANARY} 1", CANARY]
    log.write_text(f"{CANARY} 1\n{CANARY} 2\n", encoding="utf-8")
    written.clear()
    written.append(False)
    assert watch.leaks() == [f"{CANARY} 2"]
    assert watch.leaks() == []


def test_a_struct_is_replaced_by_msgspec_alone() -> None:
    """dataclasses.replace() raises for one; mypy says so, or else what it is told here is unused."""
    with pytest.raises(TypeError, match="dataclass instances"):
        dataclasses.replace(Mailbox("Jan", "jan@e.example"), name="")  # type: ignore[misc]
