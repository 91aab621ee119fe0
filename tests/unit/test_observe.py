"""The log: what stands in it, and what never does."""

import asyncio
import errno
import io
import json
import logging
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import PIPE_BUF
from typing import Any

import pytest
import structlog

from bccd import observe
from bccd.config import Log
from bccd.model.auth import AuthMethod, AuthReport, HeldSender, Sender
from bccd.model.delivery import Delivery, DeliveryState, show_id
from bccd.model.envelope import Envelope, Peer, Raw, Target
from bccd.model.plan import Outcome
from bccd.model.reply import ACCEPTED, NO_SUCH_ADDRESS
from bccd.observe import configure, escape, hash_address, log_filings, log_receive, read_key, shown

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1.5)
CANARY = "canary-in-the-subject"
ENVELOPE = Envelope(
    peer=Peer("192.0.2.1", "evil\r\nhelo"),
    mail_from="anna@example.com",
    targets=(Target("crm@example.com", 7), Target("crm+private@example.com", 7)),
    raw=Raw(b"\x01" * 32, 1234, f"Subject: {CANARY}\r\n".encode(), CANARY.encode()),
    received_at=NOW,
    session_id="s1",
)
DELIVERY = Delivery(
    id=42,
    company_id=7,
    targets=ENVELOPE.targets,
    mail_from="anna@example.com",
    peer=ENVELOPE.peer,
    received_at=NOW,
    auth=AuthReport(),
    raw_sha256=b"\x01" * 32,
    size=1234,
    sender=Sender(3, "anna@example.com", AuthMethod.TRUSTED_NETWORK),
    attempts=1,
)


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(observe._State, "key", b"k" * 32)
    monkeypatch.setattr(observe._State, "clear", False)
    hash_address.cache_clear()
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    hash_address.cache_clear()
    for name in observe._MUTED:
        logging.getLogger(name).disabled = False
        logging.getLogger(name).propagate = True


def lines(log: Log, *calls: Any) -> list[dict[str, Any]]:
    stream = io.StringIO()
    configure(log, "front-1", stream)
    for call in calls:
        call()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


REFUSED = replace(NO_SUCH_ADDRESS, reason="unknown_sender")


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    """A full disk, a reader that is gone or a closed log costs lines; later ones are written again."""

    class Full(io.StringIO):
        full = True

        def flush(self) -> None:
            if self.full:
                raise OSError(errno.ENOSPC, "full")

    stream = Full()
    configure(Log(format="json"), "front-1", stream)
    structlog.get_logger().info("lost")
    stream.full = False
    structlog.get_logger().info("kept")
    assert "kept" in stream.getvalue()
    stream.close()
    structlog.get_logger().info("nowhere")


def test_a_receive_is_one_line() -> None:
    """Everything about a transaction is on one line, as JSON where no terminal is."""
    (line,) = lines(Log(), lambda: log_receive(ENVELOPE, [ACCEPTED, REFUSED], 0.01234))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "process": "front-1",
        "event": "receive",
        "level": "info",
        "session": "s1",
        "protocol": "smtp",
        "peer": "192.0.2.1",
        "tls": False,
        "mail_from": hash_address("anna@example.com"),
        "companies": [7],
        "targets": 2,
        "size": 1234,
        "sha256": "01" * 8,
        "replies": ["250 2.0.0 accepted", "550 5.1.1 no such company address here"],
        "reasons": ["unknown_sender"],
        "defects": [],
        "seconds": 0.0123,
    }


def test_a_filing_is_one_line() -> None:
    """What became of a delivery is told under the id that its reply named."""
    outcome = Outcome(42, DeliveryState.FILED, user_id=3, message_id=9, copy_id=10)
    (line,) = lines(Log(), lambda: log_filings([(DELIVERY, outcome)], LATER))
    assert line["delivery"] == show_id(42)
    assert (line["state"], line["message"], line["copy"], line["user"]) == ("filed", 9, 10, 3)
    assert (line["sender"], line["method"]) == (hash_address("anna@example.com"), "trusted_network")
    assert line["seconds"] == 1.5


def test_a_batch_is_written_in_few_pieces_of_whole_lines() -> None:
    """No other process's line can come into the middle of one: the system writes so much at once."""
    written: list[str] = []

    class Pipe(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    configure(Log(format="json"), "filer", Pipe())
    log_filings([(DELIVERY, Outcome(id_, DeliveryState.FILED)) for id_ in range(40)], LATER)
    structlog.get_logger().info("after")
    *pieces, after = written
    assert 2 <= len(pieces) <= 10
    assert all(len(piece) <= PIPE_BUF and piece.endswith("}\n") for piece in pieces)
    told = [json.loads(line)["delivery"] for line in "".join(pieces).splitlines()]
    assert told == [show_id(DELIVERY.id)] * 40
    assert json.loads(after)["event"] == "after"


def test_only_the_filers_own_lines_wait() -> None:
    """What another thread logs meanwhile is written at once, and of a batch that breaks what came of it."""
    stream = io.StringIO()
    configure(Log(format="json"), "filer", stream)

    def broken() -> Iterator[tuple[Delivery, Outcome]]:
        yield DELIVERY, Outcome(42, DeliveryState.FILED)
        thread = threading.Thread(target=lambda: structlog.get_logger().info("sweep"))
        thread.start()
        thread.join()
        raise LookupError

    with pytest.raises(LookupError):
        log_filings(broken(), LATER)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["sweep", "filing"]


def test_how_long_old_mail_waited_is_not_told() -> None:
    """A mail out of a mailbox came in years ago: that is no latency of bccd's, and would spoil every mean."""
    old = replace(DELIVERY, sender=Sender(3, "anna@example.com", AuthMethod.IMPORT))
    (line,) = lines(Log(), lambda: log_filings([(old, Outcome(42, DeliveryState.FILED))], LATER))
    assert (line["method"], line["seconds"]) == ("import", None)


def test_a_held_sender_is_hashed_too() -> None:
    """Whether a sender was proven or not, his address does not stand in the log."""
    held = replace(DELIVERY, sender=None, held=HeldSender("unknown_sender", "eve@example.net"))
    outcome = Outcome(42, DeliveryState.HELD, "unknown_sender")
    (line,) = lines(Log(), lambda: log_filings([(held, outcome)], LATER))
    assert (line["sender"], line["reason"]) == (hash_address("eve@example.net"), "unknown_sender")


def test_no_content_and_no_address_is_logged() -> None:
    """Neither line holds subject, body, HELO name or an address in clear."""
    stream = io.StringIO()
    configure(Log(), "front-1", stream)
    log_receive(ENVELOPE, [ACCEPTED], 0.1)
    log_filings([(DELIVERY, Outcome(42, DeliveryState.FILED))], LATER)
    for secret in (CANARY, "anna", "crm", "helo"):
        assert secret not in stream.getvalue()


def test_debug_shows_addresses() -> None:
    """Only level debug, which somebody must choose, writes addresses in clear."""
    (line,) = lines(Log(level="debug"), lambda: log_receive(ENVELOPE, [], 0))
    assert line["mail_from"] == "anna@example.com"


def test_levels_cut() -> None:
    """What is less severe than the level is not written."""
    assert lines(Log(level="warning"), lambda: log_receive(ENVELOPE, [], 0)) == []


def test_bound_values_stand_on_every_line() -> None:
    """A delivery id bound for a while is found on each line of that while."""

    def bound() -> None:
        with structlog.contextvars.bound_contextvars(delivery="abc"):
            structlog.get_logger().warning("slow")

    assert lines(Log(), bound)[0]["delivery"] == "abc"


def test_the_console_format_cannot_be_forged() -> None:
    """Control characters of a value are written as escapes, so that it stays on its line."""
    stream = io.StringIO()
    configure(Log(format="console"), "front-1", stream)
    structlog.get_logger().info("x", value="a\r\nb\x1b[31m\u202e", more=["\x00"], inner={"k\n": b"\n"})
    assert stream.getvalue().count("\n") == 1
    assert not set("\r\x1b\x00\u202e") & set(stream.getvalue())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("Zażółć 日本", "Zażółć 日本"),
        ("a\nb\x85c", "a\\nb\\x85c"),
        ("\u2028\u200b", "\\u2028\\u200b"),
        ("\udcff", "\\udcff"),
        ("x" * 600, "x" * 500 + "..."),
    ],
)
def test_escapes(text: str, expected: str) -> None:
    """Letters of every script stay, what could mislead is spelt out, and nothing is endless."""
    assert escape(text) == expected


def test_libraries_log_in_the_same_form() -> None:
    """A warning of a library is one line like any other; aiosmtpd's log of commands is off."""

    def warn() -> None:
        logging.getLogger("some.library").warning("trouble with %s", "x\ny")
        logging.getLogger("some.library").info("chatter")
        logging.getLogger("mail.log").error("AUTH hunter2")

    (line,) = lines(Log(), warn)
    assert (line["event"], line["level"], line["library"]) == (
        "trouble with x\\ny",
        "warning",
        "some.library",
    )


def test_what_a_library_cannot_say_is_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """Its arguments may be mail: neither a line nor standard error has them, and the failure is told."""
    (line,) = lines(Log(), lambda: logging.getLogger("some.library").warning("bad %d", CANARY))
    assert (line["event"], line["library"]) == ("unloggable", "some.library")
    assert CANARY not in str(line) + "".join(capfd.readouterr())


def test_what_a_callback_was_given_is_not_logged() -> None:
    """asyncio tells the arguments of a callback that failed."""

    def fail() -> None:
        loop = asyncio.new_event_loop()
        loop.call_soon(int, CANARY)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()

    (line,) = lines(Log(), fail)
    assert line["event"].startswith("Exception in callback") and line["exception"].startswith("ValueError at")
    assert CANARY not in str(line)


_UNCAUGHT = """
import sys, threading
from bccd.config import Log
from bccd.observe import configure, guard_process

class Falls:
    def __del__(self):
        raise RuntimeError("canary-in-the-subject")

configure(Log(format="json"), "front-1")
guard_process()
thread = threading.Thread(target=int, args=("canary-in-the-subject",))
thread.start()
thread.join()
Falls()
raise KeyError("canary-in-the-subject")
"""


def test_what_nobody_catches_is_one_line() -> None:
    """In whatever thread or finaliser, as an end of the process too: what and where, not the text."""
    done = subprocess.run([sys.executable, "-c", _UNCAUGHT], capture_output=True, text=True, check=False)
    assert [json.loads(line)["error"].partition(" ")[0] for line in done.stdout.splitlines()] == [
        "ValueError",
        "RuntimeError",
        "KeyError",
    ]
    assert (done.returncode, done.stderr, CANARY in done.stdout) == (1, "", False)


def test_exceptions_are_logged() -> None:
    """A failure comes with its class, its place and its cause, and without a text that may quote the mail."""

    def fail() -> None:
        try:
            try:
                int(CANARY)
            except ValueError as error:
                raise KeyError(CANARY) from error
        except KeyError as error:
            structlog.get_logger().exception("failed")
            structlog.get_logger().error("given", exc_info=error)
            logging.getLogger("asyncio").exception("Task exception\nfuture: %r", error)  # noqa: TRY401

    logged = lines(Log(), fail)
    assert len(logged) == 3
    for line in logged:
        assert re.fullmatch(
            r"KeyError at test_observe\.py:\d+, from ValueError at \S+:\d+", line["exception"]
        )
    assert CANARY not in json.dumps(logged)


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """Processes that start together agree on one key, which only the owner can read."""
    path = tmp_path / "new" / "log.key"
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(read_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["log.key"]


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk stops it, and start after start would fill the folder with halves."""

    def full(descriptor: int) -> None:
        raise OSError(28, f"no space for {descriptor}")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        read_key(tmp_path / "secret.key")
    assert list(tmp_path.iterdir()) == []


def test_hashes_are_keyed(tmp_path: Path) -> None:
    """One address has one hash in one installation, and another one elsewhere."""
    found = set()
    for name in ("a", "b", "a"):
        configure(Log(key_file=str(tmp_path / name)), "x", io.StringIO())
        found.add(shown("anna@example.com"))
    assert len(found) == 2
    assert hash_address("") == ""
