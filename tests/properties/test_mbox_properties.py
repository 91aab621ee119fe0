"""What holds for every mbox: its mails come back as they were put in, and nothing makes reading fail."""

import io
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.sources.mailbox import mbox
from bccd.sources.mailbox.mbox import is_mbox, read_mbox
from tests.examples import some

LIMIT = 100_000
FROM = b"From anna@seller.example Thu Mar  1 10:00:00 2012\n"
LINES = st.sampled_from(
    [
        b"",
        b"text",
        b"From the beginning",
        FROM.rstrip(),
        b"From - Mon, 01 Jan 2001 10:00:00 +0100",
        b"\x00\xff",
        b"x" * 300,
        b".",
        b"Content-Length: 3",
    ]
)
QUOTED = st.one_of(LINES, st.sampled_from([b">From here", b">>From there", b"> From afar"]))


def mail(lines: Sequence[bytes], header: Sequence[bytes]) -> bytes:
    """Write a mail with the line ends of Unix."""
    return b"".join(line + b"\n" for line in (b"Subject: x", *header, b"", *lines))


HEADERS = st.lists(st.sampled_from([b"X-Note: 1", b"Status: RO", b"Folded: a\n b"]), max_size=2)
MAILS = st.lists(st.builds(mail, st.lists(LINES, max_size=8), HEADERS), min_size=1, max_size=5)
QUOTED_MAILS = st.lists(st.builds(mail, st.lists(QUOTED, max_size=8), HEADERS), min_size=1, max_size=5)


def mboxo(octets: bytes) -> bytes:
    """Quote "From " at the beginning of a line."""
    return FROM + re.sub(rb"(?m)^From ", b">From ", octets) + b"\n"


def mboxrd(octets: bytes) -> bytes:
    """Quote what is quoted already, too, so that it can be undone."""
    return FROM + re.sub(rb"(?m)^(>*From )", rb">\1", octets) + b"\n"


def mboxcl2(octets: bytes) -> bytes:
    """Quote nothing, and say how long the text is."""
    header, _, text = octets.partition(b"\n\n")
    return FROM + header + b"\nContent-Length: %d\n\n" % len(text) + text + b"\n"


def counted(octets: bytes) -> bytes:
    """Return a mail as it stands in an mbox that counts."""
    return mboxcl2(octets)[len(FROM) : -1]


def read(box: bytes, start: int = 0, limit: int = LIMIT) -> list[bytes | None]:
    """Return the octets of each mail."""
    return [found.octets for found in read_mbox(io.BytesIO(box[start:]), start, limit)]


@pytest.fixture(params=[64, 1024 * 1024], autouse=True)
def _pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in pieces of several sizes: where one ends must not show."""
    monkeypatch.setattr(mbox, "PIECE", request.param)


@some(25)
@given(QUOTED_MAILS)
def test_mboxrd_gives_each_mail_back(mails: list[bytes]) -> None:
    """Whatever a mail holds, From_ lines included."""
    assert read(b"".join(map(mboxrd, mails))) == mails


@some(25)
@given(MAILS)
def test_mboxo_gives_each_mail_back(mails: list[bytes]) -> None:
    """Save for lines that began with >From in the mail itself, which nobody can tell."""
    assert read(b"".join(map(mboxo, mails))) == mails


@some(25)
@given(MAILS)
def test_thunderbirds_mbox_gives_each_mail_back(mails: list[bytes]) -> None:
    """Its From_ lines say nothing."""
    box = b"".join(map(mboxo, mails)).replace(FROM + b"Subject: x\n", b"From \nSubject: x\n")
    assert read(box) == mails


@some(25)
@given(MAILS)
def test_mboxcl2_gives_each_mail_back(mails: list[bytes]) -> None:
    """By its lengths, though From_ lines stand in it unquoted."""
    assert read(b"".join(map(mboxcl2, mails))) == [counted(octets) for octets in mails]


@some(25)
@given(QUOTED_MAILS)
def test_line_ends_of_dos_are_kept(mails: list[bytes]) -> None:
    """A file with CRLF is read like any other."""
    box = b"".join(map(mboxrd, mails)).replace(b"\n", b"\r\n")
    assert read(box) == [octets.replace(b"\n", b"\r\n") for octets in mails]


@some(25)
@given(QUOTED_MAILS, st.data())
def test_reading_goes_on_where_a_mail_ended(mails: list[bytes], data: st.DataObject) -> None:
    """From the end of any mail the rest is read; from the end of the last one, that one again."""
    box = b"".join(map(mboxrd, mails))
    ends = [found.end for found in read_mbox(io.BytesIO(box), 0, LIMIT)]
    number = data.draw(st.integers(0, len(mails) - 1))
    assert read(box, ends[number]) == (mails[number + 1 :] or mails[-1:])


@some(40)
@given(st.lists(st.one_of(LINES, QUOTED, st.binary(max_size=40)), max_size=30), st.integers(1, 200))
def test_nothing_makes_reading_fail(lines: list[bytes], limit: int) -> None:
    """Garbage gives some mails or none, one behind the other, and none is larger than allowed."""
    box = b"\n".join(lines)
    is_mbox(box)
    found = list(read_mbox(io.BytesIO(box), 0, limit))
    places = [int(one.place) for one in found]
    assert places == sorted(set(places))
    assert all(one.octets is None or len(one.octets) <= limit for one in found)
    assert all(int(one.place) <= one.end <= len(box) for one in found)


Writer = Callable[[bytes], bytes]


@pytest.mark.parametrize("write", [mboxo, mboxrd, mboxcl2])
def test_a_mail_that_is_too_large_is_passed_over(write: Writer) -> None:
    """Its size is told, and the mails on either side are read."""
    small, large = mail([b"a"], []), mail([b"b" * 99] * 50, [])
    found = list(read_mbox(io.BytesIO(write(small) + write(large) + write(small)), 0, 500))
    assert [one.octets is None for one in found] == [False, True, False]
    assert found[1].size >= len(large)


@pytest.mark.parametrize("length", [b"0", b"5", b"999999999999", b"-1", b"x"])
def test_a_length_that_is_not_true_is_not_believed(length: bytes) -> None:
    """Anybody may write Content-Length into his mail: it hides no mail behind it."""
    first = FROM + b"Subject: a\n\ntext\n\n"
    liar = FROM + b"Subject: b\nContent-Length: " + length + b"\n\ntext\n\n"
    assert len(read(liar + first + liar)) == 3
    assert len(read(first + liar + first)) == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"From 1234@xxx Sat Jan 03 01:05:34 +0000 2009\n", True),
        (b"From - Tue Mar  5 10:00:00 2013\r\n", True),
        (b"From - Mon, 01 Jan 2001 10:00:00 +0100\n", True),
        (b"From anna@seller.example Thu Mar 1 10:00 2012", True),
        (b"From \nX-Mozilla-Status: 0001\n", True),
        (b"From - \r\nFrom: anna@seller.example\r\n", True),
        (b"From \nme to you\n", False),
        (b"From now on, the Mon tariff holds\n", False),
        (b"From: Anna <anna@seller.example>\n", False),
        (b"\x00\x01\x02", False),
        (b"", False),
    ],
)
def test_an_mbox_is_known_by_its_first_line(line: bytes, *, told: bool) -> None:
    """A From_ line names a day, a month and a time."""
    assert is_mbox(line) is told
