"""BDAT (RFC 3030): mails in chunks, what is refused of them, and that no octet of them is a command."""

import time
from pathlib import Path

import pytest

from bccd.model.envelope import Protocol
from bccd.model.reply import BAD_HEADER, LOCAL_ERROR, TOO_BIG, Reply
from bccd.sources.chunks import Chunk, Chunks, read_bdat
from bccd.sources.kept import MAX_HEADER, MEMORY
from bccd.testing.evidence import SetExamination
from tests.unit.sources.dialogue import MAIL, ROOM, Client, Desk, Start, until
from tests.unit.sources.test_data import BAD_ENDS, HEADER, NO_ENDS, SMUGGLED

MAIL_FIRST = "503 5.5.1 MAIL comes first"
NO_RECIPIENTS = "503 5.5.1 no valid recipients"
BAD_CHUNK = "501 5.5.4 a size must follow, and LAST or nothing; closing"
BEGIN = ("EHLO client.example", "MAIL FROM:<u@example.org>", "RCPT TO:<drop@acme.example>")


def begin(client: Client, *commands: str) -> Client:
    for command in commands or BEGIN:
        assert client.ask(command)[:3] == "250"
    return client


def chunk(octets: bytes, last: str = "") -> bytes:
    return f"BDAT {len(octets)} {last}".encode().rstrip() + b"\r\n" + octets


def last(octets: bytes) -> bytes:
    return chunk(octets, "LAST")


def said(client: Client) -> list[str]:
    """All replies until the peer closes, their codes."""
    client.send(b"QUIT\r\n")
    codes = []
    while reply := client.reply():
        codes.append(reply[:3])
    return codes


@pytest.mark.parametrize(
    ("argument", "read"),
    [
        ("10", (10, False)),
        ("10 LAST", (10, True)),
        ("0  last", (0, True)),
        ("0", (0, False)),
        ("", None),
        ("LAST", None),
        ("-1", None),
        ("+1", None),
        ("0x10", None),
        ("1_0", None),
        ("\u0661", None),
        ("10 FIRST", None),
        ("10LAST", None),
        ("10 LAST LAST", None),
        ("10,LAST", None),
        ("9" * 21, None),
    ],
)
def test_what_follows_bdat(argument: str, read: tuple[int, bool] | None) -> None:
    """A size in digits, and LAST or nothing."""
    assert read_bdat(argument) == read


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
def test_a_chunk_ends_after_its_octets(tmp_path: Path, step: int) -> None:
    """A chunk takes as many octets as were announced, in whatever pieces, and gives the rest back."""
    body = Chunks(10**6, tmp_path, lambda _: None, ROOM)
    one, rest = Chunk(len(MAIL), body.take), None
    wire = MAIL + b"NOOP\r\n"
    for start in range(0, len(wire), step):
        rest = one.feed(wire[start : start + step])
        if rest is not None:
            break
    assert rest is not None
    assert (rest + wire[start + step :], one.left) == (b"NOOP\r\n", 0)
    body.finish()
    assert body.raw().data == MAIL


@pytest.mark.parametrize("sizes", [(), (1,), (0, 10, 0), (27, 1, 1, 1), (29, 3)])
def test_chunks_make_one_mail(desk: Desk, sizes: tuple[int, ...]) -> None:
    """Chunks of any size, also none, and in one pipeline, are one mail octet for octet."""
    wire, left = b"", MAIL
    for size in sizes:
        wire += chunk(left[:size])
        left = left[size:]
    client = begin(desk.connect())
    client.send(wire + last(left))
    assert [client.reply() for _ in sizes] == [f"250 2.0.0 {size} octets taken" for size in sizes]
    assert client.reply() == "250 2.0.0 accepted"
    assert desk.recorder.octets == [MAIL]
    assert desk.recorder.envelopes[0].raw.header == MAIL[: MAIL.index(b"\r\n\r\n") + 2]


def test_sessions_in_one_segment(desk: Desk) -> None:
    """Whole sessions may come at once, by DATA and BDAT in turn; each mail is one."""
    client = desk.connect()
    envelope = b"MAIL FROM:<u@example.org>\r\nRCPT TO:<drop@acme.example>\r\n"
    bdat, data = envelope + chunk(MAIL) + last(b""), envelope + b"DATA\r\n" + MAIL + b".\r\n"
    client.send(b"EHLO x\r\n" + (bdat + data) * 3)
    by_bdat, by_data = ["250"] * 4, ["250", "250", "354", "250"]
    assert said(client) == ["250", *(by_bdat + by_data) * 3, "221"]
    assert desk.recorder.octets == [MAIL] * 6


@pytest.mark.parametrize("end", [*BAD_ENDS.values(), *NO_ENDS.values(), b"\r\n.\r\n"])
def test_a_dot_is_text(desk: Desk, end: bytes) -> None:
    """Nothing in a chunk means an end, and nothing is unstuffed: what follows is text of the same mail."""
    client = begin(desk.connect())
    mail = HEADER + b"x" + end + SMUGGLED
    client.send(chunk(mail[:20]) + last(mail[20:]))
    assert said(client) == ["250", "250", "221"]
    assert desk.recorder.octets == [mail]
    assert desk.recorder.asked == [("u@example.org", "drop@acme.example")]


# Name, what goes before, what is sent, the codes of all replies up to the end, the mails taken.
BAD = HEADER.replace(b"x", b"x\rFrom: ceo@acme.example") + SMUGGLED
SMUGGLING: dict[str, tuple[tuple[str, ...], bytes, list[str], list[bytes]]] = {
    "no mail": (BEGIN[:1], last(SMUGGLED), ["503", "221"], []),
    "no greeting": ((), last(SMUGGLED), ["503", "221"], []),
    "no recipient": (BEGIN[:2], chunk(SMUGGLED) + last(SMUGGLED), ["503", "503", "221"], []),
    "a refused header": (BEGIN, chunk(BAD) + last(SMUGGLED), ["554", "554", "221"], []),
    "too big": (BEGIN, chunk(b"x" * 6000 + SMUGGLED) + last(SMUGGLED), ["552", "552", "221"], []),
    "far too big": (BEGIN, b"BDAT 10001 LAST\r\n" + SMUGGLED, ["421"], []),
    "far too big outside": (BEGIN[:1], b"BDAT 10001 LAST\r\n" + SMUGGLED, ["421"], []),
    "far too big in all": (BEGIN, chunk(b"x" * 4000) + b"BDAT 6001\r\n" + SMUGGLED, ["250", "421"], []),
    "a number without end": (BEGIN, b"BDAT " + b"9" * 30 + b"\r\n" + SMUGGLED, ["501"], []),
    "no number": (BEGIN, b"BDAT\r\n" + SMUGGLED, ["501"], []),
    "less than none": (BEGIN, b"BDAT -7 LAST\r\n" + SMUGGLED, ["501"], []),
    "neither first nor last": (BEGIN, b"BDAT 7 FIRST\r\n" + SMUGGLED, ["501"], []),
    "a bare line end": (BEGIN, b"BDAT 7 LAST\n" + SMUGGLED, ["500"], []),
    "a space before it": (BEGIN, b" BDAT 7 LAST\r\n" + SMUGGLED, ["500"], []),
    "a NUL before it": (BEGIN, b"\0bdat 7 LAST\r\n" + SMUGGLED, ["500"], []),
    "a tab": (BEGIN, b"BDAT\t7 LAST\r\n" + SMUGGLED, ["500"], []),
    "a bare CR": (BEGIN, b"BDAT 7\r LAST\r\n" + SMUGGLED, ["500"], []),
    "a NUL": (BEGIN, b"bdat 7\0 LAST\r\n" + SMUGGLED, ["500"], []),
    "a line too long": (BEGIN, b"BDAT 7" + b" " * 3000 + b"LAST\r\n" + SMUGGLED, ["500"], []),
    "after the last": (BEGIN, last(MAIL) + last(SMUGGLED), ["250", "503", "221"], [MAIL]),
    "after DATA": (BEGIN, b"DATA\r\n" + MAIL + b".\r\n" + last(SMUGGLED), ["354", "250", "503", "221"],
                   [MAIL]),
    "DATA after it": (BEGIN, chunk(MAIL) + b"DATA\r\n" + last(b""), ["250", "503", "250", "221"], [MAIL]),
    "MAIL after it": (BEGIN, chunk(MAIL) + b"MAIL FROM:<a@b.c>\r\n" + last(b""), ["250", "503", "250", "221"],
                      [MAIL]),
    "RCPT after it": (BEGIN, chunk(MAIL) + b"RCPT TO:<x@acme.example>\r\n" + last(b""),
                      ["250", "503", "250", "221"], [MAIL]),
    "forgotten": (BEGIN, chunk(MAIL) + b"RSET\r\n" + last(SMUGGLED), ["250", "250", "503", "221"], []),
    "greeted anew": (BEGIN, chunk(MAIL) + b"EHLO y\r\n" + last(SMUGGLED), ["250", "250", "503", "221"], []),
}  # fmt: skip


@pytest.mark.parametrize(("before", "wire", "codes", "mails"), SMUGGLING.values(), ids=SMUGGLING)
def test_bdat_smuggles_nothing(
    start: Start, before: tuple[str, ...], wire: bytes, codes: list[str], mails: list[bytes]
) -> None:
    """Whatever is wrong with a chunk, its octets are read past or the connection ends: none is obeyed."""
    desk = start(message_size=5000)
    client = desk.connect()
    begun = [client.ask(command)[:3] for command in before]
    assert begun == ["250"] * len(before)
    client.send(wire)
    assert said(client) == codes
    assert desk.recorder.octets == mails
    assert len(desk.recorder.asked) == before.count(BEGIN[2])


@pytest.mark.parametrize("extra", [b"", MAIL])
def test_what_was_chunked_in_clear_is_forgotten(desk: Desk, extra: bytes) -> None:
    """A BDAT body ends where it was said to: what follows is read as commands, as in any pipeline."""
    client = begin(desk.connect())
    client.send(last(MAIL) + b"NOOP\r\n" + b"MAIL FROM:<u@example.org>\r\n" + chunk(extra))
    assert said(client) == ["250", "250", "250", "503", "221"]
    assert desk.recorder.octets == [MAIL]


@pytest.mark.parametrize(
    "mail",
    [
        b"Subject: z\rFrom: ceo@acme.example\r\n\r\nx\r\n",
        b"Subject: z\nFrom: ceo@acme.example\r\n\r\nx\r\n",
        b"Subject: z\0\r\n\r\nx\r\n",
        b"Subject: z\r\n\nFrom: ceo@acme.example\r\n\r\nx\r\n",
        b"Subject: z\r\n\r",
        b"X: " + b"y" * MAX_HEADER + b"\r\n\r\nx\r\n",
        b"X: " + b"y" * 2 * MAX_HEADER,
    ],
    ids=["cr", "lf", "nul", "blank-lf", "half an end", "long", "endless"],
)
def test_a_malformed_header_section_is_refused(desk: Desk, mail: bytes) -> None:
    """A header section that DATA would be refused for is refused in chunks, wherever they are cut."""
    client = desk.connect()
    for cut in (0, 11, len(mail)):
        begin(client)
        client.send(chunk(mail[:cut]) + last(mail[cut:]))
        replies = [client.reply(), client.reply()]
        assert replies[1] == str(BAD_HEADER)
        assert replies[0] in {f"250 2.0.0 {cut} octets taken", str(BAD_HEADER)}
    begin(client)
    client.send(last(MAIL))
    assert client.reply()[:3] == "250"


def test_a_pair_cut_in_two_is_a_pair(desk: Desk) -> None:
    """CR and LF in two chunks are one line end, and a CR that ends the mail is a bare one."""
    client = desk.connect()
    for octets in (MAIL, MAIL + b"\r"):
        begin(client)
        client.send(b"".join(chunk(octets[at : at + 1]) for at in range(len(octets))) + last(b""))
        assert {client.reply()[:3] for _ in range(len(octets) + 1)} == {"250"}
    assert desk.recorder.octets == [MAIL, MAIL + b"\r"]
    assert [envelope.defects for envelope in desk.recorder.envelopes] == [(), ("bare_cr",)]


def test_a_large_mail_goes_to_a_file(desk: Desk) -> None:
    """Beyond the memory a mail has, its chunks go to a file; its header stays at hand."""
    client = begin(desk.connect())
    mail = HEADER + b"y" * (2 * MEMORY)
    client.send(chunk(mail[:100_000]) + last(mail[100_000:]))
    assert [client.reply()[:3], client.reply()[:3]] == ["250", "250"]
    [envelope] = desk.recorder.envelopes
    assert envelope.raw.path is not None
    assert envelope.raw.header == HEADER[:-2]
    assert desk.recorder.octets == [mail]


def test_a_refused_chunk_says_so_at_once(start: Start) -> None:
    """The chunk that makes a mail too big is answered 552, nothing is kept, and RSET begins anew."""
    desk = start(message_size=2 * MEMORY)
    client = begin(desk.connect())
    client.send(chunk(HEADER + b"y" * (2 * MEMORY)))
    assert client.reply() == str(TOO_BIG)
    assert desk.leftovers() == []
    begin(client, "RSET", *BEGIN[1:])
    client.send(last(MAIL))
    assert client.reply()[:3] == "250"


@pytest.mark.parametrize("farewell", [b"RSET\r\n", b"EHLO y\r\n", b"QUIT\r\n", b""])
def test_half_a_mail_leaves_nothing(desk: Desk, farewell: bytes) -> None:
    """Whatever ends a mail between two chunks removes its file."""
    client = begin(desk.connect())
    client.send(chunk(HEADER + b"x" * (MEMORY + 100_000)))
    assert client.reply()[:3] == "250"
    assert desk.leftovers() != []
    client.send(farewell)
    if not farewell:
        client.close()
    assert until(lambda: desk.leftovers() == [])
    assert desk.recorder.envelopes == []


def test_lmtp_answers_each_recipient_after_the_last_chunk(desk: Desk) -> None:
    """A chunk that others follow has one reply, the last one a reply for each recipient (RFC 2033 4.3)."""
    desk.recorder.replies = {"b@other.example": Reply(451, "4.3.0", "later")}
    client = desk.connect(Protocol.LMTP)
    recipients = [f"RCPT TO:<{name}>" for name in ("a@acme.example", "b@other.example")]
    begin(client, "LHLO x", BEGIN[1], *recipients)
    client.send(chunk(MAIL[:9]) + last(MAIL[9:]) + b"NOOP\r\n")
    assert [client.reply()[:9] for _ in range(4)] == ["250 2.0.0", "250 2.0.0", "451 4.3.0", "250 2.0.0"]
    assert desk.recorder.octets == [MAIL]


@pytest.mark.parametrize(
    ("wire", "replies"),
    [
        (chunk(b"A: b\rC: d\r\n\r\n") + last(MAIL), ["554 5.6.0"] * 3),
        (last(b"A: b\rC: d\r\n\r\n"), ["554 5.6.0"] * 2),
        (chunk(b"x" * 6000) + chunk(b"x") + last(b""), ["552 5.3.4"] * 4),
        (b"BDAT 10001 LAST\r\n", ["421 4.7.0"] * 2),
        (b"BDAT 10001\r\n", ["421 4.7.0"]),
    ],
)
def test_lmtp_answers_each_recipient_of_a_refused_mail(start: Start, wire: bytes, replies: list[str]) -> None:
    """What the listener itself refuses is answered in the same way."""
    desk = start(message_size=5000)
    client = desk.connect(Protocol.LMTP)
    begin(client, "LHLO x", BEGIN[1], "RCPT TO:<a@acme.example>", "RCPT TO:<b@acme.example>")
    client.send(wire)
    assert [client.reply()[:9] for _ in replies] == replies
    assert desk.recorder.envelopes == []


def test_an_exception_is_temporary(desk: Desk) -> None:
    """An error of ours in the last chunk is 451, and the next mail works (A6, A7)."""
    desk.recorder.error = RuntimeError("secret")
    client = begin(desk.connect())
    client.send(last(MAIL))
    assert client.reply() == str(LOCAL_ERROR)
    desk.recorder.error = None
    begin(client, *BEGIN[1:])
    client.send(last(MAIL))
    assert client.reply()[:3] == "250"


@pytest.mark.parametrize("verb", ["DATA", "BDAT", "BDAT LAST"])
def test_an_error_within_a_mail_ends_the_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """What follows in a mail that an error of ours cut short is never obeyed."""

    def fail(_self: object, _octets: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr(SetExamination, "feed", fail)
    client = begin(desk.connect())
    smuggled = b"RSET\r\nMAIL FROM:<boss@acme.example>\r\nRCPT TO:<x@acme.example>\r\n"
    start, size = HEADER * 10, len(HEADER * 10 + smuggled)
    announced = {"DATA": b"DATA\r\n", "BDAT": b"BDAT %d\r\n" % size, "BDAT LAST": b"BDAT %d LAST\r\n" % size}
    client.send(announced[verb] + start)
    if verb == "DATA":
        assert client.reply()[:3] == "354"
    assert client.reply() == str(LOCAL_ERROR)
    client.send(smuggled)
    assert client.reply() == ""
    assert desk.recorder.asked == [("u@example.org", "drop@acme.example")]


def test_tiny_chunks_are_counted(desk: Desk) -> None:
    """A mail in hundreds of chunks of an octet is no way to send one: 421."""
    client = begin(desk.connect())
    client.send(chunk(b"x") * 100)
    assert {client.reply()[:3] for _ in range(99)} == {"250"}
    assert "421" in {client.reply()[:3] for _ in range(2)}


@pytest.mark.parametrize("step", ["between", "within"])
def test_a_silent_peer_is_cut(start: Start, step: str) -> None:
    """Between two chunks a peer may be silent as long as within a mail, and no longer."""
    desk = start(data_idle_seconds=0.3)
    client = begin(desk.connect())
    client.send(chunk(MAIL) if step == "between" else b"BDAT 100\r\nSubject")
    if step == "between":
        assert client.reply()[:3] == "250"
    assert client.reply() == "421 4.4.2 idle for too long, closing"
    assert client.reply() == ""


@pytest.mark.parametrize("limit", [{"data_seconds": 0.5}, {"data_rate": 10**6, "data_rate_after": 0.2}])
def test_whole_chunks_have_no_more_time_than_a_mail(start: Start, limit: dict[str, float]) -> None:
    """Chunks that come whole are not faster than the mail they are of: the whole mail is timed."""
    client = begin(start(**limit).connect())
    replies: list[str] = []
    while not replies or replies[-1] == "250":
        client.send(chunk(MAIL * 40))
        replies.append(client.reply()[:3])
        time.sleep(0.05)
    assert replies[-1] == "421"


def test_idling_between_chunks_has_an_end(start: Start) -> None:
    """Whoever keeps a session alive between two chunks keeps his mail no longer than it may take."""
    client = begin(start(data_seconds=0.5).connect())
    client.send(chunk(MAIL))
    replies = [client.reply()[:3]]
    while replies[-1] == "250":
        time.sleep(0.05)
        replies.append(client.ask("NOOP")[:3])
    assert replies[-1] in {"421", ""}
    assert len(replies) < 90  # else it was something else that ended it


def test_a11_binary_mail_is_not_taken(desk: Desk) -> None:
    """BINARYMIME, which is not offered, is refused: line ends decide where a header section ends."""
    client = desk.connect()
    assert "BINARYMIME" not in client.ask("EHLO x")
    assert client.ask("MAIL FROM:<u@example.org> BODY=BINARYMIME")[:9] == "501 5.5.4"
