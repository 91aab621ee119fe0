"""Parser processes under attack: what a mail can do to its parser, and what it cannot do to others."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bccd.cage import pool as pool_module
from bccd.cage.pool import SPARE, Parsed, Pool
from bccd.cage.words import LARGEST_ANSWER, SHEETS, TOKEN
from bccd.model.message import Content, Message

# A parser that does what the mail tells it to.
PUPPET = """
import os, signal, sys, time
from bccd.model.message import Content, Message

def say(text, size=0):
    return Message(Content(text=text), size=size)

def parse(raw):
    word, _, rest = raw.partition(b":")
    if word == b"sleep":
        time.sleep(float(rest))
    elif word == b"spin":
        while True: pass
    elif word == b"deaf":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while True: pass
    elif word == b"bloat":
        return say("x" * 10**9)
    elif word == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word == b"raise":
        raise ValueError("quotes the mail")
    elif word == b"lie":
        return {"content": 7}
    elif word == b"large":
        return say("y" * int(rest))
    elif word == b"environment":
        return say(" ".join(sorted(os.environ)))
    elif word == b"modules":
        return say(" ".join(sys.modules))
    elif word == b"recurse":
        return parse(raw)
    elif word == b"descriptors":
        return say(str([os.dup(0) for _ in range(10000)]))
    elif word == b"fork":
        while True: os.fork()
    elif word == b"pid":
        return say(str(os.getpid()))
    return say(raw[:100].decode(), len(raw))
"""

MakePool = Callable[..., Pool]


@pytest.fixture
def make_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePool]:
    """Pools whose parsers obey the mail."""
    (tmp_path / "puppet.py").write_text(PUPPET, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pools: list[Pool] = []

    def make(size: int = 2, seconds: float = 1.0, memory: int = 300 * 2**20) -> Pool:
        pools.append(Pool(size, seconds, memory, parser="puppet:parse"))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def collect(pool: Pool, wanted: int, seconds: float = 60.0) -> list[Parsed]:
    """Wait for a number of results."""
    found: list[Parsed] = []
    deadline = time.monotonic() + seconds
    while len(found) < wanted and time.monotonic() < deadline:
        found += pool.results(min(pool.patience(), 0.05))
    assert len(found) == wanted
    return found


def texts(found: list[Parsed]) -> dict[int, str]:
    return {each.key: each.message.content.text if each.message else each.failure for each in found}


def ask(pool: Pool, mail: bytes) -> str:
    """What a parser answers to one mail."""
    pool.submit(0, mail)
    return texts(collect(pool, 1))[0]


def test_mail_is_parsed(make_pool: MakePool) -> None:
    """Every mail handed in is answered once, under its own key."""
    pool = make_pool()
    for key in range(100):
        pool.submit(key, b"mail %d" % key)
    assert pool.pending == 100
    assert texts(collect(pool, 100)) == {key: f"mail {key}" for key in range(100)}
    assert pool.pending == 0 and pool.results() == []


def test_no_mail_is_put_where_another_lies(make_pool: MakePool) -> None:
    """Mail that is tried again waits until a parser has room for it, and none is read in another's place."""
    pool = make_pool()
    while not pool.room(10, doubtful=True):
        pool.results(0.05)
    for key in range(2 * SHEETS):
        pool.submit(key, b"mail %d" % key)
    assert not pool.room(10) and not pool.room(10, doubtful=True)
    pool.submit(2 * SHEETS, b"mail %d" % (2 * SHEETS), doubtful=True)
    assert texts(collect(pool, 2 * SHEETS + 1)) == {key: f"mail {key}" for key in range(2 * SHEETS + 1)}


def test_what_was_read_of_another_mail_is_no_answer(make_pool: MakePool) -> None:
    """A parser that reads a sheet where another mail lies is believed no more; those behind it are read."""
    pool = make_pool(size=1)
    while not pool.ready:
        pool.results(0.05)
    for key, mail in enumerate((b"mail 0", b"mail 1", b"sleep:0.2")):
        pool.submit(key, mail)
    (parser,) = pool._parsers
    other = SHEETS.to_bytes(TOKEN, "big") + b"mail 7"
    assert os.pwrite(parser._sheets[1], other, 0) == len(other)
    assert texts(collect(pool, 3)) == {0: "mail 0", 1: "garbled", 2: "sleep:0.2"}
    assert pool.started == 2


def test_the_real_parser(make_pool: MakePool) -> None:
    """What the package's own parser finds arrives as it was, through another process."""
    to_file = pytest.importorskip("bccd.mail.parse").to_file
    del make_pool
    raw = (
        b"From: Ann <ann@a.example>\r\nTo: bob@b.example\r\nSubject: =?utf-8?q?z=C5=82oty?=\r\n"
        b"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <1@a.example>\r\n\r\nHello\r\n"
    )
    pool = Pool(1, 10.0, 512 * 2**20)
    try:
        pool.submit(5, raw)
        assert collect(pool, 1) == [Parsed(5, to_file(raw))]
    finally:
        pool.close()


def test_large_mail_and_large_answers(make_pool: MakePool) -> None:
    """A mail of 30 MiB goes in and an answer of 20 MiB comes out, though no socket holds as much."""
    pool = make_pool(seconds=20.0)
    pool.submit(1, b"x" * (30 * 2**20))
    pool.submit(2, b"large:20971520")
    found = {each.key: each.message for each in collect(pool, 2)}
    assert found[1] is not None and found[1].size == 30 * 2**20
    assert found[2] is not None and len(found[2].content.text) == 20 * 2**20


@pytest.mark.parametrize(
    ("mail", "failure"),
    [
        (b"spin:", "timeout"),
        (b"deaf:", "timeout"),
        (b"sleep:60", "timeout"),
        (b"bloat:", "memory"),
        (b"crash:", "died"),
        (b"raise:", "ValueError"),
        (b"recurse:", "RecursionError"),
        (b"descriptors:", "PermissionError"),
        (b"fork:", "PermissionError"),
        (b"lie:", "garbled"),
        (b"large:%d" % (LARGEST_ANSWER + 1), "garbled"),
    ],
    ids=[
        "spins",
        "ignores its alarm",
        "sleeps",
        "bloats",
        "crashes",
        "raises",
        "recurses",
        "takes descriptors",
        "forks",
        "lies",
        "answers too much",
    ],
)
def test_a_poison_mail_costs_its_own_job(make_pool: MakePool, mail: bytes, failure: str) -> None:
    """Whatever a mail does to its parser, the job ends with a reason and all other mail is parsed."""
    pool = make_pool(seconds=1.0 if failure == "timeout" else 50.0, memory=400 * 2**20)
    for key in range(10):
        pool.submit(key, b"before")
    pool.submit(99, mail)
    for key in range(10, 20):
        pool.submit(key, b"after")
    found = texts(collect(pool, 21))
    assert found.pop(99) == failure
    assert set(found.values()) == {"before", "after"}


def test_neighbours_do_not_wait(make_pool: MakePool) -> None:
    """Mail behind one that hangs its parser is parsed long before the limit cuts that one."""
    pool = make_pool(seconds=50.0)
    for key in range(8):
        pool.submit(key, b"sleep:0.02")
    collect(pool, 8)
    warm(pool)
    pool.submit(0, b"spin:")
    for key in range(1, 2 * SHEETS):
        pool.submit(key, b"neighbour")
    assert 0 not in texts(collect(pool, 2 * SHEETS - 1))
    assert pool.pending == 1


def warm(pool: Pool) -> None:
    """Wait until all parsers are up."""
    while not all(parser.ready for parser in pool._parsers):
        pool.results(0.05)


@pytest.mark.parametrize("word", [b"sleep:60", b"spin:"], ids=["waiting", "computing"])
def test_six_that_hang_hold_nobody_up(make_pool: MakePool, word: bytes) -> None:
    """With six mails that hang two parsers, neighbours are parsed long before the limit ends any of them."""
    pool = make_pool(2, 50.0)
    warm(pool)
    for key in range(6):
        pool.submit(key, word)
    for key in range(100, 120):
        pool.submit(key, b"neighbour")
    assert set(texts(collect(pool, 20)).values()) == {"neighbour"}
    assert pool.pending == 6


def test_mail_that_hung_before_is_read_beside_a_free_parser(make_pool: MakePool) -> None:
    """Doubtful mail is read by one of two parsers, and by the second of one: no neighbour meets it."""
    for size in (2, 1):
        pool = make_pool(size, 50.0)
        warm(pool)
        while not pool.room(10, doubtful=True):
            pool.results(0.02)
        for key in range(2):
            pool.submit(key, b"sleep:60", doubtful=True)
        for key in range(100, 120):
            pool.submit(key, b"neighbour")
        assert set(texts(collect(pool, 20)).values()) == {"neighbour"}
        assert pool.pending == 2


def test_spare_parsers_do_not_stay(make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once nothing hangs any more, the pool shrinks to its size, and never exceeds its limit."""
    monkeypatch.setattr(pool_module, "_CALM_SECONDS", 0.2)
    pool = make_pool(2, 1.0)
    warm(pool)
    for key in range(30):
        pool.submit(key, b"sleep:60" if key < 12 else b"neighbour")
    most = 0
    found: list[Parsed] = []
    while len(found) < 30:
        found += pool.results(0.05)
        most = max(most, len(pool._parsers))
    assert 2 < most <= 2 + SPARE
    deadline = time.monotonic() + 30
    while len(pool._parsers) > 2 and time.monotonic() < deadline:
        pool.results(0.05)
    assert len(pool._parsers) == 2
    assert ask(pool, b"fine") == "fine"


def test_an_unread_answer_is_no_timeout(make_pool: MakePool) -> None:
    """A parser that was done in time is not blamed for a filer that looked late."""
    pool = make_pool(seconds=1.0)
    ask(pool, b"warm up")
    for key in range(8):
        pool.submit(key, b"large:1000000")
    time.sleep(2.0)
    assert set(texts(collect(pool, 8)).values()) == {"y" * 1000000}


def test_a_killed_parser_is_replaced(make_pool: MakePool) -> None:
    """After a parser is killed from outside, the pool is as large as before and works."""
    pool = make_pool(size=1)
    first = int(ask(pool, b"pid:"))
    os.kill(first, signal.SIGKILL)
    second = int(ask(pool, b"pid:"))
    assert second != first
    assert pool.started == 2


def test_no_secret_reaches_a_parser(make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser sees neither the environment's secrets nor a descriptor of the filer."""
    monkeypatch.setenv("BCCD_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("PGPASSWORD", "secret")
    pool = make_pool()
    names = ask(pool, b"environment:")
    assert "BCCD_" not in names and "PGPASSWORD" not in names
    assert "sqlalchemy" not in ask(pool, b"modules:")
    with Path("/dev/zero").open("rb") as zero:
        os.set_inheritable(zero.fileno(), True)
        pid = int(ask(make_pool(1), b"pid:"))
    opened = sorted(str(file.readlink()).partition(":")[0] for file in Path(f"/proc/{pid}/fd").iterdir())
    # Nothing to read from, or to say where the log is written; then its sheets, and the channel.
    assert opened == ["/dev/null"] * 3 + ["/memfd"] * SHEETS + ["socket"]


def test_parsers_end_with_their_filer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the filer is killed, idle parsers end at once and busy ones at their limit."""
    (tmp_path / "puppet.py").write_text(PUPPET, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    read, write = os.pipe()
    filer = os.fork()
    if filer == 0:
        pool = Pool(2, 1.0, 300 * 2**20, parser="puppet:parse")
        ask(pool, b"pid:")
        pool.submit(1, b"spin:")
        os.write(write, " ".join(str(parser.pid) for parser in pool._parsers).encode())
        signal.pause()
    pids = [int(pid) for pid in os.read(read, 100).split()]
    os.kill(filer, signal.SIGKILL)
    os.waitpid(filer, 0)
    deadline = time.monotonic() + 30
    while any(_runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(_runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("filtered", "level", "walls"), [(True, "info", "limits seccomp"), (False, "warning", "limits")]
)
def test_what_holds_a_parser_is_logged_once(
    make_pool: MakePool, tmp_path: Path, filtered: bool, level: str, walls: str
) -> None:
    """The first parser tells which walls hold; where its calls are not filtered it is a warning."""
    if not filtered:
        (tmp_path / "sitecustomize.py").write_text(
            "import platform; platform.machine = str", encoding="ascii"
        )
    with capture_logs() as log:
        pool = make_pool(1)
        ask(pool, b"mail")
        ask(pool, b"mail")
    assert [(line["event"], line["log_level"], line["walls"]) for line in log] == [("cage", level, walls)]


def test_a_parser_that_cannot_start_is_not_started_in_a_loop() -> None:
    """With a parser that does not come up, mail waits, each failure is logged, and the pause doubles."""
    pool = Pool(1, 1.0, 300 * 2**20, parser="no.such.module:parse")
    try:
        with capture_logs() as log:
            pool.submit(1, b"mail")
            deadline = time.monotonic() + 60
            while len(log) < 2 and time.monotonic() < deadline:
                assert pool.results(0.05) == []
        assert pool.started == 2
        assert [(line["event"], line["failure"], line["pause"]) for line in log] == [
            ("parser_start_failed", "died", 1.0),
            ("parser_start_failed", "died", 2.0),
        ]
        assert pool.pending == 1 and not pool.ready
    finally:
        pool.close()


def test_empty_message_is_an_answer() -> None:
    """Parsed keeps a message that says nothing apart from no message."""
    assert Parsed(1, Message(Content())).message is not None


def test_a_pool_is_occupied_while_each_parser_has_work_for_a_while(make_pool: MakePool) -> None:
    """It is not where one of them soon has none, or is slow, so that whoever waits must look."""
    pool = make_pool(2, 20.0)
    warm(pool)
    seen = [pool.occupied]
    for key in range(2 * SHEETS):
        pool.submit(key, b"sleep:0.02")
    seen.append(pool.occupied)
    collect(pool, 2 * SHEETS)
    assert [*seen, pool.occupied] == [False, True, False]
