"""Logging: one line for each receive and each filing; no subject, no body, no header, no address in clear."""

import atexit
import json
import logging
import os
import re
import secrets
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from select import PIPE_BUF
from threading import get_ident
from typing import Any, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bccd.config import Log
from bccd.failures import place, tell_uncaught
from bccd.meters import board
from bccd.meters.families import DELIVERIES, FILING, LOGGED
from bccd.model.auth import AuthMethod
from bccd.model.delivery import Delivery, show_id
from bccd.model.envelope import Envelope
from bccd.model.plan import Outcome
from bccd.model.reply import Reply

_KEY_OCTETS = 32
_MAX_KEY = blake2b.MAX_KEY_SIZE  # octets of it that count
_MAY_OTHERS = 0o026  # all others read or write it, or its group writes it
_HASH_DIGITS = 16
_LONGEST_VALUE = 500
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# Control and format characters, unassigned ones and line separators: what could forge a line or hide in it.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_CALLBACK = re.compile(r"(Exception in callback [^(]*)\(.*")
_NOTED = frozenset({"warning", "error", "critical", "exception"})
_NOT_NOTED = frozenset({"event", "level", "timestamp", "process"})
_encode = json.JSONEncoder(separators=(",", ":")).encode  # kept: to make one took half as long as to use it
_encode_soon = msgspec.json.Encoder().encode  # alike, in an eighth of the time, what JSON knows
_LOST = (OSError, ValueError)  # the log is full or its reader gone; it was closed before us
# aiosmtpd logs every command there, arguments included.
_MUTED = ("mail.log", "mail.debug", "mail.error", "mail.debug-mail")


class _State:
    """What configure() settled for this process; until then addresses are hashed with a key of its own."""

    key: bytes = secrets.token_bytes(_KEY_OCTETS)
    clear: bool = False
    stream: "_Lossy | None" = None
    logger: Any = None  # made once: to make it for each line took a fifth of what a line takes


class _Lossy:
    """A stream that loses lines rather than raise: mail goes on where the log is full or its reader gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.isatty = stream.isatty
        self._held: list[str] = []
        self._holder = 0  # the thread whose lines wait to be written together

    def write(self, text: str) -> None:
        if self._holder == get_ident():
            self._held.append(text)
            return
        with suppress(*_LOST):
            self._stream.write(text)

    def flush(self) -> None:
        if self._holder == get_ident():
            return
        with suppress(*_LOST):
            self._stream.flush()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what this thread logs in a block at its end, many lines at once."""
        self._holder = get_ident()
        try:
            yield
        finally:
            self._holder = 0
            held, self._held = self._held, []
            for lines in _pieces(held):
                self.write(lines)
                self.flush()

    def leave(self) -> None:
        """Drop what cannot be written: at its end Python would try again, and fail for it with status 120."""
        try:
            self._stream.flush()
        except _LOST:
            if self._stream is sys.stdout:
                sys.stdout = None


def _pieces(lines: Iterable[str]) -> Iterator[str]:
    """Put lines together, as many as the system writes without another process's line between them."""
    piece, octets = "", 0
    for line in lines:
        size = len(line.encode("utf-8", "replace"))
        if piece and octets + size > PIPE_BUF:
            yield piece
            piece, octets = "", 0
        piece, octets = piece + line, octets + size
    if piece:
        yield piece


def configure(log: Log, process: str, stream: TextIO | None = None) -> None:
    """Set logging up for a process ("supervisor", "front-1", "filer", ...), on standard output by default."""
    lossy = _Lossy(stream or sys.stdout)
    atexit.register(lossy.leave)
    _State.stream = lossy
    stream = cast("TextIO", lossy)
    _State.clear = log.level == "debug"
    if log.key_file:
        _State.key = read_key(Path(log.key_file))
    hash_address.cache_clear()
    console = log.format == "console" or (log.format == "auto" and stream.isatty())
    structlog.configure(
        processors=_processors(process, console=console),
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[log.level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    _State.logger = structlog.get_logger().bind()
    _route_libraries(_LEVELS[log.level])


def guard_process() -> None:
    """Have what nobody catches in this process, in whatever thread, told in the log like all else."""

    def tell(error: BaseException) -> None:
        structlog.get_logger().error("uncaught", error=place(error))

    tell_uncaught(tell)


def _processors(process: str, *, console: bool) -> list[Processor]:
    def named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"process": process, **event}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        named,
        _without_text,
        _noted,
        *((_escaped, structlog.dev.ConsoleRenderer(colors=False)) if console else (_as_json,)),
    ]


def _escaped(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _harmless(value) for key, value in event.items()}


def _as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    try:
        octets = _encode_soon(event)
    except (TypeError, ValueError, OverflowError):  # of values that JSON does not know
        octets = b""
    # What would have to be escaped, JSON escapes too; and no value is longer than the line. One look at the
    # whole instead of one at each value saves a quarter of the time that a line takes.
    if 0 < len(octets) <= _LONGEST_VALUE and octets.isascii() and b"\\" not in octets:
        line = octets.decode("ascii")
        if line.isprintable():
            return line
    return _encode(_escaped(logger, method, event))


def _without_text(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say of an exception what place() says."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = place(error)
    return event


def _noted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Count what is wrong and keep the last of it, for `bccd status`."""
    level = event["level"]
    if level in _NOTED:
        LOGGED.add_from_any_thread("warning" if level == "warning" else "error")
        told = " ".join(f"{key}={value}" for key, value in event.items() if key not in _NOT_NOTED)
        board.note(escape(f"{event.get('event')} {told}"))
    return event


def _harmless(value: object) -> object:
    match value:
        case str():
            return escape(value)
        case Mapping():
            return {str(_harmless(key)): _harmless(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_harmless(inner) for inner in value]
        case int() | float() | None:
            return value
        case _:
            return escape(str(value))


def escape(text: str) -> str:
    """Write what a terminal or a log reader could misread as \\x1b or \\u202e, and cut what is too long."""
    cut = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
    if cut.isprintable() and cut.isascii():
        return cut
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _UNSAFE else letter
        for letter in cut
    )


class _Forward(logging.Handler):
    """Hands what a library logs to structlog, so that there is one format and one place to escape."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger()
        try:
            said = record.getMessage()
            if record.name == "asyncio":
                # It tells a callback's arguments, and below its first line the task, exception text and all.
                said = _CALLBACK.sub(r"\1", said.partition("\n")[0])
            logger.log(record.levelno, said, library=record.name, exc_info=record.exc_info)
        except Exception:  # a log line is never worth a failure, and the library would print all arguments
            logger.exception("unloggable", library=record.name)


def _route_libraries(level: int) -> None:
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(max(level, logging.WARNING))
    for name in _MUTED:
        muted = logging.getLogger(name)
        muted.disabled = True
        muted.propagate = False


def read_key(path: Path) -> bytes:
    """Return the key by which this installation hashes addresses; the first process to ask makes it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_OCTETS))
            file.flush()
            os.fsync(descriptor)  # a power cut leaves no name without octets
        path.hardlink_to(fresh)  # unlike a rename, it never replaces the key of a process that was quicker
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_bytes()


def key_flaws(option: str, path: Path) -> list[str]:
    """Say why the file of a key cannot be used, or must not; a file that is to be made has no flaw yet."""
    told = f"{option}: {path}"
    try:
        mode, key = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        folder = next(above for above in path.parents if above.exists())
        may = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
        return [] if may else [f"{told}: is missing, and cannot be made in {folder}"]
    except OSError as error:
        return [f"{told}: cannot be read: {error.strerror}"]
    found = []
    if mode & _MAY_OTHERS:
        found.append(f"{told}: others may read or write it: chmod 600, for the user that runs bccd")
    if len(key) < _KEY_OCTETS:
        found.append(f"{told}: is too short: {len(key)} octets, where {_KEY_OCTETS} of chance are needed")
    return found


@lru_cache(maxsize=4096)
def hash_address(address: str) -> str:
    """Return a short keyed hash of an address: equal within one installation, meaningless outside it."""
    if not address:
        return ""
    return digest(address)


def digest(text: str) -> str:
    """Return a short keyed hash of what is to be found again, and is not to be read."""
    octets = text.encode("utf-8", "surrogateescape")
    # Keyed BLAKE2 (RFC 7693) is as good as HMAC and takes a quarter of its time: a mail has up to seven.
    return blake2b(octets, key=_State.key[:_MAX_KEY], digest_size=_HASH_DIGITS // 2).hexdigest()


# What stands behind the plus sign of an address that nobody may learn, also within a rewritten one.
_SECRET = re.compile(r"\+(u|fw|d)[a-z2-7]{20,60}(?=[+@=])", re.IGNORECASE)


def shown(address: str) -> str:
    """Return an address as the log may show it: hashed; at level debug in clear, but for what is secret."""
    return _SECRET.sub(r"+\1*", address) if _State.clear else hash_address(address)


def _logger() -> Any:
    """Return what the lines of every mail go to."""
    return _State.logger if structlog.is_configured() and _State.logger else structlog.get_logger()


def log_receive(envelope: Envelope, replies: Sequence[Reply], seconds: float) -> None:
    """Write the one line that says how a transaction ended for its peer."""
    peer = envelope.peer
    _logger().info(
        "receive",
        session=envelope.session_id,
        protocol=peer.protocol.value,
        peer=peer.ip,
        tls=peer.tls,
        mail_from=shown(envelope.mail_from),
        companies=sorted({target.company_id for target in envelope.targets}),
        targets=len(envelope.targets),
        size=envelope.raw.size,
        sha256=envelope.raw.sha256.hex()[:_HASH_DIGITS],
        replies=[str(reply) for reply in replies],
        reasons=sorted({reply.reason for reply in replies if reply.reason}),
        defects=list(envelope.defects),
        seconds=round(seconds, 4),
    )


def log_filings(filed: Iterable[tuple[Delivery, Outcome]], now: datetime) -> None:
    """Write one line for each delivery that says what became of it, many in one write."""
    logger = _logger()
    with _State.stream.together() if _State.stream is not None else nullcontext():
        for delivery, outcome in filed:
            _log_filing(logger, delivery, outcome, (now - delivery.received_at).total_seconds())


def _log_filing(logger: Any, delivery: Delivery, outcome: Outcome, seconds: float) -> None:
    submitter = delivery.sender or delivery.held
    method = delivery.sender.method if delivery.sender else None
    DELIVERIES.add(outcome.state.value)
    if method is not AuthMethod.IMPORT:
        FILING.observe(seconds)
    logger.info(
        "filing",
        delivery=show_id(delivery.id),
        company=delivery.company_id,
        state=outcome.state.value,
        reason=outcome.reason,
        sender=shown(submitter.address) if submitter else "",
        method=method.value if method else "",
        user=outcome.user_id,
        message=outcome.message_id,
        copy=outcome.copy_id,
        size=delivery.size,
        attempts=delivery.attempts,
        # Mail out of a mailbox was received years ago, and by others.
        seconds=None if method is AuthMethod.IMPORT else round(seconds, 4),
    )
