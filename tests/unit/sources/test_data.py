"""Where a mail ends, what of it is kept, and what is refused for the way its lines end."""

import asyncio
import errno
import hashlib
import os
import tempfile
import tracemalloc
from pathlib import Path
from typing import NoReturn

import pytest

from bccd.model.envelope import Envelope
from bccd.model.reply import BAD_HEADER, BARE_LINE_ENDS, TOO_BIG, Reply
from bccd.ports import Examination
from bccd.sources.census import Census
from bccd.sources.data import Body
from bccd.sources.kept import MAX_HEADER, MEMORY
from bccd.sources.replies import FAR_TOO_BIG
from bccd.sources.room import Room
from bccd.sources.stream import READ_SIZE, ClosingError, Input
from tests.unit.sources.dialogue import MAIL, ROOM, Desk, Start

HEADER = b"Subject: x\r\n\r\n"
SMUGGLED = b"MAIL FROM:<ceo@acme.example>\r\nRCPT TO:<drop@acme.example>\r\nDATA\r\n" + MAIL + b".\r\n"
BAD_ENDS = {
    "lf-dot-lf": b"\n.\n",
    "lf-dot-crlf": b"\n.\r\n",
    "crlf-dot-lf": b"\r\n.\n",
    "cr-dot-cr": b"\r.\r",
    "cr-dot-crlf": b"\r.\r\n",
    "crlf-dot-cr": b"\r\n.\r",
    "lf-dot-cr": b"\n.\r",
    "cr-dot-lf": b"\r.\n",
    "lfcr-dot-lfcr": b"\n\r.\n\r",
    "crlf-dot-crcrlf": b"\r\n.\r\r\n",
    "crcr-dot-crlf": b"\r\r.\r\n",
    "lflf-dot-crlf": b"\n\n.\r\n",
    "crlflf-dot-crlf": b"\r\n\n.\r\n",
}
NO_ENDS = {
    "dot-nul": b"\r\n.\0\r\n",
    "nul-dot": b"\r\n\0.\r\n",
    "dot-space": b"\r\n. \r\n",
    "space-dot": b"\r\n .\r\n",
    "lf-dot-dot-lf": b"\n..\n",
    "stuffed": b"\r\n..\r\n",
    "vertical-tab": b"\x0b.\x0b",
    "next-line": b"\xc2\x85.\xc2\x85",
}


class Source(asyncio.Transport):
    """Where octets come from, which may be told to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def is_closing(self) -> bool:
        return False


def feed(
    octets: bytes, tmp_dir: Path, *, limit: int = 2**25, step: int = 65_536
) -> tuple[Body, bytes | None]:
    body = Body(limit, tmp_dir, lambda _: None, ROOM)
    rest = None
    for start in range(0, len(octets), step):
        rest = body.feed(octets[start : start + step])
        if rest is not None:
            return body, rest + octets[start + step :]
    return body, rest


@pytest.mark.parametrize("end", BAD_ENDS.values(), ids=BAD_ENDS)
def test_a_lone_dot_smuggles_nothing(desk: Desk, end: bytes) -> None:
    """A dot alone between other line ends than CRLF is refused, and what follows it is never obeyed."""
    client = desk.connect()
    client.begin()
    client.send(HEADER + b"x" + end + SMUGGLED)
    assert client.reply() == str(BARE_LINE_ENDS)
    assert client.reply() == ""
    assert desk.recorder.envelopes == []
    assert desk.recorder.asked == [("u@example.org", "drop@acme.example")]


@pytest.mark.parametrize("step", [1, 2, 3, 65_536])
@pytest.mark.parametrize("end", BAD_ENDS.values(), ids=BAD_ENDS)
def test_a_lone_dot_is_seen_over_borders(tmp_path: Path, end: bytes, step: int) -> None:
    """A lone dot is found in whatever pieces it comes."""
    with pytest.raises(ClosingError) as caught:
        feed(HEADER + b"x" + end + SMUGGLED, tmp_path, step=step)
    assert caught.value.reply == BARE_LINE_ENDS


@pytest.mark.parametrize("text", NO_ENDS.values(), ids=NO_ENDS)
def test_a_dot_in_a_line_is_text(desk: Desk, text: bytes) -> None:
    """What only resembles the end of a mail is part of it, dot-unstuffed after CRLF."""
    assert desk.connect().deliver(HEADER + b"x" + text + b"y\r\n")[:3] == "250"
    assert desk.recorder.octets == [HEADER + b"x" + text.replace(b"\r\n.", b"\r\n") + b"y\r\n"]


@pytest.mark.parametrize(
    ("wire", "mail"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b".x\r\n.\r\n", b"x\r\n"),
        (b"a\r\n..b\r\n..\r\n.\r\n", b"a\r\n.b\r\n.\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\r\n"),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 65_536])
def test_a_mail_ends_at_the_first_final_dot(tmp_path: Path, wire: bytes, mail: bytes, step: int) -> None:
    """The mail ends at CRLF.CRLF, begins after a virtual CRLF, and what follows is given back untouched."""
    body, rest = feed(wire + b"NOOP\r\n.\r\n", tmp_path, step=step)
    assert rest == b"NOOP\r\n.\r\n"
    raw = body.raw()
    assert (raw.data, raw.size, raw.sha256) == (mail, len(mail), hashlib.sha256(mail).digest())


@pytest.mark.parametrize(
    "mail",
    [
        b"Subject: z\rFrom: ceo@acme.example\r\n\r\nx\r\n",
        b"Subject: z\nFrom: ceo@acme.example\r\n\r\nx\r\n",
        b"Subject: z\0\r\n\r\nx\r\n",
        b"Subject: z\r\n\nFrom: ceo@acme.example\r\n\r\nx\r\n",
        b"Subject: z\n\nx\r\n",
        b"Subject: z\r\r\n\r\nx\r\n",
        b"X: " + b"y" * MAX_HEADER + b"\r\n\r\nx\r\n",
        b"X: " + b"y" * 2 * MAX_HEADER + b"\r\n",
    ],
    ids=["cr", "lf", "nul", "blank-lf", "only-lf", "crcrlf", "long", "endless"],
)
def test_a_malformed_header_section_is_refused(desk: Desk, mail: bytes) -> None:
    """A header section that two parsers would read differently, or that is too large, is refused for good."""
    client = desk.connect()
    assert client.deliver(mail) == str(BAD_HEADER)
    assert client.deliver(MAIL)[:3] == "250"


@pytest.mark.parametrize(
    ("mail", "header"),
    [
        (b"A: b\r\nC: d\r\n\r\nE: f\r\n\r\n", b"A: b\r\nC: d\r\n"),
        (b"\r\nbody\r\n", b""),
        (b"A: b\r\n", b"A: b\r\n"),
        (b"X: " + b"y" * (MAX_HEADER - 5) + b"\r\n\r\nx\r\n", b"X: " + b"y" * (MAX_HEADER - 5) + b"\r\n"),
    ],
    ids=["usual", "none", "only", "largest"],
)
@pytest.mark.parametrize("step", [7, 65_536])
def test_the_header_section_ends_at_the_empty_line(
    tmp_path: Path, mail: bytes, header: bytes, step: int
) -> None:
    """The header section is all fields with their line ends, without the empty line."""
    body, _ = feed(mail + b".\r\n", tmp_path, step=step)
    assert body.refusal() is None
    assert body.raw().header == header
    body.discard()


@pytest.mark.parametrize(
    ("text", "defects"),
    [
        (b"a\nb\r\n", ("bare_lf",)),
        (b"a\rb\r\n", ("bare_cr",)),
        (b"\nb\r\r\n", ("bare_lf", "bare_cr")),
        (b"a\r\n", ()),
    ],
)
def test_bare_line_ends_in_the_body_are_kept_and_noted(
    desk: Desk, text: bytes, defects: tuple[str, ...]
) -> None:
    """A body keeps its bare CR and LF octet by octet; the envelope says that there are some."""
    assert desk.connect().deliver(HEADER + text)[:3] == "250"
    assert desk.recorder.octets == [HEADER + text]
    assert desk.recorder.envelopes[0].defects == defects


@pytest.mark.parametrize("size", [MEMORY, MEMORY + 1, 3 * MEMORY])
def test_a_large_mail_goes_to_a_file(tmp_path: Path, size: int) -> None:
    """Up to 256 KiB a mail stays in memory, beyond that it is a file in the given folder."""
    mail = HEADER + b"y" * (size - len(HEADER) - 2) + b"\r\n"
    body, _ = feed(mail + b".\r\n", tmp_path)
    raw = body.raw()
    assert (raw.path is not None) == (size > MEMORY)
    assert raw.path is None or raw.path.parent == tmp_path
    assert raw.read() == mail
    assert raw.sha256 == hashlib.sha256(mail).digest()
    assert list(tmp_path.iterdir()) == ([raw.path] if raw.path else [])


def test_the_spool_may_take_the_file(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that the Receiver renames stays."""
    take = desk.recorder.message
    kept = tmp_path.with_name("kept")

    async def message(envelope: Envelope, examination: Examination) -> list[Reply]:
        replies = await take(envelope, examination)
        desk.recorder.envelopes[0].raw.path.rename(kept)  # type: ignore[union-attr]
        return replies

    monkeypatch.setattr(desk.recorder, "message", message)
    mail = HEADER + b"y" * MEMORY + b"\r\n"
    assert desk.connect().deliver(mail)[:3] == "250"
    assert kept.read_bytes() == mail
    kept.unlink()


@pytest.mark.parametrize(("number", "reply"), [(errno.ENOSPC, "452 4.3.1"), (errno.EIO, "451 4.3.0")])
def test_a_file_that_cannot_be_written_is_temporary(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, number: int, reply: str
) -> None:
    """Where the temporary file fails the mail is still read to its end and answered, and nothing is left."""

    def fail(**_: object) -> NoReturn:
        raise OSError(number, "secret")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", fail)
    client = desk.connect()
    assert client.deliver(HEADER + b"y" * 3 * MEMORY + b"\r\n")[:9] == reply
    assert client.deliver(MAIL)[:3] == "250"
    assert desk.recorder.octets == [MAIL]


@pytest.mark.parametrize("shape", [b"x", b"x\r\n", b"X: y\r\n"], ids=["line", "short lines", "fields"])
def test_an_endless_header_section_is_not_kept(tmp_path: Path, shape: bytes) -> None:
    """What is refused for its header section is neither in memory nor in a file, and is read to its end."""
    room = Room(10**9, Census().seat())
    body = Body(10**7, tmp_path, lambda _: None, room)
    for _ in range(10):
        assert body.feed(shape * (READ_SIZE // len(shape))) is None
    assert list(tmp_path.iterdir()) == []
    assert room.take(10**9, filed=False)
    assert body.feed(b"\r\n\r\nFrom: x\r\n.\r\nNOOP\r\n") == b"NOOP\r\n"
    assert body.refusal() == BAD_HEADER
    assert len(body.raw().header) == 16 * 1024  # for the journal
    assert list(tmp_path.iterdir()) == []


SHAPES = {
    "empty lines": b"Subject: x\r\n\r\n" + b"\r\n" * 600_000,
    "no line ends": b"Subject: x\r\n\r\n" + b"x" * 1_200_000,
    "no header section": b"x\r\n" * 400_000,
    "a large header section": b"X: " + b"y" * (MAX_HEADER - 5) + b"\r\n\r\n" + b"x\r\n" * 300_000,
}


@pytest.mark.parametrize("wire", SHAPES.values(), ids=SHAPES)
def test_a_session_holds_half_a_mebibyte_at_most(tmp_path: Path, wire: bytes) -> None:
    """Of a mail of the worst shape, read whenever something waits, 512 KiB are held beside the file."""

    async def held() -> int:
        waiting, transport, most, sent = Input(asyncio.get_running_loop()), Source(), 0, 0
        waiting.set_transport(transport)
        tracemalloc.start()
        body = Body(10**7, tmp_path, lambda _: None, ROOM)
        while sent < len(wire):
            while transport.reads and sent < len(
                wire
            ):  # until it is told to stop, as often as the loop likes
                waiting.feed_data(wire[sent : sent + 2 * READ_SIZE])
                sent += 2 * READ_SIZE
            most = max(most, tracemalloc.get_traced_memory()[0])
            await waiting.some()
            body.feed(waiting.take())
            most = max(most, tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        body.discard()
        return most

    assert asyncio.run(held()) <= 512 * 1024


def test_the_size_limit_counts_unstuffed_octets(tmp_path: Path) -> None:
    """A mail of exactly the limit is taken, with one octet more it is refused."""
    mail = HEADER + b".\r\n" * 100
    wire = mail.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    for limit, refusal in ((len(mail), None), (len(mail) - 1, TOO_BIG)):
        body, rest = feed(wire, tmp_path, limit=limit)
        assert rest == b""
        assert body.refusal() == refusal


def test_a_mail_over_the_limit_is_read_to_its_end(start: Start) -> None:
    """An oversize mail is refused after its final dot, and the session goes on."""
    client = start(message_size=100_000).connect()
    assert client.deliver(HEADER + b"y" * 150_000 + b"\r\n") == str(TOO_BIG)
    assert client.deliver(MAIL)[:3] == "250"


def test_twice_the_limit_is_enough(tmp_path: Path) -> None:
    """Beyond twice the limit the listener stops reading."""
    body = Body(100, tmp_path, lambda _: None, ROOM)
    assert body.feed(b"y" * 200) is None
    with pytest.raises(ClosingError) as caught:
        body.feed(b"y")
    assert caught.value.reply == FAR_TOO_BIG


def test_a_file_that_cannot_be_closed_is_given_up(tmp_path: Path) -> None:
    """On a full disk what is buffered fails again at the end: the mail is read on, and leaves nothing."""
    room = Room(10**9, Census().seat())
    body = Body(10**7, tmp_path, lambda _: None, room)
    assert body.feed(HEADER + b"y" * 2 * MEMORY) is None
    (file,) = tmp_path.iterdir()
    full = os.open("/dev/full", os.O_WRONLY)
    for descriptor in Path("/proc/self/fd").iterdir():
        if descriptor.exists() and descriptor.samefile(file):
            os.dup2(full, int(descriptor.name))
    os.close(full)
    for _ in range(20):
        assert body.feed(b"y" * 1000) is None
    assert body.feed(b"\r\n.\r\nNOOP\r\n") == b"NOOP\r\n"
    assert body.failure is not None
    assert list(tmp_path.iterdir()) == []
    assert room.take(10**9, filed=False)
