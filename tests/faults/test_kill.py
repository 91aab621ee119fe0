"""F1 and F15: processes that are killed, and a daemon that is told to stop, while mail comes in."""

import json
import random
import smtplib
import socket
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.harness import mail, wait_for
from tests.faults.conftest import MakeFailing
from tests.faults.failing import Failing
from tests.faults.kills import WHOM, survive
from tests.faults.senders import Senders, plain

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def test_f01_kill_9_loses_and_doubles_nothing(failing: MakeFailing) -> None:
    """Each process, and all at once, are killed at random moments; `make kills` does it longer."""
    seed = random.randrange(2**32)  # noqa: S311 - chance, not secrecy
    print("seed", seed)  # noqa: T201 - shown where it fails
    survived = survive(failing(), random.Random(seed), len(WHOM))  # noqa: S311
    assert survived.killed.total() == len(WHOM)
    assert survived.states.keys() == {"filed"}


def test_f01_what_a_killed_front_had_of_a_mail_is_gone(daemon: Failing) -> None:
    """Its successor removes the file, and takes the mail when it is sent again."""
    raw = mail("half-way", body=b"x" * 70 + b"\r\n" * 400_000)
    with closing(smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=30)) as client:
        client.ehlo()
        client.mail("ann@example.com")
        client.rcpt("sales@drop.example.com")
        client.putcmd("data")
        assert client.getreply()[0] == 354
        client.send(raw)
        wait_for(lambda: bool(_coming_in(daemon)), 30, daemon.tail)
        daemon.strike("fronts")
    daemon.deliver(raw)
    assert not _coming_in(daemon)
    daemon.check()


def _coming_in(daemon: Failing) -> list[Path]:
    return list((daemon.data / "tmp").glob("**/data-*"))


def test_f15_a_stop_under_load(daemon: Failing) -> None:
    """No mail that got its 250 is lost, who is idle hears 421 4.3.2, and the end comes soon."""
    senders = Senders(daemon, threads=4, write=lambda number: plain(100_000 + number))
    senders.wait(20)
    with smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=30) as idle:
        idle.ehlo()
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 30
        code, text = idle.noop()
        assert (code, text[:5]) == (421, b"4.3.2")
    daemon.start()
    senders.wait(len(senders.acked) + 20)
    senders.stop()
    daemon.took(senders)
    daemon.check()


def test_f15_a_stop_with_a_mail_half_sent(daemon: Failing) -> None:
    """The transaction may end, and its mail is kept; others find the port closed, and /readyz says so."""
    with closing(smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=30)) as client:
        client.ehlo()
        client.mail("ann@example.com")
        client.rcpt("sales@drop.example.com")
        client.putcmd("data")
        assert client.getreply()[0] == 354
        raw = mail("half-sent")
        client.send(raw[:100])
        assert daemon.process is not None
        daemon.process.terminate()
        wait_for(lambda: _is_refused(daemon.smtp), 30, daemon.tail)
        assert _ready(daemon.http) == (503, False)
        client.send(raw[100:] + b".\r\n")
        assert client.getreply()[0] == 250
    assert daemon.process.wait(40) == 0
    daemon.acked.append(raw)
    daemon.start()
    daemon.check()


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except ConnectionRefusedError:
        return True
    return False


def _ready(port: int) -> tuple[int, object]:
    """Return what /readyz answers, and what it says of the listeners."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
            return answer.status, json.load(answer)["checks"]["listening"]
    except urllib.error.HTTPError as answer:
        return answer.code, json.load(answer)["checks"]["listening"]
