"""The demo, seen from outside: a real daemon, real SMTP, and a table of what each mail became."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.nursery import nursery

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90
SHELVING = "Cold store shelving"


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def environment(ports: list[int]) -> dict[str, str]:
    own = {
        f"BCCD_LISTEN__{name}": f"127.0.0.1:{port}"
        for name, port in zip(("SMTP", "LMTP", "HTTP", "WEB"), ports, strict=True)
    }
    return {key: value for key, value in os.environ.items() if not key.startswith("BCCD_")} | own


def bccd(*words: str, ports: list[int] | None = None) -> subprocess.CompletedProcess[str]:
    env = environment(ports or free_ports(4)) | {"COLUMNS": "200"}  # so that no sentence is folded
    return nursery().run(words, Path.cwd(), env, PATIENCE)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The data of one demo that has ended, and its rows by title."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    done = bccd("demo", "--data-dir", str(folder), "--once", "--json")
    assert done.returncode == 0, done.stderr
    return folder, {row["mail"]: row for row in json.loads(done.stdout)}


Rows = tuple[Path, dict[str, dict[str, Any]]]


@pytest.mark.parametrize(
    ("title", "direction", "contacts", "deals", "offered"),
    [
        ("Bcc to a contact with one open deal", "outgoing", ["Ingrid Solberg"], [SHELVING], 0),
        ("Bcc to a contact with three open deals", "outgoing", ["Tomasz Wójcik"], [], 3),
        ("Outlook forward, English", "incoming", ["Ingrid Solberg"], ["Cold store shelving"], 0),
        ("Outlook forward, Polish", "incoming", ["Zofia Nowak", "Tomasz Wójcik"], ["Archive cabinets"], 0),
        ("Gmail forward, English, from an alias", "incoming", ["Chiara Conti"], ["Showroom oak line"], 0),
        ("Gmail forward, Polish, from an alias", "incoming", ["Tomasz Wójcik"], [], 3),
        ("Apple Mail forward, by a private user", "incoming", ["Nora Hollis"], ["Jetty planks"], 0),
        ("Forward as attachment, the only deal is lost", "incoming", ["Peter Hollis"], [], 0),
        ("A reply before its parent", "incoming", ["Chiara Conti"], ["Showroom oak line"], 0),
        ("... and the parent", "outgoing", ["Chiara Conti"], ["Showroom oak line"], 0),
        ("Unknown contact", "outgoing", ["Émile Laurent"], [], 0),
        ("With +deal in the address", "outgoing", ["Tomasz Wójcik"], ["Reception desk"], 0),
        ("With +private in the address", "outgoing", ["Ingrid Solberg"], ["Cold store shelving"], 0),
    ],
)  # fmt: skip
def test_each_mail_becomes_what_it_should(
    *, once: Rows, title: str, direction: str, contacts: list[str], deals: list[str], offered: int
) -> None:
    """Every accepted sample is filed with the right direction, contacts and deal."""
    row = once[1][title]
    assert (row["state"], row["direction"], row["contacts"], row["deals"]) == (
        "filed",
        direction,
        contacts,
        deals,
    )
    assert len(row["offered"]) == offered


@pytest.mark.parametrize(
    ("title", "reply"),
    [
        ("Unknown sender", "550 5.7.1 not accepted for this address"),
        ("Unknown company address", "550 5.1.1 no such company address here"),
    ],
)
def test_what_is_refused_is_refused(once: Rows, title: str, reply: str) -> None:
    """A stranger and an unknown address get one sentence each, and nothing is kept."""
    assert once[1][title] == {"mail": title, "reply": once[1][title]["reply"]}
    assert once[1][title]["reply"].startswith(reply)


def test_a_reply_and_its_late_parent_share_a_conversation(once: Rows) -> None:
    """The order of arrival does not tear a conversation apart."""
    assert (
        once[1]["A reply before its parent"]["conversation"] == once[1]["... and the parent"]["conversation"]
    )


def test_the_same_mail_twice_is_filed_once(once: Rows) -> None:
    """The second sending is answered with the first one's id."""
    first, second = once[1]["Bcc to a contact with one open deal"], once[1]["The first mail a second time"]
    assert second["delivery"] == first["delivery"]
    assert "seen before" in second["reply"]


def test_private_mail_is_seen_by_its_owner_alone(once: Rows) -> None:
    """Mail marked +private and mail of a private user is nobody else's business; other mail is everyone's."""
    rows = once[1]
    assert rows["With +private in the address"]["visible_to"] == ["Anna Lindqvist"]
    assert rows["Apple Mail forward, by a private user"]["visible_to"] == ["Olive Reed"]
    assert rows["Bcc to a contact with one open deal"]["everyone"] is True


def test_an_unconfirmed_alias_waits(once: Rows) -> None:
    """Such mail is held, and stands in the queue."""
    folder, rows = once
    row = rows["From an alias not confirmed yet"]
    assert (row["state"], row["reason"]) == ("held", "unconfirmed_address")
    listed = json.loads(bccd("queue", "list", "--json", "--config", str(folder / "bccd.toml")).stdout)
    assert [entry["delivery"] for entry in listed] == [row["delivery"]]


def test_its_data_can_be_looked_at_afterwards(once: Rows) -> None:
    """explain and show work on what the demo left behind, and the octets of a filed mail are given out."""
    folder, rows = once
    config = str(folder / "bccd.toml")
    row = rows["Bcc to a contact with one open deal"]
    explained = bccd("explain", "--config", config, row["delivery"])
    assert explained.returncode == 0 and "the only open deal of the main counterparty" in explained.stdout
    raw = bccd("queue", "show", "--raw", "--config", config, row["delivery"])
    assert raw.returncode == 0 and "four rows, 2.40 m high" in raw.stdout
    shown = bccd("show", "--config", config, "--as", "marek@harbourpine.example", str(row["conversation"]))
    assert shown.returncode == 0 and "four rows, 2.40 m high" in shown.stdout
    private = rows["With +private in the address"]
    hidden = bccd(
        "show", "--config", config, "--as", "marek@harbourpine.example", str(private["conversation"])
    )
    assert (hidden.returncode, hidden.stdout) == (5, "")


def test_what_a_user_may_ask_for_is_his_own(once: Rows) -> None:
    """explain --as knows only what that user handed in, and says what proved him."""
    folder, rows = once
    config, row = str(folder / "bccd.toml"), rows["With +private in the address"]["delivery"]
    own = bccd("explain", "--json", "--config", config, "--as", "u-1", row)
    told = json.loads(own.stdout)
    assert told["evidence"]["handed in by"] == "127.0.0.1, in the trusted network 127.0.0.0/8"
    assert told["evidence"]["ids in the mail"] == "no Authentication-Results field"
    other = bccd("explain", "--config", config, "--as", "u-2", row)
    assert (other.returncode, other.stdout) == (5, "")


def test_it_runs_again_and_loses_nothing(once: Rows, tmp_path: Path) -> None:
    """The samples come on top of what is there; README.md shows lines of the table, numbers aside."""
    folder = shutil.copytree(once[0], tmp_path / "d")
    env = environment(free_ports(4)) | {"COLUMNS": "80"}
    command = [sys.executable, "-m", "bccd", "demo", "--data-dir", str(folder), "--once"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert max(map(len, done.stdout.splitlines())) <= 80
    printed = {plain(line) for line in done.stdout.splitlines()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sample = readme[readme.index("mail                  ") :].partition("```")[0]
    shown = [plain(line) for line in sample.splitlines() if line.strip() and line.strip() != "..."]
    assert len(shown) > 8 and [line for line in shown if line not in printed] == []
    listed = json.loads(bccd("queue", "list", "--json", "--config", str(folder / "bccd.toml")).stdout)
    assert [entry["reason"] for entry in listed] == ["unconfirmed_address"] * 2


def plain(line: str) -> str:
    return re.sub(r"\s*\b\d+\b\s*", " N ", line).rstrip() if re.search(r"  \d+  ", line) else line.rstrip()


def test_fresh_starts_anew(tmp_path: Path) -> None:
    """Only --fresh deletes what was there, and it does not go with --keep."""
    assert bccd("demo", "--data-dir", str(tmp_path / "d"), "--fresh", "--keep").returncode == 6
    (tmp_path / "d").mkdir()
    for name in (".bccd-demo", "letter"):
        (tmp_path / "d" / name).touch()
    assert bccd("demo", "--data-dir", str(tmp_path / "d"), "--fresh", "--once").returncode == 0
    assert not (tmp_path / "d" / "letter").exists()


def test_a_killed_demo_takes_its_daemon_along(tmp_path: Path) -> None:
    """Whatever ends the demo, nothing is left that holds the ports; the daemon ends in order."""
    ports = free_ports(4)
    with running(tmp_path / "d", ports=ports) as demo:
        said = read_until(demo, "Ctrl-C stops it; the data stays.")
        demo.kill()
        demo.wait(PATIENCE)
        until = time.monotonic() + PATIENCE
        log = tmp_path / "d" / "bccd.log"
        while '"event":"stopped"' not in log.read_text(encoding="utf-8") and time.monotonic() < until:
            time.sleep(0.05)
    assert '"clean":true' in log.read_text(encoding="utf-8")
    for port in ports:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
    old = bccd("queue", "delete", "--yes", "--state", "held", "--older-than", "1h", "--json",
               "--config", str(tmp_path / "d" / "bccd.toml"))  # fmt: skip
    assert json.loads(old.stdout) == {"deleted": []}
    assert re.search(r"\| +3\. Tomasz Wójcik: .* \(deal 20\d\)", said)  # what a user was asked by mail
    assert re.search(r"--to sales\+r[a-z2-7]{20,}@drop\.harbourpine\.example", said)
    assert len(list((tmp_path / "d" / "mail").glob("*.eml"))) > 1


def test_its_log_names_nobody(once: Rows) -> None:
    """The daemon's log holds no address, no subject and no word of a mail."""
    log = (once[0] / "bccd.log").read_text(encoding="utf-8")
    assert '"event":"receive"' in log and '"event":"filing"' in log
    for secret in ("harbourpine", "fjordfoods", "drawings", "Ingrid", "Szafy", "lottery"):
        assert secret not in log


def test_commands_go_through_the_running_daemon(once: Rows) -> None:
    """While a demo serves, its filer retries mail, adds records and does commands; all is seen at once."""
    folder, rows = once
    config, ports = ("--config", str(folder / "bccd.toml")), free_ports(4)
    held = rows["From an alias not confirmed yet"]["delivery"]
    with running(folder, "--keep", ports=ports) as demo:
        read_until(demo, "Ctrl-C stops it; the data stays.")
        before = json.loads(bccd("explain", "--json", *config, held).stdout)["decided_at"]
        assert bccd("queue", "retry", *config, held).returncode == 0
        until = time.monotonic() + PATIENCE
        again = before
        while again == before and time.monotonic() < until:
            again = json.loads(bccd("explain", "--json", *config, held).stdout).get("decided_at", before)
        assert again > before
        added = bccd("directory", "add", "never-log", *config, "--entry", "@new.example")
        assert added.returncode == 0, added.stderr
        asked = rows["Bcc to a contact with three open deals"]["conversation"]
        choose = ("command", "choice.resolve", "--as", "u-2", f"conversation={asked}", 'deal="202"', "--json")
        assert json.loads(bccd(*choose, *config).stdout)["state"] == "done"
        filed = rows["Unknown contact"]["delivery"]
        refused = bccd("queue", "delete", "--yes", *config, filed)
        assert (refused.returncode, refused.stderr) == (6, f"bccd: {filed} is not in the queue\n")
        demo.terminate()
        demo.communicate(timeout=PATIENCE)
        assert demo.returncode == 0
    listed = json.loads(bccd("queue", "list", "--json", *config).stdout)
    assert [entry["delivery"] for entry in listed] == [held]


@contextmanager
def running(folder: Path, *words: str, ports: list[int]) -> Iterator[subprocess.Popen[str]]:
    """A demo that serves; killed, with its daemon, if a test leaves it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bccd", "demo", "--data-dir", str(folder), *words],
        env=environment(ports) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    heard = ""
    until = time.monotonic() + PATIENCE
    while words not in heard and time.monotonic() < until:
        line = process.stdout.readline()
        if not line:
            break
        heard += line
    assert words in heard
    return heard


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_it_is_told_to_stop(once: Rows, number: signal.Signals) -> None:
    """With --keep it goes on with the same data; a second one is told so; Ctrl-C ends it with code 0."""
    folder, rows = once
    ports = free_ports(4)
    with running(folder, "--keep", ports=ports) as demo:
        said = read_until(demo, "Ctrl-C stops it; the data stays.")
        assert "swaks --server" in said
        with socket.create_connection(("127.0.0.1", ports[0]), timeout=10) as smtp:
            assert smtp.recv(100).startswith(b"220 ")
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[2]}/readyz", timeout=10) as page:
            checks = json.load(page)["checks"]
        assert checks == dict.fromkeys(("listening", "directory", "spool", "filer", "disk"), True)
        second = bccd("demo", "--data-dir", str(folder), ports=ports)
        assert second.returncode == 7 and second.stderr.count("\n") == 1
        assert "is another demo running?" in second.stderr
        assert "BCCD_LISTEN__SMTP=127.0.0.1:PORT" in second.stderr
        other_ports = bccd("demo", "--data-dir", str(folder))
        assert other_ports.returncode == 7 and "already works on" in other_ports.stderr
        demo.send_signal(number)
        _, last = demo.communicate(timeout=PATIENCE)
        assert demo.returncode == 0
        assert last.strip().startswith(f"Stopped; the data is in {folder}.") and "--keep` goes on" in last
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=10).close()
    found = bccd("explain", "--config", str(folder / "bccd.toml"), rows["Unknown contact"]["delivery"])
    assert found.returncode == 0


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    """The demo makes its folder anew, but never one that it did not make."""
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    done = bccd("demo", "--data-dir", str(tmp_path), "--once")
    assert done.returncode == 6 and "name another folder with --data-dir" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
