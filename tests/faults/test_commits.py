"""F2 to F5, F8, F13, F14, F16, F17, F19, F21: one daemon after all that, on each kind of database."""

import json
import os
import resource
import signal
import smtplib
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.harness import DROP, USERS, mail, wait_for
from tests.faults.conftest import RELAY
from tests.faults.failing import Failing, locked
from tests.faults.points import KILLER
from tests.faults.senders import LARGE, Senders, plain

pytestmark = pytest.mark.e2e

_numbers = count(1)


def fresh(*, large: bool = False) -> bytes:
    """Write a mail that no other test has sent; on SQLite a large one stands in a file."""
    number = next(_numbers)
    return plain(number * LARGE + LARGE - 1 if large else number * LARGE)


# ---- the moments around a commit -------------------------------------------------------------------------


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_f02_a_front_killed_between_commit_and_reply(daemon: Failing, *, large: bool) -> None:
    """The sender hears nothing and comes again; the mail stands once."""
    raw = fresh(large=large)
    daemon.faults.arm("take.after", "kill")
    assert daemon.offer(raw) == 0 and daemon.faults.happened("take.after")
    daemon.deliver(raw)
    daemon.check()


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_f03_a_front_killed_between_the_octets_and_the_commit(daemon: Failing, *, large: bool) -> None:
    """The octets of a large mail stand already and no row speaks of them; sent again, it is whole."""
    raw = fresh(large=large)
    daemon.faults.arm("take.before", "kill")
    assert daemon.offer(raw) == 0 and daemon.faults.happened("take.before")
    daemon.deliver(raw)
    daemon.check()


@pytest.mark.parametrize(
    "point", ["claim.after", "work.before", "work.after", "finish.before", "finish.after"]
)
def test_f03_a_filer_killed_around_each_commit(daemon: Failing, point: str) -> None:
    """Whichever of its commits a filer dies before or behind, each mail is filed once by the next."""
    daemon.faults.arm(point, "kill")
    daemon.deliver(fresh(), fresh(large=True), fresh())
    wait_for(lambda: daemon.faults.happened(point), 30, daemon.tail)
    daemon.check()


class Wire:
    """A session that ends as the test wants."""

    def __init__(self, daemon: Failing, raw: bytes) -> None:
        self.sock = socket.create_connection(("127.0.0.1", daemon.smtp), timeout=30)
        self._file = self.sock.makefile("rb")
        self.reply()
        for line in ("EHLO x", f"MAIL FROM:<{USERS[0]}>", f"RCPT TO:<{DROP}>", "DATA"):
            self.sock.sendall(line.encode() + b"\r\n")
            self.reply()
        self.sock.sendall(raw + b".\r\n")

    def reply(self) -> bytes:
        while (line := self._file.readline())[3:4] == b"-":
            pass
        return line

    def close(self) -> None:
        self._file.close()
        self.sock.close()


@pytest.mark.parametrize("reset", [False, True], ids=["f04-half-close", "f05-reset"])
def test_f04_f05_a_sender_that_leaves_in_mid_commit(daemon: Failing, *, reset: bool) -> None:
    """The commit is not cancelled: who can still hear is answered, and who comes again finds it done."""
    raw = fresh()
    daemon.faults.arm("take.before", "sleep 0.3")
    wire = Wire(daemon, raw)
    wait_for(lambda: daemon.faults.happened("take.before"), 30)
    if reset:
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    else:
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.reply().startswith(b"250 2.0.0")
    wire.close()
    daemon.acked.append(raw)  # its last octets were sent: nothing is left that could go wrong
    daemon.check()
    daemon.deliver(raw)
    daemon.check()


# ---- a slow database -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "table"), [("spool.db", "raw_mail"), ("bccd.db", "message")])
def test_f08_a_slow_database_is_waited_for(daemon: Failing, file: str, table: str) -> None:
    """Who waits for a commit is answered when it is done; nothing is cancelled, nothing is done twice."""
    mails = [fresh() for _ in range(4)]
    with ThreadPoolExecutor(len(mails)) as pool:
        with locked(daemon, file, table):
            sent = [pool.submit(daemon.offer, raw) for raw in mails]
            time.sleep(1)
            if file == "spool.db":
                assert not any(each.done() for each in sent)
        assert [each.result() for each in sent] == [250] * 4
    daemon.check()


# ---- the same mail, and mail out of order ----------------------------------------------------------------


def test_f13_the_same_mail_over_five_connections_at_once(daemon: Failing) -> None:
    """All five are answered with 250 and one id; one mail stands."""
    raw = fresh(large=True)
    with ThreadPoolExecutor(5) as pool:
        wires = list(pool.map(lambda _: Wire(daemon, raw), range(5)))
    replies = [wire.reply() for wire in wires]
    for wire in wires:
        wire.close()
    assert all(reply.startswith(b"250 2.0.0") for reply in replies)
    assert len({reply.split(b" as ")[1].split()[0].rstrip(b",") for reply in replies}) == 1, replies
    daemon.acked.append(raw)
    daemon.check()


def test_f14_a_reply_comes_before_what_it_answers(daemon: Failing) -> None:
    """It begins a conversation, and the original joins it when it comes."""
    name = f"original-{next(_numbers)}"
    references = f"References: <{name}@example.com>\r\nIn-Reply-To: <{name}@example.com>\r\n".encode()
    answer = mail(f"answer-to-{name}", header=references)
    daemon.deliver(answer.replace(f"Subject: answer-to-{name}".encode(), f"Subject: Re: {name}".encode()))
    daemon.check()
    daemon.deliver(mail(name))
    daemon.check()
    found = daemon.query(
        "SELECT count(DISTINCT conversation_id) FROM message WHERE msgid IN (?, ?)",
        f"{name}@example.com",
        f"answer-to-{name}@example.com",
    )
    assert found == [(1,)]


# ---- signals, clocks -------------------------------------------------------------------------------------


def test_f16_a_hangup_keeps_sessions_and_mail(daemon: Failing) -> None:
    """SIGHUP under load ends no session and loses no mail; the processes are the same."""
    before = daemon.role("fronts") + daemon.role("filer")
    senders = Senders(daemon, 60, 3, write=lambda number: mail(f"hangup-{number}"))
    with smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=30) as session:
        session.ehlo()
        for _ in range(5):
            os.kill(daemon.role("supervisor")[0], signal.SIGHUP)
            time.sleep(0.05)
            assert session.noop()[0] == 250
    senders.join()
    daemon.took(senders)
    assert not senders.codes
    assert daemon.role("fronts") + daemon.role("filer") == before
    daemon.check()


def test_f17_clocks_that_jump_by_a_day(daemon: Failing) -> None:
    """Mail that came in by a clock a day ahead is filed at once when that is set right, or back too far."""
    (filer,) = daemon.role("filer")
    daemon.deliver(fresh())
    daemon.check()
    os.kill(filer, signal.SIGSTOP)
    for seconds in (86_400, -86_400, 0):
        daemon.faults.arm("clock", str(seconds))
        daemon.deliver(fresh(), fresh(large=True))
    daemon.faults.arm("clock", "-86400")
    os.kill(filer, signal.SIGCONT)
    daemon.check()


# ---- poison ----------------------------------------------------------------------------------------------


def test_f19_poison_holds_nobody_up(daemon: Failing) -> None:
    """Mail that kills or bloats its parser again and again is kept as failed; mail around it is filed."""
    poison = [b"X-Poison: %b\r\n" % word + fresh() for word in (b"dies", b"bloats", b"raises")]
    for raw in poison:
        daemon.deliver(raw, *(fresh() for _ in range(5)))
    states = daemon.check()
    reasons = {row.reason for row in daemon.deliveries() if row.state == "failed"}
    assert {"parser_died", "parser_memory", "parser_ValueError"} <= reasons
    assert states["failed"] >= len(poison)


def test_f19_a_mail_that_kills_filer_after_filer_is_given_up(daemon: Failing) -> None:
    """It is found among its neighbours, kept as failed, and they are filed."""
    killer = fresh().replace(b"Subject: ", f"Subject: {KILLER} ".encode())
    daemon.deliver(fresh(), killer, fresh())
    daemon.check()
    found = [row.reason for row in daemon.deliveries() if row.state == "failed"]
    assert found.count("killed_its_filer") == 1


# ---- very many connections -------------------------------------------------------------------------------


def test_f20_thousands_of_idle_connections(daemon: Failing) -> None:
    """Beyond the cap of one host each is told 421 and let go; a relay is served all the while."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    raws = [fresh() for _ in range(10)]
    with ExitStack() as stack:
        idle = []
        for number in range(min(3000, hard - 500)):
            idle.append(stack.enter_context(connect(daemon)))
            if number % 300 == 0:
                with relay(daemon) as client:
                    client.sendmail(USERS[0], [DROP], raws[number // 300])
        told = Counter(sock.recv(3) for sock in idle)
        assert told.keys() == {b"220", b"421"} and told[b"220"] <= 20
        daemon.acked += raws
        (front,) = daemon.role("fronts")
        rollup = Path(f"/proc/{front}/smaps_rollup").read_text(encoding="ascii")
        kib = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        assert kib < 256 * 2**10
    daemon.deliver(fresh())
    daemon.check()


def connect(daemon: Failing) -> socket.socket:
    """Connect from an address whose ports nobody else needs."""
    return socket.create_connection(("127.0.0.1", daemon.smtp), timeout=30, source_address=("127.0.0.3", 0))


def relay(daemon: Failing) -> smtplib.SMTP:
    """Connect from the address of a listed relay."""
    return smtplib.SMTP("127.0.0.1", daemon.smtp, timeout=30, source_address=(RELAY, 0))


# ---- LMTP ------------------------------------------------------------------------------------------------


def test_f21_lmtp_has_an_answer_for_each_recipient(daemon: Failing) -> None:
    """One is unknown, one company's mail cannot be kept now, one is taken; what is too big is told twice."""
    company = {"slug": "other", "name": "Other", "addresses": ["in@other.example"], "internal_domains": []}
    users = [{"external_id": "u1", "name": "Ann", "login": USERS[0]}]
    (daemon.folder / "other.json").write_text(
        json.dumps({"company": company, "users": users}), encoding="ascii"
    )
    done = daemon.call("directory", "load", str(daemon.folder / "other.json"))
    assert done.returncode == 0, done.stderr
    raw, both = fresh(), [DROP, "in@other.example"]
    daemon.faults.arm("company-2", "!odd")
    with smtplib.LMTP("127.0.0.1", daemon.lmtp, timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.mail(USERS[0])
        told = [client.rcpt(address)[0] for address in (both[0], "nobody@drop.example.com", both[1])]
        client.putcmd("data")
        assert client.getreply()[0] == 354
        client.send(raw + b".\r\n")
        told += [client.getreply()[0] for _ in both]
        assert told == [250, 550, 250, 250, 451]
        daemon.acked.append(raw)
        client.mail(USERS[0])
        for address in both:
            client.rcpt(address)
        client.putcmd("data")
        client.getreply()
        with suppress(ConnectionError):
            client.send(b"Subject: x\r\n\r\n" + b"x" * (37 * 2**20) + b"\r\n.\r\n")
        assert [client.getreply()[0] for _ in both] == [552, 552]
    daemon.check()
