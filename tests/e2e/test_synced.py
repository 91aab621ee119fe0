"""What is answered with 250 is on disk before."""

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.harness import mail

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("size", [100, 2_000_000], ids=["in the table", "in a file"])
@pytest.mark.needs("strace")
def test_the_sync_precedes_the_answer(make_daemon: MakeDaemon, tmp_path: Path, size: int) -> None:
    """Between the last octet of a mail and its 250 the spool's log, and a large mail's file, are synced."""
    trace = tmp_path / "trace"
    daemon = make_daemon()
    calls = "trace=fsync,fdatasync,sendto,write,writev,recvfrom,read"
    daemon.wrapper = ("strace", "-D", "-f", "-y", "-s", "200", "-e", calls, "-o", str(trace))
    daemon.start()
    daemon.send(mail("traced", body=b"x" * 70 + b"\r\n" * (size // 2)))
    daemon.wait_filed(1)
    daemon.stop()
    events = ordered(trace.read_text(encoding="utf-8", errors="replace"))
    assert "354" in events and "250" in events, events
    before = events[events.index("354") + 1 : events.index("250")]
    assert "synced spool.db-wal" in before, events
    if size > 1_000_000:
        folder = before.index("synced folder", before.index("synced mail"))
        assert folder < before.index("synced spool.db-wal", folder), before


_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(fsync|fdatasync|sendto|write|writev)\b(.*)$", re.MULTILINE)
_PLACE = re.compile(r"\(\d+<([^>]*)>")


def ordered(trace: str) -> list[str]:
    """Return what the daemon answered to DATA and what was synced, each when it was done."""
    found: list[str] = []
    pending: dict[str, str] = {}
    for thread, call, rest in _CALL.findall(trace):
        if place := _PLACE.match(rest):
            pending[thread] = place[1]
        if "sync" in call:
            if rest.endswith("= 0"):
                found.append(f"synced {_named(pending[thread])}")
        elif '"354 ' in rest:
            found.append("354")
        elif '"250 2.0.0' in rest:
            found.append("250")
    return found


def _named(name: str) -> str:
    path = Path(name)
    if path.parent.parent.name == "tmp" or (path.name.isalnum() and len(path.name) == 64):
        return "mail"
    return "folder" if "/raw" in name else path.name
