"""A running daemon, as its operator sees it: status, trace, doctor, metrics."""

import json
import os
import re
import signal
import smtplib
import subprocess
import urllib.request
from typing import Any

import pytest

from bccd.vitals import names
from tests.e2e.conftest import MakeDaemon, MakeNode
from tests.e2e.harness import DROP, USERS, Daemon, mail, wait_for
from tests.sink import sink

pytestmark = pytest.mark.e2e


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def metrics(daemon: Daemon) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http}/metrics", timeout=10) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def counted(daemon: Daemon, name: str, **labels: str) -> float:
    """Add up what all processes count of a family, with these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return sum(
        value
        for line, value in metrics(daemon).items()
        if line.partition("{")[0] == name and all(each in line for each in wanted)
    )


def refuse(daemon: Daemon, sender: str, to: str, raw: bytes) -> None:
    with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused)):
        daemon.send(raw, sender, [to])


def see_status(daemon: Daemon) -> None:
    seen = told(daemon.call("status", "--json"))
    assert seen["well"] and seen["trouble"] == []
    assert seen["last_hour"]["received"] == {"filed": 1}
    assert seen["counted"] == {"accepted": 2, "refused": 2, "decided": 1, "notices": 0}
    running = [one["name"] for one in seen["processes"] if one["up"]]
    assert running == ["supervisor", "filer", "front-1", "front-2", "outbound"]


def see_metrics(daemon: Daemon) -> None:
    assert counted(daemon, "bccd_accepted_total") == 2
    assert counted(daemon, "bccd_refused_total", code="550") == 2
    assert counted(daemon, "bccd_deliveries_total", state="filed") == 1
    for name in ("bccd_filing_seconds_count", "bccd_parse_seconds_count", "bccd_database_up"):
        assert counted(daemon, name) == 1
    for name in ("bccd_in_flight_bytes", "bccd_connections", "bccd_queue_length", "bccd_in_hand"):
        assert counted(daemon, name) == 0
    assert {name.partition("{")[0] for name in metrics(daemon)} <= names()
    assert "example" not in " ".join(metrics(daemon))


def see_traces(daemon: Daemon) -> None:
    def followed(what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = told(daemon.call("trace", what, "--json"))
        return found

    wait_for(lambda: daemon.call("trace", "nobody@drop.example.com").returncode == 0, 20)
    twice = followed("4XyZ12abcZ")
    assert [(one["reply"][:3], one["state"]) for one in twice] == [("250", "filed")] * 2
    assert twice[1]["reply"].endswith(", seen before")
    refused = followed("eve@stranger.example")
    wanted = [("mail", "unknown_sender"), ("recipient", "")]
    assert [(one["step"], one["reason"]) for one in refused] == wanted
    assert all(one["advice"] for one in refused)
    number = re.search(r"\((\w{13})\)", refused[0]["reply"])
    assert number is not None and followed(number[1]) == followed(number[1].upper()) == refused[:1]
    assert all(b"example" not in path.read_bytes() for path in (daemon.data / "attempts").iterdir())


def see_doctor(daemon: Daemon) -> None:
    found = told(daemon.call("doctor", "--json"))["findings"]
    levels = {(one["topic"], one["level"]) for one in found}
    topics = ("folder", "keys", "database", "queue", "daemon", "ports", "dns", "smarthost")
    assert {(topic, "OK") for topic in topics} <= levels
    assert "FAIL" not in {level for _, level in levels}
    assert all(one["advice"] for one in found if one["level"] != "OK")


def test_an_operator_sees_what_happens(make_daemon: MakeDaemon) -> None:
    """Mail that is filed, twice the same, refused and never begun is counted, shown and found again."""
    with sink() as smarthost:
        daemon = make_daemon(outbound={"smarthost": f"127.0.0.1:{smarthost.port}"}, processes={"fronts": 2})
        daemon.start()
        received = b"Received: from mua by mx.example.com (Postfix) with ESMTPS id 4XyZ12abcZ; now\r\n"
        for _ in range(2):
            daemon.send(mail("canary", header=received))
        refuse(daemon, "eve@stranger.example", DROP, mail("no", "eve@stranger.example"))
        refuse(daemon, "eve@stranger.example", "nobody@drop.example.com", mail("never"))
        daemon.wait_filed(1)
        see_status(daemon)
        see_metrics(daemon)
        see_traces(daemon)
        see_doctor(daemon)


def test_what_ends_is_seen(daemon: Daemon) -> None:
    """A front that is killed is counted by its successor's supervisor, and named among the last errors."""
    (front,) = [
        one["pid"] for one in told(daemon.call("status", "--json"))["processes"] if one["name"] == "front-1"
    ]
    os.kill(front, signal.SIGKILL)
    wait_for(daemon.greets, 20, daemon.tail)
    wait_for(lambda: counted(daemon, "bccd_process_restarts_total", ended="front") == 1, 20, daemon.tail)
    seen = told(daemon.call("status", "--json"))
    assert any("child_ended child=front-1 code=-9" in one["text"] for one in seen["errors"])
    filer = next(one["pid"] for one in seen["processes"] if one["name"] == "filer")
    os.kill(filer, signal.SIGSTOP)
    try:
        hangs = told(daemon.call("status", "--json"), 1)
    finally:
        os.kill(filer, signal.SIGCONT)
    assert not hangs["well"] and hangs["trouble"] == ["the running bccd does not answer"]
    assert hangs["queue"]["length"] == 0 and hangs["database"]["up"]
    daemon.stop()
    gone = told(daemon.call("status", "--json"), 1)
    assert gone["trouble"] == [f"no bccd runs on {daemon.data}"] and not any(
        one["answers"] for one in gone["listeners"]
    )
    assert told(daemon.call("doctor", "--json"), 1)["well"] is False


@pytest.mark.db
def test_on_postgresql(node: MakeNode) -> None:
    """Settings are read from the server, and what was filed is traced."""
    daemon = node().start()
    daemon.send(mail("traced"))
    daemon.wait_filed(1)
    found = told(daemon.call("doctor", "--json"))["findings"]
    said = next(one["sentence"] for one in found if one["topic"] == "database")
    assert said.startswith("PostgreSQL 1") and said.endswith("fsync on, full_page_writes on")
    assert told(daemon.call("status", "--json"))["database"]["kind"] == "postgresql"
    wait_for(lambda: daemon.call("trace", USERS[0]).returncode == 0, 20)
    (one,) = told(daemon.call("trace", "traced@example.com", "--json"))
    assert one["state"] == "filed"
