"""bccd as a service: on sockets that systemd opened for it."""

import json
import smtplib
import socket

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, free_port, mail

pytestmark = [pytest.mark.e2e, pytest.mark.needs("systemd-socket-activate")]


def test_sockets_of_systemd_are_served(make_daemon: MakeDaemon) -> None:
    """One is known by its place and one by its name; mail on both is filed, status and doctor ask both."""
    daemon = make_daemon()
    named = free_port()
    daemon.wrapper = (
        "systemd-socket-activate",
        f"--listen=127.0.0.1:{daemon.smtp}",
        f"--listen=127.0.0.1:{named}",
        "--fdname=mail:lmtp",
    )
    daemon.start()
    daemon.send(mail("placed"))
    with smtplib.LMTP("127.0.0.1", named, timeout=20) as client:
        client.sendmail(USERS[0], [DROP], mail("named"))
    assert [row.state for row in daemon.wait_filed(2)] == ["filed"] * 2
    with pytest.raises(ConnectionRefusedError):  # the place of the option that the named one stands for
        socket.create_connection(("127.0.0.1", daemon.lmtp))
    status = json.loads(daemon.call("status", "--json").stdout)
    at = [(one["protocol"], one["endpoint"]) for one in status["listeners"] if one["answers"]]
    assert status["well"] and ("lmtp", f"127.0.0.1:{named}") in at
    doctor = json.loads(daemon.call("doctor", "--json").stdout)
    assert {one["level"] for one in doctor["findings"] if one["topic"] == "ports"} == {"OK"}
    assert daemon.stop() == 0
