"""Users and servers that log in: swaks, smtplib and Postfix with SASL against a real daemon."""

import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bccd import door
from bccd.verify import passwords
from tests import certificate
from tests.canary import CANARY
from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, Daemon, free_port, mail, wait_for
from tests.e2e.postfix import Postfix

pytestmark = pytest.mark.e2e

ANN, BEN = USERS[:2]
PASSWORD = f"{CANARY} horse"


class Desk:
    """A daemon that takes mail from whoever logs in, and trusts no network."""

    def __init__(self, make: MakeDaemon, folder: Path) -> None:
        self.submission, self.smtps = free_port(), free_port()
        self.folder = folder
        self.pair = certificate.make(folder, host="bccd.example.com")
        self.daemon: Daemon = make(
            listen={
                "submission": [f"127.0.0.1:{self.submission}"],
                "smtps": [f"127.0.0.1:{self.smtps}"],
            },
            tls={"certificate": str(self.pair[0]), "key": str(self.pair[1])},
            trust={"networks": []},
        ).start()

    def password(self, login: str, said: str, user: int = 1) -> None:
        """Set a password by the daemon's door, as `bccd user password` does."""
        found = self.daemon.query("SELECT user_id FROM user_address WHERE address = ?", USERS[user - 1])
        request = {"company": 1, "user": found[0][0], "name": login, "password": passwords.hashed(said)}
        door.ask(self.daemon.data, "login.keep", request)

    def context(self) -> ssl.SSLContext:
        """Trust this daemon's certificate, and check that it is the daemon's."""
        context = ssl.create_default_context(cafile=self.pair[0])
        context.check_hostname = False
        return context

    def client(self) -> smtplib.SMTP:
        """Return a client within TLS."""
        client = smtplib.SMTP("127.0.0.1", self.submission, timeout=20)
        client.starttls(context=self.context())
        return client

    def serial(self) -> int:
        """Return the number of the certificate that a new handshake shows."""
        with socket.create_connection(("127.0.0.1", self.smtps), timeout=20) as sock:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(self.folder / "mx.pem")
            context.check_hostname = False
            with context.wrap_socket(sock) as secured:
                shown = secured.getpeercert()
                assert shown is not None
                return int(str(shown["serialNumber"]), 16)


@pytest.fixture
def desk(make_daemon: MakeDaemon, tmp_path: Path) -> Desk:
    """A running daemon with a certificate; Ann has a password."""
    made = Desk(make_daemon, tmp_path)
    made.password(ANN, PASSWORD)
    return made


def swaks(desk: Desk, *options: str, port: int, said: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    """Send a mail of Ann's with swaks."""
    raw = desk.folder / "swaks.eml"
    raw.write_bytes(mail("swaks-" + "-".join(options).replace(" ", "")))
    common = ["--server", "127.0.0.1", "--port", str(port), "--from", ANN, "--to", DROP, "--data", f"@{raw}"]
    login = ["--auth-user", ANN, "--auth-password", said, "--ehlo", "client.example", "--timeout", "20"]
    return subprocess.run(
        ["swaks", *common, *login, *options], capture_output=True, text=True, check=False, timeout=60
    )


def _swaks_lacks() -> str:
    """Say what swaks needs besides itself to speak TLS."""
    if shutil.which("swaks") is None:
        return "swaks"
    done = subprocess.run(["swaks", "--support"], capture_output=True, text=True, check=False, timeout=60)
    return "" if "=== TLS supported" in done.stdout + done.stderr else "libnet-ssleay-perl"


@pytest.mark.needs("swaks")
def test_swaks(desk: Desk) -> None:
    """swaks logs in by each mechanism, by STARTTLS and implicit TLS; in clear or wrongly it gets nowhere."""
    if lack := _swaks_lacks():
        pytest.skip(f"lacks {lack}")
    ways = (
        ("--tls --auth PLAIN", desk.submission),
        ("--tls --auth LOGIN", desk.submission),
        ("--tls-on-connect --auth PLAIN", desk.smtps),
        ("--tls-on-connect --auth LOGIN", desk.smtps),
        ("--tls-on-connect --auth PLAIN --tls-protocol tlsv1_2", desk.smtps),
    )
    for options, port in ways:
        done = swaks(desk, *options.split(), port=port)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "235 2.7.0" in done.stdout and "250 2.0.0 accepted" in done.stdout
    for options, port, said in (
        ("--auth PLAIN", desk.submission, PASSWORD),
        ("--tls --auth PLAIN", desk.daemon.smtp, PASSWORD),
        ("--tls --auth CRAM-MD5", desk.submission, PASSWORD),
        ("--tls --auth PLAIN", desk.submission, f"wrong {CANARY}"),
    ):
        done = swaks(desk, *options.split(), port=port, said=said)
        assert done.returncode != 0 and "250 2.0.0 accepted" not in done.stdout
    rows = desk.daemon.wait_filed(5)
    assert {row.state for row in rows} == {"filed"}
    assert all('"login"' in row.evidence for row in rows)
    log = desk.daemon.log.read_text(encoding="utf-8")
    assert "login_failed" in log and CANARY not in log and ANN not in log


def test_a_login_is_one_users(desk: Desk) -> None:
    """Whoever logs in writes in his own name alone; his password may change while the daemon runs."""
    with desk.client() as client:
        client.login(ANN, PASSWORD)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail(ANN, [DROP], mail("as-ben", sender=BEN))
        assert refused.value.smtp_code == 550
        client.sendmail(ANN, [DROP], mail("as-ann"))
    command = [sys.executable, "-m", "bccd", *desk.daemon.words("user", "password", "example", ANN)]
    done = subprocess.run(command, input="battery staple\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with desk.client() as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(ANN, PASSWORD)
        client.login(ANN, "battery staple")
    door.ask(desk.daemon.data, "login.switch", {"name": ANN, "on": False})
    with desk.client() as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(ANN, "battery staple")
    assert [row.state for row in desk.daemon.wait_filed(1)] == ["filed"]


def test_a_certificate_is_replaced_under_sessions(desk: Desk) -> None:
    """At SIGHUP new sessions see the new certificate and old ones go on; a broken one changes nothing."""
    assert desk.daemon.process is not None
    assert desk.serial() == 1
    with desk.client() as client:
        client.login(ANN, PASSWORD)
        client.mail(ANN)
        certificate.make(desk.folder, serial=2, host="bccd.example.com")
        os.kill(desk.daemon.process.pid, signal.SIGHUP)
        wait_for(lambda: bool(desk.daemon.events("certificate_loaded")), 20, desk.daemon.tail)
        assert desk.serial() == 2
        good = desk.pair[0].read_bytes()
        desk.pair[0].write_bytes(good[:100])
        os.kill(desk.daemon.process.pid, signal.SIGHUP)
        wait_for(lambda: bool(desk.daemon.events("certificate_kept")), 20, desk.daemon.tail)
        desk.pair[0].write_bytes(good)
        assert desk.serial() == 2
        assert client.rcpt(DROP)[0] == 250
        assert client.data(mail("through-it-all"))[0] == 250
    assert [row.state for row in desk.daemon.wait_filed(1)] == ["filed"]


@pytest.fixture
def postfixes() -> Iterator[list[Postfix]]:
    """Mail servers that end with the test."""
    if os.geteuid() != 0:
        pytest.skip("lacks root")
    made: list[Postfix] = []
    yield made
    for postfix in made:
        postfix.stop()


@pytest.mark.postfix
@pytest.mark.skipif(
    not any(Path(folder).glob("**/sasl2/libplain.so*") for folder in ("/usr/lib", "/usr/lib64")),
    reason="lacks SASL modules",
)
@pytest.mark.parametrize("implicit", [False, True])
def test_postfix_with_sasl(desk: Desk, postfixes: list[Postfix], implicit: bool) -> None:
    """A Postfix that logs in as a user hands his mail in, by STARTTLS or by implicit TLS."""
    port = desk.smtps if implicit else desk.submission
    postfix = Postfix(f"smtp:[127.0.0.1]:{port}")
    postfixes.append(postfix)
    shown = postfix.folder / "bccd.pem"
    shutil.copy(desk.pair[0], shown)
    shown.chmod(0o644)
    lines = f"""
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = bccd.example.com
smtp_tls_CAfile = {shown}
smtp_tls_wrappermode = {"yes" if implicit else "no"}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = inline:{{ {{ [127.0.0.1]:{port} = {ANN}:{PASSWORD} }} }}
smtp_sasl_security_options = noanonymous
smtp_sasl_mechanism_filter = {"login" if implicit else "plain"}
"""
    with (postfix.folder / "main.cf").open("a", encoding="ascii") as main:
        main.write(lines)
    with (postfix.folder / "master.cf").open("a", encoding="ascii") as master:
        master.write("tlsmgr    unix  - - n 1000? 1 tlsmgr\n")
    postfix.start()
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.sendmail(ANN, [DROP], mail("sasl"))
    wait_for(lambda: DROP in postfix.results(), 30, postfix.log)
    assert postfix.results()[DROP][0] == "sent", postfix.log()
    (row,) = desk.daemon.wait_filed(1)
    assert row.state == "filed" and '"login"' in row.evidence
