"""Name servers that fail in every known way (F12): each peer is answered in time, and so are the others."""

import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from bccd.testing import Zone
from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import DROP, USERS, Daemon, mail
from tests.faults.whole import check
from tests.nameserver import Mode, name_server
from tests.signer import Signer, ed25519_key

pytestmark = pytest.mark.e2e

QUERY_SECONDS, MAIL_SECONDS = 2.0, 4.0
ANN = USERS[0]
SIGNER = Signer("example.com", key=ed25519_key())
ZONE: Zone = {"example.com": {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]}, **SIGNER.zone()}
FAULTS: dict[Mode, tuple[int, bytes]] = {
    "dead": (451, b"4."),
    "slow": (451, b"4."),
    "servfail": (451, b"4."),
    "refused": (451, b"4."),
    "garbage": (451, b"4."),
    "nxdomain": (550, b"5.7.1"),
}


@dataclass(frozen=True)
class Told:
    """What a session was answered after the final dot, and when."""

    code: int
    text: bytes
    seconds: float
    ended: float


def send(daemon: Daemon, sender: str, raw: bytes) -> Told:
    """Hand a mail in and note when its answer came."""
    with smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=60, local_hostname="client.example") as client:
        client.ehlo()
        client.mail(sender)
        assert client.rcpt(DROP)[0] == 250
        began = time.monotonic()
        code, text = client.data(raw)
        ended = time.monotonic()
    return Told(code, text, ended - began, ended)


def test_f12_each_fault_is_answered_in_time_while_others_go_on(make_daemon: MakeDaemon) -> None:
    """What cannot be told is 451, or proven by another method; what is told counts, by TCP too.

    A user whose domain answers is not delayed by the mail of those whose domain does not.
    """
    with name_server(ZONE) as server, ThreadPoolExecutor(len(FAULTS) + 1) as senders:
        server.delay = 60
        server.modes |= {f"{mode}.example": mode for mode in FAULTS} | {"example.com": "truncated"}
        daemon = make_daemon(
            trust={"networks": []},
            verify={
                "nameservers": [server.address],
                "query_seconds": QUERY_SECONDS,
                "mail_seconds": MAIL_SECONDS,
            },
        ).start()
        asked = {
            mode: senders.submit(send, daemon, f"x@{mode}.example", mail(mode, f"x@{mode}.example"))
            for mode in FAULTS
        }
        signed = SIGNER.sign(mail("signed", ANN))
        another = senders.submit(send, daemon, "ann@dead.example", signed)
        fine = send(daemon, ANN, mail("fine", ANN))
        told = {mode: answer.result() for mode, answer in asked.items()}
        proven = another.result()
    for mode, (code, text) in FAULTS.items():
        assert (told[mode].code, told[mode].text[: len(text)]) == (code, text), (mode, told[mode])
        assert told[mode].seconds < 8
    assert (fine.code, proven.code) == (250, 250)
    assert fine.ended < min(told["dead"].ended, told["slow"].ended, proven.ended)
    assert proven.seconds < 8
    assert any(name == "example.com" for name, _ in server.by_tcp)
    assert check(daemon, [signed, mail("fine", ANN)]) == {"filed": 2}
