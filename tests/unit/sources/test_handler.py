"""Between session and Receiver: errors become replies, commits outlive their session."""

import asyncio
import contextlib
import errno
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bccd.model.envelope import Envelope, Peer, Raw, Target
from bccd.model.errors import StorageFullError, StoreUnavailableError
from bccd.model.reply import DISK_FULL, LOCAL_ERROR, Reply
from bccd.sources.handler import Handler
from bccd.testing.evidence import SetExamination
from tests.unit.sources.dialogue import MAIL, Recorder


def envelope(path: Path | None = None) -> Envelope:
    raw = Raw(hashlib.sha256(MAIL).digest(), len(MAIL), b"", b"" if path else MAIL, path)
    targets = (Target("a@acme.example", 1), Target("b@acme.example", 1))
    return Envelope(Peer("192.0.2.1"), "u@example.org", targets, raw, datetime(2026, 1, 1, tzinfo=UTC))


def test_a4_a_commit_outlives_its_session(tmp_path: Path) -> None:
    """A session that is cancelled in mid-commit leaves the commit running, and its file until then."""
    path = tmp_path / "mail"
    path.write_bytes(MAIL)
    recorder = Recorder()
    recorder.seconds = 0.05

    async def main() -> None:
        handler = Handler(recorder)
        session = asyncio.create_task(handler.message(envelope(path), SetExamination()))
        await asyncio.sleep(0.01)
        session.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await session
        assert recorder.octets == []
        await asyncio.wait(handler.commits)

    asyncio.run(main())
    assert recorder.octets == [MAIL]
    assert not path.exists()


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (RuntimeError("secret"), LOCAL_ERROR),
        (StoreUnavailableError("secret"), LOCAL_ERROR),
        (ConnectionResetError("the database's"), LOCAL_ERROR),
        (asyncio.CancelledError(), LOCAL_ERROR),
        (OSError(errno.EIO, "secret"), LOCAL_ERROR),
        (StorageFullError("secret"), DISK_FULL),
        (OSError(errno.ENOSPC, "secret"), DISK_FULL),
        (OSError(errno.EDQUOT, "secret"), DISK_FULL),
    ],
    ids=repr,
)
def test_every_error_is_temporary(error: BaseException, reply: Reply) -> None:
    """Whatever the Receiver raises, each target gets a 4xx that says nothing about it."""
    recorder = Recorder()
    recorder.error = error
    assert asyncio.run(Handler(recorder).message(envelope(), SetExamination())) == [reply, reply]


def test_a_log_that_is_full_is_no_end_of_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails behind a commit reaches the session as what it is, which answers; it does not cancel it."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "secret")

    monkeypatch.setattr("bccd.sources.handler.log_receive", full)
    with pytest.raises(OSError, match="secret"):
        asyncio.run(Handler(Recorder()).message(envelope(), SetExamination()))
