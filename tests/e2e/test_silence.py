"""What strangers, users, mail servers and the sysadmin give to a daemon, and what of it is seen where."""

import os
import signal
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bccd import door, journal
from bccd.verify import passwords
from tests import certificate
from tests.canary import CANARY, leaks
from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, Daemon, free_port, wait_for
from tests.e2e.test_notices import with_two_deals

pytestmark = pytest.mark.e2e

ANN, BEN = USERS[:2]
LOGIN = f"{CANARY} of Ann"
SMARTHOST = f"{CANARY} of the smarthost"
TOLD = f"From: {CANARY} <{{}}>\r\nTo: {CANARY} <cleo@customer.example>\r\nSubject: {CANARY}\r\n"
MAIL = (
    TOLD + f"Message-ID: <{CANARY}@example.com>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    f"--b\r\nContent-Type: text/html\r\n\r\n<p>{CANARY}<img src=https://{CANARY}.example>\r\n"
    f"--b\r\nContent-Type: application/pdf; name={CANARY}.pdf\r\nContent-ID: <{CANARY}>\r\n\r\n{CANARY}\r\n"
    "--b--\r\n"
)


class _Gossip:
    """A smarthost that answers with what it was sent, and with what it knows of the sender."""

    def __init__(self) -> None:
        self.logins: list[str] = []

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password.decode())
        return AuthResult(success=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return f"554 5.7.1 {SMARTHOST}: the mail of {ANN} about {CANARY} looks like spam"


@pytest.fixture
def gossip() -> Iterator[tuple[_Gossip, int]]:
    """Run such a server."""
    handler, port = _Gossip(), free_port()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        authenticator=handler.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    yield handler, port
    controller.stop()


def says(port: int, octets: bytes) -> bytes:
    """Return all that a port answers to some octets."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall(octets)
        sock.shutdown(socket.SHUT_WR)
        heard = b""
        with suppress(ConnectionResetError):
            while more := sock.recv(65_536):
                heard += more
    return heard


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode()


BLOB = b64encode(f"\0{ANN}\0{LOGIN} wrong".encode()).decode()
DIALOGUES = [
    _lines(f"EHLO {CANARY}", f"MAIL FROM:<{CANARY}@x.example", f"RCPT TO:<{CANARY}>", f"VRFY {CANARY}"),
    _lines(f"{CANARY} what", f"HELO <{CANARY}>", f"EXPN {CANARY}", f"XFORWARD NAME={CANARY}", "QUIT"),
    _lines(f"EHLO {CANARY}", f"AUTH PLAIN {BLOB}", f"AUTH {CANARY}", f"STARTTLS {CANARY}", "QUIT"),
    _lines("EHLO x", f"MAIL FROM:<{CANARY}@x.example> {CANARY}=1", f"MAIL FROM:<{CANARY}@x.example>",
           f"RCPT TO:<{CANARY}@drop.example.com>", f"RCPT TO:<sales+{CANARY}@drop.example.com>", "DATA"),
    _lines(f"GET /{CANARY} HTTP/1.1", f"Host: {CANARY}", ""),
    f"\0\xff{CANARY}\r{CANARY}\n{CANARY}\x1b[31m\r\n".encode("latin-1"),
    f"EHLO {CANARY * 500}\r\n".encode(),
    _lines("EHLO x", f"MAIL FROM:<{CANARY}@x.example>", f"RCPT TO:<{DROP}>", "DATA", f"{CANARY}: half"),
]  # fmt: skip
PAGES = [
    f"GET /{CANARY}?{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\nCookie: {CANARY}\r\n\r\n",
    f"GET /crm/l/choose/{CANARY} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {CANARY}\r\n\r\n",
    f"POST /crm/l/release/{CANARY} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{CANARY}",
    f"{CANARY} {CANARY}\r\n{CANARY}\r\n\r\n",
]


def strangers(daemon: Daemon, ports: tuple[int, ...], pages: tuple[int, ...]) -> list[bytes]:
    """Talk to every port as whoever comes by does; returns what was answered."""
    heard = [says(port, dialogue) for port in ports for dialogue in DIALOGUES]
    heard += [says(port, page.encode()) for port in pages for page in PAGES]
    froms = (f"{CANARY}@elsewhere.example", f"{CANARY} {CANARY}@x", f"a@b.example, {CANARY}@b.example")
    raws = [(TOLD.format(author) + "\r\nx\r\n").encode() for author in froms]
    raws.append(f"{CANARY}\r\nFrom: {CANARY}\r\n\r\n".encode())
    raws.append(f"From: <{ANN}>\r\nFrom: <{CANARY}@x.example>\r\n\r\n.\n{CANARY}\r\n".encode())
    for raw in raws:
        with pytest.raises(smtplib.SMTPException) as refused:
            daemon.send(raw, f"{CANARY}@elsewhere.example")
        heard.append(str(refused.value).encode())
    with socket.create_connection(("127.0.0.1", ports[0]), timeout=20) as gone:
        gone.sendall(_lines("EHLO x", f"MAIL FROM:<{CANARY}@x.example>", f"RCPT TO:<{DROP}>"))
        gone.recv(100)
    return heard


def logins(port: int, folder: Path) -> None:
    """Log in wrongly in every way, then rightly, and hand a mail in."""
    context = ssl.create_default_context(cafile=folder / "mx.pem")
    context.check_hostname = False
    for name, said in ((ANN, f"{LOGIN}?"), (LOGIN, ANN), (ANN, LOGIN)):
        with smtplib.SMTP("127.0.0.1", port, timeout=20, local_hostname=CANARY) as client:
            client.starttls(context=context)
            if (name, said) == (ANN, LOGIN):
                client.login(name, said)
                client.sendmail(ANN, [DROP], MAIL.format(ANN))
                continue
            for method in (client.auth_plain, client.auth_login):
                client.ehlo()
                client.user, client.password = name, said
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    client.auth(method.__name__.removeprefix("auth_").upper(), method)
    assert b"421" not in says(port, b"\x16\x03\x01" + CANARY.encode() * 9)


def environments(daemon: Daemon) -> str:
    """Return what any process of the user may read of a daemon's: arguments and environments."""
    assert daemon.process is not None
    pids = [daemon.process.pid, *daemon.children()]
    assert len(pids) > 4
    return "\n".join(
        Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "replace")
        for pid in pids
        for name in ("cmdline", "environ")
    )


def leaky_notes(data: Path) -> list[str]:
    """Name the files of the journal, and the log of imports, that hold what they must not."""
    notes = [path for path in (data / journal.FOLDER).rglob("*") if path.is_file()]
    assert notes
    notes += [log for log in (data / "import.log",) if log.exists()]
    return [path.name for path in notes if leaks(path.read_bytes().decode("utf-8", "replace"))]


def test_nobody_reads_elsewhere_what_was_confided(
    make_daemon: MakeDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gossip: tuple[_Gossip, int]
) -> None:
    """Mail, garbage, passwords, links and secrets, well and badly formed, through crashes and a reload.

    No log line, reply, error, argument or environment of a process holds any of it. That no log line does, is
    looked at when the test ends, as for every daemon of these tests.
    """
    handler, smarthost = gossip
    secrets = tmp_path / "credentials"
    secrets.mkdir()
    (secrets / "outbound.password").write_text(SMARTHOST, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
    submission, web = free_port(), free_port()
    pair = certificate.make(tmp_path, host="bccd.example.com")
    daemon = with_two_deals(
        make_daemon(
            listen={"submission": [f"127.0.0.1:{submission}"], "web": [f"127.0.0.1:{web}"]},
            tls={"certificate": str(pair[0]), "key": str(pair[1])},
            trust={"networks": []},
            outbound={
                "smarthost": f"127.0.0.1:{smarthost}",
                "username": "bccd",
                "public_url": f"http://127.0.0.1:{web}/crm",
            },
            processes={"parse_seconds": 0.5},
            filing={"attempts": 1},
            log={"format": "console"},
        )
    )
    daemon.wrapper = ("env",)  # for processes of its own, whose environment is what they were given
    daemon.start()
    user = daemon.query("SELECT user_id FROM user_address WHERE address = ?", ANN)[0][0]
    request = {"company": 1, "user": user, "name": ANN, "password": passwords.hashed(LOGIN)}
    door.ask(daemon.data, "login.keep", request)
    with pytest.raises(Exception, match="does not know"):
        door.ask(daemon.data, CANARY, {CANARY: CANARY})
    heard = strangers(daemon, (daemon.smtp, daemon.lmtp, submission), (web, daemon.http))
    logins(submission, tmp_path)
    daemon.wait_filed(1)
    wait_for(lambda: bool(daemon.query("SELECT id FROM outbox WHERE state = 'failed'")), 30, daemon.tail)
    assert handler.logins == [SMARTHOST]
    ((error,),) = daemon.query("SELECT error FROM outbox WHERE state = 'failed'")
    assert str(error).startswith("554 5.7.1 ***: the mail of")  # the user may read it, but for the password

    seen = environments(daemon)
    assert "bccd.cage" in seen and CANARY not in seen
    for pid in daemon.parsers():
        os.kill(pid, signal.SIGKILL)
    daemon.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
    box = tmp_path / f"{CANARY}.mbox"
    box.write_text(f"From {CANARY}\n{MAIL.format(ANN)}\nFrom {CANARY}\nSubject {CANARY}\n", encoding="utf-8")
    done = daemon.call("import", "--user", ANN, str(box))
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    shown = daemon.call("check-config", "--all")
    assert SMARTHOST not in shown.stdout + shown.stderr and "(set)" in shown.stdout
    assert daemon.stop() == 0
    assert leaky_notes(daemon.data) == []
    assert [answer for answer in heard if CANARY.encode() in answer] == []
    assert len(daemon.tail()) > 1_000
