"""The control socket: what the command line and the filer say to each other."""

import json
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bccd import door
from bccd.door import Door, DoorClosedError, FolderHeldError, ask, do, hold
from bccd.model.errors import BccdError, MistakeError, StoreUnavailableError


def echo(arguments: Mapping[str, object]) -> object:
    return {"heard": dict(arguments)}


def refuse(arguments: Mapping[str, object]) -> object:
    raise MistakeError(f"no such delivery: {arguments['id']}")


def fall_over(arguments: Mapping[str, object]) -> object:
    return 1 / len(arguments)


def lose(arguments: Mapping[str, object]) -> object:
    raise StoreUnavailableError(f"the database is locked {arguments}")


OPERATIONS = {"echo": echo, "refuse": refuse, "fall": fall_over, "lose": lose}


@contextmanager
def serving(folder: Path) -> Iterator[Door]:
    """A door in a thread of its own, driven the way the filer drives it."""
    server = Door(folder / door.SOCKET_NAME, OPERATIONS)
    done = threading.Event()

    def loop() -> None:
        while not done.is_set():
            server.handle(select.select(server.filenos(), [], [], 0.02)[0])

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield server
    finally:
        done.set()
        thread.join()
        server.close()


def raw(folder: Path, octets: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(folder / door.SOCKET_NAME))
        sock.sendall(octets)
        return sock.recv(65_536)


def test_a_question_is_answered(tmp_path: Path) -> None:
    """What the operation returns comes back, whatever letters it holds."""
    with serving(tmp_path):
        assert ask(tmp_path, "echo", {"name": "Zażółć\n\u2028"}) == {"heard": {"name": "Zażółć\n\u2028"}}


def test_a_large_question_is_answered(tmp_path: Path) -> None:
    """A directory of some megabytes goes through, in as many pieces as the socket makes of it."""
    rows = ["x" * 1000] * 4000
    with serving(tmp_path):
        assert ask(tmp_path, "echo", {"rows": rows}) == {"heard": {"rows": rows}}


def test_a_mistake_comes_back_as_its_sentence(tmp_path: Path) -> None:
    """The user reads what the operation said."""
    with serving(tmp_path), pytest.raises(MistakeError, match=r"^no such delivery: 7$"):
        ask(tmp_path, "refuse", {"id": 7})


def test_a_database_that_is_away_is_told_apart(tmp_path: Path) -> None:
    """Who asks may do so again later: that is no mistake of his."""
    with serving(tmp_path), pytest.raises(StoreUnavailableError, match="locked"):
        ask(tmp_path, "lose", {})


def test_a_failure_does_not_reach_the_filer(tmp_path: Path) -> None:
    """An operation that falls over is told to the one who asked, and the next one is served."""
    with serving(tmp_path):
        with pytest.raises(MistakeError, match="ZeroDivisionError"):
            ask(tmp_path, "fall", {})
        assert ask(tmp_path, "fall", {"a": 1}) == 1


@pytest.mark.parametrize(
    "line",
    [b"{}", b"[]", b"x", b'{"op": "none"}', b'{"op": "echo", "arguments": 1}', b"\xff", b"[" * 100_000],
)
def test_nonsense_is_refused(tmp_path: Path, line: bytes) -> None:
    """A line that is no request gets an error and harms nobody."""
    with serving(tmp_path):
        assert "error" in json.loads(raw(tmp_path, line + b"\n"))
        assert ask(tmp_path, "fall", {"a": 1}) == 1


def test_a_line_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, whoever writes."""
    monkeypatch.setattr(door, "_LONGEST_LINE", 1000)
    with serving(tmp_path):
        with suppress(ConnectionResetError):
            assert raw(tmp_path, b"x" * 5000) == b""
        assert ask(tmp_path, "fall", {"a": 1}) == 1


def test_more_than_a_few_guests_are_not_let_in(tmp_path: Path) -> None:
    """Connections that only wait cannot pile up, and they leave room again when they go."""
    with serving(tmp_path) as server:
        guests = [socket.socket(socket.AF_UNIX) for _ in range(door._CONNECTIONS + 1)]
        for guest in guests:
            guest.connect(str(tmp_path / door.SOCKET_NAME))
            guest.settimeout(5)
        assert guests[-1].recv(1) == b""
        for guest in guests:
            guest.close()
        until = time.monotonic() + 5
        while len(server.filenos()) > 1 and time.monotonic() < until:
            time.sleep(0.01)
        assert ask(tmp_path, "fall", {"a": 1}) == 1


def test_a_silent_guest_is_shown_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says nothing does not stay."""
    monkeypatch.setattr(door, "_IDLE_SECONDS", 0.05)
    with serving(tmp_path):
        assert raw(tmp_path, b"{") == b""


def test_only_the_owner_may_use_it(tmp_path: Path) -> None:
    """The socket's mode is 0600 from its first moment."""
    with serving(tmp_path):
        assert stat.S_IMODE((tmp_path / door.SOCKET_NAME).stat().st_mode) == 0o600


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    """A path longer than a socket's address works all the same."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with serving(deep):
        assert ask(deep, "fall", {"a": 1}) == 1


@pytest.mark.parametrize("stale", [False, True])
def test_nobody_answers(tmp_path: Path, stale: bool) -> None:
    """No socket, and one left behind by a killed bccd, both mean that none runs."""
    if stale:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(tmp_path / door.SOCKET_NAME))
    with pytest.raises(DoorClosedError, match="no bccd runs on"):
        ask(tmp_path, "echo", {})


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A bccd that was killed does not keep the next one from opening its door."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / door.SOCKET_NAME))
    with serving(tmp_path):
        assert ask(tmp_path, "fall", {"a": 1}) == 1
    assert not (tmp_path / door.SOCKET_NAME).exists()


@contextmanager
def listening(folder: Path, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """A server that treats its one client as it likes."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / door.SOCKET_NAME))
        sock.listen()

        def serve() -> None:
            guest, _ = sock.accept()
            with guest:
                answer(guest)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def hear_and_leave(guest: socket.socket) -> None:
    guest.recv(1000)


def hear_and_sleep(guest: socket.socket) -> None:
    guest.recv(1000)
    time.sleep(0.3)


def test_a_bccd_that_ends_while_asked_is_told(tmp_path: Path) -> None:
    """Whether the operation was done is then unknown, so it is not silently done again."""
    with (
        listening(tmp_path, hear_and_leave),
        pytest.raises(MistakeError, match="ended before it answered"),
    ):
        ask(tmp_path, "echo", {})


def test_a_bccd_that_hangs_is_told(tmp_path: Path) -> None:
    """The command line does not wait for ever."""
    with (
        listening(tmp_path, hear_and_sleep),
        pytest.raises(MistakeError, match="does not answer"),
    ):
        ask(tmp_path, "echo", {}, patience=0.05)


def test_one_holder_a_folder(tmp_path: Path) -> None:
    """A second holder is refused, and the folder is free again after the first."""
    folder = tmp_path / "data"
    with hold(folder), pytest.raises(FolderHeldError, match="another bccd already works on"), hold(folder):
        pass
    with hold(folder):
        assert stat.S_IMODE((folder / door.LOCK_NAME).stat().st_mode) == 0o600


def test_do_asks_where_bccd_runs(tmp_path: Path) -> None:
    """The running daemon stays the only writer."""
    with serving(tmp_path), hold(tmp_path):
        assert do(tmp_path, "echo", {"a": 1}, refuse) == {"heard": {"a": 1}}


def test_do_works_by_itself_where_none_runs(tmp_path: Path) -> None:
    """The same callable runs here, under the lock."""

    def held(arguments: Mapping[str, object]) -> object:
        with pytest.raises(FolderHeldError), hold(tmp_path):
            pass
        return dict(arguments)

    assert do(tmp_path, "echo", {"a": 1}, held) == {"a": 1}
    with pytest.raises(BccdError, match="no such delivery: 1"):
        do(tmp_path, "refuse", {"id": 1}, refuse)


def test_do_waits_for_a_bccd_that_starts(tmp_path: Path) -> None:
    """Between its lock and its door a starting daemon has a moment; it is waited for, but not for ever."""
    with hold(tmp_path):
        with pytest.raises(FolderHeldError):
            do(tmp_path, "echo", {}, echo, patience=0.1)
        timer = threading.Timer(0.1, lambda: opened.append(Door(tmp_path / door.SOCKET_NAME, OPERATIONS)))
        opened: list[Door] = []
        timer.start()
        served = threading.Thread(target=lambda: _serve_first(opened))
        served.start()
        assert do(tmp_path, "echo", {"a": 1}, refuse) == {"heard": {"a": 1}}
        served.join()
        opened[0].close()


def _serve_first(opened: list[Door]) -> None:
    until = time.monotonic() + 2
    while time.monotonic() < until:
        if opened:
            opened[0].handle(select.select(opened[0].filenos(), [], [], 0.05)[0])
            if len(opened[0].filenos()) == 1 and until - time.monotonic() < 1.5:
                return
        else:
            time.sleep(0.01)
