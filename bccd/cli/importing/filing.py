"""Who files what an import hands in: the running daemon, or a filer of its own for the time of the import."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import structlog

from bccd import door
from bccd.config import Config
from bccd.daemon import Links
from bccd.door import DoorClosedError, FolderHeldError
from bccd.model.errors import BccdError, MistakeError
from bccd.observe import configure, guard_process
from bccd.store.bell import Ringer
from bccd.store.engine import Stores, open_engines
from bccd.store.postgresql import is_postgresql
from bccd.store.spool import GroupSpool, forgive

LOG_NAME = "import.log"
_PATIENCE = 10.0  # seconds for a daemon that starts or ends, and for a filer of our own to begin
_PAUSE = 0.05
_STOP_SECONDS = 30.0


def is_served(config: Config) -> bool:
    """Tell whether a filer answers on the data folder."""
    with suppress(DoorClosedError):
        door.ask(config.data_dir, "ping", {})
        return True
    return False


def require_filer(config: Config) -> None:
    """Raise BccdError where nobody files any more."""
    if not is_served(config):
        raise BccdError("nobody files mail any more; run the same command again to go on")


@contextmanager
def filing(config: Config) -> Iterator[None]:
    """Have somebody file: nothing is begun where a daemon runs, else a filer runs until the end.

    Raises FolderHeldError where another command holds the data folder.
    """
    until = time.monotonic() + _PATIENCE
    while not is_served(config):
        try:
            with door.hold(config.data_dir):
                _take_over(config)
                with _filer(config):
                    yield
                return
        except FolderHeldError:
            if time.monotonic() > until:
                raise
        time.sleep(_PAUSE)
    yield


@contextmanager
def open_spool(config: Config, stores: Stores) -> Iterator[GroupSpool]:
    """Open transaction 1 beside the fronts, or where there are none."""
    ringer = Ringer(stores.spool) if is_postgresql(stores.spool) else None
    spool = GroupSpool(stores.spool, config.data_dir, ringer.ring if ringer else lambda: None)
    try:
        yield spool
    finally:
        spool.close()
        if ringer is not None:
            ringer.close()


def _take_over(config: Config) -> None:
    """Give back what the last filer of this folder had in hand, which is gone: we hold the lock."""
    stores = open_engines(config)
    forgive(stores.spool, config.data_dir)
    stores.close()


@contextmanager
def _filer(config: Config) -> Iterator[None]:
    """Run a filer in a process of its own; it ends when this one does, however that ends."""
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    lifeline, our_end = os.pipe2(os.O_CLOEXEC)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(our_end)
        _be(config, Links(wake_read, wake_write, lifeline))
    try:
        _wait_until_open(config, pid)
        yield
    finally:
        with suppress(ProcessLookupError, ChildProcessError):  # it ended by itself
            os.kill(pid, signal.SIGTERM)
            _wait_for(pid)
        for descriptor in (wake_read, wake_write, lifeline, our_end):
            os.close(descriptor)


def _be(config: Config, links: Links) -> None:
    """Be the filer; never returns into the command's stack."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the command decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        log = os.open(config.data_dir / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        # What becomes of each mail the command tells itself.
        level = config.log.level if config.log.level in ("debug", "error") else "warning"
        configure(replace(config.log, format="json", level=level), "filer")
        guard_process()
        # What files is large, and beside a daemon it is not needed.
        from bccd import bootstrap  # noqa: PLC0415

        code = bootstrap.run_filer(config, "filer", links)
    except BaseException:  # noqa: BLE001 - nothing may leave through the command's frames
        structlog.get_logger().exception("crashed")
    finally:
        sys.stdout.flush()
        os._exit(code)


def _wait_until_open(config: Config, pid: int) -> None:
    until = time.monotonic() + _PATIENCE
    while not is_served(config):
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise BccdError(f"the filer ended at once; {config.data_dir / LOG_NAME} says why")
        if time.monotonic() > until:
            raise MistakeError("the filer does not begin")
        time.sleep(_PAUSE)


def _wait_for(pid: int) -> None:
    """Wait until the filer has finished what it claimed."""
    until = time.monotonic() + _STOP_SECONDS
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            until = float("inf")
        time.sleep(_PAUSE)
