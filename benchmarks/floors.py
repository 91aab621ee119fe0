"""What the parts of filing cost at least on this machine, in CPU ms a mail: python -m benchmarks.floors

Nothing here reads mail as bccd must; each figure is what would remain if all of its code cost nothing.
"""

import argparse
import base64
import binascii
import email
import email.policy
import hashlib
import os
import re
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import nh3

from bccd.mail.parse import parse
from bccd.model.message import Message
from benchmarks import corpus
from benchmarks.databases import folder_below
from benchmarks.load import Shape
from benchmarks.peers import PLACE, ROOT, Bare, PeerError, Sink
from benchmarks.run import Job, measure

_BATCH = 64  # mails in a transaction
_ROWS = 20  # that filing writes for a mail, about
_COMMANDS = 120  # octets that a mail's commands take, and about as much its replies
_BOUNDARY = re.compile(rb'boundary="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Floor:
    """One of them, of CPU and by the clock, in milliseconds a mail."""

    name: str
    cpu: float
    clock: float


def timed(name: str, work: Callable[[], object], mails: int, rounds: int = 3) -> Floor:
    """Do something for all mails some times; the least counts, since nothing makes it cheaper than it is."""
    best = (float("inf"), float("inf"))
    for _ in range(rounds):
        cpu, clock = time.process_time(), time.perf_counter()
        work()
        best = min(best, (time.process_time() - cpu, time.perf_counter() - clock))
    return Floor(name, 1000 * best[0] / mails, 1000 * best[1] / mails)


def _wire(raws: Sequence[bytes]) -> None:
    """Send what an SMTP session sends over loopback, both ends in this process."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as near,
    ):
        far, _ = listener.accept()
        with far:
            for raw in raws:
                for there, back in ((b"x" * _COMMANDS, b"y" * _COMMANDS), (raw, b"z" * 40)):
                    near.sendall(there)
                    left = len(there)
                    while left:
                        left -= len(far.recv(65536))
                    far.sendall(back)
                    near.recv(4096)


def _decode(raws: Sequence[bytes]) -> None:
    """Cut mails at their boundaries and undo the transfer encodings, with built-in functions alone."""
    for raw in raws:
        for boundary in _BOUNDARY.findall(raw):
            for part in raw.split(b"--" + boundary):
                head, _, body = part.partition(b"\r\n\r\n")
                if b"quoted-printable" in head:
                    binascii.a2b_qp(body).decode("utf-8", "replace")
                elif b"base64" in head and b"multipart" not in head:
                    base64.b64decode(body)


def _compat32(raws: Sequence[bytes]) -> None:
    for raw in raws:
        for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
            part.get_payload(decode=True)


def _pages(raw: bytes) -> Iterator[str]:
    for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
        if part.get_content_type() == "text/html":
            octets = part.get_payload(decode=True)
            yield octets.decode("utf-8", "replace") if isinstance(octets, bytes) else ""


def _spool(raws: Sequence[bytes], folder: Path) -> None:
    """Keep octets and one narrow row a mail, batch by batch."""
    with closing(_database(folder / f"spool-{time.monotonic_ns()}.db")) as database:
        database.execute("CREATE TABLE raw (digest BLOB PRIMARY KEY, data BLOB) WITHOUT ROWID")
        database.execute("CREATE TABLE queue (id INTEGER PRIMARY KEY, digest BLOB, envelope BLOB)")
        for start in range(0, len(raws), _BATCH):
            rows = [(os.urandom(32), raw) for raw in raws[start : start + _BATCH]]
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO raw VALUES (?, ?)", rows)
            database.executemany(
                "INSERT INTO queue (digest, envelope) VALUES (?, ?)",
                ((digest, raw[:300]) for digest, raw in rows),
            )
            database.execute("COMMIT")


def _rows(count: int, folder: Path) -> None:
    """Write so many rows for each mail into a table with one more index, batch by batch."""
    with closing(_database(folder / f"rows-{time.monotonic_ns()}.db")) as database:
        database.execute(
            "CREATE TABLE row (a INTEGER, b INTEGER, c TEXT, d TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID"
        )
        database.execute("CREATE INDEX row_c ON row (a, c)")
        for start in range(0, count, _BATCH):
            numbers = range(start * _ROWS, (start + _BATCH) * _ROWS)
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO row VALUES (1, ?, ?, 'what a row says')",
                ((number, f"{number * 7919 % 1_000_003}@x") for number in numbers),
            )
            database.execute("COMMIT")


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=wal")
    database.execute("PRAGMA synchronous=full")
    return database


def _synced(raws: Sequence[bytes], folder: Path) -> None:
    """Append each mail to a file and sync it."""
    with (folder / "synced").open("ab", buffering=0) as file:
        for raw in raws:
            file.write(raw)
            os.fdatasync(file.fileno())


def _piped(raws: Sequence[bytes]) -> None:
    read, write = os.pipe()
    for raw in raws:
        for start in range(0, len(raw), 65536):
            sent = os.write(write, raw[start : start + 65536])
            os.read(read, sent)
    os.close(read)
    os.close(write)


def floors(raws: Sequence[bytes], folder: Path) -> list[Floor]:
    """Measure what one process can tell."""
    few = raws[:200]
    messages = [parse(raw) for raw in few]
    pages = [page for raw in few for page in _pages(raw)]
    packed = [msgspec.msgpack.encode(message) for message in messages]
    decoder = msgspec.msgpack.Decoder(Message)
    work: tuple[tuple[str, Callable[[], object], int], ...] = (
        ("loopback TCP, both ends", lambda: _wire(raws), len(raws)),
        ("sha256", lambda: [hashlib.sha256(raw).digest() for raw in raws], len(raws)),
        (f"SQLite: octets and a row, {_BATCH} a commit", lambda: _spool(raws, folder), len(raws)),
        ("write and fdatasync, one mail each", lambda: _synced(few, folder), len(few)),
        ("pipe, both ends", lambda: _piped(raws), len(raws)),
        ("cut and decode the parts", lambda: _decode(raws), len(raws)),
        ("nh3: sanitise the HTML", lambda: [nh3.clean(text) for text in pages], len(few)),
        ("compat32: read and decode", lambda: _compat32(few), len(few)),
        ("msgpack: Message to octets", lambda: [msgspec.msgpack.encode(it) for it in messages], len(few)),
        ("msgpack: octets to Message", lambda: [decoder.decode(it) for it in packed], len(few)),
        (f"SQLite: {_ROWS} rows, {_BATCH} a commit", lambda: _rows(len(raws), folder), len(raws)),
    )
    return [timed(name, doing, mails) for name, doing, mails in work]


def _served(place: Path, mails: int, data: Path) -> list[Floor]:
    """Measure servers that forget what they take."""
    found = []
    for peer in (Bare(), Sink()):
        job = Job(place, mails, 80, Shape(), data)
        run = measure(peer, job)
        found.append(
            Floor(
                f"{peer.name}, without the load generator", sum(run.cpu_ms.values()), 1000 / run.accepted_rate
            )
        )
    return found


def main() -> int:
    """Print CPU and clock time a mail for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floors", description=main.__doc__)
    parser.add_argument("--mails", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=PLACE, help=f"where it is stored (default: {PLACE})")
    given = parser.parse_args()
    place = corpus.stored(ROOT / "build", given.mails + 80, given.seed)
    raws = [sample.raw for sample in corpus.load(place)[1]][: given.mails]
    try:
        with folder_below(given.data) as folder:
            found = floors(raws, folder) + _served(place, given.mails, given.data.resolve())
    except PeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(f"{'CPU ms':>8} {'ms':>8}  a mail, at least")
    print(*(f"{floor.cpu:8.3f} {floor.clock:8.3f}  {floor.name}" for floor in found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
