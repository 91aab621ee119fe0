"""The supervisor with fronts and filers that only say what happens to them."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = """
import os, pathlib, signal, sys, time
from bccd import daemon
from bccd.daemon import supervisor
from bccd.config import Config, Filing, Listen, Log, Processes
from bccd.model.errors import BccdError, SchemaError

folder, mode = pathlib.Path(sys.argv[1]), sys.argv[2]

def say(*words):
    with open(folder / "said", "a") as file:
        file.write(" ".join(map(str, words)) + chr(10))

def serve(name, links):
    lifeline, stopping = links.lifeline, []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    say("start", name, os.getpid())
    if mode == "hanging filer" and name == "filer" and not (folder / "hung").exists():
        (folder / "hung").touch()
        links.pulse.beat()
        time.sleep(60)
    os.set_blocking(lifeline, False)
    while not stopping:
        time.sleep(0.01)
        if links.pulse and not (mode == "hang" and name == "front-1"):
            links.pulse.beat()
        try:
            if os.read(lifeline, 1) == b"":
                say("orphan", name)
                time.sleep(1)
                return 0
        except BlockingIOError:
            pass
    time.sleep(60 if mode == "stubborn" else 0.2)
    say("end", name)
    return 0

def front(name, sockets, links):
    if mode == "crash":
        say("start", name, os.getpid())
        raise RuntimeError("always")
    if mode == "hang":
        links.pulse.beat()
    return serve(name, links)

def check():
    if mode == "schema":
        raise SchemaError("the databases are missing: run `bccd migrate`")

if mode == "hanging filer":
    supervisor._LOOK_SECONDS, supervisor._FILER_HANG_SECONDS = 0.05, 1.0
if mode == "hang":
    supervisor._LOOK_SECONDS, supervisor._HANG_SECONDS = 0.05, 1.0
config = Config(data_dir=folder / "data", listen=Listen((), (), ()), processes=Processes(fronts=2),
                log=Log(format="json"))
try:
    sys.exit(daemon.run(config, front, serve, check))
except BccdError as error:
    print(error)
    sys.exit(9)
"""


class Told:
    """A supervisor's process, and what its children said."""

    def __init__(self, folder: Path, mode: str, environment: dict[str, str]) -> None:
        self.said = folder / "said"
        program = folder / "program.py"
        program.write_text(PROGRAM, encoding="utf-8")
        command = [sys.executable, str(program), str(folder), mode]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )

    def lines(self, word: str = "") -> list[list[str]]:
        text = self.said.read_text(encoding="ascii") if self.said.exists() else ""
        return [line.split() for line in text.splitlines() if line.startswith(word)]

    def wait_for(self, number: int, word: str = "start") -> list[list[str]]:
        deadline = time.monotonic() + 10
        while len(self.lines(word)) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.lines(word)) >= number, self.lines()
        return self.lines(word)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        for _, _, pid in self.lines("start"):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except FileNotFoundError:
                continue
            if b"program.py" in command:
                os.kill(int(pid), signal.SIGKILL)


Start = Callable[..., Told]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start supervisors; what is left of them ends with the test."""
    started: list[Told] = []

    def make(mode: str = "", **environment: str) -> Told:
        started.append(Told(tmp_path, mode, environment))
        return started[-1]

    yield make
    for told in started:
        told.end()


def test_a_dead_child_is_started_again(start: Start) -> None:
    """A filer that is killed is replaced by a new one; the fronts stay."""
    told = start()
    pids = {name: int(pid) for _, name, pid in told.wait_for(3)}
    os.kill(pids["filer"], signal.SIGKILL)
    last = told.wait_for(4)[-1]
    assert last[1] == "filer" and int(last[2]) != pids["filer"]


def test_processes_can_be_told_apart(start: Start) -> None:
    """Top and ps name each by what it does."""
    told = start()
    for _, name, pid in told.wait_for(3):
        assert Path(f"/proc/{pid}/comm").read_text(encoding="ascii") == f"bccd-{name}\n"


def test_a_crashing_child_is_started_ever_more_slowly(start: Start) -> None:
    """A front that dies at its start does not keep the machine busy."""
    told = start("crash")
    told.wait_for(5)
    time.sleep(1.5)
    assert len(told.lines("start front-1")) <= 5


def test_a_front_that_hangs_is_started_again(start: Start) -> None:
    """A front whose loop does not come round is killed and replaced; one that shows life stays."""
    told = start("hang")
    assert sorted(name for _, name, _ in told.wait_for(4)) == ["filer", "front-1", "front-1", "front-2"]
    told.process.send_signal(signal.SIGTERM)
    log, _ = told.process.communicate(timeout=15)
    assert [line for line in log.splitlines() if "child_hangs" in line and "front-1" in line]


def test_a_filer_that_hangs_is_started_again(start: Start) -> None:
    """A filer whose loop does not come round is killed and replaced; the fronts stay."""
    told = start("hanging filer")
    assert sorted(name for _, name, _ in told.wait_for(4)) == ["filer", "filer", "front-1", "front-2"]
    told.process.send_signal(signal.SIGTERM)
    log, _ = told.process.communicate(timeout=15)
    assert [line for line in log.splitlines() if "child_hangs" in line and '"filer"' in line]


def test_stopping_goes_in_order(start: Start) -> None:
    """SIGTERM ends the fronts first and then the filer; the exit code is 0."""
    told = start()
    told.wait_for(3)
    told.process.send_signal(signal.SIGTERM)
    assert told.process.wait(10) == 0
    ends = [name for _, name in told.lines("end")]
    assert sorted(ends) == ["filer", "front-1", "front-2"] and ends[-1] == "filer"


def test_a_second_signal_stops_at_once(start: Start) -> None:
    """Whoever asks twice does not wait for children that take their time."""
    told = start("stubborn")
    told.wait_for(3)
    told.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    told.process.send_signal(signal.SIGINT)
    assert told.process.wait(5) == 1


def test_a_hangup_changes_nothing(start: Start) -> None:
    """SIGHUP is answered in the log and ends nobody."""
    told = start()
    told.wait_for(3)
    told.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert told.process.poll() is None and len(told.lines("start")) == 3


def test_children_see_that_the_supervisor_is_gone(start: Start) -> None:
    """When the supervisor is killed every child sees it; the next daemon waits until they are gone."""
    told = start()
    told.wait_for(3)
    told.process.kill()
    told.process.wait()
    told.wait_for(3, "orphan")
    begun = time.monotonic()
    second = start()
    second.wait_for(6)
    assert time.monotonic() - begun > 0.5


def test_two_daemons_never_share_a_folder(start: Start) -> None:
    """A second daemon on the same folder ends with one sentence, and the first goes on."""
    told = start()
    told.wait_for(3)
    second = start()
    out, _ = second.process.communicate(timeout=15)
    assert second.process.returncode == 9
    assert "already" in out.splitlines()[-1]
    assert told.process.poll() is None


def test_a_missing_schema_is_told_before_anything_starts(start: Start) -> None:
    """Where the databases are not ready nothing is forked."""
    told = start("schema")
    out, _ = told.process.communicate(timeout=15)
    assert out.splitlines()[-1] == "the databases are missing: run `bccd migrate`"
    assert told.lines() == []


def test_systemd_is_told(start: Start, tmp_path: Path) -> None:
    """READY, WATCHDOG and STOPPING are sent, the watchdog at least twice in its interval."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        told = start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000")
        told.wait_for(3)
        states = [systemd.recv(100).decode() for _ in range(5)]
        told.process.send_signal(signal.SIGTERM)
        while told.process.poll() is None:
            if select.select([systemd], [], [], 0.1)[0]:
                states.append(systemd.recv(100).decode())
    assert states[0] == "READY=1"
    assert states[1:5] == ["WATCHDOG=1"] * 4
    assert "STOPPING=1" in states


def test_an_unwritable_folder_is_named(start: Start, tmp_path: Path) -> None:
    """A data folder that cannot be made is one sentence."""
    (tmp_path / "data").write_text("a file", encoding="ascii")
    told = start()
    out, _ = told.process.communicate(timeout=15)
    assert told.process.returncode == 9
    assert f"{tmp_path}/data" in out.splitlines()[-1]
