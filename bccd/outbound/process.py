"""The worker as a process: its loop, its signals, its way through the filer's door."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from bccd.config import Config
from bccd.outbound.compose import Composer
from bccd.outbound.relay import Relay
from bccd.outbound.worker import Worker
from bccd.rules.signing import Signer


def open_worker(
    config: Config,
    signer: Signer,
    ask: Callable[[str, Mapping[str, object]], object],
    name: str,
    now: Callable[[], datetime],
) -> Worker:
    """Put the worker together; `ask` has the filer do something and waits for it."""

    async def asked(operation: str, arguments: Mapping[str, object]) -> Any:
        return await asyncio.to_thread(ask, operation, arguments)

    settings = config.outbound
    composer = Composer(signer, settings.sender, settings.public_url)
    return Worker(asked, composer, Relay(settings, config.hostname or socket.gethostname()), name, now)


async def work_until_told(worker: Worker, lifeline: int) -> None:
    """Send notices until SIGTERM, or until the supervisor is gone."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)

    def orphaned() -> None:
        loop.remove_reader(lifeline)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(lifeline, orphaned)
    structlog.get_logger().info("outbound", pid=os.getpid())
    await worker.run(stopping)
