"""The supervisor: binds the sockets, forks the fronts and the filer, keeps them alive, ends them in order.

It does nothing else, holds no database and reads no mail, so that it has no reason to die. Its children see
the end of a pipe when it does die. Its lock on the data folder is theirs too: a second daemon waits for them.
"""

import asyncio
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import structlog

from bccd.config import Config
from bccd.daemon.notify import notify, watchdog_seconds
from bccd.daemon.patches import outdated
from bccd.daemon.pulse import Pulse
from bccd.daemon.sockets import Bound, bind_all, refuse_root
from bccd.door import hold
from bccd.meters import board
from bccd.meters.board import Board
from bccd.meters.families import RESTARTS
from bccd.model.errors import MistakeError
from bccd.observe import configure, guard_process
from bccd.remains import trim

_SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_COMM = Path("/proc/self/comm")  # proc(5): by what name the system knows this process
_LOCK_SECONDS = 5.0  # a daemon that was killed leaves children that still finish a batch
_FRONT_SECONDS = 35.0  # how long fronts may take to end their transactions
_FILER_SECONDS = 25.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # before a dead child is started again
_HEALTHY_SECONDS = 10.0  # a child that lived this long has not failed at its start
_LOOK_SECONDS = 5.0  # between two looks at whether the children's loops come round
_HANG_SECONDS = 60.0  # after which a front whose loop does not is killed
_FILER_HANG_SECONDS = 300.0  # and a filer, one turn of which waits for a database that is slow or gone


@dataclass(frozen=True, slots=True)
class Links:
    """The pipes between the processes; `lifeline` reaches its end when the supervisor is gone."""

    wake_read: int
    wake_write: int
    lifeline: int
    pulse: Pulse | None = None  # of the process's event loop, if it is watched

    def tie(self) -> None:
        """Show from within the running loop that it comes round, and drain when the supervisor is gone."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.lifeline, _orphaned, self.lifeline)
        if self.pulse is not None:
            self.pulse.follow(loop)


def _orphaned(lifeline: int) -> None:
    """Drain as if told to."""
    asyncio.get_running_loop().remove_reader(lifeline)
    os.kill(os.getpid(), signal.SIGTERM)


Front = Callable[[str, Sequence[Bound], Links], int]  # process name, sockets, pipes -> exit code
Filing = Callable[[str, Links], int]


@dataclass(slots=True)
class _Child:
    """A process that should run, and how its starting has gone."""

    name: str
    body: Callable[[], int]
    is_front: bool
    listens: bool = False
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    told: bool = False  # to end
    pulse: Pulse = field(default_factory=Pulse)
    beats: int = 0  # when it was looked at
    silent: float = 0.0  # seconds for which its loop has not come round
    due: float = field(default_factory=time.monotonic)  # when to start it, if it does not run


def run(
    config: Config,
    front: Front,
    filer: Filing,
    check: Callable[[], None],
    outbound: Filing | None = None,
    *,
    given: Sequence[Bound] = (),
) -> int:
    """Serve until told to stop; returns the exit code. `outbound` sends notices, where a smarthost is set.

    `given` are sockets that need not be bound. `check` raises SchemaError where the databases are not what
    this program needs. Raises BccdError with a sentence for whoever started it.
    """
    refuse_root(config.listen)
    os.umask(0o077)
    configure(config.log, "supervisor")
    with ExitStack() as stack:
        _hold(config.data_dir, stack)
        check()
        sockets = stack.enter_context(bind_all(config.listen, given))
        _raise_descriptor_limit()
        return Supervisor(config, sockets, front, filer, outbound).run()


def _hold(data_dir: Path, stack: ExitStack) -> None:
    """Hold the data folder, waiting a little for a daemon or a command that is about to end."""
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            stack.enter_context(hold(data_dir))
        except MistakeError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        except OSError as error:
            raise MistakeError(f"cannot write to data_dir {data_dir}: {error.strerror}") from error
        else:
            return


def _raise_descriptor_limit() -> None:
    """Allow as many open files as the system lets us: each connection and each mail in a parser is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Supervisor:
    """Keeps the processes of one daemon."""

    def __init__(
        self,
        config: Config,
        sockets: Sequence[Bound],
        front: Front,
        filer: Filing,
        outbound: Filing | None = None,
    ) -> None:
        self._config = config
        self._sockets = list(sockets)
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        lifeline, self._lifeline_end = os.pipe2(os.O_CLOEXEC)
        links = Links(wake_read, wake_write, lifeline)
        pulse = Pulse()
        body = _filer_body(filer, replace(links, pulse=pulse))
        self._children = [_Child("filer", body, is_front=False, pulse=pulse)]
        for number in range(1, config.processes.fronts + 1):
            name, pulse = f"front-{number}", Pulse()
            body = _front_body(front, name, self._sockets, replace(links, pulse=pulse))
            self._children.append(_Child(name, body, is_front=True, listens=True, pulse=pulse))
        if outbound is not None:  # it ends with the fronts: what it has sent it tells the filer
            self._children.append(_Child("outbound", lambda: outbound("outbound", links), is_front=True))
        Board(["supervisor", *(child.name for child in self._children)]).attach("supervisor")
        self._log = structlog.get_logger()
        self._stopping = False
        self._looked_at = time.monotonic()
        self._kill_at: float | None = None
        self._unclean = False
        self._mask: set[int | signal.Signals] = set()

    def run(self) -> int:
        """Start everything, then wait for signals until all has ended."""
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS))
        gc.collect()
        trim()
        gc.freeze()  # what is shared with the children stays shared
        try:
            self._start_due()
            listening = [bound.name for bound in self._sockets]
            self._log.info("ready", listening=listening, pid=os.getpid())
            notify("READY=1")
            if said := outdated():
                self._log.warning("python_outdated", note=said)
            while not (self._stopping and not any(child.pid for child in self._children)):
                self._turn()
        finally:
            self._signal_all(signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        self._log.info("stopped", clean=not self._unclean)
        return 1 if self._unclean else 0

    def _turn(self) -> None:
        notify("WATCHDOG=1")
        info = signal.sigtimedwait(_SIGNALS, self._patience())
        if info is not None and info.si_signo in (signal.SIGTERM, signal.SIGINT):
            self._stop(info.si_signo)
        elif info is not None and info.si_signo == signal.SIGHUP:
            self._log.info("hangup", note="fronts read their certificate again, the configuration stays")
            self._signal_all(signal.SIGHUP, fronts=True)
        self._reap()
        if self._stopping:
            self._go_on_stopping()
        else:
            self._end_the_hanging()
            self._start_due()

    def _patience(self) -> float:
        """Return how long nothing may need doing."""
        now = time.monotonic()
        times = [child.due - now for child in self._children if not child.pid and not self._stopping]
        if self._kill_at is not None:
            times.append(self._kill_at - now)
        return max(0.0, min([*times, watchdog_seconds() / 2, _LOOK_SECONDS]))

    # ---- starting ----------------------------------------------------------------------------------------

    def _start_due(self) -> None:
        for child in self._children:
            if not child.pid and child.due <= time.monotonic():
                self._start(child)

    def _start(self, child: _Child) -> None:
        _flush()
        child.started = time.monotonic()
        child.pulse.reset()
        child.pid = os.fork()
        if child.pid == 0:
            self._be(child)

    def _be(self, child: _Child) -> NoReturn:
        """Run a child's body in the new process; never returns into the supervisor's stack."""
        code = 1
        try:
            os.close(self._lifeline_end)
            if not child.listens:  # while a port is open anywhere, peers are let in whom nobody answers
                _close(self._sockets)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the supervisor decides
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until a child has a use for it
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            board.attach(child.name)
            _call(child.name)
            configure(self._config.log, child.name)
            guard_process()
            code = child.body()
        except BaseException:  # noqa: BLE001 - nothing may leave through the supervisor's frames
            structlog.get_logger().exception("crashed")
        finally:
            _flush()
            os._exit(code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self._children:
                if child.pid == pid:
                    self._ended(child, os.waitstatus_to_exitcode(status))

    def _ended(self, child: _Child, code: int) -> None:
        now = time.monotonic()
        child.pid = 0
        if self._stopping:
            self._unclean |= code != 0
            return
        child.failures = 1 if now - child.started > _HEALTHY_SECONDS else child.failures + 1
        pause = min(_FIRST_PAUSE * 2.0 ** min(child.failures - 1, 30), _LONGEST_PAUSE)
        child.due = now + pause
        RESTARTS.add(child.name.partition("-")[0])
        self._log.error("child_ended", child=child.name, code=code, restart_in=round(pause, 1))

    def _end_the_hanging(self) -> None:
        """Kill whose loop does not come round: mail that a front has not answered is sent again.

        What a filer had in hand the next one files, and it counts against that mail, which may be the cause.
        """
        now = time.monotonic()
        passed = min(now - self._looked_at, _LOOK_SECONDS)  # we may have been stopped with all others
        self._looked_at = now
        for child in self._children:
            beats = child.pulse.beats
            child.silent = child.silent + passed if child.pid and beats == child.beats > 0 else 0.0
            child.beats = beats
            if child.silent > (_HANG_SECONDS if child.is_front else _FILER_HANG_SECONDS):
                self._log.error("child_hangs", child=child.name, seconds=round(child.silent))
                os.kill(child.pid, signal.SIGKILL)
                child.pulse.reset()

    # ---- stopping ----------------------------------------------------------------------------------------

    def _stop(self, number: int) -> None:
        """Drain: the fronts end their transactions, then the filer what it claimed; twice means at once."""
        if self._stopping:
            self._log.warning("stopping_at_once", signal=signal.Signals(number).name)
            self._unclean = True
            self._signal_all(signal.SIGKILL)
            return
        self._stopping = True
        self._log.info("stopping", signal=signal.Signals(number).name)
        notify("STOPPING=1")
        _close(self._sockets)
        self._signal_all(signal.SIGTERM, fronts=True)
        self._kill_at = time.monotonic() + _FRONT_SECONDS

    def _go_on_stopping(self) -> None:
        fronts = any(child.pid for child in self._children if child.is_front)
        filers = [child for child in self._children if child.pid and not child.is_front]
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._log.warning("stop_took_too_long", fronts=fronts)
            self._signal_all(signal.SIGKILL, fronts=fronts)
            self._unclean, self._kill_at = True, None
        elif not fronts and filers and not filers[0].told:
            filers[0].told = True
            self._signal_all(signal.SIGTERM, fronts=False)
            self._kill_at = time.monotonic() + _FILER_SECONDS

    def _signal_all(self, number: int, *, fronts: bool | None = None) -> None:
        """Send a signal to the children, or only to the fronts or only to the filer."""
        for child in self._children:
            if child.pid and fronts in (None, child.is_front):
                os.kill(child.pid, number)


def _call(name: str) -> None:
    """Have top and ps tell the processes apart; the system hides the file from whoever has been root."""
    with suppress(OSError):
        _COMM.write_text(f"bccd-{name}", encoding="ascii")


def _close(sockets: Sequence[Bound]) -> None:
    for bound in sockets:
        bound.sock.close()


def _flush() -> None:
    """Write what is buffered, if it can be written: a full log must not keep a child from ending."""
    with suppress(OSError):
        sys.stdout.flush()


def _filer_body(filer: Filing, links: Links) -> Callable[[], int]:
    return lambda: filer("filer", links)


def _front_body(front: Front, name: str, sockets: Sequence[Bound], links: Links) -> Callable[[], int]:
    return lambda: front(name, sockets, links)
