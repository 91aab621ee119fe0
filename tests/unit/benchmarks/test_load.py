"""The load generator: it counts what happened, whatever the peer does, and sends what RFC 5321 wants."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRWPair

import pytest

from benchmarks.load import Load, Report, Shape, advertises_pipelining, percentiles
from benchmarks.session import Replies, wire

MAILS = [wire("a@seller.example", "file@bench.example", b"Subject: x\r\n\r\n.dot\r\n") for _ in range(6)]


@contextmanager
def peer(answers: dict[bytes, bytes]) -> Iterator[tuple[str, int, list[bytes]]]:
    """A server that answers each verb as told, and keeps what it was sent as mail."""
    taken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                connection.settimeout(5)
                with connection, connection.makefile("rwb") as lines:
                    converse(lines, answers, taken)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield (*listener.getsockname(), taken)
        finally:
            over.set()
            thread.join()


def converse(lines: BufferedRWPair, answers: dict[bytes, bytes], taken: list[bytes]) -> None:
    lines.write(b"220 here\r\n")
    lines.flush()
    while line := lines.readline():
        verb = line[:4].strip().upper()
        answer = answers.get(verb, b"250 fine\r\n")
        lines.write(answer)
        lines.flush()
        if not answer:
            return
        if verb == b"DATA" and answer.startswith(b"354"):
            mail = b""
            while (line := lines.readline()) != b".\r\n":
                mail += line
            taken.append(mail)
            lines.write(answers.get(b".", b"250 kept\r\n"))
            lines.flush()
        if verb == b"QUIT":
            return


def send(host: str, port: int, *, pipelined: bool = True) -> Report:
    return Load((host, port), MAILS, Shape(connections=2, per_connection=3, pipelined=pipelined)).run()


@pytest.mark.parametrize("pipelined", [True, False])
def test_every_mail_is_sent_once(pipelined: bool) -> None:
    """Six mails over sessions of three arrive, their leading dots doubled, each timed."""
    with peer({b"DATA": b"354 go\r\n"}) as (host, port, taken):
        report = send(host, port, pipelined=pipelined)
    assert (report.accepted, report.refused, report.broken) == (6, 0, 0)
    assert taken == [b"Subject: x\r\n\r\n..dot\r\n"] * 6
    assert 0 < report.latency_ms["p50"] <= report.latency_ms["max"]


@pytest.mark.parametrize("pipelined", [True, False])
@pytest.mark.parametrize(
    "answers",
    [
        {b"RCPT": b"550 5.1.1 nobody\r\n", b"DATA": b"503 no recipients\r\n"},
        {b"DATA": b"354 go\r\n", b".": b"452 4.3.1 full\r\n"},
    ],
    ids=["recipient", "mail"],
)
def test_refusals_are_counted(answers: dict[bytes, bytes], pipelined: bool) -> None:
    """What is refused is no part of the rate, and the reply is told."""
    with peer(answers) as (host, port, _):
        report = send(host, port, pipelined=pipelined)
    assert (report.accepted, report.refused, report.broken) == (0, 6, 0)
    assert sum(report.replies.values()) == 6


def test_a_peer_that_hangs_up_is_told() -> None:
    """A session that breaks leaves its mails unanswered; the run ends."""
    with peer({b"DATA": b""}) as (host, port, _):
        report = send(host, port)
    assert (report.accepted, report.refused, report.broken) == (0, 0, 6)
    assert report.replies


@pytest.mark.parametrize("offered", [True, False])
def test_pipelining_is_asked_for(offered: bool) -> None:
    """Only a peer that names PIPELINING gets several commands in one go."""
    greeting = b"250-here\r\n" + (b"250-PIPELINING\r\n" if offered else b"") + b"250 SIZE\r\n"
    with peer({b"EHLO": greeting}) as (host, port, _):
        assert advertises_pipelining(host, port) is offered


def test_replies_are_cut_wherever_they_arrive() -> None:
    """A reply of several lines, cut anywhere, counts once."""
    octets = b"250-one\r\n250 two\r\n354 go\r\n"
    for cut in range(len(octets) + 1):
        replies = Replies()
        replies.feed(octets[:cut])
        replies.feed(octets[cut:])
        assert [code for code, _ in replies.take()] == [250, 354]


def test_dots_are_stuffed_at_the_start_of_lines() -> None:
    """RFC 5321 4.5.2: also on the first line, and only there the final dot stands alone."""
    assert wire("a@b", "c@d", b".\r\n.x\r\ny.").body == b"..\r\n..x\r\ny.\r\n.\r\n"


def test_percentiles_are_of_the_sample() -> None:
    """The middle, the tail and the worst of known latencies."""
    assert percentiles([n / 1000 for n in range(101)]) == {
        "p50": 50.0,
        "p95": 95.0,
        "p99": 99.0,
        "max": 100.0,
    }
    assert percentiles([]) == {}
