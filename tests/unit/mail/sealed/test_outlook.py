"""winmail.dat and .msg files are read as mail, within bounds."""

import base64
import io
import random
import struct
import time

import olefile  # type: ignore[import-untyped]
import pytest
import tnefparse  # type: ignore[import-untyped]

from bccd.mail.attachments import octets
from bccd.mail.parse import parse
from bccd.mail.parts import Role, part_list
from bccd.mail.sealed.compound import read_compound
from bccd.mail.sealed.mapi import HTML
from bccd.mail.sealed.outlook import read_msg
from bccd.mail.sealed.rtf import Rich, decompressed, rich
from bccd.mail.sealed.tnef import read_tnef
from bccd.model.message import ForwardKind, Mailbox
from tests.unit.mail.sealed.build import (
    BINARY,
    MESSAGE,
    STRING,
    UNICODE,
    attribute,
    compressed,
    properties,
    tnef,
)
from tests.unit.mail.sealed.samples import PAGE, PDF, TEXT, mail, saved_message, single, utf_16, winmail

TNEF = 'application/ms-tnef; name="winmail.dat"'
MSG = 'application/vnd.ms-outlook; name="Oferta.msg"'
RTF = (
    r"{\rtf1\ansi\ansicpg1250\fromhtml1 \deff0{\fonttbl{\f0\fswiss\fcharset238 Arial;}}{\colortbl\red0;}"
    r"\uc1\pard\plain\f0\fs24 {\*\htmltag19 <html>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Za\'bf"
    r"\'f3\u322 ?\'e6"
    r"\htmlrtf \par}\htmlrtf0 {\*\htmltag72 </p>}{\*\mhtmltag84 <a href=x>}{\*\htmltag84 <a href="
    "y"
    ">}"
    r"link{\*\htmltag92 </a>}\par {\*\htmltag27 </html>}}"
)


def _encoded(octets_: bytes) -> bytes:
    return base64.encodebytes(octets_).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("declared", [TNEF, 'application/octet-stream; name="WINMAIL.DAT"'])
def test_winmail_is_opened(declared: str) -> None:
    """Text, HTML, files and messages inside are the mail's; the container is no file."""
    raw = single(declared, winmail())
    message = parse(raw)
    assert message.content.text == TEXT
    assert "gęślą" in message.content.html or not message.content.html
    assert message.content.marks == ("tnef",)
    files = {file.filename: file for file in message.content.attachments}
    assert list(files) == ["Oferta żółta.pdf", "Inner"]
    file = files["Oferta żółta.pdf"]
    assert (file.part, file.media_type, file.within) == ("1.2", "application/pdf", "tnef:1")
    assert octets(raw, file) == PDF
    assert len(octets(raw, files["Inner"])) == files["Inner"].size
    (forward,) = message.forwards
    assert forward.kind is ForwardKind.ATTACHED
    assert (forward.original.subject, forward.original.text) == ("Inner", "Inside")
    assert forward.original.sender == Mailbox("", "anna@acme.example")


def test_winmail_beside_its_text_adds_what_the_text_lacks() -> None:
    """The text that stands in the mail already is not told twice."""
    content = parse(mail(("text/plain; charset=utf-8", TEXT.encode()), (TNEF, winmail()))).content
    assert content.text == TEXT
    both = (
        'multipart/alternative; boundary="r"',
        b"--r\r\n\r\nSee you\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>See you</p>\r\n--r--\r\n",
    )
    body = {(STRING, 0x1000): "See you", (BINARY, 0x1013): b"<p>See you</p>"}
    twice = mail(both, (TNEF, winmail(body=body)))
    twice = twice.replace(b"base64\r\n\r\n" + _encoded(both[1]), b"7bit\r\n\r\n" + both[1], 1)
    assert parse(twice).content.text == "See you"
    other = parse(mail(("text/plain", b"A note of a gateway"), (TNEF, winmail()))).content
    assert other.text == f"A note of a gateway\n\n{TEXT}"


def test_html_inside_rtf_is_taken_out() -> None:
    """Outlook wraps HTML into RTF: the HTML comes out, code pages and Unicode read, its RTF twin left out."""
    assert rich(RTF.encode()) == Rich("<html><p>Zażółć</p><a href=y>link</a>\n</html>", "")
    body = {(BINARY, 0x1009): compressed(RTF.encode())}
    assert parse(single(TNEF, winmail(body=body))).content.text.startswith("Zażółć")
    plain = rb"{\rtf1\ansicpg1250\fromtext{\fonttbl{\f0 A;}}\f0 Za\'bf\par a \{b\}\tab c\u-10179?\u-8704?}"
    assert rich(plain) == Rich("", "Zaż\na {b}\tc\U0001f600")


def test_compressed_rtf_is_read_as_its_makers_describe() -> None:
    """The two examples of MS-OXRTFCP 3 come out, a reference to the place just written among them."""
    first = (
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompressed(bytes.fromhex(first)) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    second = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0"
    assert decompressed(bytes.fromhex(second)) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_the_readers_agree_with_the_libraries() -> None:
    """tnefparse and olefile find the same text and files in the same octets."""
    theirs, ours = tnefparse.TNEF(winmail()), read_tnef(winmail())
    assert ours
    assert theirs.htmlbody == PAGE
    page = ours.properties[HTML]
    assert isinstance(page, bytes)
    assert page.decode() == PAGE
    assert theirs.attachments[0].long_filename() == "Oferta żółta.pdf"
    assert theirs.attachments[0].data == ours.files[0].octets == PDF
    root = read_compound(saved_message())
    assert root
    with olefile.OleFileIO(io.BytesIO(saved_message())) as known:
        for path in known.listdir():
            folder = root
            for step in path[:-1]:
                folder = folder.storages[step.lower()]
            assert folder.streams[path[-1].lower()] == known.openstream(path).read()


def test_saved_messages_are_read_as_forwards() -> None:
    """A .msg is an original: sender, people, date, text and files; it stays an attachment, too."""
    raw = mail(("text/plain", b"See attached"), (MSG, saved_message()))
    message = parse(raw)
    assert message.content.marks == ("outlook:msg",)
    assert [file.filename for file in message.content.attachments] == ["Oferta.msg"]
    (forward,) = message.forwards
    original = forward.original
    assert original.sender == Mailbox('Nowak, "Anna"', "anna@acme.example")
    assert original.to == (Mailbox("Jan", "jan@firm.example"),)
    assert original.cc == (Mailbox("Ewa", ""),)
    assert original.subject == "Oferta ż"
    assert original.text == TEXT
    assert original.date
    assert original.date.isoformat() == "2025-11-16T10:00:00+00:00"
    (file,) = original.attachments
    assert (file.filename, file.within) == ("Oferta.pdf", "msg:2")
    assert octets(raw, file) == PDF * 1_000
    assert [part.role for part in part_list(raw)][:3] == [Role.CONTAINER, Role.TEXT, Role.MESSAGE]


def test_saved_messages_keep_the_header_section_they_came_with() -> None:
    """The header section that a message had on its way says more than its properties, but for its types."""
    headers = (
        "Microsoft Mail Internet Headers Version 2.0\r\nFrom: Anna <anna@real.example>\r\nSubject: Real\r\n"
        "Message-ID: <1@real.example>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    )
    raw = single(MSG, saved_message(**{"007D001F": utf_16(headers)}))
    (forward,) = parse(raw).forwards
    assert forward.original.sender == Mailbox("Anna", "anna@real.example")
    assert forward.original.message_id == "1@real.example"
    assert forward.original.text == TEXT


def test_what_is_no_mail_is_an_attachment() -> None:
    """A contact saved as .msg, and any file that only bears the name, is kept and marked."""
    contact = saved_message(**{"001A001F": utf_16("IPM.Contact")})
    for octets_ in (contact, b"not a compound file"):
        message = parse(single(MSG, octets_))
        assert not message.forwards
        assert message.content.marks == ("outlook:msg",)
        assert [file.filename for file in message.content.attachments] == ["Oferta.msg"]
    kept = parse(single(TNEF, b"not TNEF")).content
    assert kept.marks == ("tnef",)
    assert [file.filename for file in kept.attachments] == ["winmail.dat"]


def test_invitations_and_cards_have_names() -> None:
    """Calendar parts and cards are attachments under a name that opens them, their own if they have one."""
    files = (
        ("text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"),
        ("text/vcard", b"BEGIN:VCARD"),
        ('text/x-vcard; name="Anna Nowak.vcf"', b"BEGIN:VCARD"),
    )
    content = parse(mail(("text/plain", b"See you"), *files)).content
    assert content.text == "See you"
    assert [file.filename for file in content.attachments] == ["invite.ics", "contact.vcf", "Anna Nowak.vcf"]


def test_values_cannot_leave_their_field() -> None:
    """Line ends in a name or subject make no field of their own."""
    said = {(UNICODE, 0x37): "Hello\r\nBcc: x@evil.example", (UNICODE, 0x0C1A): 'A"\r\nTo: y@evil.example'}
    embedded = bytes.fromhex("0703020000000000c000000000000046") + tnef(
        attribute(MESSAGE, 0x00069003, properties({**said, (STRING, 0x1000): "x"}))
    )
    more = (
        attribute(2, 0x00069002, bytes(14)),
        attribute(2, 0x00069005, properties({(0xD, 0x3701): embedded})),
    )
    original = parse(single(TNEF, winmail(*more))).forwards[-1].original
    assert original.subject == "Hello Bcc: x@evil.example"
    assert not original.to
    assert not original.bcc


def test_cut_and_changed_containers_never_raise() -> None:
    """Wherever a container ends or lies, something is read and nothing raises."""
    chance = random.Random(4)  # noqa: S311  the same mail in each run, no secret
    for whole, read in (
        (winmail(), read_tnef),
        (saved_message(), read_msg),
        (saved_message(), read_compound),
    ):
        for at in range(0, len(whole), max(len(whole) // 150, 1)):
            read(whole[:at])
            changed = bytearray(whole)
            for _ in range(5):
                changed[chance.randrange(len(changed))] = chance.choice((0, 1, 127, 128, 255))
            read(bytes(changed))
    for at in range(0, len(RTF), 7):
        rich(RTF[at:].encode())
        decompressed(compressed(RTF.encode())[: at + 20])


LYING = {
    "a count of four billion": tnef(attribute(1, 0x00069003, b"\xff\xff\xff\xff")),
    "values of four billion": tnef(
        attribute(1, 0x00069003, struct.pack("<IHHI", 1, 0x101E, 0x37, 0xFFFFFFFF))
    ),
    "a length of four billion": tnef() + struct.pack("<BII", 1, 0x00069003, 0xFFFFFFFF),
    "a million attributes": tnef(struct.pack("<BIIH", 2, 0x00069002, 0, 0) * 1_000_000),
    "recipients of four billion": tnef(attribute(1, 0x00069004, b"\xff\xff\xff\xff" + bytes(400_000))),
    "an RTF bomb": tnef(
        attribute(
            1,
            0x00069003,
            properties(
                {
                    (BINARY, 0x1009): struct.pack("<IIII", 0, 0xFFFFFFF0, 0x75465A4C, 0)
                    + b"\xff" * 1
                    + bytes.fromhex("000f") * 8
                    + (b"\xff" + bytes.fromhex("0cff") * 8) * 400_000
                }
            ),
        )
    ),
    "groups without end": tnef(
        attribute(1, 0x00069003, properties({(BINARY, 0x1009): compressed(b"{" * 900_000)}))
    ),
    "control words": tnef(
        attribute(1, 0x00069003, properties({(BINARY, 0x1009): compressed(rb"\f1" * 300_000)}))
    ),
}


@pytest.mark.parametrize("hostile", LYING.values(), ids=LYING.keys())
def test_lying_containers_take_no_time(hostile: bytes) -> None:
    """Counts and lengths are believed as far as the octets go."""
    started = time.perf_counter()
    parse(single(TNEF, hostile))
    assert time.perf_counter() - started < 10


def test_chains_in_circles_end() -> None:
    """A compound file whose sectors follow each other in a circle is read to a bound."""
    whole = bytearray(saved_message())
    for at in range(512, 1_024, 4):
        whole[at : at + 4] = struct.pack("<I", 1)
    started = time.perf_counter()
    read_msg(bytes(whole) + bytes(2_000_000))
    assert time.perf_counter() - started < 5


def test_containers_in_containers_are_opened_to_a_bound() -> None:
    """Deep nesting and many containers in one mail end as attachments."""
    inner = winmail()
    for _ in range(6):
        more = (
            attribute(2, 0x00069002, bytes(14)),
            attribute(2, 0x00018010, b"winmail.dat\0"),
            attribute(2, 0x0006800F, inner),
        )
        inner = winmail(*more)
    content = parse(single(TNEF, inner)).content
    assert "winmail.dat" in [file.filename for file in content.attachments]
    many = parse(mail(*[(TNEF, winmail())] * 20)).content
    assert [file.filename for file in many.attachments].count("winmail.dat") == 12


def test_a_winmail_that_gives_nothing_is_kept_as_a_file() -> None:
    """What cannot be read is not lost: its reader may have a program for it."""
    head = b"Subject: s\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
    packed = base64.b64encode(struct.pack("<I", 0x223E9F78) + b"\xff" * 500)
    read = parse(head + b"Content-Transfer-Encoding: base64\r\n\r\n" + packed)
    assert [file.filename for file in read.content.attachments] == ["winmail.dat"]
    assert read.content.marks == ("tnef",)
