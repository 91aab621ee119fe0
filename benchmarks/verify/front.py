"""A real front that watches its own event loop: python -m benchmarks.verify.front CONFIG.

It says its port, then answers each line on standard input with what happened since the last: the longest time
for which the loop could do nothing else, by the clock and of CPU, and how long the last report took.
"""

import asyncio
import json
import os
import socket
import sys
import time
from pathlib import Path

from bccd.bootstrap import open_receiver
from bccd.config import load
from bccd.daemon.supervisor import Links
from bccd.front import listener_settings, serve
from bccd.model.auth import AuthReport
from bccd.model.envelope import Envelope, Protocol
from bccd.ports import Examination, Receiver
from bccd.sources.settings import Listener

TOLD = "watch:"  # before what is not the log
_BEAT = 0.001  # seconds


class Watch:
    """The longest pauses of the loop, and the time of the last report."""

    def __init__(self) -> None:
        self.longest = self.longest_cpu = self.report = 0.0

    async def beat(self) -> None:
        """Come back as soon as the loop allows, for ever."""
        while True:
            began, began_cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_BEAT)
            self.longest = max(self.longest, time.perf_counter() - began - _BEAT)
            self.longest_cpu = max(self.longest_cpu, time.thread_time() - began_cpu)

    def take(self) -> str:
        """Return all as JSON, in milliseconds, and begin anew."""
        told = {"stall": self.longest, "stall_cpu": self.longest_cpu, "report": self.report}
        self.longest = self.longest_cpu = self.report = 0.0
        return json.dumps({name: 1000 * seconds for name, seconds in told.items()})


class TimedExamination:
    """An Examination whose report is timed."""

    def __init__(self, examination: Examination, watch: Watch) -> None:
        self._examination, self._watch = examination, watch
        self.feed = examination.feed
        self.abandon = examination.abandon

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Time it."""
        began = time.perf_counter()
        try:
            return await self._examination.report(envelope, from_domain)
        finally:
            self._watch.report = time.perf_counter() - began


def _watched(receiver: Receiver, watch: Watch) -> Receiver:
    """Have a receiver's examinations timed."""
    examine = receiver.examine
    receiver.examine = lambda peer, mail_from: TimedExamination(examine(peer, mail_from), watch)  # type: ignore[method-assign]
    return receiver


async def _serve(path: Path) -> None:
    config = load(path, {})
    settings = listener_settings(config)
    settings.tmp_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    watch, stopping = Watch(), asyncio.Event()
    lifeline, held = os.pipe()
    wake_read, wake_write = os.pipe()

    def answer() -> None:
        if sys.stdin.readline():
            print(f"{TOLD} {watch.take()}", flush=True)
        else:
            stopping.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), answer)
    async with open_receiver(config, Links(wake_read, wake_write, lifeline)) as receiver:
        sock = socket.create_server(("127.0.0.1", 0))
        print(f"{TOLD} {sock.getsockname()[1]}", flush=True)
        beating = asyncio.create_task(watch.beat())
        await serve([Listener(sock, Protocol.SMTP)], _watched(receiver, watch), settings, stopping)
        beating.cancel()
    os.close(held)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
