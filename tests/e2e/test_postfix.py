"""bccd behind a real Postfix, over SMTP and over LMTP."""

import json
import os
import re
import shutil
import smtplib
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, Daemon, mail, wait_for
from tests.e2e.postfix import Postfix
from tests.nameserver import name_server

pytestmark = [pytest.mark.e2e, pytest.mark.postfix]

UNKNOWN = "nobody@drop.example.com"
TAGGED = "sales+deal77@drop.example.com"
StartPostfix = Callable[[str], Postfix]


@pytest.fixture
def start_postfix() -> Iterator[StartPostfix]:
    """Start mail servers; they end with the test."""
    if os.geteuid() != 0:
        pytest.skip("lacks root")
    started: list[Postfix] = []

    def start(transport: str) -> Postfix:
        started.append(Postfix(transport))
        return started[-1].start()

    yield start
    for postfix in started:
        postfix.stop()


def hop(daemon: Daemon, protocol: str) -> str:
    """Write the daemon as a transport."""
    if protocol == "smtp":
        return f"smtp:[127.0.0.1]:{daemon.smtp}"
    return f"lmtp:inet:127.0.0.1:{daemon.lmtp}"


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
def test_three_recipients_one_unknown(daemon: Daemon, start_postfix: StartPostfix, protocol: str) -> None:
    """Of three recipients Postfix delivers two and bounces the unknown one; the mail is filed once."""
    postfix = start_postfix(hop(daemon, protocol))
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.sendmail(USERS[0], [DROP, UNKNOWN, TAGGED], mail("postfix"))
    wait_for(lambda: {DROP, UNKNOWN, TAGGED} <= set(postfix.results()), 20, postfix.log)
    results = postfix.results()
    assert {to: results[to][0] for to in (DROP, TAGGED, UNKNOWN)} == {
        DROP: "sent",
        TAGGED: "sent",
        UNKNOWN: "bounced",
    }
    assert "250 2.0.0 accepted as" in results[DROP][1]
    assert "550 5.1.1" in results[UNKNOWN][1]
    rows = daemon.wait_filed(1)
    assert [row.state for row in rows] == ["filed"]
    assert daemon.query("SELECT count(*) FROM message") == [(1,)]
    assert daemon.query("SELECT count(*) FROM delivery_recipient") == [(2,)]


def test_a_relay_tells_what_it_found_and_whom_it_has_it_from(
    make_daemon: MakeDaemon, start_postfix: StartPostfix
) -> None:
    """Behind a listed relay, mail is filed where its results or SPF of its own client say so, and held else.

    SPF is asked about the client that Postfix tells of by XFORWARD, never about Postfix. A recipient that was
    refused is found by the id that Postfix has for the mail.
    """
    with name_server({"example.com": {"TXT": ["v=spf1 ip4:127.0.0.2 -all"]}}) as names:
        daemon = make_daemon(
            trust={"networks": [], "relays": ["127.0.0.1/32"], "authserv_ids": ["mx.example.com"]},
            verify={"nameservers": [names.address]},
        ).start()
        postfix = start_postfix(hop(daemon, "lmtp"))
        proof = b"Authentication-Results: mx.example.com; dmarc=pass header.from=example.com\r\n"
        for client_ip, name, header in (
            ("127.0.0.1", "proven", proof),
            ("127.0.0.2", "claimed", proof.replace(b"pass", b"fail")),
            ("127.0.0.2", "told", b""),
            ("127.0.0.1", "unproven", b""),
        ):
            with smtplib.SMTP("127.0.0.1", postfix.port, source_address=(client_ip, 0)) as client:
                client.sendmail(USERS[0], [DROP], mail(name, header=header))
        rows = daemon.wait_filed(4)
    refused_by_id(daemon, postfix)
    raws = {row.sha256: row for row in rows}
    found = {
        name: row
        for sha256, row in raws.items()
        for name in ("proven", "claimed", "told", "unproven")
        if f"<{name}@".encode()
        in daemon.query("SELECT data FROM raw_mail WHERE sha256 = ?", sha256, file="spool.db")[0][0]  # type: ignore[operator]
    }
    assert {name: (row.state, row.reason) for name, row in found.items()} == {
        "proven": ("filed", ""),
        "claimed": ("held", "unverified_sender"),
        "told": ("filed", ""),
        "unproven": ("held", "unverified_sender"),
    }
    assert '"relay_dmarc"' in found["proven"].evidence
    assert '"method":"spf"' in found["told"].evidence.replace(" ", "")
    assert '"client_ip":"127.0.0.2"' in found["told"].evidence.replace(" ", "")


def refused_by_id(daemon: Daemon, postfix: Postfix) -> None:
    """Have a recipient refused, and ask for him as whoever reads Postfix's log would."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.sendmail(USERS[0], [UNKNOWN], mail("refused"))
    wait_for(lambda: UNKNOWN in postfix.results(), 30, postfix.log)
    (known,) = set(re.findall(rf"(\w+): to=<{UNKNOWN}>", postfix.log()))
    wait_for(lambda: daemon.call("trace", known).returncode == 0, 20)
    (step,) = json.loads(daemon.call("trace", known, "--json").stdout)
    assert (step["step"], step["reply"][:9]) == ("recipient", "550 5.1.1")


def test_a_restart_is_waited_out(daemon: Daemon, start_postfix: StartPostfix) -> None:
    """Mail that Postfix could not hand over while bccd was down arrives when it is back."""
    postfix = start_postfix(hop(daemon, "smtp"))
    assert daemon.stop() == 0
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.sendmail(USERS[0], [DROP], mail("later"))
    wait_for(lambda: "deferred" in postfix.log(), 20, postfix.log)
    daemon.start()
    assert [row.state for row in daemon.wait_filed(1, 30)] == ["filed"]


def test_smtp_source(make_daemon: MakeDaemon) -> None:
    """A load of smtp-source is taken without an error and filed to the last mail."""
    program = shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program is not None
    daemon = make_daemon(limits={"connections_per_ip": 50}).start()
    command = [program, "-l", "5000", "-m", "300", "-s", "20", "-f", USERS[0], "-t", DROP]
    done = subprocess.run(
        [*command, f"127.0.0.1:{daemon.smtp}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = daemon.wait_filed(300, 30)
    assert len(rows) == 300
    assert {(row.state, row.reason) for row in rows} == {("held", "no_visible_recipient")}  # all is in Bcc
