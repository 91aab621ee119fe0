"""What code that took a parser over could do: attempts from within a caged child, each refused."""

import encodings.aliases
import errno
import os
import platform
import socket
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socket import create_server

import pytest

from bccd.cage import wall
from bccd.cage.pool import Pool
from bccd.mail.parse import to_file
from tests.unit.test_cage import collect, texts

# Runs the mail as a program, with what it needs imported; a first argument makes it run outside of any cage.
PUPPET = """
import ctypes, mmap, os, resource, socket, sqlite3, subprocess, sys, threading
import psycopg
from bccd.model.message import Content, Message

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *words):
    if libc.syscall(*[ctypes.c_ulong(word) for word in (number, *words)]) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def attempt(code):
    try:
        exec(code, dict(globals()))
    except BaseException as error:
        return f"{type(error).__name__} {getattr(error, 'errno', '')}"
    return "done"

def parse(raw):
    return Message(Content(text=attempt(raw.decode())))

if __name__ == "__main__":
    for code in sys.stdin.read().split(chr(0)):
        print(attempt(code))
"""

# What each attempt is, and whether it succeeds outside of the cage. {port} is listened on, in {folder} is a
# database.
ATTEMPTS = {
    "a socket": ("socket.socket()", True),
    "an IPv6 socket": ("socket.socket(socket.AF_INET6)", True),
    "a UNIX socket": ("socket.socket(socket.AF_UNIX)", True),
    "a pair of sockets": ("socket.socketpair()", True),
    "a connection": ("socket.create_connection(('127.0.0.1', {port})).close()", True),
    "the channel, led elsewhere": ("call({connect}, int(sys.argv[4]), 0, 0)", False),
    "PostgreSQL": ("psycopg.connect('host=127.0.0.1 port={port} connect_timeout=2')", False),
    "SQLite": ("sqlite3.connect('{folder}/bccd.db').execute('SELECT * FROM mail')", True),
    "SQLite, read only": (
        "sqlite3.connect('file:{folder}/bccd.db?mode=ro', uri=True).execute('SELECT * FROM mail')",
        True,
    ),
    "reading the database": ("open('{folder}/bccd.db', 'rb').read()", True),
    "its name after a free descriptor": ("os.close(0); os.open('{folder}/bccd.db', os.O_RDONLY)", True),
    "writing it": ("open('{folder}/bccd.db', 'ab').write(b'x')", True),
    "making a file": ("open('{folder}/new', 'wb')", True),
    "a folder's list": ("os.listdir('{folder}')", True),
    "a file's facts": ("os.stat('{folder}/bccd.db')", True),
    "renaming": ("os.rename('{folder}/one', '{folder}/other')", True),
    "removing": ("os.unlink('{folder}/two')", True),
    "truncating": ("os.truncate('{folder}/three', 0)", True),
    "rights of a file": ("os.chmod('{folder}/three', 0o777)", True),
    "a link": ("os.symlink('/etc/passwd', '{folder}/link')", True),
    "another folder": ("os.chdir('/')", True),
    "a fork": ("os.fork() or os._exit(0); os.wait()", True),
    "a program": ("subprocess.run(['/bin/true'], check=True)", True),
    "becoming a program": ("os.execv('/bin/true', ['true'])", False),
    "a thread": ("threading.Thread(target=print).start()", True),
    "10,000 descriptors": ("[os.dup(1) for _ in range(10000)]", False),
    "one descriptor": ("os.dup(1)", True),
    "a pipe": ("os.pipe()", True),
    "a file in memory": ("os.memfd_create('x')", True),
    "a signal to others": ("os.kill({pid}, 0)", True),
    "a signal to its group": ("os.kill(0, 0)", True),
    "tracing": ("call({ptrace}, 0, 0, 0, 0)", False),
    "others' memory": ("call({vm_read}, {pid}, 0, 0, 0, 0, 0)", True),
    "a namespace": ("call({unshare}, 0)", True),
    "higher limits": (
        "kind = resource.RLIMIT_NOFILE; resource.setrlimit(kind, resource.getrlimit(kind))",
        True,
    ),
    "code made as it runs": ("mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)", True),
    "data turned into code": ("call({mprotect}, id(call) & ~4095, 4096, 7)", False),
    "a ring of calls": ("call({io_uring_setup}, 1, 0)", False),
    "the number of another system": ("call(0x40000000 | 41, 1, 1, 0)", False),
}
NUMBERS = {
    "x86_64": {
        "connect": 42,
        "ptrace": 101,
        "vm_read": 310,
        "unshare": 272,
        "mprotect": 10,
        "io_uring_setup": 425,
    },
    "aarch64": {
        "connect": 203,
        "ptrace": 117,
        "vm_read": 270,
        "unshare": 97,
        "mprotect": 226,
        "io_uring_setup": 425,
    },
}

# What an attempt ends with: EPERM by the filter, and what libraries make of it.
REFUSED = {"PermissionError 1", "OperationalError ", "RuntimeError "}


@pytest.fixture
def codes(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The attempts as programs, with a database, files and a port for them to be made on."""
    for name in ("one", "two", "three"):
        (tmp_path / name).touch()
    with closing(sqlite3.connect(tmp_path / "bccd.db")) as made:
        made.execute("CREATE TABLE mail (raw BLOB)")
    with create_server(("127.0.0.1", 0)) as server:
        known = {"folder": tmp_path, "port": server.getsockname()[1], "pid": os.getpid()}
        known |= NUMBERS[platform.machine()]
        yield {name: code.format_map(known) for name, (code, _) in ATTEMPTS.items()}


@pytest.fixture
def puppet(tmp_path: Path) -> Path:
    """The program that obeys the mail."""
    path = tmp_path / "puppet.py"
    path.write_text(PUPPET, encoding="ascii")
    return path


def test_code_in_a_parser_reaches_nothing(
    puppet: Path, codes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No socket, no database, no file, no process, no descriptor, no code of its own can be had."""
    monkeypatch.setenv("PYTHONPATH", str(puppet.parent))
    pool = Pool(1, 50.0, 512 * 2**20, parser="puppet:parse")
    try:
        for key, code in enumerate(codes.values()):
            pool.submit(key, code.encode())
        found = texts(collect(pool, len(codes)))
    finally:
        pool.close()
    assert {name: found[key] for key, name in enumerate(codes) if found[key] not in REFUSED} == {}
    assert pool.started == 1  # and none of them ended it


def test_outside_of_the_cage_the_attempts_succeed(puppet: Path, codes: dict[str, str]) -> None:
    """It is the wall that refuses them: whoever is not caged does nearly all of it."""
    allowed = [name for name, (_, freely) in ATTEMPTS.items() if freely]
    done = subprocess.run(
        [sys.executable, puppet],
        input="\0".join(codes[name] for name in allowed),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [line for line in done.stdout.splitlines() if line]
    assert dict(zip(allowed, answers, strict=True)) == dict.fromkeys(allowed, "done"), done.stderr


def in_a_child(confine: Callable[[], object], attempt: Callable[[], object]) -> int:
    """Confine a child, let it try something, and return the error number that it met, 0 for none."""
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            confine()
            attempt()
            code = 0
        except OSError as error:
            code = error.errno or 254
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize(
    "attempt",
    [socket.socket, Path("/etc/passwd").read_bytes, os.pipe, lambda: os.memfd_create("x")],
    ids=["socket", "file", "pipe", "memory"],
)
def test_the_limits_hold_by_themselves(attempt: Callable[[], object]) -> None:
    """Where calls cannot be filtered, a parser still gets no descriptor: no file, no socket."""
    assert in_a_child(lambda: wall.limit(2**40), attempt) == errno.EMFILE


@pytest.mark.parametrize(
    "attempt", [socket.socket, Path("/etc/passwd").read_bytes, os.fork], ids=["socket", "file", "fork"]
)
def test_the_filter_holds_by_itself(attempt: Callable[[], object]) -> None:
    """Where limits bind nobody, as those on processes do not bind root, the calls are refused."""
    assert in_a_child(wall.filter_calls, attempt) == errno.EPERM


def test_another_machine_has_no_filter() -> None:
    """Where the numbers of calls are not known, none is filtered, and that is told."""
    assert not wall.filter_calls("riscv64")


def judged(machine: str, architecture: int, number: int, *arguments: int) -> str:
    """Run the filter on a call, as the kernel would."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(wall._steps(machine, 4711))
    place = value = 0
    while True:
        code, yes, no, operand = steps[place]
        place += 1
        if code == wall._LOAD:
            (value,) = struct.unpack_from("=I", data, operand)
        elif code == wall._RETURN:
            return {wall._ALLOW: "allowed", wall._REFUSE: "refused", wall._KILL: "killed"}[operand]
        else:
            holds = value == operand if code == wall._EQUAL else value & operand
            place += yes if holds else no


X86, ARM = 0xC000003E, 0xC00000B7


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (("x86_64", X86, 0, 3), "allowed"),  # read
        (("x86_64", X86, 231), "allowed"),  # exit_group
        (("x86_64", X86, 9, 0, 4096, 3), "allowed"),  # mmap, to read and write
        (("x86_64", X86, 9, 0, 4096, 5), "refused"),  # mmap, to read and execute
        (("x86_64", X86, 10, 0, 4096, 4), "refused"),  # mprotect, to execute
        (("x86_64", X86, 62, 4711, 6), "allowed"),  # kill, itself
        (("x86_64", X86, 62, 4712, 6), "refused"),
        (("x86_64", X86, 234, 1, 4711, 6), "refused"),  # tgkill, of another process
        (("x86_64", X86, 41), "refused"),  # socket
        (("x86_64", X86, 42), "refused"),  # connect
        (("x86_64", X86, 46), "refused"),  # sendmsg, which hands descriptors over
        (("x86_64", X86, 257), "refused"),  # openat
        (("x86_64", X86, 59), "refused"),  # execve
        (("x86_64", X86, 101), "refused"),  # ptrace
        (("x86_64", X86, 0x40000000), "refused"),  # read, of x32
        (("x86_64", 0x40000003, 3), "killed"),  # read, of i386
        (("aarch64", ARM, 63, 3), "allowed"),  # read
        (("aarch64", ARM, 226, 0, 4096, 3), "allowed"),  # mprotect
        (("aarch64", ARM, 222, 0, 4096, 7), "refused"),  # mmap, to execute
        (("aarch64", ARM, 129, 4711, 6), "allowed"),  # kill, itself
        (("aarch64", ARM, 198), "refused"),  # socket
        (("aarch64", ARM, 203), "refused"),  # connect
        (("aarch64", ARM, 56), "refused"),  # openat
        (("aarch64", ARM, 220), "refused"),  # clone
        (("aarch64", ARM, 221), "refused"),  # execve
        (("aarch64", ARM, 117), "refused"),  # ptrace
        (("aarch64", 0x40000028, 3), "killed"),  # read, of 32-bit ARM
    ],
)
def test_the_filter_by_its_text(call: tuple[str, int, int], verdict: str) -> None:
    """On both machines the same calls pass, and those of another architecture end the process."""
    assert judged(*call) == verdict


def test_nothing_is_opened_late() -> None:
    """Mail in any charset, from and to foreign domains, is read behind the wall as it is outside."""
    mails = [written(codec) for codec in sorted(set(encodings.aliases.aliases.values()))]
    pool = Pool(1, 50.0, 512 * 2**20)
    try:
        for key, raw in enumerate(mails):
            pool.submit(key, raw)
        found = {each.key: each.message for each in collect(pool, len(mails))}
    finally:
        pool.close()
    assert [found[key] for key in range(len(mails))] == [to_file(raw) for raw in mails]
    said = [each.content.text for each in found.values() if each is not None]
    assert sum("Zażółć" in text for text in said) > 5 and sum("漢字" in text for text in said) > 15


def written(codec: str) -> bytes:
    """Write a mail whose text is in a charset, as far as it has the letters."""
    try:
        text = "Zażółć gęślą jaźń, Grüße, привет, Ελλάς, 漢字かな交じり文\r\n".encode(codec, "ignore")
    except (LookupError, ValueError):
        text = b"Hello\r\n"
    head = (
        f"From: =?{codec}?q?Zoe?= <zoe@bücher.example>\r\nTo: bob@παράδειγμα.example\r\nSubject: {codec}\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={codec}\r\n\r\n"
    )
    return head.encode() + text
