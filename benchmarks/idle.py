"""One daemon with its defaults on SQLite: its memory, and how soon it files a mail when idle.

python -m benchmarks.idle
"""

import argparse
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks import corpus, machine
from benchmarks.daemon import Bccd
from benchmarks.load import Shape, percentiles
from benchmarks.peers import FILED, PLACE, ROOT, Peer, PeerError
from benchmarks.run import Job, load, settle, started
from benchmarks.session import Wire, wire

_MAILS_BETWEEN = (0.08, 0.12)  # seconds, so that no timer of ours or theirs keeps step with them
_LOOK_SECONDS = 0.0005
_PATIENCE = 10.0
_REST_SECONDS = 1.0
_SAMPLE_SECONDS = 0.2

Sizes = dict[str, float]  # MiB by what a process does


@dataclass(slots=True)
class Idle:
    """What was seen of one daemon."""

    filed_ms: dict[str, float] = field(
        default_factory=dict
    )  # from the final dot until it can be read as filed
    accepted_ms: dict[str, float] = field(default_factory=dict)  # from the final dot until the 250
    at_rest: Sizes = field(default_factory=dict)
    at_most: Sizes = field(default_factory=dict)


class Line:
    """A session that sends one mail at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")
        self._expect(b"220")
        self._say(b"EHLO load.bench.example\r\n", b"250")

    def _expect(self, code: bytes) -> None:
        while (line := self._answers.readline())[3:4] == b"-":
            pass
        if not line.startswith(code):
            raise PeerError(f"instead of {code.decode()}: {line.decode('ascii', 'replace').strip()}")

    def _say(self, octets: bytes, code: bytes) -> None:
        self._socket.sendall(octets)
        self._expect(code)

    def send(self, mail: Wire) -> tuple[float, float]:
        """Send a mail; returns when its final dot went out and when it was accepted."""
        for command, code in ((mail.mail, b"250"), (mail.rcpt, b"250"), (b"DATA\r\n", b"354")):
            self._say(command, code)
        dot = time.monotonic()
        self._say(mail.body, b"250")
        return dot, time.monotonic()

    def close(self) -> None:
        """End the session."""
        with suppress(OSError, PeerError):
            self._say(b"QUIT\r\n", b"221")
        self._answers.close()
        self._socket.close()


def _await_filed(peer: Bccd, count: int) -> float:
    until = time.monotonic() + _PATIENCE
    while peer.filed() < count:
        if time.monotonic() > until:
            raise PeerError(
                f"a mail to an idle daemon was not filed within {_PATIENCE:.0f} s: {peer.outcomes()}"
            )
        time.sleep(_LOOK_SECONDS)
    return time.monotonic()


def latencies(peer: Bccd, port: int, mails: Sequence[Wire]) -> tuple[list[float], list[float]]:
    """Send mails to an idle daemon; returns the seconds until each was accepted, and until each was filed."""
    chance, line = Random(1), Line(port)
    done, accepted, filed = peer.filed(), [], []
    try:
        for number, mail in enumerate(mails, 1):
            began = time.monotonic()
            dot, taken = line.send(mail)
            accepted.append(taken - dot)
            filed.append(_await_filed(peer, done + number) - dot)
            time.sleep(max(0.0, chance.uniform(*_MAILS_BETWEEN) - (time.monotonic() - began)))
    finally:
        line.close()
    return accepted, filed


@contextmanager
def _sampled(peer: Peer) -> Iterator[list[Sizes]]:
    """Look at the memory of all processes again and again while the block lasts."""
    seen: list[Sizes] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(_SAMPLE_SECONDS):
            seen.append(machine.memory(peer.roots(), peer.role))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def measure(job: Job, alone: int) -> Idle:
    """Start bccd, let it rest, send it so many mails one by one, then all of the job; raises PeerError."""
    recipient, samples = corpus.load(job.corpus)
    wires = [wire(sample.sender, recipient, sample.raw) for sample in samples]
    peer, found = Bccd(), Idle()
    with started(peer, job) as port:
        done = load(job, port, 0, job.warm).accepted
        settle(peer, done)
        time.sleep(_REST_SECONDS)
        found.at_rest = machine.memory(peer.roots(), peer.role)
        accepted, filed = latencies(peer, port, wires[job.warm : job.warm + alone])
        found.accepted_ms, found.filed_ms = percentiles(accepted), percentiles(filed)
        with _sampled(peer) as seen:
            report = load(job, port, job.warm + alone, job.mails)
            states = settle(peer, done + alone + report.accepted)
        found.at_most = max(seen, key=lambda sizes: sum(sizes.values()), default=found.at_rest)
        if states.get(FILED, 0) != done + alone + report.accepted:
            raise PeerError(f"of {done + alone + report.accepted} accepted mails not all are filed: {states}")
    return found


def lines(found: Idle) -> list[str]:
    """Lay the figures out."""

    def sizes(memory: Sizes) -> str:
        parts = ", ".join(f"{name} {size:.0f}" for name, size in sorted(memory.items()))
        return f"{sum(memory.values()):.0f} MiB ({parts})"

    def times(ms: dict[str, float]) -> str:
        return ", ".join(f"{name} {value:.1f} ms" for name, value in ms.items())

    return [
        f"memory (PSS) idle: {sizes(found.at_rest)}",
        f"memory (PSS) at full load, at most: {sizes(found.at_most)}",
        f"idle, from the final dot to the 250: {times(found.accepted_ms)}",
        f"idle, from the final dot to filed: {times(found.filed_ms)}",
    ]


def main() -> int:
    """Print memory and latency of a daemon that nothing else is asked of."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=main.__doc__)
    parser.add_argument("--alone", type=int, default=200, help="mails sent one by one (default: 200)")
    parser.add_argument("--mails", type=int, default=2000, help="mails at full load (default: 2000)")
    parser.add_argument("--data", type=Path, default=PLACE)
    given = parser.parse_args()
    warm = 80
    place = corpus.stored(ROOT / "build", warm + given.alone + given.mails, 1)
    try:
        found = measure(Job(place, given.mails, warm, Shape(), given.data.resolve()), given.alone)
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(*lines(found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
