"""The whole daemon on real sockets: mail in, rows out, and an end in good order."""

import json
import os
import shutil
import signal
import smtplib
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, Daemon, mail, wait_for

pytestmark = pytest.mark.e2e


def test_mail_is_filed(daemon: Daemon) -> None:
    """A mail answered with 250 is filed at once, linked to its contact and his one open deal."""
    daemon.send(mail("first"))
    daemon.wait_filed(1)
    begun = time.monotonic()
    daemon.send(mail("second"))
    rows = daemon.wait_filed(2)
    assert (
        time.monotonic() - begun < 5.0
    )  # benchmarks measure how soon; here only that nothing waits for a timer
    assert [row.state for row in rows] == ["filed"] * 2
    links = daemon.query("SELECT contact_id IS NOT NULL, deal_id IS NOT NULL, state FROM link")
    assert sorted(links) == [(0, 1, "active"), (0, 1, "active"), (1, 0, "active"), (1, 0, "active")]


def test_the_same_mail_twice_is_one(daemon: Daemon) -> None:
    """The same octets again are answered with 250 and stand once."""
    daemon.send(mail("twice"))
    daemon.wait_filed(1)
    daemon.send(mail("twice"))
    daemon.send(mail("other"))
    assert len(daemon.wait_filed(2)) == 2


def test_health(daemon: Daemon) -> None:
    """Health is answered for on the configured address; ready means that mail can be read, too."""
    assert health(daemon, "healthz") == 200
    wait_for(lambda: health(daemon, "readyz") == 200, 20, daemon.tail)


def health(daemon: Daemon, path: str) -> int:
    """Ask for the daemon's health and return the status."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http}/{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_lmtp_answers_each_recipient(daemon: Daemon) -> None:
    """Over LMTP a known recipient gets 250 and an unknown one 550."""
    with smtplib.LMTP("127.0.0.1", daemon.lmtp) as client:
        refused = client.sendmail(USERS[0], [DROP, "nobody@drop.example.com"], mail("lmtp"))
    assert list(refused) == ["nobody@drop.example.com"]
    assert refused["nobody@drop.example.com"][0] == 550
    assert [row.state for row in daemon.wait_filed(1)] == ["filed"]


def test_strangers_are_refused(make_daemon: MakeDaemon) -> None:
    """Outside trusted networks nothing unproven gets in, whoever it claims to be from."""
    daemon = make_daemon(trust={"networks": []}).start()
    with pytest.raises(smtplib.SMTPDataError) as caught:
        daemon.send(mail("forged"))
    assert caught.value.smtp_code == 550
    assert daemon.deliveries() == []


def test_swaks(daemon: Daemon) -> None:
    """swaks hands a mail in, and is told when an address does not exist."""
    swaks = shutil.which("swaks")
    if swaks is None:
        pytest.skip("lacks swaks")
    common = [
        swaks,
        "--server",
        f"127.0.0.1:{daemon.smtp}",
        "--from",
        USERS[0],
        "--h-To",
        "cleo@customer.example",
    ]
    for recipient, code in ((DROP, 0), ("nobody@drop.example.com", 24)):
        done = subprocess.run([*common, "--to", recipient], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout
    assert [row.state for row in daemon.wait_filed(1)] == ["filed"]


def test_several_fronts(make_daemon: MakeDaemon) -> None:
    """Several listener processes share the sockets, and each wakes the filer."""
    daemon = make_daemon(processes={"fronts": 3}).start()
    times = []
    for number in range(15):
        begun = time.monotonic()
        daemon.send(mail(f"front-{number}"))
        daemon.wait_filed(number + 1)
        times.append(time.monotonic() - begun)
    assert sorted(times)[10] < 0.9  # without being woken the filer looks once a second
    assert len({event["process"] for event in daemon.events("receive")}) > 1


def test_killed_children_are_replaced(daemon: Daemon) -> None:
    """The filer, a front and the parsers are killed; mail is taken and filed all the same."""
    for pid in daemon.children():
        os.kill(pid, signal.SIGKILL)
    wait_for(daemon.greets, 10, daemon.tail)
    daemon.send(mail("after"))
    assert [row.state for row in daemon.wait_filed(1)] == ["filed"]


def test_a_stuck_parser_holds_nobody_up(daemon: Daemon) -> None:
    """With one of two parsers stopped for good, all mail is filed by the other."""
    daemon.send(mail("warm"))
    daemon.wait_filed(1)
    os.kill(daemon.parsers()[0], signal.SIGSTOP)
    begun = time.monotonic()
    for number in range(10):
        daemon.send(mail(f"stuck-{number}"))
    rows = daemon.wait_filed(11)
    assert time.monotonic() - begun < 20  # a stopped parser is given up sooner than that, however busy we are
    assert {row.state for row in rows} == {"filed"}


@pytest.mark.parametrize(
    ("limit", "mebibytes", "reason"),
    [
        ({"parse_memory": "128 MiB"}, 90, "parser_memory"),
        ({"parse_seconds": 0.1, "parse_memory": "2 GiB"}, 80, "parser_timeout"),
    ],
    ids=["bloats", "takes too long"],
)
def test_a_poison_mail_is_kept_as_failed(
    make_daemon: MakeDaemon, limit: dict[str, object], mebibytes: int, reason: str
) -> None:
    """A mail too heavy for its parser ends as failed with its octets kept; its neighbours are filed."""
    daemon = make_daemon(
        processes=limit, filing={"retry_first_seconds": 0.05}, limits={"message_size": "200 MiB"}
    ).start()
    daemon.send(mail("warm"))
    daemon.wait_filed(1)
    base64 = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    heavy = mail("heavy", header=base64, body=(b"QUJD" * 19 + b"\r\n") * (mebibytes * 2**20 // 78))
    daemon.send(heavy)
    for number in range(10):
        daemon.send(mail(f"light-{number}"))
    rows = daemon.wait_filed(12, 30)
    assert [(row.state, row.reason) for row in rows if row.state != "filed"] == [("failed", reason)]
    failed = next(row for row in rows if row.state == "failed")
    kept = daemon.query("SELECT size FROM raw_mail WHERE sha256 = ?", failed.sha256, file="spool.db")
    assert kept == [(len(heavy),)]


def test_no_schema_is_one_sentence(tmp_path: Path) -> None:
    """Without its databases the daemon does not start, and says what to run."""
    daemon = Daemon(tmp_path)
    daemon.configure()
    done = daemon.call("serve")
    assert done.returncode != 0
    assert "bccd migrate" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_busy_port_is_one_sentence(daemon: Daemon, make_daemon: MakeDaemon) -> None:
    """A second daemon on the same port ends with one sentence that names it."""
    second = make_daemon(listen={"smtp": [f"127.0.0.1:{daemon.smtp}"]})
    done = second.call("serve")
    assert done.returncode == 7
    assert f"127.0.0.1:{daemon.smtp}" in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_log_names_no_one(daemon: Daemon) -> None:
    """No address, subject or body reaches the log."""
    daemon.send(mail("canary-subject", body=b"canary-body\r\n"))
    daemon.wait_filed(1)
    daemon.stop()
    log = daemon.log.read_text(encoding="utf-8")
    assert len(daemon.events("receive")) == len(daemon.events("filing")) == 1
    for canary in ("canary", *USERS, "cleo", DROP):
        assert canary not in log
    assert json.loads(log.splitlines()[-1])["event"] == "stopped"


def test_a_full_log_is_no_failure(make_daemon: MakeDaemon) -> None:
    """What Python could not write of the log is dropped: a stop ends with 0 and not with Python's 120."""
    daemon = make_daemon()
    daemon.log.symlink_to("/dev/full")
    # A process with an end of its own, not forked for a test, which keeps what it cannot write until then.
    daemon.wrapper = ("env", "-u", "PYTHONUNBUFFERED")
    daemon.start()
    daemon.send(mail("unheard"))
    assert [row.state for row in daemon.wait_filed(1)] == ["filed"]
    assert daemon.stop() == 0
