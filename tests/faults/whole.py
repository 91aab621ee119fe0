"""The one check in which every fault ends: each mail answered with 250 stands exactly once, whole."""

import time
from collections import Counter
from collections.abc import Collection, Iterable
from hashlib import sha256

from tests.e2e.harness import Daemon

STATES = {"filed", "held", "set_aside", "failed"}
_PATIENCE = 60.0  # since it last got better

# What none may be found of: a part of a mail without what belongs to it.
_OF_MESSAGE = "SELECT m.id FROM message m WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE {on})"
_SAME = "o.company_id = m.company_id AND o.message_id = m.id"
_HALVES = {
    "filed without its message": "SELECT d.id FROM delivery d WHERE d.state = 'filed' AND NOT EXISTS"
    " (SELECT 1 FROM message m WHERE m.company_id = d.company_id AND m.id = d.message_id)",
    "a message without a delivery": _OF_MESSAGE.format(table="delivery", on=_SAME),
    "a message without a copy": _OF_MESSAGE.format(table="message_copy", on=_SAME),
    "a message without participants": _OF_MESSAGE.format(table="participant", on=_SAME),
    "a message without an event": _OF_MESSAGE.format(table="change", on=_SAME),
    "a message without what its audiences see": _OF_MESSAGE.format(
        table="conversation_audience",
        on="o.company_id = m.company_id AND o.conversation_id = m.conversation_id",
    ),
    "a delivery without a decision": "SELECT d.id FROM delivery d WHERE NOT EXISTS"
    " (SELECT 1 FROM decision o WHERE o.company_id = d.company_id AND o.delivery_id = d.id)",
    "a delivery without a recipient": "SELECT d.id FROM delivery d WHERE NOT EXISTS"
    " (SELECT 1 FROM delivery_recipient o WHERE o.company_id = d.company_id AND o.delivery_id = d.id)",
    "an event about nothing": "SELECT c.seq FROM change c WHERE c.message_id IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM message m WHERE m.company_id = c.company_id AND m.id = c.message_id)",
    "a clock that is not where its events end": "SELECT k.company_id FROM company_clock k WHERE"
    " k.change_seq <> (SELECT count(*) FROM change c WHERE c.company_id = k.company_id)",
    "a clock that gives ids twice": "SELECT k.company_id FROM company_clock k WHERE"
    " k.next_id <= (SELECT coalesce(max(m.id), 0) FROM message m WHERE m.company_id = k.company_id)",
}


def check(
    daemon: Daemon, acked: Collection[bytes], tried: Iterable[bytes] = (), copies: int = 1
) -> Counter[str]:
    """Assert that each acked mail stands exactly once with its octets, and nothing is half visible.

    `tried` was offered and not answered: it may stand, once, or not. `copies` is in how many companies each
    mail must stand. Returns how many there are of each state.
    """
    wanted = {sha256(raw).digest(): raw for raw in acked}
    offered = wanted.keys() | {sha256(raw).digest() for raw in tried}
    settle(daemon, wanted)
    rows = daemon.deliveries()
    times = Counter(row.sha256 for row in rows)
    lost = [_named(raw) for digest, raw in wanted.items() if times[digest] < copies]
    assert not lost, f"{len(lost)} of {len(wanted)} acked mails are lost: {lost[:5]}"
    doubled = [digest.hex() for digest, count in times.items() if count > copies]
    assert not doubled, f"{len(doubled)} mails stand twice: {doubled[:5]}"
    strange = times.keys() - offered
    assert not strange, f"{len(strange)} mails that nobody sent"
    states = Counter(row.state for row in rows)
    assert states.keys() <= STATES, states
    _octets(daemon, wanted)
    _messages(daemon, wanted)
    for what, sql in _HALVES.items():
        assert daemon.query(sql) == [], what
    _queue(daemon)
    if not daemon.options.get("database"):
        for file in ("bccd.db", "spool.db"):
            assert daemon.query("PRAGMA integrity_check", file=file) == [("ok",)]
            assert daemon.query("PRAGMA foreign_key_check", file=file) == []
    return states


def settle(daemon: Daemon, wanted: Collection[bytes]) -> None:
    """Wait until no accepted mail is undecided, if nothing is lost; a long queue may take what it takes.

    A filer that is killed again and again before its parsers are up leaves one on a slow machine.
    """

    def done() -> bool:
        return daemon.waiting() == 0 and {row.sha256 for row in daemon.deliveries()}.issuperset(wanted)

    least, until = daemon.waiting(), time.monotonic() + _PATIENCE
    while not done() and time.monotonic() < until:
        time.sleep(0.02)
        if (waiting := daemon.waiting()) < least:
            least, until = waiting, time.monotonic() + _PATIENCE
    assert daemon.waiting() == 0, f"{daemon.waiting()} wait; {daemon.tail()}"


def _named(raw: bytes) -> str:
    return next(
        (line.decode() for line in raw.split(b"\r\n") if line.startswith(b"Subject")), raw[:60].decode()
    )


def _octets(daemon: Daemon, wanted: dict[bytes, bytes]) -> None:
    """Assert that the octets stand as they came, in the table or in the file that the table names."""
    kept = {digest: (data, path) for digest, data, path in daemon.query(_RAW, file="spool.db")}
    for digest, raw in wanted.items():
        assert digest in kept, f"the octets of {_named(raw)} are gone"
        data, path = kept[digest]
        found = bytes(data) if data is not None else (daemon.data / str(path)).read_bytes()  # type: ignore[call-overload]
        assert found == raw, f"the octets of {_named(raw)} are not what came"


def _messages(daemon: Daemon, wanted: dict[bytes, bytes]) -> None:
    """Assert that what was filed is the mail that came, and no other's."""
    sql = "SELECT d.raw_sha256, m.msgid FROM delivery d JOIN message m"
    for digest, msgid in daemon.query(f"{sql} ON m.company_id = d.company_id AND m.id = d.message_id"):
        raw = wanted.get(bytes(digest), b"")  # type: ignore[call-overload]
        assert f"Message-ID: <{msgid}>".encode() in raw or not raw, f"{_named(raw)} was filed as {msgid}"


_RAW = "SELECT sha256, data, path FROM raw_mail"


def _queue(daemon: Daemon) -> None:
    """Assert that the spool and the database agree: kept is what is not filed, known what has an outcome."""
    outcomes = {row.id: row.state for row in daemon.deliveries()}
    kept = {id_ for (id_,) in daemon.query("SELECT delivery_id FROM spool", file="spool.db")}
    assert kept == {id_ for id_, state in outcomes.items() if state != "filed"}
    known = {id_ for (id_,) in daemon.query("SELECT delivery_id FROM delivery_key", file="spool.db")}
    assert known == {id_ for id_, state in outcomes.items() if state != "failed"}
