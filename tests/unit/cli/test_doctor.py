"""bccd doctor: each thing that can be wrong, found and told with what to do."""

import ctypes
import json
import resource
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from bccd import door
from bccd.cli.base import Call
from bccd.cli.checks import machine, network, stores
from bccd.cli.checks.finding import Finding, Level
from bccd.config import Config, Listen, Log, Outbound, Tls, Trust, Verify
from bccd.daemon.patches import outdated
from bccd.store import migrate
from bccd.store.vitals import Vitals
from bccd.testing.build import NOON
from tests.certificate import HOST, make
from tests.e2e.harness import free_port
from tests.nameserver import NameServer
from tests.sink import sink

# The package may have the commands under these names.
doctor, status = import_module("bccd.cli.doctor"), import_module("bccd.cli.status")
trace = import_module("bccd.cli.trace")


class Usage(NamedTuple):
    """What shutil tells of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A configuration over a folder of one's own, in which keys may be made."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    log = Log(key_file=str(folder / "log.key"))
    return Config(data_dir=folder, secret_file=str(folder / "secret.key"), log=log)


def said(findings: Iterator[Finding], topic: str = "") -> list[tuple[Level, str]]:
    found = [finding for finding in findings if topic in ("", finding.topic)]
    assert all(finding.advice for finding in found if finding.level is not Level.OK)
    return [(finding.level, finding.sentence) for finding in found]


@pytest.mark.parametrize(
    ("version", "lacks"),
    [((3, 11, 14), True), ((3, 11, 15), False), ((3, 12, 12), True), ((3, 13, 12), False),
     ((3, 14, 2), True), ((3, 14, 3), False), ((3, 15, 0), False)],
)  # fmt: skip
def test_an_old_patch_of_python_is_named(version: tuple[int, int, int], lacks: bool) -> None:
    """Each line has its first patch without known flaws; of later lines none is known."""
    assert bool(outdated(version)) is lacks


def test_who_may_look_into_the_folder(config: Config) -> None:
    """Others may not, neither into the folder nor into the databases; one that is missing fails."""
    assert said(machine.folder(config))[0][0] is Level.OK
    (config.data_dir / "bccd.db").touch(0o644)
    ((level, sentence),) = said(machine.folder(config))
    assert level is Level.WARN and sentence.endswith("bccd.db")
    (config.data_dir / "spool.db").touch(0o644)
    (loose,) = machine.folder(config)  # what to do can be pasted
    assert loose.advice == f"chmod go-rwx {config.data_dir}/bccd.db {config.data_dir}/spool.db"
    (gone,) = machine.folder(replace(config, data_dir=config.data_dir / "none"))
    assert gone.level is Level.FAIL and gone.advice.startswith("mount it")  # an empty one would hide the loss


def test_a_key_that_others_may_read_fails(config: Config) -> None:
    """Whoever has the key can make links and find hashes."""
    assert said(machine.keys(config)) == [(Level.OK, "secret_file and log.key_file")]
    Path(config.secret_file).write_bytes(bytes(32))
    Path(config.secret_file).chmod(0o644)
    (open_to_all,) = machine.keys(config)
    assert open_to_all.level is Level.FAIL and open_to_all.sentence.endswith("others may read or write it")
    assert open_to_all.advice == "chmod 600, for the user that runs bccd"


def test_a_key_that_is_gone_fails(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    """Once bccd has run it has keys; who looks for them, or by them, makes no new ones in their place."""
    folder = config.data_dir / "attempts"
    folder.mkdir(mode=0o700)
    (folder / "2026-03-02").touch()
    assert [level for level, _ in said(machine.keys(config))] == [Level.FAIL] * 2
    migrate.upgrade(config)
    assert trace.follow(config, "anna@example.com", 30, 9) == []
    assert f"log.key_file {config.log.key_file} is missing" in " ".join(capsys.readouterr().err.split())
    assert not Path(config.log.key_file).exists()


@pytest.mark.parametrize(
    ("free", "level"),
    [(500 * 2**30, Level.OK), (10 * 2**30, Level.WARN), (2**29, Level.WARN), (2**20, Level.FAIL)],
)
def test_room_on_the_disk(config: Config, monkeypatch: pytest.MonkeyPatch, free: int, level: Level) -> None:
    """Little room, of the disk or at all, is warned of; none to speak of fails; nothing is left behind."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000 * 2**30, 0, free))
    monkeypatch.setattr(machine, "_sync", lambda _: 0.001)
    assert [found for found, _ in said(machine.disk(config))] == [level]


def test_a_small_disk_is_told_in_its_own_unit(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tens of megabytes nothing would be left in gibibytes."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(64 * 2**20, 0, 48 * 2**20))
    assert said(machine.disk(config))[0][1].startswith("48.0 MiB of 64.0 MiB are free")


def test_a_disk_that_cannot_be_written_fails(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is gone is one; a slow sync is warned of; the real one leaves nothing behind."""
    assert said(machine.disk(config))
    assert list(config.data_dir.iterdir()) == []
    assert said(machine.disk(replace(config, data_dir=Path("/nonexistent"))))[0][0] is Level.FAIL
    monkeypatch.setattr(machine, "_sync", lambda _: 0.5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 0, 2**40))
    assert "500.0 ms" in said(machine.disk(config))[0][1]


def test_clock_and_limits(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that nobody keeps and too few descriptors are warned of."""
    for state, level in ((5, Level.WARN), (0, Level.OK), (-1, Level.OK)):
        adjtimex = SimpleNamespace(adjtimex=lambda _, state=state: state)
        monkeypatch.setattr(ctypes, "CDLL", lambda _, known=adjtimex: known)
        assert [found for found, _ in said(machine.clock(config))] == [level]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert said(machine.files(config)) == [
        (Level.WARN, "a process may open 256, and limits.connections needs 600")
    ]


def test_what_waits_too_long(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database not there, or empty, fails; an old queue warns, an older fails; failed mail is told of."""
    assert said(stores.database(config))[0][0] is Level.FAIL
    migrate.upgrade(config)
    monkeypatch.setattr(stores, "_SLOW_SECONDS", 60)  # however busy this machine is
    topics = [(one.topic, one.level) for one in stores.database(config)]
    assert topics == [("database", Level.OK), ("queue", Level.OK), ("directory", Level.FAIL)]
    monkeypatch.setattr(stores, "datetime", SimpleNamespace(now=lambda _: NOON))
    for seconds, level in ((10, Level.OK), (600, Level.WARN), (7200, Level.FAIL)):
        seen = Vitals(3, NOON - timedelta(seconds=seconds), {"failed": 2}, 0.001)
        monkeypatch.setattr(stores, "vitals", lambda _, seen=seen: seen)
        queue, failed = said(stores.database(config), "queue")
        assert queue == (level, f"3 mails wait to be filed, the oldest for {seconds} s")
        assert failed == (Level.WARN, "2 mails could not be filed; they are kept")
    (config.data_dir / "bccd.db").write_bytes(b"no database")
    assert said(stores.database(config))[0][0] is Level.FAIL


@pytest.mark.parametrize(("name", "value"), [("fsync", "off"), ("synchronous_commit", "off"), ("", "")])
def test_settings_of_postgresql(name: str, value: str) -> None:
    """What might forget a mail fails."""
    well = {"server_version": "17.2", "synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}
    assert said(stores._postgresql(well | {name: value}))[0][0] is (Level.FAIL if name else Level.OK)


@contextmanager
def listener(
    says: bytes, tls: ssl.SSLContext | None = None, after: bytes = b"", heard: list[bytes] | None = None
) -> Iterator[str]:
    """Answer one connection with these octets, after those others have come; with none if they do not."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            if peer.recv(len(after), socket.MSG_WAITALL) != after:
                peer.close()
                return
            with peer if tls is None else tls.wrap_socket(peer, server_side=True) as sock:
                sock.sendall(says)
                rest = sock.recv(4096)
            if heard is not None:
                heard.append(rest)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(30)


def test_a_port_must_say_what_is_spoken_there(tmp_path: Path) -> None:
    """SMTP greets, within TLS too, /readyz says that all is ready; another program there is told of."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make(tmp_path))
    ready = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    cases: list[tuple[str, bytes, ssl.SSLContext | None, Level]] = [
        ("smtp", b"220 here\r\n", None, Level.OK),
        ("lmtp", b"SSH-2.0\r\n", None, Level.FAIL),
        ("smtps", b"220 here\r\n", context, Level.OK),
        ("smtps", b"554 no\r\n", context, Level.FAIL),
        ("http", ready, None, Level.OK),
        ("http", ready.replace(b"200", b"503"), None, Level.FAIL),
        ("http", b"220 here\r\n", None, Level.FAIL),
        ("web", b"", None, Level.OK),
    ]
    for protocol, says, tls, level in cases:
        with listener(says, tls) as endpoint:
            assert network._port(protocol, endpoint).level is level, (protocol, says)
    assert network._port("smtp", f"127.0.0.1:{free_port()}").level is Level.FAIL
    assert said(network.ports(Config(data_dir=tmp_path))) == [(Level.FAIL, f"no bccd runs on {tmp_path}")]


def test_a_port_that_awaits_a_balancer_is_asked_as_one(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where trust.proxies names this host a health check's header comes first, before TLS, too; else none."""
    monkeypatch.setattr(door, "ask", lambda *_: "pong")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make(tmp_path))
    header, here, elsewhere = b"PROXY UNKNOWN\r\n", ("127.0.0.0/8",), ("192.0.2.1/32",)
    for protocol, tls, proxies, first in (
        ("smtp", None, here, header),
        ("submission", None, here, header),
        ("smtps", context, here, header),
        ("smtp", None, elsewhere, b""),
        ("lmtp", None, here, b""),
    ):
        heard: list[bytes] = []
        with listener(b"220 here\r\n", tls, first, heard) as endpoint:
            listen = replace(Listen(smtp=(), lmtp=(), http=()), **{protocol: (endpoint,)})
            found = said(network.ports(replace(config, listen=listen, trust=Trust(proxies=proxies))), "ports")
        assert found == [(Level.OK, f"{protocol} {endpoint} answers")]
        assert first or heard == [b"QUIT\r\n"]


def test_name_servers_and_exchangers(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is dead fails, with the other named; a domain whose mail does not come here is told."""
    assert network._drop_domains(replace(config, data_dir=Path("/nonexistent"))) == []
    zone: dict[str, dict[str, list[str | bytes]]] = {
        "mx.example": {"MX": ["10 mail.mx.example."]}, "null.example": {"MX": ["0 ."]},
        "a.example": {"A": ["127.0.0.1"]}, "none.example": {"TXT": [b"x"]},
        "mail.mx.example": {"A": ["127.0.0.1"]}, "far.example": {"MX": ["10 far.mx.example."]},
        "far.mx.example": {"A": ["192.0.2.77"]}, "lost.example": {"MX": ["10 nobody.mx.example."]},
        "near.example": {"MX": ["10 near.mx.example."]}, "near.mx.example": {"A": ["192.0.2.25"]},
    }  # fmt: skip
    answers, dead = NameServer(zone), NameServer(mode="servfail")
    try:
        asked = Verify(nameservers=(answers.address, dead.address), query_seconds=16)
        domains = [name for name in zone if "mx" not in name.split(".")[1:]]
        monkeypatch.setattr(network, "_drop_domains", lambda _: domains)
        relays = Trust(relays=("192.0.2.25/32",))
        found = list(network.dns(replace(config, verify=asked, trust=relays)))
    finally:
        answers.close()
        dead.close()
    assert [one.level for one in found if one.topic == "dns"][1] is Level.FAIL
    assert dict(zip(domains, (one.level for one in found if one.topic == "mx"), strict=True)) == {
        "mx.example": Level.OK, "null.example": Level.FAIL, "a.example": Level.OK, "none.example": Level.WARN,
        "far.example": Level.WARN, "lost.example": Level.FAIL, "near.example": Level.OK,
    }  # fmt: skip


def test_a_port_of_another_program_is_told_where_no_daemon_runs(config: Config) -> None:
    """It keeps bccd from starting, unless it is systemd that holds the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        listen = Listen(smtp=(taken, f"127.0.0.1:{free_port()}"), lmtp=(), http=())
        found = said(network.ports(replace(config, listen=listen)))
    assert [level for level, _ in found] == [Level.FAIL, Level.WARN]
    assert taken in found[1][1]


def test_a_database_that_is_gone_is_not_made(config: Config) -> None:
    """An empty one in its place would hide what happened; the advice names the backup first."""
    migrate.upgrade(config)
    (config.data_dir / "bccd.db").unlink()
    assert network._drop_domains(config) == []
    (gone,) = stores.database(config)
    assert gone.level is Level.FAIL and "backup.md" in gone.advice
    assert not (config.data_dir / "bccd.db").exists()


def test_a_configuration_that_does_not_count_yet_is_told(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written after the start has no effect, and nothing else shows it."""
    path = tmp_path / "bccd.toml"
    path.touch()
    written = path.stat().st_mtime

    def told(started: float) -> list[tuple[Level, str]]:
        monkeypatch.setattr(doctor, "ask", lambda _: [{"name": "supervisor", "started": started}])
        return said(doctor._changed(path, config))

    assert told(written + 1) == []
    assert told(written - 1) == [(Level.WARN, f"{path} was changed after the daemon was started")]
    path.unlink()
    assert told(written - 1) == said(doctor._changed(None, config)) == []
    monkeypatch.undo()
    assert said(doctor._changed(tmp_path, config)) == []  # no daemon runs


@pytest.mark.parametrize(
    ("flaw", "advice"),
    [
        ("tls.key: /k: cannot be read: Permission denied", "let the user that runs bccd read it"),
        ("tls.certificate: /c: cannot be read: No such file or directory", "correct tls.certificate"),
        ("tls.certificate: /c: expired on 2026-01-01", "renew it"),
        ("tls.certificate: /c: is signed by itself: mail programs will not trust it", "get one from"),
    ],
)
def test_each_flaw_of_a_certificate_has_its_own_advice(flaw: str, advice: str) -> None:
    """A file that may not be read is not mended by renewing it."""
    assert network._mending(flaw).startswith(advice)


def test_certificates(config: Config, tmp_path: Path) -> None:
    """One that nobody above has signed or that ends soon is warned of, one that has ended fails."""
    public = Listen(smtp=("192.0.2.1:25",))
    assert said(network.certificate(config)) == []
    assert said(network.certificate(replace(config, listen=public)))[0][0] is Level.WARN

    def tell(**more: Any) -> list[tuple[Level, str]]:
        certificate, key = make(tmp_path, **more)
        tls = Tls(str(certificate), str(key))
        return said(network.certificate(replace(config, tls=tls, hostname=HOST)))

    assert [level for level, _ in tell()] == [Level.WARN, Level.OK]  # signed by itself
    assert [level for level, _ in tell(ends=timedelta(days=3))] == [Level.WARN, Level.WARN, Level.OK]
    assert [level for level, _ in tell(ends=timedelta(seconds=-1))] == [Level.FAIL]
    own, other = make(tmp_path, "own")[0], make(tmp_path, "other")[0]
    own.write_bytes(own.read_bytes() + other.read_bytes())
    assert [one.partition("its ")[2] for one in network._chain(own)] == [
        "certificate 2 has not signed the one above it"
    ]


def test_the_smarthost(config: Config) -> None:
    """Without one nothing is said; one that answers is well, one that is away fails."""
    assert said(network.smarthost(config)) == []
    with sink() as server:
        where = replace(config, outbound=Outbound(smarthost=f"127.0.0.1:{server.port}"))
        assert [level for level, _ in said(network.smarthost(where))] == [Level.OK]
    assert [level for level, _ in said(network.smarthost(where))] == [Level.FAIL]


def test_a_check_that_dies_is_a_finding(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are still made."""

    def dies(config: Config) -> Iterator[Finding]:
        yield from machine.keys(config)
        raise RuntimeError("why")

    monkeypatch.setattr(doctor, "_CHECKS", (dies, machine.folder))
    found = list(doctor.examine(config))
    assert [one.level for one in found] == [Level.OK, Level.FAIL, Level.OK]
    assert found[1].sentence == "could not be looked at: RuntimeError: why"


def test_status_without_anything(tmp_path: Path) -> None:
    """Where there is no daemon and no database, that is what is told, and the rest is empty."""
    seen = status.look(Config(data_dir=tmp_path / "none", listen=Listen(smtp=("unix:/nonexistent",))))
    assert not seen["well"] and len(seen["trouble"]) == 2 and seen["disk"] is None
    assert list(status._lines(seen, {}))


def test_watching_does_not_use_the_listeners_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often it looks, a listener has one connection a minute from it; rates come with each line."""
    asked: list[str] = []

    def flaw(_protocol: str, endpoint: str, *_: object, **__: object) -> str:
        asked.append(endpoint)
        return ""

    monkeypatch.setattr(status, "flaw", flaw)
    config = Config(data_dir=tmp_path / "none", listen=Listen(smtp=("127.0.0.1:1",), lmtp=(), http=()))
    turns = iter([None, None, None])

    def sleep(_seconds: float) -> None:
        if next(turns, "over"):
            raise KeyboardInterrupt

    monkeypatch.setattr(status.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        status._watch(Call(as_json=True), config, status.look(config), 0.2)
    assert asked == ["127.0.0.1:1"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 4 and all(line["rates"] == {} for line in lines)
