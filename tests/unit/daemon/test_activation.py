"""Sockets that systemd hands over: what is spoken on each, and the sentence for one that cannot be used."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bccd.config import Listen
from bccd.daemon.activation import assigned, handed_over
from bccd.daemon.sockets import bind_all
from bccd.model.errors import MistakeError
from tests.unit.daemon.child import said_by_a_child

NOBODY = Listen((), (), ())


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    """A socket that listens on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def taken_over(*files: int, **environ: str) -> str:
    """Say what a child that has these descriptors from 3 on, as systemd would start it, takes over."""

    def act() -> str:
        for number, file in enumerate([os.dup(file) for file in files]):
            os.dup2(file, 3 + number)
        told = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(files)), "OTHER": "stays"} | environ
        found = handed_over(told)
        kept = all(not each.get_inheritable() and not each.getblocking() for _, each in found)
        return f"{[(name, each.fileno()) for name, each in found]} {kept} {sorted(told)}"

    return said_by_a_child(act)


def test_sockets_are_taken_over_with_their_names(sock: socket.socket) -> None:
    """From 3 on, each by its name if it has one; nothing that is started later sees or inherits them."""
    number = sock.fileno()
    assert taken_over(number, number, LISTEN_FDNAMES="smtp:unknown") == (
        "[('smtp', 3), ('unknown', 4)] True ['OTHER']"
    )
    assert taken_over(number) == "[('', 3)] True ['OTHER']"


@pytest.mark.parametrize("environ", [{"LISTEN_PID": "1"}, {"LISTEN_FDS": ""}, {"LISTEN_FDS": "x"}])
def test_what_is_meant_for_others_is_left(sock: socket.socket, environ: dict[str, str]) -> None:
    """Without LISTEN_FDS, or with the LISTEN_PID of another process, nothing is handed over."""
    assert taken_over(sock.fileno(), **environ).startswith("[] ")


def test_only_listening_sockets_are_taken(sock: socket.socket) -> None:
    """A file, a datagram socket and a connection are refused with what the unit needs."""
    with (
        Path("/dev/null").open("rb") as file,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.create_connection(sock.getsockname()) as connection,
    ):
        for each in (file, datagrams, connection):
            told = taken_over(each.fileno())
            assert told.startswith("MistakeError: systemd hands over as descriptor 3") and "Accept=no" in told


def test_a_name_says_what_is_spoken(sock: socket.socket) -> None:
    """A socket named after an option takes the place of what the option lists; other options stay."""
    listen = Listen(smtp=("127.0.0.1:8025",), lmtp=("127.0.0.1:8024",), http=())
    found, bound = assigned([("smtp", sock)], listen)
    assert found == Listen((f"127.0.0.1:{port_of(sock)}",), ("127.0.0.1:8024",), ())
    assert [(each.protocol, each.endpoint, each.sock) for each in bound] == [("smtp", *found.smtp, sock)]


def test_a_place_says_what_is_spoken(sock: socket.socket, tmp_path: Path) -> None:
    """A socket without such a name speaks what the configuration names for its place, TCP or UNIX."""
    with (
        socket.socket(socket.AF_UNIX) as unix,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as ipv6,
    ):
        unix.bind(str(tmp_path / "lmtp"))
        unix.listen()
        listen = Listen(
            (f"127.0.0.1:{port_of(sock)}",), (f"unix:{tmp_path}/lmtp",), (f"[::1]:{port_of(ipv6)}",)
        )
        found, bound = assigned([("bccd.socket", unix), ("", sock), ("", ipv6)], listen)
        assert found == listen
        assert [each.protocol for each in bound] == ["lmtp", "smtp", "http"]
        with bind_all(listen, bound) as all_of_them:
            assert all_of_them == bound  # nothing is bound twice
    assert (tmp_path / "lmtp").exists()  # systemd's, which goes on listening there


def test_a_socket_that_speaks_nothing_is_named(sock: socket.socket) -> None:
    """Where neither name nor place says what is spoken, that is one sentence."""
    with pytest.raises(MistakeError, match=rf"127\.0\.0\.1:{port_of(sock)}.*FileDescriptorName"):
        assigned([("bccd.socket", sock)], NOBODY)
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(b"\0bccd-test-activation")
        abstract.listen()
        with pytest.raises(MistakeError, match="abstract"):
            assigned([("", abstract)], NOBODY)


def test_a_socket_for_both_families_stands_for_both() -> None:
    """Where systemd listens on [::] for IPv4 too, 0.0.0.0 with the same port is not bound as well."""
    with closing(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)) as both:
        port = port_of(both)
        listen = Listen((f"[::]:{port}", f"0.0.0.0:{port}"), (), ())
        _, bound = assigned([("", both)], listen)
        with bind_all(listen, bound) as all_of_them:
            assert all_of_them == bound
    with closing(socket.create_server(("::", 0), family=socket.AF_INET6)) as one:
        listen = Listen((f"[::]:{port_of(one)}", f"0.0.0.0:{port_of(one)}"), (), ())
        _, bound = assigned([("", one)], listen)
        with bind_all(listen, bound) as all_of_them:
            assert len(all_of_them) == 2
