"""The rights of whoever starts the daemon: what is done with them, and that they end."""

import json
import os
import pwd
import shutil
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bccd.config import Config, Listen, Tls
from bccd.daemon import privileges
from bccd.daemon.arrival import arrive, remarks, step_down
from bccd.daemon.privileges import become, own_user, what_is_left
from bccd.model.errors import ConfigError, MistakeError
from tests.certificate import make
from tests.unit.daemon.child import said_by_a_child

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="lacks root")
USER = "nobody"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of root's that all may enter; and a Python that all may run, as an installation has it."""
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    made = Path(tempfile.mkdtemp(prefix="bccd-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def config_in(folder: Path, **options: object) -> Config:
    """A configuration with one listener that nobody else has."""
    listen = Listen(smtp=("127.0.0.1:0",), lmtp=(), http=())
    return replace(Config(data_dir=folder / "data", user=USER, listen=listen), **options)  # type: ignore[arg-type]


def after(config: Config, act: Callable[[Config, list[socket.socket]], object]) -> str:
    """Arrive in a child, and say in JSON what an act returns then."""

    def be() -> str:
        with arrive(config) as (found, bound):
            return json.dumps(act(found, [each.sock for each in bound]))

    return said_by_a_child(be)


def stepped_down(config: Config) -> Callable[[], str]:
    def be() -> str:
        step_down(config)
        return pwd.getpwuid(os.getuid()).pw_name

    return be


@as_root
def test_root_binds_and_becomes_the_user_for_good(folder: Path) -> None:
    """The port is bound, the folder made and the user's; no id, group or capability of root is left."""

    def act(config: Config, sockets: list[socket.socket]) -> object:
        status = Path("/proc/self/status").read_bytes()
        (config.data_dir / "file").touch()
        return {
            "ids": [os.getresuid(), os.getresgid()],
            "root's group": 0 in os.getgroups(),
            "left": what_is_left(),
            "listens": [sock.getsockname()[1] > 0 for sock in sockets],
            "no new privileges": b"NoNewPrivs:\t1" in status,
            "home": os.environ["HOME"],
        }

    user = pwd.getpwnam(USER)
    assert json.loads(after(config_in(folder), act)) == {
        "ids": [[user.pw_uid] * 3, [user.pw_gid] * 3],
        "root's group": False,
        "left": "",
        "listens": [True],
        "no new privileges": True,
        "home": user.pw_dir,
    }
    made = (folder / "data").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (user.pw_uid, user.pw_gid, 0o700)


@as_root
@pytest.mark.parametrize(
    "attempt",
    [
        lambda: os.setuid(0),
        lambda: os.seteuid(0),
        lambda: os.setgid(0),
        lambda: os.setgroups([0]),
        lambda: Path("/etc/shadow").read_bytes(),
        lambda: socket.create_server(("127.0.0.1", 1)),
        lambda: os.chroot("/"),
    ],
    ids=["setuid", "seteuid", "setgid", "setgroups", "root's files", "root's ports", "chroot"],
)
def test_nothing_of_root_is_regained(folder: Path, attempt: Callable[[], object]) -> None:
    """Whatever the daemon tries afterwards is refused."""
    assert said_by_a_child(lambda: str(attempt() is None or "done")) in ("True", "done")  # root may
    assert after(config_in(folder), lambda *_: attempt()).startswith("PermissionError")


@as_root
def test_a_way_back_is_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an id of root were kept, the daemon would not start."""
    monkeypatch.setattr(os, "setresuid", lambda real, effective, _: os.seteuid(effective) if real else None)
    monkeypatch.setattr(privileges, "forbid_new_privileges", lambda: True)
    told = after(config_in(folder), lambda *_: "started")
    assert told == f"MistakeError: user {USER} could become root again: an id of root is kept"
    assert what_is_left() == "an id of root is kept"
    monkeypatch.setattr(os, "getresuid", lambda: (1, 1, 1))
    monkeypatch.setattr(os, "getresgid", lambda: (1, 1, 1))
    monkeypatch.setattr(os, "getgroups", list)
    assert said_by_a_child(what_is_left) == "setuid is allowed"


@as_root
def test_a_key_that_only_root_reads_is_kept_in_memory(folder: Path) -> None:
    """Certificate and key, which belong together, are used after the drop; nobody else reads the copies."""
    certificate, key = make(folder)
    certificate.chmod(0o644)
    key.chmod(0o600)
    given = config_in(folder, tls=Tls(str(certificate), str(key)))

    def act(config: Config, _: list[socket.socket]) -> object:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(config.tls.certificate, config.tls.key)
        mode = Path(config.tls.key).stat().st_mode & 0o777
        shown = Path(config.tls.certificate).read_bytes() == certificate.read_bytes()
        return [shown, mode, os.access(key, os.R_OK), remarks(given, config)]

    told = [f"tls: only root may read {key}: a new certificate is seen when bccd is started anew"]
    assert json.loads(after(given, act)) == [True, 0o400, False, told]


@as_root
def test_files_that_the_user_reads_stay_files(folder: Path) -> None:
    """A certificate and key that are the user's are read where they stand, so that SIGHUP finds new ones."""
    user = pwd.getpwnam(USER)
    paths = make(folder)
    for path in paths:
        os.chown(path, user.pw_uid, user.pw_gid)
    given = config_in(folder, tls=Tls(*map(str, paths)))
    assert json.loads(after(given, lambda config, _: [config.tls == given.tls, remarks(given, config)])) == [
        True,
        [],
    ]


@as_root
def test_missing_folders_are_made_only_where_root_alone_could(folder: Path) -> None:
    """Data folder and folders of UNIX sockets are made; within a folder of somebody else's nothing is."""
    user = pwd.getpwnam(USER)
    os.chown(folder, user.pw_uid, user.pw_gid)
    sockets = folder / "run"
    listen = Listen((f"unix:{sockets}/smtp",), (), ())
    assert said_by_a_child(stepped_down(config_in(folder, listen=listen))) == USER
    assert not sockets.exists() and not (folder / "data").exists()
    os.chown(folder, 0, 0)
    assert said_by_a_child(stepped_down(config_in(folder, listen=listen))) == USER
    assert sockets.stat().st_uid == (folder / "data").stat().st_uid == user.pw_uid
    assert sockets.stat().st_mode & 0o777 == 0o755


@as_root
def test_a_folder_of_roots_is_to_be_given_away(folder: Path) -> None:
    """A data folder that root used before is not taken over in silence, for it may hold links by then."""
    (folder / "data").mkdir()
    told = said_by_a_child(stepped_down(config_in(folder)))
    assert told.startswith("MistakeError: user:") and f"chown -R {USER} {folder}/data" in told


@as_root
def test_a_python_that_the_user_cannot_run_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python in root's home would fail later, with what nobody understands."""
    monkeypatch.setattr(sys, "executable", "/etc/shadow")
    assert "may not run /etc/shadow" in after(config_in(folder), lambda *_: "started")


@as_root
def test_a_user_that_cannot_be_had_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not let root become anybody else, as in some containers, it says so."""

    def refuse(_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setgroups", refuse)
    told = after(config_in(folder), lambda *_: "started")
    assert told == f"MistakeError: cannot become user {USER}: Operation not permitted"


@pytest.mark.parametrize(
    ("name", "why"),
    [("root", "is root"), ("no-such-user", "has no user no-such-user")],
    ids=["root", "nobody"],
)
def test_only_another_user_will_do(name: str, why: str) -> None:
    """A name that this machine does not know, and root itself, are refused."""
    with pytest.raises(MistakeError, match=why):
        own_user(name)


def test_whoever_is_not_root_stays_who_he_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without root, or without `user`, nothing changes and nothing is bound yet."""
    config = config_in(tmp_path)
    monkeypatch.setattr("bccd.daemon.arrival.become", become)
    for euid, user in ((1000, USER), (0, "")):
        monkeypatch.setattr(os, "geteuid", lambda euid=euid: euid)
        given = replace(config, user=user)
        with arrive(given) as (found, sockets):
            assert found is given and sockets == []
        step_down(given)


def test_a_socket_may_not_contradict_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket for logins is refused where no certificate hides the passwords, as an option would be."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        monkeypatch.setattr("bccd.daemon.arrival.handed_over", lambda _: [("submission", sock.dup())])
        with pytest.raises(ConfigError, match=r"tls\.certificate"), arrive(Config()):
            pass
