"""The MIME splitter: offsets, numbers and caps."""

from base64 import b64encode

import pytest

from bccd.mail.attachments import octets, shown_name
from bccd.mail.defects import Defect
from bccd.mail.mime import DEPTH_CAP, PARTS_CAP, split
from bccd.mail.parse import parse
from bccd.mail.part import Part


def walk(part: Part) -> list[Part]:
    """Return a part and all below it."""
    return [part, *(one for child in part.children for one in walk(child))]


def shape(raw: bytes) -> list[tuple[str, str]]:
    """Return number and type of every part."""
    return [(part.number, part.media_type) for part in walk(split(raw).root)]


def multi(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    """Make a multipart with its header section."""
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + body


PLAIN = b"Content-Type: text/plain\r\n\r\nplain"
HTML = b"Content-Type: text/html\r\n\r\n<p>html</p>"
PDF = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg=="
INNER = b"From: c@d.example\r\nSubject: inner\r\n\r\ninside"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", [("1", "text/plain")]),
        (PLAIN, [("1", "text/plain")]),
        (
            multi("mixed", PLAIN, PDF),
            [("", "multipart/mixed"), ("1", "text/plain"), ("2", "application/pdf")],
        ),
        (
            multi("mixed", multi("alternative", PLAIN, HTML, boundary="b2"), PDF),
            [
                ("", "multipart/mixed"),
                ("1", "multipart/alternative"),
                ("1.1", "text/plain"),
                ("1.2", "text/html"),
                ("2", "application/pdf"),
            ],
        ),
        (
            multi("mixed", b"Content-Type: message/rfc822\r\n\r\n" + INNER),
            [("", "multipart/mixed"), ("1", "message/rfc822"), ("1.1", "text/plain")],
        ),
        (
            multi("mixed", b"Content-Type: message/rfc822\r\n\r\n" + multi("mixed", PLAIN, boundary="i")),
            [
                ("", "multipart/mixed"),
                ("1", "message/rfc822"),
                ("1", "multipart/mixed"),
                ("1.1", "text/plain"),
            ],
        ),
        (
            multi("digest", b"\r\n" + INNER),
            [("", "multipart/digest"), ("1", "message/rfc822"), ("1.1", "text/plain")],
        ),
    ],
)
def test_parts_are_numbered_as_imap_does(raw: bytes, expected: list[tuple[str, str]]) -> None:
    """A part's number is the one that IMAP gives it (RFC 9051 6.4.5)."""
    assert shape(raw) == expected


def test_bodies_lie_between_their_delimiters() -> None:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    raw = multi("mixed", PLAIN + b"\r\n", b"\r\n", b"\r\nx")
    assert [raw[p.start : p.end] for p in split(raw).root.children] == [b"plain\r\n", b"", b"x"]


def test_a_delimiter_of_a_longer_boundary_is_none() -> None:
    """The boundary "b" does not end a part at a line "--b2"."""
    raw = multi("mixed", b"\r\nx\r\n--b2\r\ny")
    assert [raw[p.start : p.end] for p in split(raw).root.children] == [b"x\r\n--b2\r\ny"]


def test_an_outer_delimiter_ends_inner_parts() -> None:
    """A multipart that is never closed ends where its parent's next part begins."""
    inner = multi("alternative", PLAIN, boundary="b2").replace(b"--b2--\r\n", b"")
    raw = multi("mixed", inner, PDF)
    assert [number for number, _ in shape(raw)] == ["", "1", "1.1", "2"]
    assert Defect.BOUNDARY_OPEN in split(raw).defects


def test_depth_and_parts_are_capped() -> None:
    """Neither nesting nor the number of parts grows with the mail."""
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="n%d"\r\n\r\n--n%d\r\n' % (level, level)
        for level in range(300)
    )
    tree = split(deep)
    assert max(part.depth for part in walk(tree.root)) == DEPTH_CAP
    assert Defect.DEPTH_CUT in tree.defects
    wide = split(multi("mixed", *[b"\r\nx"] * (2 * PARTS_CAP)))
    assert wide.parts == PARTS_CAP
    assert Defect.PARTS_CUT in wide.defects
    messages = split(b"Content-Type: message/rfc822\r\n\r\n" * 200 + b"Subject: x\r\n\r\n")
    assert max(part.depth for part in walk(messages.root)) == DEPTH_CAP


def test_false_delimiters_are_capped() -> None:
    """Lines that begin like a delimiter cost a bounded time."""
    raw = multi("mixed", b"\r\n" + b"--bx\r\n" * 30_000)
    assert Defect.BOUNDARY_OPEN in split(raw).defects


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        (b"A: b\r\n" * 1_001, Defect.HEADER_CUT),
        (b"A: " + b"x" * 300_000 + b"\r\n", Defect.HEADER_CUT),
        (b"A: b\r\nnonsense\r\nC: d\r\n", Defect.HEADER_LINE),
        (b"From x\r\nA: b\r\n", Defect.MBOX_LINE),
        (b'Content-Type: multipart/mixed; boundary="' + b"x" * 3_000 + b'"\r\n', Defect.BOUNDARY_MISSING),
        (b"Content-Transfer-Encoding: x-what\r\n", Defect.ENCODING_UNKNOWN),
        (b"From: a@b.example\r\nFrom: c@d.example\r\n", Defect.MANY_FROM),
    ],
)
def test_what_is_wrong_is_recorded(fields: bytes, defect: Defect) -> None:
    """A mail says what had to be overlooked in it."""
    assert defect in parse(fields + b"\r\nbody").defects


@pytest.mark.parametrize("encoding", ["", "base64", "quoted-printable"])
@pytest.mark.parametrize("media_type", ["message/rfc822", "application/octet-stream; name=x.eml"])
def test_an_attached_mail_in_any_encoding_is_a_forward(encoding: str, media_type: str) -> None:
    """A message/rfc822 part, or an .eml file, gives its original with its own attachments."""
    inner = b"From: c@d.example\r\nMessage-ID: <In@d>\r\n" + multi("mixed", PLAIN, PDF, boundary="i")
    body = b64encode(inner) if encoding == "base64" else inner
    if encoding == "quoted-printable":
        body = inner.replace(b"=", b"=3D")
    part = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body
    raw = b"From: a@b.example\r\n" + multi("mixed", b"\r\nlook", part)
    message = parse(raw)
    (forward,) = message.forwards
    assert (forward.kind, forward.confidence, message.note) == ("attached", 1.0, "look")
    assert (forward.original.message_id, forward.original.text) == ("in@d", "plain")
    (file,) = forward.original.attachments
    assert (file.part, file.media_type, file.size) == ("2.2", "application/pdf", 4)
    assert octets(raw, file) == b"%PDF"


def test_attachments_are_found_again_by_their_offsets() -> None:
    """Offsets and encoding of an attachment lead back to the octets that were hashed."""
    raw = multi("mixed", PLAIN, PDF, b'Content-Type: image/png; name="a.png"\r\nContent-ID: <x@y>\r\n\r\nPNG')
    pdf, png = parse(raw).content.attachments
    assert raw[pdf.start : pdf.end] == b"JVBERg=="
    assert (octets(raw, pdf), octets(raw, png)) == (b"%PDF", b"PNG")
    assert (png.filename, png.content_id, png.part) == ("a.png", "x@y", "3")


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\a.doc", "a.doc"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("o\u0301.txt", "ó.txt"),
        ("o\u200b\u0301.txt", "ó.txt"),
        ("a\u009f\u0085b.pdf", "ab.pdf"),
        ("gnp.\u202e\u2066exe.png\u2069\u202c", "gnp.exe.png"),
        ("COM1 .tar.gz", "_COM1 .tar.gz"),
        ("n\u200dul", "_nul"),
        ("lpt\u00b2.log", "_lpt².log"),
        ("file:///etc/passwd", "passwd"),
        ("\\\\?\\C:\\a.txt", "a.txt"),
        ("a.txt::$DATA", "a.txt__$DATA"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("console.txt", "console.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("..", ""),
        (".htaccess", "htaccess"),
        ("a.pdf. ", "a.pdf"),
        ("x" * 400 + ".pdf", "x" * 150 + ".pdf"),
        ("ż" * 400, "ż" * 75),
    ],
)
def test_shown_names_deceive_nobody(claimed: str, shown: str) -> None:
    """A display name is one component, visible, short, and no device."""
    assert shown_name(claimed) == shown
