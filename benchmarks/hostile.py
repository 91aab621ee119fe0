"""make bench-hostile: what a daemon takes, and how fast it answers others, while peers do their worst.

Real SMTP to a real daemon on loopback. Three loads, one after the other: mails of the worst shape over two
hundred connections at once; ten thousand connections held open from one /64, told apart by the PROXY
protocol; senders of an octet a second. Beside the first two an ordinary client hands mail in and notes how
long each reply takes.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import floods, machine, serving
from benchmarks.load import percentiles
from benchmarks.peers import PeerError, free_port

MOST_PSS, MOST_P99 = 400.0, 250.0  # MiB of all processes; milliseconds
SHAPES = {"empty lines": b"\r\n", "no line ends": b"x", "lines of one character": b"x\r\n"}
_PIECE = 256 * 1024
_HONEST = "127.0.0.2"  # the ordinary client's address, in a trusted network; the others are at 127.0.0.1
_PAUSE = 0.05  # seconds between two of his mails
_PATIENCE = 1800.0
_CONFIG = """\
[trust]
proxies = {proxies}
networks = ["127.0.0.2/32"]
[verify]
nameservers = ["127.0.0.1:9"]
[limits]
connections_per_minute = 0
{limits}
"""


@dataclass(slots=True)
class Watch:
    """The memory of a daemon, looked at until it is closed."""

    pid: int
    most: float = 0.0
    front: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Look again and again."""
        while not self._done.wait(0.5):
            sizes = machine.memory([self.pid], lambda process, _: str(process.pid))
            self.most = max(self.most, sum(sizes.values()))
            self.front = max(self.front, max(sizes.values(), default=0.0))

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Look for as long as the block lasts."""
        thread = threading.Thread(target=self.look)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()


@contextlib.contextmanager
def running(folder: Path, limits: str, proxies: str = "[]") -> Iterator[tuple[int, int]]:
    """Run a daemon; yields its port and the process id of its supervisor."""
    port = free_port()
    rest = _CONFIG.format(limits=limits, proxies=proxies)
    with serving.running(folder, floods.PEOPLE, port, rest) as process:
        asyncio.run(_greeted(port, folder))
        yield port, process.pid


class Talk:
    """One connection, which notes how long each reply took."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.seconds: list[float] = []

    async def reply(self) -> str:
        """Read a reply, its last line; empty at the end."""
        began = time.monotonic()
        line = b"----"
        while line[3:4] == b"-":
            line = await self.reader.readline()
        self.seconds.append(time.monotonic() - began)
        return line.decode().rstrip()

    async def ask(self, octets: bytes) -> str:
        """Send octets and read the reply."""
        self.writer.write(octets)
        return await self.reply()

    async def begin(self, sender: str) -> str:
        """Go as far as 354; returns the last reply."""
        reply = ""
        for step in (b"EHLO client.example\r\n", f"MAIL FROM:<{sender}>\r\n".encode(),
                     f"RCPT TO:<{floods.DROP}>\r\n".encode(), b"DATA\r\n"):  # fmt: skip
            reply = await self.ask(step)
            if reply[:1] not in {"2", "3"}:
                break
        return reply


async def connected(port: int, host: str, header: bytes = b"") -> Talk:
    """Connect from an address, and say at once whose connection it is, where a header is given."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))
    writer.write(header)
    return Talk(reader, writer)


async def _greeted(port: int, folder: Path) -> None:
    """Wait until the daemon greets whom it trusts: no balancer is greeted without a header."""
    for _ in range(600):
        try:
            talk = await connected(port, _HONEST)
            if await talk.reply():
                talk.writer.close()
                return
            await asyncio.sleep(0.1)
        except OSError:
            await asyncio.sleep(0.1)
    raise PeerError(
        "the daemon does not greet: " + (folder / serving.LOG).read_text(encoding="utf-8")[-2000:]
    )


async def honest(port: int, done: asyncio.Event) -> tuple[list[float], Counter[str]]:
    """Hand mails in until told to stop; returns the seconds of each reply, and the last replies."""
    seconds: list[float] = []
    replies: Counter[str] = Counter()
    for number in itertools.count():
        if done.is_set():
            return seconds, replies
        talk = await connected(port, _HONEST)
        try:
            await talk.reply()
            await talk.begin(floods.USER)
            last = await talk.ask(floods.mail(floods.USER, number) + b"\r\n.\r\n")
            replies[" ".join(last.split()[:2])] += 1
        except OSError as error:
            replies[type(error).__name__] += 1
        seconds += talk.seconds
        talk.writer.close()
        await asyncio.sleep(_PAUSE)
    return seconds, replies


async def _pour(port: int, shape: bytes, octets: int) -> str:
    talk = await connected(port, "127.0.0.1")
    try:
        await talk.reply()
        reply = await talk.begin(floods.USER)
        if reply[:3] != "354":
            return reply
        # Of unknown senders eight would be let in here; these say that they are users.
        piece = (shape * (_PIECE // len(shape) + 1))[: _PIECE // len(shape) * len(shape)]
        talk.writer.write(b"Subject: x\r\n\r\n")
        for _ in range(octets // _PIECE):
            talk.writer.write(piece)
            await talk.writer.drain()
            await asyncio.sleep(0)  # drain() lets nobody else send while the system takes all of it
        return await talk.ask(b"\r\n.\r\n")
    except OSError as error:
        return type(error).__name__
    finally:
        talk.writer.close()


def pour(port: int, connections: int, octets: int, results: "multiprocessing.Queue[dict[str, int]]") -> None:
    """Send the worst mails, all at once, from a process of its own."""

    async def main() -> list[str]:
        shapes = itertools.cycle(SHAPES.values())
        sending = [_pour(port, next(shapes), octets) for _ in range(connections)]
        return await asyncio.wait_for(asyncio.gather(*sending), _PATIENCE)

    results.put(dict(Counter(asyncio.run(main()))))


async def _beside(
    port: int, process: multiprocessing.process.BaseProcess
) -> tuple[list[float], Counter[str]]:
    done = asyncio.Event()
    client = asyncio.create_task(honest(port, done))
    await asyncio.to_thread(process.join)
    done.set()
    return await client


def worst_shapes(folder: Path, connections: int, mib: int) -> tuple[dict[str, object], bool]:
    """Pour mails of the worst shapes in; returns what was found, and whether it is good."""
    most = connections + connections // 5 + 20  # the last tenth is not for strangers
    limits = f"connections = {most}\nconnections_per_ip = {connections + 10}"
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[dict[str, int]] = context.Queue()
    with running(folder, limits) as (port, pid):
        watch = Watch(pid)
        process = context.Process(target=pour, args=(port, connections, mib * 2**20, results))
        began = time.monotonic()
        with watch.open():
            process.start()
            seconds, replies = asyncio.run(_beside(port, process))
        took = time.monotonic() - began
    ms = percentiles(seconds)
    told: dict[str, object] = {
        "seconds": round(took, 1),
        "MiB PSS of all processes, at most": round(watch.most, 1),
        "MiB PSS of the largest, at most": round(watch.front, 1),
        "replies to the worst": results.get(timeout=60),
        "replies to the ordinary client": dict(replies),
        "ms a reply to him": ms,
    }
    return told, watch.most <= MOST_PSS and ms["p99"] <= MOST_P99 and set(replies) == {"250 2.0.0"}


def _header(source: str) -> bytes:
    return f"PROXY TCP6 {source} 2001:db8:ffff::1 50000 25\r\n".encode()


async def _hold(port: int, pid: int, connections: int) -> dict[str, object]:
    before = Watch(pid)
    with before.open():
        await asyncio.sleep(1.5)
    watch = Watch(pid)
    greetings: Counter[str] = Counter()
    began = time.monotonic()
    with watch.open():
        held = []
        for number in range(connections):
            talk = await connected(port, "127.0.0.1", _header(f"2001:db8::{number:x}"))
            held.append(talk)
            greetings[(await talk.reply())[:3]] += 1
        took = time.monotonic() - began
        done = asyncio.Event()
        client = asyncio.create_task(honest(port, done))
        await asyncio.sleep(10)
        done.set()
        seconds, replies = await client
    for talk in held:
        talk.writer.close()
    return {
        "greetings": dict(greetings),
        "seconds to connect": round(took, 1),
        "replies to the ordinary client": dict(replies),
        "ms a reply to him": percentiles(seconds),
        "MiB PSS before": round(before.most, 1),
        "MiB PSS, at most": round(watch.most, 1),
    }


def one_network(folder: Path, connections: int) -> tuple[dict[str, object], bool]:
    """Hold connections open from one /64; returns what was found, and whether it is good."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with running(folder, "", '["127.0.0.1"]') as (port, pid):
        told = asyncio.run(_hold(port, pid, connections))
    greetings, replies = told["greetings"], told["replies to the ordinary client"]
    # Whoever says nothing for 30 seconds is cut, and another one greeted in his place.
    rounds = 1 + int(told["seconds to connect"] // 30)  # type: ignore[operator]
    greeted = greetings["220"]  # type: ignore[index]
    capped = greeted in range(20, 20 * rounds + 1) and greetings["421"] == connections - greeted  # type: ignore[index]
    return told, capped and replies == {"250 2.0.0": sum(replies.values())}  # type: ignore[attr-defined]


async def _trickle(port: int) -> tuple[float, str]:
    talk = await connected(port, "127.0.0.1")
    await talk.reply()
    if not (reply := await talk.begin("buy@spam.example")).startswith("354"):
        raise PeerError(f"a mail could not be begun: {reply}")
    began = time.monotonic()
    answer = asyncio.create_task(talk.reply())
    while not answer.done():
        with contextlib.suppress(OSError):
            talk.writer.write(b"x")
        await asyncio.wait({answer}, timeout=1)
    talk.writer.close()
    return time.monotonic() - began, answer.result()


def trickles(folder: Path, senders: int) -> tuple[dict[str, object], bool]:
    """Send an octet a second; returns what was found, and whether it is good."""

    async def main(port: int) -> list[tuple[float, str]]:
        return await asyncio.gather(*(_trickle(port) for _ in range(senders)))

    # Fronts count strangers each for itself, and one of them may get most of these.
    with running(folder, f"connections_per_ip = {senders}\nstrangers_per_ip_minute = 0") as (port, _):
        found = asyncio.run(main(port))
    times = [seconds for seconds, _ in found]
    replies = Counter(reply for _, reply in found)
    told: dict[str, object] = {
        "cut after seconds": [round(min(times), 1), round(max(times), 1)],
        "replies": dict(replies),
    }
    return told, set(replies) == {"421 4.4.2 data comes too slowly, closing"}


def main() -> int:
    """Run the loads; returns 1 where a daemon did not stand one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--connections", type=int, default=200, help="that pour mail in (default: 200)")
    parser.add_argument("--mib", type=int, default=36, help="that each of them sends (default: 36)")
    parser.add_argument("--held", type=int, default=10_000, help="connections from one /64 (default: 10000)")
    parser.add_argument("--slow", type=int, default=20, help="senders of an octet a second (default: 20)")
    given = parser.parse_args()
    print(", ".join(f"{name}: {value}" for name, value in machine.facts(Path("/var/tmp")).items()))  # noqa: S108
    loads: tuple[tuple[str, int, Callable[[Path], tuple[dict[str, object], bool]]], ...] = (
        (
            "worst shapes",
            given.connections,
            lambda folder: worst_shapes(folder, given.connections, given.mib),
        ),
        ("one network", given.held, lambda folder: one_network(folder, given.held)),
        ("an octet a second", given.slow, lambda folder: trickles(folder, given.slow)),
    )
    failed = 0
    for name, size, load in loads:
        if not size:
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="bccd-hostile-", dir="/var/tmp") as folder:
                told, good = load(Path(folder))
        except PeerError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 2
        failed += not good
        print(json.dumps({name: told, "good": good}, indent=2), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
