"""Addresses on their whole way: asked for, mailed, proven; and what "always" lets in."""

import re
import smtplib
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from bccd.model.delivery import show_id
from tests.e2e.conftest import MakeDaemon, MakeNode
from tests.e2e.harness import DROP, USERS, Daemon, free_port, mail, wait_for
from tests.sink import Sink, sink

pytestmark = pytest.mark.e2e

ANN, HOME = USERS[0], "ann@home.example"
RELAYED = {"trust": {"networks": [], "relays": ["127.0.0.1/32"], "authserv_ids": ["mx.example.com"]}}
FORM = re.compile(r'name="(\w+)" value="(\w+)"')


@pytest.fixture
def users_mail() -> Iterator[Sink]:
    """Run the mail server of the users."""
    with sink() as running:
        yield running


def asked(daemon: Daemon, users_mail: Sink) -> str:
    """Add the address, have a mail of it held, and return what is mailed to it."""
    done = daemon.call("address", "add", HOME, "--as", ANN)
    assert done.returncode == 0, done.stderr
    daemon.send(mail("from-home", HOME), HOME)
    (held,) = daemon.wait_filed(1)
    assert (held.state, held.reason) == ("held", "unconfirmed_address")
    wait_for(lambda: bool(users_mail.mails(HOME)), 30, daemon.tail)
    (taken,) = users_mail.mails(HOME)
    assert taken.sender == "" and taken.mail["Auto-Submitted"] == "auto-generated"
    return taken.text


def filed(daemon: Daemon) -> bool:
    return [row.state for row in daemon.deliveries()] == ["filed"]


def test_an_alias_is_proven_by_its_link(make_daemon: MakeDaemon, users_mail: Sink) -> None:
    """Opening the link changes nothing, as a scanner does; pressing the button files what waited."""
    port = free_port()
    daemon = make_daemon(
        listen={"web": [f"127.0.0.1:{port}"]},
        outbound={"smarthost": f"127.0.0.1:{users_mail.port}", "public_url": f"http://127.0.0.1:{port}"},
    ).start()
    (url,) = re.findall(r"http://\S+", asked(daemon, users_mail))
    form: dict[str, str] = {}
    for _ in range(2):
        with urlopen(url, timeout=20) as page:  # noqa: S310 - it is the daemon's
            assert page.status == HTTPStatus.OK
            form = dict(FORM.findall(page.read().decode()))
    assert [row.state for row in daemon.deliveries()] == ["held"]
    with urlopen(Request(url, urlencode(form).encode()), timeout=20) as page:  # noqa: S310 - the same
        assert page.status == HTTPStatus.OK
    wait_for(lambda: filed(daemon), 20, daemon.tail)
    listed = daemon.call("address", "own", "--as", ANN).stdout
    assert f"{HOME}" in listed and "not confirmed" not in listed
    assert daemon.stop() == 0


@pytest.mark.db
def test_an_alias_is_proven_by_its_code_on_postgresql(node: MakeNode, users_mail: Sink) -> None:
    """A wrong one is refused."""
    daemon = node(outbound={"smarthost": f"127.0.0.1:{users_mail.port}"}).start()
    (code,) = re.findall(r"\b\d{6}\b", asked(daemon, users_mail))
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refused = daemon.call("address", "confirm", HOME, wrong, "--as", ANN)
    assert (refused.returncode, "wrong_code" in refused.stderr) == (6, True)
    assert daemon.call("address", "confirm", HOME, code, "--as", ANN).returncode == 0
    wait_for(lambda: filed(daemon), 20, daemon.tail)
    assert daemon.stop() == 0


def relayed(daemon: Daemon, name: str, results: str) -> tuple[int, str, str]:
    """Hand a mail in over LMTP with what the relay found; return delivery, state and reason."""
    header = f"Authentication-Results: mx.example.com; {results}\r\n".encode()
    count = len(daemon.deliveries())
    with smtplib.LMTP("127.0.0.1", daemon.lmtp) as client:
        client.sendmail("b1@bounce.mailer.example", [DROP], mail(name, ANN, header=header))
    rows = daemon.wait_filed(count + 1)
    return rows[-1].id, rows[-1].state, rows[-1].reason


def test_always_lets_in_what_shows_the_same(make_daemon: MakeDaemon) -> None:
    """Not what a spoofer can show; of a shared signer nothing is taken; the decision tells by what."""
    daemon = make_daemon(**RELAYED).start()
    signed = "dkim=pass header.d=mailer.example; dmarc=none header.from=example.com"
    shared = "dkim=pass header.d=sendgrid.net; dmarc=none header.from=example.com"
    id_, *how = relayed(daemon, "one", signed)
    assert how == ["held", "unverified_sender"]
    other, *how = relayed(daemon, "two", shared)
    assert how == ["held", "unverified_sender"]
    for_good = ("held", "release", "--always", "--as", ANN)
    refused = daemon.call(*for_good, show_id(other))
    assert (refused.returncode, "can be let in once" in refused.stderr) == (6, True)
    assert daemon.call(*for_good, show_id(id_)).returncode == 0
    wait_for(lambda: daemon.deliveries()[0].state == "filed", 20, daemon.tail)
    later, *how = relayed(daemon, "three", signed)
    assert how[0] == "filed"
    assert "dkim:mailer.example" in daemon.call("explain", show_id(later)).stdout
    for name, found in (("four", "dkim=pass header.d=evil.example"), ("five", "dkim=none"), ("six", shared)):
        assert relayed(daemon, name, found)[1:] == ("held", "unverified_sender")
    assert "mailer.example" in daemon.call("held", "trusted", "--as", ANN).stdout
    daemon.call("command", "trust.remove", f"address={ANN}", "--as", ANN)
    assert relayed(daemon, "seven", signed)[1:] == ("held", "unverified_sender")
    told = daemon.query("SELECT count(*) FROM outbox WHERE reason = 'unverified_sender'")
    assert told == [(0,)], "whoever is not proven is told nothing"
    assert daemon.stop() == 0
