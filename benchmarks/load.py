"""The load generator: many sessions at once from one process that does little more than send and receive.

Its own process, non-blocking sockets on epoll, every mail rendered before the clock starts. By hand:
python -m benchmarks.load --corpus FOLDER --port PORT
"""

import argparse
import gc
import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import corpus
from benchmarks.session import Exchange, Replies, Script, Tally, Wire, script, wire

_PATIENCE = 60.0  # seconds without any answer from the peer
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Shape:
    """How mails are spread over sessions."""

    connections: int = 20  # at once
    per_connection: int = 20  # mails
    pipelined: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What the load generator saw."""

    began: float  # CLOCK_MONOTONIC, which all processes of a machine share
    ended: float
    cpu_seconds: float  # of the load generator itself
    accepted: int
    refused: int
    broken: int  # mails never answered because their session broke
    replies: dict[str, int]  # refusals and errors, each with how often
    latency_ms: dict[str, float]


class Session:
    """A connection that plays a script; fed by epoll."""

    def __init__(self, address: tuple[str, int], mails: list[Wire], tally: Tally, shape: Shape) -> None:
        self.socket = socket.create_connection(address, timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._replies = Replies()
        self._script: Script = script(mails, self._replies, tally, pipelined=shape.pipelined)
        self._waiting = 0
        self._out = memoryview(b"")
        self._next()

    def _next(self) -> bool:
        exchange: Exchange | None = next(self._script, None)
        if exchange is None:
            return False
        self._waiting = exchange.replies
        self._out = memoryview(exchange.octets)
        return True

    def readable(self) -> bool:
        """Take what arrived; False when the session is over. Raises ConnectionError."""
        octets = self.socket.recv(_CHUNK)
        if not octets:
            raise ConnectionError("the peer hung up")
        self._replies.feed(octets)
        if len(self._replies.got) < self._waiting:
            return True
        return self._next() and self.writable()

    def writable(self) -> bool:
        """Send what is left to send."""
        while self._out:
            try:
                self._out = self._out[self.socket.send(self._out) :]
            except BlockingIOError:
                break
        return True

    @property
    def wants_to_write(self) -> bool:
        """Tell whether the socket's buffer was full."""
        return len(self._out) > 0


class Load:
    """All sessions of a run."""

    def __init__(self, address: tuple[str, int], mails: list[Wire], shape: Shape) -> None:
        size = shape.per_connection
        self._left = deque(mails[start : start + size] for start in range(0, len(mails), size))
        self._address = address
        self._shape = shape
        self._epoll = select.epoll()
        self._open: dict[int, Session] = {}
        self._errors: list[str] = []
        self._total = len(mails)
        self.tally = Tally()

    def run(self) -> Report:
        """Play every session, so many at once as the shape says."""
        cpu, began = time.process_time(), time.monotonic()
        for _ in range(min(self._shape.connections, len(self._left))):
            self._connect()
        while self._open:
            events = self._epoll.poll(_PATIENCE)
            if not events:
                self._errors.append(f"no answer for {_PATIENCE:.0f} seconds")
                break
            for number, event in events:
                self._serve(number, event)
        return self._report(began, time.monotonic(), time.process_time() - cpu)

    def _connect(self) -> None:
        session = Session(self._address, self._left.popleft(), self.tally, self._shape)
        self._open[session.socket.fileno()] = session
        self._epoll.register(session.socket, select.EPOLLIN)

    def _serve(self, number: int, event: int) -> None:
        session = self._open[number]
        before = session.wants_to_write
        try:
            alive = session.readable() if event & ~select.EPOLLOUT else session.writable()
        except OSError as error:
            self._errors.append(str(error))
            alive = False
        if not alive:
            self._close(number)
        elif session.wants_to_write != before:
            events = select.EPOLLIN | (select.EPOLLOUT if session.wants_to_write else 0)
            self._epoll.modify(number, events)

    def _close(self, number: int) -> None:
        self._epoll.unregister(number)
        self._open.pop(number).socket.close()
        if self._left:
            self._connect()

    def _report(self, began: float, ended: float, cpu: float) -> Report:
        told: dict[str, int] = {}
        for line in [*self.tally.refused, *self._errors]:
            told[line] = told.get(line, 0) + 1
        accepted, refused = len(self.tally.accepted), len(self.tally.refused)
        return Report(
            began=began,
            ended=ended,
            cpu_seconds=cpu,
            accepted=accepted,
            refused=refused,
            broken=self._total - accepted - refused,
            replies=dict(sorted(told.items(), key=lambda item: -item[1])[:10]),
            latency_ms=percentiles(self.tally.accepted),
        )


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Describe latencies in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    last = len(ordered) - 1
    named = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[round(share * last)] * 1000, 2) for name, share in named.items()}


def advertises_pipelining(host: str, port: int) -> bool:
    """Ask a peer whether it takes commands in one go (RFC 2920)."""
    with socket.create_connection((host, port), timeout=_PATIENCE) as peer, peer.makefile("rb") as answers:
        answers.readline()
        peer.sendall(b"EHLO load.bench.example\r\n")
        lines = [answers.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(answers.readline())
        peer.sendall(b"QUIT\r\n")
        answers.readline()
    return any(line[4:].strip().upper() == b"PIPELINING" for line in lines)


def main(arguments: list[str]) -> int:
    """Send mails of a stored corpus; print a report as JSON."""
    usual = Shape()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=main.__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="a folder that benchmarks.corpus wrote")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="the first mail to send")
    parser.add_argument("--mails", type=int, help="how many to send (default: all)")
    parser.add_argument("--connections", type=int, default=usual.connections)
    parser.add_argument("--per-connection", type=int, default=usual.per_connection)
    parser.add_argument("--lockstep", action="store_true", help="no pipelining: wait after every command")
    given = parser.parse_args(arguments)
    recipient, samples = corpus.load(given.corpus)
    last = None if given.mails is None else given.first + given.mails
    mails = [wire(sample.sender, recipient, sample.raw) for sample in samples[given.first : last]]
    shape = Shape(given.connections, given.per_connection, not given.lockstep)
    gc.disable()  # nothing here is a cycle
    report = Load((given.host, given.port), mails, shape).run()
    print(json.dumps(asdict(report)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
