"""make bench-floods: how long a user waits for his 250 while strangers flood the drop address.

Real SMTP to a real daemon, which asks a real name server, all on loopback. Strangers come from addresses all
over 127.0.0.0/8, each in the name of a domain of his own, with a signature; users' mail is proven by SPF and
DKIM. Both keep to their pace whatever the answers are, so that a slow server does not make the load smaller.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import multiprocessing.connection
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks import machine
from benchmarks.load import percentiles
from benchmarks.peers import PeerError, free_port, wait_for_smtp
from benchmarks.serving import running
from tests.nameserver import Mode, NameServer
from tests.signer import Signer

DROP, USER = "sales@drop.example.com", "ann@users.example"
MOST_P99 = 2.0  # seconds, what must be reached
_PATIENCE = 60.0
_STRANGE = "spam.example"  # above all strangers' domains
PEOPLE = {
    "company": {"slug": "example", "name": "Example", "addresses": [DROP]},
    "users": [{"external_id": "u1", "name": "Ann", "login": USER}],
    "contacts": [{"external_id": "c1", "name": "Cleo", "addresses": ["cleo@customer.example"]}],
}


@dataclass(slots=True)
class Tally:
    """What one side of the load was answered, and how long it took from the connection to the answer."""

    seconds: list[float] = field(default_factory=list)
    replies: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, object]:
        """Say it as JSON."""
        return {
            "mails": self.replies.total(),
            "replies": dict(self.replies.most_common(8)),
            "ms": percentiles(self.seconds),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What a run has measured: users' mail in the flood, and all there is to tell."""

    busy: Tally
    told: dict[str, object]


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail: where it comes from, whose it says it is, its octets."""

    host: str
    mail_from: str
    raw: bytes


def mail(author: str, number: int) -> bytes:
    """Write a mail to the known customer."""
    text = f"This is mail number {number}.\r\n" * 40
    return (
        f"From: <{author}>\r\nTo: cleo@customer.example\r\nSubject: {number}\r\n"
        f"Message-ID: <{number}@{author.partition('@')[2]}>\r\n"
        f"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\n{text}"
    ).encode()


def users(seed: int, host: str) -> Iterator[Sent]:
    """Yield users' mails without end, each signed."""
    signer = Signer("users.example")
    return (Sent(host, USER, signer.sign(mail(USER, number))) for number in itertools.count(seed))


def strangers(seed: int, one_host: str = "") -> Iterator[Sent]:
    """Yield strangers' mails without end: ever another domain, and another of many hosts."""
    chance = Random(seed)
    octets = b"DKIM-Signature: v=1; a=rsa-sha256; d=%b; s=x; h=from; bh=AAAA; b=AAAA\r\n"

    def one(number: int) -> Sent:
        name = f"d{number}.{_STRANGE}"
        host = f"127.{chance.randrange(1, 255)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
        return Sent(one_host or host, f"buy@{name}", octets % name.encode() + mail(f"buy@{name}", number))

    return map(one, itertools.count())


async def deliver(sent: Sent, port: int, tally: Tally) -> None:
    """Hand one mail in over a connection of its own, and note the last answer."""
    began = time.monotonic()
    try:
        reply = await asyncio.wait_for(_talk(sent, port), _PATIENCE)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        reply = type(error).__name__
    tally.seconds.append(time.monotonic() - began)
    tally.replies[reply] += 1


async def _talk(sent: Sent, port: int) -> str:
    local = (sent.host, 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
    try:
        steps = (
            b"", b"EHLO client.example\r\n", f"MAIL FROM:<{sent.mail_from}>\r\n".encode(),
            f"RCPT TO:<{DROP}>\r\n".encode(), b"DATA\r\n", sent.raw + b"\r\n.\r\n",
        )  # fmt: skip
        reply = ""
        for step in steps:
            writer.write(step)
            reply = await _reply(reader)
            if reply[0] in "45":
                break
        writer.write(b"QUIT\r\n")
        return reply
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _reply(reader: asyncio.StreamReader) -> str:
    line = b"---"
    while line[3:4] in (b"-", b"") and line:
        line = await reader.readline()
        if line[3:4] == b" ":
            return " ".join(line.decode().split()[:2])
    raise ConnectionResetError


async def pace(mails: Iterator[Sent], per_minute: float, seconds: float, port: int, tally: Tally) -> None:
    """Send mails at their pace, each on its own, and wait for the last."""
    ends, due = time.monotonic() + seconds, time.monotonic()
    async with asyncio.TaskGroup() as group:
        while due < ends:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(deliver(next(mails), port, tally))
            due += 60 / per_minute


def serve_dns(mode: Mode, delay: float, pipe: multiprocessing.connection.Connection) -> None:
    """Be a name server in a process of its own until the other end of the pipe is closed."""
    server = NameServer(Signer("users.example").zone())
    server.add({"users.example": {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]}})
    server.modes, server.delay = {_STRANGE: mode}, delay
    pipe.send(server.address)
    with contextlib.suppress(EOFError):
        pipe.recv()
    asked = Counter("strangers" if name.endswith(_STRANGE) else "users" for name, _ in server.asked)
    pipe.send(dict(asked))
    server.close()


async def _load(given: argparse.Namespace, port: int) -> tuple[Tally, Tally, Tally]:
    calm, busy, strange = Tally(), Tally(), Tally()
    host = "127.0.0.1"
    await pace(users(1_000_000, host), given.users, min(10.0, given.seconds), port, calm)
    async with asyncio.TaskGroup() as group:
        group.create_task(
            pace(strangers(given.seed, host * given.one_host), given.strangers, given.seconds, port, strange)
        )
        group.create_task(pace(users(2_000_000, host), given.users, given.seconds, port, busy))
    return calm, busy, strange


def measure(given: argparse.Namespace, folder: Path) -> Found:
    """Run name server, daemon and load; return what was measured."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve_dns, args=(given.dns, given.delay, theirs))
    server.start()
    dns, port = ours.recv(), free_port()
    limits = "[limits]\nconnections_per_minute = 0\n"  # users share one address
    if given.one_host:  # only what a load from one address needs is raised
        limits += "connections_per_ip = 200\n"
    if given.no_limits:
        limits += "strangers_per_minute = 0\nstrangers_per_ip_minute = 0\nstrangers_at_once = 0\n"
    # A daemon that trusts nobody.
    with running(folder, PEOPLE, port, f'[verify]\nnameservers = ["{dns}"]\n{limits}') as process:
        wait_for_smtp(port, lambda: process.poll() is None)
        calm, busy, strange = asyncio.run(_load(given, port))
    ours.send("enough")
    asked = ours.recv()
    server.join()
    told = {
        "users, calm": calm.told(),
        "users, in the flood": busy.told(),
        "strangers": strange.told(),
        "questions to the DNS": asked,
    }
    return Found(busy, told)


def main() -> int:
    """Flood a daemon; returns 1 where users had to wait for longer than they may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floods", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the flood lasts (default: 60)")
    parser.add_argument("--strangers", type=float, default=5000, help="mails a minute (default: 5000)")
    parser.add_argument("--users", type=float, default=240, help="mails a minute (default: 240)")
    parser.add_argument(
        "--dns",
        choices=("answer", "slow", "dead", "servfail"),
        default="slow",
        help="how strangers' domains answer; users' answer at once (default: slow)",
    )
    parser.add_argument("--delay", type=float, default=0.3, help="of slow answers, in seconds (default: 0.3)")
    parser.add_argument("--one-host", action="store_true", help="strangers share the users' address")
    parser.add_argument("--no-limits", action="store_true", help="examine every stranger, to compare")
    parser.add_argument("--seed", type=int, default=1, help="of the strangers (default: 1)")
    given = parser.parse_args()
    print(", ".join(f"{name}: {value}" for name, value in machine.facts(Path("/var/tmp")).items()))  # noqa: S108
    try:
        with tempfile.TemporaryDirectory(prefix="bccd-floods-", dir="/var/tmp") as folder:
            found = measure(given, Path(folder))
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found.told, indent=2))
    p99, accepted = percentiles(found.busy.seconds)["p99"] / 1000, found.busy.replies["250 2.0.0"]
    mails = found.busy.replies.total()
    print(f"users' mail: p99 {p99:.3f} s of at most {MOST_P99:g}, {accepted} of {mails} accepted")
    return 0 if p99 <= MOST_P99 and accepted == mails else 1


if __name__ == "__main__":
    sys.exit(main())
