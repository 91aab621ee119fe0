"""What holds for every mail: it parses, and a well-formed one reads as in the standard library."""

import email
import email.policy
import re
import unicodedata
from collections.abc import Iterator
from email.message import EmailMessage, Message
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.addresses import mailboxes, normalise
from bccd.mail.attachments import octets, shown_name
from bccd.mail.authres import read
from bccd.mail.calendar import scheduled_uid
from bccd.mail.charset import decode
from bccd.mail.dates import parse_date
from bccd.mail.decode import transfer_decoded
from bccd.mail.fromfield import strict_from
from bccd.mail.headers import fields, header_section, scan
from bccd.mail.html import html_text, read_html
from bccd.mail.markup.allowed import TAGS
from bccd.mail.markup.cleaner import clean
from bccd.mail.markup.rewrite import Rewriting
from bccd.mail.mime import split
from bccd.mail.parse import parse
from bccd.mail.part import Part
from bccd.mail.sanitise import sanitised
from bccd.mail.subject import base_subject, is_forward, is_reply
from bccd.mail.words import parameters, unstructured
from tests.unit.mail.markup import faults_of

MUTATIONS = 20_000
# Every element that safe HTML may hold, and text that a parser may mend.
NESTED = [
    *(tag for name in sorted(TAGS) for tag in (f"<{name}>", f"</{name}>", f"<{name} style='color:red'>")),
    *(
        "a",
        " ",
        "\n",
        "\xa0",
        "&nbsp;",
        "&rsquo;",
        "&#8217;",
        "&#150;",
        "&amp;lt;",
        "&copy",
        "& ",
        ">",
        "&quot;",
    ),
]


def listed(words: str) -> list[str]:
    """Split words; an underscore is a space within one."""
    return [word.replace("_", " ") for word in words.split()]


# Every prefix of the mail programs' translations, replies first.
REPLIES = listed(
    """
    RE Re AW Antw Odp ODP RÉ Rép Réf REF RES RESP R RIF SV VS Vá Răsp ΑΠ ΣΧΕΤ YNT BLS ATB HA НА Ответ
    השב תש תשובה رد 回复 答复 回覆
    """
)
FORWARDS = listed(
    """
    Fwd Fw FW WG PD TR RV ENC I Doorst Videresend Videresendt VB VL FS Továbbítás Redir. ΠΡΘ İLT TRS YML
    Пересл. הועבר إعادة_توجيه 转发 轉寄
    """
)
# What mark-up is made of, whole and in pieces.
MARKUP = listed(
    """
    <p> </p> <div> </div> <b> </b> <a_href= </a> <table> <tr> <td> </td> </tr> </table> <ul> <li> </ul>
    <br> <hr> <blockquote_type=cite> </blockquote> <div_class=gmail_quote> <div_id=divRplyFwdMsg> <pre>
    </pre> <svg> </svg> <math> <style> </style> <script> </script> <title> </title> <textarea> </textarea>
    <xmp> <noscript> <iframe> <template> <form> <input <img_src= <img_ <p_ <a_ > /> " ' = < </ <! <!-- -->
    --!> <? & &amp; &lt; &#106; onerror=x style= title= src= href= background= class= cid:a data:x url(
    http://x.example javascript:x url(x) color:red ; : display:none <div_hidden> @ a@b.example <a@b.example>
    """
)
SIDE_BY_SIDE = listed(
    """
    <p> </p> <p_class=MsoNormal> <div> </div> <div></div> <br> <div><br></div> </div><div> <b> </b> <span>
    <o:p></o:p> <div_class=gmail_quote> <blockquote_type=cite> <blockquote> </blockquote> <table> <tr> <td>
    </td> </tr> </table> <ul> <li> </ul> <ol> </ol> <h1> </h1> <hr> <pre> </pre> </a> </span></p>_<p>
    <a_href=https://x.example/>
    """
)
BEHIND = ["", "", "", " ", "\n", "a", "b &amp; c", "&nbsp;", "\xa0"]
ENDS = [":", ": ", " : ", "：", "﹕ ", "[2]: ", " (2): ", "^2: ", " [2] : ", ": [x] ", ": Re: "]
PREFIXES = [
    "Re: ",
    "RE:",
    "Fwd: ",
    "AW: ",
    "WG: ",
    "Odp: ",
    "PD: ",
    "SV: ",
    "TR: ",
    "Re[2]: ",
    "回复：",
    "[x] ",
    "Antw.: ",
]
LABELS = [
    "",
    "utf-8",
    "us-ascii",
    "iso-8859-2",
    "utf-16",
    "utf-7",
    "iso-2022-jp",
    "gb2312",
    "cp037",
    "rot13",
    "\x00",
]


@given(st.binary(max_size=2_000))
def test_any_octets_are_a_mail(raw: bytes) -> None:
    """No octets raise an error anywhere in the grammar, and no text holds what a database refuses."""
    message = parse(raw)
    assert message.size == len(raw)
    for text in (message.content.text, message.content.subject, message.note):
        assert "\0" not in text
        text.encode("utf-8")
    # The same octets below a header that calls them a report, and one that calls them an event.
    for kind in (
        b"message/delivery-status",
        b"text/calendar;method=REPLY",
        b"message/disposition-notification",
    ):
        assert parse(b"From: mailer-daemon@x.example\r\nContent-Type: " + kind + b"\r\n\r\n" + raw).size
    header = header_section(raw)
    scan(header)
    found = strict_from(header)
    assert bool(found.address) != bool(found.defect)
    for value in (raw, *(value for _, value in fields(header))):
        mailboxes(value)
        parameters(value)
        unstructured(value)
        parse_date(value)
        read(value)


@given(st.binary(max_size=300), st.sampled_from(LABELS), st.sampled_from(LABELS))
def test_any_octets_are_text(raw: bytes, label: str, hint: str) -> None:
    """Whatever charset is claimed, the text can be stored and holds no control characters."""
    text = decode(raw, label, hint)
    text.encode("utf-8")
    assert not any(ord(char) < 32 and char not in "\t\n" for char in text)


@given(st.text(max_size=300), st.text(max_size=20))
def test_any_calendar_is_read(text: str, method: str) -> None:
    """No calendar raises, and a UID is a short word without controls, or none."""
    for calendar in (
        text,
        f"METHOD:REPLY\nBEGIN:VEVENT\nUID{text}",
        f"METHOD:REPLY\nBEGIN:VEVENT\nUID:{text}",
    ):
        uid = scheduled_uid(calendar, method)
        assert len(uid) <= 998
        assert uid == uid.strip()


@given(st.text(max_size=300))
def test_any_characters_are_read(text: str) -> None:
    """Readers of characters raise on none, and normal forms are stable."""
    html_text(text)
    parse_date(text)
    once = normalise(text)
    assert normalise(once) == once


@given(st.lists(st.sampled_from(MARKUP) | st.text(max_size=6), max_size=40).map("".join))
def test_any_markup_is_made_safe(html: str) -> None:
    """Whatever stands in what order: safe HTML holds nothing that runs or is fetched."""
    assert faults_of(sanitised(html).html) == []
    sheet = read_html(html)
    assert len(sheet.lines) == len(sheet.ends)
    assert list(sheet.ends) == sorted(sheet.ends)
    assert all(0 <= frame.first <= frame.last <= len(sheet.lines) for frame in sheet.frames)
    assert all(0 <= frame.start <= frame.end <= len(html) for frame in sheet.frames)


@given(st.lists(st.tuples(st.sampled_from(SIDE_BY_SIDE), st.sampled_from(BEHIND)), max_size=40))
def test_tags_side_by_side_do_what_each_does(pieces: list[tuple[str, str]]) -> None:
    """A run of tags read as one gives the lines and the safe HTML of its tags, with comments between them."""
    html = "".join(f"{tag}{text}" for tag, text in pieces)
    apart = "".join(f"{tag}<!-- -->{text}" for tag, text in pieces)
    assert read_html(html).lines == read_html(apart).lines
    assert sanitised(html) == sanitised(apart)


@given(st.lists(st.sampled_from(NESTED) | st.text(max_size=3), max_size=40).map("".join))
def test_what_is_taken_for_settled_is_what_a_parser_of_html5_reads(html: str) -> None:
    """Where nh3 is not asked about the structure, it would not change an octet."""
    rewritten = Rewriting(html, {}).run()
    assert rewritten is not None
    assert not rewritten.sure or clean(rewritten.html) == rewritten.html


@given(
    st.text(max_size=60).filter(lambda text: not set(text) & set("[]()［］（）")), st.sampled_from(PREFIXES)
)
def test_a_prefix_does_not_change_the_base(subject: str, prefix: str) -> None:
    """A reply or forward has the base of what it answers."""
    assert base_subject(prefix + subject) == base_subject(subject)


@given(st.text(max_size=60).filter(lambda text: not set(text) & set("[]()［］（）")), st.sampled_from(ENDS))
def test_no_prefix_of_any_language_changes_the_base(subject: str, end: str) -> None:
    """However a program writes prefix, counter and colon, the base is that of the subject behind it."""
    base = base_subject(subject)
    assert {base_subject(prefix + end + subject) for prefix in REPLIES + FORWARDS} == {base}


@pytest.mark.parametrize("end", ENDS)
def test_every_prefix_is_known_for_what_it_is(end: str) -> None:
    """The tables tell replies from forwards; VS is both, in two languages, and counts as a reply."""
    for prefix in REPLIES:
        assert (is_reply(prefix + end + "x"), is_forward(prefix + end + "x")) == (True, False)
    for prefix in FORWARDS:
        assert (is_reply(prefix + end + "x"), is_forward(prefix + end + "x")) == (False, True)


SEEDS = [
    b"""From: A <a@acme.example>
To: b@x.example
Subject: =?utf-8?Q?Gr=C3=B6?=

On 1 Jan 2026, B wrote:
> x
""",
    b"""From: a@b.example
Content-Type: multipart/mixed; boundary=x

--x

hi
--x
Content-Type: message/rfc822
Content-Transfer-Encoding: base64

RnJvbTogYUBiLmMNCg0KaGk=
--x--
""",
    b"""Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=utf-7

+AGE-
--y
Content-Type: text/html

<div class=gmail_quote><b>From:</b> x &lt;x@y.example&gt;<br><b>Date:</b> Mon, 16 Nov 2026<br>
<b>Subject:</b> s<br><b>To:</b> z</div><style>
--y--
""",
    b"""Content-Disposition: attachment; filename*0*=utf-8''a%C3; filename*1*=%B6
Content-Transfer-Encoding: quoted-printable
Date: Mon, 16 Nov 2026 10:00:00 +0100

=C3=B6=
""",
    b"""Authentication-Results: mx.example; dkim=pass (a) header.d=b.example
References: <a@b> <c@d>
Thread-Index: AQHZAQIDBAUGBwgJCgsMDQ4PEBESEw==
Resent-From: a@b.example

-----Original Message-----
From: a@b.example
Sent: 2026-11-16 10:00
To: c
Subject: d

x
""",
    b"""From: mailer-daemon@b.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

no
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; b.example

Final-Recipient: rfc822; c@b.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no

--x
Content-Type: text/rfc822-headers

Message-ID: <a@b>
Subject: s
--x--
""",
    b"""From: a@b.example
List-Id: <l.b.example>
Resent-Message-ID: <e@f>
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID;X="y:z":a
 b
END:VEVENT
""",
    b"""From: mailer-daemon@b.example
X-Failed-Recipients: c@b.example

<d@b.example>:
no (#5.1.1)

Message-ID: <a@b>
Subject: s
""",
]
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"--x",
    b"--x--",
    b"=?",
    b"?=",
    b'"',
    b"<",
    b">",
    b"(",
    b";",
    b":",
    b"\xff",
    b"=",
    b" ",
]


def _mutated(chance: Random) -> bytes:
    raw = bytearray(chance.choice(SEEDS).replace(b"\n", b"\r\n"))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(4):
            case 0:
                raw[at : at + chance.randint(1, 20)] = b""
            case 1:
                raw[at:at] = chance.choice(PIECES) * chance.randint(1, 3)
            case 2:
                raw[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                start = chance.randrange(len(raw) + 1)
                raw[at:at] = raw[start : start + chance.randint(1, 80)]
    return bytes(raw)


@pytest.mark.slow
def test_no_mutated_mail_raises() -> None:
    """Twenty thousand mutations of mail of every kind are all read."""
    chance = Random(20_261_121)  # noqa: S311  # repeatable chance
    for _ in range(MUTATIONS):
        raw = _mutated(chance)
        message = parse(raw)
        for file in message.content.attachments[:2]:
            assert len(octets(raw, file)) == file.size


def _leaves(part: Part) -> Iterator[tuple[str, bytes]]:
    if part.children:
        for child in part.children:
            yield from _leaves(child)
    else:
        body = part.buffer[part.start : part.end]
        yield part.media_type, transfer_decoded(body, part.encoding)[0]


def _oracle(message: Message) -> list[tuple[str, object]]:
    return [
        (part.get_content_type(), part.get_payload(decode=True))
        for part in message.walk()
        if not part.is_multipart()
    ]


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(" \n"), max_size=200
)


@given(
    TEXTS,
    TEXTS,
    st.lists(st.tuples(st.sampled_from(["pdf", "png"]), st.binary(max_size=100)), max_size=4),
    st.booleans(),
)
def test_leaves_are_those_of_the_standard_library(
    plain: str,
    html: str,
    files: list[tuple[str, bytes]],
    wrapped: bool,
) -> None:
    """In a well-formed mail the splitter finds the parts that the standard library finds, octet by octet."""
    message = EmailMessage()
    message["From"] = "a@acme.example"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    for subtype, content in files:
        message.add_attachment(content, maintype="application", subtype=subtype, filename=f"f.{subtype}")
    if wrapped:
        outer = EmailMessage()
        outer.set_content("look")
        outer.add_attachment(message)
        message = outer
    raw = message.as_bytes(policy=email.policy.SMTP)
    assert list(_leaves(split(raw).root)) == _oracle(email.message_from_bytes(raw))


_DEVICE = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\.|$)")
_IN_NAMES = st.sampled_from(
    [*"/\\.. \0\r\n\x9f\u202e\u2066\u200bo\u0301:*", "con", "LPT1", ".exe", "x" * 99, "ż" * 99]
)


@given(st.lists(_IN_NAMES | st.characters(), max_size=8).map("".join))
def test_a_shown_name_is_one_short_visible_component(claimed: str) -> None:
    """However a file is called by its sender, its name climbs nowhere, hides nothing, and is no device."""
    name = shown_name(claimed)
    assert not set(name) & set('/\\<>:"|?*')
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert unicodedata.is_normalized("NFC", name)
    assert name not in (".", "..") and not _DEVICE.match(name)
    stem, _, extension = name.rpartition(".")
    assert len(name.encode()) <= 150 or (len(stem.encode()) <= 150 and len(extension) <= 20)
