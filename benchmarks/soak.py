"""Whether memory and descriptors stay flat under mixed load with faults, and no mail is lost: make soak

Mail servers, and a rabble that keeps no rule, work on one daemon. Meanwhile its database is locked, away,
full or restarted, parsers are killed, and SIGHUP is sent. The processes of the daemon are never started anew,
so what they take at the end is held against what they took in the middle. No error may stand in the log but
that of a mail which a fault kept out.
"""

import argparse
import json
import random
import signal
import socket
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.databases import DATABASES, NAMES, folder_below
from benchmarks.kills import installed
from benchmarks.machine import pss_of
from benchmarks.peers import PLACE
from tests.e2e.harness import DROP, USERS, mail
from tests.faults.failing import Failing, locked
from tests.faults.poison import FIELD
from tests.faults.senders import Senders
from tests.fuzz.driver import Mutator
from tests.fuzz.targets import TARGETS
from tests.server import Server

FLAT = 1.05  # times as much in the end as in the middle
_ROLES = ("supervisor", "fronts", "filer")
_LOOK_SECONDS = 2.0
_FAULT_SECONDS = (5.0, 15.0)  # between two faults
_PAUSE = 0.3  # seconds at most between two mails of one sender
_LARGE = 500  # each so many-th mail is larger than SQLite's table takes
_POISON = 1_000
_RABBLE = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"EHLO x\r\nMAIL FROM:<x@y.example>\r\nRCPT TO:<nobody@drop.example.com>\r\nQUIT\r\n",
    b"EHLO x\r\nMAIL FROM:<a b@c>\r\n" + b"NOOP\r\n" * 30 + b"XYZZY\r\n" * 6,
    b"x" * 70_000 + b"\r\n",
    f"EHLO x\r\nMAIL FROM:<{USERS[0]}>\r\nRCPT TO:<{DROP}>\r\nDATA\r\n".encode() + b"x\r\n" * 3_000,
    f"EHLO x\r\nMAIL FROM:<{USERS[0]}>\r\nRCPT TO:<{DROP}>\r\nDATA\r\nSubject: x\n.\r\n".encode(),
)
# What these are turned into names no user, so that none of it is taken.
_DIALOGUES = (*TARGETS["session"].start(), *_RABBLE[:4])
_EXPECTED = frozenset({"receive_failed"})  # errors in the log


def mixed(number: int) -> bytes:
    """Write mail of many kinds: short, HTML, with an attachment, an answer, large, poison."""
    sender, name = USERS[number % len(USERS)], f"soak-{number}"
    if number % _LARGE == _LARGE - 1:
        return mail(name, sender, b"x" * 70 + b"\r\n" * 600_000)
    if number % _POISON == _POISON // 2:
        return FIELD + b"dies\r\n" + mail(name, sender)
    match number % 5:
        case 0:
            head = f"In-Reply-To: <soak-{max(0, number - 10)}@example.com>\r\n".encode()
            return mail(name, sender, b"An answer.\r\n> " + b"quoted " * 200 + b"\r\n", head)
        case 1:
            page = b"<p>Hello <b>there</b></p><table><tr><td>1</td></tr></table>" * 30
            return mail(name, sender, page + b"\r\n", b"Content-Type: text/html; charset=utf-8\r\n")
        case 2:
            head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
            part = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            lines = b"QUJD" * 19 + b"\r\n"
            body = b"--b\r\n\r\nSee below.\r\n--b\r\n" + part + lines * 700 + b"--b--\r\n"
            return mail(name, sender, body, head)
        case _:
            return mail(name, sender, b"x" * (number * 97 % 5000) + b"\r\n")


@dataclass
class Watch:
    """What each role took, look by look."""

    pss: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # MiB
    files: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pids: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def look(self, daemon: Failing) -> None:
        """Note what each role takes now."""
        for role in _ROLES:
            pids = daemon.role(role)
            with suppress(OSError):
                rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii") for pid in pids]
                files = [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids]
                self.pss[role].append(sum(map(pss_of, rollups)) / 1024)
                self.files[role].append(sum(files))
            self.pids[role] |= set(pids)

    def growth(self, values: list[float]) -> tuple[float, float, float]:
        """Return what was taken in the middle and at the end, each the median of a fifth, and their ratio."""
        fifth = max(1, len(values) // 5)
        middle = statistics.median(values[2 * fifth : 3 * fifth] or values)
        end = statistics.median(values[-fifth:])
        return middle, end, end / middle

    def report(self) -> bool:
        """Print what was found; tell whether all was flat, and no process was started anew."""
        flat = True
        for what, found in (("MiB", self.pss), ("descriptors", self.files)):
            for role, values in found.items():
                middle, end, ratio = self.growth(values)
                flat &= ratio <= FLAT
                print(
                    f"  {role:10} {what:11} {middle:8.1f} -> {end:8.1f}  {ratio:5.3f}  most {max(values):.1f}"
                )
        again = [role for role, pids in self.pids.items() if len(pids) > 1]
        if again:
            print(f"  started anew: {', '.join(again)}")
        return flat and not again


class Faults:
    """One fault after another, by chance."""

    def __init__(self, daemon: Failing, server: Server | None, chance: random.Random) -> None:
        self._daemon, self._server, self._chance = daemon, server, chance
        self.done: Counter[str] = Counter()
        self._kinds: dict[str, Callable[[], None]] = {
            "a parser killed": self._kill_parser,
            "SIGHUP": self._hang_up,
            "the spool locked": lambda: self._lock("spool.db", "raw_mail"),
            "the database locked": lambda: self._lock("bccd.db", "message"),
        }
        if server is None:
            self._kinds |= {
                "files that may not grow": lambda: self._arm("pages", "!", 2),
                "files that cannot be opened": lambda: self._arm("begin", "!sqlite SQLITE_CANTOPEN", 2),
                "a commit refused": lambda: self._arm("work.before", "sqlite SQLITE_BUSY", 1),
            }
        else:
            self._kinds |= {
                "the server restarted": lambda: self._stop(server, signal.SIGINT),
                "the server crashed": lambda: self._stop(server, signal.SIGQUIT),
            }

    def run(self, ended: threading.Event) -> None:
        """Go on until the end, and leave nothing broken."""
        while not ended.wait(self._chance.uniform(*_FAULT_SECONDS)):
            name = self._chance.choice(sorted(self._kinds))
            self._kinds[name]()
            self.done[name] += 1

    def _kill_parser(self) -> None:
        self._daemon.strike("parsers")

    def _hang_up(self) -> None:
        process = self._daemon.process
        assert process is not None  # noqa: S101 - it runs as long as faults do
        process.send_signal(signal.SIGHUP)

    def _lock(self, file: str, table: str) -> None:
        with locked(self._daemon, file, table):
            time.sleep(self._chance.uniform(1, 12))

    def _arm(self, point: str, deed: str, seconds: float) -> None:
        self._daemon.faults.arm(point, deed)
        time.sleep(seconds)
        self._daemon.faults.disarm(point)

    def _stop(self, server: Server, how: signal.Signals) -> None:
        server.stop(how)
        time.sleep(self._chance.uniform(0, 3))
        server.start()


def rabble(daemon: Failing, chance: random.Random, ended: threading.Event) -> None:
    """Connect and keep no rule: stop anywhere, hang up anyhow, stay without a word."""
    idle: list[socket.socket] = []
    mutator = Mutator(chance, TARGETS["session"].words)
    while not ended.wait(chance.uniform(0, 0.2)):
        with suppress(OSError):
            own = f"127.0.0.{chance.randint(4, 250)}"
            sock = socket.create_connection(("127.0.0.1", daemon.smtp), 5, (own, 0))
            said = mutator.make(_DIALOGUES) if chance.random() < 0.7 else chance.choice(_RABBLE)  # noqa: PLR2004
            sock.sendall(said[: chance.randint(0, len(said))])
            if chance.random() < 0.5:  # noqa: PLR2004 - half of them
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            idle.append(sock)
        while len(idle) > 15:  # noqa: PLR2004 - fewer than one host may have
            idle.pop(0).close()
    for sock in idle:
        sock.close()


def mistakes(log: Path) -> Counter[str]:
    """Count the errors in a daemon's log that no fault accounts for; what is no line of it is one, too."""
    found: Counter[str] = Counter()
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:
                found[line[:80].strip()] += 1
            else:
                if told["level"] == "error" and told["event"] not in _EXPECTED:
                    found[f"{told['process']}: {told['event']}"] += 1
    return found


def measure(database: str, minutes: float, seed: int, place: Path) -> bool:
    """Work on one kind of database; print what was found and tell whether it is as it must be."""
    chance = random.Random(seed)
    with folder_below(place) as folder, installed(folder, database) as (daemon, server):
        daemon.start()
        ended = threading.Event()
        faults, watch = Faults(daemon, server, chance), Watch()
        threads = [
            threading.Thread(target=faults.run, args=(ended,), daemon=True),
            threading.Thread(target=rabble, args=(daemon, random.Random(seed + 1), ended), daemon=True),
        ]
        senders = Senders(daemon, threads=5, write=mixed, pause=_PAUSE)
        for thread in threads:
            thread.start()
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            watch.look(daemon)
        ended.set()
        for thread in threads:
            thread.join()
        try:
            senders.stop(120)
            daemon.took(senders)
            states = daemon.check()
        except AssertionError as error:
            print(f"{NAMES[database]}: {error}\n{daemon.tail()}\nseed {seed}")
            watch.report()
            return False
        mails = f"{len(daemon.acked)} mails, 0 lost, 0 double, seed {seed}"
        print(f"{NAMES[database]}: {minutes:g} minutes, {mails}\n  {dict(states)}")
        told = ", ".join(f"{name} {count}" for name, count in sorted(faults.done.items()))
        print(f"  faults: {told}; replies other than 250: {dict(senders.codes)}")
        wrong = mistakes(daemon.log)
        if wrong:
            print(f"  errors: {dict(wrong)}")
        return watch.report() and not wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Work on each kind of database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--place", type=Path, default=PLACE)
    given = parser.parse_args(arguments)
    flat = [measure(each, given.minutes, given.seed, given.place) for each in given.database or DATABASES]
    return 0 if all(flat) else 1


if __name__ == "__main__":
    sys.exit(main())
