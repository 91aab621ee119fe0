"""Mails of 25 MB through a real front: how long its loop stands still, and what the final dot leaves."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.databases import folder_below
from benchmarks.peers import PLACE, ROOT
from benchmarks.reader.table import Row
from benchmarks.serving import run as bccd
from benchmarks.verify.front import TOLD
from benchmarks.verify.world import COMPANY, RECIPIENT, SENDER, ZONE, bodies, large
from tests.nameserver import name_server

_ROUNDS = 3  # the best counts: others use the machine as well
_STALL_MOST, _REPORT_MOST = 20.0, 150.0  # milliseconds
_SETTLED = 0.4  # seconds after the last octet but the final dot
_CONFIG = """\
data_dir = "{folder}"
[listen]
smtp = []
lmtp = ["unix:{folder}/lmtp"]
http = []
[verify]
nameservers = ["{nameserver}"]
"""


class Figures(NamedTuple):
    """What one mail cost, in milliseconds."""

    stall: float
    stall_cpu: float
    report: float
    answer: float  # from the final dot to the reply, with the spool's share


class Front:
    """A front process with a connection to it."""

    def __init__(self, config: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.verify.front", str(config)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._sock = socket.create_connection(("127.0.0.1", int(self._line())), timeout=60)
        self._replies = self._sock.makefile("rb")
        self._expect(b"220")
        self._ask(b"EHLO mail.seller.example\r\n")

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        while not (line := self._process.stdout.readline()).startswith(TOLD):
            if not line:
                raise RuntimeError("the front has ended")
        return line.removeprefix(TOLD)

    def _expect(self, code: bytes) -> None:
        while (line := self._replies.readline())[3:4] == b"-":
            pass
        if not line.startswith(code):
            raise RuntimeError(f"the front said: {line.decode().strip()}")

    def _ask(self, octets: bytes, code: bytes = b"250") -> None:
        self._sock.sendall(octets)
        self._expect(code)

    def _mark(self) -> dict[str, float]:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._process.stdin.write("mark\n")
        self._process.stdin.flush()
        told: dict[str, float] = json.loads(self._line())
        return told

    def deliver(self, mail: bytes) -> Figures:
        """Send one mail, and its final dot once all else has been read."""
        self._ask(f"MAIL FROM:<{SENDER}>\r\n".encode())
        self._ask(f"RCPT TO:<{RECIPIENT}>\r\n".encode())
        self._ask(b"DATA\r\n", b"354")
        self._mark()
        self._sock.sendall(mail.replace(b"\r\n.", b"\r\n.."))
        time.sleep(_SETTLED)
        began = time.perf_counter()
        self._ask(b".\r\n")
        answer = time.perf_counter() - began
        told = self._mark()
        return Figures(told["stall"], told["stall_cpu"], told["report"], 1000 * answer)

    def close(self) -> None:
        """End it."""
        self._replies.close()
        self._sock.close()
        self._process.communicate(timeout=60)


def measure() -> Iterator[Row]:
    """Give the rows, one mail after the other."""
    with folder_below(PLACE) as folder, name_server(ZONE) as server:
        config, data, company = folder / "bccd.toml", folder / "data", folder / "company.json"
        data.mkdir(mode=0o700)
        config.write_text(_CONFIG.format(folder=data, nameserver=server.address), encoding="utf-8")
        company.write_text(json.dumps(COMPANY), encoding="utf-8")
        bccd(config, "migrate")
        bccd(config, "directory", "load", str(company))
        front = Front(config)
        try:
            for number, (name, body) in enumerate(bodies()):
                yield from _rows(
                    name, [front.deliver(large(n, body)) for n in range(number * 10, number * 10 + _ROUNDS)]
                )
        finally:
            front.close()


def _rows(name: str, runs: list[Figures]) -> Iterator[Row]:
    best = Figures(*map(min, zip(*runs, strict=True)))
    yield Row("25 MB", f"{name}: longest stall of the loop", best.stall, _STALL_MOST, "ms", least=False)
    yield Row("25 MB", f"{name}: the same in CPU time", best.stall_cpu, None, "ms")
    yield Row("25 MB", f"{name}: evidence after the final dot", best.report, _REPORT_MOST, "ms", least=False)
    yield Row("25 MB", f"{name}: final dot to 250, synced", best.answer, None, "ms")
