"""What the daemon listens on, and the sentences for what it cannot have."""

import os
import socket
from pathlib import Path

import pytest

from bccd.config import Listen
from bccd.daemon.sockets import bind_all, refuse_root
from bccd.model.errors import MistakeError, PortTakenError


def listen(smtp: str = "", lmtp: str = "", http: str = "") -> Listen:
    return Listen(*(tuple(filter(None, [each])) for each in (smtp, lmtp, http)))


def test_all_kinds_are_bound(tmp_path: Path) -> None:
    """IPv4, IPv6 and UNIX sockets accept connections as soon as they are bound."""
    path = tmp_path / "lmtp"
    with bind_all(listen("127.0.0.1:0", f"unix:{path}", "[::1]:0")) as bound:
        assert [each.protocol for each in bound] == ["smtp", "lmtp", "http"]
        for each in bound:
            with socket.socket(each.sock.family) as client:
                client.connect(each.sock.getsockname())
        assert path.stat().st_mode & 0o777 == 0o660
    assert not path.exists()
    assert all(each.sock.fileno() == -1 for each in bound)


def test_a_busy_port_is_named() -> None:
    """A port that another program has is refused with the place, the protocol and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        endpoint = f"127.0.0.1:{other.getsockname()[1]}"
        with (
            pytest.raises(PortTakenError) as caught,
            bind_all(listen("127.0.0.1:0", endpoint)),
        ):
            pass
    assert str(caught.value) == f"cannot listen on {endpoint} (listen.lmtp): another program listens there"


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A UNIX socket left behind by a daemon that was killed does not stop the next one."""
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with bind_all(listen(lmtp=f"unix:{path}")):
        pass


@pytest.mark.parametrize("kind", ["served", "file"])
def test_what_is_in_use_is_left(tmp_path: Path, kind: str) -> None:
    """A UNIX socket that is served, or a file of that name, is left alone and named."""
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as other:
        if kind == "served":
            other.bind(str(path))
            other.listen()
        else:
            path.write_text("mine", encoding="ascii")
        with pytest.raises(MistakeError, match="another program listens there"):
            bind_all(listen(lmtp=f"unix:{path}")).__enter__()
    assert path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A UNIX socket in a folder that is not there is refused with that reason."""
    with (
        pytest.raises(MistakeError, match="the folder does not exist"),
        bind_all(listen(lmtp=f"unix:{tmp_path}/no/lmtp")),
    ):
        pass


@pytest.mark.parametrize(
    ("endpoint", "uid", "refused"),
    [
        ("127.0.0.1:25", 0, False),
        ("[::1]:25", 0, False),
        ("unix:/run/bccd/lmtp", 0, False),
        ("0.0.0.0:25", 0, True),
        ("[::]:25", 0, True),
        ("192.0.2.1:25", 0, True),
        ("192.0.2.1:25", 1000, False),
    ],
)
def test_root_stays_off_the_network(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, uid: int, refused: bool
) -> None:
    """Root may serve loopback and UNIX sockets only; anybody else may serve what the system lets him."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    if refused:
        with pytest.raises(MistakeError, match="as root"):
            refuse_root(listen(endpoint))
    else:
        refuse_root(listen(endpoint))
